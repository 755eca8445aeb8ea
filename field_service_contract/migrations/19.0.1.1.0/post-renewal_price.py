"""The e-mail about an end or a renewal states the price of the next term, in every
language, also in texts that somebody changed where their last line is still ours."""

from odoo import SUPERUSER_ID, api
from odoo.tools import SQL

LAST = '<p><t t-out="object.company_id.name"'
PRICE = (
    '<p t-if="object._get_renewal_price_text()">'
    '<t t-out="object._get_renewal_price_text()"></t></p>'
)


def migrate(cr, version):
    env = api.Environment(cr, SUPERUSER_ID, {})
    template = env.ref(
        "field_service_contract.mail_template_renewal", raise_if_not_found=False
    )
    if not template:
        return
    # All languages at once, as they are kept.
    cr.execute(
        SQL("SELECT body_html FROM mail_template WHERE id = %s", template.id),
    )
    for lang, body in (cr.fetchone()[0] or {}).items():
        if "_get_renewal_price_text" not in body and body.count(LAST) == 1:
            own = template.with_context(lang=lang)
            own.body_html = body.replace(LAST, PRICE + LAST)

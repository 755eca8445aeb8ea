import re

from odoo import SUPERUSER_ID, api

# What rules said of a visit, behind the path to it.
FORMER = re.compile(
    r"'\|', '\|', (?:'\|', \('[\w.]*technician_id\.user_id', '=', user\.id\), )?"
    r"\('(?P<path>[\w.]*?)technician_ids\.user_id', '=', user\.id\), "
    r"\('(?P=path)team_id\.member_ids\.user_id', '=', user\.id\), "
    r"\('(?P=path)team_id\.leader_id\.user_id', '=', user\.id\)"
)


def migrate(cr, version):
    """Record rules ask a visit whose it is, instead of saying it each. Rules that
    somebody changed stay as they are."""
    env = api.Environment(cr, SUPERUSER_ID, {})
    rules = env["ir.model.data"].search(
        [("module", "=", "field_maintenance"), ("model", "=", "ir.rule")]
    )
    for rule in env["ir.rule"].browse(rules.mapped("res_id")).exists():
        domain = rule.domain_force or ""
        asking = FORMER.sub(r"('\g<path>is_own', '=', True)", domain)
        if asking != domain:
            rule.domain_force = asking

import logging

from odoo import SUPERUSER_ID, api
from odoo.fields import Command, Domain

_logger = logging.getLogger(__name__)


def migrate(cr, version):
    env = api.Environment(cr, SUPERUSER_ID, {"active_test": False})
    lines = _find_lines_with_tax(env)
    _keep_signed_prices(lines)
    env.add_to_compute(lines._fields["profit"], lines)
    changes = lines.change_ids
    env.add_to_compute(changes._fields["amount_untaxed"], changes)
    contracts = lines.contract_id
    env.add_to_compute(contracts._fields["annual_untaxed"], contracts)
    env.flush_all()


def _find_lines_with_tax(env):
    """Return the contract lines whose amounts contain tax."""
    taxes = env["account.tax"].search([("price_include", "=", True)])
    companies = env["res.company"].search([("account_sale_tax_id", "in", taxes.ids)])
    own = Domain("tax_ids", "in", taxes.ids)
    product = Domain("product_id.taxes_id", "in", taxes.ids)
    company = Domain("product_id", "=", False) & Domain(
        "company_id", "in", companies.ids
    )
    return env["service.contract.line"].search(
        Domain("display_type", "=", False)
        & (own | (Domain("tax_ids", "=", False) & (product | company)))
    )


def _keep_signed_prices(lines):
    """What was signed or moved in under a fiscal position stays in the mode of the
    taxes on its documents, as it was billed until now."""
    for line in lines.filtered("moved_in_line_id"):
        mapped = line.contract_id.fiscal_position_id.map_tax(line._get_taxes())
        if not line.tax_ids and mapped and mapped != line._get_taxes():
            line.tax_ids = [Command.set(mapped.ids)]
    sold = lines.env["sale.order.line"].search(
        [("service_contract_line_id", "in", lines.ids)]
    )
    for order_line in sold:
        line = order_line.service_contract_line_id
        if line.tax_ids or order_line.tax_ids == line._get_taxes():
            continue
        if order_line.tax_ids:
            line.tax_ids = [Command.set(order_line.tax_ids.ids)]
        else:
            _logger.warning(
                "%s was signed without taxes and is billed as a price with tax from "
                "now on: check its price.",
                line.display_name,
            )

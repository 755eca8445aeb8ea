from odoo import fields, models

from ..contract.service_contract import PRICE_GROUPS


class ServiceContractForecast(models.Model):
    """An invoice that a contract will bring, untaxed, if nothing changes."""

    _name = "service.contract.forecast"
    _inherit = ["installed.base.guard.mixin"]
    _description = "Forecast of Contract Invoices"
    _order = "date, id"
    _rec_name = "contract_id"

    contract_id = fields.Many2one(
        comodel_name="service.contract", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        related="contract_id.company_id", store=True, precompute=True, index=True
    )
    currency_id = fields.Many2one(
        related="contract_id.currency_id", store=True, precompute=True
    )
    company_currency_id = fields.Many2one(
        related="company_id.currency_id",
        string="Company Currency",
        store=True,
        precompute=True,
    )
    partner_id = fields.Many2one(
        related="contract_id.partner_id",
        string="Customer",
        store=True,
        precompute=True,
        index="btree_not_null",
    )
    group_id = fields.Many2one(
        related="contract_id.group_id",
        store=True,
        precompute=True,
        index="btree_not_null",
    )
    date = fields.Date(
        string="Invoice Date", required=True, index=True, help="Of the invoice to come."
    )
    kind = fields.Selection(
        selection=[("agreed", "Agreed"), ("renewal", "Expected renewal")],
        required=True,
        default="agreed",
        help="Expected renewal: days after the end of a contract that is renewed by "
        "itself unless somebody gives notice.",
    )
    amount = fields.Monetary(
        string="Amount in Contract Currency",
        required=True,
        aggregator=None,
        groups=PRICE_GROUPS,
        help="Untaxed.",
    )
    company_amount = fields.Monetary(
        string="Amount",
        currency_field="company_currency_id",
        required=True,
        groups=PRICE_GROUPS,
        help="Untaxed, at the rate of the day on which the forecast was made.",
    )

from odoo import api, fields, models

REASONS = [
    ("signed", "Signed"),
    ("line_added", "Line added"),
    ("line_removed", "Line removed"),
    ("price_update", "Price update"),
    ("manual", "Manual change"),
    ("ended", "Ended"),
    ("renewed", "Renewed"),
    ("cancelled", "Cancelled"),
]
# After these a line costs nothing any more.
ENDING_REASONS = frozenset({"line_removed", "ended", "cancelled"})


class ServiceContractChange(models.Model):
    """Gain or loss of annual amount from a day on: the price history of a line.

    What a line costs a year on a day is the sum of its changes up to that day.
    """

    _name = "service.contract.change"
    _inherit = ["installed.base.guard.mixin"]
    _description = "Change of Annual Amount"
    _order = "date desc, id desc"
    _rec_name = "reason"

    # The line's, kept here for what searches and groups by it; see `create`.
    contract_id = fields.Many2one(
        comodel_name="service.contract", required=True, index=True, ondelete="cascade"
    )
    contract_line_id = fields.Many2one(
        comodel_name="service.contract.line",
        required=True,
        index=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one(
        related="contract_id.company_id", store=True, precompute=True, index=True
    )
    currency_id = fields.Many2one(
        related="contract_id.currency_id", store=True, precompute=True
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
        string="Effective From", required=True, index=True, help="First effective day."
    )
    reason = fields.Selection(selection=REASONS, required=True)
    amount = fields.Monetary(
        string="Annual Amount", required=True, help="Annual gain; negative if lost."
    )
    monthly_amount = fields.Monetary(
        compute="_compute_monthly_amount",
        store=True,
        precompute=True,
    )
    amount_untaxed = fields.Monetary(
        string="Untaxed Annual Amount",
        compute="_compute_amount_untaxed",
        store=True,
        precompute=True,
        help="Without the taxes included in the annual amount.",
    )
    note = fields.Char(string="Notes")
    price_update_id = fields.Many2one(
        comodel_name="service.contract.price.update",
        index="btree_not_null",
        ondelete="restrict",
    )

    @api.depends("amount")
    def _compute_monthly_amount(self):
        for change in self:
            change.monthly_amount = change.amount / 12

    @api.depends("amount", "contract_line_id")
    def _compute_amount_untaxed(self):
        # The history of prices does not depend on who may read taxes.
        for change in self.sudo():
            change.amount_untaxed = change.contract_line_id._get_untaxed(change.amount)

    @api.model_create_multi
    def create(self, vals_list):
        lines = self.env["service.contract.line"]
        return super().create(
            [
                {
                    **vals,
                    "contract_id": lines.browse(
                        vals["contract_line_id"]
                    ).contract_id.id,
                }
                for vals in vals_list
            ]
        )

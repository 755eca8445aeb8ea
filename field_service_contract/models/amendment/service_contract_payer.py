from odoo import fields, models


class ServiceContractPayer(models.Model):
    """Who pays for the days of a contract from a day on."""

    _name = "service.contract.payer"
    _inherit = ["installed.base.guard.mixin"]
    _description = "Payer of a Service Contract"
    _order = "contract_id, date_start, id"
    _rec_name = "partner_id"
    _check_company_auto = True

    contract_id = fields.Many2one(
        comodel_name="service.contract", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        related="contract_id.company_id", store=True, precompute=True, index=True
    )
    partner_id = fields.Many2one(
        comodel_name="res.partner",
        string="Payer",
        required=True,
        index=True,
        ondelete="restrict",
        check_company=True,
    )
    date_start = fields.Date(
        string="From", required=True, help="First day this payer pays for."
    )
    reason = fields.Char()
    is_pending = fields.Boolean(
        default=True, help="The change of payer is planned for a future date."
    )

    _start_unique = models.UniqueIndex(
        "(contract_id, date_start)",
        "Two payers of a contract cannot start on the same date.",
    )
    _pending_index = models.Index("(date_start) WHERE is_pending")

from odoo import fields, models


class InstalledBaseWarrantyExtension(models.Model):
    _name = "installed.base.warranty.extension"
    _inherit = ["installed.base.record.mixin"]
    _description = "Warranty Extension"
    _order = "date_end desc, id desc"
    _rec_name = "date_end"

    installed_base_id = fields.Many2one(
        comodel_name="installed.base",
        string="Equipment",
        required=True,
        index=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one(
        related="installed_base_id.company_id", store=True, precompute=True, index=True
    )
    date = fields.Date(
        string="Signed On",
        required=True,
        default=lambda self: fields.Date.context_today(self),
    )
    kind = fields.Selection(
        selection=[
            ("parts", "Parts"),
            ("labor", "Labor"),
            ("both", "Parts and labor"),
        ],
        string="Covers",
        default="both",
        required=True,
    )
    date_end = fields.Date(
        string="Until", required=True, help="Last day of the warranty extension."
    )
    document = fields.Binary(
        attachment=True, help="The signed contract or the quotation."
    )
    document_name = fields.Char()
    note = fields.Char(string="Notes")
    is_typed = fields.Boolean(
        string="Entered on the Equipment",
        readonly=True,
        copy=False,
        help="Created because a later end date was entered on the equipment. It "
        "follows that date until the extension itself is edited.",
    )

    # When an end was typed, nobody knows the day of signature.
    _date_end_after_date = models.Constraint(
        "CHECK (is_typed IS TRUE OR date_end >= date)",
        "A warranty extension cannot end before it was signed. Correct the signature "
        "date or the end date.",
    )

    def write(self, vals):
        result = super().write(vals)
        if "is_typed" not in vals:
            # Whoever fills in the extension itself knows what was agreed.
            typed = self.filtered("is_typed")
            typed._as_own_code().write({"is_typed": False})
        return result

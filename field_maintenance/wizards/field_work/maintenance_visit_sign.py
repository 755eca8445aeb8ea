from odoo import api, fields, models


class MaintenanceVisitSign(models.TransientModel):
    """Takes the customer's signature on the technician's phone."""

    _name = "maintenance.visit.sign"
    _description = "Sign a Visit"

    visit_id = fields.Many2one(
        comodel_name="maintenance.visit", required=True, ondelete="cascade"
    )
    signed_work = fields.Html(compute="_compute_signed_work", sanitize=False)
    signature = fields.Image(max_width=1024, max_height=512, required=True)
    signed_by = fields.Char(
        compute="_compute_signed_by",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
    )

    @api.depends("visit_id")
    def _compute_signed_by(self):
        for wizard in self:
            visit = wizard.visit_id
            wizard.signed_by = visit and visit._get_default_signatory()

    @api.depends("visit_id")
    def _compute_signed_work(self):
        for wizard in self:
            visit = wizard.visit_id
            wizard.signed_work = visit and visit._render_signed_work()

    def action_sign(self):
        """Keep the signature on the visit."""
        self.ensure_one()
        visit = self.visit_id._as_own_code()
        visit.write({"signature": self.signature, "signed_by": self.signed_by})
        return {"type": "ir.actions.act_window_close"}

from odoo import api, fields, models


class MaintenanceVisitSignatureMixin(models.AbstractModel):
    """What a dialog shows and asks when the customer signs for a visit, which it names
    in `visit_id`."""

    _name = "maintenance.visit.signature.mixin"
    _description = "Signature of a Visit"

    visit_id = fields.Many2one(
        comodel_name="maintenance.visit", required=True, ondelete="cascade"
    )
    signed_work = fields.Html(compute="_compute_signed_work", sanitize=False)
    signature = fields.Image(max_width=1024, max_height=512)
    signed_by = fields.Char(
        compute="_compute_signed_by", store=True, readonly=False, precompute=True
    )

    @api.depends("visit_id")
    def _compute_signed_work(self):
        for wizard in self:
            visit = wizard.visit_id
            wizard.signed_work = visit and visit._render_signed_work()

    @api.depends("visit_id")
    def _compute_signed_by(self):
        for wizard in self:
            visit = wizard.visit_id
            wizard.signed_by = visit and visit._get_default_signatory()

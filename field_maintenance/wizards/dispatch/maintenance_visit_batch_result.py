from odoo import fields, models


class MaintenanceVisitBatchResult(models.TransientModel):
    """What became of one visit when many were changed."""

    _name = "maintenance.visit.batch.result"
    _description = "Visit Batch Result"
    _order = "is_done, id"

    batch_id = fields.Many2one(
        comodel_name="maintenance.visit.batch",
        required=True,
        index=True,
        ondelete="cascade",
    )
    visit_id = fields.Many2one(
        comodel_name="maintenance.visit", required=True, ondelete="cascade"
    )
    is_done = fields.Boolean()
    message = fields.Char(string="Outcome")
    warning = fields.Text(
        string="In the Way", help="Conflicts of the present appointment."
    )

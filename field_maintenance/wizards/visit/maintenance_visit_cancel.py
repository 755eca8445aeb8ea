from odoo import fields, models


class MaintenanceVisitCancel(models.TransientModel):
    """Asks why visits are cancelled."""

    _name = "maintenance.visit.cancel"
    _description = "Cancel Visits"

    visit_ids = fields.Many2many(
        comodel_name="maintenance.visit",
        relation="maintenance_visit_cancel_rel",
        required=True,
    )
    reason = fields.Char(required=True)

    def action_cancel_visits(self):
        """Cancel the visits for this reason."""
        self.ensure_one()
        self.visit_ids._cancel(self.reason)
        return {"type": "ir.actions.act_window_close"}

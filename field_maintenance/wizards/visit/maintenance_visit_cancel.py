from odoo import fields, models


class MaintenanceVisitCancel(models.TransientModel):
    """Asks why visits are cancelled."""

    _name = "maintenance.visit.cancel"
    _inherit = ["maintenance.visit.known.mixin"]
    _description = "Cancel Visits"

    visit_ids = fields.Many2many(
        comodel_name="maintenance.visit",
        relation="maintenance_visit_cancel_rel",
        required=True,
    )
    reason = fields.Char(required=True)

    def action_cancel_visits(self):
        """Cancel the visits for this reason. Ask first if somebody else changed one of
        them since the dialog was opened."""
        self.ensure_one()
        if asking := self._ask_about_news():
            return asking
        self.visit_ids._cancel(self.reason)
        return {"type": "ir.actions.act_window_close"}

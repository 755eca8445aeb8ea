from odoo import api, models


class MaintenanceVisitLine(models.Model):
    """Which contracts a call belongs to follows its equipment."""

    _inherit = "maintenance.visit.line"

    @api.model_create_multi
    def create(self, vals_list):
        visits = self.env["maintenance.visit"].browse(
            {vals["visit_id"] for vals in vals_list if vals.get("visit_id")}
        )
        with visits._watch_calls():
            return super().create(vals_list)

    def write(self, vals):
        if not vals.keys() & {"installed_base_id", "visit_id"}:
            return super().write(vals)
        visits = self.visit_id | self.visit_id.browse(vals.get("visit_id") or ())
        with visits._watch_calls():
            return super().write(vals)

    def unlink(self):
        with self.visit_id._watch_calls():
            return super().unlink()

from odoo import api, models


class MaintenanceVisitTime(models.Model):
    """Recorded time that is followed by a timesheet line."""

    _inherit = "maintenance.visit.time"

    @api.model_create_multi
    def create(self, vals_list):
        times = super().create(vals_list)
        times.visit_id._update_timesheets()
        return times

    def write(self, vals):
        result = super().write(vals)
        self.visit_id._update_timesheets()
        return result

    def unlink(self):
        # Who corrects a visit need not keep timesheets.
        lines = self.env["account.analytic.line"].sudo()
        lines = lines.search([("visit_time_id", "in", self.ids)])
        result = super().unlink()
        lines._remove_timesheets()
        return result

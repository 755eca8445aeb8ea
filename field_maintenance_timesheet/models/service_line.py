from odoo import models


class ServiceLine(models.Model):
    """Labor whose order line the timesheet lines belong to."""

    _inherit = "service.line"

    def write(self, vals):
        result = super().write(vals)
        if "sale_line_id" in vals:
            self.filtered("time_type").visit_id._update_timesheets()
        return result

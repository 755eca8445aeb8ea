from odoo import models


class HrVersion(models.Model):
    _inherit = "hr.version"

    def write(self, vals):
        if "resource_calendar_id" not in vals:
            return super().write(vals)
        # Whoever changes hours need not plan visits.
        with self.sudo().employee_id._watch_hours():
            return super().write(vals)

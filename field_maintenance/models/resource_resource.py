from odoo import models


class ResourceResource(models.Model):
    _inherit = "resource.resource"

    def write(self, vals):
        # Employees are archived together with their resource.
        if "active" not in vals:
            return super().write(vals)
        # Whoever manages resources need not read employees.
        with self.sudo().employee_id._watch_departures():
            return super().write(vals)

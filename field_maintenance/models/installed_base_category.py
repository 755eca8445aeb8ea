from odoo import models


class InstalledBaseCategory(models.Model):
    _inherit = "installed.base.category"

    def write(self, vals):
        result = super().write(vals)
        self._follow_response_hours(vals.keys())
        return result

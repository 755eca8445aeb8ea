from odoo import api, models


class MaintenanceVisitTime(models.Model):
    """Time as a cost of the contract of its visit."""

    _inherit = "maintenance.visit.time"

    @api.model_create_multi
    def create(self, vals_list):
        times = super().create(vals_list)
        times.visit_id._get_done()._update_costs()
        return times

    def write(self, vals):
        visits = self.visit_id
        result = super().write(vals)
        (visits | self.visit_id)._get_done()._update_costs()
        return result

    def unlink(self):
        visits = self.visit_id
        result = super().unlink()
        visits._get_done()._update_costs()
        return result

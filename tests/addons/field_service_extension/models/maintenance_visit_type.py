from odoo import models


class MaintenanceVisitType(models.Model):
    """Half an hour for each piece of equipment of a visit."""

    _inherit = "maintenance.visit.type"

    def _get_planned_duration(self, planned=None):
        duration = super()._get_planned_duration(planned)
        if planned is None or planned._name != "maintenance.visit":
            return duration
        return max(duration, len(planned.line_ids) / 2)

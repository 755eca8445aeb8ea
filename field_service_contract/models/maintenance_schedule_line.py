from odoo import models


class MaintenanceScheduleLine(models.Model):
    """The visit rule of a contract line."""

    _inherit = "maintenance.schedule.line"

    def _prepare_visit_vals(self):
        contract = self.schedule_id.service_contract_id
        return {**super()._prepare_visit_vals(), "service_contract_id": contract.id}

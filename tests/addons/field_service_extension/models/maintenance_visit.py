from odoo import api, fields, models


class MaintenanceVisit(models.Model):
    """The code of the gate, which the appointment shows."""

    _inherit = "maintenance.visit"

    gate_code = fields.Char()

    @api.model
    def _get_appointment_fields(self):
        return super()._get_appointment_fields() | {"gate_code": ("gate_code",)}

    def _prepare_event_values(self, event=None):
        return super()._prepare_event_values(event) | {"gate_code": self.gate_code}

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

    @api.model
    def _get_travel_matrix(self, places, company=None):
        """The ferry takes an hour, whatever the distance."""
        travel = super()._get_travel_matrix(places, company)
        for row, start in enumerate(places):
            for column, end in enumerate(places):
                if start.country_id != end.country_id:
                    travel.minutes[row][column] = 60
        return travel

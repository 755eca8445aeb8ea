from odoo import fields, models


class MaintenanceVisitBatch(models.TransientModel):
    """Sets the code of the gate of many visits."""

    _inherit = "maintenance.visit.batch"

    action = fields.Selection(
        selection_add=[("gate", "Set the gate code")], ondelete={"gate": "cascade"}
    )
    gate_code = fields.Char()

    def _prepare_gate(self, visits, refused):
        function = self._set({"gate_code": self.gate_code})
        return {visit: (function, self.gate_code) for visit in visits}

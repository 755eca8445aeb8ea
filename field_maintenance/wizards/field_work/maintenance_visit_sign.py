from odoo import fields, models


class MaintenanceVisitSign(models.TransientModel):
    """Takes the customer's signature on the technician's phone."""

    _name = "maintenance.visit.sign"
    _inherit = ["maintenance.visit.signature.mixin"]
    _description = "Sign a Visit"

    _known_in = ("visit_id",)
    # Who comes second adds to what a colleague began or finished.
    _known_without = ("state",)

    signature = fields.Image(required=True)
    signed_by = fields.Char(required=True)

    def action_sign(self):
        """Keep the signature on the visit. Ask first if somebody else changed it since
        the dialog was opened."""
        self.ensure_one()
        if asking := self._ask_before():
            return asking
        visit = self.visit_id._as_own_code()
        visit.write({"signature": self.signature, "signed_by": self.signed_by})
        return {"type": "ir.actions.act_window_close"}

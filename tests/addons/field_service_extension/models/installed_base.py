from odoo import fields, models


class InstalledBase(models.Model):
    """A piece with a caretaker of its own, who is told of problems first."""

    _inherit = "installed.base"

    caretaker_id = fields.Many2one(comodel_name="res.users")

    def _get_care_users(self):
        return [self.caretaker_id, *super()._get_care_users()]

    def _get_request_infos(self):
        infos = super()._get_request_infos()
        for piece, info in infos.items():
            if piece.caretaker_id:
                info["lines"].append(f"Caretaker: {piece.caretaker_id.name}")
        return infos

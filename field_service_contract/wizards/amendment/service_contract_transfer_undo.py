from odoo import models


class ServiceContractTransfer(models.TransientModel):
    _inherit = "service.contract.transfer"

    def action_transfer(self):
        """Remember where the equipment stood that moves with the contracts."""
        former = self.contract_ids
        equipment = self.contract_ids._get_lines_on(self.date).installed_base_id
        before = {
            str(piece.id): (piece.partner_id.id, piece.site_id.id)
            for piece in equipment
        }
        known = former.successor_ids
        action = super().action_transfer()
        if self.mode == "customer" and self.moves_equipment:
            for successor in (former.successor_ids - known).sudo():
                own = set(map(str, successor.line_ids.installed_base_id.ids))
                successor.transfer_data = {
                    **successor.transfer_data,
                    "equipment": {
                        key: pair for key, pair in before.items() if key in own
                    },
                }
        return action

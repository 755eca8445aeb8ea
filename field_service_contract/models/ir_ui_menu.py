from odoo import models

from .moving_in.service_contract_oca import OCA_MODEL


class IrUiMenu(models.Model):
    _inherit = "ir.ui.menu"

    def _load_menus_blacklist(self):
        """Offer to move in only where there is something to move in from."""
        hidden = super()._load_menus_blacklist()
        menu = self.env.ref(
            "field_service_contract.menu_service_contract_move_in",
            raise_if_not_found=False,
        )
        if menu and OCA_MODEL not in self.env:
            hidden.append(menu.id)
        return hidden

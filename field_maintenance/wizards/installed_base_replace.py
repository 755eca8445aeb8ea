from odoo import models


class InstalledBaseReplace(models.TransientModel):
    """What is lent or reserved is not replaced until it is back: `_check_loaner`."""

    _inherit = "installed.base.replace"

    def _prepare_successor_vals(self):
        # It is lent and rented as the old one was.
        old = self.installed_base_id
        return {
            **super()._prepare_successor_vals(),
            "is_loaner": old.is_loaner,
            "is_for_rent": old.is_for_rent,
        }

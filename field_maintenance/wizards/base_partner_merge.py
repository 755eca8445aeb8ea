from odoo import models


class MergePartnerAutomatic(models.TransientModel):
    _inherit = "base.partner.merge.automatic.wizard"

    def _update_values(self, src_partners, dst_partner):
        # Core writes all that one of them has, that its zone was chosen too.
        return super()._update_values(src_partners, dst_partner._as_own_code())

from odoo import api, models


class BasePartnerMergeAutomaticWizard(models.TransientModel):
    _inherit = "base.partner.merge.automatic.wizard"

    @api.model
    def _update_foreign_keys(self, src_partners, dst_partner):
        """Core changes contacts below the ORM: what we derive from them follows."""
        result = super()._update_foreign_keys(src_partners, dst_partner)
        dst_partner._follow_merge()
        return result

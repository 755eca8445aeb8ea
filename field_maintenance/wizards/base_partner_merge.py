from odoo import api, models


class MergePartnerAutomatic(models.TransientModel):
    _inherit = "base.partner.merge.automatic.wizard"

    @api.model
    def _update_foreign_keys(self, src_partners, dst_partner):
        # Afterwards nobody can tell which schedules were named after these contacts.
        schedules = self.env["maintenance.schedule"].sudo()
        schedules = schedules._find_default_names(src_partners._get_all_below())
        result = super()._update_foreign_keys(src_partners, dst_partner)
        schedules._set_default_names()
        return result

    def _update_values(self, src_partners, dst_partner):
        # Core writes all that one of them has, that its zone was chosen too.
        return super()._update_values(src_partners, dst_partner._as_own_code())

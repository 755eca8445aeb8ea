from odoo import api, models

from .maintenance_visit import GENERATING


class MaintenanceVisitLine(models.Model):
    """Whoever changes the equipment of a visit changes the visit."""

    _inherit = "maintenance.visit.line"

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        if self.env.context.get("visit_generation") is not GENERATING:
            lines.visit_id._touch()
        return lines

    @api.model
    def _add_precomputed_values(self, vals_list):
        # See the visit.
        if self.env.context.get("visit_generation") is GENERATING:
            visits = self.env["maintenance.visit"]
            for vals in vals_list:
                visit = visits.browse(vals["visit_id"])
                vals.update({"company_id": visit.company_id.id, "state": visit.state})
        return super()._add_precomputed_values(vals_list)

    def _check_company(self, fnames=None):
        # See the visit.
        if self.env.context.get("visit_generation") is GENERATING:
            return None
        return super()._check_company(fnames)

    def write(self, vals):
        result = super().write(vals)
        self.visit_id._touch()
        return result

    def unlink(self):
        self.visit_id._touch()
        return super().unlink()

    # -- Equipment that moves ----------------------------------------------------------

    def _part_to(self, visit):
        """Go over to another visit."""
        self.write({"visit_id": visit.id})

from odoo import api, models
from odoo.fields import Domain


class ResourceCalendarLeaves(models.Model):
    _inherit = "resource.calendar.leaves"

    @api.model_create_multi
    def create(self, vals_list):
        leaves = super().create(vals_list)
        leaves._notify_visit_conflicts()
        return leaves

    def write(self, vals):
        result = super().write(vals)
        if vals.keys() & {
            "calendar_id",
            "date_from",
            "date_to",
            "resource_id",
            "time_type",
        }:
            self._notify_visit_conflicts()
        return result

    def _notify_visit_conflicts(self):
        """Tell dispatchers which planned visits fall into this time off."""
        # Whoever grants time off need not plan visits.
        leaves = self.sudo().filtered(lambda leave: leave.time_type == "leave")
        if not leaves:
            return
        visits = self.env["maintenance.visit"].sudo()
        domain = visits._get_planned_from_now(
            min(leaves.mapped("date_from")), max(leaves.mapped("date_to"))
        ) & Domain("technician_ids", "!=", False)
        if all(leave.resource_id for leave in leaves):
            people = self.env["hr.employee"].sudo().with_context(active_test=False)
            domain &= visits._get_crew_domain(
                people.search([("resource_id", "in", leaves.resource_id.ids)])
            )
        visits = visits.search(domain)
        if visits:
            visits._notify_conflicts(visits._get_absences(leaves))

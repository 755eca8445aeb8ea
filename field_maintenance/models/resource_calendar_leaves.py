from odoo import api, models
from odoo.fields import Domain

# What says who is off, and when.
TIME_FIELDS = frozenset(
    {"calendar_id", "date_from", "date_to", "resource_id", "time_type"}
)


class ResourceCalendarLeaves(models.Model):
    _inherit = "resource.calendar.leaves"

    @api.model_create_multi
    def create(self, vals_list):
        leaves = super().create(vals_list)
        leaves._notify_visit_conflicts()
        leaves._follow_holidays(leaves._get_delayed_domain())
        return leaves

    def write(self, vals):
        if TIME_FIELDS.isdisjoint(vals):
            return super().write(vals)
        delayed = self._get_delayed_domain()
        result = super().write(vals)
        self._notify_visit_conflicts()
        self._follow_holidays(delayed | self._get_delayed_domain())
        return result

    def unlink(self):
        delayed = self._get_delayed_domain()
        result = super().unlink()
        self._follow_holidays(delayed)
        return result

    def _get_delayed_domain(self):
        """Return which requests are answered later because nobody serves on these
        public holidays."""
        # Whoever keeps holidays need not see who is off.
        holidays = self.sudo().filtered(
            lambda leave: not leave.resource_id and leave.time_type == "leave"
        )
        if not holidays:
            return Domain.FALSE
        domain = Domain("response_on_holidays", "=", False)
        if not all(holiday.company_id for holiday in holidays):
            # One of them is everybody's.
            return domain
        return domain & Domain("company_id", "in", holidays.company_id.ids)

    @api.model
    def _follow_holidays(self, delayed):
        """Let response dates follow public holidays.

        :param delayed: of `_get_delayed_domain`
        """
        if not delayed.is_false():
            self.env["service.request"]._follow_service_levels(delayed)

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

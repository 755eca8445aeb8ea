from odoo import api, fields, models
from odoo.fields import Domain

# More than anybody tells apart on one page; beyond it, days are counted.
CALENDAR_LIMIT = 1000


class MaintenanceVisit(models.Model):
    """The calendar of visits: those of the technicians chosen, and only so many."""

    _inherit = "maintenance.visit"

    @api.model
    @api.readonly
    def get_visit_calendar(self, start, end, domain, names, technician_ids=None):
        """Return what the calendar shows of a stretch of time.

        :param str start: UTC, inclusive
        :param str end: UTC, exclusive
        :param list domain: what is searched for
        :param list names: the fields to read
        :param list technician_ids: employees whose visits are shown; None for everybody
        :return: dict of `records` (as `read` returns them) and, if there are more than
            1,000 and none of them are read, `days`: how many begin on each day, as
            [day, count] in the time zone of the user
        """
        wanted = Domain(domain or Domain.TRUE) & self._get_overlap_domain(
            fields.Datetime.to_datetime(start), fields.Datetime.to_datetime(end), None
        )
        if technician_ids is not None:
            # Who works here is no secret to whom may choose them.
            people = self.env["hr.employee"].sudo().browse(technician_ids)
            wanted &= self._get_crew_domain(people)
        # With an order and a limit, PostgreSQL would walk through all visits by date.
        found = self.browse(self._search(wanted, limit=CALENDAR_LIMIT + 1))
        if len(found) <= CALENDAR_LIMIT:
            return {"records": found.sorted().read(names), "days": []}
        days = self._read_group(wanted, ["date_start:day"], ["__count"])
        return {
            "records": [],
            "days": [[fields.Date.to_string(day), count] for day, count in days],
        }

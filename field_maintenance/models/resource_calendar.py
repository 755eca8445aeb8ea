from datetime import datetime, time, timedelta

from pytz import timezone

from odoo import models
from odoo.fields import Domain


class ResourceCalendar(models.Model):
    _inherit = "resource.calendar"

    def _get_working_days(self, first, last, company):
        """Return the days on which somebody works by these hours, public holidays of
        the company left out. Without a calendar, everybody works every day.

        :param date first: first day, included
        :param date last: last day, included
        :param company: whose public holidays count
        :return: days in the calendar's time zone, in any order, maybe more than once
        :rtype: list[date]
        """
        if not self:
            return [first + timedelta(days=n) for n in range((last - first).days + 1)]
        self.ensure_one()
        # Everybody may know when nobody works.
        calendar = self.sudo()
        zone = timezone(calendar.tz or "UTC")
        holidays = Domain("time_type", "=", "leave") & Domain(
            "company_id", "in", (False, company.id)
        )
        intervals = calendar._work_intervals_batch(
            zone.localize(datetime.combine(first, time.min)),
            zone.localize(datetime.combine(last, time.max)),
            domain=list(holidays),
        )[False]
        return [start.date() for start, _stop, _attendance in intervals]

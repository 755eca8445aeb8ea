from contextlib import contextmanager
from datetime import datetime, time, timedelta

from pytz import timezone, utc

from odoo import models
from odoo.fields import Domain
from odoo.tools.intervals import Intervals

# What says when somebody works.
HOUR_FIELDS = frozenset(
    {"attendance_ids", "tz", "two_weeks_calendar", "flexible_hours", "hours_per_day"}
)


def round_up(moment):
    """Return a moment, the next minute for the last second of one: days end so."""
    if moment.second < 59:
        return moment
    return moment.replace(second=0, microsecond=0) + timedelta(minutes=1)


class ResourceCalendar(models.Model):
    _inherit = "resource.calendar"

    def write(self, vals):
        if not vals.keys() & HOUR_FIELDS:
            return super().write(vals)
        with self._watch_visits():
            watched = self.with_context(visit_hours_watched=True)
            return super(ResourceCalendar, watched).write(vals)

    @contextmanager
    def _watch_visits(self):
        """Tell dispatchers which planned visits are outside the hours that somebody
        works after these hours have changed, and were not before."""
        people = self.env["hr.employee"].sudo().browse()
        if self.ids and not self.env.context.get("visit_hours_watched"):
            # Whoever changes hours need not see who has them.
            people = people.search([("resource_calendar_id", "in", self.ids)])
        with people._watch_hours():
            yield
        if self.ids and not self.env.context.get("visit_hours_watched"):
            self.env["service.request"]._follow_service_levels(
                Domain("response_calendar_id", "in", self.ids)
            )

    def _get_service_stretches(self, first, last, company=None):
        """Return when somebody serves by these hours, on the clock on the wall.

        :param date first: first day, included
        :param date last: last day, included
        :param company: whose public holidays are left out; None to serve on holidays
        :return: list of (from, to), without time zone
        """
        # Everybody may know when somebody serves.
        calendar = self.sudo()
        start = utc.localize(datetime.combine(first, time.min))
        end = utc.localize(datetime.combine(last + timedelta(days=1), time.min))
        intervals = calendar._attendance_intervals_batch(start, end, tz=utc)[False]
        if company:
            intervals -= Intervals(calendar._get_holidays(start, end, company))
        # The last second of a day belongs to it.
        return [
            tuple(round_up(moment).replace(tzinfo=None) for moment in (begin, finish))
            for begin, finish, _attendance in intervals
        ]

    def _get_holidays(self, start, end, company):
        """Return the public holidays of a company, on the clock on the wall.

        :param datetime start: the first moment that matters, as if it were UTC
        :param datetime end: the last one
        :return: list of (from, to, holiday), as if they were UTC
        """
        zone = timezone(self.tz or "UTC")
        day = timedelta(days=1)
        holidays = self.env["resource.calendar.leaves"].search(
            Domain("resource_id", "=", False)
            & Domain("time_type", "=", "leave")
            & Domain("calendar_id", "in", (False, self.id))
            & Domain("company_id", "in", (False, company.id))
            & Domain("date_from", "<", (end + day).replace(tzinfo=None))
            & Domain("date_to", ">", (start - day).replace(tzinfo=None))
        )
        return [
            (
                *(
                    round_up(utc.localize(moment).astimezone(zone)).replace(tzinfo=utc)
                    for moment in (holiday.date_from, holiday.date_to)
                ),
                holiday,
            )
            for holiday in holidays
        ]

    def _get_hours_by_day(self, first, last):
        """Return {day: (first, last working hour)} of the days that are worked from the
        first to the last, both included. Hours are of the clock on the wall."""
        if not self:
            return {}
        intervals = self._attendance_intervals_batch(
            utc.localize(datetime.combine(first, time.min)),
            utc.localize(datetime.combine(last, time.max)),
            tz=utc,
        )[False]
        hours = {}
        for start, end, _attendance in intervals:
            begin, finish = hours.get(start.date(), (start.time(), end.time()))
            hours[start.date()] = (min(begin, start.time()), max(finish, end.time()))
        return hours

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

from collections import defaultdict
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from odoo import api, models

from ...engine import Fixed, Free, at_local_hour, cut, to_utc
from ..appointment.appointments import ALL_DAY_HOURS

ONE_DAY = timedelta(days=1)
# The place of a visit of which nobody knows where it is.
NOWHERE = -1


class HrEmployee(models.Model):
    """The free time of technicians, with where they are before and after."""

    _inherit = "hr.employee"

    def _get_free_stretches(self, start, end, without=None):
        """Return what these employees have free, and where it begins and ends.

        What else is planned stays where it is. Places are the ids of contacts; what
        has no place is where a day begins. The number of queries does not depend on
        how many employees, days or visits there are.

        :param datetime start: naive UTC
        :param datetime end: naive UTC
        :param without: visits that take no time yet
        :return: {employee: list of `engine.Stretch`, in order}
        """
        free = self._get_free_time(start, end, without)
        return {person: own.stretches for person, own in free.items()}

    def _get_free_time(self, start, end, without=None):
        """Return what these employees work, are busy with and have free, as
        `_get_free_stretches` does.

        :return: {employee: `engine.Free`}
        """
        times = self._get_service_time(start, end, without)
        planned = self.env["maintenance.visit"].browse(
            {
                visit_id
                for time in times.values()
                for visit_id in time.visit_ids
                if visit_id
            }
        )
        # Where somebody is, is no secret to who sends them.
        planned = planned.sudo()
        planned.fetch(["site_id"])
        usual = self._get_usual_hours(start, end)
        found, homes = {}, self._get_service_starts()
        for person in self:
            home = homes[person].id
            working, busy, visit_ids = times[person]
            fixed = [
                Fixed(
                    *moments,
                    planned.browse(visit_id).site_id.id or None if visit_id else None,
                )
                for moments, visit_id in zip(busy, visit_ids, strict=True)
            ]
            if person in usual:
                working = [
                    (max(a, c), min(b, d))
                    for a, b in working
                    for c, d in usual[person]
                    if max(a, c) < min(b, d)
                ]
            stretches = cut(person.id, home, working, fixed)
            found[person] = Free(working, busy, stretches)
        return found

    def _get_usual_hours(self, start, end):
        """Return {employee: list of (from, to)} of those of these employees who may
        work at any time: what their company works, else the hours of a whole day.
        Nobody is sent to customers by night without having said so."""
        # Working hours are no secret.
        free = self.sudo().filtered(
            lambda person: (
                not person.resource_calendar_id
                or person.resource_calendar_id.flexible_hours
            )
        )
        first, last = start.date() - ONE_DAY, end.date() + ONE_DAY
        days = [first + n * ONE_DAY for n in range((last - first).days + 1)]
        clocks, found = {}, {}
        for person in free:
            calendar = person.company_id.resource_calendar_id
            if calendar not in clocks:
                hours = (
                    calendar._get_hours_by_day(first, last)
                    if calendar and not calendar.flexible_hours
                    else dict.fromkeys(days, ALL_DAY_HOURS)
                )
                clocks[calendar] = [
                    tuple(datetime.combine(day, hour) for hour in own)
                    for day, own in hours.items()
                ]
            zone = ZoneInfo(person._get_tz())
            found[person.with_env(self.env)] = to_utc(clocks[calendar], zone)
        return found


class MaintenanceVisit(models.Model):
    """The way between visits, and when each may begin."""

    _inherit = "maintenance.visit"

    @api.model
    def _get_travel_of(self, groups, company):
        """Return how long it takes between places, of those only that are looked at
        together: all places of many weeks are more than anybody asks for.

        :param groups: sets of ids of contacts (0 or less: nobody knows where)
        :param company: whose settings apply
        :return: ({place: {place: minutes}}, set of places without coordinates)
        """
        places = self.env["res.partner"].browse(
            {place for group in groups for place in group if place > 0}
        )
        # Where a place is, is no secret to who plans the way there.
        places = places.sudo()
        places.fetch(["partner_latitude", "partner_longitude"])
        minutes, unknown = defaultdict(dict), set()
        default = company._get_travel_settings()["unknown"]
        for group in groups:
            ids = sorted(place for place in group if place > 0)
            matrix = self._get_travel_matrix(
                places.browse(ids).with_prefetch(places._prefetch_ids), company
            )
            unknown.update(matrix.unlocated.ids)
            for here, row in zip(ids, matrix.minutes, strict=True):
                minutes[here].update(zip(ids, row, strict=True))
            for nowhere in group - set(ids):
                unknown.add(nowhere)
                for here in ids:
                    minutes[here][nowhere] = minutes[nowhere][here] = default
                minutes[nowhere][nowhere] = 0
        return minutes, unknown

    def _get_start_spans(self, first, last, part=None):
        """Return when this visit may begin on days at its site: between the hours that
        were agreed, else at any.

        :param date first: day at the site
        :param date last: day at the site, included
        :param str part: `morning` or `afternoon` only
        :return: list of (from, until), both included, naive UTC
        """
        self.ensure_one()
        zone = self._get_zone_info()
        spans, day = [], first
        while day <= last:
            low = at_local_hour(day, 12 if part == "afternoon" else 0, zone)
            high = (
                at_local_hour(day, 12, zone)
                if part == "morning"
                else at_local_hour(day + ONE_DAY, 0, zone)
            ) - timedelta(minutes=1)
            if agreed := self._get_agreed_range(day):
                low, high = max(low, agreed[0]), min(high, agreed[1])
            if low <= high:
                spans.append((low, high))
            day += ONE_DAY
        return spans

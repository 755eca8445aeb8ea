from collections import defaultdict
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from pytz import timezone, utc

from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL, groupby

ONE_DAY = timedelta(days=1)


class ServiceTime(NamedTuple):
    """When somebody works, and when they are busy then: lists of (from, to), naive
    UTC; and with what they are busy: a visit's id, None for anything else."""

    working: list
    busy: list
    visit_ids: list


class Stretch(NamedTuple):
    """A stretch of time in which somebody is to do something, naive UTC.

    Whole days of a calendar are compared with its days on the clock of the place."""

    key: int
    person: models.Model
    start: datetime
    end: datetime
    first_day: date
    last_day: date


class HrEmployee(models.Model):
    """What a technician works, when they are busy, and what of it is in the way of
    a visit: the one home of these rules."""

    _inherit = "hr.employee"

    def _get_service_time(self, start, end, without=None):
        """Return when these employees work and when they are busy.

        They work by their hours, but not on public holidays and in their time off; who
        has no hours may work at any. They are busy with visits and with whatever else
        their calendar says.

        :param datetime start: naive UTC
        :param datetime end: naive UTC
        :param without: visits that take no time yet
        :return: {employee: ServiceTime}
        """
        # When somebody works and is busy is no secret; the rest of an employee is.
        people = self.sudo()
        # What was derived of a visit is stored with all that it follows from.
        self.env["maintenance.visit"].flush_model()
        working = people._get_working_time(start, end)
        stretches = people._get_whole_stretches(start, end)
        busy, visit_ids = defaultdict(list), defaultdict(list)
        visits = self._find_visits(stretches)
        planned = self.env["maintenance.visit"].sudo()
        planned = planned.browse({visit_id for _key, _person, visit_id in visits})
        planned.fetch(["date_start", "date_end"])
        taken = set(planned.ids) - set(without.ids if without else ())
        for number, _person_id, visit_id in visits:
            if visit_id in taken:
                visit = planned.browse(visit_id)
                busy[number].append((visit.date_start, visit.date_end))
                visit_ids[number].append(visit_id)
        for number, events in self._get_events_by_number(people, stretches).items():
            busy[number] += [(begin, over) for begin, over, _event_id in events]
            visit_ids[number] += [None] * len(events)
        return {
            person: ServiceTime(working[person.id], busy[number], visit_ids[number])
            for number, person in enumerate(self)
        }

    def _get_whole_stretches(self, start, end):
        """Return a stretch of time of each of these employees, by their position."""
        stretches = []
        for number, person in enumerate(self):
            zone = timezone(person._get_tz())
            days = [utc.localize(t).astimezone(zone).date() for t in (start, end)]
            stretches.append(Stretch(number, person, start, end, *days))
        return stretches

    @api.model
    def _get_events_by_number(self, people, stretches):
        """Return {position of an employee: (start, end, event id)} of what makes them
        busy besides visits, naive UTC."""
        found = defaultdict(list)
        for number, _person_id, begin, over, allday, event_id in self._find_events(
            stretches
        ):
            if allday:
                begin, over = self._get_whole_days(people[number], begin, over)
            found[number].append((begin, over, event_id))
        return found

    def _get_busy_events(self, start, end):
        """Return what makes these employees busy besides visits, as it counts for
        `_get_service_time`.

        :param datetime start: naive UTC
        :param datetime end: naive UTC
        :return: {employee: list of (start, end, what it is called)}, naive UTC; what is
            private has no name, unless the user takes part in it
        """
        # As for working time.
        people = self.sudo()
        rows = self._get_events_by_number(
            people, people._get_whole_stretches(start, end)
        )
        events = self.env["calendar.event"].sudo()
        events = events.browse({row[2] for own in rows.values() for row in own})
        hidden = events.filtered(
            lambda event: (
                event.effective_privacy == "private"
                and self.env.user.partner_id not in event.partner_ids
            )
        )
        names = {event.id: event.name or "" for event in events - hidden}
        return {
            person: [
                (*times, names.get(event_id, "")) for *times, event_id in rows[number]
            ]
            for number, person in enumerate(self)
        }

    def _get_working_time(self, start, end):
        """Return {employee id: when they work}, as `_get_service_time` does."""
        found, _calendars = self.resource_id._get_valid_work_intervals(
            utc.localize(start), utc.localize(end)
        )
        return {
            person.id: [
                tuple(moment.astimezone(utc).replace(tzinfo=None) for moment in times)
                for *times, _attendance in found.get(person.resource_id.id, ())
            ]
            for person in self
        }

    @api.model
    def _get_whole_days(self, person, start, end):
        """Return from when to when an event of whole days makes somebody busy: its
        hours are of the clock on the wall."""
        zone = timezone(person._get_tz())
        return tuple(
            zone.localize(datetime.combine(day, time.min))
            .astimezone(utc)
            .replace(tzinfo=None)
            for day in (start.date(), end.date() + ONE_DAY)
        )

    # -- What is in the way ------------------------------------------------------------

    @api.model
    def _find_visits(self, stretches):
        """Return what employees do for visits in these stretches of time. What is done
        together with another visit takes place in its time.

        :param stretches: list of Stretch
        :return: rows of key, employee id and visit id, in the order of keys and dates
        """
        if not stretches:
            return []
        visits = self.env["maintenance.visit"]
        visits.flush_model(
            ["date_start", "date_end", "merged_into_id", "state", "technician_ids"]
        )
        # A technician is busy whoever may read what they do.
        return self.env.execute_query(
            SQL(
                """
                SELECT mine.key, mine.employee_id, other.id
                  FROM (VALUES %s) AS mine(key, employee_id, date_start, date_end)
                  JOIN maintenance_visit AS other
                    ON tsrange(other.date_start,
                               GREATEST(other.date_start, other.date_end), '[]')
                       && tsrange(mine.date_start::timestamp,
                                  mine.date_end::timestamp, '()')
                   AND other.state IN ('planned', 'in_progress')
                   AND other.date_start IS NOT NULL
                   AND other.merged_into_id IS NULL
                  JOIN maintenance_visit_technician_rel AS rel
                    ON rel.visit_id = other.id
                   AND rel.employee_id = mine.employee_id
                 ORDER BY mine.key, other.date_start, other.id
                """,
                SQL(", ").join(
                    SQL("%s", (row.key, row.person.id, row.start, row.end))
                    for row in stretches
                ),
            )
        )

    @api.model
    def _find_events(self, stretches, events=None):
        """Return what else is in the calendars of employees in these stretches of time:
        events that make them busy and are no appointments of visits, as far as they
        did not decline.

        :param stretches: list of Stretch
        :param events: look at these only
        :return: rows of key, employee id, start, end, whether these are whole days, and
            event id
        """
        spans = self._join_stretches(stretches)
        rows = [
            (partner.id, person.id, start, end)
            for person, start, end in spans
            for partner in person._get_calendar_partners()
        ]
        if not rows or (events is not None and not events):
            return []
        self.env["calendar.event"].flush_model(
            ["active", "allday", "res_model", "show_as", "start", "stop"]
        )
        self.env["calendar.attendee"].flush_model(["event_id", "partner_id", "state"])
        self.env["maintenance.visit"].flush_model(["calendar_event_id"])
        busy = defaultdict(list)
        # That somebody is busy is what the planner must know, not why.
        for person_id, *times in self.env.execute_query(
            SQL(
                """
                SELECT mine.employee_id, event.start, event.stop, event.allday,
                       event.id
                  FROM (VALUES %s)
                    AS mine(partner_id, employee_id, date_start, date_end)
                  JOIN calendar_event AS event
                    ON tsrange(event.start, GREATEST(event.start, event.stop), '[]')
                       && tsrange(mine.date_start::timestamp - interval '1 day',
                                  mine.date_end::timestamp + interval '1 day', '()')
                   AND event.active
                   AND event.show_as = 'busy'
                   AND event.visit_template_id IS NULL
                   AND event.res_model IS DISTINCT FROM 'hr.leave'
                   %s
                  JOIN calendar_attendee AS attendee
                    ON attendee.event_id = event.id
                   AND attendee.partner_id = mine.partner_id
                   AND attendee.state IS DISTINCT FROM 'declined'
                 WHERE NOT EXISTS (SELECT FROM maintenance_visit AS visit
                                    WHERE visit.calendar_event_id = event.id)
                """,
                SQL(", ").join(SQL("%s", row) for row in rows),
                SQL()
                if events is None
                else SQL("AND event.id IN %s", tuple(events.ids)),
            )
        ):
            busy[person_id].append(times)
        found = {
            (row.key, row.person.id, start, stop, allday, event_id)
            for row in stretches
            for start, stop, allday, event_id in busy[row.person.id]
            # A whole day is stored from 8 to 18 o'clock; its hours are of the clock on
            # the wall.
            if (
                start.date() <= row.last_day and stop.date() >= row.first_day
                if allday
                else start < row.end and stop > row.start
            )
        }
        return sorted(found, key=lambda event: (event[0], event[2], event[1]))

    @api.model
    def _join_stretches(self, stretches):
        """Return (employee, start, end) of stretches, with those of one employee that
        are less than a week apart as one: each is looked up."""
        joined = []
        for row in sorted(stretches, key=lambda row: (row.person.id, row.start)):
            person, start, end = joined[-1] if joined else (None, None, None)
            if person == row.person and row.start <= end + timedelta(weeks=1):
                joined[-1] = (person, start, max(end, row.end))
            else:
                joined.append((row.person, row.start, row.end))
        return joined

    @api.model
    def _find_odd_hours(self, stretches):
        """Return who does not work at these hours: before the first or after the last
        one of a day. A break between them is theirs to arrange.

        :param stretches: list of Stretch
        :return: rows of key and employee
        """
        found = []
        calendars = self._get_calendars_at(stretches)
        for calendar, own in groupby(stretches, calendars.get):
            if calendar is None:
                # Their contract is over, or has not begun.
                found += [(row.key, row.person) for row in own]
                continue
            if not calendar or calendar.flexible_hours:
                continue
            zone = timezone(calendar.tz or "UTC")
            local = [
                tuple(utc.localize(t).astimezone(zone) for t in (row.start, row.end))
                for row in own
            ]
            hours = calendar._get_hours_by_day(
                min(start.date() for start, _end in local),
                max(end.date() for _start, end in local),
            )
            for row, (start, end) in zip(own, local, strict=True):
                first, last = hours.get(start.date()), hours.get(end.date())
                if not (
                    first
                    and last
                    and first[0] <= start.time()
                    and end.time() <= last[1]
                ):
                    found.append((row.key, row.person))
        return found

    @api.model
    def _get_calendars_at(self, stretches):
        """Return {stretch: by which calendar its employee works then}: None for who
        does not work, an empty one for who may at any hour. As for working time, the
        contract of that day says it."""
        if not stretches:
            return {}
        people = self.sudo().browse({row.person.id for row in stretches})
        periods = people.resource_id._get_calendars_validity_within_period(
            utc.localize(min(row.start for row in stretches)),
            utc.localize(max(row.end for row in stretches)),
        )
        resources = {person.id: person.resource_id for person in people}

        def find(row):
            moment = utc.localize(row.start)
            for calendar, valid in periods[resources[row.person.id].id].items():
                if any(start <= moment < end for start, end, _record in valid):
                    return calendar
            return None

        return {row: find(row) for row in stretches}

    @api.model
    def _find_leaves(self, stretches, companies, leaves=None):
        """Return the time off of employees in these stretches of time, and public
        holidays that are theirs.

        :param stretches: list of Stretch
        :param dict companies: {key: the company for which they would work}
        :param leaves: look at these only
        :return: rows of key, employee and leave, in the order of stretches
        """
        if not stretches:
            return []
        # That somebody is away is what the planner must know, not why.
        people = self.sudo().browse({row.person.id for row in stretches})
        among = Domain.TRUE if leaves is None else Domain("id", "in", leaves.ids)
        ours = [False, *{company.id for company in companies.values()}]
        leaves = people.env["resource.calendar.leaves"].search(
            Domain("date_from", "<", max(row.end for row in stretches))
            & Domain("date_to", ">", min(row.start for row in stretches))
            & Domain("time_type", "=", "leave")
            & (Domain("company_id", "in", ours) | Domain("resource_id", "!=", False))
            & Domain("resource_id", "in", (False, *people.resource_id.ids))
            & among
        )
        found = []
        for row in stretches:
            hours = row.person.resource_calendar_id
            for leave in leaves:
                if leave.date_from >= row.end or leave.date_to <= row.start:
                    continue
                # Who is away is away, whichever company granted it.
                if leave.resource_id == row.person.resource_id or (
                    not leave.resource_id
                    and leave.company_id.id in (False, companies[row.key].id)
                    and leave.calendar_id in (hours.browse(), hours)
                ):
                    found.append((row.key, row.person, leave))
        return found

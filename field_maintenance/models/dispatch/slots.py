from datetime import UTC, datetime, timedelta
from math import ceil
from typing import NamedTuple

from odoo import api, fields, models
from odoo.tools import format_date, format_duration, format_list

from ...context import PLANNING
from ...engine import (
    Free,
    Offer,
    Stop,
    at_local_hour,
    choose_offers,
    cut_off,
    insertions,
    longest_day,
    over_days,
    work_between,
    work_until,
)
from ...engine.backlog import LONGEST_DAY
from ..appointment.availability import Stretch
from .routes import NOWHERE, ONE_DAY

# How many days are looked at when nothing says until when, and at most.
USUAL_DAYS = 7
MOST_DAYS = 28
# Hours that anybody works on a day of work.
SHORT_DAY = 6


class Way(NamedTuple):
    """How somebody could do a visit that begins at a moment.

    :param end: when it is over, naive UTC
    :param extra: minutes of travel that it adds
    :param unlocated: ids of places on the way that have no coordinates
    """

    end: datetime
    extra: int
    unlocated: frozenset


class Slot(NamedTuple):
    """An appointment that is possible, and what speaks for and against it.

    :param crew: employees, the lead first
    :param start: naive UTC
    :param end: naive UTC
    :param reasons: list of texts
    :param keeps_response: whether the response date of its request is kept; None if
        there is none
    """

    crew: models.Model
    start: datetime
    end: datetime
    score: int
    extra: int
    reasons: list
    keeps_response: bool | None


class MaintenanceVisit(models.Model):
    """Who could go on a visit, and when."""

    _inherit = "maintenance.visit"

    def action_find_slot(self):
        """Open a dialog with the best times and technicians for this visit."""
        self.ensure_one()
        self._check_state(
            ("to_plan", "planned"),
            self.env._("You cannot plan visit %(visit)s: its status is “%(state)s”."),
        )
        search = self.env["service.slot.search"].create({"visit_id": self.id})
        return search.action_search()

    def _get_slot_days(self):
        """Return the first and the last day on which this visit is looked for: those of
        its window, else until the response date of its request."""
        self.ensure_one()
        today = self._get_site_day(fields.Datetime.now())
        first, last = max(filter(None, (today, self.window_start))), self.window_end
        due = self._get_response_due()
        if not last and due:
            last = self._get_site_day(due)
        if not last or last < first:
            # What is late already is late anyway.
            last = first + timedelta(days=USUAL_DAYS - 1)
        return first, min(last, first + timedelta(days=MOST_DAYS - 1))

    def _is_window_over(self, today):
        """Tell whether this visit is too late anyway, whatever day it takes place."""
        return bool(self.window_end and self.window_end < today)

    def _describe_slot_window(self):
        """Return the days to which slots are limited, in words; empty if there are
        none."""
        self.ensure_one()
        today = self._get_site_day(fields.Datetime.now())
        if not self.window_end or self._is_window_over(today):
            return ""
        days = (self.window_start or today, self.window_end)
        return " – ".join(format_date(self.env, day) for day in days)

    def _get_response_due(self):
        """Return until when somebody is to be there, None without such a promise."""
        self.ensure_one()
        # What was promised is known to whom plans the visit.
        return self.sudo().request_id.response_due or None

    def _get_slot_people(self, technicians=None):
        """Return who may be sent on this visit: of its team, if it has one, else all
        technicians of its company.

        :param technicians: only these
        """
        self.ensure_one()
        # Who works here is no secret to who dispatches them.
        team = self.sudo().team_id
        if team:
            people = team.member_ids
        elif technicians:
            people = technicians.sudo()
        else:
            people = self._get_board_technicians(*self._get_board_groups(), limit=None)
        if technicians:
            people &= technicians.sudo()
        return people._filter_at(self.company_id)

    def _get_slot_crews(self, technicians=None):
        """Return who may go together, each with the lead first: the crew of the visit,
        if there are several, else each one alone.

        :param technicians: only these; a crew goes whole or not at all
        """
        self.ensure_one()
        if crew := self._get_fixed_crew():
            is_chosen = not technicians or crew <= technicians.sudo()
            return [crew] if is_chosen else []
        return list(self._get_slot_people(technicians))

    def _get_fixed_crew(self):
        """Return the crew of this visit, the lead first; empty if nobody or a single
        one was chosen."""
        self.ensure_one()
        # Who goes is known to whom plans the visit.
        known = self.sudo()
        crew = known.technician_ids._origin._filter_at(self.company_id)
        return known.technician_id._origin & crew | crew if len(crew) > 1 else crew[:0]

    def _get_preferred_technician(self):
        """Return who should go: whoever leads, else who looks after its equipment."""
        self.ensure_one()
        # Who goes is known to whom plans the visit.
        known = self.sudo()
        lead = known.technician_id._origin._filter_at(self.company_id)
        carers = known.line_ids.installed_base_id.technician_id._origin
        return lead or carers._filter_at(self.company_id)[:1]

    def _find_slots(self, first, last, part=None, technicians=None):
        """Return the best appointments for this visit, the best first.

        They keep its window (unless that is over), its agreed hours, its team, the
        working time of its whole crew with the travel before and after, and the skills
        that it takes, if the company insists on them. What else is planned stays. The
        number of queries does not depend on how many days, visits or technicians there
        are.

        A visit that is longer than anybody's day of work goes on over the next ones,
        for so many hours of work.

        :param date first: day at the site
        :param date last: day at the site
        :param str part: `morning` or `afternoon` only
        :param technicians: employees who may go; all by default
        :return: list of Slot, at most 20, of which two are of one technician and day
        """
        self.ensure_one()
        now = fields.Datetime.now()
        today = self._get_site_day(now)
        begin = max(first, today)
        first, last = begin, min(last, begin + timedelta(days=MOST_DAYS - 1))
        if not self._is_window_over(today):
            first = max(filter(None, (first, self.window_start)))
            last = min(filter(None, (last, self.window_end)))
        spans = self._get_start_spans(first, last, part)
        spans = [(max(low, now), high) for low, high in spans if high >= now]
        crews = self._get_slot_crews(technicians)
        if not spans or not crews:
            return []
        people = crews[0].union(*crews)
        skills = self._get_skill_check(people)
        possible = self._get_possible_spans(crews, spans, skills)
        hours = self._get_hours_of_work()[self]
        # The whole of a day tells where somebody is when it is looked at.
        free = people._get_free_time(
            spans[0][0] - ONE_DAY,
            spans[-1][1] + self._get_most_time(hours),
            self._origin,
        )
        if hours * 60 > max(longest_day(own.working) for own in free.values()):
            options = self._get_long_ways(crews, free, possible, hours, now)
        else:
            ways = self._get_possible_starts(free, possible, hours, now)
            options = {crew: self._join_ways(crew, ways) for crew in crews}
        return self._make_slots(self._get_offers(options, begin), options, skills)

    def _get_possible_spans(self, crews, spans, skills):
        """Return {employee: (from, until) of those of these stretches of time, in which
        they may begin}: all, unless the company insists on skills that they lack."""
        # How a company plans is no secret to who plans.
        if self.company_id.sudo().service_skill_policy != "block":
            return {person: spans for crew in crews for person in crew}
        days = [self._get_site_day(low) for low, _high in spans]
        found = {}
        for crew in crews:
            own = [
                span
                for day, span in zip(days, spans, strict=True)
                if not skills.get_missing(self, crew, day)
            ]
            found.update(dict.fromkeys(crew, own))
        return found

    def _get_hours_of_work(self, times=None):
        """Return {visit: how many hours of work these visits take}: their duration; of
        what is planned over several days, the time in which the whole crew works then.

        :param times: {visit: (start, end)} if they do not take place then any more
        """
        planned = self.filtered("date_start") if times is None else self
        times = times or {v: (v.date_start, v.date_end) for v in planned}
        found = {visit: visit.duration for visit in self}
        # Who goes is known to whom plans the visit.
        crews = {visit: visit.sudo().technician_ids._origin for visit in self}
        long = planned.filtered(
            lambda visit: visit.duration * 60 > LONGEST_DAY and crews[visit]
        )
        if long:
            people = self.env["hr.employee"].sudo().union(*(crews[v] for v in long))
            # Whole days: flexible hours are those of a day.
            free = people._get_free_time(
                min(times[visit][0] for visit in long) - ONE_DAY,
                max(times[visit][1] for visit in long) + ONE_DAY,
            )
            for visit in long:
                working = [free[person].working for person in crews[visit]]
                # What is done outside of all working hours takes its time.
                if minutes := work_between(working, *times[visit]):
                    found[visit] = minutes / 60
        return found

    def _get_ends_of_work(self, starts, crews, hours):
        """Return {visit: when it is over} of those of these visits that take several
        days, as Find a slot plans them: once its whole crew has worked so long.

        Without a crew, or if they do not work for days, it takes its time by the clock.

        :param dict starts: {visit: naive UTC}
        :param dict crews: {visit: who is to go}
        :param dict hours: {visit: hours of work}, as of `_get_hours_of_work`
        """
        # By the clock: what was planned over nights may be less work than a long day's.
        long = [v for v in self if v.duration * 60 > LONGEST_DAY and crews[v]]
        if not long:
            return {}
        # When somebody works is no secret to whom plans them.
        people = self.env["hr.employee"].sudo().union(*(crews[v] for v in long))
        free = people._get_free_time(
            min(starts[visit] for visit in long) - ONE_DAY,
            max(starts[visit] + self._get_most_time(hours[visit]) for visit in long),
        )
        ends = {
            visit: work_until(
                [free[person].working for person in crews[visit].sudo()],
                starts[visit],
                round(hours[visit] * 60),
            )
            for visit in long
        }
        return {visit: end for visit, end in ends.items() if end}

    @api.model
    def _get_most_time(self, hours):
        """Return how long after its start it is looked at who is free for a visit of
        so many hours: what fits into no day takes several, of which few are worked."""
        if hours <= SHORT_DAY:
            return timedelta(hours=hours) + ONE_DAY
        return min(2 * ceil(hours / SHORT_DAY) + 7, 2 * MOST_DAYS) * ONE_DAY

    def _get_long_ways(self, crews, free, spans, hours, now):
        """Return how crews could do this visit over several days: without anything
        else, time off and holidays in between, and in its window, unless that is over.

        :param crews: list of employees who go together
        :param free: {employee: engine.Free}
        :param spans: {employee: list of (from, until)} in which it may begin
        :param hours: how long they work on it
        :param now: before which nobody leaves, naive UTC
        :return: {employees: {start: Way}}
        """
        # Who plans a visit may know where it is.
        site = self.sudo().site_id.id or NOWHERE
        stretches = {
            person: [
                rest for stretch in own.stretches if (rest := cut_off(stretch, now))
            ]
            for person, own in free.items()
        }
        travel, unlocated = self._get_travel_of(
            {
                frozenset({stretch.start_place, stretch.end_place, site})
                for own in stretches.values()
                for stretch in own
            },
            self.company_id,
        )
        away = self._get_time_away(free)
        last = datetime.max
        if self.window_end and not self._is_window_over(self._get_site_day(now)):
            zone = self._get_zone_info()
            last = at_local_hour(self.window_end + ONE_DAY, 0, zone)
        found = {}
        for crew in crews:
            rows = [
                Free(
                    free[person].working,
                    [*free[person].busy, *away[person]],
                    stretches[person],
                )
                for person in crew
            ]
            options = over_days(rows, site, round(hours * 60), spans[crew[0]], travel)
            found[crew] = {
                one.start: Way(
                    one.end, max(0, one.extra), frozenset(one.places & unlocated)
                )
                for one in options
                if one.end <= last
            }
        return found

    def _get_time_away(self, free):
        """Return {employee: from and to of time off and public holidays} of employees,
        as they are in the way of a visit.

        :param free: {employee: engine.Free}
        """
        people, away = list(free), {person: [] for person in free}
        moments = [
            time for own in free.values() for span in own.working for time in span
        ]
        if not moments:
            return away
        start, end = min(moments), max(moments)
        # Nothing of a calendar of whole days is asked.
        stretches = [
            Stretch(number, person, start, end, start.date(), end.date())
            for number, person in enumerate(people)
        ]
        companies = dict.fromkeys(range(len(people)), self.company_id)
        for number, _person, leave in people[0]._find_leaves(stretches, companies):
            away[people[number]].append((leave.date_from, leave.date_to))
        return away

    def _get_possible_starts(self, free, spans, hours, now):
        """Return every quarter of an hour at which this visit could begin.

        :param free: {employee: engine.Free}
        :param spans: {employee: list of (from, until)} in which it may begin
        :param hours: how long it takes
        :param now: before which nobody leaves, naive UTC
        :return: {employee: {start: Way}}
        """
        # Who plans a visit may know where it is.
        site = self.sudo().site_id.id or NOWHERE
        minutes = round(hours * 60)
        length = timedelta(minutes=minutes)
        useful = {
            person: [
                rest
                for stretch in own.stretches
                if (rest := cut_off(stretch, now))
                and rest.end - rest.start >= length
                and any(
                    low < rest.end and high >= rest.start for low, high in spans[person]
                )
            ]
            for person, own in free.items()
        }
        travel, unlocated = self._get_travel_of(
            {
                frozenset({stretch.start_place, stretch.end_place, site})
                for stretches in useful.values()
                for stretch in stretches
            },
            self.company_id,
        )
        found = {}
        for person, stretches in useful.items():
            found[person] = starts = {}
            for stretch in stretches:
                here = tuple(
                    span
                    for span in spans[person]
                    if span[0] < stretch.end and span[1] >= stretch.start
                )
                stop = Stop(0, site, minutes, frozenset({person.id}), here)
                places = {stretch.start_place, site, stretch.end_place}
                unknown = frozenset(places & unlocated)
                for option in insertions(stretch, (), stop, travel):
                    end = option.start + length
                    starts[option.start] = Way(end, option.extra, unknown)
        return found

    def _join_ways(self, crew, ways):
        """Return how a crew could do this visit together.

        :param ways: {employee: {start: Way}}
        :return: {start: Way}
        """
        first, *others = (ways[person] for person in crew)
        found = {}
        for start, way in first.items():
            if all(start in other for other in others):
                rows = [way, *(other[start] for other in others)]
                found[start] = Way(
                    max(row.end for row in rows),
                    # Where nobody knows the way, a detour may seem shorter.
                    max(0, sum(row.extra for row in rows)),
                    frozenset().union(*(row.unlocated for row in rows)),
                )
        return found

    def _get_offers(self, options, begin):
        """Return the best of all possible appointments.

        :param options: {employees who go together: {start: Way}}
        :param date begin: the day from which one waits
        :return: list of Offer
        """
        preferred = self._get_preferred_technician()
        # Who works where is no secret to who sends them there.
        zone_people = self.sudo().zone_id.technician_ids
        zone = self._get_zone_info()
        offers = []
        for crew, ways in options.items():
            is_preferred = not preferred or preferred in crew
            is_in_zone = not zone_people or bool(zone_people & crew.sudo())
            for start, way in ways.items():
                day = start.replace(tzinfo=UTC).astimezone(zone).date()
                offers.append(
                    Offer(
                        start,
                        tuple(crew.ids),
                        way.extra,
                        is_preferred,
                        is_in_zone,
                        (day - begin).days,
                    )
                )
        return choose_offers(
            offers, {crew[0].id: crew[0].sudo().name for crew in options}
        )

    def _make_slots(self, offers, options, skills):
        """Return Slots of offers.

        :param options: {employees who go together: {start: Way}}
        :param skills: SkillCheck
        """
        preferred = self._get_preferred_technician()
        # As above.
        known = self.sudo()
        warns = known.company_id.service_skill_policy == "warn"
        due = self._get_response_due()
        notes = self._get_crew_notes()
        slots = []
        for offer in offers:
            crew = self.env["hr.employee"].browse(offer.people)
            way = options[crew][offer.start]
            reasons = self._get_slot_reasons(offer, preferred) + notes
            if way.end - offer.start > timedelta(minutes=LONGEST_DAY):
                reasons.append(
                    self.env._(
                        "Until %s, over several days", self._format_moment(way.end)
                    )
                )
            reasons += self._get_unlocated_notes(crew, way.unlocated)
            missing = skills.get_missing(self, crew, self._get_site_day(offer.start))
            if missing and warns:
                names = format_list(self.env, [need.text for need in missing])
                reasons.append(self.env._("Lacks %s", names))
            keeps = offer.start <= due if due else None
            slots.append(
                Slot(
                    crew, offer.start, way.end, offer.score, offer.extra, reasons, keeps
                )
            )
        return slots

    def _is_of_other_length(self, start, end):
        """Tell whether an appointment of this visit is not over after its duration."""
        self.ensure_one()
        return abs(end - start - timedelta(hours=self.duration)) >= timedelta(minutes=1)

    def _get_unlocated_notes(self, crew, places):
        """Return that nobody knows how long it takes to get there and away again, in
        words.

        :param crew: who would go
        :param places: ids of those places on their way that have no coordinates
        """
        # As above.
        site = self.sudo().site_id.id or NOWHERE
        if site in places:
            return [self.env._("Travel unknown: the site is not on the map")]
        starts = crew._get_service_starts()
        lost = [person.sudo().name for person in crew if starts[person].id in places]
        homes = {start.id for start in starts.values()}
        notes = []
        if lost:
            notes.append(
                self.env._(
                    "Travel unknown: the start place of %s is not on the map",
                    format_list(self.env, lost),
                )
            )
        if places - homes:
            notes.append(
                self.env._("Travel unknown: what is before or after is not on the map")
            )
        return notes

    def _get_slot_reasons(self, offer, preferred):
        """Return what speaks for and against an offer, in words."""
        # As above.
        zone = self.sudo().zone_id
        reasons = [
            self.env._("%s min of extra travel", offer.extra)
            if offer.extra
            else self.env._("On the way")
        ]
        if preferred:
            reasons.append(
                self.env._("Preferred technician")
                if offer.is_preferred
                else self.env._("Not %s, who is preferred", preferred.sudo().name)
            )
        if zone.technician_ids:
            reasons.append(
                self.env._("In their zone, %s", zone.name)
                if offer.is_in_zone
                else self.env._("Outside their zone, in %s", zone.name)
            )
        if offer.day == 1:
            reasons.append(self.env._("1 day of waiting"))
        elif offer.day:
            reasons.append(self.env._("%s days of waiting", offer.day))
        return reasons

    def _get_crew_notes(self):
        """Return what is to be known of whoever is offered for this visit: that
        somebody of its crew left, or is in another team."""
        self.ensure_one()
        notes = []
        if left := self._get_left_technicians():
            notes.append(
                self.env._(
                    "Without %s, who no longer works here",
                    format_list(self.env, left.mapped("name")),
                )
            )
        # Who goes, and who is in which team, is known to whom plans the visit.
        known = self.sudo()
        crew = known.technician_ids._origin - left
        others = crew - known.team_id.member_ids
        if known.team_id and len(crew) > 1 and others:
            notes.append(
                self.env._(
                    "%(people)s: not in team %(team)s",
                    people=format_list(self.env, others.mapped("name")),
                    team=known.team_id.name,
                )
            )
        return notes

    def _describe_no_slot(self, technicians=None):
        """Return why no appointment was found, in words."""
        self.ensure_one()
        crews = self._get_slot_crews(technicians)
        # A team is no secret to who plans for it.
        team = self.sudo().team_id
        if not crews:
            if crew := self._get_fixed_crew():
                return self.env._(
                    "This visit is for %s together. Choose all of them, or nobody.",
                    format_list(self.env, crew.mapped("name")),
                )
            if team:
                return self.env._(
                    "None of these technicians is in team %s. Add technicians to the "
                    "team, or choose another one on the visit.",
                    team.name,
                )
            return self.env._("There are no technicians. Add them to a team first.")
        if self.company_id.sudo().service_skill_policy == "block":
            check = self._get_skill_check(crews[0].union(*crews))
            day = self._get_site_day(fields.Datetime.now())
            lacks = [check.get_missing(self, crew, day) for crew in crews]
            if all(lacks):
                # What each one has a part of, nobody has all of.
                common = [n for n in lacks[0] if all(n in own for own in lacks)]
                texts = [need.text for need in common or check.needs[self]]
                return self.env._("No technician has %s.", format_list(self.env, texts))
        hours = self._get_hours_of_work()[self]
        if hours * 60 > LONGEST_DAY:
            return self.env._(
                "Nobody is free for %s hours of work on consecutive working days, "
                "without time off or holidays in between. Choose more days, or other "
                "technicians.",
                format_duration(hours),
            )
        if agreed := self._describe_agreed_hours():
            return self.env._(
                "Nobody has enough free time %s on these days. Choose more days, or "
                "agree on other hours.",
                agreed,
            )
        return self.env._(
            "Nobody has enough free time on these days. Choose more days, or other "
            "technicians."
        )

    def _get_slot_obstacles(self):
        """Return what came in the way of this visit since its slot was looked for."""
        self.ensure_one()
        return [
            text
            for texts in (
                self._get_overlaps(),
                self._get_meetings(),
                self._get_absences(),
            )
            for text in texts.get(self, ())
        ]

    def _notify_of_slot(self, how):
        """Tell the customer of a new appointment.

        :param str how: `email` now; `phone` if they have just been told; `later` by
            the usual notifications
        """
        if how == "email":
            self.action_notify_customer()
        elif how == "phone":
            # What the customer knows is noted by the system; the right to plan was
            # checked.
            for visit in self.sudo().with_context(
                visit_planning=PLANNING, tracking_disable=True
            ):
                visit.write(visit._prepare_told())

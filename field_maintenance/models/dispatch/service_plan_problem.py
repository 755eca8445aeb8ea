"""What a plan of the backlog is asked of a solver, and what its answer means here."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from pytz import utc

from odoo import fields, models
from odoo.tools import format_date, format_duration, format_list

from ...engine import Stop, at_local_hour, cut_off, driving, longest_day
from ...engine.backlog import LONGEST_DAY, Why, priority, why_not
from .routes import NOWHERE, ONE_DAY

ONE_MINUTE = timedelta(minutes=1)
# A preferred hour was agreed with nobody: about then is good enough.
ABOUT = timedelta(hours=1)
# So many visits are named that came first.
NAMED = 2


@dataclass(eq=False)
class Problem:
    """Stretches of technicians and visits that look for their place in them.

    Somebody's skills may end any day: for the solver, each day of a technician is a
    person of its own. `people` tells who and which day they are.

    :param people: list of (employee, day)
    :param stretches: list of engine's Stretch, whose technician is an index of people
    :param stops: {visit: engine's Stop}
    :param days: {visit: when it may begin, whatever hours were agreed}
    :param refused: {visit: why nothing can be planned for it}
    :param wishes: {visit id: indexes of people of whoever should go}
    :param travel: minutes between places
    :param unlocated: places without coordinates
    :param skills: SkillCheck of the visits, None if the company ignores skills
    :param longest: minutes from begin to end of the longest day of each of people
    """

    people: list
    stretches: list
    stops: dict
    days: dict
    refused: dict
    wishes: dict
    travel: dict
    unlocated: set
    skills: object
    longest: list

    @cached_property
    def visits(self):
        """The visits that look for a place, by their id."""
        return {visit.id: visit for visit in self.stops}

    def get_technician(self, stretch):
        """Return whose stretch it is."""
        return self.people[stretch.technician][0]

    def is_over_days(self, stop):
        """Tell whether a visit is longer than the days of all who may go."""
        return all(stop.minutes > self.longest[number] for number in stop.people)

    def get_travel_times(self, plan):
        """Return the minutes of travel of each technician before and with a plan.

        :return: {employee id: [before, after]}
        """
        found = {}
        for route in plan.routes:
            stretch = route.stretch
            times = found.setdefault(str(self.get_technician(stretch).id), [0, 0])
            times[0] += driving(stretch, (), self.travel)
            times[1] += driving(stretch, route.stops, self.travel)
        return found


class ServicePlan(models.Model):
    _inherit = "service.plan"

    def _get_problem(self, visits):
        """Return what there is to plan for these visits as things are now.

        What is planned already, begun or in somebody's calendar stays.

        :rtype: Problem
        """
        self.ensure_one()
        # Who works here is no secret to who plans for them.
        technicians = self.sudo().technician_ids._filter_at(self.company_id).sudo()
        # Nor is what they do and where.
        visits = visits.sudo()
        start, end = self._get_horizon()
        people, stretches = [], []
        # The whole of a day tells where somebody is now.
        free = technicians._get_free_time(start - ONE_DAY, end)
        longest = []
        for person, own in free.items():
            zone = ZoneInfo(person._get_tz())
            most = longest_day(own.working)
            for stretch in own.stretches:
                if not (rest := cut_off(stretch, start)):
                    continue
                day = utc.localize(rest.start).astimezone(zone).date()
                if not people or people[-1] != (person, day):
                    people.append((person, day))
                    longest.append(most)
                stretches.append(rest._replace(technician=len(people) - 1))
        places = {visit.site_id.id or NOWHERE for visit in visits}
        places |= {p for s in stretches for p in (s.start_place, s.end_place)}
        travel, unlocated = visits._get_travel_of({frozenset(places)}, self.company_id)
        stops, days, refused = {}, {}, {}
        ignored = self.company_id.sudo().service_skill_policy == "ignore"
        skills = None if ignored else visits._get_skill_check(technicians)
        able = self._get_able(visits, technicians, people, skills)
        for visit in visits:
            if text := self._get_obstacle(visit):
                refused[visit] = text
                continue
            days[visit], starts = self._get_starts(visit, start, end)
            stops[visit] = Stop(
                id=visit.id,
                place=visit.site_id.id or NOWHERE,
                minutes=max(1, round(visit.duration * 60)),
                people=able[visit],
                starts=tuple(starts),
                priority=priority(
                    int(visit.priority or 0), self._is_late_otherwise(visit, end)
                ),
            )
        days_of = defaultdict(set)
        for number, (person, _day) in enumerate(people):
            days_of[person].add(number)
        wishes = {
            visit.id: frozenset(days_of[lead])
            for visit in stops
            if (lead := visit._get_preferred_technician().sudo()) in days_of
        }
        return Problem(
            people,
            stretches,
            stops,
            days,
            refused,
            wishes,
            travel,
            unlocated,
            skills,
            longest,
        )

    def _get_horizon(self):
        """Return from when to when there is something to plan, naive UTC: not what is
        over already."""
        zone = ZoneInfo(self.company_id.resource_calendar_id.tz or "UTC")
        now = fields.Datetime.now().replace(second=0, microsecond=0) + ONE_MINUTE
        start = at_local_hour(self.date_from, 0, zone)
        end = at_local_hour(self.date_to + ONE_DAY, 0, zone)
        return min(max(start, now), end), end

    def _get_able(self, visits, technicians, people, skills):
        """Return {visit: numbers of people who may go}: members of its team, with the
        skills that it takes on that day unless the company ignores skills.

        :param skills: SkillCheck, None to ignore them
        """
        # Most visits take the same of the same people.
        known = {}
        found = {}
        for visit in visits:
            needs = tuple(skills.needs[visit]) if skills else ()
            key = needs, visit.team_id
            if key not in known:
                members = visit.team_id.member_ids if visit.team_id else technicians
                known[key] = frozenset(
                    number
                    for number, (person, day) in enumerate(people)
                    if person in members
                    and not (needs and skills.get_missing(visit, person, day))
                )
            found[visit] = known[key]
        return found

    def _get_obstacle(self, visit):
        """Return why no solver can plan a visit, in words; empty if one can."""
        if visit.state != "to_plan" or visit.merged_into_id:
            return self.env._("It has been planned or closed in the meantime.")
        if len(visit.technician_ids) > 1:
            return self.env._("It takes several people: use Find a slot.")
        if visit.duration * 60 > LONGEST_DAY:
            return self.env._("It takes several days: use Find a slot.")
        return ""

    def _is_late_otherwise(self, visit, end):
        """Tell whether a visit is late unless it takes place in these days: after its
        window, or after the response date of its request."""
        due = visit._get_response_due()
        return bool(
            visit.window_end and visit.window_end <= self.date_to or due and due <= end
        )

    def _get_starts(self, visit, start, end):
        """Return when a visit may begin in its window, and when with what was agreed:
        lists of (from, until), naive UTC. What is late may begin any day."""
        zone = visit._get_zone_info()
        first, last = (
            utc.localize(moment).astimezone(zone).date()
            for moment in (start, end - ONE_MINUTE)
        )
        if visit.window_end and visit.window_end >= first:
            last = min(last, visit.window_end)
        if visit.window_start:
            first = max(first, visit.window_start)
        if first > last:
            return [], []
        days = [
            (
                max(start, at_local_hour(first, 0, zone)),
                min(end, at_local_hour(last + ONE_DAY, 0, zone)) - ONE_MINUTE,
            )
        ]
        if visit.agreed_until:
            spans = visit._get_start_spans(first, last)
        elif visit.schedule_line_id.local_hour:
            moments = [
                visit._get_preferred_start(first + number * ONE_DAY)
                for number in range((last - first).days + 1)
            ]
            spans = [(moment - ABOUT, moment + ABOUT) for moment in moments]
        else:
            return days, days
        return days, [(max(low, start), high) for low, high in spans if high >= start]

    # -- Answer ------------------------------------------------------------------------

    def _prepare_lines(self, problem, plan):
        """Return the values of the lines of what a solver found."""
        rows = []
        for route in plan.routes:
            place = route.stretch.start_place
            for stop, start in zip(route.stops, route.starts, strict=True):
                rows.append(
                    {
                        "plan_id": self.id,
                        "visit_id": stop.id,
                        "state": "proposed",
                        "technician_id": problem.get_technician(route.stretch).id,
                        "date_start": start,
                        "date_end": start + timedelta(minutes=stop.minutes),
                        "travel_minutes": problem.travel[place][stop.place],
                    }
                )
                place = stop.place
        reasons = {
            problem.visits[stop.id]: self._describe_reason(problem, plan, stop)
            for stop in plan.left
        }
        reasons |= problem.refused
        return rows + [
            {
                "plan_id": self.id,
                "visit_id": visit.id,
                "state": "left",
                "reason": reason,
            }
            for visit, reason in reasons.items()
        ]

    def _describe_reason(self, problem, plan, stop):
        """Return why a visit found no place, in words."""
        visit = problem.visits[stop.id]
        if not problem.days[visit]:
            return self._describe_window(visit)
        found = why_not(stop, problem.days[visit], plan, problem.travel)
        if found.why is Why.SKILL:
            return self._describe_unable(problem, visit)
        if found.why is Why.DAYS:
            return self.env._("Nobody who may go works on the days of its window.")
        if found.why is Why.AGREED:
            return self.env._(
                "None of the technicians who may go is free at the agreed hours."
            )
        if found.why is Why.LONG and problem.is_over_days(stop):
            return self.env._(
                "It takes %s, longer than anybody works in a day: use Find a slot.",
                self._format_minutes(stop.minutes),
            )
        if found.why is Why.LONG:
            return self.env._(
                "It takes %(hours)s, longer than anybody is free at a time "
                "(%(longest)s).",
                hours=self._format_minutes(stop.minutes),
                longest=self._format_minutes(found.minutes),
            )
        if found.why is Why.FAR:
            return self.env._(
                "It is too far away: nobody has enough time for the trip there and "
                "back."
            )
        stretch = plan.routes[found.route].stretch
        others = [problem.visits[other.id].sudo() for other in found.others[:NAMED]]
        values = {
            "technician": problem.get_technician(stretch).name,
            "day": format_date(self.env, problem.people[stretch.technician][1]),
            "minutes": self._format_minutes(found.minutes),
        }
        if not others:
            return self.env._(
                "What is planned already came first. The longest gap is of "
                "%(technician)s on %(day)s: %(minutes)s.",
                **values,
            )
        return self.env._(
            "Others came first: %(visits)s. The nearest gap is of %(technician)s on "
            "%(day)s: %(minutes)s.",
            visits=format_list(
                self.env,
                # Of one customer there may be several.
                dict.fromkeys(
                    other.name or other.partner_id.display_name for other in others
                ),
            ),
            **values,
        )

    def _describe_window(self, visit):
        """Return when a visit may take place, which is after the days of the plan."""
        return self.env._(
            "It may take place from %s on only.",
            format_date(self.env, visit.window_start),
        )

    def _describe_unable(self, problem, visit):
        """Return which skill nobody has, or that nobody of its team is there."""
        technicians = self.sudo().technician_ids
        if visit.team_id and not (visit.team_id.member_ids & technicians):
            return self.env._(
                "None of the technicians is in team %s.", visit.team_id.name
            )
        skills = problem.skills
        days = {day for _person, day in problem.people}
        needs = skills.needs[visit] if skills else ()
        if not (needs and days) or any(
            not skills.get_missing(visit, person, day)
            for person in visit.team_id.member_ids & technicians or technicians
            for day in days
        ):
            return self.env._("Nobody who may go works on the days of its window.")
        texts = format_list(self.env, [need.text for need in needs])
        # A plan is accepted as a whole: it is no place for exceptions.
        if self.company_id.sudo().service_skill_policy == "warn":
            return self.env._(
                "Nobody has what it takes on these days: %s. To send somebody "
                "nevertheless, use Find a slot.",
                texts,
            )
        return self.env._("Nobody has what it takes on these days: %s.", texts)

    def _format_minutes(self, minutes):
        return self.env._("%s h", format_duration(minutes / 60))

from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain

from ...engine import Stop, cut_off, in_order, order
from ...engine.backlog import tidy
from .board import PLACE_FIELDS
from .routes import NOWHERE, ONE_DAY

LONGEST_DAY = timedelta(hours=25)


def _get_coordinates(place):
    return {
        "latitude": place.partner_latitude,
        "longitude": place.partner_longitude,
    }


class DayRoute:
    """The way of a technician through their visits of a day, and home again."""

    def __init__(self, visits, person):
        self.visits = visits
        # Where a visit is, is known to whom goes there, and where they begin.
        self.home = person._get_service_starts()[person].sudo()
        self._sites = {visit: visit.sudo().site_id.id or NOWHERE for visit in visits}
        self._minutes, self._unknown = visits._get_travel_of(
            [frozenset({self.home.id, *self._sites.values()})], person.company_id
        )

    def sort(self, starts):
        """Return the visits in the order of these starts."""
        return self.visits.sorted(lambda visit: (starts[visit], visit.id))

    def get_travel(self, starts=None):
        """Return the minutes of travel in the order of these starts; by default, of
        the present ones."""
        row = self.sort(starts) if starts else self.visits
        stops = [self.home.id, *(self._sites[visit] for visit in row), self.home.id]
        return sum(
            self._minutes[here][there]
            for here, there in zip(stops, stops[1:], strict=False)
        )

    def get_unlocated(self):
        """Return the names of the places of which nobody knows where they are."""
        places = self.home.browse(place for place in self._unknown if place > 0)
        return places.mapped("display_name") + [
            visit.display_name for visit in self.visits if self._sites[visit] == NOWHERE
        ]

    def is_possible(self):
        """Tell whether the present starts leave time for the way between visits."""
        return all(
            one.date_end
            + timedelta(minutes=self._minutes[self._sites[one]][self._sites[other]])
            <= other.date_start
            for one, other in zip(self.visits, self.visits[1:], strict=False)
        )

    def get_table(self):
        """Return the minutes between all places, whatever the order.

        :return: dict of `minutes` (list of lists), `places` ({visit id: row}) and
            `unknown` (rows without coordinates); the first row is home
        """
        rows = list(dict.fromkeys([self.home.id, *self._sites.values()]))
        return {
            "minutes": [[self._minutes[a][b] for b in rows] for a in rows],
            "places": {v.id: rows.index(site) for v, site in self._sites.items()},
            "unknown": [n for n, place in enumerate(rows) if place in self._unknown],
        }


class MaintenanceVisit(models.Model):
    """The order of a technician's day: by least travel, or as they want it."""

    _inherit = "maintenance.visit"

    @api.model
    @api.readonly
    def get_day_order(self, technician_id, start, end, visit_ids=None):
        """Return the visits of a day in the order with the least travel, and what that
        would change. Nothing is changed.

        What the customer was told without agreed hours, what has begun, and what
        several do together stays where it is.

        :param int technician_id: whose day; only dispatchers see that of others
        :param str start: of the day, UTC, inclusive
        :param str end: of the day, UTC, exclusive
        :param list visit_ids: do them in this order instead, each as early as possible
        :return: dict of `visits` (`id`, `customer`, `city`, `former` and `start` in
            UTC, `is_fixed`, `latitude`, `longitude`, and `known`, which is given back
            to `apply_day_order`), `home` (`name`, `latitude`, `longitude`),
            `travel_before` and `travel_after` (minutes), `left` (customers of visits
            that do not fit and keep their time), `unlocated` (names of places that
            are not on the map) and `unknown_minutes` (what is assumed of the way to
            them), `is_changed`
        :raise AccessError: if the day is not the user's to plan
        :raise UserError: if it is no day
        """
        person = self._get_planned_person(technician_id)
        start, end = self._parse_day(start, end)
        visits = self._search_day(person, start, end)
        movable = visits.filtered(lambda visit: visit._may_move_within_day(start, end))
        starts, left = movable._plan_day(person, start, end, visit_ids)
        route = DayRoute(visits, person)
        after = {visit: starts.get(visit, visit.date_start) for visit in visits}
        if (
            visit_ids is None
            and route.is_possible()
            and route.get_travel(after) >= route.get_travel()
        ):
            # For nothing, nobody is to come at another time.
            after, left = {visit: visit.date_start for visit in visits}, self.browse()
        return {
            "visits": [
                visit._get_day_row(after[visit], visit not in movable)
                for visit in route.sort(after)
            ],
            "home": {"name": route.home.display_name, **_get_coordinates(route.home)},
            "travel_before": route.get_travel(),
            "travel_after": route.get_travel(after),
            "left": left.sudo().mapped("partner_id.display_name"),
            "unlocated": route.get_unlocated() if visits else [],
            # As in the settings, which the day follows.
            "unknown_minutes": person.company_id._get_travel_settings()["unknown"],
            "is_changed": any(after[visit] != visit.date_start for visit in visits),
        }

    def _get_day_row(self, start, is_fixed):
        """Return this visit as `get_day_order` shows it.

        :param datetime start: when it would begin
        """
        self.ensure_one()
        # Whoever plans a day may know where they go.
        known = self.sudo()
        former = fields.Datetime.to_string(self.date_start)
        return {
            "id": self.id,
            "customer": known.partner_id.display_name,
            "city": known.site_id.city or "",
            "former": former,
            "start": fields.Datetime.to_string(start),
            "is_fixed": is_fixed,
            "known": {"date_start": former},
            **_get_coordinates(known.site_id),
        }

    @api.model
    def apply_day_order(self, technician_id, start, end, moves):
        """Give visits of a day the starts of `get_day_order`, and number them so.

        :param int technician_id: as there
        :param str start: as there
        :param str end: as there
        :param list moves: dicts of `id`, `start` (UTC) and `known`
        :return: what to warn of, as a list of texts
        :raise AccessError: if the day is not the user's to plan
        :raise UserError: if it is no day
        :raise VisitChangedError: if somebody else changed one of them meanwhile
        """
        person = self._get_planned_person(technician_id)
        start, end = self._parse_day(start, end)
        visits = self._search_day(person, start, end)
        plan = {}
        for move in moves:
            visit = self.browse(move["id"])
            visit._check_known(move.get("known"))
            moment = fields.Datetime.to_datetime(move["start"])
            if (
                visit not in visits
                or not visit._may_move_within_day(start, end)
                or not start <= moment < end
            ):
                raise AccessError(
                    self.env._(
                        "Visit %s cannot be moved within this day.", visit.display_name
                    )
                )
            plan[visit] = (moment, None, None)
        self._plan(plan)
        day = visits.sorted(lambda visit: (visit.date_start, visit.id))
        day.web_resequence({}, field_name="route_sequence")
        conflicts = self.browse().concat(*plan)._get_planning_conflicts()
        return [text for texts in conflicts.values() for text in texts]

    @api.model
    def _parse_day(self, start, end):
        """Return from when to when a day is, naive UTC. It has an hour more when
        clocks go back."""
        try:
            start, end = map(fields.Datetime.to_datetime, (start, end))
            is_day = start < end <= start + LONGEST_DAY
        except (TypeError, ValueError, OverflowError):
            is_day = False
        if not is_day:
            raise UserError(self.env._("Choose one day."))
        return start, end

    @api.model
    def _get_planned_person(self, technician_id):
        """Return the employee whose day the user may plan.

        :raise AccessError: if it is not theirs to plan
        """
        # Users may know that they are employees; dispatchers know whom they send.
        person = self.env["hr.employee"].sudo().browse(technician_id).exists()
        is_own = person.user_id == self.env.user
        is_planner = self.env.user.has_group("field_installed_base.group_dispatcher")
        if (
            not person
            or person.company_id not in self.env.companies
            or not (is_own or is_planner)
            or not self.has_access("write")
        ):
            raise AccessError(
                self.env._("You can only plan your own day. Ask a dispatcher.")
            )
        return person.sudo(False)

    @api.model
    def _search_day(self, person, start, end):
        """Return what somebody does on a day, in the order of time. What is done with
        another visit is part of it."""
        return self.search(
            self._get_crew_domain(person)
            & self._get_overlap_domain(start, end)
            & Domain("merged_into_id", "=", False),
            order="date_start, id",
        )

    def _may_move_within_day(self, start, end):
        """Tell whether the start of this visit may change: nobody begun it or was told
        of it, and nobody else goes with the technician."""
        self.ensure_one()
        return (
            not self._is_start_fixed()
            and not self.is_all_day
            # Who goes is known to whom goes with them.
            and len(self.sudo().technician_ids) == 1
            and start <= self.date_start
            and self.date_end <= end
        )

    def _plan_day(self, person, start, end, visit_ids=None):
        """Return when these visits of a day begin: by least travel, or in this order.

        :param person: whose day it is
        :param datetime start: of the day
        :param datetime end: of the day
        :param list visit_ids: their order
        :return: ({visit: start}, visits that do not fit and keep their time)
        """
        moving, left = self, self.browse()
        now = fields.Datetime.now()
        while moving:
            free = person._get_free_stretches(start - ONE_DAY, end + ONE_DAY, moving)
            stretches = [
                rest
                for stretch in free[person]
                if stretch.start < end
                and stretch.end > start
                and (rest := cut_off(stretch, now))
            ]
            stops = moving._get_day_stops(person, start, end)
            places = {stop.place for stop in stops}
            for stretch in stretches:
                places |= {stretch.start_place, stretch.end_place}
            travel, _unknown = self._get_travel_of(
                [frozenset(places)], person.company_id
            )
            if visit_ids is None:
                plan = order(stretches, stops, travel)
            else:
                ranks = {visit_id: n for n, visit_id in enumerate(visit_ids)}
                stops.sort(key=lambda stop: ranks.get(stop.id, len(ranks)))
                plan = in_order(stretches, stops, travel)
            if not plan.left:
                return {
                    self.browse(stop.id): moment
                    for route in tidy(plan, travel).routes
                    for stop, moment in zip(route.stops, route.starts, strict=True)
                }, left
            # The others have to go around what stays.
            staying = self.browse([stop.id for stop in plan.left])
            left |= staying
            moving -= staying
        return {}, left

    def _get_day_stops(self, person, start, end):
        """Return these visits as they look for their place in a day."""
        stops = []
        for visit in self:
            day = visit._get_site_day(visit.date_start)
            spans = visit._get_start_spans(day - ONE_DAY, day + ONE_DAY)
            stops.append(
                Stop(
                    visit.id,
                    # Where a visit is, is known to whom goes there.
                    visit.sudo().site_id.id or NOWHERE,
                    round(visit.duration * 60),
                    frozenset({person.id}),
                    tuple(
                        (max(low, start), min(high, end - timedelta(minutes=1)))
                        for low, high in spans
                        if max(low, start) < end and high >= start
                    ),
                )
            )
        return stops

    # -- Driving -----------------------------------------------------------------------

    def _get_driving(self, person):
        """Return the minutes between the places of these visits, and where the day of a
        technician begins, as `DayRoute.get_table` does."""
        return DayRoute(self, person).get_table()

    def _get_driving_there(self, technicians):
        """Return how long each of these technicians drives to these visits: from what
        they visit before on the same day of the reader, else from where their day
        begins. The number of queries depends on neither.

        :param technicians: employees, who visit nothing else in between
        :return: {visit id: {employee id: (minutes, whether a place is not on the map)}}
        """
        # Who goes where, and from where, is known to whom reads the board.
        visits, people = self.sudo(), technicians.sudo()
        (visits.partner_id | visits.site_id).fetch(PLACE_FIELDS)
        homes = people._get_service_starts()
        routes = {}
        for visit in visits.sorted(lambda visit: (visit.date_start, visit.id)):
            day = fields.Datetime.context_timestamp(self, visit.date_start).date()
            for person_id in visit.technician_ids._ids:
                routes.setdefault((person_id, day), []).append(visit)
        found = {}
        for company, members in people.grouped("company_id").items():
            own = {
                key: [homes[people.browse(key[0])].id]
                + [visit.site_id.id or NOWHERE for visit in route]
                for key, route in routes.items()
                if key[0] in members._ids
            }
            minutes, unknown = self._get_travel_of(
                {frozenset(places) for places in own.values()}, company
            )
            for key, places in own.items():
                for visit, here, there in zip(
                    routes[key], places, places[1:], strict=False
                ):
                    found.setdefault(visit.id, {})[key[0]] = (
                        minutes[here][there],
                        here in unknown or there in unknown,
                    )
        return found

from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.fields import Domain

from ...engine import Stop, cut_off, in_order, order
from .routes import NOWHERE

ONE_DAY = timedelta(days=1)


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
            that do not fit and keep their time), `is_changed`
        :raise AccessError: if the day is not the user's to plan
        """
        person = self._get_planned_person(technician_id)
        start, end = (fields.Datetime.to_datetime(moment) for moment in (start, end))
        visits = self._search_day(person, start, end)
        movable = visits.filtered(lambda visit: visit._may_move_within_day(start, end))
        starts, left = movable._plan_day(person, start, end, visit_ids)
        after = {visit: starts.get(visit, visit.date_start) for visit in visits}
        ordered = visits.sorted(lambda visit: (after[visit], visit.id))
        # Where a visit is, is known to whom goes there, and where they begin.
        begin = person._get_service_starts()[person].sudo()
        home = begin.id
        sites = {visit: visit.sudo().site_id.id or NOWHERE for visit in visits}
        travel, _unknown = self._get_travel_of(
            [frozenset({home, *sites.values()})], person.company_id
        )

        def get_travel(row):
            places = [home, *(sites[visit] for visit in row), home]
            return sum(
                travel[here][there]
                for here, there in zip(places, places[1:], strict=False)
            )

        return {
            "visits": [
                {
                    "id": visit.id,
                    "customer": visit.sudo().partner_id.display_name,
                    "city": visit.sudo().site_id.city or "",
                    "former": fields.Datetime.to_string(visit.date_start),
                    "start": fields.Datetime.to_string(after[visit]),
                    "is_fixed": visit not in movable,
                    "latitude": visit.sudo().site_id.partner_latitude,
                    "longitude": visit.sudo().site_id.partner_longitude,
                    "known": {
                        "date_start": fields.Datetime.to_string(visit.date_start)
                    },
                }
                for visit in ordered
            ],
            "home": {
                "name": begin.display_name,
                "latitude": begin.partner_latitude,
                "longitude": begin.partner_longitude,
            },
            "travel_before": get_travel(visits) if visits else 0,
            "travel_after": get_travel(ordered) if visits else 0,
            "left": left.sudo().mapped("partner_id.display_name"),
            "is_changed": any(after[visit] != visit.date_start for visit in visits),
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
        :raise VisitChangedError: if somebody else changed one of them meanwhile
        """
        person = self._get_planned_person(technician_id)
        start, end = (fields.Datetime.to_datetime(moment) for moment in (start, end))
        visits = self._search_day(person, start, end)
        plan = {}
        for move in moves:
            visit = self.browse(move["id"])
            visit._check_known(move["known"])
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
                as_it_is = moving._keep_times(stretches, stops, travel)
                if not as_it_is.left and as_it_is.cost(travel) <= plan.cost(travel):
                    plan = as_it_is
            else:
                ranks = {visit_id: n for n, visit_id in enumerate(visit_ids)}
                stops.sort(key=lambda stop: ranks.get(stop.id, len(ranks)))
                plan = in_order(stretches, stops, travel)
            if not plan.left:
                return {
                    self.browse(stop.id): moment
                    for route in plan.routes
                    for stop, moment in zip(route.stops, route.starts, strict=True)
                }, left
            # The others have to go around what stays.
            staying = self.browse([stop.id for stop in plan.left])
            left |= staying
            moving -= staying
        return {}, left

    def _keep_times(self, stretches, stops, travel):
        """Return the plan in which these visits begin when they do now."""
        starts = {visit.id: visit.date_start for visit in self}
        present = [
            stop._replace(starts=((starts[stop.id], starts[stop.id]),))
            for stop in stops
        ]
        return in_order(
            stretches, sorted(present, key=lambda stop: stop.starts), travel
        )

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
        """Return the minutes between the places of these visits and where the day of a
        technician begins, whatever the order.

        :return: dict of `minutes` (list of lists), `places` ({visit id: row}) and
            `unknown` (rows without coordinates); the first row is the begin of the day
        """
        # Where a visit is, is known to whom goes there.
        sites = {visit.id: visit.sudo().site_id.id or NOWHERE for visit in self}
        home = person._get_service_starts()[person].id
        rows = list(dict.fromkeys([home, *sites.values()]))
        travel, unknown = self._get_travel_of([frozenset(rows)], person.company_id)
        return {
            "minutes": [[travel[here][there] for there in rows] for here in rows],
            "places": {number: rows.index(site) for number, site in sites.items()},
            "unknown": [n for n, place in enumerate(rows) if place in unknown],
        }

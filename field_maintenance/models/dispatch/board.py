from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command, Domain
from odoo.tools import SQL, format_date

from ...exceptions import VisitChangedError
from ..visit.maintenance_visit import OPEN_STATES

# States of a visit that has its place in time.
PLACED_STATES = ("planned", "in_progress", "done")
# What a screen can show and a browser can draw.
WINDOW_DAYS = 42
VISIT_LIMIT = 3000
BACKLOG_LIMIT = 500
# Where cards are wide enough to say how long somebody drives there.
DRIVING_DAYS = 7
TECHNICIAN_LIMIT = 100
# What it needs to know of technicians, read at once.
PEOPLE_FIELDS = (
    "active",
    "company_id",
    "current_version_id",
    "name",
    "resource_id",
    "user_id",
    "work_contact_id",
)
# And of places.
PLACE_FIELDS = (
    "city",
    "complete_name",
    "partner_latitude",
    "partner_longitude",
    "tz",
)


class MaintenanceVisit(models.Model):
    """The dispatch board: who goes where and when, and what nobody has planned yet."""

    _inherit = "maintenance.visit"

    # Finds what overlaps a stretch of time, however long visits are. For a moment of a
    # write, an end may be older than its start.
    _planned_range_index = models.Index(
        "USING gist (tsrange(date_start, GREATEST(date_start, date_end), '[]')) "
        "WHERE date_start IS NOT NULL"
    )
    # Visits without window are open ever since.
    _backlog_opening_index = models.Index(
        "(company_id, COALESCE(window_start, '-infinity')) WHERE state = 'to_plan'"
    )

    @api.model
    def _get_overlap_domain(self, start, end, states=PLACED_STATES):
        """Return the visits that take or took place in a stretch of time, even if
        only in part of it.

        :param datetime start: naive UTC, inclusive
        :param datetime end: naive UTC, exclusive
        :param states: which they are in; None for any
        """

        def to_sql(model, alias, query):
            return SQL(
                "(%(start)s IS NOT NULL "
                "AND tsrange(%(start)s, GREATEST(%(start)s, %(end)s), '[]') "
                "&& tsrange(%(low)s::timestamp, %(high)s::timestamp, '()'))",
                start=model._field_to_sql(alias, "date_start", query),
                end=model._field_to_sql(alias, "date_end", query),
                low=start,
                high=end,
            )

        def overlaps(visit):
            if not visit.date_start or not visit.date_end:
                return False
            return visit.date_start < end and visit.date_end > start

        within = Domain.custom(to_sql=to_sql, predicate=overlaps)
        return Domain("state", "in", states) & within if states else within

    @api.model
    def _get_opening_domain(self, day):
        """Return the visits whose window opens on a day or before, and those without
        window."""

        def to_sql(model, alias, query):
            return SQL(
                "COALESCE(%s, '-infinity') <= %s",
                model._field_to_sql(alias, "window_start", query),
                day,
            )

        return Domain.custom(
            to_sql=to_sql,
            predicate=lambda visit: not visit.window_start or visit.window_start <= day,
        )

    # -- What the board shows ----------------------------------------------------------

    @api.model
    @api.readonly
    def get_dispatch_board(
        self,
        start,
        end,
        domain=None,
        team_ids=None,
        zone_ids=None,
        technician_ids=None,
    ):
        """Return what the board shows of a stretch of time.

        All visits of a technician are there, so that nobody is planned twice; those
        that do not match the search are marked. Only the backlog is narrowed: to the
        search, to the zones, to the teams (and visits without a team), and to visits
        whose window opens before the end.

        :param str start: UTC, inclusive
        :param str end: UTC, exclusive, at most 42 days later
        :param list domain: what is searched for
        :param list team_ids: teams whose members have a row; None chooses the teams
            and zones of the user, no team and no zone means everybody
        :param list zone_ids: zones whose technicians have a row
        :param list technician_ids: employees who have a row, too
        :return: dict of `technicians` (rows in their order, with working hours and
            other appointments in UTC), `visits` (planned, in progress or done),
            `backlog` (visits to plan, late ones first, then by priority and due date),
            `teams` and `zones` (what there is to choose), `team_ids`, `zone_ids` and
            `technician_ids` (what is chosen), `has_more_technicians`,
            `has_more_visits` and `has_more_backlog` (there is more than is shown),
            `can_dispatch`
        :raise UserError: if the stretch is empty or too long
        """
        start, end = self._parse_board_window(start, end)
        domain = Domain(domain or Domain.TRUE)
        teams, zones = self._get_board_groups()
        people = self._get_board_people(technician_ids or [])
        if people and team_ids is None and zone_ids is None:
            team_ids = zone_ids = []
        chosen_teams, chosen_zones = self._choose_board_groups(
            teams, zones, team_ids, zone_ids
        )
        is_chosen = bool(chosen_teams or chosen_zones or people)
        if is_chosen:
            members = self._get_board_members(chosen_teams, chosen_zones)
            technicians = (people | members).sorted("name")
        else:
            technicians = self._get_board_technicians(teams, zones)
        shown = technicians[:TECHNICIAN_LIMIT]
        everybody = not is_chosen and technicians == shown
        groups = (chosen_teams, chosen_zones)
        visits = self._search_board_visits(start, end, not everybody and shown, groups)
        matching = visits
        if visits and not domain.is_true():
            matching = self.search(domain & Domain("id", "in", visits.ids), order="id")
        backlog = self._search_board_backlog(end, domain, chosen_teams, chosen_zones)
        both = visits | backlog
        both._prefetch_board()
        has_more = technicians != shown and not everybody
        crew = visits.sudo().technician_ids.sorted("name")
        # Whoever has a visit is one of them; who left is shown as long as others have
        # to go instead.
        shown |= crew if everybody else visits._get_left_crew().sorted("name")
        visits_shown, driving = visits[:VISIT_LIMIT], {}
        if end - start <= timedelta(days=DRIVING_DAYS, hours=1):
            driving = visits_shown._get_driving_there(self._get_board_drivers(shown))
        rows = self._get_board_rows(shown, teams, start, end)
        # At once as well, when what its technicians are asked for has been read.
        self._fields["has_conflict"].compute_value(both.sudo())
        return {
            "technicians": rows,
            "has_more_technicians": has_more,
            "visits": [
                {**row, "driving": driving.get(row["id"], {})}
                for row in visits_shown._get_board_values(matching)
            ],
            "has_more_visits": len(visits) > VISIT_LIMIT,
            "backlog": backlog[:BACKLOG_LIMIT]._get_board_values(backlog),
            "has_more_backlog": len(backlog) > BACKLOG_LIMIT,
            "teams": [{"id": team.id, "name": team.name} for team in teams],
            "zones": [{"id": zone.id, "name": zone.name} for zone in zones],
            "team_ids": chosen_teams.ids,
            "zone_ids": chosen_zones.ids,
            "technician_ids": people.ids,
            "can_dispatch": self.has_access("write"),
        }

    @api.model
    def _parse_board_window(self, start, end):
        start, end = (fields.Datetime.to_datetime(moment) for moment in (start, end))
        if not start < end <= start + timedelta(days=WINDOW_DAYS, hours=1):
            raise UserError(
                self.env._(
                    "The dispatch board shows 1 to %(days)s days at a time, not "
                    "those from %(start)s to %(end)s.",
                    days=WINDOW_DAYS,
                    start=format_date(self.env, start),
                    end=format_date(self.env, end),
                )
            )
        return start, end

    @api.model
    def _get_board_groups(self):
        """Return all teams and zones that there are to choose."""
        here = Domain("company_id", "in", self.env.companies.ids)
        # Branches work in the zones of their company, too.
        parents = self.env.companies.sudo().parent_ids
        anywhere = Domain("company_id", "in", [False, *parents.ids])
        # Employees are no secret to who dispatches them; reading them takes HR rights.
        teams = self.env["service.team"].search_fetch(here, ["name"]).sudo()
        zones = self.env["service.zone"].search_fetch(anywhere, ["name"]).sudo()
        return teams, zones

    @api.model
    def _choose_board_groups(self, teams, zones, team_ids, zone_ids):
        """Return the chosen teams and zones; the user's own, if none were chosen."""
        if team_ids is None and zone_ids is None:
            people = teams.member_ids | teams.leader_id | zones.technician_ids
            people.fetch(PEOPLE_FIELDS)
            mine = people.filtered(lambda employee: employee.user_id == self.env.user)
            return (
                teams.filtered(lambda team: mine & (team.member_ids | team.leader_id)),
                zones.filtered(lambda zone: mine & zone.technician_ids),
            )
        return (
            teams.filtered(lambda team: team.id in (team_ids or ())),
            zones.filtered(lambda zone: zone.id in (zone_ids or ())),
        )

    @api.model
    @api.readonly
    def get_dispatch_people(self):
        """Return all whom the board can show, by name.

        :return: list of dicts of `id` and `name`
        :raise AccessError: if the user may read no visits
        """
        self.check_access("read")
        people = self._get_board_technicians(*self._get_board_groups(), limit=None)
        return [{"id": person.id, "name": person.name} for person in people]

    @api.model
    def _get_board_people(self, ids):
        """Return the employees of these ids whom the user's companies still employ."""
        return (
            # They are no secret to who dispatches them; reading them takes HR rights.
            self.env["hr.employee"]
            .sudo()
            .search_fetch(
                [("id", "in", ids), ("company_id", "in", self.env.companies.ids)],
                PEOPLE_FIELDS,
                order="name, id",
            )
        )

    @api.model
    def _get_board_technicians(self, teams, zones, limit=TECHNICIAN_LIMIT + 1):
        """Return who has a row: the technicians. They are members of a team or of a
        zone, use visits without dispatching them, or have gone to some."""
        # Who uses Odoo for what is no secret to who dispatches.
        users, dispatchers = (
            self.env.ref(f"field_installed_base.{name}").sudo().all_user_ids
            for name in ("group_user", "group_dispatcher")
        )
        domain = (
            Domain("id", "in", (teams.member_ids | zones.technician_ids).ids)
            | Domain("user_id", "in", (users - dispatchers).ids)
            | Domain.custom(
                to_sql=lambda model, alias, query: SQL(
                    "EXISTS (SELECT FROM maintenance_visit_technician_rel AS crew "
                    "WHERE crew.employee_id = %s)",
                    SQL.identifier(alias, "id"),
                    to_flush=self._fields["technician_ids"],
                )
            )
        )
        return (
            self.env["hr.employee"]
            # Who works here is no secret to who dispatches; the rest of them is.
            .sudo()
            .search_fetch(
                Domain("company_id", "in", self.env.companies.ids) & domain,
                PEOPLE_FIELDS,
                limit=limit,
                order="name, id",
            )
        )

    @api.model
    def _get_board_members(self, teams, zones):
        """Return the members of teams and the technicians of zones."""
        companies = self.env.companies
        # As above.
        employees = self.env["hr.employee"].sudo()
        if teams:
            employees |= teams.member_ids
        if zones:
            employees |= zones.technician_ids
        employees.fetch(PEOPLE_FIELDS)
        return employees.filtered(
            lambda employee: employee.active and employee.company_id in companies
        ).sorted("name")

    @api.model
    def _get_left_crew(self):
        """Return who is to go on these visits but does not work there any more."""
        left = self.sudo().technician_ids.browse()
        for company, visits in self.sudo().grouped("company_id").items():
            crew = visits.filtered(lambda v: v.state in OPEN_STATES).technician_ids
            left |= crew - crew._filter_at(company)
        return left

    @api.model
    def _search_board_visits(self, start, end, technicians, groups):
        """Return what is planned or done in a stretch of time.

        :param technicians: whose visits, besides those of nobody; false for all
        :param groups: chosen teams and zones: whoever left them is shown, too
        """
        domain = self._get_overlap_domain(start, end) & Domain(
            "merged_into_id", "=", False
        )
        if technicians:
            left = self._get_left_domain() & Domain("state", "in", OPEN_STATES)
            teams, zones = groups
            if teams or zones:
                members = teams.with_context(active_test=False).member_ids
                members |= zones.with_context(active_test=False).technician_ids
                left &= (
                    Domain("team_id", "in", teams.ids)
                    | Domain("zone_id", "in", zones.ids)
                    | self._get_crew_domain(members)
                )
            domain &= (
                Domain("technician_id", "=", False)
                | self._get_crew_domain(technicians)
                | left
            )
        return self.search_fetch(
            domain,
            self._get_board_fields(),
            limit=VISIT_LIMIT + 1,
            order="date_start, id",
        )

    @api.model
    def _search_board_backlog(self, end, domain, teams, zones):
        """Return the visits to plan whose window opens before a moment."""
        last = fields.Datetime.context_timestamp(self, end - timedelta(seconds=1))
        domain &= (
            Domain("state", "=", "to_plan")
            & Domain("merged_into_id", "=", False)
            & self._get_opening_domain(last.date())
        )
        if teams:
            # What a team left behind waits for all others.
            domain &= Domain("team_id", "in", [*teams.ids, False]) | Domain(
                "team_id", "any", [("active", "=", False)]
            )
        if zones:
            domain &= Domain("zone_id", "in", zones.ids)
        return self.search_fetch(
            domain,
            self._get_board_fields(),
            limit=BACKLOG_LIMIT + 1,
            order="is_overdue DESC, priority DESC NULLS LAST, due_date, id",
        )

    @api.model
    def _get_board_fields(self):
        return [
            "agreed_from",
            "agreed_until",
            "calendar_event_id",
            "company_id",
            "date_end",
            "date_start",
            "due_date",
            "duration",
            "merged_into_id",
            "name",
            "partner_id",
            "priority",
            "site_id",
            "state",
            "team_id",
            "technician_id",
            "visit_type_id",
            "window_end",
            "window_start",
            "zone_id",
        ]

    def _prefetch_board(self):
        """Read what the board draws of these visits, each table once: left to itself,
        Odoo reads of a thousand records at a time."""
        # Without asking whether each employee may be read.
        visits = self.sudo()
        visits.fetch(["line_ids", "technician_ids"])
        visits.line_ids.fetch(visits.line_ids._get_label_fields())
        (visits.partner_id | visits.site_id).fetch(PLACE_FIELDS)
        self._fields["equipment_label"].compute_value(visits)

    def _get_board_values(self, matching):
        """Return what the board needs to draw these visits.

        :param matching: those that match the search
        """
        matching = set(matching.ids)
        # Who may read a visit may read whom and where it is for, and who goes.
        visits = self.sudo()
        return [
            {
                "id": visit.id,
                "name": visit.name or "",
                "customer": visit.partner_id.complete_name,
                "city": visit.site_id.city or "",
                "equipment": visit.equipment_label or "",
                "visit_type": visit.visit_type_id.name or "",
                "color": visit.visit_type_id.color,
                "zone": visit.zone_id.name or "",
                "team_id": visit.team_id.id,
                "state": visit.state,
                "lateness": visit.lateness,
                "priority": visit.priority or "0",
                "date_start": visit.date_start,
                "date_end": visit.date_end,
                "due_date": visit.due_date,
                "window_end": visit.window_end,
                "duration": visit.duration,
                "agreed_from": visit.agreed_from,
                "agreed_until": visit.agreed_until,
                "agreed_hours": visit._describe_agreed_hours(),
                "tz": visit._get_site_tz(),
                "technician_id": visit.technician_id.id,
                "technician_ids": visit.technician_ids.ids,
                "has_conflict": visit.has_conflict,
                "is_match": visit.id in matching,
            }
            for visit in visits
        ]

    @api.model
    def _get_board_drivers(self, technicians):
        """Return of whom the user may know how long they drive: it says how far away
        they live."""
        if self.env.user.has_group("field_installed_base.group_dispatcher"):
            return technicians
        return technicians.filtered(lambda person: person.user_id == self.env.user)

    @api.model
    def _get_board_rows(self, technicians, teams, start, end):
        """Return the rows: technicians, with their teams, the hours that they work, and
        when they are busy with something else than visits (UTC)."""
        working = technicians._get_working_time(start, end)
        busy = technicians._get_busy_events(start, end)
        return [
            {
                "id": technician.id,
                "name": technician._get_board_name(),
                "team_ids": teams.filtered(
                    lambda team, technician=technician: technician in team.member_ids
                ).ids,
                "working": [
                    [fields.Datetime.to_string(moment) for moment in times]
                    for times in working[technician.id]
                ],
                "busy": [
                    {
                        "start": fields.Datetime.to_string(begin),
                        "end": fields.Datetime.to_string(over),
                        "name": name,
                    }
                    for begin, over, name in busy[technician]
                ],
            }
            for technician in technicians
        ]

    # -- What is dropped on it ---------------------------------------------------------

    def dispatch(
        self,
        start,
        end=None,
        technician_id=False,
        from_technician_id=False,
        known=None,
    ):
        """Plan or move a visit, as dropping it on the board does.

        :param str start: UTC
        :param str end: UTC; without it, the visit keeps its duration, and what takes
            several days its hours of work
        :param int technician_id: on whose row it is dropped; nobody's, if false
        :param int from_technician_id: from whose row it comes: whom the technician
            replaces; the others who go stay
        :param dict known: what the board shows of the visit, see `_check_known`
        :return: what to warn the dispatcher of, as a list of texts
        :raise UserError: if the visit is done or cancelled; whatever else forbids the
            change speaks for itself
        :raise VisitChangedError: if the board shows something else than there is
        """
        self.ensure_one()
        self._check_known(known)
        self._check_state(
            OPEN_STATES,
            self.env._("You cannot move visit %(visit)s: its status is “%(state)s”."),
        )
        values = {"date_start": fields.Datetime.to_datetime(start)}
        crew_values = self._prepare_crew_values(technician_id, from_technician_id)
        end = end or self._get_end_of_drop(values["date_start"], crew_values)
        if end:
            length = fields.Datetime.to_datetime(end) - values["date_start"]
            if length <= timedelta():
                raise UserError(
                    self.env._(
                        "Visit %s cannot end before it starts.", self.display_name
                    )
                )
            values["duration"] = length.total_seconds() / 3600
        self.write({**values, **crew_values})
        return self._get_dispatch_warnings()

    def _get_end_of_drop(self, start, crew_values):
        """Return when a visit that takes several days is over if it begins at a moment;
        None for all others.

        :param dict crew_values: who goes then, if others than now
        """
        # Who goes is known to whom may move the visit.
        crew = self.sudo().technician_ids
        if crew_values:
            [(_command, _id, ids)] = crew_values["technician_ids"]
            crew = crew.browse(ids)
        hours = self._get_hours_of_work()
        return self._get_ends_of_work({self: start}, {self: crew}, hours).get(self)

    def undispatch(self, known=None):
        """Put a visit back to plan, as dropping it on the backlog does.

        :param dict known: as `dispatch` takes it
        :return: what to warn the dispatcher of, as a list of texts
        """
        self.ensure_one()
        self._check_known(known)
        self.action_put_back()
        return []

    def _check_known(self, known):
        """Refuse to change a visit that somebody else planned otherwise meanwhile.

        :param dict known: as `get_news_since` takes it
        :raise VisitChangedError: saying who did what
        """
        if known and (news := self.get_news_since(known)):
            raise VisitChangedError(news)

    def get_news_since(self, known):
        """Tell what somebody else planned while the user was looking at a visit.

        Not marked as one that only reads: a replica that lags behind knows no news.

        :param dict known: what the user sees of `state`, `date_start`, `date_end`
            (UTC), `technician_id` and `technician_ids`; what is not there may differ
        :return: who did what, as a text; False if it still is what they see
        """
        self.ensure_one()
        self.check_access("read")
        return self._describe_news(known)

    def _get_plan_seen(self):
        """Return {number of the visit, as a text: what `get_news_since` takes} for who
        sees these visits now."""
        # Who goes is known to whom may move the visit.
        return {
            str(visit.id): {
                "date_start": fields.Datetime.to_string(visit.date_start),
                "date_end": fields.Datetime.to_string(visit.date_end),
                "state": visit.state,
                "technician_id": visit.technician_id.id,
                "technician_ids": sorted(visit.technician_ids.ids),
            }
            for visit in self.sudo()
        }

    def _describe_news(self, known):
        """Return what :meth:`get_news_since` does, whoever asks."""
        self.ensure_one()
        # Who goes, and who changed that, is known to whom may move the visit.
        visit = self.sudo()
        present = self._get_plan_seen()[str(self.id)]
        seen = {name: known[name] or False for name in present.keys() & known.keys()}
        if "technician_ids" in seen:
            seen["technician_ids"] = sorted(seen["technician_ids"] or [])
        if all(seen[name] == present[name] for name in seen):
            return False
        states = dict(self._fields["state"]._description_selection(self.env))
        start = visit.date_start and self._format_moment(visit.date_start)
        return self.env._(
            "%(user)s changed visit %(visit)s in the meantime: %(state)s, %(start)s. "
            "Technicians: %(technicians)s",
            user=visit.write_uid.name,
            visit=self.display_name,
            state=states[visit.state],
            start=start or "–",
            technicians=", ".join(visit.technician_ids.mapped("name")) or "–",
        )

    def _prepare_crew_values(self, technician_id, from_technician_id):
        """Return who goes when one technician takes another's place."""
        # Who goes is known to whom may move the visit.
        crew = self.sudo().technician_ids.ids
        lead = self.sudo().technician_id.id
        # From the backlog, where a visit stands once: whoever leads it is replaced.
        leaving = from_technician_id or (lead if self.state == "to_plan" else False)
        if technician_id == leaving or (technician_id in crew and not leaving):
            return {}
        crew = [member for member in crew if member not in (leaving, technician_id)]
        if technician_id:
            crew.append(technician_id)
        if lead in (leaving, False):
            lead = technician_id or next(iter(crew), False)
        return {"technician_ids": [Command.set(crew)], "technician_id": lead}

    def _get_dispatch_warnings(self):
        """Return what speaks against the new appointment but does not forbid it."""
        self.ensure_one()
        return (self.planning_warning or "").splitlines()

from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain
from odoo.tools import SQL, format_date

from ...context import PLANNING
from ..visit.maintenance_visit import OPEN_STATES
from .availability import Stretch


class MaintenanceVisit(models.Model):
    """What speaks against an appointment: another visit, time off, a public holiday,
    an evening, a technician or a customer of whom something is missing."""

    _inherit = "maintenance.visit"

    planning_warning = fields.Text(
        compute="_compute_planning_warning",
        groups="base.group_user",
        help="Conflicts of this appointment.",
    )
    has_conflict = fields.Boolean(
        string="Conflict",
        compute="_compute_has_conflict",
        search="_search_has_conflict",
        groups="base.group_user",
        help="Something is in the way of this appointment: another visit, an "
        "appointment in the calendar, time off, the hours of a technician, a missing "
        "skill, or the hours agreed with the customer.",
    )
    has_left_technician = fields.Boolean(
        string="Technician Has Left",
        compute="_compute_has_left_technician",
        search="_search_has_left_technician",
        help="An assigned technician is archived or works for another company.",
    )

    @api.depends(lambda self: self._get_conflict_fields())
    def _compute_planning_warning(self):
        opened = self.filtered(lambda visit: visit.state in ("planned", "to_plan"))
        (self - opened).planning_warning = False
        conflicts = opened._get_planning_conflicts()
        for visit in opened:
            texts = [*conflicts[visit], *visit._get_planning_gaps()]
            visit.planning_warning = "\n".join(texts) or False

    @api.depends(lambda self: self._get_conflict_fields())
    def _compute_has_conflict(self):
        now = fields.Datetime.now()
        planned = self.filtered(
            lambda visit: (
                visit.state == "planned" and visit.date_end and visit.date_end > now
            )
        )
        conflicting = planned._filter_conflicting()
        (self - conflicting).has_conflict = False
        conflicting.has_conflict = True

    @api.model
    def _get_conflict_fields(self):
        """Return the fields of a visit on which it depends what is in its way."""
        return (
            "agreed_from",
            "agreed_until",
            "date_end",
            "date_start",
            "line_ids.installed_base_id",
            "site_id",
            "state",
            "technician_ids",
            "visit_type_id",
        )

    @api.model
    def _search_has_conflict(self, operator, value):
        if operator != "in":
            return NotImplemented
        planned = self._get_planned_from_now() & (
            Domain("technician_ids", "!=", False) | Domain("agreed_until", ">", 0)
        )
        visits = self.search(
            planned & Domain("company_id", "in", self.env.companies.ids)
        )
        domain = Domain("id", "in", visits.filtered("has_conflict").ids)
        return domain if True in value else ~domain

    @api.depends(
        "state", "company_id", "technician_ids.active", "technician_ids.company_id"
    )
    def _compute_has_left_technician(self):
        for visit in self:
            visit.has_left_technician = visit.state in OPEN_STATES and bool(
                visit._get_left_technicians()
            )

    @api.model
    def _search_has_left_technician(self, operator, value):
        if operator != "in":
            return NotImplemented
        domain = Domain("state", "in", OPEN_STATES) & self._get_left_domain()
        return domain if True in value else ~domain

    @api.model
    def _get_left_domain(self):
        """Return the visits to which somebody goes who does not work there any more."""
        return Domain.custom(
            to_sql=lambda model, alias, _query: SQL(
                "EXISTS (SELECT FROM maintenance_visit_technician_rel AS crew "
                "JOIN hr_employee AS person ON person.id = crew.employee_id "
                "WHERE crew.visit_id = %s AND (NOT person.active "
                "OR person.company_id != %s))",
                SQL.identifier(alias, "id"),
                SQL.identifier(alias, "company_id"),
                to_flush=model._fields["technician_ids"],
            ),
            predicate=lambda visit: bool(visit._get_left_technicians()),
        )

    def _get_left_technicians(self):
        """Return who is to go but does not work there any more."""
        self.ensure_one()
        # Who goes is known to whom knows the visit.
        crew = self.sudo().technician_ids
        return crew - crew._filter_at(self.company_id)

    @api.constrains(
        "agreed_from",
        "agreed_until",
        "date_start",
        "date_end",
        "merged_into_id",
        "technician_id",
        "technician_ids",
        "state",
        "visit_type_id",
    )
    def _check_planning_conflicts(self):
        """Refuse appointments to come of who does not work there any more, and
        conflicting ones and such of who lacks a skill, if the company does, on every
        way to make one: form, board, calendar, remote call."""
        if self.env.context.get("visit_planning") is PLANNING:
            # Checked once for all that are planned together.
            return
        now = fields.Datetime.now()
        coming = self.filtered(
            lambda visit: (
                visit.state == "planned" and visit.date_end and visit.date_end > now
            )
        )
        for company, visits in coming.grouped("company_id").items():
            # As `_get_left_technicians` says of each. Who goes is known to whoever
            # may plan them.
            crews = visits.sudo().technician_ids
            gone = crews - crews._filter_at(company)
            for visit in visits if gone else ():
                if left := visit.sudo().technician_ids & gone:
                    raise ValidationError(
                        self.env._(
                            "%(technician)s no longer works here. Choose another "
                            "technician for visit %(visit)s.",
                            technician=", ".join(left.mapped("name")),
                            visit=visit.display_name,
                        )
                    )
        # What is done with another visit takes what that one has.
        mains = self.sudo().merged_into_id.with_env(self.env)
        self._refuse_conflicts((self | mains)._get_refused_conflicts())

    def _refuse_conflicts(self, conflicts):
        """Refuse to plan the first visit that something is in the way of.

        :param dict conflicts: {visit: texts}
        """
        for visit, texts in conflicts.items():
            if texts:
                raise ValidationError(
                    self.env._(
                        "Visit %(visit)s cannot take place at this time:\n"
                        "%(conflicts)s\n"
                        "Choose another time or technician.",
                        visit=visit.display_name,
                        conflicts="\n".join(texts),
                    )
                )

    def _get_refused_conflicts(self):
        """Return {visit: texts that say why its company does not let it be planned so},
        for those of these visits that are planned."""
        found = {visit: [] for visit in self if visit.state == "planned"}
        # How a company plans is no secret to who plans.
        by_company = self.browse().union(*found).grouped("company_id")
        for company, visits in by_company.items():
            if company.sudo().blocks_visit_conflicts:
                for visit, texts in visits._get_time_conflicts().items():
                    found[visit] += texts
        for visit, texts in self._get_refused_skills().items():
            found[visit] += texts
        return found

    def _get_refused_skills(self):
        """Return {visit: texts that say which skills are missing}, for those of these
        visits that are planned and whose company does not let anybody go without."""
        return self.filtered(
            lambda visit: (
                visit.state == "planned"
                # As above.
                and visit.company_id.sudo().service_skill_policy == "block"
            )
        )._get_missing_skills()

    def _get_planning_gaps(self):
        """Return what is missing to go there, which never forbids to plan."""
        self.ensure_one()
        texts = []
        # Whether somebody has a user is no secret to whoever plans them.
        left = self._get_left_technicians()
        for technician in self.sudo().technician_ids:
            if technician in left:
                texts.append(
                    self.env._(
                        "%s no longer works here. Choose another technician.",
                        technician.name,
                    )
                )
            elif not technician.user_id:
                texts.append(
                    self.env._(
                        "%s has no user and cannot see the visit in Odoo. Set the "
                        "user of the employee, or inform them yourself.",
                        technician.name,
                    )
                )
        place = self.sudo().site_id | self.sudo().partner_id
        texts += [
            self.env._(
                "%s is archived. Check whether the visit is still needed.",
                p.display_name,
            )
            for p in place
            if not p.active
        ]
        texts += [
            self.env._(
                "%s is archived. Check whether it is still there.", piece._get_label()
            )
            for piece in self.sudo().line_ids.installed_base_id
            if not piece.active
        ]
        site = self.site_id
        if site and not (site.street or site.city or site.zip):
            texts.append(
                self.env._(
                    "%s has no address. Complete the contact so that technicians can "
                    "find it.",
                    site.display_name,
                )
            )
        return texts

    def _get_planning_conflicts(self):
        """Return {visit: texts that say what is in the way, naming the technician}: of
        its time, and the skills that are missing.

        For many visits at once; the number of queries does not depend on how many.
        """
        found = self._get_time_conflicts()
        for visit, texts in self._get_missing_skills().items():
            found[visit] += texts
        return found

    def _filter_conflicting(self):
        """Return those of these visits of which `_get_planning_conflicts` says
        something: a board asks this of a thousand, and reads the words of one."""
        found = [
            visit
            for texts in (self._get_broken_agreements(), self._get_missing_skills())
            for visit, its in texts.items()
            if its
        ]
        if timed := self._filter_timed():
            people, stretches = self.env["hr.employee"].sudo(), timed._get_stretches()
            mine = list(timed)
            found += [
                mine[number]
                for rows in (
                    timed._find_overlaps(stretches),
                    people._find_events(stretches),
                    timed._find_absences(stretches),
                    people._find_odd_hours(stretches),
                )
                for number, *_what in rows
            ]
        return self.browse().union(*found)

    def _filter_timed(self):
        """Return those of these visits that take time of technicians."""
        return self.filtered(
            lambda visit: (
                # What is done with another visit takes no time of its own.
                not visit.merged_into_id
                and visit.date_start
                and visit.date_end
                and visit.date_start < visit.date_end
                and visit.technician_ids
            )
        )

    def _get_time_conflicts(self):
        """Return {visit: texts that say what else is at its time}, as
        `_get_planning_conflicts` does."""
        found = {visit: [] for visit in self}
        for visit, texts in self._get_broken_agreements().items():
            found[visit] += texts
        if timed := self._filter_timed():
            for texts in (
                timed._get_overlaps(),
                timed._get_meetings(),
                timed._get_absences(),
                timed._get_odd_hours(),
            ):
                for visit, lines in texts.items():
                    found[visit] += lines
        return found

    def _get_stretches(self):
        """Return the time that each technician of these visits needs for them, with
        their numbers as keys.

        :rtype: list[Stretch]
        """
        return [
            Stretch(number, person, *moments, *map(visit._get_site_day, moments))
            for number, visit in enumerate(self)
            for moments in [(visit.date_start, visit.date_end)]
            # Who goes is known to whom knows the visit.
            for person in visit.sudo().technician_ids._origin
        ]

    def _find_overlaps(self, stretches):
        """Return [(number of a visit, id of a technician, id of what else they visit
        then)].

        :param stretches: of these visits, see `_get_stretches`
        """
        own = [visit._origin.id for visit in self]
        return [
            found
            for found in self.env["hr.employee"].sudo()._find_visits(stretches)
            if found[2] != own[found[0]]
        ]

    def _find_absences(self, stretches, leaves=None):
        """Return what `_find_leaves` finds for the companies of these visits.

        :param stretches: of these visits, see `_get_stretches`
        """
        return self.env["hr.employee"]._find_leaves(
            stretches,
            {number: visit.company_id for number, visit in enumerate(self)},
            leaves,
        )

    def _get_overlaps(self):
        """Return {visit: what its technicians do then for other visits}."""
        mine, found = list(self), defaultdict(list)
        people = self.env["hr.employee"].sudo()
        overlaps = [
            (mine[number], people.browse(person_id), other_id)
            for number, person_id, other_id in self._find_overlaps(
                self._get_stretches()
            )
        ]
        # The planner reads names, numbers and times of what is in the way.
        others = self.sudo().browse({other_id for *_mine, other_id in overlaps})
        others.fetch(["name", "date_start", "date_end", "visit_type_id"])
        for visit, person, other_id in overlaps:
            other = others.browse(other_id)
            found[visit].append(
                self.env._(
                    "%(technician)s has visit %(visit)s from %(start)s to %(end)s.",
                    technician=person.name,
                    visit=other.name or other.visit_type_id.name or "",
                    start=visit._format_moment(other.date_start),
                    end=visit._format_moment(other.date_end, other.date_start),
                )
            )
        return found

    def _get_meetings(self, events=None):
        """Return {visit: what else is in the calendars of its technicians then}.

        :param events: look at these only
        """
        mine, found = list(self), defaultdict(list)
        people = self.env["hr.employee"].sudo()
        for number, person_id, start, stop, allday, _id in people._find_events(
            self._get_stretches(), events
        ):
            visit, name = mine[number], people.browse(person_id).name
            text = (
                self.env._(
                    "%(technician)s has another appointment on %(day)s.",
                    technician=name,
                    day=format_date(self.env, start.date()),
                )
                if allday
                else self.env._(
                    "%(technician)s has another appointment from %(start)s to %(end)s.",
                    technician=name,
                    start=visit._format_moment(start),
                    end=visit._format_moment(stop, start),
                )
            )
            # Of several at the same time they would say the same.
            if text not in found[visit]:
                found[visit].append(text)
        return found

    def _get_absences(self, leaves=None):
        """Return {visit: time off of its technicians, and public holidays}.

        :param leaves: look at these only
        """
        mine, found = list(self), defaultdict(list)
        for number, person, leave in self._find_absences(self._get_stretches(), leaves):
            visit = mine[number]
            if leave.resource_id:
                text = self.env._(
                    "%(technician)s is away from %(start)s to %(end)s.",
                    technician=person.name,
                    start=visit._format_moment(leave.date_from),
                    end=visit._format_moment(leave.date_to, leave.date_from),
                )
            elif leave.name:
                text = self.env._(
                    "%(technician)s does not work on %(holiday)s.",
                    technician=person.name,
                    holiday=leave.name,
                )
            else:
                text = self.env._(
                    "%s does not work on this public holiday.", person.name
                )
            found[visit].append(text)
        return found

    def _get_odd_hours(self):
        """Return {visit: which of its technicians do not work at that hour}."""
        mine, found = list(self), defaultdict(list)
        for number, person in self.env["hr.employee"]._find_odd_hours(
            self._get_stretches()
        ):
            found[mine[number]].append(
                self.env._("%s does not work at this time.", person.name)
            )
        return found

    # -- After planning ----------------------------------------------------------------

    @api.model
    def _get_planned_from_now(self, start=None, end=None):
        """Return a domain of planned visits that are not over.

        :param datetime start: that end after this moment
        :param datetime end: that begin before this moment
        """
        start = max(filter(None, (start, fields.Datetime.now())))
        domain = (
            Domain("state", "=", "planned")
            & Domain("merged_into_id", "=", False)
            & Domain("date_end", ">", start)
        )
        return domain & Domain("date_start", "<", end) if end else domain

    def _notify_archived(self, records):
        """Tell the dispatchers of these visits that what they are about was
        archived."""
        self._notify_dispatchers(
            self.env._("Check open visits"),
            self.env._(
                "This was archived and still has open visits: %s",
                ", ".join(records.mapped("display_name")),
            ),
        )

    def _notify_conflicts(self, texts):
        """Tell the dispatchers of these visits what came in their way after they were
        planned.

        :param dict texts: {visit: texts}
        """
        found = self.filtered(lambda visit: texts.get(visit))
        found._notify_dispatchers(
            self.env._("Check planned visits"),
            self.env._("Conflicts that appeared after planning:"),
            {visit: " ".join(texts[visit]) for visit in found},
        )

from collections import defaultdict

import pytz

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain
from odoo.tools import SQL

from .maintenance_visit import PLANNING


class MaintenanceVisit(models.Model):
    """What speaks against an appointment: another visit, time off, a public holiday,
    an evening, a technician or a customer of whom something is missing."""

    _inherit = "maintenance.visit"

    planning_warning = fields.Text(
        compute="_compute_planning_warning",
        groups="base.group_user",
        help="What speaks against this appointment.",
    )

    @api.depends("date_start", "date_end", "technician_ids", "site_id", "state")
    def _compute_planning_warning(self):
        opened = self.filtered(lambda visit: visit.state in ("planned", "to_plan"))
        (self - opened).planning_warning = False
        conflicts = opened._get_planning_conflicts()
        for visit in opened:
            texts = [*conflicts[visit], *visit._get_planning_gaps()]
            visit.planning_warning = "\n".join(texts) or False

    @api.constrains("date_start", "date_end", "technician_ids", "state")
    def _check_planning_conflicts(self):
        """Refuse conflicting appointments, if the company does, on every way to make
        one: form, board, calendar, remote call."""
        if self.env.context.get("visit_planning") is PLANNING:
            # Checked once for all that are planned together.
            return
        visits = self.sudo().filtered(
            lambda visit: (
                visit.state == "planned" and visit.company_id.blocks_visit_conflicts
            )
        )
        if not visits:
            return
        for visit, texts in visits.with_env(self.env)._get_planning_conflicts().items():
            if texts:
                raise ValidationError(
                    self.env._(
                        "Visit %(visit)s cannot take place then:\n%(conflicts)s\n"
                        "Choose another time or technician.",
                        visit=visit.display_name,
                        conflicts="\n".join(texts),
                    )
                )

    def _get_planning_gaps(self):
        """Return what is missing to go there, which never forbids to plan."""
        self.ensure_one()
        texts = []
        # Whether somebody has a user is no secret to who plans him.
        for technician in self.sudo().technician_ids:
            if not technician.user_id:
                texts.append(
                    self.env._(
                        "%s has no user and does not see the visit in Odoo. Set the "
                        "user of the employee, or tell him yourself.",
                        technician.name,
                    )
                )
        site = self.site_id
        if site and not (site.street or site.city or site.zip):
            texts.append(
                self.env._(
                    "%s has no address. Complete the contact, or nobody finds it.",
                    site.display_name,
                )
            )
        return texts

    def _get_planning_conflicts(self):
        """Return {visit: texts that say what is in the way, naming the technician}.

        For many visits at once; the number of queries does not depend on how many.
        """
        found = {visit: [] for visit in self}
        timed = self.filtered(
            lambda visit: (
                visit.date_start
                and visit.date_end
                and visit.date_start < visit.date_end
                and visit.technician_ids
            )
        )
        if timed:
            for texts in (
                timed._get_overlaps(),
                timed._get_absences(),
                timed._get_odd_hours(),
            ):
                for visit, lines in texts.items():
                    found[visit] += lines
        return found

    # -- Other visits ------------------------------------------------------------------

    def _get_overlaps(self):
        """Return {visit: what its technicians do then for other visits}."""
        # Who goes is known to whom knows the visit.
        rows = [
            (number, visit._origin.id or 0, visit.date_start, visit.date_end, person.id)
            for number, visit in enumerate(self)
            for person in visit.sudo().technician_ids._origin
        ]
        visits = self.env["maintenance.visit"]
        visits.flush_model(["date_start", "date_end", "state", "technician_ids"])
        # A technician is busy whoever may read what he does.
        overlaps = self.env.execute_query(
            SQL(
                """
                SELECT mine.number, mine.employee_id, other.id
                  FROM (VALUES %s)
                    AS mine(number, id, date_start, date_end, employee_id)
                  JOIN maintenance_visit_technician_rel AS rel
                    ON rel.employee_id = mine.employee_id
                  JOIN maintenance_visit AS other ON other.id = rel.visit_id
                   AND other.id != mine.id
                   AND other.state IN ('planned', 'in_progress')
                   AND other.date_start < mine.date_end::timestamp
                   AND other.date_end > mine.date_start::timestamp
                 ORDER BY mine.number, other.date_start, other.id
                """,
                SQL(", ").join(SQL("%s", row) for row in rows),
            )
        )
        found = defaultdict(list)
        mine = list(self)
        # The planner reads names, numbers and times of what is in the way.
        people = self.env["hr.employee"].sudo()
        others = visits.sudo().browse({other for _number, _person, other in overlaps})
        others.fetch(["name", "date_start", "date_end"])
        for number, person_id, other_id in overlaps:
            other = others.browse(other_id)
            found[mine[number]].append(
                self.env._(
                    "%(technician)s has visit %(visit)s from %(start)s to %(end)s.",
                    technician=people.browse(person_id).name,
                    visit=other.name,
                    start=mine[number]._format_moment(other.date_start),
                    end=mine[number]._format_moment(other.date_end),
                )
            )
        return found

    # -- Time off ----------------------------------------------------------------------

    def _get_absences(self):
        """Return {visit: time off of its technicians, and public holidays}."""
        people = self.sudo().technician_ids._origin
        leaves = (
            self.env["resource.calendar.leaves"]
            # That somebody is away is what the planner must know, not why.
            .sudo()
            .search(
                Domain("date_from", "<", max(self.mapped("date_end")))
                & Domain("date_to", ">", min(self.mapped("date_start")))
                & Domain("time_type", "=", "leave")
                & Domain("company_id", "in", (False, *self.company_id.ids))
                & Domain("resource_id", "in", (False, *people.resource_id.ids))
            )
        )
        found = defaultdict(list)
        for visit in self:
            during = leaves.filtered(
                lambda leave, visit=visit: (
                    leave.date_from < visit.date_end
                    and leave.date_to > visit.date_start
                    and leave.company_id.id in (False, visit.company_id.id)
                )
            )
            # Who goes is known to whom knows the visit.
            for person in visit.sudo().technician_ids._origin:
                for leave in during:
                    if leave.resource_id == person.resource_id:
                        text = self.env._(
                            "%(technician)s is away from %(start)s to %(end)s.",
                            technician=person.name,
                            start=visit._format_moment(leave.date_from),
                            end=visit._format_moment(leave.date_to),
                        )
                    elif not leave.resource_id and (
                        not leave.calendar_id
                        or leave.calendar_id == person.resource_calendar_id
                    ):
                        text = self.env._(
                            "%(technician)s does not work on %(holiday)s.",
                            technician=person.name,
                            holiday=leave.name or self.env._("this public holiday"),
                        )
                    else:
                        continue
                    found[visit].append(text)
        return found

    # -- Working hours -----------------------------------------------------------------

    def _get_odd_hours(self):
        """Return {visit: which of its technicians do not work at that hour}."""
        # Who goes is known to whom knows the visit.
        rows = [
            (visit, person, person.resource_calendar_id)
            for visit in self
            for person in visit.sudo().technician_ids._origin
        ]
        found = defaultdict(list)
        for calendar in {
            row[2] for row in rows if row[2] and not row[2].flexible_hours
        }:
            tz = pytz.timezone(calendar.tz or "UTC")
            pairs = [(visit, person) for visit, person, own in rows if own == calendar]
            days = {
                visit: tuple(
                    pytz.utc.localize(moment).astimezone(tz)
                    for moment in (visit.date_start, visit.date_end)
                )
                for visit, _person in pairs
            }
            hours = self._get_hours_by_day(
                calendar,
                min(start.date() for start, _end in days.values()),
                max(end.date() for _start, end in days.values()),
            )
            for visit, person in pairs:
                start, end = days[visit]
                first, last = hours.get(start.date()), hours.get(end.date())
                if not (
                    first
                    and last
                    and first[0] <= start.time()
                    and end.time() <= last[1]
                ):
                    found[visit].append(
                        self.env._(
                            "%s does not work at this hour.",
                            person.name,
                        )
                    )
        return found

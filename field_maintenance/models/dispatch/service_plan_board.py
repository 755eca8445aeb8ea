"""The proposal on the dispatch board, and what dispatchers accept of it."""

from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.field_installed_base.jobs import claim, do_safely

from ...engine import schedule
from .service_plan import DAYS, VISITS

# What its board shows of a plan. What was declined returns to the backlog.
SHOWN_STATES = ("proposed", "left", "changed")


class ServicePlan(models.Model):
    _inherit = "service.plan"

    @api.model
    @api.readonly
    def get_board_plan(self):
        """Return the plan that the board shows: the user's own, else the last one of a
        colleague.

        :return: False if there is none; else a dict of `id`, `state`, `name`, `user`
            (who wants it, empty for one's own), `solver`, `notice`, `travel` (minutes
            before and after), `travel_by_technician` ({id: the same}), `lines` (what
            is proposed: `id`, `visit_id`, `technician_id`, `date_start` and `date_end`
            in UTC, `travel` there, `visit` as the board draws it) and `left`
            ({visit id: why it found no place})
        """
        if not self.has_access("write"):
            return False
        today = fields.Date.context_today(self)
        plans = self._search_open().filtered(lambda plan: plan.date_to >= today)
        plan = plans.filtered(lambda plan: plan.user_id == self.env.user)[:1]
        plan = plan or plans[:1]
        return plan._get_board_values() if plan else False

    def _get_board_values(self):
        lines = self.line_ids.filtered(lambda line: line.state in SHOWN_STATES)
        visits = lines.filtered(lambda line: line.state == "proposed").visit_id
        visits._prefetch_board()
        drawn = {row["id"]: row for row in visits._get_board_values(visits)}
        return {
            "id": self.id,
            "state": self.state,
            "name": self.name,
            # Who plans is no secret to who plans, too.
            "user": self.sudo().user_id.name if self.user_id != self.env.user else "",
            "solver": self.solver,
            "notice": self.notice or "",
            "travel": [self.travel_before, self.travel_after],
            "travel_by_technician": self.travel_by_technician or {},
            "lines": [
                {
                    "id": line.id,
                    "visit_id": line.visit_id.id,
                    "technician_id": line.technician_id.id,
                    "date_start": fields.Datetime.to_string(line.date_start),
                    "date_end": fields.Datetime.to_string(line.date_end),
                    "travel": line.travel_minutes,
                    "visit": drawn[line.visit_id.id],
                }
                for line in lines
                if line.state == "proposed"
            ],
            "left": {
                line.visit_id.id: line.reason
                for line in lines
                if line.state != "proposed"
            },
        }

    @api.model
    def get_board_action(self, first, last, technician_ids, visit_ids):
        """Return the dialog that begins a plan.

        :param str first: the first day
        :param str last: the last day; the plan ends before it if that is too long
        :param list technician_ids: who has a row
        :param list visit_ids: what is shown of the backlog
        """
        self.check_access("create")
        company = self.env.company
        first, last = map(fields.Date.to_date, (first, last))
        last = min(last, first + timedelta(days=DAYS - 1))
        # Who works for which company is no secret to who dispatches.
        people = self.env["hr.employee"].sudo().browse(technician_ids).exists()
        visits = self.env["maintenance.visit"].browse(visit_ids).exists()
        visits = visits.filtered(lambda visit: visit.company_id == company)
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Plan Backlog"),
            "res_model": self._name,
            "views": [(False, "form")],
            "target": "new",
            "context": {
                "default_company_id": company.id,
                "default_date_from": fields.Date.to_string(first),
                "default_date_to": fields.Date.to_string(last),
                "default_technician_ids": people._filter_at(company).ids,
                "default_visit_ids": visits[:VISITS].ids,
            },
        }

    # -- Accept ------------------------------------------------------------------------

    def accept(self, line_ids=None):
        """Plan what is proposed, all at once, as far as it still fits.

        :param list line_ids: lines to accept; all by default
        :return: dict of `accepted` (how many) and `changed` (list of texts: what
            changed meanwhile and was left)
        :raise AccessError: if the user may not plan
        """
        self.ensure_one()
        self.check_access("write")
        lines = self._get_proposed(line_ids)
        # Another dispatcher may be accepting the same right now: each card once.
        free = claim(lines)
        visits = claim(free.visit_id)
        free = free.filtered(lambda line: line.visit_id in visits)
        held = [
            self.env._(
                "%s is being changed by somebody else right now. Try it again.",
                line.visit_id.display_name,
            )
            for line in lines - free
        ]
        changed = self._get_changes(free)
        fitting = free.filtered(lambda line: line not in changed)

        def plan(group):
            visits._plan(
                {
                    line.visit_id: (line.date_start, line.date_end, line.technician_id)
                    for line in group
                }
            )

        def note(line, error):
            changed[line] = str(error)

        do_safely(fitting, plan, note)
        accepted = fitting.filtered(lambda line: line not in changed)
        accepted._as_own_code().write({"state": "accepted"})
        return {
            "accepted": len(accepted),
            "changed": held + self._leave_changed(changed),
        }

    def decline(self, line_ids):
        """Leave out some of what is proposed: it stays in the backlog.

        :param list line_ids: lines of this plan
        """
        self.ensure_one()
        self.check_access("write")
        self._get_proposed(line_ids)._as_own_code().write({"state": "declined"})
        self._close_if_done()

    def _get_proposed(self, line_ids=None):
        """Return the lines that wait to be accepted.

        :param list line_ids: of these; of all by default
        :raise UserError: if somebody discarded the plan or made a new one
        """
        if self.state == "discarded":
            raise UserError(
                self.env._(
                    "%s was discarded, or replaced by another plan. Reload the board.",
                    self.name,
                )
            )
        return self.line_ids.filtered(
            lambda line: (
                line.state == "proposed" and (line_ids is None or line.id in line_ids)
            )
        )

    def _leave_changed(self, changed):
        """Note what could not be accepted, and return it in words.

        :param dict changed: {line: why}
        """
        for line, text in changed.items():
            line._as_own_code().write({"state": "changed", "reason": text})
        self._close_if_done()
        return [
            self.env._(
                "%(visit)s: %(reason)s", visit=line.visit_id.display_name, reason=text
            )
            for line, text in changed.items()
        ]

    def _close_if_done(self):
        """Close a plan of which nothing is left to accept or to read."""
        if not self.line_ids.filtered(lambda line: line.state in SHOWN_STATES):
            self._as_own_code().write({"state": "done"})

    def _get_changes(self, lines):
        """Return {line: why it does not fit any more}, as things are now."""
        problem = self._get_problem(lines.visit_id)
        changed, rows = {}, {}
        for line in lines.sorted("date_start"):
            visit = line.visit_id.sudo()
            stop = problem.stops.get(visit)
            if not stop:
                changed[line] = problem.refused[visit]
                continue
            if (line.date_end - line.date_start).total_seconds() != stop.minutes * 60:
                changed[line] = self.env._("Its duration has changed.")
                continue
            if not any(low <= line.date_start <= high for low, high in stop.starts):
                changed[line] = self.env._(
                    "Its window or the agreed hours have changed, or the time is over."
                )
                continue
            stop = stop._replace(starts=((line.date_start, line.date_start),))
            stretch = next(
                (
                    stretch
                    for stretch in problem.stretches
                    if problem.get_technician(stretch) == line.technician_id.sudo()
                    and stretch.start <= line.date_start
                    and line.date_end <= stretch.end
                ),
                None,
            )
            if stretch and stretch.technician not in stop.people:
                changed[line] = self.env._(
                    "%s may not go there any more.", line.technician_id.sudo().name
                )
                continue
            row = rows.setdefault(stretch, [])
            if not stretch or schedule(stretch, [*row, stop], problem.travel) is None:
                changed[line] = self.env._(
                    "%s is not free any more.", line.technician_id.sudo().name
                )
                continue
            row.append(stop)
        return changed

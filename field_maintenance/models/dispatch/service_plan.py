"""A proposed plan of the backlog: who could go where and when."""

import logging
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import format_date, format_list

from odoo.addons.field_installed_base.jobs import claim, retry

from ...solver import solve
from .routes import NOWHERE

_logger = logging.getLogger(__name__)

DAYS = 14
VISITS = 500
# What the board shows: it is being made, waits to be accepted, or could not be made.
OPEN_STATES = ("waiting", "running", "proposed", "failed")
# A job that found nothing by then was killed.
LOST_AFTER = timedelta(minutes=5)
KEPT_DAYS = 30


class ServicePlan(models.Model):
    """A plan that a solver proposes, which dispatchers accept in whole or in part."""

    _name = "service.plan"
    _inherit = [
        "installed.base.guard.mixin",
        "installed.base.plausible.mixin",
        "hr.mixin",
    ]
    _description = "Proposed Plan"
    _order = "id DESC"
    _check_company_auto = True

    name = fields.Char(compute="_compute_name")
    company_id = fields.Many2one(
        comodel_name="res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )
    user_id = fields.Many2one(
        comodel_name="res.users",
        string="Dispatcher",
        required=True,
        readonly=True,
        index=True,
        default=lambda self: self.env.user,
    )
    state = fields.Selection(
        selection=[
            ("draft", "Draft"),
            ("waiting", "Waiting"),
            ("running", "In progress"),
            ("proposed", "Proposed"),
            ("failed", "Failed"),
            ("done", "Done"),
            ("discarded", "Discarded"),
        ],
        required=True,
        readonly=True,
        default="draft",
        index=True,
    )

    # What is to be planned
    date_from = fields.Date(string="From", required=True)
    date_to = fields.Date(string="Until", required=True)
    technician_ids = fields.Many2many(
        comodel_name="hr.employee",
        relation="service_plan_technician_rel",
        column1="plan_id",
        column2="employee_id",
        string="Technicians",
        check_company=True,
    )
    visit_ids = fields.Many2many(
        comodel_name="maintenance.visit",
        relation="service_plan_visit_rel",
        column1="plan_id",
        column2="visit_id",
        string="Visits",
        check_company=True,
    )
    visit_count = fields.Integer(
        string="Visits to Plan", compute="_compute_visit_count"
    )

    # What is proposed
    started_on = fields.Datetime(readonly=True, export_string_translation=False)
    solver = fields.Selection(
        selection=[("vroom", "VROOM"), ("insertion", "Insertion")],
        string="Made By",
        readonly=True,
        help="VROOM finds the shorter routes. Without it, visits are inserted one by "
        "one.",
    )
    travel_before = fields.Integer(
        string="Travel Before (min)", readonly=True, aggregator=None
    )
    travel_after = fields.Integer(
        string="Travel After (min)", readonly=True, aggregator=None
    )
    travel_by_technician = fields.Json(readonly=True, export_string_translation=False)
    notice = fields.Text(readonly=True)
    line_ids = fields.One2many(
        comodel_name="service.plan.line", inverse_name="plan_id", string="Proposals"
    )

    _days_ordered = models.Constraint(
        "CHECK (date_to >= date_from)",
        "The last day of a plan cannot be before its first.",
    )
    _open_index = models.Index(
        "(company_id) WHERE state IN ('waiting', 'running', 'proposed', 'failed')"
    )

    @api.depends("date_from", "date_to")
    @api.depends_context("lang")
    def _compute_name(self):
        for plan in self:
            plan.name = self.env._(
                "Plan from %(first)s to %(last)s",
                first=format_date(self.env, plan.date_from),
                last=format_date(self.env, plan.date_to),
            )

    @api.depends("visit_ids")
    def _compute_visit_count(self):
        for plan in self:
            plan.visit_count = len(plan.visit_ids)

    @api.constrains("date_from", "date_to", "visit_ids")
    def _check_size(self):
        for plan in self:
            if plan.date_to - plan.date_from >= timedelta(days=DAYS):
                raise ValidationError(
                    self.env._(
                        "A plan has %s days at most. Choose an earlier last day.", DAYS
                    )
                )
            if len(plan.visit_ids) > VISITS:
                raise ValidationError(
                    self.env._(
                        "A plan has %s visits at most. Search the board for fewer.",
                        VISITS,
                    )
                )

    # -- Begin and end -----------------------------------------------------------------

    def action_start(self):
        """Let the job make the plan, in place of what this user planned before.

        A job, because it takes half a minute: a request would keep one of Odoo's few
        workers from everybody else meanwhile, and be lost with the connection.
        """
        self.ensure_one()
        self.check_access("write")
        if self.state not in ("draft", "failed"):
            raise UserError(self.env._("%s has been started already.", self.name))
        if self.date_to < fields.Date.context_today(self):
            raise UserError(
                self.env._("These days are over. Choose days that are to come.")
            )
        if not self.sudo().technician_ids:
            raise UserError(self.env._("Choose at least one technician."))
        if not self.visit_ids:
            raise UserError(
                self.env._("There is nothing to plan: the board shows no such visit.")
            )
        (self._search_open(own=True) - self).action_discard()
        self._as_own_code().write({"state": "waiting"})
        # Whoever plans need not manage jobs.
        self.env.ref("field_maintenance.ir_cron_plan_backlog").sudo()._trigger()
        return {"type": "ir.actions.act_window_close"}

    def action_discard(self):
        """Forget what is proposed."""
        self.check_access("write")
        plans = self.filtered(lambda plan: plan.state in OPEN_STATES)
        plans._as_own_code().write({"state": "discarded"})

    @api.model
    def _search_open(self, own=False):
        """Return the plans that are being made or wait to be accepted.

        :param bool own: only those of the user
        """
        domain = Domain("state", "in", OPEN_STATES) & Domain(
            "company_id", "in", self.env.companies.ids
        )
        if own:
            domain &= Domain("user_id", "=", self.env.uid)
        return self.search(domain)

    @api.autovacuum
    def _gc_plans(self):
        """Delete old plans: what was accepted of them is planned."""
        limit = fields.Datetime.now() - timedelta(days=KEPT_DAYS)
        self.search([("create_date", "<", limit)], limit=1000).unlink()

    # -- Job ---------------------------------------------------------------------------

    @api.model
    def _cron_plan(self):
        """Make the plans that wait for it, each one committed.

        Two jobs at once take different ones: who takes a plan says so before it looks
        for it. One whose job was killed is taken up again.
        """
        commit = self.env["ir.cron"]._commit_progress
        while plan := self._take_next():
            commit()
            # The job acts for who wants the plan, in their language.
            user = plan.user_id
            plan = plan.with_user(user).with_company(plan.company_id)
            plan = plan.with_context(lang=user.lang, tz=user.tz)
            try:
                plan._make()
            except Exception as error:
                _logger.exception("No plan could be made")
                self.env.cr.rollback()
                text = str(error) if isinstance(error, UserError) else False
                plan._as_own_code().write(
                    {
                        "state": "failed",
                        "notice": text
                        or plan.env._("The plan could not be made. Try it again."),
                    }
                )
            if not commit(1):
                return

    @api.model
    def _take_next(self):
        """Return the next plan to make, which no other job takes any more; empty if
        there is none."""
        now = fields.Datetime.now()
        waiting = self.search(
            Domain("state", "=", "waiting")
            | Domain("state", "=", "running")
            & Domain("started_on", "<", now - LOST_AFTER),
            order="id",
        )
        plan = waiting.try_lock_for_update(limit=1, allow_referencing=True)
        if plan:
            plan.write({"state": "running", "started_on": now})
        return plan

    def _make(self):
        """Look for a plan, and propose it."""
        self.ensure_one()
        problem = self._get_problem(self.visit_ids)
        # Nothing is held meanwhile. Accepting looks at everything again.
        self.env["ir.cron"]._commit_progress()
        found, solver = solve(
            problem.stretches,
            list(problem.stops.values()),
            problem.travel,
            problem.wishes,
        )
        retry(self.env, lambda: self._propose(problem, found, solver))

    def _propose(self, problem, found, solver):
        """Keep what a solver found, unless nobody wants it any more."""
        self.env.invalidate_all()
        if claim(self).state != "running":
            return
        travel = problem.get_travel_times(found)
        self.line_ids.unlink()
        self.env["service.plan.line"]._as_own_code().create(
            self._prepare_lines(problem, found)
        )
        # Where visits are is no secret to who plans them.
        unlocated = [place for place in problem.unlocated if place > 0]
        names = self.env["res.partner"].sudo().browse(unlocated).mapped("display_name")
        names += [
            problem.visits[stop.id].sudo().display_name
            for stop in problem.stops.values()
            if stop.place == NOWHERE
        ]
        self._as_own_code().write(
            {
                "state": "proposed",
                "solver": solver,
                "travel_by_technician": travel,
                "travel_before": sum(before for before, _after in travel.values()),
                "travel_after": sum(after for _before, after in travel.values()),
                "notice": self.env._(
                    "Not on the map, %(minutes)s minutes of travel assumed: %(places)s",
                    minutes=self.company_id._get_travel_settings()["unknown"],
                    places=format_list(self.env, names),
                )
                if names
                else False,
            }
        )

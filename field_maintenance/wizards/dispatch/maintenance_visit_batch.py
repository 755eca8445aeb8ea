from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta
from psycopg2 import IntegrityError
from pytz import UTC

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tools import format_date, format_datetime, mute_logger

from ...engine import FreeTime, at_local_hour
from ...engine.backlog import LONGEST_DAY
from ...models.visit.maintenance_visit import OPEN_STATES

# How far ahead working time is looked for.
PLANNED_WEEKS = 26
# How far starts within agreed hours are apart.
START_STEP = timedelta(minutes=15)


class MaintenanceVisitBatch(models.TransientModel):
    """Changes many visits at once, and reports what was done and what was not."""

    _name = "maintenance.visit.batch"
    _inherit = [
        "hr.mixin",
        "installed.base.plausible.mixin",
        "maintenance.visit.known.mixin",
    ]
    _description = "Change Visits"

    action = fields.Selection(
        selection=[
            ("plan", "Plan"),
            ("assign", "Reassign"),
            ("postpone", "Postpone"),
            ("cancel", "Cancel"),
        ],
        string="Operation",
        required=True,
        default="plan",
    )
    visit_ids = fields.Many2many(
        comodel_name="maintenance.visit",
        relation="maintenance_visit_batch_rel",
        column1="batch_id",
        column2="visit_id",
        string="Visits",
        required=True,
    )
    company_ids = fields.Many2many(
        comodel_name="res.company", compute="_compute_company_ids"
    )

    # Plan
    plan_mode = fields.Selection(
        selection=[
            ("spread", "Consecutively, during working hours"),
            ("fixed", "All on one day at the same time"),
        ],
        string="When",
        default="spread",
        required=True,
        help="Consecutively: in order of due date, none before its earliest date, at "
        "their preferred time if they have one, and only when the technician is free.",
    )
    date = fields.Date(
        string="Day",
        default=lambda self: fields.Date.context_today(self) + relativedelta(days=1),
        help="The date, or the first date.",
    )
    hour = fields.Float(default=8.0, help="Time of day at each site.")
    # Of any of these companies: each visit refuses whom it cannot have.
    technician_id = fields.Many2one(
        comodel_name="hr.employee",
        domain="[('company_id', 'in', company_ids)]",
        help="If empty, the technician of each visit is kept.",
    )
    team_id = fields.Many2one(
        comodel_name="service.team", domain="[('company_id', 'in', company_ids)]"
    )

    # Postpone
    postpone_mode = fields.Selection(
        selection=[("days", "By days"), ("date", "To a date")],
        default="days",
        required=True,
    )
    days = fields.Integer(default=7)

    # Cancel
    reason = fields.Char()

    # Report
    result_ids = fields.One2many(
        comodel_name="maintenance.visit.batch.result",
        inverse_name="batch_id",
        string="Report",
        readonly=True,
    )
    done_count = fields.Integer(compute="_compute_counts")
    refused_count = fields.Integer(compute="_compute_counts")
    has_warnings = fields.Boolean(compute="_compute_counts")
    is_past = fields.Boolean(compute="_compute_is_past")

    @api.model
    def default_get(self, fields):
        """Take the visits that were selected."""
        defaults = super().default_get(fields)
        if self.env.context.get("active_model") == "maintenance.visit":
            ids = self.env.context.get("active_ids") or []
            defaults["visit_ids"] = [Command.set(ids)]
        return defaults

    @api.depends("visit_ids")
    def _compute_company_ids(self):
        for batch in self:
            batch.company_ids = batch.visit_ids.company_id

    @api.depends("date")
    @api.depends_context("tz")
    def _compute_is_past(self):
        today = fields.Date.context_today(self)
        for batch in self:
            batch.is_past = batch.date and batch.date < today

    @api.depends("result_ids.is_done", "result_ids.warning")
    def _compute_counts(self):
        for batch in self:
            done = batch.result_ids.filtered("is_done")
            batch.done_count = len(done)
            batch.refused_count = len(batch.result_ids - done)
            batch.has_warnings = any(batch.result_ids.mapped("warning"))

    # -- Running -----------------------------------------------------------------------

    def action_apply(self):
        """Change the visits, each that can be, and show what was done and what not. Ask
        first if somebody else changed one of them since the dialog was opened.

        An action is a value of `action` with a method `_prepare_<action>(visits,
        refused)`, which returns {visit: (function of visits, what is reported)} and
        notes in `refused` why a visit is left out.

        :raise UserError: if something is missing that all of them need
        """
        self.ensure_one()
        self._check_complete()
        if asking := self._ask_about_news():
            return asking
        self.result_ids.unlink()
        visits = self.visit_ids.sorted(
            lambda visit: visit.due_date or visit._get_site_day(visit.create_date)
        )
        refused = self._get_obstacles(visits)
        changes = getattr(self, f"_prepare_{self.action}")(
            visits.filtered(lambda visit: visit not in refused), refused
        )
        told = self._run(changes, refused)
        planned = visits.filtered(lambda v: v in told and v.state == "planned")
        conflicts = planned._get_planning_conflicts()
        self.result_ids = [
            Command.create(
                {
                    "visit_id": visit.id,
                    "is_done": visit in told,
                    "message": told.get(visit) or refused.get(visit),
                    "warning": "\n".join(conflicts.get(visit, [])),
                }
            )
            for visit in visits
        ]
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Report"),
            "res_model": self._name,
            "res_id": self.id,
            "views": [(False, "form")],
            "target": "new",
        }

    def _check_complete(self):
        """Raise a UserError if the action lacks something that all visits need.

        An added action has its own check before it calls this one.
        """
        missing = {
            "plan": not self.date and self.env._("Choose the date first."),
            "assign": not (self.technician_id or self.team_id)
            and self.env._("Choose the technician or the team first."),
            "postpone": self.postpone_mode == "days"
            and self.days < 1
            and self.env._("Visits must be postponed by at least one day.")
            or self.postpone_mode == "date"
            and not self.date
            and self.env._("Choose the date first."),
            "cancel": not self.reason and self.env._("Enter the reason first."),
        }.get(self.action)
        if missing:
            raise UserError(missing)
        if not 0 <= self.hour < 24:
            raise UserError(self.env._("The time must be between 0:00 and 23:59."))

    def _get_obstacles(self, visits):
        """Return {visit: why it cannot be changed so}."""
        allowed = self._get_allowed_states()
        labels = dict(visits._fields["state"]._description_selection(self.env))
        writable = visits._filtered_access("write")
        refused = {}
        for visit in visits:
            if visit not in writable:
                refused[visit] = self.env._("You are not allowed to change this visit.")
            elif visit.state not in allowed:
                refused[visit] = self.env._("Its status is “%s”.", labels[visit.state])
        return refused

    def _get_allowed_states(self):
        """Return the states of visits that the action may change: those that are open,
        unless it moves what has not begun."""
        if self.action in ("plan", "postpone"):
            return ("to_plan", "planned")
        return OPEN_STATES

    def _run(self, changes, refused):
        """Make the changes all at once; if one fails, one by one.

        :param changes: {visit: (function, what is reported)}
        :param dict refused: takes what fails, with the reason
        :return: {visit: what was done}
        """
        try:
            # One by one tells the reason.
            with self.env.cr.savepoint(), mute_logger("odoo.sql_db"):
                by_function = {}
                for visit, (function, _message) in changes.items():
                    by_function.setdefault(function, []).append(visit.id)
                for function, ids in by_function.items():
                    function(self.visit_ids.browse(ids))
                self.env.flush_all()
            return {visit: message for visit, (_function, message) in changes.items()}
        except (UserError, IntegrityError):
            self.env.invalidate_all()
        told = {}
        for visit, (function, message) in changes.items():
            try:
                with self.env.cr.savepoint(), mute_logger("odoo.sql_db"):
                    function(visit)
                    self.env.flush_all()
                told[visit] = message
            except UserError as error:
                self.env.invalidate_all()
                refused[visit] = str(error)
            except IntegrityError as error:
                self.env.invalidate_all()
                refused[visit] = visit._sql_error_to_message(error)
        return told

    def _set(self, vals):
        """Return the function that writes values on visits."""
        return lambda visits: visits.write(vals)

    def _plan(self, starts, technician=None):
        """Return the function that plans visits, or moves them, all at once.

        :param dict starts: {visit: naive UTC}
        :param technician: who leads them; by default whoever does
        """

        def plan(visits):
            visits._plan(
                {
                    visit: (
                        starts[visit],
                        None,
                        visit._get_crew_led_by(technician) if technician else None,
                    )
                    for visit in visits
                }
            )

        return plan

    # -- Plan --------------------------------------------------------------------------

    def _prepare_plan(self, visits, refused):
        if self.plan_mode == "fixed":
            starts = {
                visit: at_local_hour(self.date, self.hour, visit._get_zone_info())
                for visit in visits
            }
        else:
            starts = self._spread(visits, refused)
        function = self._plan(starts, self.technician_id)
        return {
            visit: (
                function,
                self._describe_plan(
                    visit, start, self.technician_id or visit.technician_id
                ),
            )
            for visit, start in starts.items()
        }

    def _describe_plan(self, visit, start, technician):
        local = format_datetime(
            self.env, start, tz=visit._get_site_tz(), dt_format="EEE d MMM y HH:mm"
        )
        text = ", ".join(filter(None, (local, technician.name)))
        if visit.window_end and visit._get_site_day(start) > visit.window_end:
            return self.env._(
                "%(plan)s: after its latest date, %(latest)s.",
                plan=text,
                latest=format_date(self.env, visit.window_end),
            )
        return text

    def _spread(self, visits, refused):
        """Return {visit: when it fits into the technician's working time}."""
        starts = {}
        technicians = {v: self.technician_id or v.technician_id for v in visits}
        for visit, technician in technicians.items():
            if not technician:
                refused[visit] = self.env._("It has no technician. Choose one.")
        chosen = visits.filtered(technicians.get)
        free = self._get_free_time(
            self.env["hr.employee"].union(*technicians.values()), chosen
        )
        for visit in chosen:
            first = self._get_first_day(visit)
            start = free[technicians[visit]].take(
                timedelta(hours=visit.duration),
                self._get_preferred_starts(visit, first),
                max(
                    at_local_hour(first, 0, visit._get_zone_info()),
                    at_local_hour(self.date, 0, self._get_zone_of(technicians[visit])),
                ),
            )
            if start:
                starts[visit] = start
            elif visit.duration * 60 > LONGEST_DAY:
                refused[visit] = self.env._("It takes several days: use Find a slot.")
            else:
                refused[visit] = self.env._(
                    "%(technician)s has no free time for it within %(weeks)s weeks.",
                    technician=technicians[visit].name,
                    weeks=PLANNED_WEEKS,
                )
        return starts

    @api.model
    def _get_zone_of(self, technician):
        # When it is midnight for somebody is no secret.
        return ZoneInfo(technician.sudo()._get_tz())

    def _get_first_day(self, visit):
        """Return the day from which a visit may take place."""
        return max(filter(None, (self.date, visit.window_start)))

    def _get_preferred_starts(self, visit, first):
        """Return the times at which a visit with agreed hours or a preferred hour may
        begin, from its first day on."""
        days = (first + timedelta(days=n) for n in range(PLANNED_WEEKS * 7))
        if visit.agreed_until:
            ranges = map(visit._get_agreed_range, days)
            return [
                start + n * START_STEP
                for start, last in ranges
                for n in range((last - start) // START_STEP + 1)
            ]
        # Whoever plans a visit may know its hour.
        if not visit.sudo().schedule_line_id.local_hour:
            return []
        return list(filter(None, map(visit._get_preferred_start, days)))

    def _get_free_time(self, technicians, visits):
        """Return {technician: FreeTime}, in naive UTC.

        :param visits: what is about to be planned and takes no time yet
        """
        last = max(map(self._get_first_day, visits), default=self.date)
        times = technicians._get_service_time(
            datetime.combine(self.date, time.min) - timedelta(days=1),
            datetime.combine(last, time.max) + timedelta(weeks=PLANNED_WEEKS),
            visits,
        )
        return {
            person: FreeTime(times[person].working, times[person].busy)
            for person in technicians
        }

    # -- Reassign, postpone, cancel ----------------------------------------------------

    def _prepare_assign(self, visits, refused):
        vals = {}
        if self.technician_id:
            vals["technician_id"] = self.technician_id.id
        if self.team_id:
            vals["team_id"] = self.team_id.id
        names = (self.technician_id.name, self.team_id.name)
        function, message = self._set(vals), ", ".join(filter(None, names))
        return {visit: (function, message) for visit in visits}

    def _prepare_postpone(self, visits, refused):
        functions, changes, starts = {}, {}, {}
        move = self._plan(starts)
        for visit in visits:
            zone = visit._get_zone_info()
            local = visit.date_start and visit.date_start.replace(
                tzinfo=UTC
            ).astimezone(zone)
            present = local.date() if local else visit.due_date
            if not present:
                refused[visit] = self.env._("It has no date to postpone.")
                continue
            day = (
                present + timedelta(days=self.days)
                if self.postpone_mode == "days"
                else self.date
            )
            if day <= present:
                refused[visit] = self.env._(
                    "It already takes place later, on %s.",
                    format_date(self.env, present),
                )
                continue
            if local:
                # At the same hour, whatever the clocks do in between.
                hour = local.hour + local.minute / 60
                starts[visit] = at_local_hour(day, hour, zone)
                function = move
            else:
                function = functions.setdefault(day, self._set({"due_date": day}))
            changes[visit] = (function, format_date(self.env, day))
        return changes

    def _prepare_cancel(self, visits, refused):
        def cancel(group):
            group._cancel(self.reason)

        return {visit: (cancel, self.reason) for visit in visits}

"""What contracts promise to visit: their schedules, and the visits made by them."""

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.fields import Domain

from odoo.addons.field_maintenance.context import GENERATING
from odoo.addons.field_maintenance.models.schedule.maintenance_schedule import (
    LINES_WHILE_WAITING,
)

from ...context import CHANGING
from ...engine import Span
from ...engine.coverage import FOREVER
from ..contract.service_contract import DAY, READER_GROUPS

# A suspended contract knows from when to when it is: what lies outside is visited.
SCHEDULE_STATES = {
    "draft": "draft",
    "active": "active",
    "suspended": "active",
    "closed": "closed",
    "cancelled": "closed",
}
# What a schedule takes over from its contract at once; dates follow with a reason.
FOLLOWED_FIELDS = frozenset({"name", "partner_id", "site_id", "user_id", "company_id"})


class ServiceContract(models.Model):
    _inherit = "service.contract"

    schedule_ids = fields.One2many(
        comodel_name="maintenance.schedule",
        inverse_name="service_contract_id",
        readonly=True,
        copy=False,
        groups="base.group_user",
        help="At most one, with the visit rules of the lines.",
    )
    visited_line_ids = fields.One2many(
        comodel_name="service.contract.line",
        inverse_name="contract_id",
        domain=[("display_type", "=", False)],
        string="Visit Rules",
        copy=False,
        groups="base.group_user",
        help="Lines that can be visited: all lines except sections and notes.",
    )
    visit_ids = fields.One2many(
        comodel_name="maintenance.visit",
        inverse_name="service_contract_id",
        string="Visits",
        readonly=True,
        copy=False,
        groups=READER_GROUPS,
    )
    visit_count = fields.Integer(
        string="Number of Visits",
        compute="_compute_visit_count",
        groups="base.group_user",
    )
    visit_made_count = fields.Integer(
        string="Visits Completed",
        compute="_compute_visit_count",
        groups="base.group_user",
    )
    next_visit_date = fields.Date(
        string="Next Visit",
        compute="_compute_visit_count",
        groups="base.group_user",
        help="Due date of the next visit to generate.",
    )
    visit_past_count = fields.Integer(
        string="Visits in the Past",
        compute="_compute_visit_past_count",
        compute_sudo=True,
        groups="base.group_user",
        help="Visits due before today that a draft will generate.",
    )
    visit_included_count = fields.Integer(
        string="Included Visits",
        compute="_compute_included_visits",
        groups="base.group_user",
        help="Visits promised by the lines in the current term, or in the current "
        "year for contracts without end.",
    )
    visit_done_count = fields.Integer(
        string="Done", compute="_compute_included_visits", groups="base.group_user"
    )
    visit_due_count = fields.Integer(
        string="Due",
        compute="_compute_included_visits",
        groups="base.group_user",
        help="Visits that are due and not done yet.",
    )
    visit_left_count = fields.Integer(
        string="Remaining",
        compute="_compute_included_visits",
        groups="base.group_user",
        help="Included visits not done yet.",
    )

    def _get_double_visits(self):
        """Return {contract: which equipment another schedule visits as well, in
        words}."""
        rules = self.env["maintenance.schedule.line"]
        if not rules.has_access("read"):
            return {contract: [] for contract in self}
        visited = self.line_ids.filtered("schedule_line_id").installed_base_id
        others = rules.search(
            Domain("installed_base_id", "in", visited._origin.ids)
            & Domain("state", "in", ("active", "suspended"))
            & Domain("schedule_id.service_contract_id", "=", False)
        )
        warnings = {}
        for contract in self:
            pieces = contract.line_ids.filtered("schedule_line_id").installed_base_id
            doubles = others.filtered(
                lambda rule, pieces=pieces: rule.installed_base_id in pieces._origin
            )
            warnings[contract] = [
                self.env._(
                    "%(equipment)s is also visited by schedule %(schedule)s. Close "
                    "that schedule, or select no visits here.",
                    equipment=rule.installed_base_id.display_name,
                    schedule=rule.schedule_id.display_name,
                )
                for rule in doubles
            ]
        return warnings

    # -- Counts -----------------------------------------------------------------------

    @api.depends("schedule_ids.past_count")
    def _compute_visit_past_count(self):
        for contract in self:
            contract.visit_past_count = sum(contract.schedule_ids.mapped("past_count"))

    def action_begin_visits_today(self):
        """Leave out the visits of these contracts that were due before today."""
        # Whoever may write a contract may write its visit rules.
        self.check_access("write")
        return self.sudo().schedule_ids.action_begin_today()

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_visit_count(self):
        self.visit_count = self.visit_made_count = 0
        self.next_visit_date = False
        visits = self.env["maintenance.visit"]
        if not visits.has_access("read"):
            return
        for contract, state, count, due_date in visits._read_group(
            [("service_contract_id", "in", self.ids)],
            ["service_contract_id", "state"],
            ["__count", "due_date:min"],
        ):
            contract.visit_count += count
            if state == "done":
                contract.visit_made_count += count
            elif state != "cancelled" and due_date:
                dates = filter(None, (contract.next_visit_date, due_date))
                contract.next_visit_date = min(dates)

    def _compute_included_visits(self):
        for name in ("included", "done", "due", "left"):
            field = f"visit_{name}_count"
            for contract in self:
                contract[field] = sum(contract.line_ids.mapped(field))

    def _get_current_visit_term(self, today):
        """Return the term for which included visits are counted: the one of today,
        else the first or last one; of a contract without end the year of today.

        :rtype: Span
        """
        self.ensure_one()
        terms = self._get_visit_terms()
        past = [term for term in terms if term.first <= today]
        first, last = past[-1] if past else terms[0]
        if last == FOREVER:
            years = max(0, relativedelta(today, first).years)
            last = fields.Date.add(first, years=years + 1) - DAY
            first = fields.Date.add(first, years=years)
        return Span(max(first, self.date_start), last)

    def _get_visit_terms(self):
        """Return the terms over which visits are spread, as they were agreed, in order.

        A contract that took over another one goes on with that one's term.
        """
        self.ensure_one()
        terms = sorted(row._get_span() for row in self.term_ids)
        terms = terms or [Span(self.date_start, self.date_end or FOREVER)]
        if self.predecessor_id:
            first, last = terms[0]
            for term in self.predecessor_id._get_visit_terms():
                if term.first <= first <= term.last:
                    terms[0] = Span(term.first, last)
        return terms

    # -- Schedule ---------------------------------------------------------------------

    def _ensure_schedules(self):
        """Make the schedules of contracts that have none yet."""
        # Whoever may write a contract may have it visited.
        contracts = self.sudo().filtered(lambda contract: not contract.schedule_ids)
        schedules = self.env["maintenance.schedule"].sudo()
        schedules.with_context(mail_create_nosubscribe=True).create(
            [contract._prepare_schedule_vals() for contract in contracts]
        )

    def _prepare_schedule_vals(self):
        """Return what a schedule takes over from its contract."""
        self.ensure_one()
        customer, site = self.partner_id._origin, self.site_id._origin
        own = site.commercial_partner_id == customer.commercial_partner_id
        end = self.date_end
        return {
            "service_contract_id": self._origin.id,
            "name": self.env._(
                "%(contract)s, %(customer)s",
                contract=self.name or self.env._("New contract"),
                customer=customer.display_name,
            ),
            "company_id": self.company_id.id,
            "partner_id": customer.id,
            "site_id": site.id if own else customer._propose_site(site.browse()).id,
            "user_id": self.user_id.id,
            "date_start": self.date_start,
            "date_end": end and max(end, self.date_start),
            "analytic_distribution": self._get_analytic_distribution(),
        }

    def _sync_schedules(self, names=None):
        """Bring the schedules in line with their contracts.

        :param names: fields of the schedule; by default all
        """
        contracts = self.sudo().with_context(service_contract_change=CHANGING)
        for contract in contracts.filtered("schedule_ids"):
            schedule = contract.schedule_ids
            vals = contract._prepare_schedule_vals()
            changed = {
                name: value
                for name, value in vals.items()
                if (names is None or name in names)
                and (
                    schedule._fields[name].convert_to_write(schedule[name], schedule)
                    or False
                )
                != (value or False)
            }
            if changed:
                schedule.write(changed)

    def _sync_schedule_states(self):
        """Let schedules begin and end with their contracts."""
        # Whoever activates a contract has it visited.
        contracts = self.sudo().with_context(service_contract_change=CHANGING)
        schedules = contracts.schedule_ids
        by_state = schedules.filtered(
            lambda schedule: (
                schedule.state != SCHEDULE_STATES[schedule.service_contract_id.state]
            )
        ).grouped(lambda s: SCHEDULE_STATES[s.service_contract_id.state])
        for state, group in by_state.items():
            if state == "active":
                group.service_contract_id._sync_schedules()
                group._resume_generation()
            else:
                # What was due before the end is due still.
                group.write({"state": state})

    # -- Coverage ---------------------------------------------------------------------

    def _update_visits(self, reason, keeps_planned=False):
        """Bring visits in line with what is covered, after it changed.

        Called once the dates of the contracts are written. Days that are not covered
        (any more) lose their visits: those that nobody touched go, what was planned is
        cancelled, unless it is kept. Days that are covered (again) get theirs, with the
        same dates as before.

        :param reason: in words, for visits that are cancelled
        :param bool keeps_planned: planned visits stay
        """
        # Visits follow their contract, whoever may change it.
        contracts = self.sudo().filtered("schedule_ids")
        lines = contracts.line_ids.filtered("schedule_line_id")
        if not lines:
            return
        lines._sync_rules()
        contracts.with_context(visit_generation=GENERATING)._sync_schedules()
        # Deleting visits empties the cache: read all rules at once again after it.
        rules = lines.schedule_line_id.browse(lines.schedule_line_id.ids)
        cancelled = rules._remove_uncovered_visits(reason, keeps_planned)
        active = rules.filtered(lambda rule: rule.state == "active")
        if len(active) > LINES_WHILE_WAITING:
            active._mark_changed()
            self.env.ref("field_maintenance.ir_cron_generate_visits").sudo()._trigger()
        elif active:
            active._apply_rule()
        self._log_cancelled_visits(cancelled)

    def _log_cancelled_visits(self, visits):
        """Name visits that were planned and are not made in their contracts."""
        by_contract = visits.filtered("name").grouped("service_contract_id")
        self.browse(c.id for c in by_contract)._message_log_batch(
            {
                contract.id: self.env._(
                    "Visits cancelled: %s", "; ".join(own.mapped("display_name"))
                )
                for contract, own in by_contract.items()
            }
        )

    def _get_visits_between(self, first, last=None):
        """Return {contract: its visits to be made that are due by the rules of its
        lines on days of a stretch}.

        :param date first: first day
        :param date last: last day, included; None without end
        """
        # Whoever ends a contract is told what that does to visits.
        visits = self.env["maintenance.visit"].sudo()
        days = Domain("occurrence_date", ">=", first)
        if last:
            days &= Domain("occurrence_date", "<=", last)
        found = visits.search(
            Domain("service_contract_id", "in", self.ids)
            & Domain("schedule_line_id", "!=", False)
            & Domain("follow_up_of_id", "=", False)
            & Domain("state", "in", ("to_plan", "planned"))
            & days,
            order="due_date, id",
        ).grouped("service_contract_id")
        return {contract: found.get(contract.sudo(), visits) for contract in self}

    def _hand_over_visits(self, lines, successor, day):
        """Let the contract that takes over lines make their visits from a day on: what
        is planned stays planned.

        :param lines: contract lines
        :param successor: the contract, with a line for each of them in their order
        :param date day: its first day
        """
        visits = self.env["maintenance.visit"].sudo()
        heirs = successor.line_ids.filtered(lambda line: not line.display_type)
        rules = self.env["maintenance.schedule.line"].sudo()
        for line, heir in zip(lines.sudo(), heirs.sudo().sorted("id"), strict=True):
            old, new = line.schedule_line_id, heir.schedule_line_id
            if not old or not new:
                continue
            found = visits.search(
                Domain("schedule_line_id", "=", old.id)
                & Domain("state", "in", ("to_plan", "planned", "in_progress"))
                & Domain("occurrence_date", ">=", day)
            )
            to_plan = found.filtered(lambda visit: visit.state == "to_plan")
            new._adopt_visits(found - (to_plan - to_plan._filter_touched()))
            rules |= new
        rules._apply_rule()

    def _return_visits(self):
        """Give the visits of a contract that took over lines back to the one it took
        them from: what was planned or made since, stays so."""
        self.ensure_one()
        visits = self.env["maintenance.visit"].sudo()

        def get_key(line):
            return line.installed_base_id, line.product_id, line.name

        former = {
            get_key(line): line.schedule_line_id
            for line in self.sudo().predecessor_id.line_ids
            if line.schedule_line_id
        }
        for line in self.sudo().line_ids.filtered("schedule_line_id"):
            if old := former.get(get_key(line)):
                found = visits.search(
                    [("schedule_line_id", "=", line.schedule_line_id.id)]
                )
                to_plan = found.filtered(lambda visit: visit.state == "to_plan")
                old._adopt_visits(found - (to_plan - to_plan._filter_touched()))

    def _follow_with_visits(self, vals):
        """Bring schedules and visit rules in line with what was written of contracts:
        those of running ones follow with a reason, see `_update_visits`."""
        if vals.keys() & {"date_start", "date_end", "term_months"}:
            drafts = self.filtered(lambda contract: contract.state == "draft")
            drafts.line_ids._sync_rules()
            drafts._sync_schedules()
        if vals.keys() & FOLLOWED_FIELDS:
            self._sync_schedules({*FOLLOWED_FIELDS})
        if "state" in vals:
            self._sync_schedule_states()

    def _unlink_schedules(self):
        # Whoever may delete a draft may delete its schedule.
        schedules = self.sudo().schedule_ids
        schedules.with_context(service_contract_change=CHANGING).unlink()

    # -- Actions ----------------------------------------------------------------------

    def action_view_visits(self):
        """Show the visits of these contracts."""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "field_maintenance.maintenance_visit_action"
        )
        context = {}
        if len(self) == 1:
            context = {
                "default_partner_id": self.partner_id.id,
                "default_service_contract_id": self.id,
            }
        return {
            **action,
            "domain": [("service_contract_id", "in", self.ids)],
            "context": context,
        }

    def action_view_schedule(self):
        """Open the schedule of this contract: when its lines are visited."""
        self.ensure_one()
        return self.schedule_ids._get_records_action()

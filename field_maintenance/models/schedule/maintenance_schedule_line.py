from dataclasses import replace

from dateutil.relativedelta import relativedelta
from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import format_date

from odoo.addons.field_installed_base.models.equipment.installed_base import (
    READER_GROUPS,
)
from odoo.addons.field_installed_base.models.mixins.installed_base_place_mixin import (
    EQUIPMENT_DOMAIN,
)

from ...context import GENERATING
from ...engine import RuleError, Term, in_gap, preview, visits_per_year
from ..visit.maintenance_visit import OPEN_STATES
from .maintenance_rule_mixin import PRODUCT_RULE

# What the preview lists at most; nobody reads more.
PREVIEWED_VISITS = 30
# What a line makes at most that was due before today: three years of daily visits.
PAST_VISITS = 1_000


class MaintenanceScheduleLine(models.Model):
    """A piece of equipment or a product that is visited by a rule."""

    _name = "maintenance.schedule.line"
    _inherit = [
        "installed.base.record.mixin",
        "maintenance.rule.mixin",
        "maintenance.words.mixin",
    ]
    _description = "Schedule Line"
    _order = "schedule_id, sequence, id"
    _check_company_auto = True

    schedule_id = fields.Many2one(
        comodel_name="maintenance.schedule",
        required=True,
        index=True,
        ondelete="cascade",
    )
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        related="schedule_id.company_id", store=True, precompute=True, index=True
    )
    partner_id = fields.Many2one(related="schedule_id.partner_id")
    commercial_partner_id = fields.Many2one(related="schedule_id.commercial_partner_id")
    site_id = fields.Many2one(related="schedule_id.site_id")
    state = fields.Selection(
        related="schedule_id.state", store=True, precompute=True, index=True
    )

    # What
    installed_base_id = fields.Many2one(
        comodel_name="installed.base",
        string="Equipment",
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
        domain=EQUIPMENT_DOMAIN,
    )
    taken_over_from_id = fields.Many2one(
        comodel_name="installed.base",
        readonly=True,
        copy=False,
        groups=READER_GROUPS,
        help="Equipment replaced by this one.",
        export_string_translation=False,
    )
    product_id = fields.Many2one(
        comodel_name="product.product",
        compute="_compute_product_id",
        store=True,
        readonly=False,
        precompute=True,
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
        help="Kind of equipment to visit, if none is registered.",
    )
    visit_type_id = fields.Many2one(
        comodel_name="maintenance.visit.type",
        compute="_compute_visit_type_id",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
        index=True,
        ondelete="restrict",
    )

    # When
    date_start = fields.Date(
        string="Start",
        compute="_compute_dates",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
    )
    date_end = fields.Date(
        string="End", help="Last day; if empty, the end of the schedule."
    )
    date_first = fields.Date(
        string="First Due Date",
        help="The first visit is due on this date, and the following ones are "
        "counted from it.",
    )
    mode = fields.Selection(
        compute="_compute_mode",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
        default=None,
    )
    interval_number = fields.Integer(
        compute="_compute_interval_number",
        store=True,
        readonly=False,
        precompute=True,
        default=None,
    )
    interval_unit = fields.Selection(
        compute="_compute_interval_unit",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
        default=None,
    )
    visit_count = fields.Integer(
        compute="_compute_visit_count",
        store=True,
        readonly=False,
        precompute=True,
        default=None,
    )
    month_ids = fields.Many2many(
        compute="_compute_month_ids", store=True, readonly=False, precompute=True
    )
    visit_limit = fields.Integer(
        string="Maximum Number of Visits",
        aggregator=None,
        help="Maximum number of visits, e.g. the number ordered. 0 for no limit.",
    )
    date_from = fields.Date(
        string="Skip Visits Before",
        help="Visits due before this date are not generated; the others follow the "
        "rule.",
    )
    past_count = fields.Integer(
        string="Visits in the Past",
        compute="_compute_past_count",
        help="Visits due before today that will be generated.",
    )
    begins_today = fields.Boolean(
        string="Start Today",
        compute="_compute_begins_today",
        inverse="_inverse_begins_today",
        help="Visits due before today are not generated.",
    )
    visits_per_year = fields.Float(compute="_compute_visits_per_year", digits=(16, 1))
    preview = fields.Html(
        string="Due Dates", compute="_compute_preview", sanitize=False
    )
    warning = fields.Text(compute="_compute_warning")

    # Who
    technician_id = fields.Many2one(
        comodel_name="hr.employee",
        string="Preferred Technician",
        compute="_compute_technician_id",
        store=True,
        readonly=False,
        precompute=True,
        index="btree_not_null",
        check_company=True,
    )
    local_hour = fields.Float(
        string="Preferred Time",
        aggregator=None,
        help="Time of day at the site, used when its visits are planned. 0:00 for "
        "none.",
    )
    sale_line_id = fields.Many2one(
        comodel_name="sale.order.line",
        string="Order Line",
        index="btree_not_null",
        readonly=True,
        copy=False,
        ondelete="set null",
        groups=READER_GROUPS,
    )
    visit_ids = fields.One2many(
        comodel_name="maintenance.visit",
        inverse_name="schedule_line_id",
        string="Visits",
    )

    next_due_date = fields.Date(
        string="Next Visit",
        compute="_compute_next_due_date",
        help="Due date of the next visit to generate.",
    )

    _dates_ordered = models.Constraint(
        "CHECK (date_end IS NULL OR date_end >= date_start)",
        "A schedule line cannot end before it starts. Correct its start or its end.",
    )
    _visit_limit_valid = models.Constraint(
        "CHECK (visit_limit >= 0)",
        "The maximum number of visits cannot be negative. Enter 0 for no limit.",
    )
    _hour_valid = models.Constraint(
        "CHECK (local_hour IS NULL OR (local_hour >= 0 AND local_hour < 24))",
        "The preferred time must be between 0:00 and 23:59.",
    )

    # -- Computes ----------------------------------------------------------------------

    @api.depends("schedule_id.date_start")
    def _compute_dates(self):
        for line in self:
            schedule = line.schedule_id
            # What starts with the schedule moves with it; see also its `write`.
            if (
                not line.date_start
                or not line._origin
                or line.date_start == schedule._origin.date_start
            ):
                line.date_start = schedule.date_start

    @api.depends("installed_base_id")
    def _compute_product_id(self):
        for line in self:
            line.product_id = line.installed_base_id.product_id or line.product_id

    @api.depends("product_id")
    def _compute_visit_type_id(self):
        for line in self:
            line.visit_type_id = line.product_id.visit_type_id or line.visit_type_id

    # One compute per field: a value that is given must not be computed with others.
    @api.depends("product_id")
    def _compute_mode(self):
        self._apply_product_rule("mode")

    @api.depends("product_id")
    def _compute_interval_number(self):
        self._apply_product_rule("interval_number")

    @api.depends("product_id")
    def _compute_interval_unit(self):
        self._apply_product_rule("interval_unit")

    @api.depends("product_id")
    def _compute_visit_count(self):
        self._apply_product_rule("visit_count")

    @api.depends("product_id")
    def _compute_month_ids(self):
        self._apply_product_rule("month_ids")

    def _apply_product_rule(self, name):
        """Take a field of the rule from the product if it has a rule; what was chosen
        without one stays."""
        default = self.env["maintenance.rule.mixin"].default_get([name]).get(name)
        for line in self:
            template = line.product_id.product_tmpl_id
            if template.service_mode:
                line[name] = template[PRODUCT_RULE[name]]
            else:
                line[name] = line[name] or default

    @api.depends("installed_base_id")
    def _compute_technician_id(self):
        for line in self:
            proposed = line.installed_base_id.technician_id
            line.technician_id = line.technician_id or proposed._filter_at(
                line.company_id or proposed.company_id
            )

    @api.depends("installed_base_id", "product_id", "visit_type_id")
    def _compute_display_name(self):
        for line in self:
            what = line.installed_base_id or line.product_id
            names = (line.visit_type_id.display_name, what.display_name)
            line.display_name = " - ".join(filter(None, names))

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_next_due_date(self):
        self.next_due_date = False
        visits = self.env["maintenance.visit"]
        if not visits.has_access("read"):
            return
        for line, due_date in visits._read_group(
            [("schedule_line_id", "in", self.ids), ("state", "in", OPEN_STATES)],
            ["schedule_line_id"],
            ["due_date:min"],
        ):
            line.next_due_date = due_date

    @api.depends("date_from")
    def _compute_begins_today(self):
        for line in self:
            line.begins_today = bool(line.date_from)

    @api.onchange("begins_today")
    def _inverse_begins_today(self):
        today = fields.Date.context_today(self)
        for line in self:
            if line.begins_today != bool(line.date_from):
                line.date_from = line.begins_today and today

    @api.depends(
        "technician_id.active",
        "technician_id.company_id",
        "visit_type_id.active",
        "schedule_id.site_id.active",
        "schedule_id.partner_id.active",
        "installed_base_id.active",
    )
    def _compute_warning(self):
        doubles = self._get_doubles()
        for line in self:
            notices = [line._describe_double(other) for other in doubles[line]]
            # Whether somebody has a user is no secret; the rest about them may be.
            technician, site = line.technician_id.sudo(), line.schedule_id.site_id
            if technician and not technician._filter_at(line.company_id):
                notices.append(
                    self.env._(
                        "%s no longer works here: new visits have no technician.",
                        technician.name,
                    )
                )
            elif technician and not technician.user_id:
                notices.append(
                    self.env._(
                        "%s has no user and will not see the visits on their phone.",
                        technician.name,
                    )
                )
            notices += [
                self.env._(
                    "%s is archived: no visits are generated.", record.display_name
                )
                for record in line.sudo()._get_archived()
            ]
            if line.visit_type_id and not line.visit_type_id.active:
                notices.append(
                    self.env._("Visit type %s is archived.", line.visit_type_id.name)
                )
            if site and not site.contact_address_inline:
                notices.append(
                    self.env._(
                        "%s has no address: technicians will not find it on the map.",
                        site.display_name,
                    )
                )
            line.warning = "\n".join(notices)

    def _get_doubles(self):
        """Return which other lines visit the same equipment for the same work.

        :return: {line: lines of running schedules that the user may read}
        """
        lines = self.browse()
        found = {}
        if lines.has_access("read"):
            found = lines.search(
                [
                    ("installed_base_id", "in", self.installed_base_id.ids),
                    ("state", "in", ("active", "suspended")),
                ]
            ).grouped(lambda other: (other.installed_base_id, other.visit_type_id))
        return {
            line: found.get(
                (line.installed_base_id._origin, line.visit_type_id._origin), lines
            )
            - line._get_saved_line()
            for line in self
        }

    def _describe_double(self, other):
        """Return in words that another line does the same as this one."""
        return self.env._(
            "%(equipment)s is already visited by %(schedule)s (%(type)s).",
            equipment=other.installed_base_id._get_label(),
            schedule=other.schedule_id.display_name,
            type=other.visit_type_id.display_name,
        )

    def _get_saved_line(self):
        """Return the line of the database whose visits this one, maybe typed in a form,
        is about."""
        self.ensure_one()
        return self._origin

    # -- Term and rule -----------------------------------------------------------------

    @api.model
    def _get_term_fields(self):
        """Return the fields by which a change makes a rule apply anew."""
        return {
            *self._get_rule_fields(),
            "date_start",
            "date_end",
            "date_first",
            "date_from",
            "visit_limit",
        }

    def _get_visit_limit(self):
        return self.visit_limit

    def _get_rule_end(self):
        ends = filter(None, (self.date_end, self.schedule_id.date_end))
        return min(ends, default=False)

    def _get_term(self):
        """Return the days on which visits may be due.

        :raise RuleError: if they end before they start, or the first due date is not
            among them
        """
        self.ensure_one()
        return self._limit_term(
            Term(self.date_start, self._get_rule_end() or None, self.date_first or None)
        )

    def _limit_term(self, term):
        """Return a term that ends before the first visit that is one too many."""
        self.ensure_one()
        if not self.visit_limit or self.mode not in ("interval", "months"):
            return term
        try:
            beyond = self._get_rule().day(term, self.visit_limit + 1)
        except (OverflowError, ValueError):
            # After the year 9999.
            return term
        end = beyond - relativedelta(days=1)
        return term if term.end and term.end <= end else replace(term, end=end)

    def _count_term_visits(self):
        """Return how many visits all these lines make until their terms end, None if
        one has no end."""
        total = 0
        for line in self:
            if line.mode == "after_last" and line.visit_limit:
                total += line.visit_limit
                continue
            rule, term = line._get_rule(), line._get_term()
            end = rule.last_day(term)
            if not end or line.mode == "after_last":
                return None
            total += rule.count(term, end)
        return total

    def _check_rule_in_term(self):
        rule = super()._check_rule_in_term()
        term = self._get_term()
        rule.check(term)
        self._check_past_visits(rule, term)
        return rule

    def _check_past_visits(self, rule, term):
        """Refuse a start so long ago that nobody means it.

        :raise RuleError: if too many visits were due by today that do not exist
        """
        today = fields.Date.context_today(self)
        end = rule.last_day(term)
        count = rule.count(term, min(today, end) if end else today)
        if count > PAST_VISITS:
            # They stand in the way of nothing, whoever may read them.
            visits = self.env["maintenance.visit"].sudo()
            count -= visits.search_count(
                [
                    ("schedule_line_id", "in", self._origin.ids),
                    ("occurrence_date", "<=", today),
                ]
            )
        if count > PAST_VISITS:
            raise RuleError(
                "too_many_past", count=count, maximum=PAST_VISITS, start=term.start
            )

    def _count_visits_to_make(self):
        """Return how many visits the rules of these lines make up to the horizon."""
        return sum(
            line._get_rule().count(line._get_term(), self._get_horizon(line.company_id))
            for line in self
        )

    @api.constrains("date_start", "date_end", "date_first", "schedule_id")
    def _check_term(self):
        self._check_rule()

    @api.constrains("installed_base_id", "schedule_id")
    def _check_installed_base_id(self):
        # Whose equipment it is must not depend on who looks.
        for line in self.sudo():
            equipment, schedule = line.installed_base_id, line.schedule_id
            if not equipment or schedule.state == "closed":
                continue
            schedule._check_stands_here(equipment)
            if equipment.state == "retired" and schedule.state != "closed":
                raise ValidationError(
                    self.env._(
                        "%s is retired and no longer visited. Choose its "
                        "replacement, or put it back into service.",
                        equipment._get_label(),
                    )
                )

    # -- Preview -----------------------------------------------------------------------

    @api.depends(lambda self: (*self._get_term_fields(), "schedule_id.date_end"))
    def _compute_past_count(self):
        yesterday = fields.Date.context_today(self) - relativedelta(days=1)
        known, gaps = self._get_known_dates(), self._get_gaps()
        for line in self:
            line.past_count = 0
            if not line.mode or not line.date_start or line.date_start > yesterday:
                continue
            days, after = known.get(line._get_saved_line().id, ((), None))
            if days and line.mode == "after_last":
                continue
            try:
                rule = line._check_rule_in_term()
                past = rule.occurrences(line._get_term(), yesterday, after)
            except RuleError:
                # The preview tells what is wrong.
                continue
            line.past_count = sum(
                day not in days and not in_gap(day, gaps[line]) for day in past
            )

    def _get_known_dates(self):
        """Return {id of a saved line: (nominal dates that have visits, the last of
        them that was planned, started or done)}."""
        saved = self.browse().union(*(line._get_saved_line() for line in self))
        # What there is already does not depend on who looks.
        groups = (
            self.env["maintenance.visit"]
            .sudo()
            ._read_group(
                Domain("schedule_line_id", "in", saved.ids)
                & Domain("occurrence_date", "!=", False),
                ["schedule_line_id", "state"],
                ["occurrence_date:array_agg"],
            )
        )
        known = {}
        for line, state, days in groups:
            dates, after = known.get(line.id, (set(), None))
            if state in ("planned", "in_progress", "done"):
                after = max(filter(None, [after, *days]))
            known[line.id] = (dates.union(days), after)
        return known

    @api.depends(
        lambda self: (*self._get_term_fields(), "schedule_id.date_end"),
    )
    def _compute_visits_per_year(self):
        for line in self:
            line.visits_per_year = 0
            if not line.mode or not line.date_start:
                continue
            try:
                line._check_rule_in_term()
                line.visits_per_year = visits_per_year(
                    line._get_rule(), line._get_term()
                )
            except RuleError:
                # The preview tells what is wrong.
                continue

    @api.depends(
        lambda self: (
            *self._get_term_fields(),
            "technician_id",
            "schedule_id.company_id",
            "schedule_id.date_end",
            "schedule_id.shift_policy",
        )
    )
    @api.depends_context("lang")
    def _compute_preview(self):
        self.preview = False
        spans = {}
        for line in self.filtered(lambda line: line.mode and line.date_start):
            try:
                line._check_rule_in_term()
                spans[line] = (line.date_start, line._get_preview_end())
            except RuleError as error:
                line.preview = line._render_rule_error(error)
        for line, working in self._get_working_days(spans).items():
            try:
                line.preview = line._render_preview(working)
            except RuleError as error:
                line.preview = line._render_rule_error(error)

    def _render_rule_error(self, error):
        return Markup("<p class='text-danger'>%s</p>") % (
            self._describe_rule_error(error)
        )

    def _get_preview_end(self):
        """Return the last day that the preview shows."""
        start = max(self.date_start, fields.Date.context_today(self))
        months = self.schedule_id.company_id.visit_horizon_months
        return start + relativedelta(months=months)

    def _render_preview(self, working):
        """Return the due dates of the next horizon as a list, with what does not fit.

        :param WorkingDays working: days on which visits may be due
        :raise RuleError: if there are none to be had
        """
        rule, term = self._get_rule(), self._get_term()
        start = max(term.start, fields.Date.context_today(self))
        until = self._get_preview_end()
        gaps = self._get_gaps()[self]
        working = working.without(gaps)
        seen = preview(rule, term, until, working, self._get_shift_policy())
        seen_lines = [row for row in seen.lines if not in_gap(row.visit.nominal, gaps)]
        lines = [row for row in seen_lines if row.visit.nominal >= start] or seen_lines
        rows = [self._render_preview_row(row) for row in lines[:PREVIEWED_VISITS]]
        if len(lines) > PREVIEWED_VISITS:
            more = self.env._("… and %s more", len(lines) - PREVIEWED_VISITS)
            rows.append(Markup("<li>%s</li>") % more)
        texts = [self._describe_note(note) for note in seen.notes]
        if self.past_count:
            texts.append(self._describe_past())
        notes = [Markup("<p class='text-warning'>%s</p>") % text for text in texts]
        return Markup("%s<ul class='mb-0'>%s</ul>") % (
            Markup().join(notes),
            Markup().join(rows),
        )

    def _describe_past(self):
        """Return how many visits are overdue as soon as they are made, and the
        remedy."""
        if self.past_count == 1:
            return self.env._(
                "One more visit that was due before today will be generated and will "
                "be late immediately. Start today to leave it out."
            )
        return self.env._(
            "%s more visits that were due before today will be generated and will be "
            "late immediately. Start today to leave them out.",
            self.past_count,
        )

    def _render_preview_row(self, row):
        nominal, due, warning = row.visit
        text = format_date(self.env, due, date_format="EEE d MMM yyyy")
        if row.ordinal and row.ordinal.total > 1:
            text = self.env._(
                "%(number)s of %(total)s: %(day)s",
                number=row.ordinal.number,
                total=row.ordinal.total,
                day=text,
            )
        remark = {
            "no_working_day": self.env._("nobody works in this period"),
            "same_day": self.env._("on the same day as the previous visit"),
        }.get(warning)
        if not remark and due != nominal:
            remark = self.env._(
                "moved from %s",
                format_date(self.env, nominal, date_format="EEE d MMM"),
            )
        if not remark:
            return Markup("<li>%s</li>") % text
        style = "text-warning" if warning else "text-muted"
        return Markup("<li>%s <span class='%s'>(%s)</span></li>") % (
            text,
            style,
            remark,
        )

    def _describe_note(self, note):
        """Return what a note of the engine's preview says."""
        return {
            "nothing_due": self.env._("No visit is due in this term."),
            "first_not_used": self.env._(
                "The first due date is not used: visits are spread from the start."
            ),
            "first_not_in_months": self.env._(
                "The month of the first due date is not one of the selected months: "
                "only its day is used."
            ),
        }[note]

    # -- CRUD --------------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines.filtered(lambda line: line.state == "active")._apply_rule()
        return lines

    def write(self, vals):
        result = super().write(vals)
        active = self.filtered(lambda line: line.state == "active")
        if self.env.context.get("visit_generation") is GENERATING or not active:
            return result
        if vals.keys() & self._get_visit_fields():
            active._rebuild_visits()
        elif vals.keys() & self._get_term_fields():
            active._apply_rule()
        return result

    @api.model
    def _get_visit_fields(self):
        """Return the fields that the visits of a line take over from it."""
        return {
            "installed_base_id",
            "product_id",
            "schedule_id",
            "technician_id",
            "visit_type_id",
        }

    def unlink(self):
        # Visits that nobody worked on go with the rule that made them.
        self._remove_untouched()
        return super().unlink()

    @api.ondelete(at_uninstall=False)
    def _unlink_except_history(self):
        # A visit stands in the way, whoever may read it.
        left = (
            self.env["maintenance.visit"]
            .sudo()
            .search([("schedule_line_id", "in", self.ids)], limit=1)
        )
        if left:
            raise UserError(
                self.env._(
                    "%(line)s has visits that are planned, done or being worked on. "
                    "Set an end date instead, or close the schedule.",
                    line=left.schedule_line_id.display_name,
                )
            )

    # -- Equipment that moves ----------------------------------------------------------

    def _take_equipment(self, successor):
        """Visit another piece from now on, by the rules that these lines have, whatever
        its product would propose."""
        # Visits that nobody touched are made anew.
        for line in self.with_context(visit_generation=None):
            kept = {*self._get_rule_fields(), "visit_type_id", "technician_id"}
            line.write(
                {
                    **{
                        name: line._fields[name].convert_to_write(line[name], line)
                        for name in kept
                    },
                    "installed_base_id": successor.id,
                    "product_id": successor.product_id.id or line.product_id.id,
                    "taken_over_from_id": line.installed_base_id.id,
                }
            )

    def _filter_resumable(self, to_other=False):
        """Return those of these lines that were stopped and can go on. To be extended
        by what ends them.

        :param bool to_other: with other equipment
        """
        today = fields.Date.context_today(self)
        return self.filtered(
            lambda line: (
                not line.active
                and (not line.date_end or line.date_end >= today)
                # Of a schedule that ended because nothing was left of it.
                and (line.state != "closed" or not line.schedule_id.line_ids)
            )
        )

    def _resume_for(self, piece, heir):
        """Visit equipment again by these lines, which were stopped when it came back.

        :param piece: the equipment that came back
        :param heir: what is visited from now on, maybe the same
        """
        lines = self.with_context(visit_generation=GENERATING)
        lines.write({"active": True})
        if heir != piece:
            lines._take_equipment(heir)
        note = self.env._("%s is visited again.", heir._get_document_name())
        schedules = lines.schedule_id
        schedules._message_log_batch(dict.fromkeys(schedules.ids, note))
        closed = schedules.filtered(lambda schedule: schedule.state == "closed")
        for schedule in closed:
            schedule._resume_generation()
        running = lines.filtered(lambda line: line.schedule_id not in closed)
        running.filtered(lambda line: line.state == "active")._apply_rule()

    def _part_to(self, schedule):
        """Go over to another schedule, together with their visits."""
        self.write({"schedule_id": schedule.id})

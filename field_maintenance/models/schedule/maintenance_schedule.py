from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from odoo.addons.field_installed_base.jobs import do_in_slices
from odoo.addons.field_installed_base.models.equipment.installed_base import (
    READER_GROUPS,
)

from ...context import GENERATING
from ..visit.maintenance_visit import LIVE_STATES as LIVE_STATES
from ..visit.maintenance_visit import OPEN_STATES
from .generation import LINES_PER_SLICE, VISITS_PER_SLICE

# More lines than this, or visits than a slice, are for the job: no user waits for them.
LINES_WHILE_WAITING = 200
# More errors than these are counted, not read.
LISTED_ERRORS = 20


class MaintenanceSchedule(models.Model):
    """What of a customer is visited how often."""

    _name = "maintenance.schedule"
    _inherit = [
        "installed.base.record.mixin",
        "installed.base.company.mixin",
        "installed.base.place.mixin",
        "mail.thread",
        "mail.activity.mixin",
        "maintenance.words.mixin",
    ]
    _description = "Maintenance Schedule"
    _order = "id desc"
    _check_company_auto = True
    _checked_fields = frozenset({"state"})

    name = fields.Char(
        compute="_compute_name",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
        index="trigram",
        tracking=True,
    )
    partner_id = fields.Many2one(required=True)
    user_id = fields.Many2one(
        comodel_name="res.users",
        string="Responsible",
        default=lambda self: self.env.user,
        index="btree_not_null",
        domain="[('share', '=', False)]",
        tracking=True,
    )
    team_id = fields.Many2one(
        comodel_name="service.team", index="btree_not_null", check_company=True
    )
    date_start = fields.Date(
        string="Start", required=True, default=fields.Date.context_today, tracking=True
    )
    date_end = fields.Date(
        string="End", tracking=True, help="Last day; empty for no end."
    )
    state = fields.Selection(
        selection=[
            ("draft", "Draft"),
            ("active", "Active"),
            ("suspended", "Suspended"),
            ("closed", "Closed"),
        ],
        default="draft",
        required=True,
        readonly=True,
        copy=False,
        index=True,
        tracking=True,
    )
    line_ids = fields.One2many(
        comodel_name="maintenance.schedule.line",
        inverse_name="schedule_id",
        string="Lines",
        copy=True,
    )
    visit_ids = fields.One2many(
        comodel_name="maintenance.visit",
        inverse_name="schedule_id",
        string="Visits",
    )
    occurrence_ids = fields.One2many(
        comodel_name="maintenance.visit",
        inverse_name="schedule_id",
        domain=[("follow_up_of_id", "=", False)],
        string="Due Dates",
        readonly=True,
    )
    visit_count = fields.Integer(
        string="Number of Visits", compute="_compute_visit_count"
    )
    visit_done_count = fields.Integer(
        string="Visits Done", compute="_compute_visit_count"
    )
    next_due_date = fields.Date(
        string="Next Visit",
        compute="_compute_visit_count",
        help="Due date of the next visit to generate.",
    )
    shift_policy = fields.Selection(
        selection=lambda self: self._selection_shift_policy(),
        string="On Non-Working Days",
        compute="_compute_shift_policy",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
        help="Where to move a due date on a non-working day.",
    )
    sale_order_id = fields.Many2one(
        comodel_name="sale.order",
        index="btree_not_null",
        readonly=True,
        copy=False,
        ondelete="set null",
        check_company=True,
        groups=READER_GROUPS,
    )
    analytic_distribution = fields.Json(help="Copied to the visits.")
    analytic_precision = fields.Integer(
        store=False,
        default=lambda self: self._default_analytic_precision(),
    )
    past_count = fields.Integer(
        string="Visits in the Past",
        compute="_compute_past_count",
        help="Visits due before today that will be generated.",
    )
    warning = fields.Text(compute="_compute_warning")
    generation_error = fields.Text(
        compute="_compute_generation_error",
        store=True,
        precompute=True,
        help="Why its visits could not be generated, line by line.",
    )
    note = fields.Html(string="Notes")

    _dates_ordered = models.Constraint(
        "CHECK (date_end IS NULL OR date_end >= date_start)",
        "A schedule cannot end before it starts. Correct its start or its end.",
    )

    _live_order_unique = models.UniqueIndex(
        "(sale_order_id) WHERE sale_order_id IS NOT NULL AND state != 'closed'",
        "The order already has a schedule. Close that schedule first.",
    )

    # -- Computes ----------------------------------------------------------------------

    @api.model
    def _selection_shift_policy(self):
        field = self.env["res.company"]._fields["visit_shift_policy"]
        return field._description_selection(self.env)

    @api.model
    def _default_analytic_precision(self):
        return self.env["decimal.precision"].precision_get("Percentage Analytic")

    @api.depends("company_id")
    def _compute_shift_policy(self):
        for schedule in self:
            schedule.shift_policy = (
                schedule.shift_policy or schedule.company_id.visit_shift_policy
            )

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_visit_count(self):
        self.visit_count = self.visit_done_count = 0
        self.next_due_date = False
        visits = self.env["maintenance.visit"]
        if not visits.has_access("read"):
            return
        for schedule, state, count, due_date in visits._read_group(
            self._get_visit_domain(),
            ["schedule_id", "state"],
            ["__count", "due_date:min"],
        ):
            schedule.visit_count += count
            if state == "done":
                schedule.visit_done_count += count
            elif state in OPEN_STATES and due_date:
                dates = filter(None, (schedule.next_due_date, due_date))
                schedule.next_due_date = min(dates)

    @api.depends("line_ids.generation_error", "line_ids.active")
    def _compute_generation_error(self):
        for schedule in self:
            failed = schedule.line_ids.filtered("generation_error")
            texts = failed[:LISTED_ERRORS].mapped("generation_error")
            if len(failed) > LISTED_ERRORS:
                more = len(failed) - LISTED_ERRORS
                texts.append(self.env._("… and %s more", more))
            schedule.generation_error = "\n".join(texts) or False

    @api.depends("state", "line_ids.past_count")
    def _compute_past_count(self):
        for schedule in self:
            lines = schedule.line_ids if schedule.state == "draft" else ()
            schedule.past_count = sum(line.past_count for line in lines)

    @api.depends("line_ids.installed_base_id", "line_ids.visit_type_id")
    def _compute_warning(self):
        doubles = self.line_ids._get_doubles()
        for schedule in self:
            schedule.warning = "\n".join(
                line._describe_double(other)
                for line in schedule.line_ids
                for other in doubles[line]
            )

    def action_begin_today(self):
        """Leave out the visits of these schedules that were due before today."""
        self.line_ids.filtered("past_count").begins_today = True
        return True

    def _get_visit_domain(self):
        """Return the visits of these schedules: the one definition behind button and
        counters."""
        return [("schedule_id", "in", self.ids)]

    def action_view_visits(self):
        """Show the visits of these schedules."""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "field_maintenance.maintenance_visit_action"
        )
        return {**action, "domain": self._get_visit_domain(), "context": {}}

    @api.depends("partner_id")
    def _compute_name(self):
        for schedule in self:
            if not schedule.name and schedule.partner_id:
                schedule.name = schedule._get_default_name()

    def _get_default_name(self):
        """Return how a schedule is called that nobody named."""
        self.ensure_one()
        return self.env._("Maintenance of %s", self.partner_id.display_name)

    @api.model
    def _find_default_names(self, partners):
        """Return the schedules of these customers that nobody named."""
        return self.search([("partner_id", "in", partners.ids)])._filter_default_names()

    def _filter_default_names(self):
        """Return those of these schedules that nobody named, in whatever language."""
        languages = [code for code, _name in self.env["res.lang"].get_installed()]
        return self.filtered(
            lambda schedule: any(
                schedule.name == schedule.with_context(lang=code)._get_default_name()
                for code in languages
            )
        )

    def _set_default_names(self):
        """Name schedules after their customers."""
        for schedule in self:
            schedule.with_context(
                visit_generation=GENERATING
            ).name = schedule._get_default_name()

    # -- Constraints -------------------------------------------------------------------

    @api.constrains("partner_id", "site_id")
    def _check_equipment(self):
        self.line_ids._check_installed_base_id()

    @api.constrains("date_start", "date_end")
    def _check_term(self):
        self.line_ids._check_rule()

    # -- CRUD --------------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        schedules = super().create(vals_list)
        schedules.filtered(lambda s: s.state != "draft")._check_state_by_actions()
        return schedules

    def write(self, vals):
        if "state" in vals and self.env.context.get("visit_generation") is not (
            GENERATING
        ):
            self._check_state_by_actions()
        following = self.env["maintenance.schedule.line"]
        if vals.get("date_start"):
            # What starts with the schedule moves with it.
            following = self.line_ids.filtered(
                lambda line: line.date_start == line.schedule_id.date_start
            )
        unnamed = self.browse()
        if "partner_id" in vals and "name" not in vals:
            unnamed = self._filter_default_names()
        result = super().write(vals)
        unnamed._set_default_names()
        if following:
            following.write({"date_start": vals["date_start"]})
        active = self.filtered(lambda schedule: schedule.state == "active").line_ids
        if self.env.context.get("visit_generation") is GENERATING or not active:
            return result
        if vals.keys() & self._get_visit_fields():
            active._rebuild_visits()
        elif "date_end" in vals:
            active._apply_rule()
        return result

    def _get_company_ties(self, company_id):
        # What it made, and what it is to visit.
        return [
            *super()._get_company_ties(company_id),
            ("maintenance.visit", [("schedule_id", "in", self.ids)]),
            (
                "installed.base",
                [
                    ("company_id", "!=", company_id),
                    ("maintenance_schedule_line_ids.schedule_id", "in", self.ids),
                ],
            ),
        ]

    @api.model
    def _get_visit_fields(self):
        """Return the fields that visits take over from their schedule."""
        return {
            "analytic_distribution",
            "partner_id",
            "shift_policy",
            "site_id",
            "team_id",
        }

    def unlink(self):
        # The database would delete the lines without asking about their visits.
        self.with_context(active_test=False).line_ids.unlink()
        return super().unlink()

    # -- From draft to closed ----------------------------------------------------------

    def _check_state_by_actions(self):
        """Refuse to write the state, which the actions below do with what goes with
        it.

        :raise UserError: naming the first schedule
        """
        if self and not self.env.su:
            raise UserError(
                self.env._(
                    "The state of %s cannot be edited directly. Use the buttons to "
                    "activate, suspend, resume, close or reset it, so that its "
                    "visits follow.",
                    self[0].display_name,
                )
            )

    def _set_state(self, state):
        """Write the state; what goes with it is the caller's."""
        self.with_context(visit_generation=GENERATING).write({"state": state})

    def _check_state(self, states, message):
        """Refuse an action that the state of a schedule does not allow.

        :param states: the states that do
        :param str message: the translated error, a whole sentence with the
            placeholders `%(schedule)s` and `%(state)s`
        :raise UserError: naming the first schedule in another state
        """
        labels = dict(self._fields["state"]._description_selection(self.env))
        for schedule in self:
            if schedule.state not in states:
                raise UserError(
                    message
                    % {
                        "schedule": schedule.display_name,
                        "state": labels[schedule.state],
                    }
                )

    def action_activate(self):
        """Make the visits of drafts up to the horizon, and go on making them."""
        self._check_state(
            ("draft",),
            self.env._("You cannot activate %(schedule)s: its status is “%(state)s”."),
        )
        for schedule in self:
            if not schedule.line_ids:
                raise UserError(
                    self.env._(
                        "%s has no lines. Add what is to be visited first.",
                        schedule.display_name,
                    )
                )
        self._check_site_chosen()
        return self._resume_generation()

    def _check_site_chosen(self):
        """Refuse to visit what names no equipment where the customer has several sites
        and none was chosen."""
        open_lines = self.line_ids.filtered(
            lambda line: not line.schedule_id.site_id and not line.installed_base_id
        )
        sites = open_lines.schedule_id.partner_id._get_sites()
        for line in open_lines:
            schedule = line.schedule_id
            if len(sites[schedule.partner_id]) > 1:
                raise UserError(
                    self.env._(
                        "%(schedule)s: “%(line)s” names no equipment, and %(customer)s "
                        "has several sites. Choose the site or the equipment.",
                        schedule=schedule.display_name,
                        line=line.display_name,
                        customer=schedule.partner_id.display_name,
                    )
                )

    def action_resume(self):
        """Make again the visits that were removed at the suspension."""
        self._check_state(
            ("suspended",),
            self.env._("You cannot resume %(schedule)s: its status is “%(state)s”."),
        )
        return self._resume_generation()

    def _resume_generation(self):
        self.line_ids._check_installed_base_id()
        self._set_state("active")
        lines = self.line_ids
        if (
            len(lines) > LINES_WHILE_WAITING
            or lines._count_visits_to_make() > VISITS_PER_SLICE
        ):
            self.line_ids._mark_changed()
            self.env.ref("field_maintenance.ir_cron_generate_visits")._trigger()
        else:
            self.line_ids._apply_rule()
        return True

    def action_suspend(self):
        """Remove the visits that nobody touched until the schedule is resumed."""
        self._check_state(
            ("active",),
            self.env._("You cannot suspend %(schedule)s: its status is “%(state)s”."),
        )
        self._stop("suspended", self.env._("Suspended."))
        return True

    def action_close(self):
        """End these schedules for good. What nobody touched is removed."""
        self._check_state(
            ("draft", "active", "suspended"),
            self.env._("You cannot close %(schedule)s: its status is “%(state)s”."),
        )
        self._stop("closed", self.env._("Closed."))
        return True

    def action_reset(self):
        """Set schedules back to draft. What nobody touched is removed."""
        self._check_state(
            ("active", "suspended", "closed"),
            self.env._(
                "You cannot reset %(schedule)s to draft: its status is “%(state)s”."
            ),
        )
        self._stop("draft", self.env._("Reset to draft."))
        return True

    def _stop(self, state, note):
        """Make no more visits, and tell which ones stay."""
        self.line_ids._clear_generation_error()
        removed = self.line_ids._remove_untouched()
        self._set_state(state)
        visits = self.env["maintenance.visit"]
        left = visits.search(
            [*self._get_visit_domain(), ("state", "in", OPEN_STATES)]
        ).grouped("schedule_id")
        self._message_log_batch(
            {
                schedule.id: schedule._describe_stop(
                    note, removed, left.get(schedule, visits)
                )
                for schedule in self
            }
        )

    def _describe_stop(self, note, removed, left):
        """Return what the chatter tells about a schedule that makes no more visits.

        :param dict removed: {schedule: how many visits were removed}
        :param left: visits that stay open
        """
        notes = [note]
        if count := removed.get(self):
            notes.append(self.env._("%s visits to plan were removed.", count))
        if left:
            notes.append(
                self.env._(
                    "These visits are kept because they are being worked on: %s",
                    "; ".join(left.mapped("display_name")),
                )
            )
        return " ".join(notes)

    # -- Equipment that moves ----------------------------------------------------------

    @api.model
    def _get_customer_text_fields(self):
        return ("note",)

    def _prepare_place_vals(self, customer, site):
        """Return what changes when all that is visited moves elsewhere."""
        return {"partner_id": customer.id, "site_id": site.id}

    def _move_to_place(self, customer, site):
        """Follow the equipment to another place."""
        owner = customer.commercial_partner_id
        self.filtered(
            lambda s: s.commercial_partner_id != owner
        )._leave_customer_texts()
        self.write(self._prepare_place_vals(customer, site))

    def _prepare_parted_vals(self, place, lines):
        """Return the values of the schedule of lines whose equipment moved elsewhere.

        :param place: customer and site
        :param lines: the lines that go over to it
        """
        self.ensure_one()
        vals = self.copy_data({"line_ids": []})[0]
        vals.pop("name")
        if place[0].commercial_partner_id != self.commercial_partner_id:
            vals.update(dict.fromkeys(self._get_customer_text_fields(), False))
        return {**vals, **self._prepare_place_vals(*place), "state": self.state}

    def _log_moves(self, notes):
        """Write down which equipment moved.

        :param notes: {id: sentences}
        """
        self._message_log_batch({id_: " ".join(texts) for id_, texts in notes.items()})

    # -- Generation --------------------------------------------------------------------

    def _generate_visits(self, until=None):
        """Make all missing visits of active schedules.

        Running it twice, or twice at once, makes each visit once: its key is schedule
        line and nominal date. Nothing that exists is moved.

        :param date until: last nominal date, included; by default the horizon of each
            company
        :return: the new visits
        """
        return self.line_ids._generate_visits(until)

    def action_generate_visits(self):
        """Make the visits up to the horizon now, and tell how many."""
        visits = self._generate_visits()
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success" if visits else "info",
                "message": self.env._("%s visits were generated.", len(visits))
                if visits
                else self.env._(
                    "All visits up to the horizon have already been generated."
                ),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    @api.model
    def _cron_generate_visits(self):
        """Make all visits that come into the horizon, slice by slice.

        Each slice is claimed and committed, so that a job that is killed goes on where
        it was, and two jobs never do the same. A slice that fails is tried line by
        line; the error stands on the schedule, with an activity for its responsible.
        """
        lines = self.env["maintenance.schedule.line"]
        domain = lines._get_due_domain()

        def find(tried):
            after = Domain("id", ">", tried[-1] if tried else 0)
            return lines.search(domain & after, order="id", limit=LINES_PER_SLICE)

        do_in_slices(
            self.env,
            find,
            do=lambda claimed: claimed._generate_slice()[0],
            report=lambda line, error: line._record_generation_error(error),
            remaining=lines.search_count(domain),
            may_do_less=True,
        )

    def _notify_schedule_responsible(self, summary, reason):
        """Give who is responsible one to-do about all of these schedules, on the first
        of them, without mail.

        :param str summary: what is to be done
        :param str reason: what happened
        """
        for user, schedules in self.grouped(lambda s: s._get_responsible()).items():
            note = Markup("<p>%s</p><p>%s</p>") % (
                reason,
                ", ".join(schedules[:LISTED_ERRORS].mapped("display_name")),
            )
            # Who archives a colleague or a contact need not make activities.
            schedules[0].sudo().with_context(
                mail_activity_quick_update=True
            ).activity_schedule(
                "mail.mail_activity_data_todo",
                summary=summary,
                note=note,
                user_id=user.id,
            )

    def _get_responsible(self):
        """Return who is told about problems: the responsible, else who made it."""
        self.ensure_one()
        responsible = (self.user_id, self.create_uid)
        return next((user for user in responsible if user.active), self.env.user)

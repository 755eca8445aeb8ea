from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command, Domain
from odoo.tools import format_date, format_list

from odoo.addons.field_installed_base.models.equipment.installed_base import (
    READER_GROUPS,
)

from ...context import FINISHING, FOLLOWING, PLANNING

# More days of visits to plan than anybody reads one by one.
DAYS_NAMED = 6
OPEN_STATES = ("to_plan", "planned", "in_progress")
CLOSED_STATES = ("done", "cancelled")
# Of schedules: such that make visits, or will.
LIVE_STATES = ("draft", "active", "suspended")
# Hours of a visit without a type.
DEFAULT_DURATION = 1.0
# What tells which due date and which order a visit fulfils: schedules, orders and
# follow-ups say it, not who goes there.
ORIGIN_FIELDS = (
    "schedule_line_id",
    "occurrence_date",
    "follow_up_of_id",
    "sale_line_ids",
)


class MaintenanceVisit(models.Model):
    """Something to be done at a customer's site, from due to done.

    A visit that is only due is a light row: no number, no appointment, nothing in its
    chatter. Planning it gives it all three.
    """

    _name = "maintenance.visit"
    _inherit = [
        "installed.base.company.mixin",
        "installed.base.place.mixin",
        "installed.base.record.mixin",
        "installed.base.portal.mixin",
        "installed.base.conversation.mixin",
        "mail.activity.mixin",
        "hr.mixin",
        "maintenance.generated.mixin",
        "maintenance.words.mixin",
    ]
    _description = "Maintenance Visit"
    _order = "date_start, due_date, id"
    _check_company_auto = True
    # Who signed is written with the signature, by its dialog.
    _kept_fields = frozenset({"signed_by"})
    # A window is that of its due date: with another one, it is proposed anew.
    _proposals = {
        "window_start": (
            "_get_proposed_window_start",
            {"visit_type_id", "maintenance_type"},
        ),
        "window_end": (
            "_get_proposed_window_end",
            {"visit_type_id", "maintenance_type"},
        ),
        "duration": ("_get_proposed_duration", {"visit_type_id"}),
    }
    _checked_fields = frozenset(
        {
            "calendar_event_id",
            "cancel_reason",
            "follow_up_of_id",
            "merged_into_id",
            "occurrence_date",
            "sale_line_ids",
            "schedule_line_id",
            "state",
        }
    )

    # Identity
    name = fields.Char(
        string="Number",
        copy=False,
        readonly=True,
        index="trigram",
        help="Assigned when the visit is planned.",
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    state = fields.Selection(
        selection=[
            ("to_plan", "To plan"),
            ("planned", "Planned"),
            ("in_progress", "In progress"),
            ("done", "Done"),
            ("cancelled", "Cancelled"),
        ],
        required=True,
        readonly=True,
        default="to_plan",
        copy=False,
        index=True,
        tracking=True,
        group_expand=True,
    )
    priority = fields.Selection(
        selection=[("0", "Normal"), ("1", "High"), ("2", "Urgent")],
        default="0",
        index="btree_not_null",
    )
    tag_ids = fields.Many2many(
        comodel_name="maintenance.visit.tag", string="Tags", groups="base.group_user"
    )
    visit_type_id = fields.Many2one(
        comodel_name="maintenance.visit.type",
        index="btree_not_null",
        ondelete="restrict",
        tracking=True,
    )
    maintenance_type = fields.Selection(
        selection=[
            ("scheduled", "Scheduled"),
            ("unscheduled", "Unscheduled"),
            ("breakdown", "Breakdown"),
        ],
        compute="_compute_maintenance_type",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
    )
    description = fields.Text(help="Request of the customer.")
    note = fields.Html(
        string="Notes for the Technician",
        groups="base.group_user",
        help="Not visible to the customer.",
    )
    color = fields.Integer(related="visit_type_id.color")

    # Customer
    partner_id = fields.Many2one(required=True)
    site_id = fields.Many2one(
        index=True,
        help="Where the visit takes place: the customer or one of its addresses.",
    )
    contact_id = fields.Many2one(
        comodel_name="res.partner",
        compute="_compute_contact_id",
        store=True,
        readonly=False,
        precompute=True,
        index="btree_not_null",
        domain="[('commercial_partner_id', '=', commercial_partner_id)]",
        help="Contact person on site.",
    )
    phone = fields.Char(related="contact_id.phone")
    email = fields.Char(related="contact_id.email")
    site_address = fields.Char(
        related="site_id.contact_address_inline", string="Address"
    )
    site_city = fields.Char(related="site_id.city", string="City")
    site_access = fields.Text(related="site_id.service_access", related_sudo=True)
    site_can_locate = fields.Boolean(related="site_id.service_can_locate")
    partner_category_ids = fields.Many2many(
        related="partner_id.category_id", string="Customer Tags"
    )
    zone_id = fields.Many2one(
        comodel_name="service.zone",
        compute="_compute_zone_id",
        store=True,
        readonly=False,
        precompute=True,
        index="btree_not_null",
        check_company=True,
    )

    # Who goes. Before the equipment: whose visit it is decides who may add to it.
    technician_id = fields.Many2one(
        comodel_name="hr.employee",
        string="Lead Technician",
        index="btree_not_null",
        check_company=True,
        tracking=True,
    )
    technician_ids = fields.Many2many(
        comodel_name="hr.employee",
        relation="maintenance_visit_technician_rel",
        column1="visit_id",
        column2="employee_id",
        string="Technicians",
        # Who left is to go until somebody else does.
        context={"active_test": False},
        groups="base.group_user",
        compute="_compute_technician_ids",
        store=True,
        readonly=False,
        precompute=True,
        check_company=True,
    )
    team_id = fields.Many2one(
        comodel_name="service.team",
        index="btree_not_null",
        check_company=True,
        tracking=True,
    )
    route_sequence = fields.Integer(
        default=10,
        aggregator=None,
        help="Order of the visits within a day.",
        export_string_translation=False,
    )

    # Equipment
    line_ids = fields.One2many(
        comodel_name="maintenance.visit.line",
        inverse_name="visit_id",
        string="Equipment",
        compute="_compute_line_ids",
        store=True,
        readonly=False,
        precompute=True,
        copy=True,
    )
    installed_base_ids = fields.Many2many(
        comodel_name="installed.base",
        compute="_compute_installed_base_ids",
        inverse="_inverse_installed_base_ids",
        search="_search_installed_base_ids",
    )
    available_equipment_count = fields.Integer(
        compute="_compute_available_equipment_count",
        help="Number of pieces of equipment to choose from.",
    )

    # When it is due
    # Not computed from the appointment: its windows would follow whatever moves that.
    # See `_propose_due_date`.
    due_date = fields.Date(index="btree_not_null", tracking=True)
    window_start = fields.Date(
        string="Earliest",
        compute="_compute_window",
        store=True,
        readonly=False,
        precompute=True,
    )
    window_end = fields.Date(
        string="Latest",
        compute="_compute_window_end",
        store=True,
        readonly=False,
        precompute=True,
        index="btree_not_null",
        help="Last day on which the visit is not yet late.",
    )
    proposed_window_start = fields.Char(store=False, export_string_translation=False)
    proposed_window_end = fields.Char(store=False, export_string_translation=False)
    is_overdue = fields.Boolean(
        string="Late", compute="_compute_is_overdue", search="_search_is_overdue"
    )

    # When it takes place
    date_start = fields.Datetime(
        string="Start",
        compute="_compute_date_start",
        recursive=True,
        store=True,
        readonly=False,
        precompute=True,
        index="btree_not_null",
        copy=False,
        tracking=True,
    )
    duration = fields.Float(
        compute="_compute_duration",
        store=True,
        readonly=False,
        precompute=True,
        help="Planned hours on site.",
    )
    proposed_duration = fields.Char(store=False, export_string_translation=False)
    date_end = fields.Datetime(
        string="End",
        compute="_compute_date_end",
        inverse="_inverse_date_end",
        store=True,
        readonly=False,
        precompute=True,
        index="btree_not_null",
        copy=False,
    )
    calendar_event_id = fields.Many2one(
        comodel_name="calendar.event",
        string="Appointment",
        readonly=True,
        copy=False,
        ondelete="set null",
        bypass_search_access=True,
        groups="base.group_user",
    )
    is_all_day = fields.Boolean(related="calendar_event_id.allday", string="All Day")
    planned_by_id = fields.Many2one(
        related="calendar_event_id.create_uid",
        string="Planned By",
        groups="base.group_user",
    )
    planned_on = fields.Datetime(
        related="calendar_event_id.create_date",
        string="Planned On",
        groups="base.group_user",
    )

    # Where it comes from
    schedule_line_id = fields.Many2one(
        comodel_name="maintenance.schedule.line",
        index="btree_not_null",
        readonly=True,
        copy=False,
        ondelete="restrict",
        check_company=True,
        # A schedule goes with its equipment to the next owner, and names them.
        groups="base.group_user",
    )
    schedule_id = fields.Many2one(
        related="schedule_line_id.schedule_id",
        store=True,
        precompute=True,
        index="btree_not_null",
        groups="base.group_user",
    )
    occurrence_date = fields.Date(
        string="Original Date",
        readonly=True,
        copy=False,
        help="Date of the visit according to the rule of the schedule, before it was "
        "moved to a working day. It never changes.",
    )
    occurrence_number = fields.Integer(
        readonly=True,
        copy=False,
        aggregator=None,
        help="Position of this visit in its period, starting from one.",
        export_string_translation=False,
    )
    follow_up_of_id = fields.Many2one(
        comodel_name="maintenance.visit",
        index="btree_not_null",
        readonly=True,
        copy=False,
        ondelete="restrict",
        check_company=True,
    )
    follow_up_ids = fields.One2many(
        comodel_name="maintenance.visit",
        inverse_name="follow_up_of_id",
        string="Follow-Up Visits",
    )
    merged_into_id = fields.Many2one(
        comodel_name="maintenance.visit",
        index="btree_not_null",
        readonly=True,
        copy=False,
        ondelete="restrict",
        check_company=True,
    )
    merged_ids = fields.One2many(
        comodel_name="maintenance.visit",
        inverse_name="merged_into_id",
        string="Merged Visits",
    )
    sale_order_id = fields.Many2one(
        comodel_name="sale.order",
        index="btree_not_null",
        copy=False,
        ondelete="set null",
        check_company=True,
        groups=READER_GROUPS,
    )

    # What was done
    completion = fields.Selection(
        selection=[("none", "Not done"), ("partial", "Partly"), ("full", "Done")],
        compute="_compute_completion",
        store=True,
        readonly=False,
        precompute=True,
        copy=False,
        tracking=True,
    )
    incomplete_reason = fields.Char(
        copy=False, help="Why the work could not be finished."
    )
    cancel_reason = fields.Char(
        string="Cancellation Reason", readonly=True, copy=False, tracking=True
    )
    time_ids = fields.One2many(
        comodel_name="maintenance.visit.time",
        inverse_name="visit_id",
        string="Actual Times",
        groups="field_installed_base.group_user,account.group_account_invoice",
    )
    customer_feedback = fields.Text(copy=False)

    _occurrence_unique = models.UniqueIndex(
        "(schedule_line_id, occurrence_date) "
        "WHERE schedule_line_id IS NOT NULL AND follow_up_of_id IS NULL",
        "The schedule already has a visit on this date.",
    )
    _calendar_event_unique = models.UniqueIndex(
        "(calendar_event_id) WHERE calendar_event_id IS NOT NULL",
        "This appointment belongs to another visit.",
    )
    _backlog_index = models.Index("(company_id, window_end) WHERE state = 'to_plan'")
    # Lists are shown in order, whoever may see only some of them.
    _order_index = models.Index("(date_start, due_date, id)")
    _open_order_index = models.Index(
        "(date_start, due_date, id) "
        "WHERE state IN ('to_plan', 'planned', 'in_progress')"
    )
    # The last moment at which a visit is in time, of those that may be late.
    _overdue_index = models.Index(
        "(COALESCE(date_end, window_end)) "
        "WHERE state IN ('to_plan', 'planned', 'in_progress')"
    )
    _to_plan_order_index = models.Index(
        "(company_id, due_date, id) WHERE state = 'to_plan'"
    )
    _window_ordered = models.Constraint(
        "CHECK (window_end IS NULL OR window_start IS NULL "
        "OR window_end >= window_start)",
        "The last day of a visit's window cannot be before its first.",
    )
    # Hence no visit ends before it starts. Dates themselves cannot be compared here: a
    # search in the middle of a write stores a new start before the end that follows it.
    _duration_positive = models.Constraint(
        "CHECK (duration IS NULL OR duration >= 0)",
        "The duration of a visit cannot be less than zero.",
    )
    _planned_has_start = models.Constraint(
        "CHECK (state NOT IN ('planned', 'in_progress') OR date_start IS NOT NULL)",
        "A planned visit requires a start. Set a start, or move the visit back to "
        "plan.",
    )
    _occurrence_complete = models.Constraint(
        "CHECK (schedule_line_id IS NULL OR occurrence_date IS NOT NULL)",
        "A visit of a schedule requires its original date.",
    )

    @api.model
    def _get_bounds(self):
        return {
            **super()._get_bounds(),
            "duration": (0, 24 * 366),
        }

    # -- Computes ----------------------------------------------------------------------

    @api.depends("name", "visit_type_id", "partner_id", "due_date")
    @api.depends_context("lang", "uid")
    def _compute_display_name(self):
        # A visit may follow one at another customer, whom customers are not told.
        names_customer = not self.env.user.share
        for visit in self:
            # Whoever reads a visit reads its name, whatever else they may read.
            known = visit.sudo()
            what = known.name or known.visit_type_id.name or self.env._("Visit")
            names = [what, names_customer and known.partner_id.display_name]
            # Not the day that is being typed: a title that changes makes the browser
            # show the day before again.
            if not visit.name and (day := visit._origin.due_date):
                names.append(format_date(self.env, day))
            visit.display_name = " - ".join(filter(None, names))

    @api.depends("visit_type_id")
    def _compute_maintenance_type(self):
        for visit in self:
            visit.maintenance_type = (
                visit.visit_type_id.maintenance_type
                or visit.maintenance_type
                or "unscheduled"
            )

    @api.depends("site_id", "company_id")
    def _compute_zone_id(self):
        for visit in self:
            visit.zone_id = visit.site_id._get_service_zone(visit.company_id)

    @api.depends("visit_type_id", "maintenance_type", "due_date")
    def _compute_window(self):
        self._propose_unless_typed("window_start")

    def _get_proposed_window_start(self):
        self.ensure_one()
        days, _after = self.visit_type_id._get_window_days(self.maintenance_type)
        return self.due_date and self.due_date - timedelta(days=days)

    @api.depends("visit_type_id", "maintenance_type", "due_date")
    def _compute_window_end(self):
        self._propose_unless_typed("window_end")

    def _get_proposed_window_end(self):
        self.ensure_one()
        _before, days = self.visit_type_id._get_window_days(self.maintenance_type)
        return self.due_date and self.due_date + timedelta(days=days)

    @api.onchange("date_start")
    def _propose_due_date(self):
        """Let visits be due on the day of their appointment that were due on none."""
        for visit in self:
            # Planning never changes when a visit was due. Its day is that of the site,
            # whoever plans it: jobs have no time zone.
            if not visit.due_date and visit.date_start:
                visit.due_date = visit._get_site_day(visit.date_start)

    @api.depends("state", "window_end", "date_end")
    @api.depends_context("tz")
    def _compute_is_overdue(self):
        now, today = fields.Datetime.now(), fields.Date.context_today(self)
        for visit in self:
            if visit.state not in OPEN_STATES:
                visit.is_overdue = False
            elif visit.date_end:
                visit.is_overdue = visit.date_end < now
            else:
                visit.is_overdue = bool(visit.window_end and visit.window_end < today)

    @api.model
    def _search_is_overdue(self, operator, value):
        if operator != "in":
            return NotImplemented
        now, today = fields.Datetime.now(), fields.Date.context_today(self)
        late = Domain("state", "in", OPEN_STATES) & (
            Domain("date_end", "<", now)
            | (Domain("date_end", "=", False) & Domain("window_end", "<", today))
        )
        midnight = fields.Datetime.to_datetime(today)
        return late & self._get_deadline_domain(max(now, midnight))

    @api.depends(
        "calendar_event_id.start",
        "calendar_event_id.stop",
        "calendar_event_id.allday",
        "merged_into_id.date_start",
    )
    def _compute_date_start(self):
        absorbed = self.filtered("merged_into_id")
        dates = (self - absorbed)._get_event_dates()
        for visit in self:
            if visit in absorbed:
                visit.date_start = visit.merged_into_id.date_start
            else:
                visit.date_start = (
                    dates[visit][0] if visit in dates else visit.date_start
                )

    @api.depends(
        "visit_type_id",
        "calendar_event_id.start",
        "calendar_event_id.stop",
        "calendar_event_id.allday",
    )
    def _compute_duration(self):
        dates = self._get_event_dates()
        for visit in self:
            if visit in dates:
                start, stop = dates[visit]
                visit.duration = (stop - start).total_seconds() / 3600
            elif visit._origin and visit.state != "to_plan" and visit.duration:
                # The appointment is gone, its length is not.
                visit.duration = visit.duration
            else:
                visit._propose_unless_typed("duration")

    def _get_proposed_duration(self):
        self.ensure_one()
        planned = self.visit_type_id._get_planned_duration(self)
        return planned or self.duration or DEFAULT_DURATION

    # By the start of the main visit, too, so that the end follows at once.
    @api.depends("date_start", "duration", "merged_into_id.date_start")
    def _compute_date_end(self):
        for visit in self:
            visit.date_end = visit.date_start and (
                visit.date_start + timedelta(seconds=round(visit.duration * 3600))
            )

    def _inverse_date_end(self):
        for visit in self:
            if visit.date_start and visit.date_end:
                # The end follows start and duration, so it is wrong where it is typed
                # or nowhere.
                if visit.date_end < visit.date_start:
                    raise ValidationError(visit._get_dates_error())
                length = visit.date_end - visit.date_start
                # The caller's write moves the appointment, for all visits at once.
                quiet = visit.with_context(visit_planning=PLANNING)
                quiet.duration = length.total_seconds() / 3600

    @api.depends("technician_id")
    def _compute_technician_ids(self):
        for visit in self:
            lead, crew = visit.technician_id, visit.technician_ids
            if lead in crew and lead:
                continue
            # Of a crew the others stay; one who went alone is replaced.
            others = crew if len(crew) > 1 else crew.browse()
            visit.technician_ids = others | lead

    @api.depends("line_ids.completion")
    def _compute_completion(self):
        for visit in self:
            done = set(visit.line_ids.mapped("completion")) - {False}
            if not done:
                visit.completion = visit.completion
            elif len(done) == 1 and False not in visit.line_ids.mapped("completion"):
                visit.completion = done.pop()
            else:
                visit.completion = "none" if done == {"none"} else "partial"

    # -- Equipment ---------------------------------------------------------------------

    @api.depends("partner_id", "site_id")
    def _compute_line_ids(self):
        """Put in the equipment that is meant without doubt: the only piece at the
        site. What has no site may stand at any. A choice that is still valid stays."""
        available = self._get_available_equipment()
        for visit in self:
            pieces = available[visit]
            wrong = visit.line_ids.filtered(
                lambda line, pieces=pieces: (
                    line.installed_base_id._origin
                    and line.installed_base_id._origin not in pieces
                )
            )
            commands = [Command.unlink(line.id) for line in wrong]
            if visit.line_ids == wrong and visit.state in ("to_plan", "planned"):
                if meant := visit._get_meant_equipment(pieces):
                    commands.append(Command.create({"installed_base_id": meant.id}))
            # Lines that stay as they are cost a query for each visit.
            if commands or not visit._origin:
                visit.line_ids = commands or visit.line_ids

    @api.onchange("line_ids")
    def _onchange_line_ids(self):
        """Go where the equipment is, as `create` does."""
        pieces = self.line_ids.installed_base_id._origin
        if not self.site_id and self.partner_id:
            self.site_id = self._get_place_of(self.partner_id, pieces)

    @api.model
    def _get_place_of(self, customer, equipment):
        """Return the site of a customer at which equipment is, none if it is at none.

        :raise UserError: if it is at several
        """
        owner = customer.commercial_partner_id
        # Where something is to be done is known to whom has it done.
        sites = equipment.sudo().site_id.filtered(
            lambda site: site.commercial_partner_id == owner
        )
        if len(sites) > 1:
            raise UserError(
                self.env._(
                    "The equipment is at several sites: %s. Create a visit for each "
                    "site.",
                    "; ".join(sites.mapped("display_name")),
                )
            )
        return sites.sudo(False)

    @api.model
    def _complete_places(self, vals_list):
        """Let new visits without a site take place where their equipment is."""
        vals_list = [dict(vals) for vals in vals_list]
        placed = []
        for vals in vals_list:
            lines = vals.get("line_ids") or vals.get("installed_base_ids")
            if "site_id" not in vals and lines and vals.get("partner_id"):
                name = "line_ids" if vals.get("line_ids") else "installed_base_ids"
                draft = self.new({name: lines})
                pieces = draft.line_ids.installed_base_id | draft.installed_base_ids
                placed.append((vals, pieces._origin.ids))
        # All of it is read at once.
        equipment = self.env["installed.base"].browse(
            {piece_id for _vals, ids in placed for piece_id in ids}
        )
        customers = self.env["res.partner"].browse(
            {vals["partner_id"] for vals, _ids in placed}
        )
        for vals, ids in placed:
            customer = customers.browse(vals["partner_id"]).with_prefetch(
                customers._ids
            )
            pieces = equipment.browse(ids).with_prefetch(equipment._ids)
            if site := self._get_place_of(customer, pieces):
                vals["site_id"] = site.id
        return vals_list

    @api.depends("partner_id", "site_id", "company_id")
    @api.depends_context("uid")
    def _compute_available_equipment_count(self):
        available = self._get_available_equipment()
        for visit in self:
            visit.available_equipment_count = len(available[visit])

    # Each reader has those that they may read: a former owner reads what was done for
    # them, though not what moved on since.
    @api.depends("line_ids.installed_base_id")
    @api.depends_context("uid")
    def _compute_installed_base_ids(self):
        known = self._get_readable_equipment()
        for visit in self:
            visit.installed_base_ids = visit.line_ids.installed_base_id & known

    def _inverse_installed_base_ids(self):
        known = self._get_readable_equipment()
        for visit in self:
            wanted = visit.installed_base_ids
            dropped = visit.line_ids.filtered(
                lambda line, wanted=wanted: line.installed_base_id in known - wanted
            )
            missing = wanted - visit.line_ids.installed_base_id
            visit.line_ids = [
                *(Command.delete(line.id) for line in dropped),
                *(Command.create({"installed_base_id": piece.id}) for piece in missing),
            ]

    def _get_readable_equipment(self):
        """Return the equipment of visits that the user may read, asked for all at
        once."""
        return self.line_ids.installed_base_id._filtered_access("read")

    @api.model
    def _search_installed_base_ids(self, operator, value):
        if operator in Domain.NEGATIVE_OPERATORS:
            return NotImplemented
        return Domain("line_ids.installed_base_id", operator, value)

    # -- Constraints -------------------------------------------------------------------

    @api.constrains("sale_order_id")
    def _check_sale_order_id(self):
        # Who may link an order need not see it. A visit keeps its order when it
        # follows equipment to another customer, and so does a follow-up of it.
        for visit in self.sudo():
            order = visit.sale_order_id
            customer = visit.commercial_partner_id
            if (
                order
                and order != visit.follow_up_of_id.sale_order_id
                and order.partner_id.commercial_partner_id != customer
            ):
                raise ValidationError(
                    self.env._(
                        "Order %(order)s is not for %(customer)s, the customer of "
                        "visit %(visit)s. Choose an order of this customer.",
                        order=order.display_name,
                        customer=customer.display_name,
                        visit=visit.display_name,
                    )
                )

    # -- CRUD --------------------------------------------------------------------------

    @api.model
    def default_get(self, fields):
        """A visit made by hand starts now, unless it is made for a due date."""
        defaults = super().default_get(fields)
        if (
            "date_start" in fields
            and "date_start" not in defaults
            and not defaults.get("due_date")
            # Whoever plans says when.
            and self.env.context.get("visit_planning") is not PLANNING
            and self.env.context.get("default_state", "planned") == "planned"
        ):
            defaults["date_start"] = self._get_default_start()
            if "state" in fields:
                defaults["state"] = "planned"
        return defaults

    @api.model
    def _get_default_start(self):
        """Return now, without seconds."""
        return self._get_work_moment().replace(second=0, microsecond=0)

    def _may_set_origin(self, is_new):
        """Tell whether this is a schedule or a follow-up at work, or an administrator
        who brings in what another system knew: as a new visit, or by a file that is
        loaded again."""
        return (
            self.env.su
            or self._is_generating()
            or self.env.context.get("visit_finishing") is FINISHING
            or (
                bool(is_new or self._get_imported_file())
                and self.env.user.has_group("field_installed_base.group_manager")
            )
        )

    @api.model
    def _get_refused_links(self, is_new=False):
        """Return the links that buttons and appointments make, as far as it is none of
        them that writes.

        :param bool is_new: whether visits are created
        """
        context = self.env.context
        names = [] if self._may_set_origin(is_new) else [*ORIGIN_FIELDS]
        if context.get("visit_planning") is not PLANNING:
            names.append("calendar_event_id")
        if context.get("visit_following") is not FOLLOWING:
            names.append("merged_into_id")
        return names

    @api.model
    def _refuse_link(self, name, vals_list=None):
        """Refuse a link that buttons and appointments make, not users: the record at
        its other end is changed with all rights.

        :param str name: the field
        :param vals_list: values of new visits, to which defaults are added; None if the
            field is written
        :raise AccessError: if the field is given
        """
        if self.env.su:
            return
        if vals_list is not None:
            default = self.default_get([name]).get(name)
            if not any(vals.get(name, default) for vals in vals_list):
                return
        raise AccessError(
            self.env._(
                "“%s” of a visit cannot be set manually. Plan the visit, or use the "
                "buttons on its form.",
                self._fields[name]._description_string(self.env),
            )
        )

    @api.model
    def _check_new_parent(self, vals):
        """Refuse to move a part of a visit to one that the user may not change: record
        rules look at where it comes from alone.

        :param dict vals: what is written on lines or times of visits
        :raise AccessError: if that visit is not the user's to change
        """
        if vals.get("visit_id"):
            self.browse(vals["visit_id"]).check_access("write")

    def _check_links(self, vals):
        """Refuse links that are not written by hand, see `_refuse_link`."""
        for name in self._get_refused_links():
            if name in vals:
                self._refuse_link(name)

    @api.model_create_multi
    def create(self, vals_list):
        for name in self._get_refused_links(is_new=True):
            self._refuse_link(name, vals_list)
        self._check_done_elsewhere(vals_list)
        vals_list = self._complete_places(
            [self._complete_planning_values(vals) for vals in vals_list]
        )
        visits = super().create(vals_list)
        visits._watch_plans(is_new=True)
        # Part of what is created, whoever may change it later.
        visits.sudo().with_context(
            visit_planning=PLANNING, tracking_disable=True
        )._propose_due_date()
        planned = visits.filtered(lambda visit: visit.state != "to_plan")
        planned._assign_numbers()
        planned._allocate({})
        if self.env.context.get("visit_planning") is not PLANNING:
            planned._sync_calendar_events()
        if any("photo_ids" in vals for vals in vals_list):
            visits._adopt_photos()
        if any(visits.mapped("request_id")):
            visits._begin_requests()
        if any(vals.get("signature") for vals in vals_list):
            signed = visits.filtered("signature")
            signed._record_proof({"signature": True, "signed_by": True})
        return visits

    def copy_data(self, default=None):
        vals_list = super().copy_data(default)
        # Who goes is known to whom knows the visit.
        for visit, vals in zip(self.sudo(), vals_list, strict=True):
            if left := visit._get_left_technicians():
                crew = visit.technician_ids - left
                vals["technician_ids"] = [Command.set(crew.ids)]
                vals["technician_id"] = ((visit.technician_id - left) or crew[:1]).id
        return vals_list

    @api.model
    def _complete_planning_values(self, vals):
        """Make state, dates and technicians of a new visit agree."""
        vals = dict(vals)
        if vals.get("calendar_event_id"):
            # The appointment says when.
            vals["state"] = "planned"
        elif vals.keys() & {"due_date", "occurrence_date", "window_end"} or (
            vals.get("state") in ("to_plan", "cancelled")
        ):
            # Made for a due date, not for now.
            vals.setdefault("date_start", False)
        elif "date_start" not in vals:
            vals["date_start"] = self.env.context.get(
                "default_date_start", self._get_default_start()
            )
        if "date_start" in vals and vals.get("state", "to_plan") in (
            "to_plan",
            "planned",
        ):
            vals["state"] = "planned" if vals["date_start"] else "to_plan"
        lead = vals.get("technician_id")
        # What schedules write needs no look.
        alone = [Command.set([lead] if lead else [])]
        if vals.get("technician_ids") and vals["technician_ids"] != alone:
            crew = self.new({"technician_ids": vals["technician_ids"]}).technician_ids
            if not lead:
                vals["technician_id"] = crew[:1]._origin.id
            elif lead not in crew._origin.ids:
                # Who leads goes too.
                vals["technician_ids"] = [Command.set([lead, *crew._origin.ids])]
        return vals

    def write(self, vals):
        signature, others = self._split_signature(vals)
        if signature and others:
            # What is signed is what is written with it.
            self.write(others)
            return self.write(signature)
        self._check_links(vals)
        self._check_led_with_main(vals)
        # States follow starts, and starts follow states.
        is_planning = self.env.context.get("visit_planning") is PLANNING
        if "date_start" in vals and "state" not in vals and not is_planning:
            by_state = self.grouped(lambda visit: visit._get_state_with(vals))
            if len(by_state) > 1:
                return all(visits.write(vals) for visits in by_state.values())
            for state in filter(None, by_state):
                vals = {**vals, "state": state}
        state = vals.get("state")
        if state == "done" and self.env.context.get("visit_finishing") is not FINISHING:
            return self._write_done(vals)
        if state:
            vals = self._complete_state_values(vals)
            began = self.filtered(lambda visit: visit.state == "in_progress")
            undone = self.filtered(lambda visit: visit.state == "done")
        self._put_absorbed_back(vals)
        self._watch_plans(vals)
        before = self._get_states_before(vals)
        requests = self._get_requests_before(vals)
        proof = self._get_proof_before(vals)

        result = super().write(vals)

        if vals.keys() & {"date_start", "calendar_event_id"}:
            self._propose_due_date()
        if "technician_ids" in vals:
            self._keep_lead_in_crew(vals)
        # Who plans many at once does these for all of them.
        if not is_planning:
            if vals.keys() & {"partner_id", "site_id"}:
                # Not a constraint: it would judge lines that are about to be replaced.
                self.line_ids._check_installed_base_id()
            if state:
                self.filtered(lambda visit: visit.state != "to_plan")._assign_numbers()
            if vals.keys() & self._get_appointment_fields().keys():
                self._sync_calendar_events(vals.keys())
        if state:
            self._record_actual_times(state, began)
            self._set_repair_statuses(state, undone)
        self._allocate(before, is_moved="date_start" in vals)
        self._lead_absorbed(vals.keys())
        self._record_proof(vals, proof)
        # What its schedule knows of it
        self._touch(vals.keys())
        if state and state != "cancelled":
            self._reopen_dropped()
        if vals.keys() & {"state", "completion", "merged_into_id"}:
            self._create_next_visits()
        self._follow_with_requests(vals.keys(), requests)
        return result

    def unlink(self):
        # Whoever deletes a visit need not handle its request.
        requests = self.sudo().request_id
        result = super().unlink()
        requests._follow_visits()
        return result

    def _get_state_with(self, vals):
        """Return the state that this visit takes with a new start, None if it keeps
        its own: a start plans what was to be planned, and without one it is again."""
        self.ensure_one()
        before, after = "to_plan", "planned"
        if not vals["date_start"]:
            before, after = after, before
        return after if self.state == before else None

    def _complete_state_values(self, vals):
        """Refuse states that no button offers, and complete what goes with them."""
        state = vals["state"]
        self._check_new_state(state)
        if state == "to_plan":
            # Whoever puts it back: what is to be planned has no time yet.
            return {**vals, "date_start": False}
        if state == "cancelled" and not (vals.get("cancel_reason") or "").strip():
            # A remote call or an import that gives none.
            reason = self.env._("Cancelled by %s", self.env.user.name)
            return {**vals, "cancel_reason": reason}
        return vals

    def _keep_lead_in_crew(self, vals):
        """Let who leads go too, and one of the crew lead."""
        for visit in self:
            lead, crew = visit.technician_id, visit.technician_ids
            if lead in crew:
                continue
            if vals.get("technician_id"):
                # Who is said to lead goes too.
                visit.technician_ids = lead | crew
            elif "technician_id" not in vals:
                visit.technician_id = crew[:1]

    def _check_company_ties(self, company_id):
        result = super()._check_company_ties(company_id)
        numbered = self.filtered(
            lambda visit: visit.name and visit.company_id.id != company_id
        )
        if numbered:
            raise UserError(
                self.env._(
                    "%s cannot go to another company: number, appointment and history "
                    "are those of the company of the visit. Make a new visit in the "
                    "other one.",
                    format_list(self.env, numbered[:3].mapped("display_name")),
                )
            )
        return result

    def _get_company_ties(self, company_id):
        return [
            *super()._get_company_ties(company_id),
            (
                "installed.base",
                [
                    ("company_id", "!=", company_id),
                    ("maintenance_visit_line_ids.visit_id", "in", self.ids),
                ],
            ),
            (
                "maintenance.visit",
                [
                    ("company_id", "!=", company_id),
                    ("id", "not in", self.ids),
                    "|",
                    ("follow_up_of_id", "in", self.ids),
                    ("merged_into_id", "in", self.ids),
                ],
            ),
            (
                "maintenance.schedule",
                [
                    ("company_id", "!=", company_id),
                    ("id", "in", self.schedule_id.ids),
                ],
            ),
            (
                "service.line",
                [("company_id", "!=", company_id), ("visit_id", "in", self.ids)],
            ),
        ]

    def _assign_numbers(self):
        """Number the visits that have none."""
        numbers = self._get_new_numbers()
        self._set_each({visit: {"name": number} for visit, number in numbers.items()})

    def _get_new_numbers(self):
        """Draw {visit: number} for the visits that have none, with one query for each
        company."""
        unnumbered = self.filtered(lambda visit: not visit.name)
        numbers = {}
        for company, visits in unnumbered.grouped("company_id").items():
            sequence = self.env["ir.sequence"]._get_of_company(self._name, company)
            drawn = sequence._next_batch(len(visits))
            numbers |= dict(zip(visits, drawn, strict=True))
        return numbers

    @api.ondelete(at_uninstall=False)
    def _unlink_except_history(self):
        for visit in self:
            if visit.name or visit.follow_up_ids or visit.merged_ids:
                raise UserError(
                    self.env._(
                        "Visit %s has been planned and has a history. Cancel it "
                        "instead.",
                        visit.display_name,
                    )
                )

    def _describe_held(self):
        """Return these visits, which stopped when their equipment came back, in words
        with the days that they had."""
        texts = []
        for visit in self.sorted(lambda visit: (str(visit.due_date or ""), visit.id)):
            day = visit.due_date
            if visit.date_start:
                day = visit._get_site_day(visit.date_start)
            texts.append(
                self.env._(
                    "Visit %(visit)s on %(day)s",
                    visit=visit.display_name,
                    day=format_date(self.env, day),
                )
            )
        return texts

    def _resume_for(self, piece, heir):
        """Plan anew these visits, which were cancelled when equipment came back; those
        that others go on with are about it again.

        :param piece: the equipment that came back
        :param heir: what is visited from now on, maybe the same
        """
        cancelled = self.filtered(lambda visit: visit.state == "cancelled")
        cancelled.action_put_back()
        lines = cancelled.line_ids.filtered(
            lambda line: line.installed_base_id == piece
        )
        if heir != piece:
            lines.write(
                {
                    "installed_base_id": heir.id,
                    "product_id": heir.product_id.id,
                    "serial_number": heir.serial_number,
                    "taken_over_from_id": piece.id,
                }
            )
        others = self.filtered(lambda visit: heir not in visit.installed_base_ids)
        self.env["maintenance.visit.line"].create(
            [{"visit_id": visit.id, "installed_base_id": heir.id} for visit in others]
        )
        note = self.env._("%s is visited again.", heir._get_document_name())
        self._log_moves(dict.fromkeys(self.ids, [note]))

    def _describe_dated(self):
        """Return these open visits in words with their days, what comes first first;
        those to plan together."""
        to_plan = self.filtered(lambda visit: visit.state == "to_plan")
        planned = (self - to_plan).sorted("date_start")
        texts = [
            self.env._(
                "Visit %(visit)s on %(day)s",
                visit=visit.display_name,
                day=format_date(self.env, visit._get_site_day(visit.date_start)),
            )
            for visit in planned
        ]
        days = sorted(day for day in to_plan.mapped("due_date") if day)
        if to_plan and not days:
            texts.append(self.env._("Visits to plan: %s", len(to_plan)))
        elif to_plan:
            shown = [format_date(self.env, day) for day in days[:DAYS_NAMED]]
            texts.append(
                self.env._(
                    "Visits to plan: %(count)s, due on %(days)s",
                    count=len(to_plan),
                    days=", ".join(shown + ["…"] * (len(days) > DAYS_NAMED)),
                )
            )
        return texts

    # -- From due to done --------------------------------------------------------------

    def _check_state(self, states, message):
        """Refuse an action that the state of a visit does not allow.

        :param states: the states that do
        :param str message: the translated error, a whole sentence with the
            placeholders `%(visit)s` and `%(state)s`
        :raise UserError: naming the first visit in another state
        """
        labels = dict(self._fields["state"]._description_selection(self.env))
        for visit in self:
            if visit.state not in states:
                raise UserError(
                    message
                    % {"visit": visit.display_name, "state": labels[visit.state]}
                )

    def action_start(self):
        """Begin the work now. A visit that was not planned takes place now."""
        self._check_state(
            ("to_plan", "planned"),
            self.env._("You cannot start visit %(visit)s: its status is “%(state)s”."),
        )
        unplanned = self.filtered(lambda visit: not visit.date_start)
        if unplanned:
            start = self._get_default_start()
            unplanned.write({"state": "in_progress", "date_start": start})
        if planned := self - unplanned:
            planned.write({"state": "in_progress"})
        return True

    def action_put_back(self):
        """Take one step back: done to in progress, in progress to planned, planned and
        cancelled to plan."""
        previous = {
            "planned": "to_plan",
            "in_progress": "planned",
            "done": "in_progress",
            "cancelled": "to_plan",
        }
        self._check_state(
            previous,
            self.env._(
                "You cannot undo the last step of visit %(visit)s: its status is "
                "“%(state)s”."
            ),
        )
        self._check_not_invoiced()
        for state, visits in self.grouped("state").items():
            values = {"state": previous[state]}
            if previous[state] == "to_plan":
                values |= {"date_start": False, "cancel_reason": False}
            visits.write(values)
        return True

    def action_cancel(self):
        """Ask for the reason and cancel."""
        self._check_state(
            OPEN_STATES,
            self.env._("You cannot cancel visit %(visit)s: its status is “%(state)s”."),
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Cancel Visits"),
            "res_model": "maintenance.visit.cancel",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_visit_ids": [Command.set(self.ids)]},
        }

    def _cancel(self, reason):
        """Cancel visits for a reason. Their appointments are archived."""
        self._check_state(
            OPEN_STATES,
            self.env._("You cannot cancel visit %(visit)s: its status is “%(state)s”."),
        )
        self.write({"state": "cancelled", "cancel_reason": reason})

    def action_locate_on_map(self):
        """Show the site on a map, in a new tab."""
        return self.site_id.action_locate_on_map()

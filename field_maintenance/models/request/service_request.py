from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain

from odoo.addons.field_installed_base.models.equipment.installed_base import (
    READER_GROUPS,
)
from odoo.addons.field_installed_base.models.mixins.installed_base_place_mixin import (
    EQUIPMENT_DOMAIN,
    SITE_DOMAIN,
)

from ...context import NOTING

# What is further back or ahead, nobody asked for.
YEARS = 30
# In these states of a visit somebody goes.
APPOINTED_STATES = ("planned", "in_progress")


class ServiceRequest(models.Model):
    """What a customer asks for, whichever way it comes in: from the first word until
    nothing is left to do."""

    _name = "service.request"
    _inherit = [
        "installed.base.company.mixin",
        "installed.base.place.mixin",
        "installed.base.record.mixin",
        "installed.base.portal.mixin",
        "mail.thread",
        "mail.activity.mixin",
    ]
    _description = "Service Request"
    _order = "priority desc, request_date desc, id desc"
    _rec_name = "subject"
    _rec_names_search = ["name", "subject"]
    _check_company_auto = True
    _mail_post_access = "read"
    _primary_email = "email_from"

    # What it is about
    name = fields.Char(string="Number", copy=False, index="trigram")
    subject = fields.Char(required=True, index="trigram")
    description = fields.Html(
        help="What the customer wrote or said. The customer sees it, too."
    )
    request_date = fields.Datetime(
        string="Received On",
        required=True,
        index=True,
        default=lambda self: fields.Datetime.now(),
    )
    channel = fields.Selection(
        selection=[
            ("phone", "Phone"),
            ("email", "Email"),
            ("portal", "Portal"),
            ("label", "Label"),
            ("visit", "Visit"),
        ],
        required=True,
        default="phone",
        help="How the request came in. Label: the QR code on the equipment was "
        "scanned. Visit: noted by a technician on site.",
    )
    priority = fields.Selection(
        selection=[("0", "Normal"), ("1", "High"), ("2", "Urgent")],
        default="0",
        tracking=True,
    )
    visit_type_id = fields.Many2one(
        comodel_name="maintenance.visit.type",
        index="btree_not_null",
        ondelete="restrict",
        groups="base.group_user",
    )

    # Whose it is
    partner_id = fields.Many2one(help="Empty as long as the sender is unknown.")
    email_from = fields.Char(
        string="Email",
        index="trigram",
        groups="base.group_user",
        help="Address of the sender.",
    )
    reporter = fields.Char(
        string="Reported By",
        groups="base.group_user",
        help="How to reach the visitor who reported it.",
    )
    site_address = fields.Char(
        related="site_id.contact_address_inline", string="Address"
    )
    contact_id = fields.Many2one(
        comodel_name="res.partner",
        compute="_compute_contact_id",
        store=True,
        readonly=False,
        precompute=True,
        index="btree_not_null",
        check_company=True,
        domain=SITE_DOMAIN,
    )
    phone = fields.Char(related="contact_id.phone")
    installed_base_ids = fields.Many2many(
        comodel_name="installed.base",
        relation="service_request_equipment_rel",
        column1="request_id",
        column2="installed_base_id",
        string="Equipment",
        compute="_compute_installed_base_ids",
        store=True,
        readonly=False,
        precompute=True,
        check_company=True,
        domain=EQUIPMENT_DOMAIN,
        # What was archived is still what the request is about.
        context={"active_test": False},
    )

    # Who handles it
    team_id = fields.Many2one(
        comodel_name="service.team",
        index="btree_not_null",
        check_company=True,
        tracking=True,
        groups="base.group_user",
    )
    user_id = fields.Many2one(
        comodel_name="res.users",
        string="Responsible",
        compute="_compute_user_id",
        # Who notes it is who handles it.
        compute_sudo=False,
        store=True,
        readonly=False,
        precompute=True,
        index="btree_not_null",
        domain="[('share', '=', False), ('company_ids', 'in', company_id)]",
        tracking=True,
        groups="base.group_user",
    )

    # How far it is
    stage_id = fields.Many2one(
        comodel_name="service.request.stage",
        required=True,
        index=True,
        ondelete="restrict",
        compute="_compute_stage_id",
        store=True,
        readonly=False,
        precompute=True,
        copy=False,
        tracking=True,
        group_expand="_read_group_expand_full",
    )
    is_waiting = fields.Boolean(related="stage_id.is_waiting")
    is_closed = fields.Boolean(related="stage_id.is_closed")
    is_to_handle = fields.Boolean(
        string="To Handle",
        compute="_compute_is_to_handle",
        search="_search_is_to_handle",
        groups="base.group_user",
        help="Open, not waiting for the customer, and without an appointment.",
        export_string_translation=False,
    )
    closed_date = fields.Datetime(
        string="Closed On",
        compute="_compute_closed_date",
        store=True,
        copy=False,
    )
    sale_order_id = fields.Many2one(
        comodel_name="sale.order",
        string="Quotation or Order",
        index="btree_not_null",
        copy=False,
        ondelete="set null",
        check_company=True,
        groups=READER_GROUPS,
    )

    _name_company_unique = models.UniqueIndex(
        "(company_id, name) WHERE name IS NOT NULL",
        "Another request has this number. Leave the number empty to get the next one.",
    )

    # -- Computes ----------------------------------------------------------------------

    @api.depends("name", "subject")
    def _compute_display_name(self):
        for request in self:
            names = (request.name, request.subject)
            request.display_name = " ".join(filter(None, names))

    @api.depends("partner_id", "site_id")
    def _compute_installed_base_ids(self):
        """Put in the equipment that is meant without doubt. A choice that is still
        valid stays, and what is closed is left alone."""
        available = self._get_available_equipment()
        for request in self:
            chosen = request.installed_base_ids
            if not request.is_closed and request.partner_id:
                pieces = available[request]
                chosen = chosen._origin & pieces
                chosen = chosen or request._get_meant_equipment(pieces)
            if chosen != request.installed_base_ids._origin or not request._origin:
                request.installed_base_ids = chosen

    def _compute_stage_id(self):
        """Begin in the first stage of work; afterwards people and buttons move it."""
        new = self.filtered(lambda request: not request.stage_id)
        if new:
            new.stage_id = self._get_stages()["new"]

    @api.depends("team_id", "company_id")
    def _compute_user_id(self):
        # Thousands of requests are about a handful of teams and pieces.
        known = {}
        for request in self.filtered(lambda request: not request.user_id):
            pieces = request.installed_base_ids._origin
            key = request.company_id, request.team_id, pieces[:1]
            if key not in known:
                known[key] = request._get_default_responsible()
            request.user_id = known[key]

    def _get_default_responsible(self):
        """Return who handles a request that nobody was chosen for: the dispatcher who
        notes it; else whom the company or an agreement names for its equipment, or who
        leads its team, or the dispatcher of the company; nobody if it is up to every
        dispatcher."""
        self.ensure_one()
        user = self.env.user
        if not self.env.su and user.has_group("field_installed_base.group_dispatcher"):
            return user
        # Who asks need not read who handles it.
        request = self.sudo()
        piece = request.installed_base_ids._origin[:1]
        company = request.company_id
        users = (
            piece._get_problem_candidates()
            if piece
            else [company.service_problem_user_id]
        ) + [request.team_id.leader_id.user_id, company.visit_dispatcher_id]
        return next(
            (
                user
                for user in users
                if user.active and user._is_internal() and company in user.company_ids
            ),
            user.browse(),
        )

    @api.depends("stage_id", "visit_ids.state")
    def _compute_is_to_handle(self):
        for request in self:
            # Whether somebody goes does not depend on who may read visits.
            states = request.sudo().visit_ids.mapped("state")
            request.is_to_handle = not (
                request.is_closed
                or request.is_waiting
                or set(APPOINTED_STATES).intersection(states)
            )

    @api.model
    def _search_is_to_handle(self, operator, value):
        if operator != "in":
            return NotImplemented
        # As above; requests that are open are few.
        open_requests = self.sudo()._search(
            [
                ("stage_id.is_closed", "=", False),
                ("stage_id.is_waiting", "=", False),
                ("visit_ids", "not any", [("state", "in", APPOINTED_STATES)]),
            ]
        )
        domain = Domain("id", "in", open_requests)
        return domain if True in value else ~domain

    @api.model
    @api.readonly
    def get_to_handle_count(self):
        """Return how many requests the user has to handle, for the menu."""
        if not self.has_access("read"):
            return 0
        return self.search_count([("is_to_handle", "=", True)])

    @api.depends("stage_id.is_closed")
    def _compute_closed_date(self):
        now = fields.Datetime.now()
        for request in self:
            request.closed_date = request.stage_id.is_closed and (
                request.closed_date or now
            )

    # -- Constraints -------------------------------------------------------------------

    # Equipment follows customer and site: what they change is checked with it.
    @api.constrains("installed_base_ids")
    def _check_installed_base_ids(self):
        # What was done is about what stood there then.
        for request in self.filtered(lambda request: not request.is_closed):
            pieces = request.installed_base_ids
            if pieces and not request.partner_id:
                raise ValidationError(
                    self.env._(
                        "Choose the customer of request %s before its equipment.",
                        request.display_name,
                    )
                )
            for piece in pieces:
                request._check_stands_here(piece)

    @api.model
    def _get_bounds(self):
        # Service hours are counted from that day on.
        return {**super()._get_bounds(), "request_date": (YEARS, YEARS)}

    # -- CRUD --------------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        company = self.default_get(["company_id"])
        vals_list = [{**company, **vals} for vals in vals_list]
        self.env["ir.sequence"]._assign_numbers(self._name, vals_list)
        # Forms say in which stage it begins, too: that is no news for the customer.
        noting = self.with_context(request_noting=NOTING)
        requests = super(ServiceRequest, noting).create(vals_list).with_env(self.env)
        requests._notify_dispatchers()
        return requests

    def write(self, vals):
        handlers = self._get_handlers_before(vals)
        result = super().write(vals)
        self._hand_over_todos(handlers)
        if "stage_id" in vals:
            self._end_alerts()
            self._remember_loans()
        return result

    def _get_company_ties(self, company_id):
        return [
            *super()._get_company_ties(company_id),
            (
                "maintenance.visit",
                [("company_id", "!=", company_id), ("request_id", "in", self.ids)],
            ),
            (
                "sale.order",
                [
                    ("company_id", "!=", company_id),
                    ("id", "in", self.sale_order_id.ids),
                ],
            ),
        ]

    @api.ondelete(at_uninstall=False)
    def _unlink_except_history(self):
        # Whoever deletes a request need not read all that was made of it.
        for request in self.sudo():
            if request.visit_ids or request.sale_order_id:
                raise UserError(
                    self.env._(
                        "Request %s has visits or an order. Cancel it instead.",
                        request.display_name,
                    )
                )

    # -- Stages ------------------------------------------------------------------------

    @api.model
    def _get_stages(self):
        """Return the stages into which requests are moved by what happens to them.

        :return: `new`, `progress`, `waiting` and `done`, each one stage, maybe none
        :rtype: dict
        """
        # Requests move on by what anybody does with their visits and orders.
        stages = self.env["service.request.stage"].sudo().search([])  # pylint: disable=no-search-all
        working = stages.filtered(lambda s: not s.is_waiting and not s.is_closed)
        return {
            "new": working[:1],
            "progress": working[1:2] or working[:1],
            "waiting": stages.filtered("is_waiting")[:1],
            "done": stages.filtered(lambda s: s.is_closed and not s.is_cancelled)[:1],
        }

    def _move_to(self, key):
        """Move requests to a stage, see `_get_stages`, if there is one."""
        stage = self._get_stages()[key]
        moving = self.filtered(lambda request: request.stage_id != stage)
        if stage and moving:
            moving.write({"stage_id": stage.id})

    def _begin(self):
        """Something is being done about these requests."""
        new = self._get_stages()["new"]
        self.filtered(lambda request: request.stage_id == new)._move_to("progress")

    # -- Who is told -------------------------------------------------------------------

    def _notify_dispatchers(self):
        """Tell every dispatcher of requests that come from elsewhere and have no
        responsible; a responsible is told by Odoo."""
        for request in self.sudo():
            if request.user_id or request.channel == "phone":
                continue
            dispatchers = request.company_id._get_dispatchers()
            if dispatchers:
                request.message_notify(
                    partner_ids=dispatchers.partner_id.ids,
                    subject=self.env._("New request: %s", request.display_name),
                    body=request.description or request.subject,
                    model_description=self.env._("Service Request"),
                    email_layout_xmlid="mail.mail_notification_layout",
                )

    def _get_handler(self):
        """Return who handles this request, or could; nobody if there is nobody."""
        self.ensure_one()
        return self._get_handlers().get(self, self.user_id.browse())

    def _get_handlers(self):
        """Return {request: who handles it, or could}, for those that have somebody."""
        # Who left handles nothing any more.
        left = self.filtered(lambda request: not request.user_id.active)
        dispatchers = {
            company: company._get_dispatchers()[:1] for company in left.company_id
        }
        handlers = {
            request: dispatchers[request.company_id]
            if request in left
            else request.user_id
            for request in self
        }
        return {request: user for request, user in handlers.items() if user}

    def _get_handlers_before(self, vals):
        """Return {request: who handles it} before a write that may change that."""
        if vals.keys().isdisjoint({"company_id", "team_id", "user_id"}):
            return {}
        return self.sudo()._get_handlers()

    def _hand_over_todos(self, before):
        """Let what is to be done about these requests go to who handles them now. What
        people gave each other stays with them.

        :param dict before: {request: who handled it until now}
        """
        now = self.sudo()._get_handlers() if before else {}
        moved = {
            request: now[request]
            for request, user in before.items()
            if request in now and user != now[request]
        }
        renewed = {}
        for request, user in moved.items():
            todos = request.activity_ids.filtered(
                lambda todo, user=before[request]: todo.user_id == user
            )
            if request.response_activity_id in todos:
                renewed[request] = user
            # They hear of it as the responsible.
            (todos - request.response_activity_id).filtered("automated").with_context(
                mail_activity_quick_update=True
            ).user_id = user
        self.browse().sudo().union(*renewed)._renew_alert_todos(renewed)

    def _in_language_of_handler(self):
        """Return this request with texts as its handler reads them."""
        return self.with_context(lang=self._get_handler().lang or self.env.lang)

    def _schedule_once(self, summary, note):
        """Give whoever handles this request one To-Do, unless it is open already.

        :param str summary: what is to be done, in their language
        :param note: what happened
        """
        todo = self.env.ref("mail.mail_activity_data_todo", raise_if_not_found=False)
        user = self._get_handler()
        is_open = self.activity_ids.filtered(
            lambda a: a.activity_type_id == todo and a.summary == summary
        )
        if user and not is_open:
            self.activity_schedule(
                "mail.mail_activity_data_todo",
                summary=summary,
                note=note,
                user_id=user.id,
            )

from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command, Domain
from odoo.tools import SQL

from ...context import CHANGING
from ...engine import get_renewed_end

# Technicians read what is covered, not what it costs.
PRICE_GROUPS = ",".join(
    (
        "sales_team.group_sale_salesman",
        "account.group_account_invoice",
        "field_installed_base.group_dispatcher",
    )
)
READER_GROUPS = f"{PRICE_GROUPS},field_installed_base.group_user"
# The states of a contract that runs.
RUNNING_STATES = ("active", "suspended")
# What the days and prices of a running contract depend on: changed with a date and a
# reason only, by the methods that leave a dated row.
GUARDED_FIELDS = frozenset(
    {
        "company_id",
        "currency_id",
        # It brings all the settings below with it.
        "template_id",
        "date_start",
        "date_end",
        "billing_period",
        "billing_months",
        "billing_timing",
        "billing_anchor",
        "billing_first_part",
        "is_deferred",
        "is_rental",
        "rental_until",
    }
)
# What the actions below write, with what goes with it.
KEPT_FIELDS = frozenset(
    {
        "cancellation_date",
        "credit_due_amount",
        "invoiced_until",
        "name",
        "next_invoice_date",
        "next_run_date",
        "state",
    }
)
DAY = timedelta(days=1)


def from_template(name):
    """Return the compute of a setting: the template's, else its default.

    Each setting has one of its own: those that are given are not overwritten by those
    that are not.
    """

    @api.depends("template_id")
    def compute(contracts):
        default = contracts._get_settings()[name]
        for contract in contracts:
            template = contract.template_id
            contract[name] = template[name] if template else contract[name] or default

    return compute


class ServiceContract(models.Model):
    _name = "service.contract"
    _inherit = [
        "installed.base.company.mixin",
        "installed.base.place.mixin",
        "installed.base.record.mixin",
        "installed.base.portal.mixin",
        "installed.base.conversation.mixin",
        "mail.activity.mixin",
        "service.contract.terms.mixin",
    ]
    _description = "Service Contract"
    _order = "id desc"
    _rec_names_search = ["name", "customer_reference", "partner_id"]
    _check_company_auto = True
    # Contracts of another system keep their numbers when they move in.
    _checked_fields = frozenset({"name"})
    _proposals = {
        "date_end": ("_get_proposed_end", {"date_start", "term_months"}),
        "next_price_update_date": ("_get_first_price_update", {"date_start"}),
    }

    # Identity
    name = fields.Char(
        string="Number",
        copy=False,
        readonly=True,
        index="trigram",
        help="Assigned from the sequence of service contracts.",
    )
    active = fields.Boolean(default=True)
    state = fields.Selection(
        selection=[
            ("draft", "Draft"),
            ("active", "Active"),
            ("suspended", "Suspended"),
            ("closed", "Closed"),
            ("cancelled", "Cancelled"),
        ],
        default="draft",
        required=True,
        copy=False,
        readonly=True,
        index=True,
        tracking=True,
    )
    template_id = fields.Many2one(
        comodel_name="service.contract.template",
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
    )
    user_id = fields.Many2one(
        comodel_name="res.users",
        string="Responsible",
        default=lambda self: self.env.user,
        domain="[('share', '=', False)]",
        index="btree_not_null",
        tracking=True,
    )
    customer_reference = fields.Char(
        copy=False,
        index="trigram",
        help="The customer's own contract number, printed on their invoices.",
    )

    # Parties
    partner_id = fields.Many2one(required=True)
    invoice_partner_id = fields.Many2one(
        comodel_name="res.partner",
        string="Payer",
        compute="_compute_invoice_partner_id",
        store=True,
        readonly=False,
        precompute=True,
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
        tracking=True,
    )
    site_id = fields.Many2one(string="Delivery Address")
    currency_id = fields.Many2one(
        comodel_name="res.currency",
        compute="_compute_currency_id",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
        ondelete="restrict",
    )
    payment_term_id = fields.Many2one(
        comodel_name="account.payment.term",
        compute="_compute_payment_term_id",
        store=True,
        readonly=False,
        precompute=True,
        check_company=True,
        ondelete="restrict",
    )
    fiscal_position_id = fields.Many2one(
        comodel_name="account.fiscal.position",
        check_company=True,
        ondelete="restrict",
        help="If empty, the fiscal position of the payer on the invoice date.",
    )

    # Dates
    date_start = fields.Date(
        string="Start",
        required=True,
        default=lambda self: fields.Date.context_today(self),
        tracking=True,
    )
    date_end = fields.Date(
        string="End",
        compute="_compute_date_end",
        store=True,
        readonly=False,
        precompute=True,
        index="btree_not_null",
        tracking=True,
        help="Last covered day; empty for no end.",
    )
    proposed_date_end = fields.Char(store=False, export_string_translation=False)
    notice_date = fields.Date(
        string="Notice Deadline",
        compute="_compute_notice_date",
        store=True,
        precompute=True,
        index="btree_not_null",
        help="Last day on which notice can be given.",
    )
    term_ids = fields.One2many(
        comodel_name="service.contract.term",
        inverse_name="contract_id",
        string="Terms",
        copy=False,
    )
    suspension_ids = fields.One2many(
        comodel_name="service.contract.suspension",
        inverse_name="contract_id",
        string="Suspensions",
        copy=False,
    )

    # Settings, from the template
    group_id = fields.Many2one(
        compute=from_template("group_id"), store=True, readonly=False, precompute=True
    )
    billing_period = fields.Selection(
        compute=from_template("billing_period"),
        store=True,
        readonly=False,
        precompute=True,
    )
    billing_timing = fields.Selection(
        compute=from_template("billing_timing"),
        store=True,
        readonly=False,
        precompute=True,
    )
    billing_anchor = fields.Selection(
        compute="_compute_billing_anchor",
        store=True,
        readonly=False,
        precompute=True,
    )
    proposed_billing_anchor = fields.Char(
        compute="_compute_billing_anchor",
        store=True,
        precompute=True,
        copy=True,
        groups="base.group_user",
        export_string_translation=False,
    )
    billing_first_part = fields.Selection(
        compute=from_template("billing_first_part"),
        store=True,
        readonly=False,
        precompute=True,
    )
    journal_id = fields.Many2one(
        compute=from_template("journal_id"), store=True, readonly=False, precompute=True
    )
    invoice_grouping = fields.Selection(
        compute=from_template("invoice_grouping"),
        store=True,
        readonly=False,
        precompute=True,
    )
    invoice_detail = fields.Selection(
        compute=from_template("invoice_detail"),
        store=True,
        readonly=False,
        precompute=True,
    )
    invoice_dating = fields.Selection(
        compute=from_template("invoice_dating"),
        store=True,
        readonly=False,
        precompute=True,
    )
    invoice_catch_up = fields.Selection(
        compute=from_template("invoice_catch_up"),
        store=True,
        readonly=False,
        precompute=True,
    )
    invoice_ahead_days = fields.Integer(
        compute=from_template("invoice_ahead_days"),
        store=True,
        readonly=False,
        precompute=True,
    )
    invoice_posting = fields.Selection(
        compute=from_template("invoice_posting"),
        store=True,
        readonly=False,
        precompute=True,
    )
    invoice_sending = fields.Boolean(
        compute=from_template("invoice_sending"),
        store=True,
        readonly=False,
        precompute=True,
    )
    invoice_title = fields.Char(
        translate=False,
        compute=from_template("invoice_title"),
        store=True,
        readonly=False,
        precompute=True,
    )
    revenue_account_id = fields.Many2one(
        compute=from_template("revenue_account_id"),
        store=True,
        readonly=False,
        precompute=True,
    )
    deferred_account_id = fields.Many2one(
        compute=from_template("deferred_account_id"),
        store=True,
        readonly=False,
        precompute=True,
    )
    is_deferred = fields.Boolean(
        compute="_compute_is_deferred", store=True, readonly=False, precompute=True
    )
    analytic_plan_id = fields.Many2one(
        compute=from_template("analytic_plan_id"),
        store=True,
        readonly=False,
        precompute=True,
    )
    response_hours = fields.Float(
        compute=from_template("response_hours"),
        store=True,
        readonly=False,
        precompute=True,
    )
    calendar_id = fields.Many2one(
        compute=from_template("calendar_id"),
        store=True,
        readonly=False,
        precompute=True,
    )
    on_holidays = fields.Boolean(
        compute=from_template("on_holidays"),
        store=True,
        readonly=False,
        precompute=True,
    )
    renewal = fields.Selection(
        compute=from_template("renewal"), store=True, readonly=False, precompute=True
    )
    term_months = fields.Integer(
        compute=from_template("term_months"),
        store=True,
        readonly=False,
        precompute=True,
    )
    notice_months = fields.Integer(
        compute=from_template("notice_months"),
        store=True,
        readonly=False,
        precompute=True,
    )
    price_update_months = fields.Integer(
        compute=from_template("price_update_months"),
        store=True,
        readonly=False,
        precompute=True,
    )
    note = fields.Html(
        translate=False,
        compute=from_template("note"),
        store=True,
        readonly=False,
        precompute=True,
    )
    discount_ids = fields.One2many(
        comodel_name="service.contract.discount",
        inverse_name="contract_id",
        string="Discounts",
        compute="_compute_discount_ids",
        store=True,
        readonly=False,
        copy=True,
    )

    # Lines
    line_ids = fields.One2many(
        comodel_name="service.contract.line", inverse_name="contract_id", copy=True
    )
    line_count = fields.Integer(compute="_compute_line_count")
    company_currency_id = fields.Many2one(
        related="company_id.currency_id", string="Company Currency"
    )
    warning = fields.Text(compute="_compute_warning")
    has_foreign_site = fields.Boolean(
        compute="_compute_has_foreign_site",
        search="_search_has_foreign_site",
        export_string_translation=False,
        help="The delivery address belongs to another customer, as of the time when "
        "this was not checked or since the address changed hands.",
    )

    _name_unique = models.UniqueIndex(
        "(name, company_id) WHERE name IS NOT NULL",
        "Another contract of this company already has this number.",
    )
    _dates_ordered = models.Constraint(
        # A contract cancelled on its first day ends the day before.
        "CHECK (date_end IS NULL OR date_end >= date_start - 1)",
        "A contract cannot end before it starts.",
    )
    _dates_limited = models.Constraint(
        "CHECK (date_start BETWEEN '1900-01-01' AND '2999-12-31' "
        "AND (date_end IS NULL OR date_end <= '3999-12-31'))",
        "A contract must start between the years 1900 and 2999 and end before 4000. "
        "Correct its dates.",
    )
    _billing_months_known = models.Constraint(
        "CHECK (billing_months IN (0, 1, 2, 3, 6, 12))",
        "The billing period must be 1, 2, 3, 6 or 12 months, or 0 to never invoice.",
    )

    # -- Computes -----------------------------------------------------------------

    # By the months: whoever creates contracts may give these.
    @api.depends("template_id", "billing_months")
    def _compute_billing_anchor(self):
        for contract in self:
            contract.billing_anchor, contract.proposed_billing_anchor = (
                contract.template_id._choose_billing_anchor(
                    contract.billing_months,
                    contract.billing_anchor,
                    contract.proposed_billing_anchor,
                )
            )

    @api.depends("template_id", "company_id", "billing_timing")
    def _compute_is_deferred(self):
        for contract in self:
            # Without an account for it nobody has thought of deferring yet.
            account = contract._get_deferred_account()
            wanted = contract.template_id.is_deferred or not contract.template_id
            contract.is_deferred = (
                contract.billing_timing == "prepaid" and wanted and bool(account)
            )

    @api.depends("template_id")
    def _compute_discount_ids(self):
        for contract in self:
            if contract.template_id:
                contract.discount_ids = [
                    Command.clear(),
                    *contract.template_id._prepare_discount_commands(),
                ]
            else:
                contract.discount_ids = contract.discount_ids

    @api.depends("partner_id")
    def _compute_invoice_partner_id(self):
        for contract in self:
            # Another contact of the customer does not change who pays.
            agreed = contract.state != "draft" and contract.invoice_partner_id
            addresses = contract.partner_id.address_get(["invoice"])
            contract.invoice_partner_id = agreed or addresses["invoice"]

    @api.depends("company_id")
    def _compute_currency_id(self):
        for contract in self:
            contract.currency_id = (
                contract.currency_id or contract.company_id.currency_id
            )

    @api.depends("invoice_partner_id", "company_id")
    def _compute_payment_term_id(self):
        for contract in self:
            payer = contract.invoice_partner_id.with_company(contract.company_id)
            contract.payment_term_id = payer.property_payment_term_id

    @api.depends("date_start", "term_months")
    def _compute_date_end(self):
        self._propose_unless_typed("date_end")

    def _get_proposed_end(self):
        self.ensure_one()
        if self.state != "draft":
            # Renewals and cancellations set the end of a running contract.
            return self.date_end
        if not self.term_months or not self.date_start:
            return False
        return get_renewed_end(self.date_start - DAY, self.term_months)

    @api.depends("date_end", "notice_months", "renewal")
    def _compute_notice_date(self):
        for contract in self:
            contract.notice_date = (
                contract.date_end
                and contract.renewal != "none"
                and get_renewed_end(contract.date_end, -contract.notice_months)
            )

    @api.depends("line_ids")
    def _compute_line_count(self):
        counts = dict(
            self.env["service.contract.line"]._read_group(
                [("contract_id", "in", self.ids), ("display_type", "=", False)],
                ["contract_id"],
                ["__count"],
            )
        )
        for contract in self:
            contract.line_count = counts.get(contract._origin, 0)

    @api.depends(
        "date_start",
        "date_end",
        "line_ids.date_start",
        "line_ids.date_end",
        "line_ids.installed_base_id",
        "line_ids.schedule_line_id",
        "state",
        "template_id",
        "company_id",
        "billing_months",
        "billing_timing",
        "deferred_account_id",
        "has_foreign_site",
    )
    def _compute_warning(self):
        covered, visited = self._get_double_coverage(), self._get_double_visits()
        for contract in self:
            contract.warning = "\n".join(
                (
                    *contract._get_foreign_site(),
                    *covered[contract],
                    *contract._get_not_deferred(),
                    *visited[contract],
                )
            )

    @api.depends("partner_id.commercial_partner_id", "site_id.commercial_partner_id")
    def _compute_has_foreign_site(self):
        for contract in self:
            owner = contract.site_id.commercial_partner_id
            contract.has_foreign_site = (
                owner and owner != contract.partner_id.commercial_partner_id
            )

    @api.model
    def _search_has_foreign_site(self, operator, value):
        if operator != "in":
            return NotImplemented
        self.flush_model(["site_id", "commercial_partner_id"])
        self.env["res.partner"].flush_model(["commercial_partner_id"])
        query = SQL(
            """(
            SELECT contract.id
              FROM service_contract contract
              JOIN res_partner site ON site.id = contract.site_id
             WHERE site.commercial_partner_id != contract.commercial_partner_id
            )"""
        )
        return Domain("id", "in", query)

    def _get_foreign_site(self):
        """Return that the delivery address belongs to another customer, in words."""
        self.ensure_one()
        if not self.has_foreign_site:
            return []
        return [
            self.env._(
                "%(site)s is not an address of %(customer)s. Choose another delivery "
                "address.",
                site=self.site_id.display_name,
                customer=self.partner_id.display_name,
            )
        ]

    def _get_double_coverage(self):
        """Return {contract: which equipment another live contract covers on the same
        days, in words}."""
        lines = self.line_ids.filtered("installed_base_id")
        others = self.env["service.contract.line"].search(
            [
                ("installed_base_id", "in", lines.installed_base_id.ids),
                ("contract_id.state", "in", RUNNING_STATES),
            ]
        )
        warnings = {}
        for contract in self:
            own = contract.line_ids.grouped(lambda ln: ln.installed_base_id._origin)
            doubles = others.filtered(
                lambda other, contract=contract, own=own: (
                    other.contract_id != contract._origin
                    and any(
                        line._shares_days_with(other)
                        for line in own.get(other.installed_base_id, ())
                    )
                )
            )
            warnings[contract] = [
                self.env._(
                    "%(equipment)s is also covered by contract %(contract)s.",
                    equipment=line.installed_base_id.display_name,
                    contract=line.contract_id.display_name,
                )
                for line in doubles
            ]
        return warnings

    @api.depends("name", "partner_id")
    @api.depends_context("uid")
    def _compute_display_name(self):
        # Who pays for somebody else's contract reads its name on their invoices.
        names_customer = not self.env.user.share
        for contract in self:
            # Whoever reads a contract reads its name, whatever else they may read.
            known = contract.sudo()
            names = (known.name, names_customer and known.partner_id.display_name)
            contract.display_name = " - ".join(filter(None, names))

    @api.model
    def _search_display_name(self, operator, value):
        """Find contracts by their own texts and by their customer apart: each way has
        an index, which PostgreSQL could not use for both at once."""
        if operator not in ("ilike", "like") or not value:
            return super()._search_display_name(operator, value)
        # Whether archived ones count is up to whoever searches.
        every = self.with_context(active_test=False)
        own = Domain("name", operator, value)
        own |= Domain("customer_reference", operator, value)
        ways = (own, Domain("partner_id", operator, value))
        query = SQL(" UNION ").join(every._search(way).select() for way in ways)
        return Domain("id", "in", SQL("(%s)", query))

    # -- Constraints --------------------------------------------------------------

    @api.model
    def _get_bounds(self):
        # Nobody invoices further ahead, wherever they did it before.
        return {**super()._get_bounds(), "invoiced_before": 10}

    # -- CRUD ---------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        vals_list = [dict(vals) for vals in vals_list]
        self.env["ir.sequence"]._assign_numbers(self._name, vals_list)
        for vals in vals_list:
            # Before its lines say that they are guarded.
            if vals.get("state", "draft") != "draft":
                self.new({"name": vals["name"]})._check_kept({"state"})
        contracts = super().create(vals_list)
        for contract in contracts:
            if contract.state != "draft":
                contract._check_kept({"state"})
        return contracts

    def write(self, vals):
        self._check_kept(vals.keys())
        self._check_customer_kept(vals)
        self._check_not_archived(vals)
        self._check_guarded(vals)
        self._check_payer_kept(vals)
        # Before anything is compared with it.
        self._check_plausible(vals)
        self._check_invoiced_before(vals)
        following = self._get_following_lines(vals)
        agreed = self._get_agreed_payment(vals)
        result = super().write(vals)
        for contract, lines in following.grouped("contract_id").items():
            lines.response_hours = contract.response_hours
        self._keep_agreed_payment(agreed)
        self._follow_with_visits(vals)
        self._follow_with_requests(vals.keys())
        if vals.keys() & {"date_start", "date_end"}:
            self.line_ids._follow_with_rentals()
        return result

    def unlink(self):
        # Before anything of them goes.
        self._unlink_except_draft()
        self.line_ids.unlink()
        self._unlink_schedules()
        return super().unlink()

    def _get_following_lines(self, vals):
        """Return the lines that are answered as fast as their contract says, and go on
        to be if that is written."""
        if not vals.keys() & {"response_hours", "template_id"}:
            return self.line_ids.browse()
        return self.line_ids.filtered(
            lambda line: line.response_hours == line.contract_id.response_hours
        )

    def _get_agreed_payment(self, vals):
        """Return {contract: (payer, payment terms)} if another customer is written."""
        if "partner_id" not in vals or "payment_term_id" in vals:
            return {}
        return {own: (own.invoice_partner_id, own.payment_term_id) for own in self}

    def _keep_agreed_payment(self, agreed):
        """Let who pays as before pay on the terms that were agreed.

        :param agreed: of `_get_agreed_payment`
        """
        for contract, (payer, term) in agreed.items():
            if contract.invoice_partner_id == payer:
                contract.payment_term_id = term

    def _get_company_ties(self, company_id):
        return [
            *super()._get_company_ties(company_id),
            (
                "installed.base",
                [
                    ("company_id", "!=", company_id),
                    ("service_contract_line_ids.contract_id", "in", self.ids),
                ],
            ),
        ]

    def _check_kept(self, names):
        """Refuse to write what follows from what is done to contracts."""
        changing = self.env.context.get("service_contract_change") is CHANGING
        kept = sorted(KEPT_FIELDS & names)
        if self and kept and not changing and not self.env.su:
            raise UserError(
                self.env._(
                    "%(field)s of contract %(contract)s cannot be edited directly. "
                    "Activate, suspend, renew, invoice or cancel the contract "
                    "instead.",
                    field=self._fields[kept[0]]._description_string(self.env),
                    contract=self[0].display_name,
                )
            )

    def _set_state(self, state):
        """Write the state; what goes with it is the caller's."""
        self.with_context(service_contract_change=CHANGING).write({"state": state})

    def _check_guarded(self, vals):
        """Refuse what changes of signed contracts with a date and a reason only."""
        names = GUARDED_FIELDS & vals.keys()
        if not names or self.env.context.get("service_contract_change") is CHANGING:
            return
        signed = self.filtered(lambda contract: contract.state != "draft")
        for name in names:
            field = self._fields[name]
            for contract in signed:
                if not contract._has_value(name, vals[name]):
                    raise UserError(
                        self.env._(
                            "Contract %(contract)s is no longer a draft, so "
                            "%(field)s cannot be changed. End or cancel the contract "
                            "with a date and a reason, or create a new one.",
                            contract=contract.display_name,
                            field=field._description_string(self.env),
                        )
                    )

    def _check_customer_kept(self, vals):
        """Refuse another customer once a contract is no draft: covered equipment,
        payer and what was invoiced are the customer's. Another of their contacts is
        as good."""
        if "partner_id" not in vals:
            return
        customer = self.env["res.partner"].browse(vals["partner_id"])
        customer = customer.commercial_partner_id
        for contract in self:
            if contract.state != "draft" and contract.commercial_partner_id != customer:
                raise UserError(
                    self.env._(
                        "Contract %s is no longer a draft. Transfer it, or create a "
                        "new contract, if the customer changes.",
                        contract.display_name,
                    )
                )

    def _check_not_archived(self, vals):
        """Refuse to hide contracts that run, or have something left to invoice: no
        run would find them any more."""
        if vals.get("active", True):
            return
        for contract in self:
            if contract.state in RUNNING_STATES:
                raise UserError(
                    self.env._(
                        "Contract %s is active: it would no longer be invoiced. "
                        "Cancel it with a date and a reason before archiving it.",
                        contract.display_name,
                    )
                )
            if contract.sudo().credit_due_amount:
                raise UserError(
                    self.env._(
                        "Contract %s still has an amount to credit. Create its "
                        "credit note before archiving it.",
                        contract.display_name,
                    )
                )
            if contract.next_invoice_date:
                raise UserError(
                    self.env._(
                        "Contract %s still has an amount to invoice. Invoice it "
                        "before archiving it.",
                        contract.display_name,
                    )
                )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_draft(self):
        for contract in self:
            if contract.state != "draft" or contract.term_ids:
                raise UserError(
                    self.env._(
                        "Contract %s was signed. Cancel or archive it instead of "
                        "deleting its history.",
                        contract.display_name,
                    )
                )

    def copy_data(self, default=None):
        vals_list = super().copy_data(default)
        for contract, vals in zip(self, vals_list, strict=True):
            vals.pop("annual_amount", None)
            if contract.cancellation_date and "date_end" not in (default or {}):
                # The end that was agreed, not the one of the cancellation.
                vals["date_end"] = contract._get_cancellation_undo().date_end
        return vals_list

    # -- Activation ---------------------------------------------------------------

    def action_activate(self):
        """Begin the contracts: their first term, price history and analytic account.

        :raise UserError: with everything that is missing, of all contracts at once
        """
        self._check_activation()
        self._action_activate()
        return True

    def _action_activate(self):
        """Begin contracts that lack nothing."""
        self._create_analytic_accounts()
        self._create_first_terms()
        self.line_ids._record_signed_prices()
        # What is reserved stands with the customer, and is visited there.
        self.line_ids._reserve_rentals()
        self._set_state("active")
        self._update_states()
        self._close_offer()
        self._defer_openings()

    def _check_activation(self):
        for contract in self:
            if contract.state != "draft":
                raise UserError(
                    self.env._(
                        "Contract %s is not a draft. Only draft contracts can be "
                        "activated.",
                        contract.display_name,
                    )
                )
        problems = {contract: contract._get_activation_problems() for contract in self}
        problems = {contract: found for contract, found in problems.items() if found}
        if problems:
            raise UserError(
                "\n\n".join(
                    "\n".join(
                        (
                            self.env._(
                                "Contract %s cannot be activated yet:",
                                contract.display_name,
                            ),
                            *(f"- {problem}" for problem in found),
                        )
                    )
                    for contract, found in problems.items()
                )
            )

    def _create_first_terms(self):
        # Terms write themselves: nobody changes them by hand.
        self.env["service.contract.term"].sudo().create(
            [contract._prepare_term_vals() for contract in self]
        )

    def _activate_ready(self):
        """Activate the drafts that lack nothing, and leave the others as they are."""
        self.filtered(
            lambda contract: (
                contract.state == "draft" and not contract._get_activation_problems()
            )
        )._action_activate()

    def _prepare_term_vals(self):
        self.ensure_one()
        return {
            "contract_id": self.id,
            "date_start": self.date_start,
            "date_end": self.date_end,
        }

    def _get_activation_problems(self):
        """Return everything that keeps a draft from being activated, in words."""
        self.ensure_one()
        problems = []
        priced = self.line_ids.filtered(lambda line: not line.display_type)
        if not priced:
            problems.append(self.env._("It has no line that covers anything."))
        elif not any(priced.mapped("amount")):
            problems.append(self.env._("None of its lines has an amount."))
        if self.date_end and self.date_end < self.date_start:
            problems.append(self.env._("It ends before it starts."))
        if self.renewal != "none" and not self.date_end:
            problems.append(self.env._("It is to be renewed, but has no end."))
        if self.renewal == "automatic" and not self.term_months:
            problems.append(self.env._("It renews automatically, but has no duration."))
        problems += priced._get_activation_problems()
        if self.billing_months:
            problems += self._get_accounting_problems(priced)
        problems += self._get_opening_problems()
        problems += self._get_rental_problems()
        return problems

    def action_cancel_draft(self):
        """Cancel drafts. What was signed is cancelled with a date and a reason."""
        if self.filtered(lambda contract: contract.state != "draft"):
            raise UserError(self.env._("Only draft contracts can be cancelled here."))
        self._set_state("cancelled")
        return True

    def action_reset_to_draft(self):
        """Take up drafts again that were given up."""
        if self.filtered(
            lambda contract: contract.state != "cancelled" or contract.term_ids
        ):
            raise UserError(
                self.env._(
                    "Only contracts that were never active can be reset to draft."
                )
            )
        self._set_state("draft")
        return True

    # -- States -------------------------------------------------------------------

    @api.model
    def _cron_update_states(self):
        """Suspend, resume, end and close what is due to be, every night."""
        today = fields.Date.context_today(self)
        self._find_to_update(today)._do_in_slices(
            lambda contracts: contracts._update_as_of(today)
        )

    @api.model
    def _find_to_update(self, today):
        """Return what a day may change, each kind found by an index of its own."""
        running = Domain("state", "in", RUNNING_STATES)
        begun = self.env["service.contract.suspension"].search(
            [
                ("contract_id.state", "=", "active"),
                ("date_start", "<=", today),
                "|",
                ("date_end", "=", False),
                ("date_end", ">=", today),
            ]
        )
        return (
            self.search([("next_change_date", "<=", today)])
            | self.search([("state", "=", "suspended")])
            | self.search(running & Domain("date_end", "<", today))
            | begun.contract_id
            | self._find_with_new_payer(today)
        )

    def _update_as_of(self, today):
        """Let contracts have the payer, the annual amount and the state of today."""
        self._update_payers(today)
        changed = self.filtered(
            lambda c: c.next_change_date and c.next_change_date <= today
        )
        self.env.add_to_compute(self._fields["annual_amount"], changed)
        changed.modified(["annual_amount"])
        self._update_states()

    def _update_states(self):
        """Bring the state of running contracts up to today."""
        today = fields.Date.context_today(self)
        running = self.filtered(lambda contract: contract.state in RUNNING_STATES)
        ended = running.filtered(lambda contract: contract._has_ended(today))
        ended._record_end()
        states = {}
        for contract in running:
            if contract in ended and contract.cancellation_date:
                state = "cancelled"
            elif contract in ended and contract._is_finished(today):
                state = "closed"
            else:
                state = "suspended" if contract._is_suspended(today) else "active"
            if state != contract.state:
                states.setdefault(state, self.browse())
                states[state] |= contract
        for state, contracts in states.items():
            contracts._set_state(state)

    def _is_suspended(self, day):
        self.ensure_one()
        return any(
            first <= day <= last
            for first, last in (row._get_span() for row in self.suspension_ids)
        )

    def _has_ended(self, day):
        """Tell whether the last covered day lies before a day, for good."""
        self.ensure_one()
        return bool(
            self.date_end
            # What never began has ended, whenever it was to begin.
            and self.date_end < max(day, self.date_start)
            and not self._is_end_open()
        )

    def _is_finished(self, day):
        """Tell whether the end has passed and nothing is left to invoice or earn."""
        self.ensure_one()
        return bool(
            self.date_end
            and self.date_end < day
            and not self.next_invoice_date
            and not self.sudo().deferral_ids.filtered(lambda row: not row.move_id)
        )

    def _record_end(self):
        """Count the loss of what ended and was not renewed, once."""
        lines = self.line_ids
        ends = {line: line.contract_id.date_end for line in lines}
        days = {line: end + DAY for line, end in ends.items()}
        lines._record_price("ended", days, dict.fromkeys(lines, 0))
        lines._balance_later(ends)

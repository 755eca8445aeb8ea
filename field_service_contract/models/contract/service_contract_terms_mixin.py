from odoo import api, fields, models

# Months of a billing period; never: for contracts that are paid otherwise.
BILLING_PERIODS = [
    ("1", "Monthly"),
    ("2", "Every two months"),
    ("3", "Quarterly"),
    ("6", "Half-yearly"),
    ("12", "Yearly"),
    ("0", "Never"),
]
FIRST_PARTS = [
    ("together", "With the first full period"),
    ("alone", "Separately"),
]
# What of a contract says how fast requests are answered.
PROMISE_FIELDS = frozenset(
    {
        "calendar_id",
        "contract_id",
        "date_end",
        "date_start",
        "installed_base_id",
        "on_holidays",
        "response_hours",
        "state",
        "template_id",
    }
)


class ServiceContractTermsMixin(models.AbstractModel):
    """What a contract takes over from its template and may then change."""

    _name = "service.contract.terms.mixin"
    _inherit = ["installed.base.plausible.mixin"]
    _description = "Service Contract Terms"

    # Billing
    group_id = fields.Many2one(
        comodel_name="service.contract.group",
        index="btree_not_null",
        ondelete="restrict",
    )
    billing_period = fields.Selection(selection=BILLING_PERIODS, required=True)
    billing_months = fields.Integer(
        string="Billing Period (Months)",
        compute="_compute_billing_months",
        inverse="_inverse_billing_months",
        store=True,
        precompute=True,
        aggregator=None,
        help="Number of months of a billing period: 1, 2, 3, 6 or 12; 0 to never "
        "invoice.",
    )
    billing_timing = fields.Selection(
        selection=[("prepaid", "In advance"), ("arrears", "In arrears")],
        required=True,
        help="In advance: due on the first day of the period. In arrears: due on the "
        "last day.",
    )
    billing_anchor = fields.Selection(
        selection=[
            ("calendar", "Calendar months"),
            ("anniversary", "Months from the start"),
        ],
        string="Period Alignment",
        required=True,
        help="Calendar months: periods start on the first of a month. Months from "
        "the start: periods start on the day of the month on which the contract "
        "started.",
    )
    billing_first_part = fields.Selection(
        selection=FIRST_PARTS,
        string="First Partial Period",
        required=True,
        help="How the days before the first full calendar month are billed.",
    )

    # Invoices
    journal_id = fields.Many2one(
        comodel_name="account.journal",
        check_company=True,
        domain="[('type', '=', 'sale')]",
        ondelete="restrict",
        help="If empty, the first customer invoice journal of the company.",
    )
    invoice_grouping = fields.Selection(
        selection=[
            ("contract", "One invoice per contract"),
            ("payer", "One invoice per payer"),
        ],
        required=True,
        help="Contracts of one payer are combined if they have the same delivery "
        "address, currency, journal, payment terms, fiscal position and date.",
    )
    invoice_detail = fields.Selection(
        selection=[
            ("line", "Every contract line"),
            ("contract", "One line per contract"),
        ],
        string="Detail",
        required=True,
        help="One line per contract: the printed invoice shows the total of the "
        "contract; its lines are kept in the accounting.",
    )
    invoice_dating = fields.Selection(
        selection=[("period", "Due date of the period"), ("run", "Date of the run")],
        string="Invoice Date",
        required=True,
    )
    invoice_catch_up = fields.Selection(
        selection=[
            ("invoices", "One invoice per period"),
            ("lines", "One invoice with a line per period"),
        ],
        string="Multiple Periods",
        required=True,
        help="How several periods due in one run are invoiced.",
    )
    invoice_ahead_days = fields.Integer(
        string="Days Ahead",
        aggregator=None,
        help="Number of days before the due date when invoices are created.",
    )
    invoice_posting = fields.Selection(
        selection=[("draft", "Keep as drafts"), ("post", "Post automatically")],
        string="Posting",
        required=True,
    )
    invoice_sending = fields.Boolean(
        string="Send by Email",
        help="Posted invoices are sent to the payer by Odoo's scheduled sending.",
    )
    invoice_after_service = fields.Boolean(
        help="A period is only invoiced when all its visits are done, dated the last "
        "visit if that is later. Only for contracts billed in arrears.",
    )
    invoice_title = fields.Char(
        string="Title on Invoices",
        translate=True,
        help="Heading of the contract lines, with the same placeholders as their "
        "texts. If empty, the contract number and the billed period.",
    )

    # Accounts
    revenue_account_id = fields.Many2one(
        comodel_name="account.account",
        check_company=True,
        domain="[('internal_group', '=', 'income')]",
        ondelete="restrict",
        help="If empty, the income account of the line's product.",
    )
    is_deferred = fields.Boolean(
        string="Defer Revenue",
        help="Amounts invoiced in advance are recognized as revenue month by month.",
    )
    deferred_account_id = fields.Many2one(
        comodel_name="account.account",
        string="Deferred Revenue Account",
        check_company=True,
        domain="[('internal_group', '=', 'liability')]",
        ondelete="restrict",
        help="If empty, the one of the company.",
    )
    analytic_plan_id = fields.Many2one(
        comodel_name="account.analytic.plan",
        ondelete="restrict",
        help="Each contract has an analytic account in this plan. If empty, the plan "
        "of the company.",
    )

    # Service
    response_hours = fields.Float(
        string="Response Time",
        aggregator=None,
        help="Service hours within which the customer receives a response.",
    )
    calendar_id = fields.Many2one(
        comodel_name="resource.calendar",
        string="Service Hours",
        check_company=True,
        ondelete="restrict",
        help="Hours in which the response time is counted, on the clock of the site. "
        "If empty, those of the company.",
    )
    on_holidays = fields.Boolean(
        string="Also on Holidays",
        help="The response time is counted on public holidays, too.",
    )

    # Term
    renewal = fields.Selection(
        selection=[
            ("none", "None"),
            ("manual", "Manual"),
            ("automatic", "Automatic"),
        ],
        required=True,
    )
    term_months = fields.Integer(
        string="Duration",
        aggregator=None,
        help="Duration of a term in months, 0 if the contract has no end.",
    )
    notice_months = fields.Integer(
        string="Notice Period",
        aggregator=None,
        help="Number of months before the end by which notice must be given.",
    )
    price_update_months = fields.Integer(
        string="Price Update Every",
        aggregator=None,
        help="Number of months between two price updates, 0 for none.",
    )
    note = fields.Html(string="Terms and Conditions", translate=True)

    _durations_positive = models.Constraint(
        "CHECK (invoice_ahead_days >= 0 AND response_hours >= 0 AND term_months >= 0 "
        "AND notice_months >= 0 AND price_update_months >= 0)",
        "Days ahead, response time, duration, notice period and price update must be "
        "zero or more.",
    )
    _durations_limited = models.Constraint(
        "CHECK (invoice_ahead_days <= 366 AND term_months <= 1200 "
        "AND notice_months <= 1200 AND price_update_months <= 1200)",
        "Invoices can be created at most 366 days ahead; duration, notice period and "
        "price update can be at most 1200 months.",
    )
    _sending_needs_posting = models.Constraint(
        "CHECK (invoice_sending IS NOT TRUE OR invoice_posting = 'post')",
        "Only posted invoices can be sent. Post them automatically, or do not send "
        "them.",
    )
    _after_service_in_arrears = models.Constraint(
        "CHECK (invoice_after_service IS NOT TRUE OR billing_timing = 'arrears')",
        "Invoicing after service requires billing in arrears. Change one of them.",
    )

    @api.model
    def _get_bounds(self):
        return {
            **super()._get_bounds(),
            "invoice_ahead_days": (0, 366),
            "response_hours": (0, 100_000),
            "term_months": (0, 1200),
            "notice_months": (0, 1200),
            "price_update_months": (0, 1200),
            "labor_price_max": (0, 1e9),
            "free_call_count": (0, 10_000),
        }

    @api.depends("billing_period")
    def _compute_billing_months(self):
        for record in self:
            record.billing_months = int(record.billing_period or 0)

    def _inverse_billing_months(self):
        for record in self:
            record.billing_period = str(record.billing_months)

    @api.model
    def _get_settings(self):
        """Return the names of the fields that a contract takes from its template,
        each with what it is without template."""
        return {
            "group_id": False,
            "billing_period": "12",
            "billing_timing": "prepaid",
            "billing_first_part": self.env.company.service_billing_first_part,
            "journal_id": False,
            "invoice_grouping": "contract",
            "invoice_detail": "line",
            "invoice_dating": "period",
            "invoice_catch_up": "invoices",
            "invoice_ahead_days": 0,
            "invoice_posting": "draft",
            "invoice_sending": False,
            "invoice_title": False,
            "revenue_account_id": False,
            "deferred_account_id": False,
            "analytic_plan_id": False,
            "response_hours": 0,
            "calendar_id": False,
            "on_holidays": False,
            "renewal": "none",
            "term_months": 12,
            "notice_months": 0,
            "price_update_months": 0,
            "labor_price_max": 0,
            "free_call_count": 0,
            "note": False,
        }

    @api.model
    def _get_billing_anchor(self, months):
        """Return how periods of so many months begin by default: by the calendar, a
        year or half a year would nearly always begin with some days apart."""
        return "anniversary" if months >= 6 else "calendar"

    @api.model
    def _describe_terms(self, vals):
        """Return billing, renewal and notice as a document prints them.

        :param dict vals: values of these fields, of a contract or a quotation
        :rtype: dict
        """
        labels = {
            name: dict(self._fields[name]._description_selection(self.env)).get(
                vals[name]
            )
            for name in (
                "billing_period",
                "billing_timing",
                "billing_anchor",
                "renewal",
            )
        }
        billing = periods = None
        if int(vals["billing_period"] or 0):
            billing = f"{labels['billing_period']}, {labels['billing_timing'].lower()}"
            periods = labels["billing_anchor"]
        renews = vals["renewal"] not in (False, "none")
        return {
            "billing": billing,
            "periods": periods,
            "renewal": labels["renewal"],
            "notice": vals["notice_months"] if renews else 0,
        }

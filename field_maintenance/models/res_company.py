from odoo import api, fields, models


class ResCompany(models.Model):
    _name = "res.company"
    _inherit = ["res.company", "installed.base.guard.mixin"]

    visit_report_at_done = fields.Boolean(
        string="Send Visit Reports",
        help="The customer is sent the report when a visit is done.",
    )
    visit_rating_at_done = fields.Boolean(
        string="Ask for Ratings",
        help="The customer is asked how content they are when a visit is done.",
    )
    visit_together_days = fields.Integer(
        string="Do Together Within",
        default=30,
        help="Visits of one site that are due at most so many days apart are offered "
        "to be done together.",
    )

    visit_horizon_months = fields.Integer(
        string="Visit Horizon",
        default=12,
        required=True,
        help="How many months ahead schedules make their visits.",
    )
    visit_shift_policy = fields.Selection(
        selection=[
            ("before", "The working day before"),
            ("after", "The working day after"),
            ("nearest", "The nearest working day"),
        ],
        string="Due Dates on a Day Off",
        default="before",
        required=True,
        help="Where a due date goes that falls on a day on which nobody works. "
        "Schedules start with it and may choose another.",
    )
    visit_dispatcher_id = fields.Many2one(
        comodel_name="res.users",
        string="Dispatcher",
        domain="[('share', '=', False)]",
        help="Hears of visits that must be planned again, unless their schedule or "
        "team has somebody.",
    )
    sends_visit_invitations = fields.Boolean(
        string="Invite Technicians by E-mail",
        help="Technicians get Odoo's invitation when a visit is planned and its update "
        "when it is moved.",
    )
    blocks_visit_conflicts = fields.Boolean(
        string="Refuse Conflicting Appointments",
        help="An appointment during another visit or the time off of a technician is "
        "refused instead of only warned of.",
    )
    intervention_document = fields.Selection(
        selection=[
            ("ask", "Ask"),
            ("visit", "A visit"),
            ("quotation", "A quotation"),
            ("order", "An order of type Maintenance"),
        ],
        string="New Intervention",
        default="ask",
        required=True,
        help="What “Create intervention” on a customer or equipment makes.",
    )

    # What recorded time is billed as; see maintenance_visit_labor.py
    visit_travel_product_id = fields.Many2one(
        comodel_name="product.product",
        string="Travel Time",
        domain="[('sale_ok', '=', True), ('type', '=', 'service')]",
        check_company=True,
        help="What the recorded travel of technicians is billed as. Empty: not billed.",
    )
    visit_work_product_id = fields.Many2one(
        comodel_name="product.product",
        string="Working Time",
        domain="[('sale_ok', '=', True), ('type', '=', 'service')]",
        check_company=True,
        help="What the recorded work of technicians is billed as. Empty: not billed.",
    )

    # What customers are told of visits; see maintenance_visit_notice.py
    visit_notice_planned = fields.Boolean(
        string="Tell Customers of Planned Visits",
        help="The contact of a visit gets an e-mail with a calendar file.",
    )
    visit_notice_since = fields.Datetime(
        compute="_compute_visit_notice_since",
        store=True,
        help="Visits planned earlier are not told of: their customers know.",
    )
    visit_notice_changed = fields.Boolean(
        string="Tell Customers of Changes",
        help="When a visit that the customer knows of is moved or called off.",
    )
    visit_notice_delay = fields.Integer(
        string="Wait Before Telling",
        default=15,
        help="Minutes without change before a customer is told, so that they are not "
        "told of every step while you plan.",
    )
    visit_reminder_days = fields.Integer(
        string="Remind Customers",
        default=0,
        help="So many days before a visit; 0 for no reminder.",
    )

    _visit_horizon_positive = models.Constraint(
        "CHECK (visit_horizon_months > 0)",
        "Schedules make visits for one month ahead or more.",
    )
    _visit_notice_delay_positive = models.Constraint(
        "CHECK (visit_notice_delay >= 0)",
        "Customers are told of visits after zero minutes or more.",
    )
    _visit_reminder_days_positive = models.Constraint(
        "CHECK (visit_reminder_days >= 0)",
        "Customers are reminded of visits zero days or more before.",
    )

    @api.model
    def _get_bounds(self):
        return {
            **super()._get_bounds(),
            "visit_together_days": (0, 3660),
            "visit_horizon_months": (0, 120),
            "visit_notice_delay": (0, 1_000_000),
            "visit_reminder_days": (0, 3660),
        }

    @api.depends("visit_notice_planned", "visit_notice_changed")
    def _compute_visit_notice_since(self):
        for company in self:
            if not (company.visit_notice_planned or company.visit_notice_changed):
                company.visit_notice_since = False
            elif not company.visit_notice_since:
                company.visit_notice_since = fields.Datetime.now()

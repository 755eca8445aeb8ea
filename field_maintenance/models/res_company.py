from odoo import api, fields, models
from odoo.fields import Domain

# What response dates and alerts depend on.
SERVICE_LEVEL_FIELDS = frozenset(
    {
        "resource_calendar_id",
        "service_calendar_id",
        "service_first_alert",
        "service_last_alert",
        "service_on_holidays",
        "service_response_hours",
        "service_second_alert",
    }
)


class ResCompany(models.Model):
    _name = "res.company"
    _inherit = ["res.company", "installed.base.guard.mixin"]

    visit_report_at_done = fields.Boolean(
        string="Send Visit Reports",
        help="The report is sent to the customer when a visit is done.",
    )
    visit_rating_at_done = fields.Boolean(
        string="Ask for Ratings",
        help="The customer is asked to rate a visit when it is done.",
    )
    visit_together_days = fields.Integer(
        string="Merge Visits Due Within",
        default=30,
        help="Visits at one site due at most this number of days apart are suggested "
        "for merging.",
    )

    visit_horizon_months = fields.Integer(
        string="Visit Horizon",
        default=12,
        required=True,
        help="Number of months ahead for which schedules generate their visits.",
    )
    visit_shift_policy = fields.Selection(
        selection=[
            ("before", "The working day before"),
            ("after", "The working day after"),
            ("nearest", "The nearest working day"),
        ],
        string="Due Dates on Non-Working Days",
        default="before",
        required=True,
        help="Where to move a due date on a non-working day. Default for new "
        "schedules.",
    )
    visit_dispatcher_id = fields.Many2one(
        comodel_name="res.users",
        string="Dispatcher",
        domain="[('share', '=', False)]",
        help="Notified of visits that must be replanned, unless their schedule or "
        "team has a responsible.",
    )
    sends_visit_invitations = fields.Boolean(
        string="Invite Technicians by Email",
        help="Odoo sends technicians an invitation when a visit is planned and an "
        "update when it is moved.",
    )
    blocks_visit_conflicts = fields.Boolean(
        string="Refuse Conflicting Appointments",
        help="Appointments that overlap another visit or the time off of a "
        "technician are refused instead of only showing a warning.",
    )
    intervention_document = fields.Selection(
        selection=[
            ("ask", "Ask"),
            ("visit", "A visit"),
            ("quotation", "A quotation"),
            ("order", "A maintenance order"),
        ],
        string="New Intervention",
        default="ask",
        required=True,
        help="Document created by “Create intervention” on a customer or equipment.",
    )

    service_fault_depth = fields.Selection(
        selection=[
            ("none", "Nothing"),
            ("fault", "Fault"),
            ("symptom", "Symptom and fault"),
            ("area", "Area, symptom and fault"),
        ],
        string="Fault Codes",
        default="none",
        required=True,
        help="Codes that technicians enter for equipment that they repair, besides "
        "resolution and reason.",
    )

    # What recorded time is billed as; see maintenance_visit_labor.py
    visit_travel_product_id = fields.Many2one(
        comodel_name="product.product",
        string="Travel Time",
        domain="[('sale_ok', '=', True), ('type', '=', 'service')]",
        check_company=True,
        help="Product to bill the recorded travel time. Leave empty not to bill it.",
    )
    visit_work_product_id = fields.Many2one(
        comodel_name="product.product",
        string="Working Time",
        domain="[('sale_ok', '=', True), ('type', '=', 'service')]",
        check_company=True,
        help="Product to bill the recorded working time. Leave empty not to bill it.",
    )

    # Who pays, and what is billed; see billing/coverage.py
    service_warranty_part_percent = fields.Float(
        string="Warranty on Parts (%)",
        default=100,
        help="How much of the price of parts a warranty pays, unless the equipment or "
        "its category says otherwise.",
    )
    service_warranty_labor_percent = fields.Float(
        string="Warranty on Labor (%)",
        default=100,
        help="How much of the price of labor a warranty pays, unless the equipment or "
        "its category says otherwise.",
    )
    service_start_fee_product_id = fields.Many2one(
        comodel_name="product.product",
        string="Start Fee",
        domain="[('sale_ok', '=', True), ('type', '=', 'service')]",
        check_company=True,
        help="Added to the costs of each visit when it is done. Leave empty for none.",
    )
    loan_free_days = fields.Integer(
        string="Free Days of a Loaner",
        help="A loaner is charged from the day after these. It is due back on the last "
        "of them, unless another day is chosen.",
    )
    loan_product_id = fields.Many2one(
        comodel_name="product.product",
        string="Loaner Fee",
        domain="[('sale_ok', '=', True), ('type', '=', 'service')]",
        check_company=True,
        help="Price of a day with a loaner. Leave empty to charge nothing.",
    )
    service_bills_covered = fields.Boolean(
        string="Show Free Lines on Orders",
        default=True,
        help="What the customer gets for free is put on the order, too, at 100 % "
        "discount.",
    )

    # Until when requests are answered; see request/service_levels.py
    service_response_hours = fields.Float(
        string="Response Time",
        help="Service hours within which work on a request must begin, unless its "
        "contract, equipment or category says otherwise. 0: no response date.",
    )
    service_calendar_id = fields.Many2one(
        comodel_name="resource.calendar",
        string="Service Hours",
        check_company=True,
        ondelete="restrict",
        help="Hours in which response times are counted, on the clock of the site. If "
        "empty, the working hours of the company; without any, around the clock.",
    )
    service_on_holidays = fields.Boolean(
        string="Also on Holidays",
        help="Response times are counted on public holidays, too.",
    )
    service_first_alert = fields.Float(
        string="First Alert",
        default=2,
        help="Hours before the response date. The responsible of the request gets a "
        "to-do and an email.",
    )
    service_second_alert = fields.Float(
        string="Second Alert", default=1, help="Hours before the response date."
    )
    service_last_alert = fields.Float(
        string="Last Alert",
        default=0,
        help="Hours before the response date. 0: when it has passed.",
    )

    # What customers are told of visits; see maintenance_visit_notice.py
    visit_notice_planned = fields.Boolean(
        string="Notify Customers of Planned Visits",
        help="The contact of a visit receives an email with a calendar file.",
    )
    visit_notice_since = fields.Datetime(
        string="Notify of Visits Planned Since",
        compute="_compute_visit_notice_since",
        store=True,
        help="Customers are not notified of visits planned before this time.",
    )
    visit_notice_changed = fields.Boolean(
        string="Notify Customers of Changes",
        help="When a visit the customer was notified of is moved or cancelled.",
    )
    visit_notice_delay = fields.Integer(
        string="Notification Delay (Minutes)",
        default=15,
        help="Minutes without a change before a customer is notified, so that they "
        "are not notified of every change while you plan.",
    )
    visit_notice_coming = fields.Boolean(
        string="Notify Customers of Arrivals",
        help="When a technician taps “On my way”.",
    )
    visit_reminder_days = fields.Integer(
        string="Remind Customers",
        default=0,
        help="Number of days before a visit; 0 for no reminder.",
    )

    _service_warranty_percents = models.Constraint(
        "CHECK (service_warranty_part_percent BETWEEN 0 AND 100 "
        "AND service_warranty_labor_percent BETWEEN 0 AND 100)",
        "A warranty pays between 0 and 100 % of the price.",
    )

    # Who may go where, and how long that takes; see dispatch/
    service_skill_policy = fields.Selection(
        selection=[
            ("block", "Refuse"),
            ("warn", "Show a warning"),
            ("ignore", "Ignore"),
        ],
        string="Missing Skills",
        default="warn",
        required=True,
        help="What happens when the technicians of a visit lack a skill that it needs.",
    )
    service_travel_factor = fields.Float(
        string="Detour Factor",
        default=1.3,
        required=True,
        help="Kilometers on the road for each kilometer as the crow flies.",
    )
    service_travel_speed = fields.Float(
        string="Average Speed",
        default=50.0,
        required=True,
        help="Kilometers per hour, used to estimate travel times.",
    )
    service_arrival_minutes = fields.Integer(
        string="Minutes at a New Place",
        default=5,
        help="Time to park and reach the customer, added to each journey.",
    )
    service_unknown_travel_minutes = fields.Integer(
        string="Minutes Without Coordinates",
        default=30,
        help="Travel time to or from a place whose coordinates are unknown.",
    )

    _service_travel_positive = models.Constraint(
        "CHECK (service_travel_factor >= 1 AND service_travel_speed > 0 "
        "AND service_arrival_minutes >= 0 AND service_unknown_travel_minutes >= 0)",
        "The detour factor must be at least 1, the average speed greater than zero, "
        "and travel times zero minutes or more.",
    )
    _visit_horizon_positive = models.Constraint(
        "CHECK (visit_horizon_months > 0)",
        "Schedules must generate visits for at least one month ahead.",
    )
    _visit_notice_delay_positive = models.Constraint(
        "CHECK (visit_notice_delay >= 0)",
        "The notification delay must be zero minutes or more.",
    )
    _visit_reminder_days_positive = models.Constraint(
        "CHECK (visit_reminder_days >= 0)",
        "The visit reminder must be sent zero or more days before the visit.",
    )

    _service_response_hours_positive = models.Constraint(
        "CHECK (service_response_hours >= 0)",
        "The response time must be zero hours or more.",
    )
    _service_alerts_fall = models.Constraint(
        "CHECK (service_first_alert >= service_second_alert "
        "AND service_second_alert >= service_last_alert AND service_last_alert >= 0)",
        "Each alert must come as many hours before the response date as the one before "
        "it, or fewer, and none after that date.",
    )

    @api.model
    def _get_bounds(self):
        return {
            **super()._get_bounds(),
            "service_response_hours": (0, 100_000),
            "service_first_alert": (0, 8784),
            "service_second_alert": (0, 8784),
            "service_last_alert": (0, 8784),
            "loan_free_days": (0, 3660),
            "visit_together_days": (0, 3660),
            "visit_horizon_months": (0, 120),
            "visit_notice_delay": (0, 1_000_000),
            "visit_reminder_days": (0, 3660),
            "service_travel_factor": (1, 100),
            "service_travel_speed": (1, 1000),
            "service_arrival_minutes": (0, 24 * 60),
            "service_unknown_travel_minutes": (0, 24 * 60),
        }

    def _get_travel_settings(self):
        """Return how technicians of this company travel, as `TravelSettings` takes
        it."""
        self.ensure_one()
        # How fast somebody drives is no secret to who plans them.
        company = self.sudo()
        return {
            "detour": company.service_travel_factor,
            "speed": company.service_travel_speed,
            "arrival": company.service_arrival_minutes,
            "unknown": company.service_unknown_travel_minutes,
        }

    @api.depends("visit_notice_planned", "visit_notice_changed")
    def _compute_visit_notice_since(self):
        for company in self:
            if not (company.visit_notice_planned or company.visit_notice_changed):
                company.visit_notice_since = False
            elif not company.visit_notice_since:
                company.visit_notice_since = fields.Datetime.now()

    def write(self, vals):
        result = super().write(vals)
        if not SERVICE_LEVEL_FIELDS.isdisjoint(vals):
            self.env["service.request"]._follow_service_levels(
                Domain("company_id", "in", self.ids)
            )
        self._follow_warranty_percents(vals.keys())
        return result

    def _get_service_alerts(self):
        """Return the hours before a response date at which somebody is warned, three of
        them, falling."""
        self.ensure_one()
        return (
            self.service_first_alert,
            self.service_second_alert,
            self.service_last_alert,
        )

from odoo import api, fields, models


class MaintenanceSchedule(models.Model):
    """What of a customer is visited how often."""

    _name = "maintenance.schedule"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _description = "Maintenance Schedule"
    _order = "id desc"
    _check_company_auto = True

    name = fields.Char(
        compute="_compute_name",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
        index="trigram",
        tracking=True,
    )
    company_id = fields.Many2one(
        comodel_name="res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )
    partner_id = fields.Many2one(
        comodel_name="res.partner",
        string="Customer",
        required=True,
        index=True,
        ondelete="restrict",
        check_company=True,
        tracking=True,
    )
    commercial_partner_id = fields.Many2one(
        related="partner_id.commercial_partner_id",
        string="Commercial Entity",
        store=True,
        precompute=True,
        index=True,
    )
    site_id = fields.Many2one(
        comodel_name="res.partner",
        compute="_compute_site_id",
        store=True,
        readonly=False,
        precompute=True,
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
        domain="[('commercial_partner_id', '=', commercial_partner_id)]",
    )
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
    note = fields.Html(string="Notes")

    _dates_ordered = models.Constraint(
        "CHECK (date_end IS NULL OR date_end >= date_start)",
        "A schedule cannot end before it starts. Correct its start or its end.",
    )

    @api.depends("partner_id")
    def _compute_name(self):
        for schedule in self:
            if not schedule.name and schedule.partner_id:
                schedule.name = self.env._(
                    "Maintenance of %s", schedule.partner_id.display_name
                )

    @api.depends("partner_id")
    def _compute_site_id(self):
        for schedule in self:
            customer = schedule.partner_id
            if schedule.site_id.commercial_partner_id != customer.commercial_partner_id:
                schedule.site_id = (
                    customer and customer.address_get(["delivery"])["delivery"]
                )

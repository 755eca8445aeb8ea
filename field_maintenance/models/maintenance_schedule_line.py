from odoo import api, fields, models


class MaintenanceScheduleLine(models.Model):
    """A piece of equipment or a product that is visited by a rule."""

    _name = "maintenance.schedule.line"
    _inherit = ["maintenance.rule.mixin"]
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
    company_id = fields.Many2one(
        related="schedule_id.company_id", store=True, precompute=True, index=True
    )
    partner_id = fields.Many2one(related="schedule_id.partner_id")
    commercial_partner_id = fields.Many2one(related="schedule_id.commercial_partner_id")
    site_id = fields.Many2one(related="schedule_id.site_id")
    state = fields.Selection(
        related="schedule_id.state", store=True, precompute=True, index=True
    )
    installed_base_id = fields.Many2one(
        comodel_name="installed.base",
        string="Equipment",
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
        domain="[('commercial_partner_id', '=', commercial_partner_id)]",
    )
    product_id = fields.Many2one(
        comodel_name="product.product", index="btree_not_null", ondelete="restrict"
    )
    visit_type_id = fields.Many2one(
        comodel_name="maintenance.visit.type",
        required=True,
        index=True,
        ondelete="restrict",
    )
    date_start = fields.Date(
        string="Start",
        compute="_compute_dates",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
    )
    date_end = fields.Date(string="End", help="Last day; empty for the schedule's end.")
    date_first = fields.Date(
        string="First Due Date",
        help="The first visit is due on this day and the others are counted from it.",
    )
    technician_id = fields.Many2one(
        comodel_name="hr.employee",
        string="Preferred Technician",
        index="btree_not_null",
        check_company=True,
    )
    local_hour = fields.Float(
        string="Preferred Hour",
        aggregator=None,
        help="Hour of the day at the site, used when its visits are planned.",
    )
    visit_ids = fields.One2many(
        comodel_name="maintenance.visit",
        inverse_name="schedule_line_id",
        string="Visits",
    )

    _dates_ordered = models.Constraint(
        "CHECK (date_end IS NULL OR date_end >= date_start)",
        "A schedule line cannot end before it starts. Correct its start or its end.",
    )
    _hour_valid = models.Constraint(
        "CHECK (local_hour IS NULL OR (local_hour >= 0 AND local_hour < 24))",
        "The preferred hour lies between 0:00 and 23:59.",
    )

    @api.depends("schedule_id.date_start")
    def _compute_dates(self):
        for line in self:
            line.date_start = line.date_start or line.schedule_id.date_start

    @api.depends("installed_base_id", "product_id", "visit_type_id")
    def _compute_display_name(self):
        for line in self:
            what = line.installed_base_id or line.product_id
            names = (line.visit_type_id.display_name, what.display_name)
            line.display_name = " - ".join(filter(None, names))

from odoo import api, fields, models
from odoo.exceptions import ValidationError


class MaintenanceRuleMixin(models.AbstractModel):
    """How often something is visited: a rule of part A of the rules of dates."""

    _name = "maintenance.rule.mixin"
    _description = "Visit Rule"

    mode = fields.Selection(
        selection=[
            ("interval", "Every"),
            ("spread", "Spread evenly"),
            ("months", "In chosen months"),
            ("after_last", "Counted from the last visit"),
        ],
        default="interval",
        help="Every: at a fixed distance from the start, whenever the visit before was "
        "made.\nSpread evenly: a number of visits over the whole term.\nIn chosen "
        "months: each year on the same day of these months.\nCounted from the last "
        "visit: the next one is due one interval after the last was done.",
    )
    interval_number = fields.Integer(string="Interval", default=1, aggregator=None)
    interval_unit = fields.Selection(
        selection=[
            ("day", "Days"),
            ("week", "Weeks"),
            ("month", "Months"),
            ("year", "Years"),
        ],
        default="year",
    )
    visit_count = fields.Integer(
        string="Number of Visits",
        default=1,
        aggregator=None,
        help="How many visits are spread over the term.",
    )
    month_ids = fields.Many2many(comodel_name="maintenance.month", string="Months")

    @api.constrains("mode", "interval_number", "visit_count", "month_ids")
    def _check_rule(self):
        for record in self:
            name = record.display_name
            if record.interval_number <= 0:
                raise ValidationError(
                    self.env._(
                        "The interval of %s must be at least one. Type how many days, "
                        "weeks, months or years lie between two visits.",
                        name,
                    )
                )
            if record.mode == "spread" and record.visit_count <= 0:
                raise ValidationError(
                    self.env._(
                        "Type how many visits are to be spread for %s: one or more.",
                        name,
                    )
                )
            if record.mode == "months" and not record.month_ids:
                raise ValidationError(
                    self.env._(
                        "Choose at least one month in which %s is visited.", name
                    )
                )

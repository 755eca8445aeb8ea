from odoo import fields, models


class MaintenanceMonth(models.Model):
    """A month of the year, for rules that visit in chosen months."""

    _name = "maintenance.month"
    _description = "Month"
    _order = "number"

    name = fields.Char(required=True, translate=True)
    number = fields.Integer(required=True, help="1 for January to 12 for December.")

    _number_unique = models.Constraint(
        "UNIQUE (number)", "Another month already has this number."
    )
    _number_valid = models.Constraint(
        "CHECK (number BETWEEN 1 AND 12)",
        "The number of a month must be between 1 and 12.",
    )

from odoo import api, fields, models


class InstalledBaseCategory(models.Model):
    """How much of the price its warranty pays."""

    _inherit = "installed.base.category"

    service_warranty_part_percent = fields.Float(
        string="Warranty on Parts (%)",
        aggregator=None,
        help="How much of the price of parts the warranty pays. Leave empty for what "
        "the parent category or the company says.",
    )
    service_warranty_labor_percent = fields.Float(
        string="Warranty on Labor (%)",
        aggregator=None,
        help="How much of the price of labor the warranty pays. Leave empty for what "
        "the parent category or the company says.",
    )

    _service_warranty_percents = models.Constraint(
        "CHECK (service_warranty_part_percent BETWEEN 0 AND 100 "
        "AND service_warranty_labor_percent BETWEEN 0 AND 100)",
        "A warranty pays between 0 and 100 % of the price.",
    )

    @api.model
    def _get_lineage(self):
        """Return this category and those above it, the nearest first."""
        lineage = []
        category = self
        while category:
            lineage.append(category)
            category = category.parent_id
        return lineage

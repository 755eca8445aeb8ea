from contextlib import nullcontext

from odoo import fields, models


class InstalledBaseCategory(models.Model):
    """A family of equipment says which skills it takes, and how much of the price its
    warranty pays."""

    _inherit = "installed.base.category"

    skill_requirement_ids = fields.One2many(
        comodel_name="service.skill.requirement",
        inverse_name="category_id",
        string="Required Skills",
        copy=True,
        groups="base.group_user",
        help="Skills required to work on equipment of this category, unless the "
        "equipment, its product or a subcategory has its own.",
    )

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

    def write(self, vals):
        with self._watch_skills(vals.keys()):
            result = super().write(vals)
        self._follow_response_hours(vals.keys())
        self._follow_warranty_percents(vals.keys())
        return result

    def _watch_skills(self, names):
        """Tell dispatchers if work takes other skills because of another parent.

        :param names: what is written
        """
        if "parent_id" not in names:
            return nullcontext()
        return self.env["maintenance.visit"]._watch_skills([self])

    def _get_branch(self):
        """Return this category and those above it, the nearest first."""
        ids = [int(key) for key in (self.parent_path or "").split("/") if key]
        return self.browse(reversed(ids))

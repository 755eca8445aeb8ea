from odoo import fields, models


class InstalledBaseCategory(models.Model):
    """A family of equipment says which skills it takes."""

    _inherit = "installed.base.category"

    skill_requirement_ids = fields.One2many(
        comodel_name="service.skill.requirement",
        inverse_name="category_id",
        string="Required Skills",
        copy=True,
        groups="base.group_user",
        help="Skills that work on equipment of this category takes, unless the "
        "equipment, its product or a subcategory has its own.",
    )

    def write(self, vals):
        result = super().write(vals)
        self._follow_response_hours(vals.keys())
        return result

    def _get_branch(self):
        """Return this category and those above it, the nearest first."""
        ids = [int(key) for key in (self.parent_path or "").split("/") if key]
        return self.browse(reversed(ids))

from odoo import fields, models


class ProjectProject(models.Model):
    """Visits of a project."""

    _name = "project.project"
    _inherit = ["project.project", "maintenance.visit.owner.mixin"]

    _visit_field = "project_id"

    visit_ids = fields.One2many(
        comodel_name="maintenance.visit",
        inverse_name="project_id",
        string="Visits",
        groups="field_installed_base.group_user",
    )

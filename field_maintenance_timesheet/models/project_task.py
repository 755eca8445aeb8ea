from odoo import fields, models


class ProjectTask(models.Model):
    """Visits of a task."""

    _name = "project.task"
    _inherit = ["project.task", "maintenance.visit.owner.mixin"]

    _visit_field = "task_id"

    visit_ids = fields.One2many(
        comodel_name="maintenance.visit",
        inverse_name="task_id",
        string="Visits",
        groups="field_installed_base.group_user",
    )

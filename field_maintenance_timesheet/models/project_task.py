from odoo import fields, models


class ProjectTask(models.Model):
    """Visits of a task."""

    _inherit = "project.task"

    visit_ids = fields.One2many(
        comodel_name="maintenance.visit",
        inverse_name="task_id",
        string="Visits",
        groups="field_installed_base.group_user",
    )
    visit_count = fields.Integer(
        compute="_compute_visit_counts",
        groups="field_installed_base.group_user",
        export_string_translation=False,
    )
    visit_done_count = fields.Integer(
        compute="_compute_visit_counts",
        groups="field_installed_base.group_user",
        export_string_translation=False,
    )

    def _compute_visit_counts(self):
        groups = self.env["maintenance.visit"]._read_group(
            [("task_id", "in", self.ids), ("state", "!=", "cancelled")],
            ["task_id", "state"],
            ["__count"],
        )
        for task in self:
            counts = {state: n for of, state, n in groups if of == task}
            task.visit_count = sum(counts.values())
            task.visit_done_count = counts.get("done", 0)

    def action_view_visits(self):
        """Open the visits of this task; new ones belong to it."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "maintenance.visit",
            "view_mode": "list,form,calendar",
            "domain": [("task_id", "=", self.id)],
            "name": self.env._("Visits"),
            "context": {
                "default_task_id": self.id,
                "default_partner_id": self.partner_id.id,
            },
        }

from odoo import fields, models


class ProjectProject(models.Model):
    """Visits of a project."""

    _inherit = "project.project"

    visit_ids = fields.One2many(
        comodel_name="maintenance.visit",
        inverse_name="project_id",
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
            [("project_id", "in", self.ids), ("state", "!=", "cancelled")],
            ["project_id", "state"],
            ["__count"],
        )
        for project in self:
            counts = {state: n for of, state, n in groups if of == project}
            project.visit_count = sum(counts.values())
            project.visit_done_count = counts.get("done", 0)

    def action_view_visits(self):
        """Open the visits of this project; new ones belong to it."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "maintenance.visit",
            "view_mode": "list,form,calendar",
            "domain": [("project_id", "=", self.id)],
            "name": self.env._("Visits"),
            "context": {
                "default_project_id": self.id,
                "default_partner_id": self.partner_id.id,
            },
        }

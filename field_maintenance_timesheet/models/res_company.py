from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    visit_project_id = fields.Many2one(
        comodel_name="project.project",
        string="Project of Visits",
        check_company=True,
        domain="[('allow_timesheets', '=', True), ('is_template', '=', False)]",
        help="The recorded time of visits is counted on this project in timesheets. If "
        "empty, on the project of their order.",
    )

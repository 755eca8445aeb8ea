from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    visit_project_id = fields.Many2one(
        related="company_id.visit_project_id", readonly=False
    )

from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    visit_report_at_done = fields.Boolean(
        related="company_id.visit_report_at_done", readonly=False
    )
    visit_rating_at_done = fields.Boolean(
        related="company_id.visit_rating_at_done", readonly=False
    )
    visit_together_days = fields.Integer(
        related="company_id.visit_together_days", readonly=False
    )

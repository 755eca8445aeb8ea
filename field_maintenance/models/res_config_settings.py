from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    visit_horizon_months = fields.Integer(
        related="company_id.visit_horizon_months", readonly=False
    )
    visit_shift_policy = fields.Selection(
        related="company_id.visit_shift_policy", readonly=False
    )

from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    service_refurbish_location_id = fields.Many2one(
        related="company_id.service_refurbish_location_id", readonly=False
    )

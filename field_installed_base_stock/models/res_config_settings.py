from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    installed_base_units = fields.Selection(
        related="company_id.installed_base_units", readonly=False
    )
    installed_base_on_delivery = fields.Selection(
        related="company_id.installed_base_on_delivery", readonly=False
    )

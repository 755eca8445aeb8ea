from odoo import models


class InstalledBaseAirSupplyType(models.Model):
    _name = "installed.base.air.supply.type"
    _inherit = ["installed.base.pick.list.mixin"]
    _description = "Air-Supply Type"

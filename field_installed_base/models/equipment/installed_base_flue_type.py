from odoo import models


class InstalledBaseFlueType(models.Model):
    _name = "installed.base.flue.type"
    _inherit = ["installed.base.pick.list.mixin"]
    _description = "Flue Type"

from odoo import models


class InstalledBaseInstallationType(models.Model):
    _name = "installed.base.installation.type"
    _inherit = ["installed.base.pick.list.mixin"]
    _description = "Installation Type"

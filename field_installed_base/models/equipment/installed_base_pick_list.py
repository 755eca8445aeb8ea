from odoo import fields, models


class InstalledBasePickListMixin(models.AbstractModel):
    """A short list of values that an administrator extends from the field itself."""

    _name = "installed.base.pick.list.mixin"
    _inherit = ["installed.base.guard.mixin"]
    _description = "Installed Base Option"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)


class InstalledBaseAirSupplyType(models.Model):
    _name = "installed.base.air.supply.type"
    _inherit = ["installed.base.pick.list.mixin"]
    _description = "Air-Supply Type"


class InstalledBaseFlueType(models.Model):
    _name = "installed.base.flue.type"
    _inherit = ["installed.base.pick.list.mixin"]
    _description = "Flue Type"


class InstalledBaseInstallationType(models.Model):
    _name = "installed.base.installation.type"
    _inherit = ["installed.base.pick.list.mixin"]
    _description = "Installation Type"

from odoo import fields, models


class InstalledBasePickListMixin(models.AbstractModel):
    """A short list of values that an administrator extends from the field itself."""

    _name = "installed.base.pick.list.mixin"
    _inherit = ["installed.base.guard.mixin"]
    _description = "Installed Base Pick-list"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)

from random import randint

from odoo import fields, models


class MaintenanceVisitTag(models.Model):
    _name = "maintenance.visit.tag"
    _inherit = ["installed.base.guard.mixin"]
    _description = "Visit Tag"
    _order = "name"

    name = fields.Char(required=True, translate=True)
    color = fields.Integer(default=lambda self: self._default_color())

    _name_unique = models.Constraint(
        "UNIQUE (name)", "Another tag already has this name."
    )

    def _default_color(self):
        return randint(1, 11)

from odoo import fields, models


class ServiceContractGroup(models.Model):
    _name = "service.contract.group"
    _inherit = ["installed.base.guard.mixin"]
    _description = "Group of Service Contracts"
    _order = "sequence, name, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    color = fields.Integer()

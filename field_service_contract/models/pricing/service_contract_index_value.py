from odoo import fields, models


class ServiceContractIndexValue(models.Model):
    _name = "service.contract.index.value"
    _inherit = ["installed.base.record.mixin"]
    _description = "Value of a Price Index"
    _order = "index_id, date desc"
    _rec_name = "value"

    index_id = fields.Many2one(
        comodel_name="service.contract.index",
        required=True,
        index=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one(
        related="index_id.company_id", store=True, precompute=True, index=True
    )
    date = fields.Date(
        string="Effective Date",
        required=True,
        default=lambda self: fields.Date.context_today(self),
    )
    value = fields.Float(digits=(16, 6), required=True, aggregator=None)

    _date_unique = models.UniqueIndex(
        "(index_id, date)", "The index already has a value on this date."
    )
    _value_positive = models.Constraint(
        "CHECK (value > 0)", "The value of an index must be greater than zero."
    )

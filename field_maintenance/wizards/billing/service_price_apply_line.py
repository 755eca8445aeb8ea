from odoo import fields, models


class ServicePriceApplyLine(models.TransientModel):
    _name = "service.price.apply.line"
    _description = "Share of a Job Price"
    _rec_name = "service_line_id"

    apply_id = fields.Many2one(
        comodel_name="service.price.apply", required=True, ondelete="cascade"
    )
    currency_id = fields.Many2one(related="apply_id.currency_id")
    service_line_id = fields.Many2one(
        comodel_name="service.line",
        string="Line",
        required=True,
        readonly=True,
        ondelete="cascade",
    )
    quantity = fields.Float(related="service_line_id.quantity")
    before = fields.Monetary(readonly=True)
    after = fields.Monetary(readonly=True)

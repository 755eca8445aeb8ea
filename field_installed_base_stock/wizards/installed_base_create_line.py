from odoo import fields, models
from odoo.fields import Command


class InstalledBaseCreateLine(models.TransientModel):
    _inherit = "installed.base.create.line"

    stock_move_id = fields.Many2one(
        comodel_name="stock.move", export_string_translation=False
    )

    def _prepare_vals(self):
        vals = super()._prepare_vals()
        # Whoever may create equipment of a delivery may tie it to its order.
        if order_line := self.stock_move_id.sudo().sale_line_id:
            vals["sale_line_ids"] = [Command.set(order_line.ids)]
        return vals

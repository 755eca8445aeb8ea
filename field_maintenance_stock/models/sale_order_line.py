from odoo import models


class SaleOrderLine(models.Model):
    """What is rented is not sold: its serial number goes with the loan, and comes
    back."""

    _inherit = "sale.order.line"

    def _compute_qty_delivered_method(self):
        rented = self.filtered(lambda line: line._is_of_rental())
        rented.qty_delivered_method = "rental"
        return super(SaleOrderLine, self - rented)._compute_qty_delivered_method()

    def _action_launch_stock_rule(self, **kwargs):
        rented = self.filtered(lambda line: line._is_of_rental())
        return super(SaleOrderLine, self - rented)._action_launch_stock_rule(**kwargs)

    def _update_line_quantity(self, values):
        # A return that is corrected changes its late days; no stock is returned for it.
        rented = self.filtered(lambda line: line._is_of_rental())
        return super(SaleOrderLine, self - rented)._update_line_quantity(values)

    def _compute_qty_to_deliver(self):
        # Whether a piece is free is said by reservations, not by the stock.
        result = super()._compute_qty_to_deliver()
        self.filtered(lambda line: line._is_of_rental()).display_qty_widget = False
        return result

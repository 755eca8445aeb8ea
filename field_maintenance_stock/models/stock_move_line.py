from odoo import models


class StockMoveLine(models.Model):
    _inherit = "stock.move.line"

    def _free_reservation(self, *args, **kwargs):
        # What left without being reserved takes it from who reserved it.
        line = self.with_context(stock_moving=None)
        return super(StockMoveLine, line)._free_reservation(*args, **kwargs)

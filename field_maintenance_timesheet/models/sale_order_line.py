from odoo import models


class SaleOrderLine(models.Model):
    """Labor of visits that is invoiced on timesheets, and what never is."""

    _inherit = "sale.order.line"

    def _compute_qty_delivered_method(self):
        # A deposit is due at once, even if its product is sold by the hour.
        rented = self.filtered(lambda line: line._is_of_rental())
        rented.qty_delivered_method = "rental"
        return super(SaleOrderLine, self - rented)._compute_qty_delivered_method()

    def _prepare_qty_delivered(self):
        quantities = super()._prepare_qty_delivered()
        lines = self.filtered(lambda line: line.qty_delivered_method == "timesheet")
        # What is billed of a visit was decided there: rounded, and without what a
        # warranty covers. Who reads the order need not read the visit.
        labor = self.env["service.line"].sudo()
        labor = labor.search([("sale_line_id", "in", lines.ids)])
        for line in labor:
            quantities[line.sale_line_id.sudo(self.env.su)] = line.quantity
        return quantities

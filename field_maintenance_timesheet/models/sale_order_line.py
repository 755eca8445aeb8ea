from odoo import models


class SaleOrderLine(models.Model):
    """Labor of visits that is invoiced on timesheets."""

    _inherit = "sale.order.line"

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

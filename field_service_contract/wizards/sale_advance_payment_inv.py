from odoo import models
from odoo.exceptions import UserError


class SaleAdvancePaymentInv(models.TransientModel):
    _inherit = "sale.advance.payment.inv"

    def _create_invoices(self, sale_orders):
        # A share of what the order invoices; contracts have no part in it.
        if self.advance_payment_method != "delivered":
            for order in sale_orders:
                if order.service_has_contract and not order.service_has_other:
                    raise UserError(order._nothing_to_invoice_error_message())
        return super()._create_invoices(sale_orders)

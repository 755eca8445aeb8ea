from odoo.http import request, route

from odoo.addons.sale.controllers.portal import CustomerPortal


class SalePortal(CustomerPortal):
    @route()
    def portal_quote_accept(
        self, order_id, access_token=None, name=None, signature=None
    ):
        """Attach what was signed to the contract: Odoo prints it after confirming."""
        result = super().portal_quote_accept(
            order_id, access_token=access_token, name=name, signature=signature
        )
        if "error" not in result:
            # Odoo has checked that its reader may sign this order.
            order = request.env["sale.order"].sudo().browse(order_id)
            order._share_signed_document()
        return result

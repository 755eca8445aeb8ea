from odoo import models


class SaleOrder(models.Model):
    """What an order sells of a visit costs the order, not the contract of the visit."""

    _inherit = "sale.order"

    def write(self, vals):
        if "state" not in vals:
            return super().write(vals)
        turned = self.filtered(
            lambda order: (order.state == "cancel") != (vals["state"] == "cancel")
        )
        result = super().write(vals)
        turned.order_line._get_billed_visits()._update_costs()
        return result

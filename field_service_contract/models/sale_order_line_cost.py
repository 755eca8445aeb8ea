from odoo import models


class SaleOrderLine(models.Model):
    """What is no longer sold may cost a contract."""

    _inherit = "sale.order.line"

    def unlink(self):
        visits = self._get_billed_visits()
        result = super().unlink()
        visits._update_costs()
        return result

    def _get_billed_visits(self):
        """Return the done visits of which these lines sell parts."""
        # What a visit costs does not depend on who sells.
        parts = self.env["service.line"].sudo()
        found = parts.search([("sale_line_id", "in", self.ids)]) if self else parts
        return found.visit_id._get_done()

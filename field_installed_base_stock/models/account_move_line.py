from odoo import models


class AccountMoveLine(models.Model):
    """Invoices of what is still to be delivered wait as their orders do."""

    _inherit = "account.move.line"

    def _get_installed_base_units_left(self):
        left = super()._get_installed_base_units_left()
        # Who runs the wizard need not read orders.
        for order_lines, lines in self.sudo().grouped("sale_line_ids").items():
            waiting = order_lines.filtered(lambda line: line._waits_for_delivery())
            if order_lines and waiting == order_lines:
                units = sum(order_lines._get_installed_base_units_left().values())
                for line in lines:
                    left[line.id] = min(left[line.id], units)
                    units -= left[line.id]
        return left

    def _get_equipment_rows(self):
        rows = super()._get_equipment_rows()
        # As above.
        proposed = self.sudo().sale_line_ids._get_equipment_rows()
        for line, product in rows:
            order_lines = line.sudo().sale_line_ids
            if len(order_lines) == 1:
                units = proposed.get((order_lines, product.sudo()), [])
                rows[line, product] = [
                    units.pop(0) if units else {} for _unit in rows[line, product]
                ]
        return rows

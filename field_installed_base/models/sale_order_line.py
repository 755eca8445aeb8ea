from odoo import fields, models

from .installed_base import READER_GROUPS


class SaleOrderLine(models.Model):
    _name = "sale.order.line"
    _inherit = ["sale.order.line", "installed.base.source.line.mixin"]

    installed_base_ids = fields.Many2many(
        comodel_name="installed.base",
        relation="installed_base_sale_order_line_rel",
        column1="sale_order_line_id",
        column2="installed_base_id",
        string="Installed Base",
        copy=False,
        groups=READER_GROUPS,
    )

    def _is_installed_base_goods(self):
        self.ensure_one()
        return (
            not self.display_type
            and not self.is_downpayment
            and self.product_id.type == "consu"
            and self.product_uom_qty > 0
        )

    def _get_installed_base_quantity(self):
        return self.product_uom_qty, self.product_uom_id

    def _get_installed_base_units_left(self):
        """Units ordered, less the equipment made from the order line or from its
        invoice lines, less the units that posted credit notes took back."""
        left = {}
        # Who runs the wizard need not read invoices, nor every piece of equipment.
        for line in self.sudo().with_context(active_test=False):
            recorded = line.installed_base_ids | line.invoice_lines.installed_base_ids
            credited = line.invoice_lines.filtered(
                lambda bill: bill.move_id.move_type == "out_refund"
                and bill.parent_state == "posted"
            )
            units = line._get_installed_base_units() - len(recorded)
            units -= sum(bill._get_installed_base_units() for bill in credited)
            left[line.id] = max(0, units)
        return left

from odoo import fields, models

from .equipment.installed_base import READER_GROUPS


class SaleOrderLine(models.Model):
    _name = "sale.order.line"
    _inherit = ["sale.order.line", "installed.base.source.line.mixin"]

    installed_base_ids = fields.Many2many(
        comodel_name="installed.base",
        relation="installed_base_sale_order_line_rel",
        column1="sale_order_line_id",
        column2="installed_base_id",
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
        invoice lines that did not come back, less the units that posted credit notes
        took back.

        What was credited and invoiced anew is not taken back.
        """
        left = {}
        for line, (recorded, sold, credited) in self._get_equipment_balance().items():
            left[line.id] = max(0, sold - recorded._count_taken_units(credited))
        return left

    def _filter_own_equipment(self, equipment):
        """Return which pieces of equipment recorded for these lines are units of them.
        To be extended, e.g. by parts of kits."""
        return equipment

    def _get_equipment_balance(self):
        """Return {line: (its equipment, units that are sold, units credited)}."""
        balance = {}
        # Who runs the wizard need not read invoices, nor every piece of equipment.
        for line in self.sudo().with_context(active_test=False):
            bills = line.invoice_lines
            ordered = line._get_installed_base_units()
            invoiced = bills._sum_installed_base_units("out_invoice", "out_receipt")
            credited = bills._sum_installed_base_units("out_refund")
            returned = max(0, credited - max(0, invoiced - ordered))
            balance[line] = (
                line._filter_own_equipment(
                    line.installed_base_ids | bills.installed_base_ids
                ),
                ordered - returned,
                credited,
            )
        return balance

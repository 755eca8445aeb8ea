from odoo import fields, models

from .equipment.installed_base import READER_GROUPS


class AccountMoveLine(models.Model):
    _name = "account.move.line"
    _inherit = ["account.move.line", "installed.base.source.line.mixin"]

    installed_base_ids = fields.Many2many(
        comodel_name="installed.base",
        relation="installed_base_account_move_line_rel",
        column1="account_move_line_id",
        column2="installed_base_id",
        copy=False,
        groups=READER_GROUPS,
    )

    def _is_installed_base_goods(self):
        self.ensure_one()
        return (
            self.display_type == "product"
            and not self.is_downpayment
            and self.product_id.type == "consu"
            and self.quantity > 0
        )

    def _get_installed_base_quantity(self):
        return self.quantity, self.product_uom_id

    def _get_installed_base_units_left(self):
        """Units invoiced, less the equipment made from the invoice line, less what
        was made from its order lines, less the units credited.

        An order line may be invoiced in parts: equipment made from the order is that
        of the first invoices, credit notes that name no invoice take from the last.
        """
        left = {}
        # Who runs the wizard need not read orders, nor every piece of equipment.
        lines = self.sudo().with_context(active_test=False)
        # Read at once what the groups below would read one after the other.
        bills = lines._origin | lines.sale_line_ids.invoice_lines
        bills.fetch(["move_id", "parent_state", "product_id", "quantity", "sequence"])
        bills.installed_base_ids.fetch(["active", "state"])
        bills.move_id.fetch(["move_type", "reversed_entry_id"])
        bills.move_id.reversal_move_ids.invoice_line_ids.fetch(["product_id"])
        lines.sale_line_ids.installed_base_ids.fetch(["active", "state"])
        for order_lines, group in lines.grouped("sale_line_ids").items():
            bills = group._origin | order_lines.invoice_lines.filtered(
                lambda bill: (
                    bill.move_id.move_type in ("out_invoice", "out_receipt")
                    and bill.parent_state != "cancel"
                    and bill.quantity > 0
                )
            )
            bills = bills.sorted(lambda bill: (bill.move_id.id, bill.sequence, bill.id))
            units = bills._get_units_after_reversals()
            reversed_units = {
                bill: bill._get_installed_base_units() - units[bill.id]
                for bill in bills
            }
            for bill in bills:
                units[bill.id] -= bill.installed_base_ids._count_taken_units(
                    reversed_units[bill]
                )
            from_order = order_lines._filter_own_equipment(
                order_lines.installed_base_ids - bills.installed_base_ids
            )
            taken = from_order._count_taken_units(sum(reversed_units.values()))
            _take(units, bills.ids, taken)
            free_credits = order_lines.invoice_lines.filtered(
                lambda bill: not bill.move_id.reversed_entry_id
            )
            credited = free_credits._sum_installed_base_units("out_refund")
            _take(units, bills.ids[::-1], credited)
            left.update((bill.id, max(0, units[bill.id])) for bill in group)
        return left

    def _serialize_installed_base(self):
        # An order and its invoices share their units; who bills may not see the order.
        self.sudo().sale_line_ids._serialize_installed_base()
        return super()._serialize_installed_base()

    def _sum_installed_base_units(self, *move_types):
        """Return the units of the lines of these types of documents that count:
        invoices unless they are cancelled, credit notes once they are posted."""
        return sum(
            line._get_installed_base_units()
            for line in self
            if line.move_id.move_type in move_types
            and (
                line.parent_state == "posted"
                or (line.parent_state == "draft" and "out_refund" not in move_types)
            )
        )

    def _get_units_after_reversals(self):
        """Return {line id: units less those of the posted credit notes of its
        invoice}; a credit note says which product, not which line, it takes back."""
        units = {line.id: line._get_installed_base_units() for line in self}
        for invoice in self.move_id:
            refunds = invoice.reversal_move_ids.filtered(lambda m: m.state == "posted")
            for refund_line in refunds.invoice_line_ids:
                same = self.filtered(
                    lambda line, credit=refund_line, invoice=invoice: (
                        line.move_id == invoice and line.product_id == credit.product_id
                    )
                )
                _take(units, same.ids, refund_line._get_installed_base_units())
        return units


def _take(units, keys, count):
    """Take count units away from the given keys, in their order, none below zero."""
    for key in keys:
        taken = min(max(0, units[key]), count)
        units[key] -= taken
        count -= taken

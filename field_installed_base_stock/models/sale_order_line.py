import math
from collections import Counter, defaultdict

from odoo import models


class SaleOrderLine(models.Model):
    """Units that become equipment once they are delivered, with their lots."""

    _inherit = "sale.order.line"

    def _brings_equipment(self):
        return super()._brings_equipment() or any(
            product.is_installed_base for product in self._get_part_products()
        )

    def _get_part_products(self):
        """Return the products that are delivered for this line beside its own: those of
        a kit."""
        # Who runs the wizard need not read deliveries.
        moves = self.sudo().move_ids
        return moves.product_id - self.product_id

    def _filter_own_equipment(self, equipment):
        parts = self._get_part_products()
        own = super()._filter_own_equipment(equipment)
        return own.filtered(lambda piece: piece.product_id not in parts)

    def _waits_for_delivery(self):
        """Tell whether only what was delivered of this line becomes equipment."""
        self.ensure_one()
        units = self.company_id.installed_base_units
        is_tracked = self.product_id.tracking in ("serial", "lot")
        # Confirmed before there was Inventory: nothing is ever delivered.
        is_delivered = self.state != "sale" or bool(self.sudo().move_ids)
        return is_delivered and (
            units == "delivered" or units == "tracked" and is_tracked
        )

    def _get_installed_base_units_left(self):
        left = super()._get_installed_base_units_left()
        # As above.
        waiting = self.sudo().filtered(lambda line: line._waits_for_delivery())
        units = waiting.move_ids._get_units_left()
        delivered = Counter()
        for move, lots in units.items():
            if move.product_id == move.sale_line_id.product_id:
                delivered[move.sale_line_id.id] += len(lots)
        balance = waiting._get_equipment_balance()
        for line in waiting:
            left[line.id] = (
                max(0, line._count_kits_left(*balance[line]))
                if line._is_kit()
                else delivered[line.id]
            )
        return left

    def _is_kit(self):
        """Tell whether this is delivered by its parts."""
        self.ensure_one()
        delivered = self.sudo().move_ids.product_id
        return bool(delivered) and self.product_id not in delivered

    def _get_kits_left(self):
        """Return {line: how many of its kits were delivered and are no equipment yet,
        less than none if more are equipment}, of kits that become equipment."""
        # As above.
        kits = self.sudo().filtered(
            lambda line: line.product_id.is_installed_base and line._is_kit()
        )
        balance = kits._get_equipment_balance() if kits else {}
        return {line: line._count_kits_left(*balance[line]) for line in kits}

    def _count_kits_left(self, recorded, _sold, credited):
        """Return how many kits, which are delivered with all their parts, have no piece
        of equipment yet; less than none if more have one. For the parameters see
        `_get_equipment_balance`."""
        self.ensure_one()
        delivered = self.product_uom_id._compute_quantity(
            self.qty_delivered, self.product_id.uom_id, round=False
        )
        taken = recorded._count_taken_units(credited)
        return math.floor(delivered + 1e-6) - taken

    def _get_equipment_left(self):
        left = super()._get_equipment_left()
        for (line, product), lots in self._get_lots_left().items():
            if product != line.product_id:
                left[line, product] = len(lots)
        return left

    def _get_equipment_rows(self):
        rows = super()._get_equipment_rows()
        for key, lots in self._get_lots_left().items():
            proposed = [lot._prepare_equipment_row() for lot in lots]
            # The first of what is ordered is what is there already.
            proposed.sort(key=lambda row: "serial_number" not in row)
            number = len(rows.get(key, ()))
            rows[key] = (proposed + rows.get(key, []))[:number]
        return rows

    def _get_lots_left(self):
        """Tell what was delivered of these lines and is no equipment yet.

        :return: {(line, product): list of lots, an empty one for a unit without}
        """
        # As above.
        moves = self.sudo().move_ids
        found = defaultdict(list)
        lines = {line.id: line for line in self}
        for move, lots in (moves._get_units_left() if moves else {}).items():
            if line := lines.get(move.sale_line_id.id):
                found[line, move.product_id.with_env(self.env)] += lots
        return found

from freezegun import freeze_time

from odoo.tests import tagged

from .common import StockCase


@tagged("post_install", "-at_install")
class TestReturns(StockCase):
    """What comes back is not at the customer's any more."""

    def _sell(self, day, units, customer=None):
        """Deliver an order on a day."""
        with freeze_time(f"{day} 09:00:00"):
            customer = customer or self.customer
            lines = [
                (product, number if isinstance(number, int) else len(number))
                for product, number in units.items()
            ]
            order = self._create_order(*lines, partner_id=customer.id)
            self._deliver(order.picking_ids, units)
            self.env.flush_all()
        return order

    def _bring_back(self, day, order, units):
        with freeze_time(f"{day} 09:00:00"):
            back = self._return(order.picking_ids[:1], units)
            self.env.flush_all()
        return back

    def _get_history(self, piece):
        return [
            (line.partner_id, str(line.date_from), str(line.date_to or ""))
            for line in piece.ownership_ids.sorted("date_from")
        ]

    def test_returned_and_delivered_again(self):
        self.company.installed_base_on_delivery = "create"
        lot = self.lots[0]
        order = self._sell("2026-06-01", {self.stove: lot})
        piece = order.order_line.installed_base_ids
        back = self._bring_back("2026-06-10", order, {self.stove: lot})
        self.assertEqual(piece.state, "unassigned")
        first = (self.customer, "2026-06-01", "2026-06-09")
        self.assertEqual(self._get_history(piece), [first])
        self.assertEqual(back.installed_base_count, 1)
        # Nothing is left to record of what came back.
        self.assertFalse(order.has_equipment_left)
        again = self._sell("2026-06-20", {self.stove: lot}, self.neighbour)
        self.assertEqual(piece.partner_id, self.neighbour)
        self.assertEqual(again.order_line.installed_base_ids, piece)
        self.assertEqual(
            self._get_history(piece), [first, (self.neighbour, "2026-06-20", "")]
        )
        self.assertEqual(piece.picking_count, 3)
        self.assertFalse(order.has_equipment_left or again.has_equipment_left)

    def test_delivered_again_by_the_dialog(self):
        lot = self.lots[0]
        order = self._sell("2026-06-01", {self.stove: lot})
        piece = self._record(order)
        self._bring_back("2026-06-10", order, {self.stove: lot})
        again = self._sell("2026-06-20", {self.stove: lot}, self.neighbour)
        self.assertFalse(self._get_proposed(order))
        self.assertEqual(self._record(again), piece)
        self.assertEqual(piece.partner_id, self.neighbour)

    def test_without_serial_number(self):
        self.company.installed_base_on_delivery = "create"
        order = self._sell("2026-06-01", {self.boiler: 2})
        pieces = order.order_line.installed_base_ids
        back = self._bring_back("2026-06-10", order, {self.boiler: 1})
        # Nobody knows which of the two it was.
        self.assertEqual(pieces.mapped("state"), ["installed", "installed"])
        self.assertIn(pieces[0].reference, back.activity_ids.note)
        pieces[0].write({"partner_id": False, "site_id": False})
        self._bring_back("2026-06-11", order, {self.boiler: 1})
        self.assertEqual(pieces[1].state, "unassigned")

    def test_scrap_and_internal_moves_change_nothing(self):
        self.company.installed_base_on_delivery = "create"
        lot = self.lots[0]
        order = self._sell("2026-06-01", {self.stove: lot})
        piece = order.order_line.installed_base_ids
        scrap = self.env["stock.scrap"].create(
            {"product_id": self.stove.id, "lot_id": self.lots[1].id, "scrap_qty": 1}
        )
        scrap.action_validate()
        self.assertEqual(piece.state, "installed")

    def test_bad_history_does_not_stop_a_return(self):
        self.company.installed_base_on_delivery = "create"
        lot = self.lots[0]
        order = self._sell("2026-06-10", {self.stove: lot})
        piece = order.order_line.installed_base_ids
        back = self._bring_back("2026-06-05", order, {self.stove: lot})
        self.assertEqual(back.state, "done")
        self.assertEqual(piece.state, "installed")
        self.assertIn(piece.reference, back.activity_ids.note)

from odoo.tests import tagged

from .common import StockCase


@tagged("post_install", "-at_install")
class TestExistingEquipment(StockCase):
    """What is there when the addon is installed."""

    def test_tied_with_a_report(self):
        order = self._create_order((self.stove, 2))
        self._deliver(order.picking_ids, {self.stove: self.lots[:2]})
        pieces = self._record(order)
        stranger = self._create_equipment(serial_number="ZZ-1")
        boss = self._create_user("st_boss", "field_installed_base.group_manager")
        # As it was before.
        self.env.flush_all()
        self.env.cr.execute("UPDATE installed_base SET lot_id = NULL")
        self.env.cr.execute("DELETE FROM installed_base_stock_move_rel")
        self.env.invalidate_all()
        self.env["installed.base"]._tie_existing()
        self.assertEqual(pieces.mapped("lot_id"), self.lots[:2])
        self.assertEqual(
            pieces.stock_move_ids,
            order.picking_ids.move_ids.filtered(lambda move: move.state == "done"),
        )
        self.assertFalse(stranger.lot_id)
        report = self.env["mail.activity"].search([("user_id", "=", boss.id)])
        self.assertIn("Hearth and Home, 2 pieces", report.note)
        self.assertIn("serial numbers of 1 others", report.note)

from odoo.tests import Form, tagged

from .common import StockCase


@tagged("post_install", "-at_install")
class TestLots(StockCase):
    """Serial number and lot are one thing."""

    def test_typed_serial_is_a_lot(self):
        piece = self._create_equipment(serial_number="sn 1")
        self.assertEqual(piece.lot_id, self.lots[0])
        self.assertFalse(piece.is_outside_lots)
        self.assertEqual(self.lots[0].installed_base_count, 1)
        action = self.lots[0].action_view_installed_base()
        self.assertEqual(action["res_id"], piece.id)
        piece.serial_number = "SN-2"
        self.assertEqual(piece.lot_id, self.lots[1])
        # Of another product, it is another number.
        piece.product_id = self.boiler
        self.assertFalse(piece.lot_id)

    def test_other_serial_warns(self):
        with Form(self.env["installed.base"]) as form:
            form.product_id = self.stove
            form.serial_number = "XY-9"
            self.assertTrue(form.is_outside_lots)
        piece = form.record
        found = self.env["installed.base"].search([("is_outside_lots", "=", True)])
        self.assertIn(piece, found)
        # The number is received later.
        lot = self._create_lots(self.stove, "XY9")
        self.assertEqual(piece.lot_id, lot)
        self.assertEqual(piece.serial_number, "XY-9")
        # Products without lots have numbers of their own.
        boiler = self._create_equipment(product_id=self.boiler.id, serial_number="B")
        self.assertFalse(boiler.is_outside_lots)

    def test_chosen_lot_is_the_serial(self):
        piece = self._create_equipment()
        piece.lot_id = self.lots[0]
        self.assertEqual(piece.serial_number, "SN-1")
        self.lots[0].name = "SN-1b"
        self.assertEqual(piece.serial_number, "SN-1b")
        self.assertEqual(piece.lot_id, self.lots[0])

    def test_renamed_to_what_is_taken(self):
        piece = self._create_equipment(serial_number="SN-1")
        other = self._create_equipment(serial_number="SN-9")
        self.lots[0].name = "SN-9"
        self.assertEqual(piece.serial_number, "SN-1")
        self.assertFalse(piece.lot_id)
        self.assertEqual(other.lot_id, self.lots[0])

    def test_batches_hold_many(self):
        self.boiler.write({"is_storable": True, "tracking": "lot"})
        batch = self._create_lots(self.boiler, "B-7", quantity=10)
        vals = {"product_id": self.boiler.id, "lot_id": batch.id}
        first = self._create_equipment(**vals)
        second = self._create_equipment(**vals, serial_number="XX")
        self.assertFalse(first.serial_number)
        self.assertEqual((first | second).lot_id, batch)
        second.serial_number = "YY"
        self.assertEqual(second.lot_id, batch)

    def test_companies(self):
        self.lots[0].company_id = self.company
        self.lots[1].quant_ids.sudo().unlink()
        self.lots[1].company_id = self.other_company
        self.assertTrue(self._create_equipment(serial_number="SN-1").lot_id)
        self.assertFalse(self._create_equipment(serial_number="SN-2").lot_id)

    def test_roles(self):
        self._set_up_users()
        keeper = self._create_user("st_keeper", "stock.group_stock_user")
        # Recording needs no right in Inventory.
        model = self._as("dispatcher", self.env["installed.base"])
        with Form(model) as form:
            form.product_id = self.stove
            form.serial_number = "SN-1"
        piece = form.record
        self.assertEqual(piece.sudo().lot_id, self.lots[0])
        lot = self.lots[0].with_user(keeper)
        self.assertEqual(lot.installed_base_count, 1)
        for record in (lot, piece.with_user(keeper)):
            Form(record)
        self.assertFalse(piece.with_user(keeper).has_access("write"))

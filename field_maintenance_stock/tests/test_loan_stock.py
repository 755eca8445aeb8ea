from freezegun import freeze_time

from odoo.tests import tagged

from odoo.addons.field_maintenance.tests.common import MaintenanceCase

from .common import StockFixtures


@tagged("post_install", "-at_install")
@freeze_time("2026-06-01 06:00:00")
class TestLoanStock(StockFixtures, MaintenanceCase):
    """What is lent is not in stock, and is nobody else's for that."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_stock()
        cls.board.is_installed_base = True
        cls.company.installed_base_on_delivery = "create"
        cls.heater = cls._create_equipment(
            product_id=cls.board.id,
            partner_id=False,
            serial_number="CB-1",
            is_loaner=True,
        )

    def test_lend_and_take_back(self):
        self.assertEqual(self.heater.lot_id, self.first_board)
        loan = self.env["service.loan"]._lend(
            {"installed_base_id": self.heater.id, "partner_id": self.customer.id}, {}
        )
        self.assertEqual(self._count(self.board, self.van, self.first_board), 0)
        self.assertEqual(self.heater.state, "unassigned")
        pieces = self.env["installed.base"]
        self.assertFalse(pieces.search([("partner_id", "=", self.customer.id)]))
        loan._take_back("2026-06-01", {})
        self.assertEqual(self._count(self.board, self.van, self.first_board), 1)
        self.assertEqual(len(loan.stock_move_ids), 2)
        self.assertEqual(self.heater.state, "unassigned")

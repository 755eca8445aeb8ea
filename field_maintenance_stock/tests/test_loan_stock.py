from datetime import date

from freezegun import freeze_time

from odoo.fields import Command
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

    def test_rental_leaves_the_stock_once(self):
        """By the loan, with its serial number; the order delivers nothing."""
        self.board.write({"rental_price_day": 20, "rental_deposit": 100})
        self.heater.write({"is_loaner": False, "is_for_rent": True})
        order = self.env["sale.order"].create(
            {
                "company_id": self.company.id,
                "partner_id": self.customer.id,
                "service_type": "rental",
                "order_line": [
                    Command.create(
                        {
                            "product_id": self.board.id,
                            "rental_piece_id": self.heater.id,
                            "rental_start": "2026-06-01",
                            "rental_end": "2026-06-05",
                        }
                    )
                ],
            }
        )
        rental, deposit = order.order_line
        deposit.product_id.invoice_policy = "delivery"
        self.assertFalse(rental.display_qty_widget)
        order.action_confirm()
        self.assertFalse(order.picking_ids)
        self.assertEqual(
            set(order.order_line.mapped("qty_delivered_method")), {"rental"}
        )
        self.assertEqual((deposit.qty_delivered, deposit.qty_to_invoice), (1, 1))
        self.assertEqual((rental.qty_delivered, rental.qty_to_invoice), (0, 0))
        held = self._count(self.board, self.van)
        loan = rental.rental_loan_ids
        loan._go_out(date(2026, 6, 1), {})
        self.assertEqual(self._count(self.board, self.van), held - 1)
        self.assertEqual((rental.qty_delivered, rental.qty_to_invoice), (1, 1))
        loan._take_back(date(2026, 6, 8), {})
        self.assertEqual(self._count(self.board, self.van), held)
        self.assertEqual(self._count(self.board, self.van, self.first_board), 1)
        days = order.order_line.filtered(lambda line: line.rental_part == "days")
        self.assertEqual((days.price_unit, days.qty_to_invoice), (60, 1))
        # A correction of it is no return of stock.
        loan.date_in = "2026-06-05"
        self.assertEqual((days.product_uom_qty, days.price_subtotal), (0, 0))
        loan.date_in = "2026-06-08"
        self.assertEqual((days.product_uom_qty, days.price_unit), (1, 60))
        # More pieces, and what is sold beside it
        rental.rental_end = "2026-06-05"
        sold = self.env["sale.order.line"].create(
            {"order_id": order.id, "product_id": self.seal.id, "product_uom_qty": 2}
        )
        self.assertEqual(order.picking_ids.move_ids.product_id, self.seal)
        self.assertEqual(sold.qty_delivered_method, "stock_move")

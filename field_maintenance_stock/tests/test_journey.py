from odoo import fields
from odoo.fields import Command
from odoo.tests import HttpCase, new_test_user, tagged

from odoo.addons.field_installed_base.tests.common import ROLES
from odoo.addons.field_installed_base_stock.tests.common import (
    StockFixtures as DeliveryFixtures,
)
from odoo.addons.field_maintenance.tests.common import ExecutionFixtures
from odoo.addons.field_service_contract.tests.profit.test_profit import ProfitCase

from .common import StockFixtures


@tagged("post_install", "-at_install")
class TestStockJourney(
    DeliveryFixtures, StockFixtures, ExecutionFixtures, ProfitCase, HttpCase
):
    """A stove from the warehouse to the customer, its visit, and back again, in the
    browser."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_stock()
        cls.company.installed_base_on_delivery = "create"
        cls.office = new_test_user(
            cls.env,
            "stock_office",
            "sales_team.group_sale_salesman_all_leads,stock.group_stock_user,"
            "field_installed_base.group_dispatcher",
            company_id=cls.company.id,
        )
        # The only stove that is there.
        (cls.lots - cls.lots[0]).quant_ids.sudo().unlink()

    def _walk(self, tour, order):
        self.start_tour(
            f"/odoo/action-sale.action_orders/{order.id}",
            tour,
            login=self.office.login,
            timeout=60,
        )

    def test_delivered_visited_returned_and_delivered_again(self):
        lot = self.lots[0]
        order = self._create_order((self.stove, 1))
        self._walk("stock_deliver", order)
        piece = order.order_line.installed_base_ids
        today = fields.Date.context_today(order)
        self.assertEqual((piece.lot_id, piece.partner_id), (lot, self.customer))
        self.assertEqual(piece.warranty_end_date, fields.Date.add(today, years=2))
        self.assertEqual(self._count(self.stove, self.customers, lot), 1)

        visit = self._visit(piece)
        self._return(order, piece, visit)

        again = self._create_order((self.stove, 1), partner_id=self.neighbour.id)
        self._walk("stock_deliver", again)
        self.assertEqual(again.order_line.installed_base_ids, piece)
        self.assertEqual(piece.partner_id, self.neighbour)
        self.assertEqual(len(piece.ownership_ids), 2)
        self.assertEqual(piece.picking_count, 3)
        self.assertEqual(self._count(self.stove, self.customers, lot), 1)
        # What was done to it stays its history.
        self.assertEqual(visit.line_ids.installed_base_id, piece)

    def _visit(self, piece):
        """Let the technician use a part from their van, and bill it."""
        user = self._create_user("ib_tour_day", ROLES["technician"])
        self.technician.user_id = user
        self.pellets.write(
            {
                "is_favorite": True,
                "is_storable": True,
                "list_price": 10,
                "standard_price": 6,
                "taxes_id": [Command.clear()],
                "invoice_policy": "delivery",
            }
        )
        self._put(self.pellets, 5, self.van)
        # Otherwise it depends on the day of the test who pays.
        self.company.service_warranty_part_percent = 0
        self.checklist.question_ids[1:].unlink()
        self._add_checklist()
        self.workshop.service_access = "Ring twice"
        contract = self._create_contract(
            lines=[{"name": "Care", "value": 1200, "installed_base_id": piece.id}],
            discount_ids=[Command.create({"line_type": "part", "discount": 50})],
        )
        visit = self._create_contract_visit(
            contract, piece, contact_id=self.workshop.id
        )
        self._create_planned_visit("2026-06-01 09:00:00", partner_id=self.neighbour.id)
        self.browser_size, self.touch_enabled = "390x844", True
        self.start_tour("/odoo/my-day", "my_day", login=user.login, timeout=60)
        self.browser_size, self.touch_enabled = "1366x768", False

        self.assertEqual(visit.state, "done")
        moves = visit.picking_ids.move_ids
        self.assertEqual(
            (moves.product_id, moves.quantity, moves.state), (self.pellets, 1, "done")
        )
        self.assertEqual(self._count(self.pellets, self.van), 4)
        self.assertEqual(self._count(self.pellets, self.customers), 1)
        # The customer pays a half, the contract bears the other one.
        cost = visit.service_cost_ids.filtered("product_id")
        self.assertEqual((cost.amount, cost.service_contract_id), (-3, contract))
        visit.action_create_order_lines()
        order = visit.sale_order_id
        order.action_confirm()
        self.assertEqual(order.picking_ids, visit.picking_ids)
        self.assertEqual(order.order_line.mapped("qty_delivered"), [1])
        invoice = order._create_invoices()
        invoice.action_post()
        self.assertEqual(invoice.amount_untaxed, 5)
        self.assertEqual(self._count(self.pellets, self.van), 4)
        self.env.flush_all()
        costs = -sum(visit.service_cost_ids.mapped("amount"))
        self.assertAlmostEqual(self._get_profit(contract)[0][3], costs, places=2)
        return visit

    def _return(self, order, piece, visit):
        self._walk("stock_return", order)
        self.assertEqual((piece.state, piece.picking_count), ("unassigned", 2))
        self.assertEqual(self._count(self.stove, self.customers, piece.lot_id), 0)
        self.assertEqual(self._count(self.stove, self.stock, piece.lot_id), 1)
        self.assertEqual(order.order_line.qty_delivered, 0)
        self.assertEqual(visit.state, "done")

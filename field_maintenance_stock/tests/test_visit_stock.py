from unittest.mock import patch

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import Form, tagged

from odoo.addons.field_maintenance.tests.common import MaintenanceCase

from .common import StockFixtures


@tagged("post_install", "-at_install")
@freeze_time("2026-06-01 06:00:00")
class TestVisitStock(StockFixtures, MaintenanceCase):
    """What a visit used leaves the van with Done, once, and comes back with it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_accounting()
        cls._set_up_stock()

    def test_van_is_made_once(self):
        self.assertEqual(self.van.location_id, self.warehouse.view_location_id)
        self.assertEqual(self.van.warehouse_id, self.warehouse)
        self.assertEqual(self.van.company_id, self.company)
        self.technician.action_create_van()
        self.assertEqual(self.technician.van_location_id, self.van)
        self.assertFalse(self.colleague.van_location_id)

    def test_company_without_warehouse(self):
        company = self.env["res.company"].create({"name": "Without"})
        warehouses = self.env["stock.warehouse"]
        warehouses.search([("company_id", "=", company.id)]).active = False
        driver = self.env["hr.employee"].create(
            {"name": "Driver", "company_id": company.id}
        )
        refusal = "Without has no warehouse for the van of Driver"
        with self.assertRefused(refusal, UserError):
            driver.action_create_van()
        driver.van_location_id = self.env["stock.location"].create(
            {"name": "Van", "usage": "internal", "company_id": company.id}
        )
        visit = self.env["maintenance.visit"].create(
            {
                "company_id": company.id,
                "partner_id": self.customer.id,
                "date_start": "2026-06-01 08:00:00",
                "technician_id": driver.id,
            }
        )
        self._use(visit, self.seal)
        with self.assertRefused(refusal, UserError):
            visit._finish()

    def test_where_a_part_comes_from(self):
        led = self._use(self._create_planned_visit(), self.seal)
        self.assertEqual(led.location_id, self.van)
        self.assertEqual(led.available_quantity, 10)
        visit = self._create_planned_visit(technician_id=self.colleague.id)
        other = self._use(visit, self.seal)
        chosen = self._use(visit, self.seal, location_id=self.warehouse.lot_stock_id.id)
        self.assertEqual(other.location_id, self.stock)
        service = self._use(visit, self.visit)
        self.assertFalse(service.location_id)
        led.visit_id.technician_id = self.colleague
        self.assertEqual(led.location_id, self.stock)
        led.location_id = self.van
        led.visit_id.technician_id = self.technician
        self.assertEqual(led.location_id, self.van)
        self.assertEqual(chosen.location_id, self.stock)

    def test_done_takes_from_the_van(self):
        visit = self._create_planned_visit()
        self._use(visit, self.seal, 3)
        self._use(visit, self.pellets, 2)
        self._use(visit, self.visit)
        self.assertFalse(visit.picking_ids)
        # A technician has no right to stock.
        self._as("technician", visit)._finish()
        picking = visit.picking_ids
        self.assertEqual(len(picking), 1)
        self.assertEqual(picking.state, "done")
        self.assertEqual(picking.picking_type_id, self.warehouse.out_type_id)
        self.assertEqual(picking.partner_id, visit.site_id)
        self.assertEqual(picking.origin, visit.name)
        self.assertEqual(len(picking.move_ids), 2)
        self.assertEqual(self._count(self.seal, self.van), 7)
        self.assertEqual(self._count(self.seal, self.stock), 50)

    def test_one_step_back_and_again(self):
        visit = self._create_planned_visit()
        line = self._use(visit, self.seal, 3)
        visit._finish()
        visit.action_put_back()
        self.assertEqual(self._count(self.seal, self.van), 10)
        self.assertEqual(len(visit.picking_ids), 2)
        back = visit.picking_ids.sorted("id")[-1].move_ids
        self.assertEqual(back.origin_returned_move_id.service_line_id, line)
        line.quantity = 1
        visit._finish()
        self.assertEqual(self._count(self.seal, self.van), 9)
        self.assertEqual(len(visit.picking_ids), 3)

    def _return(self, picking, quantity):
        """Return some of a transfer by Odoo's own button."""
        wizard = self.env["stock.return.picking"].create({"picking_id": picking.id})
        wizard.product_return_moves.quantity = quantity
        back = wizard._create_return()
        back.move_ids.write({"quantity": quantity, "picked": True})
        back.with_context(skip_sms=True).button_validate()
        self.assertEqual(back.state, "done")

    def _count_both(self):
        return sum(self._count(self.seal, place) for place in (self.van, self.stock))

    def test_returned_by_hand(self):
        """It comes back once, and leaves again with the visit only."""
        visit = self._create_planned_visit()
        line = self._use(visit, self.seal, 3)
        visit._finish()
        self._return(visit.picking_ids, 2)
        self.assertEqual(self._count_both(), 59)
        line.quantity = 1
        self.assertEqual(self._count_both(), 59)
        visit.action_put_back()
        self.assertEqual(self._count_both(), 60)
        visit._finish()
        self.assertEqual(self._count_both(), 59)

    def test_corrections_after_done(self):
        visit = self._create_planned_visit()
        line = self._use(visit, self.seal, 3)
        visit._finish()
        line.quantity = 5
        self.assertEqual(self._count(self.seal, self.van), 5)
        line.quantity = 4
        self.assertEqual(self._count(self.seal, self.van), 6)
        line.location_id = self.stock
        self.assertEqual(self._count(self.seal, self.van), 10)
        self.assertEqual(self._count(self.seal, self.stock), 46)
        line.unlink()
        self.assertEqual(self._count(self.seal, self.stock), 50)
        self._use(visit, self.seal, 2)
        self.assertEqual(self._count(self.seal, self.van), 8)
        # Nothing moves by itself.
        count = len(visit.picking_ids)
        visit._update_stock()
        visit.note = "Nothing to do with stock"
        self.assertEqual(len(visit.picking_ids), count)

    def test_too_little_stock_goes_through(self):
        visit = self._create_planned_visit()
        line = self._use(visit, self.seal, 12)
        self.assertEqual(line.missing_quantity, 2)
        self.assertEqual(visit.stock_warning, "Not enough in stock of Door seal.")
        visit._finish()
        self.assertEqual(self._count(self.seal, self.van), -2)
        self.assertFalse(visit.stock_warning)

    def test_reserved_by_others(self):
        """What left is taken from who reserved it, and nothing stays reserved."""
        waiting = self.env["stock.picking"].create(
            {
                "picking_type_id": self.stock.warehouse_id.out_type_id.id,
                "location_id": self.van.id,
                "location_dest_id": self.customer.property_stock_customer.id,
                "move_ids": [
                    Command.create(
                        {
                            "product_id": self.seal.id,
                            "product_uom_qty": 9,
                            "location_id": self.van.id,
                            "location_dest_id": (
                                self.customer.property_stock_customer.id
                            ),
                        }
                    )
                ],
            }
        )
        waiting.action_confirm()
        waiting.action_assign()
        self.assertEqual(waiting.move_ids.quantity, 9)
        visit = self._create_planned_visit()
        self._use(visit, self.seal, 3)
        visit._finish()
        self.assertEqual(waiting.move_ids.quantity, 7)
        quants = self.env["stock.quant"]._gather(self.seal, self.van)
        self.assertEqual(quants.mapped("quantity"), [7])
        self.assertEqual(quants.mapped("reserved_quantity"), [7])
        visit.action_put_back()
        self.assertEqual(quants.mapped("quantity"), [10])
        self.assertEqual(quants.mapped("reserved_quantity"), [7])

    def test_nothing_is_reserved_that_left(self):
        def finish(count):
            visit = self._create_planned_visit()
            for _number in range(count):
                self._use(visit, self.seal)
            self.env.flush_all()
            self.env.invalidate_all()
            with patch.object(quants, "_update_reserved_quantity") as reserve:
                before = self.env.cr.sql_log_count
                visit._finish()
                self.env.flush_all()
            reserve.assert_not_called()
            self.assertEqual(visit.picking_ids.state, "done")
            return self.env.cr.sql_log_count - before

        quants = type(self.env["stock.quant"])
        finish(1)
        self.assertLessEqual(finish(5) - finish(1), 12)

    def test_serial_numbers(self):
        visit = self._create_planned_visit()
        line = self._use(visit, self.board)
        self.assertIn("serial number of Control board", visit.stock_warning)
        visit._finish()
        self.assertFalse(visit.picking_ids)
        self.assertIn("serial number of Control board", visit.stock_warning)
        line.lot_id = self.first_board
        self.assertEqual(visit.picking_ids.move_line_ids.lot_id, self.first_board)
        self.assertFalse(visit.stock_warning)
        # It was the other one.
        line.lot_id = self.second_board
        self.assertEqual(self._count(self.board, self.van, self.first_board), 1)
        self.assertEqual(self._count(self.board, self.van, self.second_board), 0)
        with self.assertRefused("one piece", ValidationError):
            line.quantity = 2
        with self.assertRefused("no serial number of Door seal", ValidationError):
            self._use(visit, self.seal, lot_id=self.first_board.id)

    def test_serial_number_of_another_visit(self):
        """It is one piece: the other visit is named before anything is done twice."""
        visit, other, own = (self._create_planned_visit() for _number in range(3))
        line = self._use(visit, self.board, lot_id=self.first_board.id)
        later = self._use(other, self.board, lot_id=self.first_board.id)
        warning = f"CB-1 is entered on visit {visit.name}, too."
        self.assertIn(warning, self._as("technician", other).stock_warning)
        with self.assertRefused(own.name, ValidationError):
            for _number in range(2):
                self._use(own, self.board, lot_id=self.second_board.id)
        self._as("technician", visit)._finish()
        with self.assertRefused(visit.name, ValidationError):
            self._as("technician", other)._finish()
        later.quantity = 0
        with self.assertRefused(visit.name, ValidationError):
            later.quantity = 1
        later.lot_id = self.second_board
        later.quantity = 1
        other._finish()
        self.assertEqual(self._count(self.board, self.van), 0)
        # What came back is free again, with the visit or by Odoo's own button.
        visit.action_put_back()
        line.quantity = 0
        again = self._use(own, self.board, lot_id=self.first_board.id)
        self.assertFalse(own.stock_warning)
        own._finish()
        self._return(own.picking_ids, 1)
        third = self._create_planned_visit()
        self._use(third, self.board, lot_id=self.first_board.id)
        self.assertNotIn("CB-1", third.stock_warning)
        third._finish()
        self.assertEqual(third.picking_ids.move_line_ids.lot_id, self.first_board)
        self.assertEqual(again.quantity, 1)

    def test_bill_is_not_delivered_again(self):
        visit = self._create_planned_visit()
        self._use(visit, self.seal, 3)
        visit._finish()
        visit.action_create_order_lines()
        order = visit.sale_order_id
        order.action_confirm()
        self.assertEqual(order.order_line.qty_delivered, 3)
        self.assertEqual(order.picking_ids, visit.picking_ids)
        self.assertEqual(self._count(self.seal, self.van), 7)
        invoice = order._create_invoices()
        self.assertEqual(invoice.amount_untaxed, 60)

    def test_bill_on_a_confirmed_order(self):
        order = self._create_order((self.visit, 1))
        visit = self._create_planned_visit()
        visit.sale_order_id = order
        line = self._use(visit, self.seal, 2)
        visit._finish()
        visit.action_create_order_lines()
        self.assertEqual(line.sale_line_id.order_id, order)
        self.assertEqual(line.sale_line_id.qty_delivered, 2)
        self.assertEqual(order.picking_ids, visit.picking_ids)
        # More that the customer orders is delivered as ever.
        line.sale_line_id.product_uom_qty = 3
        waiting = order.picking_ids - visit.picking_ids
        self.assertEqual(waiting.move_ids.product_uom_qty, 1)
        # The part comes back: so does what the order delivered.
        visit.action_put_back()
        self.assertEqual(line.sale_line_id.qty_delivered, 0)

    def test_covered_parts_move_alike(self):
        visit = self._create_planned_visit()
        self._use(visit, self.seal, 2, typed_coverage="warranty", typed_discount=100)
        visit._finish()
        self.assertEqual(self._count(self.seal, self.van), 8)

    def test_visits_at_once_and_constant_queries(self):
        def finish(count):
            visits = self.env["maintenance.visit"]
            for _number in range(count):
                visit = self._create_planned_visit()
                self._use(visit, self.seal)
                visits |= visit
            self.env.flush_all()
            self.env.invalidate_all()
            self.env["maintenance.visit"].browse(visits.ids).with_context(
                visit_finishing=None
            )
            before = self.env.cr.sql_log_count
            visits.sudo()._finish()
            self.env.flush_all()
            return self.env.cr.sql_log_count - before, visits

        finish(1)
        few, _visits = finish(2)
        many, visits = finish(6)
        self.assertEqual(len(visits.picking_ids), 6)
        self.assertLess((many - few) / 4, 40)

    def test_many_bills_cost_few_queries(self):
        """What was taken is tied to what bills it at once: some queries more than
        Odoo's own orders of the same take."""

        def count(function, *args):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            function(*args)
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        def make_orders(number):
            self.env["sale.order"].create(
                [
                    {
                        "partner_id": self.customer.id,
                        "order_line": [Command.create({"product_id": self.seal.id})],
                    }
                    for _number in range(number)
                ]
            )

        visits = self.env["maintenance.visit"].union(
            *(self._create_planned_visit() for _number in range(12))
        )
        for visit in visits:
            self._use(visit, self.seal)
        visits._finish()
        bills, orders = (
            [count(run, few), count(run, many)]
            for run, few, many in (
                (lambda some: some._create_order_lines(), visits[:3], visits[3:]),
                (make_orders, 3, 9),
            )
        )
        moves = visits.picking_ids.move_ids
        self.assertEqual(moves.sale_line_id, visits.service_line_ids.sale_line_id)
        self.assertLess((bills[1] - bills[0]) / 6, (orders[1] - orders[0]) / 6 + 2)

    def test_two_companies(self):
        warehouses = self.env["stock.warehouse"]
        other = warehouses.search([("company_id", "=", self.other_company.id)], limit=1)
        visit = self._create_planned_visit()
        with self.assertRefused("company", UserError):
            self._use(visit, self.seal, location_id=other.lot_stock_id.id)

    def test_warehouse_of_the_order(self):
        second = self.env["stock.warehouse"].create(
            {"name": "Second", "code": "SEC", "company_id": self.company.id}
        )
        order = self._create_order((self.visit, 1), warehouse_id=second.id)
        visit = self._create_planned_visit(technician_id=self.colleague.id)
        visit.sale_order_id = order
        line = self._use(visit, self.seal)
        self.assertEqual(line.location_id, second.lot_stock_id)
        visit._finish()
        self.assertEqual(visit.picking_ids.picking_type_id, second.out_type_id)

    def test_units_of_measure(self):
        self.seal.uom_id = self.dozen
        visit = self._create_planned_visit()
        self._use(visit, self.seal, 0.5)
        visit._finish()
        self.assertEqual(self._count(self.seal, self.van), 9.5)

    def test_serial_number_that_is_elsewhere(self):
        third = self.env["stock.lot"].create(
            {"name": "CB-3", "product_id": self.board.id}
        )
        self._put(self.board, 1, self.stock, third)
        visit = self._create_planned_visit()
        line = self._use(visit, self.board, lot_id=self.first_board.id)
        self.assertEqual((line.available_quantity, line.missing_quantity), (1, 0))
        self.assertFalse(visit.stock_warning)
        line.lot_id = third
        self.assertEqual((line.available_quantity, line.missing_quantity), (0, 1))
        self.assertIn("Control board", visit.stock_warning)
        line.location_id = self.stock
        self.assertEqual((line.available_quantity, line.missing_quantity), (1, 0))
        self.assertFalse(visit.stock_warning)

    def test_kit(self):
        """As Manufacturing has it, on which nothing here depends: a set is two seals
        and a rope, and no stock itself."""
        rope, kit = self.env["product.product"].create(
            [
                {"name": name, "is_storable": True, "standard_price": 3, **vals}
                for name, vals in (("Rope", {}), ("Set", {"list_price": 50}))
            ]
        )
        self._put(rope, 3, self.van)
        products = type(self.seal)
        whole = products._get_contents

        def get_contents(products, company):
            return {
                product: {self.seal: 2, rope: 1} if product == kit else parts
                for product, parts in whole(products, company).items()
            }

        self.patch(products, "_get_contents", get_contents)
        visit = self._create_planned_visit()
        line = self._use(visit, kit, 4)
        self.assertEqual(line.available_quantity, 3)
        self.assertEqual(line.missing_quantity, 1)
        self.assertIn("Set", visit.stock_warning)
        carried = self.van._get_carried([{"id": kit.id}])
        self.assertEqual(carried[self.van.id, kit.id]["van"], 3)
        missing = line._get_missing()
        self.assertEqual([(key[2], n) for key, n in missing.items()], [(rope, 1)])
        visit._finish()
        self.assertEqual(visit.picking_ids.move_ids.product_id, self.seal | rope)
        self.assertEqual(self._count(self.seal, self.van), 2)
        self.assertEqual(self._count(rope, self.van), -1)
        # Two seals of 8 and a rope of 3.
        self.assertEqual(line._get_unit_cost(), 19)
        line.quantity = 1
        self.assertEqual(self._count(self.seal, self.van), 8)
        self.assertEqual(self._count(rope, self.van), 2)
        visit._update_stock()
        self.assertEqual(len(visit.picking_ids), 2)
        visit.action_create_order_lines()
        self.assertEqual(line.sale_line_id.move_ids, visit.picking_ids.move_ids)
        visit = self._create_planned_visit()
        self.env["service.removed.part"].create(
            {"visit_id": visit.id, "product_id": kit.id, "destination": "refurbish"}
        )
        visit._finish()
        self.assertEqual(self._count(rope, self.stock), 1)

    def test_kit_with_a_serial_number(self):
        products = type(self.seal)
        self.patch(
            products,
            "_get_contents",
            lambda products, company: {
                product: {self.board: 1, self.seal: 1} for product in products
            },
        )
        visit = self._create_planned_visit()
        self._use(visit, self.env["product.product"].create({"name": "Set"}))
        # Which board it was, nobody can say on the line of the set.
        self.assertIn("Set", visit.stock_warning)
        visit._finish()
        self.assertFalse(visit.picking_ids)

    def test_form(self):
        visit = self._create_planned_visit()
        with Form(self._as("technician", visit)) as form:
            with form.service_line_ids.new() as line:
                line.product_id = self.seal
                self.assertEqual(line.location_id.id, self.van.id)
        self.assertEqual(visit.service_line_ids.location_id, self.van)

    def test_links_are_not_written_by_hand(self):
        visit = self._create_planned_visit()
        self._use(visit, self.seal)
        visit._finish()
        user = self._create_user("stock_manager", "stock.group_stock_manager")
        with self.assertRaises(AccessError):
            visit.picking_ids.move_ids.with_user(user).service_line_id = False
        with self.assertRaises(AccessError):
            visit.picking_ids.with_user(user).visit_id = False

    def test_merged_visits(self):
        main = self._create_planned_visit()
        absorbed = self._create_visit()
        self._use(absorbed, self.seal, 2)
        absorbed.merged_into_id = main
        main._finish()
        self.assertEqual(self._count(self.seal, self.van), 8)

    def test_lines_given_with_the_visit(self):
        visit = self._create_planned_visit(
            service_line_ids=[
                Command.create({"product_id": self.seal.id, "quantity": 1})
            ]
        )
        self.assertEqual(visit.service_line_ids.location_id, self.van)

    def test_visits_done_before(self):
        visit = self._create_planned_visit()
        line = self._use(visit, self.seal, 3)
        visit._finish()
        visit.picking_ids.move_ids.service_line_id = False
        visit.picking_ids.visit_id = False
        visit.moves_stock = False
        # What they used left the stock in some other way.
        line.quantity = 4
        self.assertFalse(visit.picking_ids)
        visit.action_create_order_lines()
        visit.sale_order_id.action_confirm()
        waiting = visit.sale_order_id.picking_ids
        self.assertEqual(waiting.move_ids.product_uom_qty, 4)
        visit.action_put_back()
        visit._finish()
        self.assertFalse(visit.picking_ids)

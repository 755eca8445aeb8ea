from freezegun import freeze_time

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import tagged

from .common import StockCase


@tagged("post_install", "-at_install")
@freeze_time("2026-06-10 09:00:00")
class TestDeliveries(StockCase):
    """What was delivered is what stands there."""

    def test_order_waits_for_delivery(self):
        order = self._create_order((self.stove, 3), (self.boiler, 1))
        # What is not tracked does not wait.
        self.assertEqual(self._get_proposed(order), [(self.boiler, False)])
        first, second, third = self.lots
        self._deliver(order.picking_ids, {self.stove: first | second})
        stoves = [(self.stove, "SN-1"), (self.stove, "SN-2")]
        self.assertEqual(self._get_proposed(order), [*stoves, (self.boiler, False)])
        pieces = self._record(order)
        self.assertEqual(pieces[:2].lot_id, first | second)
        self.assertEqual(pieces[:2].stock_move_ids.picking_id.state, "done")
        self.assertFalse(order.has_equipment_left)
        rest = order.picking_ids.filtered(lambda picking: picking.state != "done")
        self._deliver(rest, {self.stove: third, self.boiler: 1})
        self.assertEqual(self._get_proposed(order), [(self.stove, "SN-3")])

    def test_settings(self):
        order = self._create_order((self.stove, 2), (self.boiler, 2))
        self.company.installed_base_units = "ordered"
        self._deliver(order.picking_ids, {self.stove: self.lots[0], self.boiler: 1})
        self.assertEqual(
            self._get_proposed(order),
            [
                (self.stove, "SN-1"),
                (self.stove, False),
                (self.boiler, False),
                (self.boiler, False),
            ],
        )
        self.company.installed_base_units = "delivered"
        delivered = [(self.stove, "SN-1"), (self.boiler, False)]
        self.assertEqual(self._get_proposed(order), delivered)

    def test_invoice_waits(self):
        self._set_up_accounting()
        order = self._create_order((self.stove, 2))
        invoice = order._create_invoices()
        self.assertFalse(invoice.has_equipment_left)
        self._deliver(order.picking_ids, {self.stove: self.lots[0]})
        invoice.invalidate_recordset()
        self.assertEqual(self._get_proposed(invoice), [(self.stove, "SN-1")])
        self.assertEqual(self._record(invoice).lot_id, self.lots[0])
        self.assertFalse(order.has_equipment_left)

    def test_from_delivery(self):
        order = self._create_order((self.stove, 2))
        picking = order.picking_ids
        with self.assertRefused("brought nothing", UserError):
            picking.action_create_installed_base()
        self._deliver(picking, {self.stove: self.lots[:2]})
        self.assertTrue(picking.has_equipment_left)
        pieces = self._record(picking)
        self.assertEqual(pieces.mapped("serial_number"), ["SN-1", "SN-2"])
        self.assertEqual(pieces.sale_order_ids, order)
        self.assertEqual(pieces.partner_id, self.customer)
        self.assertEqual(picking.installed_base_count, 2)
        self.assertEqual(pieces[0].picking_count, 1)
        self.assertEqual(pieces[0].action_view_pickings()["res_id"], picking.id)
        self.assertFalse(picking.has_equipment_left or order.has_equipment_left)

    def test_dozens(self):
        order = self._create_order(
            {
                "product_id": self.boiler.id,
                "product_uom_qty": 1,
                "product_uom_id": self.dozen.id,
            }
        )
        self.company.installed_base_units = "delivered"
        picking = order.picking_ids
        picking.move_ids.quantity = picking.move_ids.product_uom_qty
        picking.button_validate()
        self.assertEqual(len(self._get_proposed(order)), 12)

    def test_dozens_at_once(self):
        self.company.installed_base_on_delivery = "create"
        order = self._create_order(
            {
                "product_id": self.boiler.id,
                "product_uom_qty": 2,
                "product_uom_id": self.dozen.id,
            }
        )
        picking = order.picking_ids
        # One dozen, counted in pieces by whoever packed it.
        picking.move_ids.move_line_ids = [
            Command.clear(),
            Command.create(
                {
                    "product_id": self.boiler.id,
                    "picking_id": picking.id,
                    "product_uom_id": self.boiler.uom_id.id,
                    "quantity": 12,
                }
            ),
        ]
        picking.move_ids.picked = True
        picking.with_context(skip_backorder=True).button_validate()
        self.assertEqual(order.order_line.qty_delivered, 1)
        self.assertEqual(len(order.order_line.installed_base_ids), 12)

    def _create_kit(self, *parts, quantity=1, **vals):
        """Return an order of a kit, as it is with its parts to deliver."""
        kit = self.env["product.product"].create({"name": "Heating set", **vals})
        order = self._create_order((kit, quantity))
        move = order.order_line.move_ids
        for product in parts or (self.stove, self.boiler):
            move.copy({"product_id": product.id, "sale_line_id": order.order_line.id})
        move._action_cancel()
        move.unlink()
        order.picking_ids.action_confirm()
        return order

    def test_kit(self):
        order = self._create_kit()
        self._deliver(order.picking_ids, {self.stove: self.lots[0], self.boiler: 1})
        expected = [(self.stove, "SN-1"), (self.boiler, False)]
        self.assertCountEqual(self._get_proposed(order), expected)
        self.assertTrue(order.has_equipment_left)
        pieces = self._record(order)
        self.assertEqual(pieces.sale_order_ids, order)
        self.assertFalse(order.has_equipment_left)
        # Two parts of one kit are not too many.
        self.assertFalse(order._get_surplus_equipment())

    def _count_kits(self):
        """Let orders of kits of a single part count what is delivered of them, as they
        do with Manufacturing."""

        def count(lines):
            return {
                line: sum(
                    move.quantity if move._brings_to_customer() else -move.quantity
                    for move in line.move_ids.filtered(lambda m: m.state == "done")
                )
                for line in lines
            }

        lines = self.registry["sale.order.line"]
        self.patch(lines, "_prepare_qty_delivered", count)

    def test_kit_that_is_equipment(self):
        """What stands there is the kit, not its parts."""
        self._count_kits()
        self.company.installed_base_on_delivery = "create"
        order = self._create_kit(self.pellets, is_installed_base=True)
        self._deliver(order.picking_ids, {self.pellets: 1})
        piece = order.order_line.installed_base_ids
        self.assertEqual(piece.product_id, order.order_line.product_id)
        self.assertEqual(piece.partner_id, self.customer)
        self.assertFalse(order.has_equipment_left)
        self._return(order.picking_ids, {self.pellets: 1})
        self.assertEqual(piece.state, "unassigned")

    def test_kit_that_is_equipment_is_asked_about(self):
        self._count_kits()
        self.company.installed_base_on_delivery = "ask"
        order = self._create_kit(self.pellets, is_installed_base=True)
        action = self._deliver(order.picking_ids, {self.pellets: 1})
        self.assertEqual(action["context"]["active_ids"], order.ids)
        self._record(order)
        # Two of one order came, and one goes back: somebody says which.
        more = self._create_kit(self.pellets, quantity=2, is_installed_base=True)
        self._deliver(more.picking_ids, {self.pellets: 2})
        pieces = self._record(more)
        back = self._return(more.picking_ids[:1], {self.pellets: 1})
        self.assertEqual(pieces.mapped("state"), ["installed", "installed"])
        self.assertIn(pieces[0].reference, back.activity_ids.note)

    def test_several_orders_in_one_delivery(self):
        first, second = (
            self._create_order((self.stove, 1)),
            self._create_order((self.stove, 1)),
        )
        picking = first.picking_ids
        second.picking_ids.move_ids.picking_id = picking
        for move, lot in zip(picking.move_ids, self.lots, strict=False):
            move.move_line_ids.unlink()
            move.move_line_ids = [
                Command.create(
                    {
                        "product_id": self.stove.id,
                        "picking_id": picking.id,
                        "lot_id": lot.id,
                        "quantity": 1,
                    }
                )
            ]
            move.picked = True
        picking.button_validate()
        pieces = self._record(picking)
        self.assertEqual([piece.sale_order_ids for piece in pieces], [first, second])

    def test_dropped_by_the_supplier(self):
        order = self._create_order((self.stove, 1))
        order.picking_ids.action_cancel()
        supplier = self.env.ref("stock.stock_location_suppliers")
        picking = self.env["stock.picking"].create(
            {
                "partner_id": self.neighbour.id,
                "picking_type_id": self.warehouse.out_type_id.id,
                "location_id": supplier.id,
                "location_dest_id": self.customers.id,
                "move_ids": [
                    Command.create(
                        {
                            "product_id": self.stove.id,
                            "product_uom_qty": 1,
                            "location_id": supplier.id,
                            "location_dest_id": self.customers.id,
                            "sale_line_id": order.order_line.id,
                        }
                    )
                ],
            }
        )
        picking.action_confirm()
        lot = self.env["stock.lot"].create(
            {"name": "DROP-1", "product_id": self.stove.id}
        )
        self._deliver(picking, {self.stove: lot})
        pieces = self._record(picking)
        self.assertEqual(
            (pieces.serial_number, pieces.partner_id.name), ("DROP-1", "Claes Bakery")
        )

    # -- On delivery -------------------------------------------------------------------

    def test_nothing(self):
        order = self._create_order((self.stove, 1))
        self.assertIs(
            self._deliver(order.picking_ids, {self.stove: self.lots[0]}), True
        )
        self.assertFalse(order.installed_base_count)

    def test_ask(self):
        self.company.installed_base_on_delivery = "ask"
        order = self._create_order((self.stove, 2))
        action = self._deliver(order.picking_ids, {self.stove: self.lots[0]})
        self.assertEqual(action["res_model"], "installed.base.create")
        # Who may not create equipment leaves it to the salesperson.
        keeper = self._create_user("st_keeper", "stock.group_stock_user")
        rest = order.picking_ids.filtered(lambda picking: picking.state != "done")
        result = self._deliver(rest.with_user(keeper), {self.stove: self.lots[1]})
        self.assertIs(result, True)
        self.assertEqual(len(rest.activity_ids), 1)

    def test_create(self):
        self.company.installed_base_on_delivery = "create"
        order = self._create_order((self.stove, 2), (self.pellets, 5), (self.boiler, 1))
        keeper = self._create_user("st_keeper", "stock.group_stock_user")
        picking = order.picking_ids.with_user(keeper)
        units = {self.stove: self.lots[:2], self.pellets: 5, self.boiler: 1}
        self.assertIs(self._deliver(picking, units), True)
        pieces = order.order_line.installed_base_ids
        self.assertEqual(len(pieces), 3)
        stoves = pieces.filtered(lambda piece: piece.product_id == self.stove)
        self.assertEqual(set(stoves.mapped("serial_number")), {"SN-1", "SN-2"})
        self.assertEqual(stoves.site_id, self.workshop)
        self.assertEqual(
            {str(piece.warranty_end_date) for piece in stoves}, {"2028-06-10"}
        )
        self.assertEqual(
            {str(o.date_from) for o in pieces.ownership_ids}, {"2026-06-10"}
        )
        self.assertFalse(order.picking_ids.activity_ids)
        self.assertFalse(order.has_equipment_left)

    def test_created_with_lots_of_their_company(self):
        """Many pieces are checked at once, and each of them is."""
        lots = self.env["stock.lot"].create(
            [
                {
                    "name": f"TWO-{number}",
                    "product_id": self.stove.id,
                    "company_id": company.id,
                }
                for number, company in enumerate(
                    (self.company, self.company, self.other_company)
                )
            ]
        )
        pieces = self.env["installed.base"]
        vals_list = [
            {
                "product_id": self.stove.id,
                "company_id": self.company.id,
                "partner_id": self.customer.id,
                "lot_id": lot.id,
            }
            for lot in lots
        ]
        self.assertEqual(len(pieces.create(vals_list[:2])), 2)
        with self.assertRefused("company", UserError):
            pieces.create([{**vals_list[0], "lot_id": False}, vals_list[2]])

    def test_recorded_before_its_delivery(self):
        self.company.installed_base_units = "ordered"
        order = self._create_order((self.stove, 2))
        pieces = self._record(order)
        self.company.installed_base_on_delivery = "create"
        self._deliver(order.picking_ids, {self.stove: self.lots[:2]})
        self.assertEqual(order.order_line.installed_base_ids, pieces)
        self.assertEqual(pieces.lot_id, self.lots[:2])
        self.assertEqual(set(pieces.mapped("serial_number")), {"SN-1", "SN-2"})

    def test_missing(self):
        self.company.installed_base_on_delivery = "create"
        self._create_equipment(serial_number="SN-1", partner_id=self.neighbour.id)
        order = self._create_order((self.stove, 2))
        picking = order.picking_ids
        self._deliver(picking, {self.stove: self.lots[:2]})
        self.assertEqual(picking.state, "done")
        self.assertEqual(
            order.order_line.installed_base_ids.mapped("serial_number"), ["SN-2"]
        )
        self.assertEqual(len(picking.activity_ids), 1)
        self.assertIn("SN-1", picking.activity_ids.note)

    def _count_queries(self, setting, lots):
        """Return how many queries it takes to deliver lots of an order."""
        self.company.installed_base_on_delivery = setting
        order = self._create_order((self.stove, len(lots)))
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        self._deliver(order.picking_ids, {self.stove: lots})
        self.env.flush_all()
        return self.env.cr.sql_log_count - before

    def test_queries(self):
        """Creating many pieces with a delivery takes as many queries as a few."""
        names = [f"Q-{number}" for number in range(34)]
        lots = self._create_lots(self.stove, *names)
        self._count_queries("create", lots[:2])
        self._count_queries("nothing", lots[2:4])
        few = self._count_queries("create", lots[4:7])
        few -= self._count_queries("nothing", lots[7:10])
        many = self._count_queries("create", lots[10:22])
        many -= self._count_queries("nothing", lots[22:])
        self.assertLessEqual(many, few + 3)

import ast

from freezegun import freeze_time

from odoo.exceptions import UserError
from odoo.tests import tagged

from odoo.addons.field_maintenance.tests.common import MaintenanceCase

from .common import StockFixtures


@tagged("post_install", "-at_install")
@freeze_time("2026-06-01 06:00:00")
class TestPlannedParts(StockFixtures, MaintenanceCase):
    """What coming visits need is brought to the vans, or ordered."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_stock()
        cls.lines = cls.env["service.line"]
        for start in ("2026-06-02 07:00:00", "2026-06-03 07:00:00"):
            cls.lines |= cls._use(
                cls._create_planned_visit(start), cls.seal, 0, planned_quantity=8
            )

    def test_list(self):
        action = self.env.ref("field_maintenance_stock.service_line_planned_action")
        lines = self.env["service.line"]
        groups = lines.formatted_read_group(
            [("id", "in", self.lines.ids)],
            ["visit_technician_id", "visit_date:day"],
            ["__count"],
        )
        self.assertEqual([group["__count"] for group in groups], [1, 1])
        self.assertEqual(action.res_model, "service.line")
        self.assertEqual(self.lines.mapped("available_quantity"), [10, 10])

    def _open(self, **context):
        """Return the groups of the list as it opens."""
        return self.lines.with_context(**context).web_read_group(
            [("id", "in", self.lines.ids)],
            ["visit_technician_id", "visit_date:day"],
            auto_unfold=True,
            unfold_read_specification={"product_id": {}},
        )["groups"]

    def test_days_are_open(self):
        """What a technician needs is seen by day at once; a day that was folded stays
        so."""
        action = self.env.ref("field_maintenance_stock.service_line_planned_action")
        context = ast.literal_eval(action.context)
        (technician,) = self._open(**context)
        days = technician["__groups"]["groups"]
        self.assertEqual([len(day["__records"]) for day in days], [1, 1])
        (technician,) = self._open()
        self.assertNotIn("__records", technician["__groups"]["groups"][0])
        folded = self.lines.with_context(**context).web_read_group(
            [("id", "in", self.lines.ids)],
            ["visit_technician_id", "visit_date:day"],
            auto_unfold=True,
            opening_info=[
                {
                    "value": self.technician.id,
                    "folded": False,
                    "limit": 80,
                    "offset": 0,
                    "groups": [{"value": days[0]["visit_date:day"][0], "folded": True}],
                }
            ],
            unfold_read_specification={"product_id": {}},
        )["groups"][0]["__groups"]["groups"]
        self.assertEqual(["__records" in day for day in folded], [False, True])

    def test_transfer(self):
        # Together they lack 6, though each has enough.
        self.lines.action_transfer_to_vans()
        picking = self.env["stock.picking"].search(
            [("location_dest_id", "=", self.van.id)]
        )
        self.assertEqual(picking.move_ids.product_uom_qty, 6)
        self.assertEqual(picking.location_id, self.stock)
        self.assertEqual(picking.state, "assigned")
        with self.assertRefused("Nothing is missing of Door seal", UserError):
            self.lines.action_transfer_to_vans()

    def test_dispatcher_asks_for_parts(self):
        action = self._as("dispatcher", self.lines).action_transfer_to_vans()
        self.assertEqual(action["tag"], "display_notification")

    def test_replenish(self):
        self.lines[0].planned_quantity = 100
        action = self.lines.action_replenish()
        point = self.env["stock.warehouse.orderpoint"].search(action["domain"])
        self.assertEqual(point.location_id, self.stock)
        # 108 needed, 10 in the van, 50 in the warehouse
        self.assertEqual(point.qty_to_order, 48)

    def test_replenish_what_the_warehouse_gives_itself(self):
        self.lines.location_id = self.stock
        self.lines[0].planned_quantity = 60
        action = self.lines.action_replenish()
        point = self.env["stock.warehouse.orderpoint"].search(action["domain"])
        # 68 needed, 50 there
        self.assertEqual(point.qty_to_order, 18)

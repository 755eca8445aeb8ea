from freezegun import freeze_time

from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged

from odoo.addons.field_maintenance.tests.common import MaintenanceCase

from .common import StockFixtures


@tagged("post_install", "-at_install")
@freeze_time("2026-06-01 06:00:00")
class TestRemovedParts(StockFixtures, MaintenanceCase):
    """What was taken out goes where it is to go."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_stock()

    def _take_out(self, visit, **vals):
        return self.env["service.removed.part"].create(
            {"visit_id": visit.id, "product_id": self.seal.id, **vals}
        )

    def test_destinations(self):
        visit = self._create_planned_visit()
        part = self._take_out(visit)
        self.assertEqual(part.location_dest_id, self.seal.property_stock_inventory)
        part.destination = "refurbish"
        self.assertEqual(part.location_dest_id, self.stock)
        shelf = self.env["stock.location"].create(
            {"name": "To refurbish", "location_id": self.stock.id}
        )
        self.company.service_refurbish_location_id = shelf
        self.assertEqual(
            self._take_out(visit, destination="refurbish").location_dest_id, shelf
        )
        part.destination = "maker"
        self.assertEqual(part.location_dest_id.usage, "supplier")

    def test_moves_with_done_and_back(self):
        visit = self._create_planned_visit()
        self._use(visit, self.seal)
        part = self._take_out(visit, destination="refurbish", quantity=2)
        visit._finish()
        self.assertEqual(self._count(self.seal, self.stock), 52)
        self.assertEqual(self._count(self.seal, self.van), 9)
        part.quantity = 1
        self.assertEqual(self._count(self.seal, self.stock), 51)
        visit.action_put_back()
        self.assertEqual(self._count(self.seal, self.stock), 50)
        self.assertEqual(self._count(self.seal, self.van), 10)
        visit._finish()
        part.unlink()
        self.assertEqual(self._count(self.seal, self.stock), 50)
        self.assertEqual(self._count(self.seal, self.van), 9)

    def test_scrapped_at_once(self):
        visit = self._create_planned_visit()
        self._take_out(visit)
        visit._finish()
        move = visit.picking_ids.move_ids
        self.assertEqual(move.state, "done")
        self.assertEqual(move.location_id.usage, "customer")
        self.assertEqual(move.location_dest_id.usage, "inventory")

    def test_refusals(self):
        visit = self._create_planned_visit()
        with self.assertRefused("Choose the serial number", ValidationError):
            self._take_out(visit, product_id=self.board.id)
        visit._cancel("Moved away")
        with self.assertRefused("You cannot change the parts", UserError):
            self._take_out(visit)

    def test_who_may_what(self):
        """Whoever enters what was used enters what was taken out."""
        users = {role: self._as(role, self.env.user).env.user for role in self.users}
        users["keeper"] = self._create_user("st_keeper", "stock.group_stock_user")
        everything = ["read", "create", "write", "unlink"]
        expected = {
            "technician": everything,
            "dispatcher": everything,
            "administrator": everything,
            "salesperson": ["read"],
            "keeper": ["read"],
            "other company": ["read"],
        }
        for role, user in users.items():
            parts = self.env["service.removed.part"].with_user(user)
            with self.subTest(role):
                self.assertEqual(
                    [right for right in everything if parts.has_access(right)],
                    expected.get(role, []),
                )

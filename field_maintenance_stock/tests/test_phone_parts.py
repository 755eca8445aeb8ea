from freezegun import freeze_time

from odoo.tests import tagged

from odoo.addons.field_maintenance.tests.common import MaintenanceCase

from .common import StockFixtures


@tagged("post_install", "-at_install")
@freeze_time("2026-06-01 06:00:00")
class TestPhoneParts(StockFixtures, MaintenanceCase):
    """On the phone, what the van holds comes first, and boards are asked for by
    name."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_stock()
        cls.pellets.is_favorite = True
        cls.seal.is_favorite = True
        cls.board.is_favorite = True

    def _get_brief(self, visit):
        own = self._as("technician", visit)
        return own._get_my_day_briefs()[own]

    def test_van_comes_first(self):
        visit = self._create_planned_visit()
        suggested = self._get_brief(visit)["suggested"]
        vans = [part["van"] > 0 for part in suggested]
        self.assertEqual(vans, sorted(vans, reverse=True))
        by_id = {part["id"]: part for part in suggested}
        self.assertEqual(by_id[self.seal.id]["van"], 10)
        self.assertEqual(
            [lot["name"] for lot in by_id[self.board.id]["lots"]], ["CB-1", "CB-2"]
        )
        found = self._as("technician", visit).search_parts("seal")
        self.assertEqual(found[0]["van"], 10)

    def test_serial_numbers_are_entered_one_by_one(self):
        visit = self._create_planned_visit()
        own = self._as("technician", visit)
        for lot, quantity in (
            (self.first_board, 1.0),
            (self.second_board, 1.0),
            (self.first_board, -1.0),
        ):
            own._apply_entry_part(
                {
                    "product_id": self.board.id,
                    "quantity": quantity,
                    "lot_id": lot.id,
                }
            )
        self.assertEqual(visit.service_line_ids.lot_id, self.second_board)
        [part] = self._get_brief(visit)["parts"]
        self.assertEqual(part["used_lots"], self.second_board.ids)
        visit._finish()
        self.assertEqual(self._count(self.board, self.van), 1)

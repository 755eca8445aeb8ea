from odoo.exceptions import RedirectWarning, UserError
from odoo.tests import tagged

from ..common import ExecutionCase


@tagged("post_install", "-at_install")
class TestVisitLabor(ExecutionCase):
    """Recorded times become labor lines."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        hour = cls.env.ref("uom.product_uom_hour")
        cls.work, cls.travel = cls.env["product.product"].create(
            [
                {"name": name, "type": "service", "list_price": price, "uom_id": unit}
                for name, price, unit in (
                    ("Working hour", 90, hour.id),
                    ("Journey", 60, cls.env.ref("uom.product_uom_unit").id),
                )
            ]
        )
        cls.company.visit_work_product_id = cls.work
        cls.call = cls._begin_visit()
        cls.call.time_ids.unlink()

    def _record(self, start, end, technician=None, time_type="work"):
        return self.env["maintenance.visit.time"].create(
            {
                "visit_id": self.call.id,
                "technician_id": (technician or self.technician).id,
                "time_type": time_type,
                "date_start": f"2026-06-01 {start}:00",
                "date_end": f"2026-06-01 {end}:00" if end else False,
            }
        )

    def _take_over(self, role="technician"):
        self._as(role, self.call).action_take_over_times()
        self.env.invalidate_all()
        return [
            (line.product_id, line.technician_id, line.quantity, line.line_type)
            for line in self.call.service_line_ids
        ]

    def test_one_line_for_each_technician_and_type(self):
        self.company.visit_travel_product_id = self.travel
        self.assertFalse(self.call.has_times_to_take_over)
        self._record("06:30", "07:00", time_type="travel")
        self._record("07:00", "08:00")
        self._record("08:30", "09:15")
        self._record("07:00", "09:00", self.colleague)
        self._record("09:15", None)
        self.assertTrue(self.call.has_times_to_take_over)
        lines = [
            (self.travel, self.technician, 0.5, "labor"),
            (self.work, self.technician, 1.75, "labor"),
            (self.work, self.colleague, 2, "labor"),
        ]
        self.assertCountEqual(self._take_over(), lines)
        line = self.call.service_line_ids.filtered(lambda one: one.quantity == 2)
        self.assertEqual(line.name, "Working hour - Carla Colleague")
        self.assertEqual(line.price_subtotal, 180)
        self.assertFalse(self.call.has_times_to_take_over)
        with self.assertRefused("All recorded time", UserError):
            self._take_over()

    def test_follows_what_is_corrected(self):
        time = self._record("07:00", "08:00")
        self._take_over()
        time.date_end = "2026-06-01 07:30:00"
        (line,) = self._take_over()
        self.assertEqual(line[2], 0.5)
        time.unlink()
        self.assertEqual(self._take_over(), [])

    def test_what_came_after_the_order(self):
        self._record("07:00", "08:00")
        self._take_over()
        self.call._finish()
        order = self.call._create_order_lines()
        self.assertEqual(order.order_line.product_id, self.work)
        self._record("09:00", "09:30")
        self.assertCountEqual(
            self._take_over("dispatcher"),
            [
                (self.work, self.technician, 1, "labor"),
                (self.work, self.technician, 0.5, "labor"),
            ],
        )

    def test_only_what_is_billed(self):
        self._record("06:30", "07:00", time_type="travel")
        self.assertFalse(self.call.has_times_to_take_over)
        self._record("07:00", "08:00")
        self.assertEqual(len(self._take_over()), 1)

    def test_what_is_missing(self):
        self._record("07:00", "08:00")
        self.company.visit_work_product_id = False
        self.assertTrue(self.call.has_times_to_take_over)
        with self.assertRefused(
            "Choose the products for travel and working time in the settings", UserError
        ):
            self._take_over()
        self.users["dispatcher"].group_ids |= self.env.ref("base.group_system")
        with self.assertRefused("Choose the products", RedirectWarning):
            self._take_over("dispatcher")
        self.call._cancel("No")
        with self.assertRefused("You cannot change the parts", UserError):
            self._take_over()

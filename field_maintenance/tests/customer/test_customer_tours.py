from datetime import date

from odoo.tests import HttpCase, tagged

from ..common import MaintenanceFixtures


@tagged("post_install", "-at_install")
class TestCustomerTours(MaintenanceFixtures, HttpCase):
    """What begins on the page of a customer, in a browser."""

    browser_size = "1366x768"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.piece = cls._create_equipment(site_id=cls.workshop.id)

    def _walk(self, tour):
        self.start_tour(
            f"/odoo/contacts/{self.customer.id}",
            tour,
            login=self.users["dispatcher"].login,
            timeout=90,
        )

    def test_schedule(self):
        """A schedule, from its rule to its visits."""
        self._walk("maintenance_schedule")
        schedule = self.env["maintenance.schedule"].search(
            [("partner_id", "=", self.customer.id)]
        )
        self.assertEqual(schedule.state, "active")
        visits = schedule.visit_ids
        self.assertEqual(len(visits), 6)
        self.assertEqual(set(visits.mapped("state")), {"to_plan"})
        self.assertEqual(visits.installed_base_ids, self.piece)
        self.assertEqual(visits.mapped("occurrence_number"), [1, 2, 3, 4, 5, 6])

    def test_breakdown(self):
        self._walk("maintenance_breakdown")
        visit = self.env["maintenance.visit"].search(
            [("partner_id", "=", self.customer.id)]
        )
        self.assertEqual(visit.state, "planned")
        self.assertEqual(visit.maintenance_type, "breakdown")
        self.assertEqual(visit.installed_base_ids, self.piece)
        self.assertEqual(visit.date_start.date(), date.today())

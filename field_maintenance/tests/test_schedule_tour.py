from odoo.tests import HttpCase, tagged

from .common import MaintenanceFixtures


@tagged("post_install", "-at_install")
class TestScheduleTour(MaintenanceFixtures, HttpCase):
    """A schedule from the customer to its visits, in a browser."""

    browser_size = "1366x768"

    def test_schedule(self):
        piece = self._create_equipment(site_id=self.workshop.id)
        self.start_tour(
            f"/odoo/contacts/{self.customer.id}",
            "maintenance_schedule",
            login=self.users["dispatcher"].login,
            timeout=90,
        )
        schedule = self.env["maintenance.schedule"].search(
            [("partner_id", "=", self.customer.id)]
        )
        self.assertEqual(schedule.state, "active")
        visits = schedule.visit_ids
        self.assertEqual(len(visits), 6)
        self.assertEqual(set(visits.mapped("state")), {"to_plan"})
        self.assertEqual(visits.installed_base_ids, piece)
        self.assertEqual(visits.mapped("occurrence_number"), [1, 2, 3, 4, 5, 6])

from odoo import fields
from odoo.tests import HttpCase, tagged

from ..common import MaintenanceFixtures


@tagged("post_install", "-at_install")
class TestFindSlotTours(MaintenanceFixtures, HttpCase):
    browser_size = "1366x768"

    def test_offered_on_the_phone(self):
        self.env["service.team"].create(
            {"name": "North", "member_ids": self.technician.ids}
        )
        request = self.env["service.request"].create(
            {
                "subject": "No hot water",
                "partner_id": self.customer.id,
                "visit_type_id": self.repair.id,
            }
        )
        self.start_tour(
            "/odoo/service-requests",
            "maintenance_find_slot",
            login=self.users["dispatcher"].login,
            timeout=120,
        )
        visit = request.visit_ids
        self.assertEqual(visit.state, "planned")
        self.assertGreater(visit.date_start, fields.Datetime.now())
        self.assertEqual(visit.technician_ids, self.technician)
        self.assertEqual(visit.told_start, visit.date_start)

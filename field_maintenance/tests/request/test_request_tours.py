from odoo.tests import HttpCase, tagged

from ..common import MaintenanceFixtures


@tagged("post_install", "-at_install")
class TestRequestTours(MaintenanceFixtures, HttpCase):
    browser_size = "1366x768"

    def test_from_mail_to_closed(self):
        request = self.env["service.request"].message_new(
            {
                "subject": "No heating at all",
                "body": "<p>It is cold.</p>",
                "email_from": "Piet Maes <piet@example.net>",
            },
            {"company_id": self.company.id},
        )
        self.start_tour(
            "/odoo/service-requests",
            "maintenance_request",
            login=self.users["dispatcher"].login,
            timeout=120,
        )
        self.assertTrue(request.is_closed)
        self.assertEqual(request.partner_id.email, "piet@example.net")
        self.assertEqual(request.visit_ids.completion, "full")
        self.assertIn("It is cold.", request.visit_ids.description)


@tagged("post_install", "-at_install")
class TestRequestPhone(MaintenanceFixtures, HttpCase):
    """A customer calls a dispatcher who has a phone only."""

    browser_size = "375x667"
    touch_enabled = True

    def test_caller(self):
        self.customer.phone = "+32 4 555 01 77"
        piece = self._create_equipment()
        self.start_tour(
            "/odoo/service-requests",
            "maintenance_request_caller",
            login=self.users["dispatcher"].login,
            timeout=120,
        )
        request = self.env["service.request"].search(
            [("partner_id", "=", self.customer.id)]
        )
        self.assertEqual(request.installed_base_ids, piece)
        self.assertEqual(request.visit_ids.state, "planned")

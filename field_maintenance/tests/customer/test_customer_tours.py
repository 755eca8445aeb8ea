from datetime import date, timedelta

from odoo import fields
from odoo.tests import HttpCase, tagged
from odoo.tools import format_date

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


@tagged("post_install", "-at_install")
class TestPortalForms(MaintenanceFixtures, HttpCase):
    """What customers type on the portal arrives."""

    browser_size = "390x844"
    touch_enabled = True

    def test_every_form(self):
        self._create_equipment(serial_number="SN-1")
        now = fields.Datetime.now().replace(microsecond=0)
        planned = self._create_planned_visit(now + timedelta(days=20))
        done = self._create_visit(visit_type_id=self.repair.id)
        done.state = "done"
        self.start_tour(
            f"/my/visits/{planned.id}",
            "maintenance_portal_forms",
            login="ib_portal",
            timeout=90,
        )
        self.env.invalidate_all()
        note = planned.activity_ids.note
        self.assertIn("Not before nine", note)
        day = format_date(self.env, fields.Date.today() + timedelta(days=30))
        self.assertIn(day, note)
        rating = done.rating_ids.filtered("consumed")
        self.assertEqual((rating.rating, rating.feedback), (3, "Friendly, but late"))
        appointment, problem = self.env["service.request"].search(
            [("partner_id", "=", self.customer.id)], limit=2, order="id DESC"
        )
        self.assertEqual(problem.subject, "No heating")
        self.assertEqual(problem.installed_base_ids.serial_number, "SN-1")
        self.assertIn("It hisses", problem.description)
        self.assertEqual(
            problem.message_ids.attachment_ids.mapped("mimetype"), ["image/jpeg"]
        )
        self.assertIn("any morning", appointment.description)
        self.assertFalse(appointment.installed_base_ids, "The box was emptied")

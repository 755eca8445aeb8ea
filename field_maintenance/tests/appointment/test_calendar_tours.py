from datetime import timedelta

from odoo import fields
from odoo.fields import Command
from odoo.tests import HttpCase, tagged

from ..common import MaintenanceFixtures

CALENDAR = "/odoo/calendar"


@tagged("post_install", "-at_install")
class TestCalendarTours(MaintenanceFixtures, HttpCase):
    """What people do in Odoo's calendar, in a browser."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.piece = cls._create_equipment(
            site_id=cls.workshop.id,
            warranty_end_date=fields.Date.today() + timedelta(days=400),
        )

    def _walk(self, tour, role):
        self.start_tour(CALENDAR, tour, login=self.users[role].login, timeout=90)

    def _get_visits(self):
        return self.env["maintenance.visit"].search(
            [("partner_id", "=", self.customer.id)]
        )

    def test_appointment(self):
        self._walk("maintenance_appointment", "dispatcher")
        visit = self._get_visits()
        self.assertEqual(visit.installed_base_ids, self.piece)
        self.assertEqual(visit.site_id, self.workshop)
        self.assertEqual(visit.duration, 1.5)
        self.assertTrue(visit.calendar_event_id)

    def test_recurring_appointment(self):
        self._walk("maintenance_recurring_appointment", "dispatcher")
        visits = self._get_visits().sorted("date_start")
        self.assertIn(len(visits), (12, 13))
        self.assertEqual(visits.installed_base_ids, self.piece)
        weekdays = {visit._get_site_day(visit.date_start).weekday() for visit in visits}
        self.assertEqual(len(weekdays), 1)
        self.assertEqual(len(visits.calendar_event_id.recurrence_id), 1)

    def test_meeting(self):
        user = self.users["salesperson"]
        start = fields.Datetime.now().replace(hour=10, minute=0, second=0)
        self.env["calendar.event"].create(
            {
                "name": "Coffee",
                "start": start,
                "stop": start + timedelta(hours=2),
                "user_id": user.id,
                "partner_ids": [Command.set((user.partner_id | self.contact).ids)],
            }
        )
        self._walk("maintenance_meeting", "salesperson")

    def test_appointment_removed(self):
        self.company.visit_dispatcher_id = self.users["dispatcher"]
        visit = self._create_planned_visit(
            fields.Datetime.now().replace(hour=10, minute=0, second=0)
        )
        self._walk("maintenance_appointment_removed", "dispatcher")
        self.assertEqual(visit.state, "to_plan")
        self.assertEqual(visit.technician_id, self.technician)
        self.assertEqual(visit.activity_ids.user_id, self.users["dispatcher"])

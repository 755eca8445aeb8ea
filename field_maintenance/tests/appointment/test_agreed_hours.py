from datetime import date, datetime, timedelta

from freezegun import freeze_time
from lxml.html import fromstring
from psycopg2.errors import CheckViolation

from odoo.exceptions import ValidationError
from odoo.fields import Command
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from ..common import MaintenanceCase


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 06:00:00")
class TestAgreedHours(MaintenanceCase):
    """Between 8:00 and 10:00 in Brussels is 7:00 to 9:00 UTC in March 2026, and 6:00 to
    8:00 after the clocks go forward."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customer.tz = "Europe/Brussels"
        cls.customer.email = "bakery@example.com"
        cls.company.write(
            {
                "visit_notice_planned": True,
                "visit_notice_changed": True,
                "visit_notice_delay": 0,
            }
        )

    def _plan(self, start="2026-03-10 07:30:00", **vals):
        vals = {"agreed_from": 8, "agreed_until": 10, **vals}
        return self._create_planned_visit(start, **vals)

    def _get_texts(self, visit):
        self.env.flush_all()
        return visit._get_planning_conflicts()[visit]

    def test_range_is_on_the_clock_of_the_site(self):
        visit = self._plan()
        for day, first, last in (
            (date(2026, 3, 10), datetime(2026, 3, 10, 7), datetime(2026, 3, 10, 9)),
            (date(2026, 3, 30), datetime(2026, 3, 30, 6), datetime(2026, 3, 30, 8)),
        ):
            self.assertEqual(visit._get_agreed_range(day), (first, last))
        visit.write({"agreed_from": 0, "agreed_until": 0})
        self.assertIsNone(visit._get_agreed_range(date(2026, 3, 10)))

    def test_conflict(self):
        visit = self._plan()
        for start, is_refused in (
            ("2026-03-10 07:00:00", False),
            ("2026-03-10 09:00:00", False),
            ("2026-03-10 09:15:00", True),
            ("2026-03-10 06:45:00", True),
            ("2026-03-11 08:00:00", False),
            ("2026-03-30 06:00:00", False),
            ("2026-03-30 08:30:00", True),
        ):
            visit.date_start = start
            texts = [text for text in self._get_texts(visit) if "agreed" in text]
            self.assertEqual(bool(texts), is_refused, start)
        self.assertEqual(
            texts,
            [
                "The visit starts at 10:30 AM, but between 8:00 AM and 10:00 AM was "
                "agreed with the customer."
            ],
        )
        self.assertTrue(visit.has_conflict)

    def test_refused_if_the_company_does(self):
        self.company.blocks_visit_conflicts = True
        self._create_planned_visit("2026-03-10 11:00:00")
        with self.assertRefused("agreed with the customer", ValidationError):
            self._plan("2026-03-10 13:00:00")

    def test_without_technician(self):
        visit = self._plan("2026-03-10 13:00:00", technician_id=False)
        self.assertEqual(len(self._get_texts(visit)), 1)
        found = visit.search([("has_conflict", "=", True), ("id", "=", visit.id)])
        self.assertEqual(found, visit)

    def test_two_hours_unless_said_otherwise(self):
        visit = self._plan(agreed_from=8, agreed_until=9)
        for first, last in ((7, 9), (9.5, 11.5), (23, 23.75), (0, 0), (8, 10)):
            visit.agreed_from = first
            self.assertEqual(visit.agreed_until, last)
        visit.write({"agreed_from": 0, "agreed_until": 6})
        self.assertEqual((visit.agreed_from, visit.agreed_until), (0, 6))

    def test_hours_make_sense(self):
        for first, last in ((10, 8), (8, 8), (8, 24), (8, 23.995), (-1, 4)):
            with (
                self.subTest(first=first, last=last),
                mute_logger("odoo.sql_db"),
                self.assertRaises(CheckViolation),
            ):
                self._plan(agreed_from=first, agreed_until=last)
                self.env.flush_all()
        # What is typed is no trouble before it is saved.
        form = Form(self._plan(agreed_from=8, agreed_until=10))
        for first, last in ((25, 26), (8, 24), (-1, 4)):
            form.agreed_from, form.agreed_until = first, last
            self.assertEqual(form.agreed_until, last)
        from_midnight = self._plan(agreed_from=0, agreed_until=8)
        self.assertEqual(
            from_midnight._describe_agreed_hours(), "between 12:00 AM and 8:00 AM"
        )

    # -- What customers are told -------------------------------------------------------

    def test_customers_read_between(self):
        visit = self._plan()
        details = visit._describe_to_customer(self.customer)
        self.assertEqual(details["time"], "between 8:00 AM and 10:00 AM")
        self.assertEqual(
            visit._get_told_times(),
            (
                datetime(2026, 3, 10, 7),
                datetime(2026, 3, 10, 10, 30),
            ),
        )
        visit.date_start = "2026-03-10 11:00:00"
        details = visit._describe_to_customer(self.customer)
        self.assertEqual(details["time"], "12:00 PM", "Not what is not true")

    def test_moving_within_agreed_hours_tells_nobody(self):
        visit = self._plan()
        visit.write(visit._prepare_told())
        for start, is_as_told in (
            ("2026-03-10 08:45:00", True),
            ("2026-03-10 10:00:00", False),
            ("2026-03-11 07:30:00", False),
        ):
            visit.date_start = start
            self.assertEqual(visit._is_as_told("told_start"), is_as_told, start)
        before = self.env["mail.mail"].search([])
        visit.date_start = "2026-03-10 08:45:00"
        visit._notify_customers()
        self.assertEqual(self.env["mail.mail"].search([]), before)
        self.assertEqual(visit.told_start, datetime(2026, 3, 10, 8, 45))

    def test_other_agreed_hours_are_told(self):
        """Customers hear of other hours, whether the start is within them or not."""
        visit = self._plan()
        self.company.visit_notice_changed = True
        visit.write(visit._prepare_told())
        told = self.env["maintenance.visit"]._get_unnotified_domain(
            self.company, datetime(2100, 1, 1)
        )
        self.env.flush_all()
        self.assertNotIn(visit, visit.search(told))
        for first, last in ((8, 11), (7.5, 11), (0, 0), (8, 10)):
            with self.subTest(first=first, last=last):
                visit.write({"agreed_from": first, "agreed_until": last})
                self.env.flush_all()
                self.assertIn(visit, visit.search(told))
                self.assertEqual(visit.filtered_domain(told), visit)
                self.assertFalse(visit._is_as_told("told_start"))
                visit._notify_customers()
                self.env.flush_all()
                self.assertNotIn(visit, visit.search(told))
                self.assertEqual((visit.told_from, visit.told_until), (first, last))

    def test_fixed(self):
        """Told without agreed hours, a visit stays where it is."""
        visit = self._create_planned_visit("2026-03-10 07:30:00")
        self.assertFalse(visit._is_start_fixed())
        visit.told_start = visit.date_start
        self.assertTrue(visit._is_start_fixed())
        visit.write({"agreed_from": 8, "agreed_until": 10})
        self.assertFalse(visit._is_start_fixed())
        visit.action_start()
        self.assertTrue(visit._is_start_fixed())
        self.assertFalse(self._create_visit()._is_start_fixed())

    # -- Planning many -----------------------------------------------------------------

    def test_next_free_time_is_within_them(self):
        self.company.resource_calendar_id.tz = "Europe/Brussels"
        self.technician.resource_calendar_id = self.company.resource_calendar_id
        visits = self.env["maintenance.visit"].union(
            *(
                self._create_visit(
                    due_date="2026-03-10",
                    technician_id=self.technician.id,
                    agreed_from=8,
                    agreed_until=9,
                    duration=1,
                )
                for _number in range(3)
            )
        )
        self.env["maintenance.visit.batch"].create(
            {
                "action": "plan",
                "date": date(2026, 3, 10),
                "visit_ids": [Command.set(visits.ids)],
            }
        ).action_apply()
        first = datetime(2026, 3, 10, 7)
        self.assertEqual(
            sorted(visits.mapped("date_start")),
            [first, first + timedelta(hours=1), first + timedelta(days=1)],
        )

    def test_my_day(self):
        visit = self._plan()
        (values,) = self._as("technician", visit)._get_my_day_values()
        self.assertEqual(values["agreed"], "between 8:00 AM and 10:00 AM")

    def test_portal(self):
        visit = self._as("portal", self._plan())
        self.env.flush_all()
        qweb = self._as("portal", self.env["ir.qweb"])

        def read():
            html = qweb._render("field_maintenance.portal_visit_date", {"visit": visit})
            return " ".join(fromstring(str(html)).text_content().split())

        self.assertEqual(read(), "03/10/2026, between 8:00 AM and 10:00 AM")
        visit.sudo().date_start = "2026-03-10 13:00:00"
        self.assertEqual(read(), "03/10/2026 02:00 PM")

    def test_board(self):
        visit = self._plan()
        (values,) = visit._get_board_values(visit)
        self.assertEqual(
            (values["agreed_from"], values["agreed_until"], values["tz"]),
            (8, 10, "Europe/Brussels"),
        )
        self.assertEqual(values["agreed_hours"], "between 8:00 AM and 10:00 AM")

    def test_copy_agrees_on_nothing(self):
        self.assertFalse(self._plan().copy().agreed_until)

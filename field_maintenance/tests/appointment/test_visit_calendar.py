from unittest.mock import patch

from odoo.exceptions import AccessError
from odoo.tests import tagged

from ...models.appointment import visit_calendar
from ..common import MaintenanceCase

WEEK = ("2026-03-02 00:00:00", "2026-03-09 00:00:00")


@tagged("post_install", "-at_install")
class TestVisitCalendar(MaintenanceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.early, cls.late, cls.colleagues = (
            cls._create_visit(date_start=start, technician_id=person.id)
            for start, person in (
                ("2026-03-03 08:00:00", cls.technician),
                ("2026-03-03 14:00:00", cls.technician),
                ("2026-03-05 08:00:00", cls.colleague),
            )
        )
        cls.after = cls._create_visit(
            date_start="2026-03-09 08:00:00", technician_id=cls.technician.id
        )
        cls.visits = cls.early | cls.late | cls.colleagues | cls.after

    def _get_calendar(self, technician_ids=None, role="dispatcher"):
        visits = self._as(role, self.env["maintenance.visit"]).with_context(tz="UTC")
        return visits.get_visit_calendar(
            *WEEK, [("id", "in", self.visits.ids)], ["date_start"], technician_ids
        )

    def _get_ids(self, *args, **kwargs):
        return [
            values["id"] for values in self._get_calendar(*args, **kwargs)["records"]
        ]

    def test_of_everybody(self):
        expected = (self.early | self.late | self.colleagues).ids
        self.assertEqual(self._get_ids(), expected)

    def test_of_those_chosen(self):
        self.assertEqual(self._get_ids(self.colleague.ids), self.colleagues.ids)
        self.assertEqual(self._get_ids([]), [])

    def test_technicians_see_their_own(self):
        expected = (self.early | self.late).ids
        self.assertEqual(self._get_ids(role="technician"), expected)

    def test_cancelled_visits_stay(self):
        self.early._cancel("Snow")
        self.assertIn(self.early.id, self._get_ids())

    def test_days_are_counted_beyond_the_limit(self):
        with patch.object(visit_calendar, "CALENDAR_LIMIT", 2):
            shown = self._get_calendar()
            of_one = self._get_ids(self.technician.ids)
        self.assertEqual(
            shown, {"records": [], "days": [["2026-03-03", 2], ["2026-03-05", 1]]}
        )
        self.assertEqual(of_one, (self.early | self.late).ids)

    def test_uses_the_index_of_times(self):
        visits = self.env["maintenance.visit"]
        start, end = (visits._fields["date_start"].to_datetime(m) for m in WEEK)
        query = visits._search(visits._get_overlap_domain(start, end, None))
        self.assertIn("maintenance_visit_planned_range_index", self._explain(query))

    def test_the_choice_is_ones_own(self):
        filters = self.env["maintenance.visit.calendar.filter"]
        chosen = self._as("dispatcher", filters).create(
            {"technician_id": self.technician.id}
        )
        self.assertEqual(chosen.user_id, self.users["dispatcher"])
        others = self._as("salesperson", filters)
        self.assertFalse(others.search([("id", "=", chosen.id)]))
        with self.assertRaises(AccessError):
            chosen.with_user(self.users["salesperson"]).unlink()

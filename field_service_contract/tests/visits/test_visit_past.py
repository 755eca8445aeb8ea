from freezegun import freeze_time

from odoo.tests import Form, tagged

from .test_visits import VisitCase


@tagged("post_install", "-at_install")
@freeze_time("2026-06-10 09:00:00")
class TestVisitPast(VisitCase):
    """Contracts that began before today: the visits until then."""

    def test_preview_and_begin_today(self):
        contract = self._create_visited(activate=False)
        line = contract.line_ids
        self.assertEqual(line.visit_past_count, 5)
        self.assertEqual(contract.visit_past_count, 5)
        self.assertIn("5 more visits that were due before today", line.visit_preview)
        contract.action_begin_visits_today()
        self.assertEqual(str(line.visit_date_from), "2026-06-10")
        self.assertTrue(line.visit_begins_today)
        self.assertEqual(contract.visit_past_count, 0)
        contract.action_activate()
        self.assertEqual(self._get_months(contract), [*range(7, 13)])
        self.assertEqual(line.visit_included_count, 6)

    def test_made_visits_are_no_surprise(self):
        contract = self._create_visited()
        self.assertEqual(self._get_months(contract), [*range(2, 13)])
        line = contract.line_ids
        line.invalidate_recordset()
        self.assertEqual(line.visit_past_count, 0)
        self.assertEqual(contract.visit_past_count, 0)

    def test_line_in_the_form(self):
        contract = self._create_visited(activate=False)
        with Form(contract) as form, form.visited_line_ids.edit(0) as line:
            self.assertEqual(line.visit_past_count, 5)
            line.visit_begins_today = True
            self.assertEqual(line.visit_past_count, 0)
            self.assertNotIn("due before today", line.visit_preview)
        self.assertEqual(str(contract.line_ids.visit_date_from), "2026-06-10")
        contract.action_activate()
        self.assertEqual(self._get_months(contract), [*range(7, 13)])

    def test_suspended_days_stay_without_visits(self):
        contract = self._create_visited(activate=False)
        contract.action_begin_visits_today()
        contract.action_activate()
        self._plan_visit(contract, 7)
        contract.line_ids.visit_date_from = "2026-08-15"
        self.assertEqual(self._get_months(contract, "to_plan"), [9, 10, 11, 12])
        self.assertEqual(self._get_months(contract, "planned"), [7])

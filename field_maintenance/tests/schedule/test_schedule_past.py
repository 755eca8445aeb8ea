from datetime import date

from freezegun import freeze_time

from odoo.tests import Form, tagged

from ..common import MaintenanceCase


@tagged("post_install", "-at_install")
@freeze_time("2026-06-10 08:00:00")
class TestSchedulePast(MaintenanceCase):
    """Schedules that began long ago, and those that do what another one does."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.visit_horizon_months = 12

    def _create_old(self, **vals):
        """Every half-year since 31 March 2024."""
        return self._create_schedule(
            {"interval_number": 6, **vals}, date_start="2024-03-31", activate=False
        )

    def test_preview_says_it(self):
        schedule = self._create_old()
        line = schedule.line_ids
        self.assertEqual(line.past_count, 4)
        self.assertEqual(schedule.past_count, 4)
        self.assertIn(
            "4 more visits that were due before today will be generated", line.preview
        )
        schedule.action_activate()
        self.assertEqual(
            schedule.visit_ids.sorted("occurrence_date").mapped("occurrence_date"),
            [
                date(2024, 9, 30),
                date(2025, 3, 31),
                date(2025, 9, 30),
                date(2026, 3, 31),
                date(2026, 9, 30),
                date(2027, 3, 31),
            ],
        )
        line.invalidate_recordset()
        self.assertEqual(line.past_count, 0, "they are made already")
        self.assertNotIn("due before today", line.preview)

    def test_begin_today(self):
        schedule = self._create_old()
        schedule.action_begin_today()
        line = schedule.line_ids
        self.assertEqual(line.date_from, date(2026, 6, 10))
        self.assertEqual(line.past_count, 0)
        self.assertNotIn("due before today", line.preview)
        schedule.action_activate()
        # The rhythm and its day stay.
        dates = [date(2026, 9, 30), date(2027, 3, 31)]
        self.assertEqual(sorted(schedule.visit_ids.mapped("occurrence_date")), dates)
        schedule._generate_visits(until=date(2027, 12, 31))
        self.assertEqual(
            sorted(schedule.visit_ids.mapped("occurrence_date")),
            [*dates, date(2027, 9, 30)],
        )

    def test_begin_today_in_the_form(self):
        schedule = self._create_old()
        with Form(schedule) as form, form.line_ids.edit(0) as line:
            self.assertEqual(line.past_count, 4)
            self.assertFalse(line.begins_today)
            line.begins_today = True
            self.assertEqual(line.past_count, 0)
        self.assertEqual(schedule.line_ids.date_from, date(2026, 6, 10))
        with Form(schedule) as form, form.line_ids.edit(0) as line:
            line.begins_today = False
        self.assertFalse(schedule.line_ids.date_from)

    def test_begin_today_after_the_fact(self):
        schedule = self._create_old()
        schedule.action_activate()
        visits = schedule.visit_ids.sorted("occurrence_date")
        touched = visits[1]
        touched.note = "Ladder"
        schedule.line_ids.begins_today = True
        self.assertEqual(touched.state, "cancelled")
        self.assertEqual(
            sorted((schedule.visit_ids - touched).mapped("occurrence_date")),
            [date(2026, 9, 30), date(2027, 3, 31)],
        )
        schedule.line_ids.begins_today = False
        self.assertEqual(len(schedule.visit_ids), 6)
        self.assertEqual(touched.state, "to_plan")

    def test_other_rules(self):
        months = self.env["maintenance.month"].search([("number", "in", (1, 6))])
        for vals, count in (
            ({"mode": "months", "month_ids": months.ids}, 4),
            ({"mode": "spread", "visit_count": 4, "date_end": "2028-03-31"}, 2),
            ({"mode": "after_last"}, 1),
            ({"visit_limit": 3}, 3),
            ({"date_first": "2026-01-15"}, 1),
            ({"date_from": "2026-06-11"}, 0),
            ({"date_end": "2025-01-01"}, 1),
        ):
            with self.subTest(vals):
                schedule = self._create_old(**vals)
                self.assertEqual(schedule.line_ids.past_count, count)
                schedule.action_activate()
                past = schedule.visit_ids.filtered(
                    lambda visit: visit.occurrence_date < date(2026, 6, 10)
                )
                self.assertEqual(len(past), count)

    def test_changed_rule_of_an_active_schedule(self):
        schedule = self._create_old()
        schedule.action_activate()
        visits = schedule.visit_ids.sorted("occurrence_date")
        visits[2].date_start = "2025-09-30 08:00:00"
        with Form(schedule) as form, form.line_ids.edit(0) as line:
            line.interval_number = 3
            # After the planned one, those that are not there: only December.
            self.assertEqual(line.past_count, 1)

    def test_visits_at_most(self):
        schedule = self._create_schedule({"visit_limit": 2}, date_start="2026-06-30")
        line = schedule.line_ids
        self.assertEqual(line.rule_summary, "Every month, 2 times")
        self.assertEqual(
            sorted(schedule.visit_ids.mapped("occurrence_date")),
            [date(2026, 7, 30), date(2026, 8, 30)],
        )
        line.visit_limit = 1
        self.assertEqual(schedule.visit_ids.occurrence_date, date(2026, 7, 30))
        self.assertEqual(line.rule_summary, "Every month, once")
        line.visit_limit = 0
        self.assertEqual(len(schedule.visit_ids), 11)

    def test_second_schedule_is_named(self):
        piece = self._create_equipment()
        first = self._create_schedule({"installed_base_id": piece.id}, name="First")
        self.assertFalse(first.warning)
        second = self._create_schedule(
            {"installed_base_id": piece.id}, name="Second", activate=False
        )
        self.assertIn("First", second.warning)
        self.assertIn("First", second.line_ids.warning)
        self.assertFalse(first.warning, "a draft makes no visits")
        second.action_activate()
        first.invalidate_recordset()
        self.assertIn("Second", first.warning)
        first.action_suspend()
        second.invalidate_recordset()
        self.assertIn("First", second.warning)
        first.action_close()
        second.invalidate_recordset()
        self.assertFalse(second.warning)
        with Form(self.env["maintenance.schedule"]) as form:
            form.partner_id = self.customer
            with form.line_ids.new() as line:
                line.installed_base_id = piece
                line.visit_type_id = self.repair
                self.assertFalse(line.warning, "other work")
                line.visit_type_id = self.cleaning
                self.assertIn("Second", line.warning)
        twice = self._create_schedule(
            {"installed_base_id": piece.id, "visit_type_id": self.repair.id},
            {"installed_base_id": piece.id, "visit_type_id": self.repair.id},
        )
        self.assertIn(twice.name, twice.warning, "twice in the same schedule")

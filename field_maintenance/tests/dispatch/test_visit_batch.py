from datetime import date, datetime

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged

from ..common import MaintenanceCase


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 06:00:00")
class TestVisitBatch(MaintenanceCase):
    """Many visits at once, with a report."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        partners = cls.customer | cls.workshop | cls.neighbour
        partners.tz = "Europe/Brussels"
        calendar = cls.company.resource_calendar_id
        calendar.tz = "Europe/Brussels"
        for employee in cls.technician | cls.colleague:
            employee.resource_calendar_id = calendar

    def _open(self, action, visits, role="dispatcher", **vals):
        wizards = self._as(role, self.env["maintenance.visit.batch"])
        return wizards.with_context(
            active_model="maintenance.visit", active_ids=visits.ids
        ).create({"action": action, **vals})

    def _apply(self, action, visits, **vals):
        """Run it and return {visit: what is told, False before what was refused}."""
        batch = self._open(action, visits, **vals)
        batch.action_apply()
        self.env.invalidate_all()
        return {
            result.visit_id.sudo().with_env(self.env): (
                result.message if result.is_done else (False, result.message)
            )
            for result in batch.result_ids
        }

    def _create_visits(self, count=3, **vals):
        visits = self.env["maintenance.visit"]
        for day in range(1, count + 1):
            visits |= self._create_visit(due_date=f"2026-03-{day:02}", **vals)
        return visits

    def test_spread_over_working_hours(self):
        visits = self._create_visits(5)
        # They are at another customer's on Tuesday morning, from 9 to 11.
        self._create_planned_visit("2026-03-03 08:00:00", duration=2)
        told = self._apply(
            "plan", visits, date="2026-03-03", technician_id=self.technician.id
        )
        # 8:00 to 12:00 and 13:00 to 17:00 in Brussels; 1.5 hours each.
        self.assertEqual(
            visits.mapped("date_start"),
            [
                datetime(2026, 3, 3, 12, 0),
                datetime(2026, 3, 3, 13, 30),
                datetime(2026, 3, 4, 7, 0),
                datetime(2026, 3, 4, 8, 30),
                datetime(2026, 3, 4, 12, 0),
            ],
        )
        self.assertEqual(set(visits.mapped("state")), {"planned"})
        self.assertEqual(visits.technician_ids, self.technician)
        self.assertIn("Tue 3 Mar 2026 13:00, Tom Technician", told[visits[0]])
        self.assertTrue(all(visits.mapped("calendar_event_id")))
        self.assertEqual(visits.planned_by_id, self.users["dispatcher"])

    def test_query_count(self):
        def count(size, day):
            visits = self._create_visits(size, technician_id=self.technician.id)
            batch = self._open("plan", visits, date=day)
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            batch.action_apply()
            self.env.flush_all()
            self.assertEqual(set(visits.mapped("state")), {"planned"})
            return self.cr.sql_log_count - before

        count(2, "2026-03-03")
        few, many = count(3, "2026-04-06"), count(23, "2026-06-01")
        self.assertLess(many - few, 20 * 0.5)

    def test_spread_not_before_its_window(self):
        now, later = self._create_visits(2, technician_id=self.technician.id)
        later.due_date = "2027-03-01"
        self._apply("plan", now | later, date="2026-03-03")
        self.assertEqual(now.date_start, datetime(2026, 3, 3, 7, 0))
        self.assertEqual(later.date_start, datetime(2027, 2, 22, 7, 0))

    def test_spread_is_not_for_several_days(self):
        visit = self._create_visit(duration=16, technician_id=self.technician.id)
        told = self._apply("plan", visit, date="2026-03-03")
        self.assertEqual(
            told[visit], (False, "It takes several days: use Find a slot.")
        )

    def test_several_days_at_one_hour_and_postponed(self):
        """Sixteen hours of work, wherever they begin."""
        visit = self._create_visit(duration=16, technician_id=self.technician.id)
        self._apply("plan", visit, plan_mode="fixed", date="2026-03-30", hour=9)
        self.assertEqual(visit.date_start, datetime(2026, 3, 30, 7, 0))
        self.assertEqual(visit.date_end, datetime(2026, 4, 1, 7, 0))
        self._apply("postpone", visit, days=4)
        self.assertEqual(visit.date_start, datetime(2026, 4, 3, 7, 0))
        self.assertEqual(visit.date_end, datetime(2026, 4, 7, 7, 0))
        visit.undispatch()
        self.assertEqual(visit.duration, 16)

    def test_spread_at_the_preferred_hour(self):
        schedule = self._create_schedule(
            {
                "local_hour": 10,
                "interval_unit": "week",
                "technician_id": self.colleague.id,
                "date_end": "2026-04-12",
            },
            date_start="2026-03-23",
        )
        visits = schedule.visit_ids.sorted("occurrence_date")
        self._apply("plan", visits, date="2026-03-26")
        # The second not before its window; the clocks go forward on 29 March.
        self.assertEqual(
            visits.mapped("date_start"),
            [datetime(2026, 3, 26, 9, 0), datetime(2026, 3, 30, 8, 0)],
        )

    def test_all_at_one_hour(self):
        visits = self._create_visits(2)
        self._apply("plan", visits, plan_mode="fixed", date="2026-03-30", hour=9.5)
        self.assertEqual(
            set(visits.mapped("date_start")), {datetime(2026, 3, 30, 7, 30)}
        )
        self.assertFalse(visits.technician_id)

    def test_of_a_crew_the_others_stay(self):
        alone, crew = self._create_visits(2)
        alone.technician_id = self.technician
        crew.technician_ids = self.technician | self.colleague
        third = self.env["hr.employee"].create({"name": "Theo"})
        self._apply("plan", alone | crew, date="2026-03-30", technician_id=third.id)
        self.assertEqual(alone.technician_ids, third)
        self.assertEqual(crew.technician_ids, self.technician | self.colleague | third)
        self.assertEqual((alone | crew).technician_id, third)

    def test_days_are_those_of_the_site(self):
        self.workshop.tz = self.customer.tz = "Asia/Tokyo"
        visits = self._create_visits(1)
        self.assertEqual(visits.window_end, date(2026, 3, 15))
        told = self._apply("plan", visits, plan_mode="fixed", date="2026-03-16", hour=6)
        self.assertEqual(visits.date_start, datetime(2026, 3, 15, 21))
        self.assertIn("after its latest date", told[visits])

    def test_what_cannot_be_planned(self):
        good, done, long, lonely = self._create_visits(4)
        (good | done | long).technician_id = self.technician
        long.duration = 12
        done.date_start = "2026-03-02 08:00:00"
        done.write({"state": "in_progress"})
        done.write({"state": "done"})
        told = self._apply("plan", good | done | long | lonely, date="2026-03-20")
        self.assertEqual(good.state, "planned")
        self.assertIn("after its latest date", told[good])
        self.assertEqual(told[done], (False, "Its status is “Done”."))
        self.assertIn("has no free time for it within", told[long][1])
        self.assertIn("It has no technician", told[lonely][1])
        self.assertEqual((long | lonely).mapped("state"), ["to_plan"] * 2)

    def test_one_that_fails_stops_no_other(self):
        """What only shows when it is written: equipment that is no longer there."""
        visits = self._create_visits(3, installed_base_ids=self._create_equipment().ids)
        alien = self.env["hr.employee"].create(
            {"name": "Alien", "company_id": self.other_company.id}
        )
        foreign = self._create_visit(
            company_id=self.other_company.id, due_date="2026-03-09"
        )
        users = self.users["dispatcher"]
        users.company_ids = self.company | self.other_company
        batch = (
            self.env["maintenance.visit.batch"]
            .with_user(users)
            .with_context(
                allowed_company_ids=(self.company | self.other_company).ids,
                active_model="maintenance.visit",
                active_ids=(visits | foreign).ids,
            )
            .create({"action": "assign", "technician_id": alien.id})
        )
        batch.action_apply()
        done = batch.result_ids.filtered("is_done")
        self.assertEqual(done.visit_id.ids, foreign.ids)
        self.assertEqual(batch.done_count, 1)
        self.assertEqual(batch.refused_count, 3)
        self.assertIn("Alien", batch.result_ids[0].message)
        self.env.invalidate_all()
        self.assertEqual(foreign.technician_id, alien)
        self.assertFalse(visits.technician_id)

    def test_reassign(self):
        visits = self._create_visits(3)
        visits[0].date_start = "2026-03-04 08:00:00"
        team = self.env["service.team"].create({"name": "North"})
        self._apply("assign", visits, technician_id=self.colleague.id, team_id=team.id)
        self.assertEqual(visits.technician_ids, self.colleague)
        self.assertEqual(visits.team_id, team)
        self.assertEqual(
            visits[0].calendar_event_id.partner_ids, self.colleague.work_contact_id
        )

    def test_what_is_in_the_way_is_told(self):
        busy, free = (
            self._create_planned_visit(
                f"2026-03-0{day} 08:00:00", technician_id=self.colleague.id
            )
            for day in (3, 4)
        )
        other = self._create_planned_visit("2026-03-03 08:00:00")

        def get_warned(batch):
            batch.action_apply()
            return batch.result_ids.filtered("warning").visit_id

        batch = self._open("assign", busy | free, technician_id=self.technician.id)
        self.assertEqual(get_warned(batch), busy)
        self.assertIn(other.name, batch.result_ids.filtered("warning").warning)
        batch = self._open("postpone", other, postpone_mode="days", days=1)
        self.assertEqual(get_warned(batch), other)
        batch = self._open("cancel", other, reason="No longer needed")
        self.assertFalse(get_warned(batch))

    def test_postpone(self):
        due, planned = self._create_visits(2)
        planned.date_start = "2026-03-27 08:00:00"
        self._apply("postpone", due | planned, days=4)
        self.assertEqual(due.due_date, date(2026, 3, 5))
        self.assertEqual(due.window_end, date(2026, 3, 19))
        # At 9:00 still, though the clocks went forward.
        self.assertEqual(planned.date_start, datetime(2026, 3, 31, 7, 0))
        self.assertEqual(planned.due_date, date(2026, 3, 2), "Planning keeps it")
        told = self._apply(
            "postpone", due | planned, postpone_mode="date", date="2026-03-20"
        )
        self.assertEqual(due.due_date, date(2026, 3, 20))
        self.assertIn("It already takes place later, on", told[planned][1])

    def test_cancel(self):
        visits = self._create_visits(2)
        visits[0].date_start = "2026-03-04 08:00:00"
        gone = self._create_visit()
        gone._cancel("Twice")
        told = self._apply("cancel", visits | gone, reason="He moved away")
        self.assertEqual(set(visits.mapped("cancel_reason")), {"He moved away"})
        self.assertEqual(told[gone], (False, "Its status is “Cancelled”."))

    def test_what_is_missing_for_all(self):
        visits = self._create_visits(1)
        cases = (
            ("plan", {"date": False}, "Choose the date"),
            ("assign", {}, "Choose the technician"),
            ("postpone", {"days": 0}, "at least one day"),
            ("postpone", {"postpone_mode": "date", "date": False}, "Choose the date"),
            ("cancel", {}, "Enter the reason"),
            ("plan", {"hour": 24}, "The time"),
        )
        for action, vals, message in cases:
            with self.subTest(message), self.assertRefused(message, UserError):
                self._open(action, visits, **vals).action_apply()

    def test_form_and_rights(self):
        visits = self._create_visits(2)
        wizards = self._as("dispatcher", self.env["maintenance.visit.batch"])
        form = Form(
            wizards.with_context(
                active_model="maintenance.visit",
                active_ids=visits.ids,
                default_action="cancel",
            )
        )
        form.reason = "No time"
        form.save().action_apply()
        self.assertEqual(set(visits.mapped("state")), {"cancelled"})
        for role in ("technician", "salesperson", "accountant", "portal"):
            with self.subTest(role), self.assertRaises(AccessError):
                self._open("cancel", visits, role, reason="x")

from datetime import datetime

from freezegun import freeze_time

from odoo.exceptions import UserError
from odoo.tests import tagged

from ..common import ExecutionCase


@tagged("post_install", "-at_install")
class TestVisitClock(ExecutionCase):
    def _press(self, visit, button, at, role="technician"):
        with freeze_time(f"2026-06-01 {at}:00"):
            getattr(self._as(role, visit), button)()

    def test_travel_work_and_a_break(self):
        visit = self._create_planned_visit()
        self._press(visit, "action_start_travel", "07:00")
        self.assertEqual(visit.state, "planned")
        self.assertEqual(self._as("technician", visit).running_clock, "travel")
        self._press(visit, "action_start_work", "07:30")
        self.assertEqual(visit.state, "in_progress")
        self.assertEqual(visit.actual_start, datetime(2026, 6, 1, 7, 30))
        self._press(visit, "action_stop", "08:30")
        self.assertFalse(self._as("technician", visit).running_clock)
        self._press(visit, "action_start_work", "09:00")
        self._press(visit, "action_start_work", "09:15")
        with freeze_time("2026-06-01 10:00:00"):
            visit._finish()
        self.assertEqual(len(visit.time_ids), 3, "Pressing twice changes nothing")
        self.assertEqual(visit.travel_hours, 0.5)
        self.assertEqual(visit.work_hours, 2)
        self.assertEqual(visit.actual_end, datetime(2026, 6, 1, 10))
        self.assertEqual(visit.date_start, datetime(2026, 6, 1, 7))
        visit.calendar_event_id.write(
            {"start": "2026-06-02 09:00:00", "stop": "2026-06-02 11:00:00"}
        )
        self.assertEqual(visit.actual_start, datetime(2026, 6, 1, 7, 30))

    def test_one_clock_for_each_technician(self):
        first = self._create_planned_visit()
        second = self._create_planned_visit("2026-06-01 09:00:00")
        self._press(first, "action_start_work", "07:00")
        # They were taken off the first visit meanwhile.
        first.technician_id = self.colleague
        self._press(second, "action_start_travel", "08:00")
        self.assertEqual(first.time_ids.date_end, datetime(2026, 6, 1, 8))
        self.assertFalse(second.time_ids.date_end)
        self.assertEqual(second.time_ids.technician_id, self.technician)

    def test_crew_has_a_clock_each(self):
        visit = self._create_planned_visit()
        visit.technician_ids |= self.colleague
        self.colleague.user_id = self.users["dispatcher"]
        self._press(visit, "action_start_work", "07:00")
        self._press(visit, "action_start_work", "07:10", "dispatcher")
        self.assertEqual(visit.time_ids.technician_id, self.technician | self.colleague)
        self._press(visit, "action_stop", "08:00")
        running = visit.time_ids.filtered(lambda time: not time.date_end)
        self.assertEqual(running.technician_id, self.colleague)
        visit._cancel("Power cut")
        self.assertTrue(all(visit.time_ids.mapped("date_end")))

    def test_dispatcher_records_for_the_lead(self):
        visit = self._create_planned_visit()
        self._press(visit, "action_start_work", "07:00", "dispatcher")
        self.assertEqual(visit.time_ids.technician_id, self.technician)

    def test_team_visit_is_taken_by_who_starts(self):
        team = self.env["service.team"].create(
            {"name": "North", "member_ids": self.technician.ids}
        )
        visit = self._create_planned_visit(technician_id=False, team_id=team.id)
        self._press(visit, "action_start_travel", "07:00")
        self.assertEqual(visit.technician_id, self.technician)

    def test_nobody_to_record_for(self):
        visit = self._create_planned_visit(technician_id=False)
        with self.assertRefused("Choose a technician first", UserError):
            self._as("dispatcher", visit).action_start_work()
        self.assertEqual(visit.state, "planned")
        visit._cancel("No time")
        with self.assertRefused("cannot record time on", UserError):
            visit.action_start_travel()

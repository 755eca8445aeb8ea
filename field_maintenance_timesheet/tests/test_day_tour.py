from odoo.tests import HttpCase, tagged

from odoo.addons.field_installed_base.tests.common import ROLES
from odoo.addons.field_maintenance.tests.common import ExecutionFixtures

from .common import TimesheetFixtures


@tagged("post_install", "-at_install")
class TestDayTour(TimesheetFixtures, ExecutionFixtures, HttpCase):
    """What a technician taps on their phone is in the timesheets at once."""

    browser_size = "390x844"
    touch_enabled = True

    def test_times_of_a_day(self):
        self._set_up_projects()
        user = self._create_user("ib_tour_day", ROLES["technician"])
        self.technician.user_id = user
        self.checklist.question_ids[1:].unlink()
        self.pellets.is_favorite = True
        self._add_checklist()
        self.workshop.service_access = "Ring twice"
        visit = self._create_planned_visit(
            "2026-06-01 07:00:00", contact_id=self.workshop.id
        )
        self._create_planned_visit("2026-06-01 09:00:00", partner_id=self.neighbour.id)
        self.start_tour("/odoo/my-day", "my_day", login=user.login, timeout=60)
        self.assertEqual(visit.state, "done")
        times = visit.time_ids
        self.assertEqual(set(times.mapped("time_type")), {"travel", "work"})
        lines = self._get_timesheets(times)
        self.assertEqual(lines.visit_time_id, times)
        self.assertEqual(lines.project_id, self.project)
        self.assertEqual(lines.employee_id, self.technician)
        for line in lines:
            hours = line.visit_time_id.duration
            self.assertAlmostEqual(line.unit_amount, hours, places=4)
            self.assertAlmostEqual(line.amount, -40 * hours, places=2)

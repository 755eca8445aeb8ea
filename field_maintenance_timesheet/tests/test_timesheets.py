from datetime import date

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from odoo.addons.field_maintenance.tests.common import MaintenanceCase

from .common import TimesheetFixtures


@tagged("post_install", "-at_install")
@freeze_time("2026-06-01 06:00:00")
class TestTimesheets(TimesheetFixtures, MaintenanceCase):
    """What is recorded on a visit is in the timesheets, once."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_accounting()
        cls._set_up_projects()

    def test_a_days_timer(self):
        visit = self._create_planned_visit()
        for moment, button in (
            ("06:30", "action_start_travel"),
            ("07:00", "action_start_work"),
            ("08:30", "action_stop"),
        ):
            with freeze_time(f"2026-06-01 {moment}:00"):
                # A technician has no right to timesheets or projects.
                getattr(self._as("technician", visit), button)()
        lines = self._get_timesheets(visit.time_ids).sorted("unit_amount")
        self.assertEqual(lines.mapped("unit_amount"), [0.5, 1.5])
        self.assertEqual(lines.mapped("amount"), [-20, -60])
        self.assertEqual(lines.employee_id, self.technician)
        self.assertEqual(lines.project_id, self.project)
        self.assertEqual(lines[0].date, date(2026, 6, 1))
        self.assertTrue(lines[0].name.endswith("Travel"), lines[0].name)

    def test_running_timer_waits(self):
        visit = self._create_planned_visit()
        time = self._record(visit, end=False)
        self.assertFalse(self._get_timesheets(time))
        time.date_end = "2026-06-01 08:00:00"
        self.assertEqual(self._get_timesheets(time).unit_amount, 1)
        time.date_end = False
        self.assertFalse(self._get_timesheets(time))

    def test_corrections(self):
        visit = self._create_planned_visit()
        time = self._record(visit)
        line = self._get_timesheets(time)
        # Put elsewhere by hand.
        line.project_id = self.other_project
        time.write({"date_end": "2026-06-01 09:00:00"})
        self.assertEqual(self._get_timesheets(time), line)
        self.assertEqual((line.unit_amount, line.amount), (2, -80))
        self.assertEqual(line.project_id, self.other_project)
        time.technician_id = self.colleague
        self.assertEqual((line.employee_id, line.amount), (self.colleague, -60))
        visit.sudo()._update_timesheets()
        self.assertEqual(len(self._get_timesheets(time)), 1)
        time.unlink()
        self.assertFalse(line.exists())

    def _count_queries(self, visits):
        """Return how many queries it takes to bring their timesheets up to date."""
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        visits._update_timesheets()
        self.env.flush_all()
        return self.env.cr.sql_log_count - before

    def test_many_visits(self):
        """Lines are made, looked at and corrected in as many queries for twelve visits
        as for three."""
        groups = []
        for count in (3, 12):
            visits = self.env["maintenance.visit"].browse()
            for minute in range(count):
                visit = self._create_planned_visit()
                self._record(visit, end=f"08:{minute + 10}")
                visits |= visit
            groups.append(visits)
        # What is asked once is asked.
        groups[0]._update_timesheets()
        for task in ("make", "look", "correct"):
            with self.subTest(task):
                counts = []
                for visits in groups:
                    if task == "make":
                        self._get_timesheets(visits.time_ids).unlink()
                    elif task == "correct":
                        self.env.flush_all()
                        self.env.cr.execute(
                            "UPDATE maintenance_visit_time "
                            "SET duration = duration + 0.5 WHERE visit_id IN %s",
                            [visits._ids],
                        )
                        self.env.invalidate_all()
                    counts.append(self._count_queries(visits))
                self.assertEqual(*counts)
        for visits in groups:
            self.assertEqual(
                len(self._get_timesheets(visits.time_ids)), len(visits.time_ids)
            )
            for line in self._get_timesheets(visits.time_ids):
                hours = line.visit_time_id.duration
                self.assertAlmostEqual(line.unit_amount, hours, 4)
                self.assertAlmostEqual(line.amount, -40 * hours, 1)

    def test_invoiced_lines_stay(self):
        visit = self._create_planned_visit()
        time = self._record(visit)
        line = self._get_timesheets(time)
        line.timesheet_invoice_id = self._create_invoice((self.stove, 1))
        time.date_end = "2026-06-01 09:00:00"
        self.assertEqual(line.unit_amount, 1.5)
        time.unlink()
        self.assertTrue(line.exists())

    def test_no_project(self):
        self.company.visit_project_id = False
        visit = self._create_planned_visit()
        time = self._record(visit)
        self.assertFalse(self._get_timesheets(time))
        visit.project_id = self.other_project
        self.assertEqual(self._get_timesheets(time).project_id, self.other_project)

    def test_project_without_timesheets(self):
        self.project.allow_timesheets = False
        self.assertFalse(
            self._get_timesheets(self._record(self._create_planned_visit()))
        )

    def test_time_is_not_given_to_a_line_by_hand(self):
        time = self._record(self._create_planned_visit())
        line = self._get_timesheets(time)
        user = self._create_user("ts_user", "hr_timesheet.group_hr_timesheet_approver")
        with self.assertRaises(AccessError):
            line.with_user(user).visit_booked_share = 1

    def test_past_times(self):
        self.company.visit_project_id = False
        visit = self._create_planned_visit()
        time = self._record(visit)
        running = self._record(visit, start="09:00", end=False)
        boss = self._create_user("ts_boss", "field_installed_base.group_manager")
        self.env["maintenance.visit"]._report_past_times()
        managers = self.env.ref("field_installed_base.group_manager").all_user_ids
        activity = self.env["mail.activity"].search(
            [
                ("summary", "=", "Past times of visits are in no timesheet"),
                ("user_id", "in", managers.ids),
                ("user_id.company_id", "=", self.company.id),
            ]
        )
        self.assertIn("1 recorded times", activity.note)
        self.assertIn("Hearth and Home", activity.note)
        visit = visit.with_user(boss)
        with self.assertRefused("nothing to put in timesheets", UserError):
            visit.action_put_in_timesheets()
        self.company.visit_project_id = self.project
        visit.action_put_in_timesheets()
        self.assertEqual(self._get_timesheets(time | running).unit_amount, 1.5)
        with self.assertRefused("nothing to put in timesheets", UserError):
            visit.action_put_in_timesheets()

    def test_two_companies(self):
        """The project of each company counts its own visits, whoever records."""
        other = self._get_company_env(self.other_company)
        project = other["project.project"].create(
            {"name": "Abroad", "company_id": self.other_company.id}
        )
        self.other_company.visit_project_id = project
        technician = other["hr.employee"].create(
            {"name": "Boris", "company_id": self.other_company.id, "hourly_cost": 20}
        )
        visit = other["maintenance.visit"].create(
            {
                "partner_id": self.neighbour.id,
                "company_id": self.other_company.id,
                "due_date": "2026-06-01",
            }
        )
        time = self._record(visit, technician_id=technician.id)
        line = self._get_timesheets(time)
        self.assertEqual(
            (line.project_id, line.company_id), (project, self.other_company)
        )
        self.assertEqual(line.amount, -30)
        # A project of another company takes nothing.
        self.other_company.visit_project_id = False
        own = self._record(self._create_planned_visit())
        self.assertEqual(self._get_timesheets(own).project_id, self.project)
        visit.sudo()._update_timesheets()
        self.assertEqual(line.project_id, project)

    def test_customers_read_nothing_of_visits(self):
        """Odoo shows customers the timesheets of their projects: times, but not which
        visit, part or contract they belong to."""
        lines = self._as("portal", self.env["account.analytic.line"])
        self.assertTrue(lines.has_access("read"))
        ours = [
            field
            for field in lines._fields.values()
            if field._modules
            and all(module.startswith("field_") for module in field._modules)
        ]
        self.assertIn(lines._fields["visit_time_id"], ours)
        for field in ours:
            with self.subTest(field.name):
                self.assertFalse(lines._has_field_access(field, "read"))

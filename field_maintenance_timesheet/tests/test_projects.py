from freezegun import freeze_time

from odoo.tests import tagged

from odoo.addons.field_maintenance.tests.common import MaintenanceCase

from .common import TimesheetFixtures


@tagged("post_install", "-at_install")
@freeze_time("2026-06-01 06:00:00")
class TestProjects(TimesheetFixtures, MaintenanceCase):
    """Visits of tasks, projects and orders."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_projects()
        cls.task = cls.env["project.task"].create(
            {"name": "Renew the boiler", "project_id": cls.other_project.id}
        )
        cls.hours = cls.env["product.product"].create(
            {
                "name": "Hours",
                "type": "service",
                "invoice_policy": "delivery",
                "service_type": "timesheet",
                "list_price": 90,
                "uom_id": cls.env.ref("uom.product_uom_hour").id,
            }
        )

    def test_visits_of_a_task(self):
        visit = self._create_planned_visit(task_id=self.task.id)
        self.assertEqual(visit.project_id, self.other_project)
        self._create_visit(task_id=self.task.id)
        cancelled = self._create_visit(task_id=self.task.id)
        cancelled._cancel("Sold")
        time = self._record(visit)
        visit._finish()
        for record in (self.task, self.other_project):
            record = record.sudo(False).with_env(self.env)
            self.assertEqual((record.visit_done_count, record.visit_count), (1, 2))
            action = record.action_view_visits()
            visits = self.env["maintenance.visit"].search(action["domain"])
            self.assertEqual(len(visits), 3)
        line = self._get_timesheets(time)
        self.assertEqual(
            (line.task_id, line.project_id), (self.task, self.other_project)
        )
        visit.task_id = self.env["project.task"].create(
            {"name": "Other", "project_id": self.project.id}
        )
        self.assertEqual(line.project_id, self.project)

    def test_sold_hours_are_delivered(self):
        order = self._create_order((self.hours, 5))
        visit = self._create_planned_visit(sale_order_id=order.id)
        time = self._record(visit)
        self.assertEqual(order.order_line.qty_delivered, 1.5)
        time.date_end = "2026-06-01 10:00:00"
        self.assertEqual(order.order_line.qty_delivered, 3)

    def test_labor_of_a_visit_is_delivered(self):
        self.company.visit_work_product_id = self.hours
        visit = self._create_planned_visit()
        self._record(visit)
        visit._finish()
        if visit.has_times_to_take_over:
            visit.action_take_over_times()
        labor = visit.service_line_ids
        self.assertEqual(labor.quantity, 1.5)
        # An hour is given away.
        labor.quantity = 0.5
        visit.action_create_order_lines()
        order_line = labor.sale_line_id
        self.assertEqual(order_line.qty_delivered_method, "timesheet")
        self.assertEqual(order_line.qty_delivered, 0.5)

    def test_order_with_a_task(self):
        self.hours.write(
            {
                "service_tracking": "task_global_project",
                "project_id": self.other_project.id,
                "visit_type_id": self.repair.id,
            }
        )
        self.other_project.allow_billable = True
        order = self._create_order((self.hours, 1), service_type="maintenance")
        visit = order.order_line.maintenance_visit_ids
        self.assertEqual(len(visit), 1)
        self.assertTrue(visit.task_id)
        self.assertEqual(visit.task_id, order.order_line.task_id)
        self.assertEqual(visit.project_id, self.other_project)

from freezegun import freeze_time

from odoo.fields import Command
from odoo.tests import tagged

from odoo.addons.field_installed_base.tests.common import NativeScreensTests
from odoo.addons.field_maintenance.tests.common import MaintenanceCase

from .common import TimesheetFixtures


@tagged("post_install", "-at_install")
@freeze_time("2026-06-01 06:00:00")
class TestNativeScreens(NativeScreensTests, TimesheetFixtures, MaintenanceCase):
    addon = "field_maintenance_timesheet"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_projects()
        task = cls.env["project.task"].create(
            {"name": "Attic", "project_id": cls.project.id}
        )
        cls._record(cls._create_planned_visit(task_id=task.id))

    def _get_native_users(self):
        line = {"product_id": self.pellets.id, "name": "Pellets"}
        order = self._create_order((self.pellets, 1), confirm=False)
        return {
            "account.analytic.line": [
                ("hr_timesheet.group_hr_timesheet_user", None),
                (
                    "hr_timesheet.group_hr_timesheet_approver",
                    {
                        "name": "By hand",
                        "project_id": self.project.id,
                        "employee_id": self.technician.id,
                        "unit_amount": 1,
                    },
                ),
                ("account.group_account_readonly", None),
            ],
            "project.project": [
                ("project.group_project_manager", None),
                ("project.group_project_user", None),
            ],
            "project.task": [
                (
                    "project.group_project_user",
                    {"name": "Cellar", "project_id": self.project.id},
                ),
            ],
            "res.company": [
                ("base.group_erp_manager", None),
                ("base.group_user", None),
            ],
            "res.config.settings": [("base.group_system", {})],
            "sale.order": [
                (
                    "sales_team.group_sale_salesman",
                    {
                        "partner_id": self.customer.id,
                        "order_line": [Command.create(line)],
                    },
                ),
                ("account.group_account_invoice", None),
            ],
            "sale.order.line": [
                (
                    "sales_team.group_sale_salesman_all_leads",
                    {**line, "order_id": order.id},
                ),
            ],
        }

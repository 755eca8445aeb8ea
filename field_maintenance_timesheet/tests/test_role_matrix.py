from freezegun import freeze_time

from odoo.tests import tagged

from odoo.addons.field_installed_base.tests.common import RoleMatrixTests
from odoo.addons.field_maintenance.tests.common import MaintenanceCase

from .common import TimesheetFixtures


@tagged("post_install", "-at_install")
@freeze_time("2026-06-01 06:00:00")
class TestRoleMatrix(RoleMatrixTests, TimesheetFixtures, MaintenanceCase):
    addon = "field_maintenance_timesheet"
    matrix_models = ("account.analytic.line", "maintenance.visit", "project.task")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_projects()
        task = cls.env["project.task"].create(
            {"name": "Attic", "project_id": cls.project.id}
        )
        cls._record(cls._create_planned_visit(task_id=task.id))

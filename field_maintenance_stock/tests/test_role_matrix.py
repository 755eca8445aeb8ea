from freezegun import freeze_time

from odoo.tests import tagged

from odoo.addons.field_installed_base.tests.common import RoleMatrixTests
from odoo.addons.field_maintenance.tests.common import MaintenanceCase

from .common import StockFixtures


@tagged("post_install", "-at_install")
@freeze_time("2026-06-01 06:00:00")
class TestRoleMatrix(RoleMatrixTests, StockFixtures, MaintenanceCase):
    addon = "field_maintenance_stock"
    matrix_models = (
        "hr.employee",
        "maintenance.visit",
        "service.line",
        "service.removed.part",
        "stock.move",
        "stock.picking",
    )

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_stock()
        cls.done = cls._create_planned_visit()
        cls._use(cls.done, cls.seal)
        cls.env["service.removed.part"].create(
            {"visit_id": cls.done.id, "product_id": cls.seal.id}
        )
        cls.done._finish()

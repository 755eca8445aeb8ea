from freezegun import freeze_time

from odoo.exceptions import AccessError
from odoo.tests import tagged

from odoo.addons.field_installed_base.tests.common import ROLES, NativeScreensTests
from odoo.addons.field_maintenance.tests.common import MaintenanceCase

from .common import StockFixtures


@tagged("post_install", "-at_install")
@freeze_time("2026-06-01 06:00:00")
class TestNativeScreens(NativeScreensTests, StockFixtures, MaintenanceCase):
    addon = "field_maintenance_stock"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_stock()
        cls.done = cls._create_planned_visit()
        cls._use(cls.done, cls.seal)
        cls.done._finish()

    def test_read_whole(self):
        """As programs and exports do, without a list of fields."""
        keeper = self._create_user("st_reader", "stock.group_stock_user")
        piece = self._create_equipment()
        self.assertTrue(piece.with_user(keeper).read())
        for role in ROLES:
            for records in (self.done, piece):
                self.assertTrue(self._as(role, records).read(), role)

    def test_catalog_of_a_visit(self):
        """It shows how much is there, which core reads of the moves."""
        names = ["qty_available", "free_qty", "virtual_available"]
        for role in ("technician", "dispatcher"):
            with self.subTest(role):
                self.env.invalidate_all()
                (found,) = self._as(role, self.seal).read(names)
                self.assertEqual(found["qty_available"], 59)
        other = self._create_user("st_nobody", "base.group_user")
        with self.assertRaises(AccessError):
            self.seal.with_user(other).read(names)

    def _get_native_users(self):
        places = {"location_id": self.stock.id, "location_dest_id": self.van.id}
        moved = {"product_id": self.seal.id, "product_uom_qty": 1, **places}
        return {
            "hr.employee": [
                ("hr.group_hr_user", None),
                ("base.group_user", None),
            ],
            "product.product": [
                ("product.group_product_manager", {"name": "Shovel"}),
                ("stock.group_stock_user", None),
            ],
            "res.company": [
                ("base.group_erp_manager", None),
                ("base.group_user", None),
            ],
            "res.config.settings": [("base.group_system", {})],
            # A rental delivers nothing by its order.
            "sale.order.line": [("sales_team.group_sale_salesman", None)],
            "stock.location": [
                ("stock.group_stock_manager", {"name": "Shelf", "usage": "internal"}),
                ("stock.group_stock_user", None),
                ("field_installed_base.group_user", None),
            ],
            "stock.move": [("stock.group_stock_user", moved)],
            "stock.move.line": [("stock.group_stock_user", None)],
            "stock.picking": [("stock.group_stock_user", None)],
            "stock.warehouse": [
                ("stock.group_stock_manager", None),
                ("stock.group_stock_user", None),
            ],
        }

    def _get_native_views(self, model):
        views = super()._get_native_views(model)
        if model._name == "hr.employee" and not model.has_access("read"):
            # Core leads whoever may not read employees to their public profiles.
            return views.browse()
        return views

    def test_parts_of_a_visit(self):
        """Each role opens what the parts of visits are seen by."""
        list_view = self.env.ref(
            "field_maintenance_stock.service_line_view_planned_list"
        )
        for role in ("technician", "dispatcher", "administrator", "salesperson"):
            lines = self._as(role, self.done.service_line_ids)
            for model, views in (
                (lines, [(list_view.id, "list"), (False, "form")]),
                (self._as(role, self.done), [(False, "form")]),
            ):
                for view_id, kind in views:
                    with self.subTest(role, model=model._name, kind=kind):
                        arch = model.get_view(view_id, kind)["arch"]
                        found = model.web_read(self._get_specification(model, arch))
                        self.assertTrue(found)

from freezegun import freeze_time

from odoo.tests import tagged

from odoo.addons.field_installed_base.tests.common import NativeScreensTests

from .common import StockCase


@tagged("post_install", "-at_install")
@freeze_time("2026-06-10 09:00:00")
class TestNativeScreens(NativeScreensTests, StockCase):
    addon = "field_installed_base_stock"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.installed_base_on_delivery = "create"
        cls.order = cls._create_order((cls.stove, 2))
        cls._deliver(cls.order.picking_ids, {cls.stove: cls.lots[:2]})

    def _get_native_users(self):
        stock = self.warehouse.lot_stock_id
        places = {"location_id": stock.id, "location_dest_id": self.customers.id}
        moved = {"product_id": self.pellets.id, "product_uom_qty": 1, **places}
        line = {"product_id": self.pellets.id, "name": "Pellets"}
        order = self._create_order((self.pellets, 1), confirm=False)
        return {
            "account.move.line": [
                ("account.group_account_invoice", None),
                ("account.group_account_readonly", None),
            ],
            "res.company": [
                ("base.group_erp_manager", None),
                ("base.group_user", None),
            ],
            "res.config.settings": [("base.group_system", {})],
            "sale.order.line": [
                (
                    "sales_team.group_sale_salesman_all_leads",
                    {**line, "order_id": order.id},
                ),
            ],
            "stock.lot": [("stock.group_stock_user", None)],
            "stock.move": [
                ("stock.group_stock_user", moved),
                ("sales_team.group_sale_salesman_all_leads", None),
            ],
            "stock.picking": [("stock.group_stock_user", None)],
        }

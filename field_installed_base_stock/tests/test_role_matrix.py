from odoo.tests import tagged

from odoo.addons.field_installed_base.tests.common import RoleMatrixTests

from .common import StockCase


@tagged("post_install", "-at_install")
class TestRoleMatrix(RoleMatrixTests, StockCase):
    addon = "field_installed_base_stock"
    matrix_models = ("installed.base", "stock.lot", "stock.move")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_users()
        cls.order = cls._create_order((cls.stove, 1))
        cls._deliver(cls.order.picking_ids, {cls.stove: cls.lots[0]})
        cls._create_equipment(lot_id=cls.lots[0].id)

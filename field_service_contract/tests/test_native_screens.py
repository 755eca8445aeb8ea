from odoo.fields import Command
from odoo.tests import tagged

from odoo.addons.field_installed_base.tests.common import NativeScreensTests

from .common import ServiceContractCase


@tagged("post_install", "-at_install")
class TestNativeScreens(NativeScreensTests, ServiceContractCase):
    addon = "field_service_contract"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_plan()

    def _get_native_users(self):
        contract = self._create_contract()
        order = self._create_order((self.pellets, 1), confirm=False)
        invoice = self._create_invoice((self.pellets, 1), post=False)
        line = {"product_id": self.pellets.id, "name": "Pellets"}
        account = self.env["account.analytic.account"].create(
            {"name": "Chimneys", "plan_id": self.plan.id}
        )
        self.assertTrue(contract._create_invoices(self._day("2026-12-31")))
        return {
            "account.analytic.line": [
                (
                    "analytic.group_analytic_accounting,account.group_account_invoice",
                    {
                        "name": "Travel",
                        self.plan._column_name(): account.id,
                        "amount": -20,
                    },
                ),
                ("analytic.group_analytic_accounting", None),
                ("account.group_account_readonly", None),
            ],
            "account.move": [
                (
                    "account.group_account_invoice",
                    {
                        "move_type": "out_invoice",
                        "partner_id": self.customer.id,
                        "invoice_date": "2026-03-10",
                        "invoice_line_ids": [
                            Command.create({**line, "price_unit": 6, "tax_ids": False})
                        ],
                    },
                ),
                ("account.group_account_readonly", None),
            ],
            "account.move.line": [
                ("account.group_account_invoice", {**line, "move_id": invoice.id}),
                ("account.group_account_readonly", None),
            ],
            "account.tax": [
                ("account.group_account_manager", None),
                ("account.group_account_invoice", None),
                ("sales_team.group_sale_salesman", None),
            ],
            "product.template": [
                ("product.group_product_manager", {"name": "Shovel"}),
                ("base.group_user", None),
            ],
            "product.product": [
                ("product.group_product_manager", {"name": "Poker"}),
                ("base.group_user", None),
            ],
            "res.company": [
                ("base.group_erp_manager", None),
                ("base.group_user", None),
            ],
            "res.config.settings": [("base.group_system", {})],
            "res.currency": [
                ("account.group_account_manager", None),
                ("base.group_user", None),
            ],
            "res.partner": [
                ("base.group_partner_manager", {"name": "Jan Smit", "zip": "9000"}),
                ("base.group_user", None),
            ],
            "sale.advance.payment.inv": [
                (
                    "sales_team.group_sale_salesman_all_leads",
                    {"sale_order_ids": [Command.set(order.ids)]},
                )
            ],
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

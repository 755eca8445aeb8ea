from odoo.fields import Command
from odoo.tests import tagged

from .common import InstalledBaseCase, NativeScreensTests


@tagged("post_install", "-at_install")
class TestNativeScreens(NativeScreensTests, InstalledBaseCase):
    addon = "field_installed_base"

    def _get_native_users(self):
        survey = self.env["survey.survey"].create({"title": "Satisfaction"})
        order = self._create_order((self.pellets, 1), confirm=False)
        invoice = self._create_invoice((self.pellets, 1), post=False)
        line = {"product_id": self.pellets.id, "name": "Pellets"}
        contact = {"name": "Jan Smit", "zip": "9000"}
        product = {"name": "Shovel"}
        return {
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
            "base.partner.merge.automatic.wizard": [
                ("base.group_partner_manager", None)
            ],
            "product.category": [
                ("product.group_product_manager", {"name": "Shovels"}),
                ("base.group_user", None),
            ],
            "product.template": [
                ("product.group_product_manager", product),
                ("base.group_user", None),
            ],
            "res.company": [
                ("base.group_erp_manager", None),
                ("base.group_user", None),
            ],
            "res.config.settings": [("base.group_system", {})],
            "res.partner": [
                ("base.group_partner_manager", contact),
                ("base.group_user", None),
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
                )
            ],
            "survey.survey": [
                ("survey.group_survey_user", {"title": "Satisfaction"}),
            ],
            "survey.user_input": [
                ("survey.group_survey_user", {"survey_id": survey.id}),
            ],
        }

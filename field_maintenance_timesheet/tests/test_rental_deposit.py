from freezegun import freeze_time

from odoo.fields import Command
from odoo.tests import tagged

from odoo.addons.field_maintenance.tests.common import MaintenanceCase


@tagged("post_install", "-at_install")
@freeze_time("2026-06-01 06:00:00")
class TestRentalDeposit(MaintenanceCase):
    def test_deposit_is_due_at_once(self):
        """Even if its product is sold by the hour, nobody records hours for it."""
        deposit, heater = self.env["product.product"].create(
            [
                {
                    "name": "Our deposit",
                    "type": "service",
                    "service_policy": "delivered_timesheet",
                },
                {
                    "name": "Heater",
                    "type": "consu",
                    "rental_price_day": 20,
                    "rental_deposit": 150,
                },
            ]
        )
        self.company.rental_deposit_product_id = deposit
        self._create_equipment(partner_id=False, product_id=heater.id, is_for_rent=True)
        order = self.env["sale.order"].create(
            {
                "company_id": self.company.id,
                "partner_id": self.customer.id,
                "service_type": "rental",
                "order_line": [
                    Command.create(
                        {
                            "product_id": heater.id,
                            "rental_start": "2026-06-01",
                            "rental_end": "2026-06-05",
                        }
                    )
                ],
            }
        )
        order.action_confirm()
        line = order.order_line.filtered("rental_part")
        self.assertEqual(line.product_id, deposit)
        self.assertEqual(line.qty_delivered_method, "rental")
        self.assertEqual((line.qty_delivered, line.qty_to_invoice), (1, 1))

from odoo.tests import HttpCase, tagged

from odoo.addons.field_installed_base.tests.common import ROLES

from .test_coverage import CoverageCase


@tagged("post_install", "-at_install")
class TestBillingTours(CoverageCase, HttpCase):
    def test_job_price(self):
        self.piece.write({"warranty_months": 0})
        lines = self.env["service.line"]
        for price in (95, 37.5, 17.5):
            lines |= self._add(self.part, price_unit=price)
        self.env["service.price.rule"].create(
            {
                "name": "At most",
                "company_id": self.company.id,
                "kind": "maximum",
                "amount": 120,
            }
        )
        self.start_tour(
            f"/odoo/visits/{self.call.id}", "job_price", login="ib_dispatcher"
        )
        self.assertEqual(lines.mapped("price_subtotal"), [76, 30, 14])

    def test_repair_under_warranty(self):
        """Parts 2 × 200 and labor 3 h × 60 under 100 and 50 %, travel 40."""
        self._set_up_accounting()
        manager = self._create_user("ib_service_manager", ROLES["dispatcher"])
        for role in ("salesperson", "accountant"):
            manager.group_ids |= self.env.ref(ROLES[role])
        self.company.service_fault_depth = "fault"
        self.company.service_warranty_labor_percent = 50
        self.company.visit_work_product_id = False
        self.call.visit_type_id.demands_fault_codes = True
        self.env["service.fault.code"].create(
            [
                {"kind": "fault", "code": "0", "name": "Test electrode"},
                {"kind": "resolution", "code": "0", "name": "Test replaced"},
            ]
        )
        self._add(self.part, 2)
        self._add(self.hours, 3)
        self._add(self.flat, line_type="cost")
        self.start_tour(
            f"/odoo/visits/{self.call.id}",
            "repair_under_warranty",
            login="ib_service_manager",
            timeout=120,
        )
        self.assertEqual(self.call.line_ids.fault_id.name, "Test electrode")
        order = self.call.sale_order_id
        self.assertEqual(order.amount_untaxed, 130)
        self.assertEqual(order.invoice_ids.amount_untaxed, 130)

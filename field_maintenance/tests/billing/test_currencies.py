from odoo.fields import Command
from odoo.tests import Form, tagged

from .test_coverage import CoverageCase


@tagged("post_install", "-at_install")
class TestCurrencies(CoverageCase):
    """Prices in currencies without cents, and with mills."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.visit_work_product_id = False
        cls.piece.write({"warranty_months": 0, "labor_warranty_months": 0})
        cls.whole, cls.mills = cls.env["res.currency"].create(
            [
                {"name": "TSW", "symbol": "W", "rounding": 1},
                {"name": "TSM", "symbol": "M", "rounding": 0.001},
            ]
        )

    def _begin_with(self, currency):
        """Begin a visit whose lines are in a currency."""
        self.customer.property_product_pricelist = self.env["product.pricelist"].create(
            {"name": currency.name, "currency_id": currency.id}
        )
        self.call = self._begin_visit(installed_base_ids=self.piece.ids)

    def _use(self, product, quantity=1, **vals):
        return self._add(product, quantity, visit=self.call, **vals)

    def _bill(self):
        self.call._finish()
        self.call._create_order_lines()
        return self.call.sale_order_id

    def test_discounts(self):
        for currency, subtotal, covered in (
            (self.whole, 67, 34),
            (self.mills, 67.34, 33.665),
        ):
            with self.subTest(currency.name):
                self._begin_with(currency)
                self.piece.warranty_months = 24
                self.company.service_warranty_part_percent = 33.3333
                line = self._use(self.part, price_unit=101.005)
                self.assertEqual(line.currency_id, currency)
                self.assertEqual(line.coverage, "warranty")
                self.assertEqual(
                    (line.price_subtotal, line.covered_amount), (subtotal, covered)
                )
                order = self._bill()
                self.assertEqual(order.currency_id, currency)
                self.assertEqual(order.amount_untaxed, subtotal)

    def test_job_price(self):
        for currency, amount, after in (
            (self.whole, 100, [33, 33, 34]),
            (self.mills, 10, [3.333, 3.333, 3.334]),
        ):
            with self.subTest(currency.name):
                self._begin_with(currency)
                lines = self.env["service.line"]
                for _number in range(3):
                    lines |= self._use(self.part, 3, price_unit=50)
                rule = self.env["service.price.rule"].create(
                    {
                        "name": "All-in",
                        "company_id": self.company.id,
                        "currency_id": currency.id,
                        "amount": amount,
                    }
                )
                action = self.call.action_apply_job_price()
                apply = self.env[action["res_model"]].browse(action["res_id"])
                self.assertEqual(apply.rule_id, rule)
                self.assertEqual(apply.line_ids.mapped("after"), after)
                apply.action_apply()
                self.assertEqual(lines.mapped("price_subtotal"), after)
                self.assertEqual(self._bill().amount_untaxed, amount)

    def test_job_price_with_tax(self):
        """The order totals the price, and its lines sum to what it says without tax,
        however taxes are rounded."""
        self._set_up_accounting()
        group = self.env["account.tax.group"].create({"name": "VAT"})
        taxes = self.env["account.tax"].create(
            [
                {"name": f"{rate} %", "amount": rate, "tax_group_id": group.id}
                for rate in (21, 6)
            ]
        )
        self.part.taxes_id, self.flat.taxes_id = taxes
        few, many = [33, 33, 34], [7, 7, 7, 7, 9, 9, 9, 9, 36]
        for currency, method, prices, amount in (
            (self.whole, "round_globally", few, 1000),
            (self.whole, "round_globally", many, 1003),
            (self.whole, "round_per_line", few, 998),
            (self.whole, "round_per_line", many, 7),
            (self.mills, "round_globally", few, 99.999),
            (self.mills, "round_per_line", many, 99.998),
        ):
            with self.subTest(currency=currency.name, method=method, amount=amount):
                self.company.tax_calculation_rounding_method = method
                self._begin_with(currency)
                lines = self.env["service.line"]
                for number, price in enumerate(prices):
                    product = self.flat if number % 4 == 3 else self.part
                    lines |= self._use(product, price_unit=price)
                rule = self.env["service.price.rule"].create(
                    {
                        "name": "All-in",
                        "company_id": self.company.id,
                        "currency_id": currency.id,
                        "amount": amount,
                        "is_tax_included": True,
                    }
                )
                action = self.call.action_apply_job_price()
                self.env[action["res_model"]].browse(action["res_id"]).action_apply()
                rule.active = False
                self.assertGreaterEqual(min(lines.mapped("price_subtotal")), 0)
                order = self._bill()
                self.assertEqual(order.amount_total, amount)
                net = currency.round(sum(lines.mapped("price_subtotal")))
                self.assertEqual(order.amount_untaxed, net)

    def test_split(self):
        """What the parts of a line cost is what it cost, to the rounding of each."""
        self._begin_with(self.mills)
        second = self._create_equipment(serial_number="S-2")
        self.call.installed_base_ids |= second
        line = self._use(self.hours, 7.5, price_unit=10.001)
        line.action_split_over_equipment()
        lines = self.call.service_line_ids
        self.assertEqual(lines.mapped("quantity"), [3.75, 3.75])
        self.assertEqual(lines.mapped("price_subtotal"), [37.504, 37.504])

    def test_form_and_import(self):
        for currency, subtotal in ((self.whole, 91), (self.mills, 90.905)):
            with self.subTest(currency.name):
                self._begin_with(currency)
                line = self._use(self.part, price_unit=101.005)
                with Form(line) as form:
                    form.typed_discount = 10
                self.assertEqual(line.price_subtotal, subtotal)
                names = ["visit_id/.id", "product_id/.id", "price_unit", "discount"]
                row = [str(self.call.id), str(self.part.id), "101.005", "10"]
                result = self.env["service.line"].load(names, [row])
                self.assertFalse(result["messages"])
                loaded = line.browse(result["ids"])
                self.assertEqual(loaded.price_subtotal, subtotal)

    def test_rule_of_another_company(self):
        self._begin_with(self.whole)
        self._use(self.part, price_unit=100)
        self.env["service.price.rule"].create(
            {
                "name": "Theirs",
                "company_id": self.other_company.id,
                "currency_id": self.whole.id,
                "amount": 1,
            }
        )
        ours = self.env["service.price.rule"].create(
            {
                "name": "Ours",
                "company_id": self.company.id,
                "currency_id": self.whole.id,
                "amount": 70,
                "product_ids": [Command.link(self.part.id)],
            }
        )
        action = self.call.action_apply_job_price()
        apply = self.env[action["res_model"]].browse(action["res_id"])
        self.assertEqual(apply.rule_id, ours)

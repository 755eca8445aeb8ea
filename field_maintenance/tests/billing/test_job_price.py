import random

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import tagged

from .test_coverage import CoverageCase


@tagged("post_install", "-at_install")
class TestJobPrice(CoverageCase):
    """A price for a whole job."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.piece.write({"warranty_months": 0, "labor_warranty_months": 0})
        cls.company.visit_work_product_id = False

    def _rule(self, kind="fixed", amount=120, **vals):
        return self.env["service.price.rule"].create(
            {
                "name": f"{kind} {amount}",
                "company_id": self.company.id,
                "kind": kind,
                "amount": amount,
                **vals,
            }
        )

    def _use(self, *prices):
        self.call.service_line_ids.unlink()
        lines = self.env["service.line"]
        for price in prices:
            lines |= self._add(self.part, price_unit=price)
        return lines

    def _preview(self, role="dispatcher"):
        action = self._as(role, self.call).action_apply_job_price()
        return self._as(role, self.env[action["res_model"]]).browse(action["res_id"])

    def test_numbers(self):
        for kind, amount, before, after in (
            ("maximum", 120, (95, 37.5, 17.5), [76, 30, 14]),
            ("fixed", 250, (120, 60, 20), [150, 75, 25]),
            ("minimum", 250, (120, 60, 20), [150, 75, 25]),
            ("fixed", 200, (100, 100, 100), [66.67, 66.67, 66.66]),
            ("fixed", 10, (10, 10, 10), [3.33, 3.33, 3.34]),
            ("fixed", 0, (10, 20), [0, 0]),
        ):
            with self.subTest(kind=kind, amount=amount):
                lines = self._use(*before)
                rule = self._rule(kind, amount, installed_base_id=self.piece.id)
                apply = self._preview()
                self.assertEqual(apply.line_ids.mapped("before"), list(before))
                self.assertEqual(apply.line_ids.mapped("after"), after)
                self.assertEqual(lines.mapped("price_unit"), list(before))
                apply.action_apply()
                self.assertEqual(lines.mapped("price_subtotal"), after)
                self.assertEqual(set(lines.mapped("price_origin")), {"rule"})
                rule.active = False

    def test_shares_of_quantities_are_exact(self):
        lines = self._use(100, 100, 100)
        lines.write({"quantity": 3, "typed_discount": 10})
        self._rule(amount=200)
        self._preview().action_apply()
        self.assertEqual(lines.mapped("price_subtotal"), [66.67, 66.67, 66.66])
        self.assertEqual(set(lines.mapped("discount")), {0})
        self.call._finish()
        self.call._create_order_lines()
        self.assertEqual(self.call.sale_order_id.amount_untaxed, 200)

    def test_who_takes_part(self):
        lines = self._use(100, 100)
        cost = self._add(self.flat, line_type="cost")
        free = self._add(self.part, typed_coverage="warranty")
        nothing = self._add(self.part, price_unit=0)
        self._rule(amount=50, has_costs=False)
        self._preview().action_apply()
        self.assertEqual(lines.mapped("price_subtotal"), [25, 25])
        self.assertEqual(cost.price_subtotal, 40)
        self.assertEqual(free.price_unit, 200)
        self.assertEqual(nothing.price_origin, "typed")
        only = self._rule(amount=10, product_ids=self.flat.ids, sequence=1)
        self.assertEqual(self._preview().rule_id, only)
        only.write(
            {
                "product_ids": [Command.clear()],
                "product_category_ids": self.pellets.categ_id.ids,
            }
        )
        self.assertTrue(only._takes(lines[0]))

    def test_with_tax(self):
        self._set_up_accounting()
        group = self.env["account.tax.group"].create({"name": "VAT"})
        tax, low = self.env["account.tax"].create(
            [
                {"name": f"{rate} %", "amount": rate, "tax_group_id": group.id}
                for rate in (21, 6)
            ]
        )
        self.part.taxes_id = tax
        self.flat.taxes_id = low
        self._use(150)
        rule = self._rule(amount=121, is_tax_included=True)
        self._preview().action_apply()
        self.assertEqual(self.call.service_line_ids.price_subtotal, 100)
        self.call._finish()
        for amount, prices in ((100, (33, 33, 34)), (99.99, (1, 2, 7)), (0.07, (5, 5))):
            with self.subTest(amount):
                rule.amount = amount
                self._use(*prices)
                self._add(self.flat)
                self._preview().action_apply()
                order = self.call._create_order_lines()
                self.assertEqual(order.amount_total, amount)
                order._action_cancel()

    def _create_taxes(self, *rates):
        group = self.env["account.tax.group"].create({"name": "VAT"})
        return self.env["account.tax"].create(
            [
                {
                    "name": f"{rate} {mode}",
                    "amount": rate,
                    "price_include_override": mode,
                    "tax_group_id": group.id,
                }
                for rate, mode in rates
            ]
        )

    def test_total_that_no_order_has(self):
        """20 % of a single line, rounded by the line: 50, 52, ... The nearest one is
        taken, less rather than more, and the dialog says so."""
        self._set_up_accounting()
        self.company.tax_calculation_rounding_method = "round_per_line"
        self.part.taxes_id = self._create_taxes((20, "tax_excluded"))
        for kind, wanted, total in (
            ("fixed", 0.51, 0.5),
            ("maximum", 0.51, 0.5),
            ("minimum", 0.51, 0.52),
            ("fixed", 0.52, 0.52),
        ):
            with self.subTest(kind=kind, wanted=wanted):
                self._use(0.1 if kind == "minimum" else 5)
                rule = self._rule(
                    kind, wanted, installed_base_id=self.piece.id, is_tax_included=True
                )
                apply = self._preview()
                self.assertEqual(apply.taxed_total, total)
                if wanted == total:
                    self.assertFalse(apply.total_notice)
                else:
                    self.assertIn("cannot total", apply.total_notice)
                    self.assertIn(
                        f"It totals {apply.currency_id.format(total)}",
                        (apply.total_notice),
                    )
                apply.action_apply()
                lines = self.call.service_line_ids
                shares = {line: line.price_subtotal for line in lines}
                self.assertEqual(
                    lines._get_taxed_total(shares, lines._get_order_taxes()), total
                )
                rule.active = False

    def test_total_with_tax_is_reached_or_cannot_be(self):
        """Of jobs at random: to the cent, unless no shares would do; and nothing is
        ever negative."""
        self._set_up_accounting()
        chance = random.Random(14)
        taxes = self._create_taxes(
            (21, "tax_excluded"),
            (6, "tax_excluded"),
            (20, "tax_excluded"),
            (20, "tax_included"),
            (7.7, "tax_excluded"),
        )
        parts = self.env["product.product"].create(
            [{"name": tax.name, "taxes_id": tax.ids} for tax in taxes]
        )
        self.call.service_line_ids.unlink()
        lines = self.env["service.line"].create(
            [
                {
                    "visit_id": self.call.id,
                    "product_id": parts[number % len(parts)].id,
                    "quantity": chance.choice([1, 2, 0.5, 7]),
                    "price_unit": chance.randint(1, 20000) / 100,
                }
                for number in range(20)
            ]
        )
        rule = self._rule(is_tax_included=True)
        currency = rule.currency_id
        for number in range(60):
            method = ("round_per_line", "round_globally")[number % 2]
            self.company.tax_calculation_rounding_method = method
            some = lines.browse(chance.sample(lines.ids, chance.choice([1, 1, 2, 3])))
            rule.amount = chance.choice([1, 100]) * chance.randint(1, 200) / 100
            order_taxes = some._get_order_taxes()
            shares = rule._get_shares(some)
            total = some._get_taxed_total(shares, order_taxes)
            with self.subTest(method=method, amount=rule.amount, lines=some):
                self.assertGreaterEqual(min(shares.values()), 0)
                left = currency.round(rule.amount - total)
                if not left:
                    continue
                self.assertEqual(left, 0.01, "The nearest, and not more")
                if method == "round_per_line":
                    self.assertEqual(len(some), 1, "Two make room for each other")
                one = some[0]
                totals = {
                    some._get_taxed_total(
                        {**shares, one: max(0, shares[one] + step / 500)}, order_taxes
                    )
                    for step in range(-15, 16)
                }
                self.assertNotIn(rule.amount, map(currency.round, totals))

    def test_most_specific(self):
        above = self.env["installed.base.category"].create({"name": "Heat"})
        self.piece.category_id.parent_id = above
        tag = self.env["res.partner.category"].create({"name": "Gold"})
        self._use(100)
        rules = [
            self._rule(),
            self._rule(date_start="2026-01-01"),
            self._rule(date_start="2026-05-01"),
            self._rule(partner_category_id=tag.id),
            self._rule(category_id=above.id),
            self._rule(category_id=self.piece.category_id.id),
            self._rule(product_id=self.piece.product_id.id),
            self._rule(installed_base_id=self.piece.id),
        ]
        self.customer.category_id = tag
        other = self._create_equipment(serial_number="S-2")
        for vals in (
            {"date_start": "2026-06-02"},
            {"date_end": "2026-05-31"},
            {"company_id": self.other_company.id, "installed_base_id": False},
        ):
            self._rule(**{"installed_base_id": self.piece.id, **vals})
        self._rule(installed_base_id=other.id)
        for rule in reversed(rules):
            self.assertEqual(self.call._get_job_price_rule(), rule)
            rule.active = False
        with self.assertRefused("There is no job price in", UserError):
            self.call._get_job_price_rule()

    def test_area_of_other_equipment(self):
        """What a rule is for must hold of one piece, not of several together."""
        areas = self.env["service.fault.code"].create(
            [{"kind": "area", "code": f"T{number}", "name": "Area"} for number in "12"]
        )
        other = self._create_equipment(
            serial_number="S-2",
            category_id=self.env["installed.base.category"].create({"name": "X"}).id,
        )
        self.call.installed_base_ids |= other
        lines = self.call.line_ids.sorted("id")
        for line, area in zip(lines, areas, strict=True):
            line.fault_area_id = area
        self._use(100)
        rule = self._rule(
            category_id=other.category_id.id, fault_area_id=areas[0].id, sequence=1
        )
        usual = self._rule()
        self.assertEqual(self.call._get_job_price_rule(), usual)
        rule.fault_area_id = areas[1]
        self.assertEqual(self.call._get_job_price_rule(), rule)
        rule.installed_base_id = self.piece
        self.assertEqual(self.call._get_job_price_rule(), usual)

    def test_refused(self):
        self._use(0)
        self._rule()
        with self.assertRefused("takes part in a job price", UserError):
            self._preview()
        self._use(100)
        self.env["service.price.rule"].search([]).active = False
        foreign = self.env["res.currency"].create({"name": "XQQ", "symbol": "Q"})
        self._rule(currency_id=foreign.id)
        with self.assertRefused("There is no job price in", UserError):
            self._preview()
        self._rule("maximum", 120)
        with self.assertRefused("nothing changes", UserError):
            self._preview()
        with self.assertRaises(AccessError):
            self._preview("technician")

    def test_area_is_an_area(self):
        area, symptom = self.env["service.fault.code"].create(
            [
                {"kind": kind, "code": kind[:3], "name": kind}
                for kind in ("area", "symptom")
            ]
        )
        rule = self._rule(fault_area_id=area.id)
        with self.assertRefused("symptom is not an area"):
            rule.fault_area_id = symptom

    def test_changed_while_previewed(self):
        lines = self._use(100, 100)
        self._rule("maximum", 150)
        apply = self._preview()
        lines.price_unit = 50
        with self.assertRefused("nothing changes", UserError):
            apply.action_apply()
        lines.price_unit = 100
        self.call._finish()
        self.call._create_order_lines()
        with self.assertRefused("takes part in a job price", UserError):
            apply.action_apply()
        self.assertEqual(lines.mapped("price_subtotal"), [100, 100])

    def test_applied_again(self):
        """It is spread by what the lines would cost without it, as at first."""
        lines = self._use(95, 37.5, 17.5)
        lines[0].write({"price_unit": 190, "typed_discount": 50})
        rule = self._rule("maximum", 120)
        for amount, after in (
            (120, [76, 30, 14]),
            (120, [76, 30, 14]),
            (60, [38, 15, 7]),
        ):
            rule.amount = amount
            self._preview().action_apply()
            self.assertEqual(lines.mapped("price_subtotal"), after)
        lines[0].quantity = 2
        rule.write({"kind": "fixed", "amount": 245})
        self._preview().action_apply()
        self.assertEqual(lines.mapped("price_subtotal"), [190, 37.5, 17.5])

    def test_changed_afterwards(self):
        lines = self._use(100, 100)
        self._rule(amount=150)
        self._preview().action_apply()
        self.assertFalse(any(lines.mapped("is_job_changed")))
        lines[0].quantity = 2
        self.assertEqual(lines.mapped("is_job_changed"), [True, False])
        self.assertEqual(lines.mapped("price_origin"), ["rule", "rule"])
        lines[1].price_unit = 10
        self.assertEqual(lines.mapped("price_origin"), ["rule", "typed"])
        apply = self._preview()
        self.assertTrue(apply.is_changed)
        apply.action_apply()
        self.assertEqual(sum(lines.mapped("price_subtotal")), 150)
        self.assertFalse(any(lines.mapped("is_job_changed")))

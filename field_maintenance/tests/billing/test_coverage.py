from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import Form, tagged

from ..common import ExecutionCase


class CoverageCase(ExecutionCase):
    """A repair of a stove whose warranties hold in June 2026."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        hour = cls.env.ref("uom.product_uom_hour")
        cls.part, cls.hours, cls.journey, cls.flat = cls.env["product.product"].create(
            [
                {"name": "Igniter", "list_price": 200},
                {
                    "name": "Working hour",
                    "type": "service",
                    "list_price": 60,
                    "uom_id": hour.id,
                },
                {
                    "name": "Travel hour",
                    "type": "service",
                    "list_price": 50,
                    "uom_id": hour.id,
                },
                {"name": "Travel", "type": "service", "list_price": 40},
            ]
        )
        cls.piece = cls._create_equipment(
            serial_number="S-1",
            installation_date="2025-06-01",
            warranty_months=24,
            labor_warranty_months=12,
        )
        cls.call = cls._begin_visit(installed_base_ids=cls.piece.ids)

    @classmethod
    def _add(cls, product, quantity=1, visit=None, **vals):
        return cls.env["service.line"].create(
            {
                "visit_id": (visit or cls.call).id,
                "product_id": product.id,
                "quantity": quantity,
                **vals,
            }
        )

    @classmethod
    def _list_price(cls, percent, **vals):
        """Give the customer a price list with a discount that it shows."""
        for group in (
            "product.group_product_pricelist",
            "sale.group_discount_per_so_line",
        ):
            cls.env.ref("base.group_user").implied_ids |= cls.env.ref(group)
        cls.customer.property_product_pricelist = cls.env["product.pricelist"].create(
            {
                "name": "Bakers",
                "item_ids": [
                    Command.create(
                        {
                            "compute_price": "percentage",
                            "percent_price": percent,
                            **vals,
                        }
                    )
                ],
            }
        )

    def _move(self, day):
        self.call.write({"due_date": day, "window_start": day, "window_end": day})

    def _assert_pays(self, line, coverage, discount, subtotal, covered=0):
        self.assertEqual(
            (line.coverage, line.discount, line.price_subtotal, line.covered_amount),
            (coverage, discount, subtotal, covered),
        )


@tagged("post_install", "-at_install")
class TestWarranty(CoverageCase):
    def test_numbers(self):
        self.company.service_warranty_labor_percent = 50
        parts = self._add(self.part, 2)
        labor = self._add(self.hours, 3)
        travel = self._add(self.flat, line_type="cost")
        self._assert_pays(parts, "warranty", 100, 0, 400)
        self._assert_pays(labor, "warranty", 50, 90, 90)
        self._assert_pays(travel, "billable", 0, 40)
        lines = parts | labor | travel
        self.assertEqual(sum(lines.mapped("price_subtotal")), 130)

    def test_first_and_last_day(self):
        part, labor = self._add(self.part), self._add(self.hours)
        for day, of_part, of_labor in (
            ("2025-05-31", "billable", "billable"),
            ("2025-06-01", "warranty", "warranty"),
            ("2026-06-01", "warranty", "warranty"),
            ("2026-06-02", "warranty", "billable"),
            ("2027-06-01", "warranty", "billable"),
            ("2027-06-02", "billable", "billable"),
        ):
            with self.subTest(day):
                self._move(day)
                self.assertEqual((part.coverage, labor.coverage), (of_part, of_labor))
        self.piece.write({"warranty_months": 36})
        self.assertEqual(part.coverage, "warranty")
        self.piece.write({"installation_date": "2028-01-01"})
        self.assertEqual(part.coverage, "billable")

    def test_day_of_request_then_of_order(self):
        """It is day at the site when it is the day before in Greenwich."""
        part = self._add(self.part)
        order = self._create_order((self.pellets, 1), date_order="2027-06-01 21:59:00")
        self.call.sale_order_id = order
        self.assertEqual(part.coverage, "warranty")
        order.date_order = "2027-06-01 22:00:00"
        self.assertEqual(part.coverage, "billable")
        request = self.env["service.request"].create(
            {
                "subject": "Cold",
                "partner_id": self.customer.id,
                "request_date": "2027-06-01 21:59:00",
            }
        )
        self.call.request_id = request
        self.assertEqual(part.coverage, "warranty")
        request.request_date = "2027-06-01 22:00:00"
        self.assertEqual(part.coverage, "billable")
        cabin = self.env["res.partner"].create(
            {
                "name": "Cabin",
                "parent_id": self.customer.id,
                "type": "delivery",
                "tz": "America/New_York",
            }
        )
        self.piece.site_id = cabin
        self.call.site_id = cabin
        self.assertEqual(part.coverage, "warranty")

    def test_an_order_that_bills_changes_no_day(self):
        self.company.service_bills_covered = False
        self._add(self.pellets, typed_coverage="billable")
        part = self._add(self.part, typed_coverage="warranty")
        self.call._finish()
        self.call._create_order_lines()
        self.call.sale_order_id.date_order = "2030-01-01 10:00:00"
        part.typed_coverage = False
        self.assertEqual(part.coverage, "warranty")

    def test_percentages(self):
        part = self._add(self.part)
        above = self.env["installed.base.category"].create({"name": "Heat"})
        category = self.piece.category_id
        category.parent_id = above
        self.company.service_warranty_part_percent = 90
        self.assertEqual(part.discount, 90)
        above.service_warranty_part_percent = 80
        self._assert_pays(part, "warranty", 80, 40, 160)
        category.service_warranty_part_percent = 60
        self.assertEqual(part.discount, 60)
        category.service_warranty_part_percent = 0
        self.assertEqual(part.discount, 80)
        category.parent_id = False
        self.assertEqual(part.discount, 90)
        self.piece.category_id = above
        self.assertEqual(part.discount, 80)
        self.piece.service_warranty_part_percent = 30
        self.assertEqual(part.discount, 30)
        self.assertEqual(self._add(self.hours).discount, 100)

    def test_ordered_lines_keep_their_percentage(self):
        part = self._add(self.part)
        self.call._finish()
        self.call._create_order_lines()
        self.assertTrue(part.is_ordered)
        self.company.service_warranty_part_percent = 40
        self._assert_pays(part, "warranty", 100, 0, 200)
        self.assertEqual(
            self.call.coverage_warning,
            "Igniter: Warranty, 100 % → Warranty, 40 %",
        )
        self.call.sale_order_id._action_cancel()
        self._assert_pays(part, "warranty", 40, 120, 80)

    def test_percentages_of_another_company_or_piece(self):
        part = self._add(self.part)
        self.other_company.service_warranty_part_percent = 40
        other = self.env["installed.base.category"].create({"name": "Cold"})
        other.service_warranty_part_percent = 40
        self._assert_pays(part, "warranty", 100, 0, 200)

    def test_percentages_queries(self):
        """They do not depend on how many lines follow."""
        counts = []
        for number in (5, 50):
            self._add(self.part)
            self.env["service.line"].create(
                [
                    {"visit_id": self.call.id, "product_id": self.part.id}
                    for _line in range(number)
                ]
            )
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.company.service_warranty_part_percent = number
            self.env.flush_all()
            counts.append(self.env.cr.sql_log_count - before)
            lines = self.call.service_line_ids
            self.assertEqual(set(lines.mapped("discount")), {number})
        few, many = counts
        self.assertLessEqual(many, few)

    def test_which_equipment(self):
        other = self._create_equipment(serial_number="S-2")
        self.call.installed_base_ids |= other
        part = self._add(self.part)
        self.assertEqual(part.coverage, "billable")
        ours = self.call.line_ids.filtered(
            lambda ln: ln.installed_base_id == self.piece
        )
        part.visit_line_id = ours
        self.assertEqual(part.coverage, "warranty")
        part.visit_line_id = self.call.line_ids - ours
        self.assertEqual(part.coverage, "billable")

    def test_recorded_travel_never(self):
        self.company.visit_travel_product_id = self.journey
        self.company.visit_work_product_id = self.hours
        self.call.time_ids.unlink()
        for kind, start, end in (("travel", "06", "07"), ("work", "07", "08")):
            self.env["maintenance.visit.time"].create(
                {
                    "visit_id": self.call.id,
                    "technician_id": self.technician.id,
                    "time_type": kind,
                    "date_start": f"2026-06-01 {start}:00:00",
                    "date_end": f"2026-06-01 {end}:00:00",
                }
            )
        self._as("technician", self.call).action_take_over_times()
        travel, work = self.call.service_line_ids.sorted("time_type")
        self._assert_pays(travel, "billable", 0, 50)
        self._assert_pays(work, "warranty", 100, 0, 60)

    def test_wrong_use(self):
        part = self._add(self.part)
        reasons = self.env["service.fault.code"].create(
            [
                {"kind": "reason", "code": "W1", "name": "Wrong use"},
                {
                    "kind": "reason",
                    "code": "W2",
                    "name": "Wrong use",
                    "excludes_warranty": True,
                },
                {
                    "kind": "reason",
                    "code": "W3",
                    "name": "Not kept",
                    "excludes_contract": True,
                },
            ]
        )
        for reason, coverage in zip(
            reasons, ("warranty", "billable", "warranty"), strict=True
        ):
            self.call.line_ids.fault_reason_id = reason
            self.assertEqual(part.coverage, coverage)
        reasons[2].excludes_warranty = True
        self.assertEqual(part.coverage, "billable")

    def test_less_than_the_warranty_is_refused(self):
        self.company.service_warranty_part_percent = 50
        for name in ("typed_discount", "discount"):
            with (
                self.subTest(name),
                self.assertRefused(
                    "lower than the 50 % of the warranty", ValidationError
                ),
            ):
                self._add(self.part, **{name: 49})
        line = self._add(self.part, typed_discount=50)
        self._assert_pays(line, "warranty", 50, 100, 100)
        with self.assertRefused("lower than the 50 %", ValidationError):
            line.discount = 10
        line.typed_discount = 60
        self._assert_pays(line, "billable", 60, 80)
        line.typed_coverage = "billable"
        line.typed_discount = 10
        self._assert_pays(line, "billable", 10, 180)

    def test_ordered_lines_keep_theirs(self):
        part, labor = self._add(self.part), self._add(self.hours)
        self.call._finish()
        self.call._create_order_lines()
        self.assertEqual(part.sale_line_id.discount, 100)
        self.assertFalse(self.call.coverage_warning)
        self._move("2026-07-01")
        self._assert_pays(labor, "warranty", 100, 0, 60)
        self.assertEqual(
            self.call.coverage_warning,
            "Working hour: Warranty, 100 % → Billable, 0 %",
        )
        self.call.sale_order_id._action_cancel()
        self._assert_pays(labor, "billable", 0, 60)
        self._assert_pays(part, "warranty", 100, 0, 200)
        self.assertFalse(self.call.coverage_warning)


@tagged("post_install", "-at_install")
class TestDiscounts(CoverageCase):
    def test_highest_of_all(self):
        self._list_price(10)
        self.piece.write({"warranty_months": 0, "labor_warranty_months": 0})
        line = self._add(self.part)
        self.assertEqual(line.price_unit, 200)
        self._assert_pays(line, "billable", 10, 180)
        line.typed_discount = 5
        self._assert_pays(line, "billable", 10, 180)
        line.typed_discount = 25
        self._assert_pays(line, "billable", 25, 150)
        self.piece.warranty_months = 24
        self._assert_pays(line, "warranty", 100, 0, 200)

    def test_like_an_order(self):
        self._list_price(10, min_quantity=5)
        line = self._add(self.pellets, 4)
        order = self._create_order((self.pellets, 4), (self.pellets, 5), confirm=False)
        for quantity, order_line in zip((4, 5), order.order_line, strict=True):
            line.quantity = quantity
            self.assertEqual(line.price_unit, order_line.price_unit)
            line.typed_coverage = "billable"
            self.assertEqual(line.discount, order_line.discount)

    def test_given_as_before(self):
        """A remote call and an import write discount and coverage."""
        self.piece.warranty_months = 0
        line = self._add(self.part, discount=20)
        self.assertEqual(line.typed_discount, 20)
        self._assert_pays(line, "billable", 20, 160)
        line.write({"discount": 30, "quantity": 2})
        self._assert_pays(line, "billable", 30, 280)
        line.coverage = "warranty"
        self._assert_pays(line, "warranty", 30, 280, 120)
        line.write({"typed_discount": 0})
        self._assert_pays(line, "warranty", 100, 0, 400)
        line.typed_coverage = False
        self._assert_pays(line, "billable", 0, 400)
        # What holds anyway is no choice.
        line.write({"discount": 0, "coverage": "billable"})
        self.assertFalse(line.typed_discount or line.typed_coverage)
        self.piece.warranty_months = 24
        line = self._add(self.part, discount=100, coverage="warranty")
        self.assertFalse(line.typed_discount or line.typed_coverage)
        self.piece.warranty_months = 0
        self._assert_pays(line, "billable", 0, 200)

    def test_technicians_set_none(self):
        line = self._as("technician", self._add(self.part))
        for values in ({"typed_discount": 5}, {"typed_coverage": "billable"}):
            with (
                self.subTest(values),
                self.assertRefused("set by the office", AccessError),
            ):
                line.write(values)
        line.quantity = 2
        self._assert_pays(line, "warranty", 100, 0, 400)

    def test_import(self):
        self.piece.warranty_months = 0
        self.env.flush_all()
        names = ["visit_id/.id", "product_id/.id", "quantity", "price_unit", "discount"]
        row = [str(self.call.id), str(self.part.id), "2", "150", "10"]
        lines = self._as("dispatcher", self.env["service.line"])
        result = lines.load(names, [row])
        self.assertFalse(result["messages"])
        line = lines.browse(result["ids"])
        self._assert_pays(line, "billable", 10, 270)
        self.assertEqual((line.price_origin, line.typed_discount), ("typed", 10))


@tagged("post_install", "-at_install")
class TestLinePrices(CoverageCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.piece.write({"warranty_months": 0, "labor_warranty_months": 0})
        cls.part.list_price = 290

    def test_a_typed_price_follows_no_quantity(self):
        line = self._add(self.part)
        self.assertEqual((line.price_unit, line.price_origin), (290, "pricelist"))
        self._as("dispatcher", line).price_unit = 11
        line.quantity = 3
        self.assertEqual((line.price_unit, line.price_origin), (11, "typed"))
        self.assertEqual(line.price_subtotal, 33)
        copy = line.copy()
        copy.quantity = 4
        self.assertEqual((copy.price_unit, copy.price_origin), (11, "typed"))
        self._list_price(50, compute_price="fixed", fixed_price=7)
        line.quantity = 5
        self.assertEqual(line.price_unit, 11)
        # What the list says follows it again.
        line.write({"price_unit": 290})
        line.product_id = self.pellets
        self.assertEqual((line.price_unit, line.price_origin), (7, "pricelist"))

    def test_typed_in_the_form(self):
        model = self._as("dispatcher", self.env["service.line"])
        with Form(model.with_context(default_visit_id=self.call.id)) as form:
            form.product_id = self.part
            form.price_unit = 11
            form.quantity = 3
            self.assertEqual(form.price_unit, 11)
            form.name = "Special igniter"
            form.quantity = 4
            self.assertEqual((form.price_unit, form.name), (11, "Special igniter"))
        line = form.save()
        self.assertEqual((line.price_unit, line.price_origin), (11, "typed"))
        with Form(line) as form:
            form.quantity = 2
            self.assertEqual(form.price_unit, 11)
        untouched = self._add(self.part)
        with Form(untouched.with_user(self.users["dispatcher"])) as form:
            form.price_unit = 11
            form.quantity = 3
            self.assertEqual(form.price_unit, 11)
        self.assertEqual(untouched.price_unit, 11)
        with Form(self._as("dispatcher", self.call)) as visit:
            with visit.service_line_ids.new() as new:
                new.product_id = self.part
                new.price_unit = 11
                new.quantity = 3
            with visit.service_line_ids.edit(1) as known:
                known.quantity = 9
        self.assertEqual(set(self.call.service_line_ids.mapped("price_unit")), {11})

    def test_of_another_customer_list(self):
        self.env.ref("base.group_user").implied_ids |= self.env.ref(
            "product.group_product_pricelist"
        )
        dollar = self.env.ref("base.USD")
        dollar.active = True
        if dollar == self.company.currency_id:
            dollar = self.env.ref("base.EUR")
            dollar.active = True
        pricelists = self.env["product.pricelist"]
        self.customer.property_product_pricelist = pricelists.create({"name": "Home"})
        pricelist = pricelists.create(
            {
                "name": "Abroad",
                "currency_id": dollar.id,
                "item_ids": [
                    Command.create({"compute_price": "fixed", "fixed_price": 300})
                ],
            }
        )
        home = self.company.currency_id
        follows, typed = self._add(self.part), self._add(self.part, price_unit=11)
        self.call.sale_order_id = self._create_order(
            (self.pellets, 1), confirm=False, pricelist_id=pricelist.id
        )
        self.assertEqual((follows.price_unit, follows.currency_id), (300, dollar))
        # Beside what was typed stays the currency in which it was typed.
        self.assertEqual((typed.price_unit, typed.currency_id), (11, home))
        self.env["res.currency.rate"].create(
            {
                "currency_id": dollar.id,
                "company_id": self.company.id,
                "name": "2020-01-01",
                "rate": 2,
            }
        )
        self.call._finish()
        self.call._create_order_lines()
        self.assertEqual(typed.sale_line_id.price_unit, 22)

    def test_planned_and_not_used(self):
        line = self._add(self.part, planned_quantity=2, quantity=0)
        self.assertEqual((line.price_unit, line.price_subtotal), (290, 0))
        visit = self._as("technician", self.call)
        visit._update_order_line_info(self.part.id, 2)
        self.assertEqual(line.quantity, 2)
        visit._update_order_line_info(self.part.id, 0)
        self.assertEqual((line.quantity, line.planned_quantity), (0, 2))
        self.assertFalse(self.call._get_report_parts())
        self.call._finish()
        with self.assertRefused("Nothing is left to bill", UserError):
            self.call.action_create_order_lines()

    def test_split_over_equipment(self):
        pieces = self.piece | self.env["installed.base"].union(
            *(self._create_equipment(serial_number=f"P-{n}") for n in range(3))
        )
        self.call.installed_base_ids = pieces
        line = self._add(self.hours, 7.5, price_unit=50, typed_discount=10)
        self.assertTrue(line.can_be_split)
        self._as("technician", line).action_split_over_equipment()
        lines = self.call.service_line_ids
        self.assertEqual(lines.mapped("quantity"), [1.88, 1.88, 1.88, 1.86])
        self.assertEqual(lines.visit_line_id.installed_base_id, pieces)
        self.assertEqual(set(lines.mapped("price_unit")), {50})
        self.assertEqual(set(lines.mapped("discount")), {10})
        self.assertFalse(any(lines.mapped("can_be_split")))
        self.call.installed_base_ids = self.piece
        with self.assertRefused("nothing to split", UserError):
            self._add(self.hours).action_split_over_equipment()

    def test_fees_at_done(self):
        self.company.service_start_fee_product_id = self.flat
        zone = self.env["service.zone"].create(
            {"name": "South", "travel_product_id": self.journey.id}
        )
        other = self._create_planned_visit()
        self.call.zone_id = zone
        self.call._absorb(other)
        self._as("technician", self.call)._finish()
        lines = self.call.service_line_ids
        self.assertEqual(lines.product_id, self.flat | self.journey)
        self.assertEqual(set(lines.mapped("line_type")), {"cost"})
        self.assertFalse(other.service_line_ids)
        self.call.action_put_back()
        self.call._finish()
        self.assertEqual(len(self.call.service_line_ids), 2)

    def test_queries(self):
        base = self.env["product.pricelist"].create(
            {
                "name": "Base",
                "item_ids": [
                    Command.create({"compute_price": "fixed", "fixed_price": 300})
                ],
            }
        )
        self._list_price(10, base="pricelist", base_pricelist_id=base.id)
        products = self.env["product.product"].create(
            [{"name": f"Part {number}", "list_price": number} for number in range(40)]
        )

        def count(number):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            lines = self.env["service.line"].create(
                [
                    {
                        "visit_id": self.call.id,
                        "product_id": product.id,
                        "quantity": index + 1,
                    }
                    for index, product in enumerate(products[:number])
                ]
            )
            self.env.flush_all()
            self.assertEqual(set(lines.mapped("price_unit")), {300})
            self.assertEqual(set(lines.mapped("discount")), {10})
            return self.env.cr.sql_log_count - before

        count(2)
        self.assertEqual(count(40), count(4))

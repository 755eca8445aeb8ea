from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import Form, HttpCase, tagged

from ..common import ExecutionCase, ExecutionFixtures


@tagged("post_install", "-at_install")
class TestServiceLine(ExecutionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.call = cls._begin_visit()

    def _use(self, product, quantity=1, role="technician", **vals):
        return self._as(role, self.env["service.line"]).create(
            {
                "visit_id": self.call.id,
                "product_id": product.id,
                "quantity": quantity,
                **vals,
            }
        )

    # -- What was used -----------------------------------------------------------------

    def test_price_of_the_customer(self):
        pricelist = self.env["product.pricelist"].create(
            {
                "name": "Bakers",
                "item_ids": [
                    Command.create(
                        {
                            "compute_price": "percentage",
                            "percent_price": 10,
                            "min_quantity": 10,
                        }
                    )
                ],
            }
        )
        self.customer.property_product_pricelist = pricelist
        line = self._use(self.pellets, 4)
        self.assertEqual(line.line_type, "part")
        self.assertEqual(line.coverage, "billable")
        self.assertEqual(line.price_unit, 6)
        line.quantity = 10
        self.assertEqual(line.price_unit, 5.4)
        self.assertEqual(line.price_subtotal, 54)
        self.assertEqual(line.currency_id, pricelist.currency_id)
        line.sudo().discount = 50
        self.assertEqual(line.price_subtotal, 27)
        self.assertEqual(self._use(self.visit).line_type, "labor")

    def test_same_price_as_on_an_order(self):
        group = self.env["account.tax.group"].create({"name": "VAT"})
        tax = self.env["account.tax"].create(
            {
                "name": "Included",
                "tax_group_id": group.id,
                "amount": 20,
                "price_include_override": "tax_included",
            }
        )
        exempt = self.env["account.tax"].create(
            {"name": "Exempt", "tax_group_id": group.id, "amount": 0}
        )
        self.pellets.taxes_id = tax
        position = self.env["account.fiscal.position"].create({"name": "Abroad"})
        exempt.write(
            {
                "fiscal_position_ids": position.ids,
                "original_tax_ids": tax.ids,
            }
        )
        self.customer.property_account_position_id = position
        line = self._use(self.pellets, 2)
        order = self._create_order(
            (self.pellets, 2),
            confirm=False,
            partner_shipping_id=self.call.site_id.id,
        )
        self.assertEqual(line.price_unit, order.order_line.price_unit)
        self.assertEqual(line.price_unit, 5)

    def test_fiscal_positions_are_searched_once(self):
        country = self.env.ref("base.be")
        group = self.env["account.tax.group"].create(
            {"name": "VAT", "country_id": self.env.company.country_id.id}
        )
        tax, exempt = self.env["account.tax"].create(
            [
                {
                    "name": "Included",
                    "tax_group_id": group.id,
                    "amount": 20,
                    "price_include_override": "tax_included",
                },
                {"name": "Exempt", "tax_group_id": group.id, "amount": 0},
            ]
        )
        self.pellets.taxes_id = tax
        position = self.env["account.fiscal.position"].create(
            {"name": "By the sea", "auto_apply": True, "country_id": country.id}
        )
        position.write({"zip_from": "8000", "zip_to": "8999"})
        exempt.write({"fiscal_position_ids": position.ids, "original_tax_ids": tax.ids})
        customers = self.env["res.partner"].create(
            [
                {
                    "name": f"Customer {number}",
                    "country_id": country.id,
                    "zip": "8400" if number % 2 else "1000",
                }
                for number in range(40)
            ]
        )
        visits = self.env["maintenance.visit"].create(
            [
                {
                    "partner_id": customer.id,
                    "site_id": customer.id,
                    "visit_type_id": self.cleaning.id,
                    "due_date": "2026-06-01",
                }
                for customer in customers
            ]
        )

        def count(number, times=1):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            lines = self.env["service.line"].create(
                [
                    {"visit_id": visit.id, "product_id": self.pellets.id}
                    for _time in range(times)
                    for visit in visits[:number]
                ]
            )
            self.env.flush_all()
            count = self.env.cr.sql_log_count - before
            inland, abroad = lines[::2], lines[1::2]
            self.assertEqual(set(inland.mapped("price_unit")), {6})
            self.assertEqual(set(abroad.mapped("price_unit")), {5})
            return count

        count(2)
        few = count(4)
        self.assertEqual(count(40), few)
        # Odoo computes a thousand at a time, and stores a hundred.
        self.assertEqual(count(40, times=30), few + 11 * 2)

    def test_technicians_tell_what_not_how_much(self):
        line = self._use(self.pellets)
        for values in ({"price_unit": 1}, {"discount": 100}, {"coverage": "warranty"}):
            with self.subTest(values):
                with self.assertRefused("set by the office", AccessError):
                    line.write(values)
                with self.assertRefused("set by the office", AccessError):
                    self._use(self.pellets, **values)
        self._as("dispatcher", line).write({"price_unit": 5, "discount": 10})
        self.assertEqual(line.price_subtotal, 4.5)

    def test_technicians_bring_no_prices_along(self):
        lines = self._as("technician", self.env["service.line"])
        values = {"visit_id": self.call.id, "product_id": self.pellets.id}
        for name, value in (
            ("price_unit", 1),
            ("discount", 100),
            ("coverage", "warranty"),
        ):
            with self.subTest(name):
                with self.assertRefused("set by the office", AccessError):
                    lines.with_context(**{f"default_{name}": value}).create(values)
                self.env["ir.default"].with_user(self.users["technician"]).set(
                    "service.line", name, value, user_id=True
                )
                with self.assertRefused("set by the office", AccessError):
                    lines.create(values)
                self.env["ir.default"].search([]).filtered("user_id").unlink()
        # What holds for everybody holds for technicians.
        self.env["ir.default"].set("service.line", "coverage", "contract")
        self.assertEqual(lines.create(values).coverage, "contract")

    def test_order_line_is_set_by_billing(self):
        order = self._create_order((self.pellets, 1))
        line = self._use(self.pellets)
        for role in ("technician", "dispatcher"):
            with (
                self.subTest(role),
                self.assertRefused(
                    "The order line of parts and time is set when they are billed",
                    AccessError,
                ),
            ):
                self._as(role, line).sale_line_id = order.order_line
            with (
                self.subTest(role),
                self.assertRefused(
                    "The order line of parts and time is set when they are billed",
                    AccessError,
                ),
            ):
                self._use(self.pellets, role=role, sale_line_id=order.order_line.id)

    def test_defaults_of_visits_stay_there(self):
        defaults = {
            "default_coverage": "warranty",
            "default_discount": 50,
            "default_state": "to_plan",
            "default_name": "V/1",
        }
        self.cleaning.product_id = self.visit
        catalog = self._as("dispatcher", self.call).with_context(**defaults)
        catalog._update_order_line_info(self.pellets.id, 2)
        line = self.call.service_line_ids
        self.assertEqual((line.coverage, line.discount), ("billable", 0))
        self.assertNotEqual(line.name, "V/1")
        self.call._finish()
        visit = self._as("salesperson", self.call).with_context(**defaults)
        visit.action_create_order_lines()
        order = self.call.sale_order_id
        self.assertEqual(order.state, "draft")
        self.assertEqual(order.order_line.mapped("price_unit"), [300, 6])
        self.assertEqual(set(order.order_line.mapped("discount")), {0})

    def test_form(self):
        model = self._as("technician", self.env["service.line"])
        with Form(model.with_context(default_visit_id=self.call.id)) as form:
            form.product_id = self.pellets
            form.quantity = 3
            self.assertEqual(form.price_subtotal, 18)
        self.assertEqual(self.call.service_line_ids.quantity, 3)

    def test_catalog(self):
        visit = self._as("technician", self.call)
        action = visit.action_add_part()
        self.assertEqual(action["res_model"], "product.product")
        self.assertEqual(action["context"]["order_id"], self.call.id)
        self.assertTrue(action["context"]["product_catalog_hides_price"])
        office = self._as("dispatcher", self.call).action_add_part()["context"]
        self.assertFalse(office["product_catalog_hides_price"])
        found = visit.env["product.product"].search(action["domain"])
        self.assertIn(self.pellets, found)
        info = visit._get_product_catalog_order_line_info(
            (self.pellets | self.visit).ids
        )
        self.assertEqual(info[self.pellets.id]["price"], 6)
        self.assertEqual(info[self.pellets.id]["quantity"], 0)
        self.assertEqual(visit._update_order_line_info(self.pellets.id, 1), 6)
        visit._update_order_line_info(self.pellets.id, 2)
        line = self.call.service_line_ids
        self.assertEqual(line.quantity, 2)
        info = visit._get_product_catalog_order_line_info(self.pellets.ids)
        self.assertEqual(info[self.pellets.id]["quantity"], 2)
        self.assertFalse(info[self.pellets.id]["readOnly"])
        visit._update_order_line_info(self.pellets.id, 0)
        self.assertFalse(self.call.service_line_ids)
        self.pellets.sale_ok = False
        found = visit.env["product.product"].search(visit.action_add_part()["domain"])
        self.assertNotIn(self.pellets, found)
        self.call._cancel("No time")
        info = visit._get_product_catalog_order_line_info(self.pellets.ids)
        self.assertTrue(info[self.pellets.id]["readOnly"])

    def test_bad_input(self):
        line = self._use(self.pellets)
        self.call._cancel("No time")
        with self.assertRefused("You cannot change the parts", UserError):
            self._use(self.pellets)
        with self.assertRefused("You cannot change the parts", UserError):
            line.quantity = 2

    # -- Rights ------------------------------------------------------------------------

    def test_rights(self):
        line = self._use(self.pellets)
        others = self._create_planned_visit(technician_id=self.colleague.id)
        foreign = self.env["service.line"].create(
            {"visit_id": others.id, "product_id": self.pellets.id}
        )
        with self.assertRaises(AccessError):
            self._as("technician", foreign).read(["quantity"])
        for role in ("salesperson", "accountant"):
            with self.subTest(role):
                self.assertEqual(self._as(role, foreign).price_unit, 6)
                with self.assertRaises(AccessError):
                    self._as(role, foreign).write({"quantity": 2})
        for role in ("employee", "portal", "other portal", "other company"):
            with self.subTest(role), self.assertRaises(AccessError):
                self._as(role, line).read(["quantity"])

    # -- Order -------------------------------------------------------------------------

    def _bill(self, visits=None, role="salesperson"):
        return self._as(role, visits or self.call).action_create_order_lines()

    def test_billed_once_with_the_fee_of_the_type(self):
        self.company.service_bills_covered = False
        self.cleaning.product_id = self.visit
        self._use(self.pellets, 2)
        self._use(self.boiler, role="dispatcher", coverage="warranty")
        with self.assertRefused("cannot bill .*“In progress”", UserError):
            self._bill()
        self.call._finish()
        self.assertTrue(self._as("salesperson", self.call).has_lines_to_order)
        action = self._bill()
        order = self.call.sale_order_id
        self.assertEqual(action["res_id"], order.id)
        self.assertEqual(order.partner_id, self.customer)
        self.assertEqual(order.partner_shipping_id, self.call.site_id)
        self.assertEqual(order.origin, self.call.name)
        self.assertEqual(order.state, "draft")
        self.assertEqual(
            [(ln.product_id, ln.product_uom_qty) for ln in order.order_line],
            [(self.visit, 1), (self.pellets, 2)],
        )
        self.assertEqual(order.order_line.mapped("price_unit"), [300, 6])
        self.assertEqual(order.order_line.mapped("qty_delivered"), [1, 2])
        self.assertEqual(self.call.service_line_ids.sale_line_id.order_id, order)
        self.env.invalidate_all()
        self.assertFalse(self._as("salesperson", self.call).has_lines_to_order)
        with self.assertRefused("is left to bill", UserError):
            self._bill()
        # What comes later goes on the same order.
        self._use(self.pellets, 1)
        self._bill()
        self.assertEqual(self.call.sale_order_id, order)
        self.assertEqual(len(order.order_line), 3)

    def test_what_was_given_is_shown(self):
        half = self._use(self.pellets, role="dispatcher", coverage="warranty")
        half.sudo().typed_discount = 50
        self._use(self.boiler, role="dispatcher", coverage="warranty")
        self._use(self.pellets, 0)
        self.call._finish()
        self._bill()
        lines = self.call.sale_order_id.order_line
        self.assertEqual(
            [(ln.product_id, ln.price_unit, ln.discount) for ln in lines],
            [(self.pellets, 6, 50), (self.boiler, 3000, 100)],
        )
        self.assertEqual(lines.mapped("price_subtotal"), [3, 0])

    def test_order_of_the_visit(self):
        order = self._create_order((self.visit, 1))
        order.user_id = self.users["salesperson"]
        self.cleaning.product_id = self.visit
        self.call.sale_order_id = order
        self._use(self.pellets)
        self.call._finish()
        self._bill()
        # The fee was ordered: only the part is added.
        self.assertEqual(order.order_line.product_id, self.visit | self.pellets)
        self.assertEqual(len(order.order_line), 2)

    def test_cancelled_order_is_billed_anew(self):
        self._use(self.pellets)
        self.call._finish()
        self._bill()
        first = self.call.sale_order_id
        first._action_cancel()
        self._bill()
        self.assertNotEqual(self.call.sale_order_id, first)
        self.assertEqual(len(self.call.sale_order_id.order_line), 1)

    def test_what_is_ordered_is_not_changed(self):
        line = self._use(self.pellets)
        self.call._finish()
        self._bill()
        line = self._as("dispatcher", line)
        name = self.call.sale_order_id.name
        for refused in (
            lambda: line.write({"quantity": 5}),
            lambda: line.write({"price_unit": 5}),
            lambda: line.unlink(),
        ):
            with self.assertRefused(f"is already on order {name}", UserError):
                refused()
        self.call.sale_order_id.order_line.unlink()
        line.unlink()

    def test_who_bills(self):
        self._use(self.pellets)
        self.call._finish()
        for role in ("technician", "dispatcher"):
            with self.subTest(role), self.assertRaises(AccessError):
                self._bill(role=role)

    def test_many_visits(self):
        other = self._begin_visit()
        for visit in (self.call, other):
            self.env["service.line"].create(
                {"visit_id": visit.id, "product_id": self.pellets.id}
            )
        visits = self.call | other
        visits._finish()
        action = self._bill(visits)
        self.assertEqual(action["domain"], [("id", "in", visits.sale_order_id.ids)])
        self.assertEqual(len(visits.sale_order_id), 2)


@tagged("post_install", "-at_install")
class TestServiceLineCatalog(ExecutionFixtures, HttpCase):
    def test_catalog_route(self):
        visit = self._begin_visit()
        self.authenticate("ib_technician", "ib_technician")
        price = self.make_jsonrpc_request(
            "/product/catalog/update_order_line_info",
            {
                "res_model": "maintenance.visit",
                "order_id": visit.id,
                "product_id": self.pellets.id,
                "quantity": 2,
            },
        )
        self.assertEqual(price, 6)
        self.assertEqual(visit.service_line_ids.quantity, 2)

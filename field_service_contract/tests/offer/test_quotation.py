from collections import Counter
from contextlib import ExitStack
from functools import wraps
from unittest.mock import patch

import psycopg2
from freezegun import freeze_time

from odoo.exceptions import AccessError, RedirectWarning, UserError
from odoo.fields import Command
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from odoo.addons.field_installed_base.tests.common import AtOnceCase

from ..common import ServiceContractCase

# A picture of one pixel.
SIGNATURE = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9"
    "awAAAABJRU5ErkJggg=="
)


class QuotationCase(ServiceContractCase):
    """Two stoves of the customer, at 2,000 and 12 percent: 240 a year each."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_users()
        # The first that quotations start from.
        cls.template.write({"sequence": -1, "term_months": 12, "billing_period": "3"})
        cls.stove.standard_price = 1000
        cls.first = cls._create_equipment(serial_number="SN-1")
        cls.second = cls._create_equipment(serial_number="SN-2")

    @classmethod
    def _quote(cls, *lines, **vals):
        """Create a quotation with a contract for the first stove, or these lines."""
        lines = lines or (cls._cover(cls.first),)
        vals = {"service_contract_template_id": cls.template.id, **vals}
        return cls._create_order(*lines, confirm=False, **vals)

    @classmethod
    def _cover(cls, equipment, **vals):
        return {
            "product_id": cls.care.id,
            "service_is_contract": True,
            "service_installed_base_id": equipment.id,
            **vals,
        }

    def _open(self, action, role="salesperson"):
        """Open the form of an action as a user's browser does."""
        model = self._as(role, self.env[action["res_model"]])
        return Form(model.with_context(**action["context"]))


@tagged("post_install", "-at_install")
@freeze_time("2026-03-10 09:00:00")
class TestQuotation(QuotationCase):
    def test_from_equipment(self):
        pieces = self._as("salesperson", self.first | self.second)
        with self._open(pieces.action_new_contract_quotation()) as form:
            self.assertEqual(form.partner_id, self.customer)
        order = form.save()
        self.assertEqual(order.state, "draft")
        self.assertEqual(order.order_line.service_installed_base_id, pieces)
        self.assertEqual(order.order_line.mapped("price_unit"), [240, 240])
        self.assertIn("SN-2", order.order_line[1].name)
        self.assertEqual(order.order_line[0].service_price_period, "year")
        order.action_confirm()
        contract = order.sudo().service_contract_ids
        self.assertEqual(contract.state, "active", contract.activity_ids.note)
        self.assertEqual(contract.annual_amount, 480)
        self.assertEqual(contract.user_id, self.users["salesperson"])
        self.assertEqual(str(contract.date_start), "2026-03-10")
        self.assertEqual(str(contract.date_end), "2027-03-09")
        self.assertEqual(contract.billing_months, 3)

    def test_from_contact(self):
        retired = self._create_equipment(serial_number="SN-3")
        retired.retirement_date = "2026-01-01"
        self._quote(self._cover(self.first)).action_confirm()
        customer = self._as("salesperson", self.customer)
        form = self._open(customer.action_new_contract_quotation())
        lines = form.save().order_line
        self.assertEqual(lines.service_installed_base_id, self.second)

    def test_equipment_without_product_is_priced_by_hand(self):
        piece = self._create_equipment(product_id=False, model="Godin 3721")
        piece = self._as("salesperson", piece)
        with self._open(piece.action_new_contract_quotation()) as form:
            with form.order_line.edit(0) as line:
                self.assertEqual(line.price_unit, 0)
            self.assertIn("has no price yet", form.service_warning)
            with form.order_line.edit(0) as line:
                line.price_unit = 150
            self.assertFalse(form.service_warning)
        order = form.save()
        self.assertIn("Godin 3721", order.order_line.name)
        order.action_confirm()
        row = order.sudo().service_contract_ids.line_ids
        self.assertEqual((row.value, row.cost, row.amount), (150, 0, 150))

    def test_contact_without_equipment(self):
        neighbour = self._as("salesperson", self.neighbour)
        order = self._open(neighbour.action_new_contract_quotation()).save()
        self.assertEqual(order.order_line.product_id, self.care)
        self.assertEqual(order.order_line.price_unit, 1200)

    def test_from_template(self):
        template = self._as("salesperson", self.template)
        form = self._open(template.action_new_quotation())
        form.partner_id = self.neighbour
        order = form.save()
        self.assertEqual(order.service_contract_template_id, template)
        self.assertEqual(order.service_annual_untaxed, 1200)

    def test_from_product(self):
        self.template.write({"company_id": False, "group_id": False})
        self.care.write(
            {
                "service_is_contract": True,
                "service_contract_template_id": self.template.id,
            }
        )
        form = Form(self._as("salesperson", self.env["sale.order"]))
        form.partner_id = self.customer
        with form.order_line.new() as line:
            line.product_id = self.care
            line.product_uom_qty = 2
        order = form.save()
        self.assertEqual(order.service_contract_template_id, self.template)
        self.assertEqual(order.service_annual_untaxed, 2400)
        order.action_confirm()
        line = order.sudo().service_contract_ids.line_ids
        self.assertEqual((line.value, line.cost, line.amount), (2400, 1400, 2400))

    def test_only_services_are_contracts(self):
        with mute_logger("odoo.sql_db"), self.assertRaises(psycopg2.IntegrityError):
            self.stove.service_is_contract = True
            self.env.flush_all()

    def test_figures(self):
        """Rule B9: price 10,000, cost 6,000, 12 %, discount 5 %."""
        self.stove.write({"list_price": 10000, "standard_price": 6000})
        order = self._quote(self._cover(self.first, discount=5))
        line = order.order_line
        self.assertEqual(line.price_unit, 1200)
        self.assertEqual(line.price_subtotal, 1140)
        order.action_confirm()
        row = line.service_contract_line_id
        self.assertEqual(
            (row.value, row.cost, row.amount, row.discount_amount, row.profit),
            (1200, 720, 1140, 60, 420),
        )
        self.assertEqual(row.installed_base_id, self.first)
        self.assertEqual(row.discount, 5)

    def test_typed_price(self):
        order = self._quote(self._cover(self.first, price_unit=99.99))
        order.action_confirm()
        row = order.order_line.service_contract_line_id
        self.assertEqual((row.value, row.amount), (99.99, 99.99))

    def test_more_decimals_than_the_currency(self):
        line = self._cover(
            self.first, price_unit=10.005, product_uom_qty=3, discount=10
        )
        order = self._quote(line)
        order.action_confirm()
        row = order.order_line.service_contract_line_id
        self.assertEqual(row.amount, order.order_line.price_subtotal)

    def test_percentage_and_template_price_the_line(self):
        form = Form(self._quote())
        with form.order_line.edit(0) as line:
            line.service_value_percent = 20
            self.assertEqual(line.price_unit, 400)
        richer = self.template.copy({"value_percent": 30})
        form.service_contract_template_id = richer
        order = form.save()
        self.assertEqual(order.order_line.price_unit, 600)

    def test_product_decides_on_percentage(self):
        self.stove.service_value_percent = 5
        self.assertEqual(self._quote().order_line.price_unit, 100)

    def test_terms_are_agreed_on_the_quotation(self):
        self.template.write({"renewal": "manual", "note": "<p>We come in spring</p>"})
        form = Form(self._quote())
        self.assertEqual(form.service_term_months, 12)
        self.assertIn("spring", form.service_note)
        form.service_term_months = 24
        form.service_billing_period = "12"
        form.service_billing_timing = "arrears"
        form.service_notice_months = 3
        form.service_response_hours = 8
        form.service_date_start = "2026-05-01"
        order = form.save()
        order.action_confirm()
        contract = order.service_contract_ids
        self.assertEqual(
            (str(contract.date_start), str(contract.date_end)),
            ("2026-05-01", "2028-04-30"),
        )
        self.assertEqual(contract.billing_months, 12)
        self.assertEqual(contract.billing_timing, "arrears")
        self.assertEqual(contract.notice_months, 3)
        self.assertEqual(contract.response_hours, 8)
        self.assertEqual(contract.line_ids.response_hours, 8)
        self.assertIn("spring", contract.note)

    def test_contract_takes_over_what_the_order_says(self):
        terms = self.env["account.payment.term"].create({"name": "In a while"})
        position = self.env["account.fiscal.position"].create({"name": "Abroad"})
        tax = self._create_tax("Test other tax", amount=6)
        order = self._quote(
            self._cover(self.first, tax_ids=[Command.set(tax.ids)]),
            partner_invoice_id=self.workshop.id,
            payment_term_id=terms.id,
            fiscal_position_id=position.id,
            client_order_ref="PO 17",
        )
        order.action_confirm()
        contract = order.service_contract_ids
        self.assertEqual(contract.invoice_partner_id, self.workshop)
        self.assertEqual(contract.payment_term_id, terms)
        self.assertEqual(contract.fiscal_position_id, position)
        self.assertEqual(contract.customer_reference, "PO 17")
        self.assertEqual(contract.site_id, self.first.site_id)
        self.assertEqual(contract.line_ids.tax_ids, tax)
        self.assertEqual(contract.line_ids.name, order.order_line.name)

    def test_one_contract_for_several_sites(self):
        self.second.site_id = self.customer
        order = self._quote(
            self._cover(self.first),
            self._cover(self.second),
            partner_shipping_id=self.workshop.id,
        )
        order.action_confirm()
        contract = order.service_contract_ids
        self.assertEqual(len(contract.line_ids), 2)
        self.assertEqual(contract.site_id, self.workshop)

    def test_delivery_to_another_customer(self):
        """Goods may go elsewhere; the site of a contract is its customer's own, and
        taxes stay as they were signed."""
        position = self.env["account.fiscal.position"].create({"name": "Abroad"})
        order = self._quote(
            {"product_id": self.care.id, "service_is_contract": True},
            partner_shipping_id=self.neighbour.id,
            fiscal_position_id=position.id,
        )
        order.action_confirm()
        contract = order.service_contract_ids
        self.assertEqual(contract.site_id, self.customer)
        self.assertEqual(contract.fiscal_position_id, position)

    # -- Amounts and invoices ----------------------------------------------------------

    def test_once_and_yearly_are_apart(self):
        tax = self._create_tax("Test tax", amount=20)
        order = self._quote(
            self._cover(self.first, tax_ids=[Command.set(tax.ids)]),
            {"product_id": self.pellets.id, "product_uom_qty": 10},
        )
        self.assertEqual((order.amount_untaxed, order.amount_total), (60, 60))
        self.assertEqual(order.service_annual_untaxed, 240)
        self.assertEqual(order.service_annual_total, 288)
        self.assertEqual(order.tax_totals["total_amount_currency"], 60)
        self.assertEqual(order.service_tax_totals["total_amount_currency"], 288)
        self.assertTrue(order.service_has_other)
        self.assertEqual(order.amount_undiscounted, 60)

    def test_line_that_becomes_a_contract(self):
        order = self._quote(
            {"product_id": self.care.id, "service_is_contract": False},
            {"product_id": self.pellets.id},
        )
        contract, other = order.order_line
        price = contract.price_subtotal
        self.assertEqual(order.amount_untaxed, price + other.price_subtotal)
        contract.service_is_contract = True
        self.assertEqual(order.amount_untaxed, other.price_subtotal)
        self.assertEqual(order.tax_totals["base_amount_currency"], order.amount_untaxed)
        # Where its price is typed along, too.
        contract.write({"service_is_contract": False, "price_unit": price})
        self.assertEqual(order.amount_untaxed, price + other.price_subtotal)
        contract.write({"service_is_contract": True, "price_unit": price})
        self.assertEqual(order.amount_untaxed, other.price_subtotal)
        self.assertEqual(order.tax_totals["base_amount_currency"], order.amount_untaxed)

    def test_order_never_invoices_its_contract(self):
        order = self._quote(self._cover(self.first), {"product_id": self.pellets.id})
        order.action_confirm()
        line = order.order_line[0]
        self.assertFalse(line._is_visited(), "The contract says when it is visited")
        self.assertEqual((line.qty_to_invoice, line.invoice_status), (0, "no"))
        self.assertEqual(
            (line.untaxed_amount_to_invoice, line.amount_to_invoice), (0, 0)
        )
        self.assertEqual(order.invoice_status, "to invoice")
        order._force_lines_to_invoice_policy_order()
        self.assertEqual(line.qty_to_invoice, 0)
        line.qty_to_invoice = 1  # whatever another addon thinks
        invoice = order._create_invoices(final=True)
        self.assertEqual(invoice.invoice_line_ids.product_id, self.pellets)
        self.assertEqual(order.invoice_status, "invoiced")
        self.assertEqual(order.amount_to_invoice, 6)  # until it is posted

    def test_contract_alone_has_nothing_to_invoice(self):
        order = self._quote()
        order.action_confirm()
        self.assertEqual(order.invoice_status, "no")
        with self.assertRefused("only sells a contract", UserError):
            order._create_invoices()
        for method in ("percentage", "fixed"):
            wizard = self.env["sale.advance.payment.inv"].create(
                {
                    "sale_order_ids": order.ids,
                    "advance_payment_method": method,
                    "amount": 50,
                    "fixed_amount": 50,
                }
            )
            with self.assertRefused("only sells a contract", UserError):
                wizard.create_invoices()

    def test_down_payments_are_about_the_rest(self):
        order = self._quote(self._cover(self.first), {"product_id": self.boiler.id})
        order.action_confirm()
        wizard = self.env["sale.advance.payment.inv"].create(
            {
                "sale_order_ids": order.ids,
                "advance_payment_method": "percentage",
                "amount": 50,
            }
        )
        invoice = wizard._create_invoices(order)
        self.assertEqual(invoice.amount_untaxed, 1500)
        invoice.invoice_date = "2026-03-10"
        invoice.action_post()
        rest = order._create_invoices(final=True)
        self.assertEqual(rest.amount_untaxed, 1500)
        self.assertNotIn(self.care, rest.invoice_line_ids.product_id)

    def test_discount_on_the_order_is_about_the_rest(self):
        self.company.sale_discount_product_id = self.visit
        order = self._quote(self._cover(self.first), {"product_id": self.boiler.id})
        wizard = self.env["sale.order.discount"].create(
            {
                "sale_order_id": order.id,
                "discount_type": "so_discount",
                "discount_percentage": 0.1,
            }
        )
        wizard.action_apply_discount()
        self.assertEqual(order.amount_untaxed, 2700)
        self.assertEqual(order.service_annual_untaxed, 240)

    def test_sections_do_not_add_years_to_amounts(self):
        order = self._quote(
            {"display_type": "line_section", "name": "Both"},
            self._cover(self.first),
            {"product_id": self.pellets.id},
            {"display_type": "line_section", "name": "Contract"},
            self._cover(self.second),
        )
        both, contract = order.order_line.filtered("display_type")
        self.assertEqual(both._get_section_totals("price_subtotal"), 6)
        self.assertEqual(contract._get_section_totals("price_subtotal"), 240)

    # -- Payment -----------------------------------------------------------------------

    def _pay(self, order, amount):
        provider = self.env["payment.provider"].create(
            {"name": "Test provider", "code": "none", "state": "test"}
        )
        method = self.env.ref("payment.payment_method_unknown")
        return self.env["payment.transaction"].create(
            {
                "provider_id": provider.id,
                "payment_method_id": method.id,
                "amount": amount,
                "currency_id": order.currency_id.id,
                "partner_id": order.partner_id.id,
                "reference": f"Test {order.name} {amount}",
                "sale_order_ids": [Command.set(order.ids)],
                "state": "done",
            }
        )

    def test_payment_asks_for_the_rest_only(self):
        order = self._quote(
            self._cover(self.first),
            {"product_id": self.boiler.id},
            require_signature=False,
            require_payment=True,
            prepayment_percent=0.5,
        )
        self.assertTrue(order._has_to_be_paid())
        self.assertEqual(order._get_prepayment_required_amount(), 1500)
        self.assertEqual(order._get_default_payment_link_values()["amount_max"], 3000)
        self._pay(order, 1000)._check_amount_and_confirm_order()
        self.assertEqual(order.state, "draft")
        transaction = self._pay(order, 500)
        transaction._check_amount_and_confirm_order()
        self.assertEqual(order.state, "sale")
        self.assertEqual(order.service_contract_ids.state, "active")
        self.assertFalse(order._is_paid())
        transaction._invoice_sale_orders()
        self.assertEqual(sum(order.invoice_ids.mapped("amount_untaxed")), 1500)

    def test_paid_in_full_is_invoiced_without_the_contract(self):
        order = self._quote(
            self._cover(self.first),
            {"product_id": self.boiler.id},
            require_payment=True,
        )
        transaction = self._pay(order, 3000)
        transaction._check_amount_and_confirm_order()
        self.assertTrue(order._is_paid())
        transaction._invoice_sale_orders()
        self.assertEqual(order.invoice_ids.invoice_line_ids.product_id, self.boiler)

    def test_contract_alone_is_signed_not_paid(self):
        order = self._quote(require_signature=False, require_payment=True)
        self.assertFalse(order._has_to_be_paid())
        self.assertTrue(order._has_to_be_signed())

    # -- From order to contract --------------------------------------------------------

    def test_confirming_as_salesperson(self):
        seller = self.users["salesperson"]
        order = self._as("salesperson", self._quote(user_id=seller.id))
        order.action_confirm()
        self.assertEqual(order.service_contract_count, 1)
        action = order.action_view_service_contracts()
        self.assertEqual(action["res_id"], order.service_contract_ids.id)
        with self.assertRaises(AccessError):
            order.service_contract_ids.customer_reference = "PO 17"

    def test_incomplete_contract_stays_a_draft(self):
        self.template.write({"renewal": "automatic", "term_months": 0})
        order = self._as(
            "salesperson", self._quote(user_id=self.users["salesperson"].id)
        )
        order.action_confirm()
        contract = order.sudo().service_contract_ids
        self.assertEqual(contract.state, "draft")
        (activity,) = contract.activity_ids
        self.assertIn("to be renewed, but has no end", activity.note)
        self.assertEqual(activity.user_id, self.users["salesperson"])
        contract.term_months = 12
        contract.action_activate()
        self.assertEqual(contract.state, "active")
        self.assertFalse(contract.activity_ids)

    def test_batch(self):
        good = self._quote()
        bad = self._quote(
            self._cover(self.second), service_renewal="automatic", service_term_months=0
        )
        other = self._create_order((self.pellets, 1), confirm=False)
        (good | bad | other).action_confirm()
        self.assertEqual(good.service_contract_ids.state, "active")
        self.assertEqual(bad.service_contract_ids.state, "draft")
        self.assertFalse(other.service_contract_ids)

    def test_batch_costs_no_more_queries_per_order(self):
        def quote(number):
            pieces = self.env["installed.base"].create(
                [
                    {"product_id": self.stove.id, "partner_id": self.customer.id}
                    for _piece in range(number)
                ]
            )
            orders = self.env["sale.order"]
            for piece in pieces:
                orders |= self._quote(self._cover(piece))
            self.env.flush_all()
            self.env.invalidate_all()
            orders.mapped("order_line.service_installed_base_id.site_id.name")
            return orders

        quote(1).action_confirm()
        costs = []
        for number in (2, 6):
            orders = quote(number)
            before = self.cr.sql_log_count
            orders.action_confirm()
            self.env.flush_all()
            costs.append(self.cr.sql_log_count - before)
        self.assertLess((costs[1] - costs[0]) / 4, 12, costs)

    def test_lines_cost_no_more_queries_and_are_computed_once(self):
        lines = self.env.registry["service.contract.line"]
        called = []

        def watch(name):
            method = getattr(lines, name)

            @wraps(method)
            def watched(own):
                called.extend([name] * len(own))
                return method(own)

            return patch.object(lines, name, watched)

        names = ("_compute_amount", "_compute_profit", "_get_activation_problems")
        costs = []
        for number in (2, 8):
            pieces = self._create_equipment()
            for piece in range(1, number):
                pieces |= self._create_equipment(serial_number=f"SN-{number}-{piece}")
            order = self._quote(*(self._cover(piece) for piece in pieces))
            with ExitStack() as stack:
                for name in (*names, "_get_revenue_account"):
                    stack.enter_context(watch(name))
                called.clear()
                costs.append(self._count(order.action_confirm))
            # All lines are invoiced as the same product.
            self.assertEqual(
                Counter(called),
                {**dict.fromkeys(names, number), "_get_revenue_account": 1},
            )
        # Each line of the order is told its contract line, in an update of its own.
        self.assertLessEqual((costs[1] - costs[0]) / 6, 1, costs)

    def test_confirming_again_makes_no_second_contract(self):
        order = self._quote()
        order.action_confirm()
        with self.assertRaises(UserError):
            order.action_confirm()
        self.assertFalse(order._create_service_contracts())
        self.assertEqual(len(order.service_contract_ids), 1)
        with mute_logger("odoo.sql_db"), self.assertRaises(psycopg2.IntegrityError):
            order.service_contract_ids.copy({"sale_order_id": order.id})
            self.env.flush_all()

    def test_what_keeps_an_order_from_being_confirmed(self):
        order = self._quote(self._cover(self.first), self._cover(self.first))
        with self.assertRefused("is on .* twice", UserError):
            order.action_confirm()
        order.order_line[1].unlink()
        order.service_contract_template_id = False
        with self.assertRefused("Choose the contract template of", UserError):
            order.action_confirm()
        order.service_contract_template_id = self.template
        self.first.write({"partner_id": self.neighbour.id})
        with self.assertRefused("is not equipment of Claes", UserError):
            order.action_confirm()

    def test_equipment_of_others_is_refused(self):
        with self.assertRefused(f"is not equipment of {self.neighbour.name[:9]}"):
            self._quote(partner_id=self.neighbour.id)
        with self.assertRefused("is on a line that does not sell a contract"):
            self._quote(
                {
                    "product_id": self.pellets.id,
                    "service_installed_base_id": self.first.id,
                }
            )

    def test_equipment_of_one_customer_only(self):
        foreign = self._create_equipment(partner_id=self.neighbour.id)
        with self.assertRefused(
            "equipment of a single customer and company", UserError
        ):
            (self.first | foreign).action_new_contract_quotation()

    def test_no_template_no_product(self):
        self.env["service.contract.template"].search([]).active = False
        with self.assertRefused("has no contract template", RedirectWarning):
            self.first.action_new_contract_quotation()
        self.template.write({"active": True, "product_id": False})
        with self.assertRefused(
            "or a contract product on the product of the equipment", RedirectWarning
        ):
            self.first.action_new_contract_quotation()

    def test_warns_of_other_contracts(self):
        self._quote().action_confirm()
        order = self._quote()
        self.assertIn("covered by contract SC", order.service_warning)
        order.action_confirm()
        self.assertIn("also covered", order.service_contract_ids.warning)

    def test_cancelling(self):
        order = self._quote(service_renewal="automatic", service_term_months=0)
        order.action_confirm()
        contract = order.service_contract_ids
        order.action_cancel()
        self.assertEqual(contract.state, "cancelled")
        self.assertFalse(contract.activity_ids)
        order.action_draft()
        order.service_term_months = 12
        order.action_confirm()
        self.assertEqual(
            order.service_contract_ids.sorted("id").mapped("state"),
            ["cancelled", "active"],
        )
        with self.assertRefused(
            "Cancel or end the contract, with a date and a reason", UserError
        ):
            order.action_cancel()
        self.assertEqual(order.state, "sale")

    def test_what_was_signed_stays(self):
        order = self._quote()
        order.action_confirm()
        line = order.order_line
        for vals in (
            {"price_unit": 1},
            {"discount": 50},
            {"product_uom_qty": 0},
            {"service_installed_base_id": self.second.id},
        ):
            with self.assertRefused("was signed as contract SC", UserError):
                line.write(vals)
        line.write({"price_unit": 240, "sequence": 5})
        with self.assertRefused(
            "is confirmed, so new lines are no longer added to its contract", UserError
        ):
            order.order_line = [Command.create(self._cover(self.second))]
        with self.assertRaises(UserError):
            line.unlink()
        # Nor does a line of another order become a contract.
        other = self._create_order((self.stove, 1))
        with self.assertRefused(
            "is confirmed, so new lines are no longer added to its contract", UserError
        ):
            other.order_line.service_is_contract = True

    def test_another_company(self):
        order = self._quote()
        order.action_confirm()
        contract = order.service_contract_ids
        stranger = self._as("other company", contract)
        self.assertFalse(stranger.search([("id", "=", contract.id)]))
        with self.assertRaises(AccessError):
            stranger.read(["name"])
        with self.assertRaises(UserError):
            order.copy({"company_id": self.other_company.id})

    def test_contract_of_the_other_company(self):
        env = self._get_company_env(self.company, self.other_company)
        env["account.journal"].create(
            {
                "name": "Invoices",
                "code": "OINV",
                "type": "sale",
                "company_id": self.other_company.id,
            }
        )
        care = env["product.product"].create(
            {"name": "Care for all", "type": "service", "list_price": 100}
        )
        template = self.template.copy(
            {"company_id": False, "product_id": care.id, "group_id": False}
        )
        order = env["sale.order"].create(
            {
                "company_id": self.other_company.id,
                "partner_id": self.neighbour.id,
                "service_contract_template_id": template.id,
                "order_line": [
                    Command.create({"product_id": care.id, "service_is_contract": True})
                ],
            }
        )
        order.action_confirm()
        contract = order.service_contract_ids
        self.assertEqual(contract.company_id, self.other_company)
        self.assertEqual(contract.currency_id, order.currency_id)

    def test_duplicated_order_has_no_contract(self):
        order = self._quote()
        order.action_confirm()
        copy = order.copy()
        self.assertFalse(copy.service_contract_ids)
        self.assertFalse(copy.order_line.service_contract_line_id)
        self.assertTrue(copy.order_line.service_is_contract)
        self.assertEqual(copy.order_line.price_unit, 240)

    def test_foreign_currency(self):
        currency = self.env["res.currency"].create(
            {
                "name": "TST",
                "symbol": "T",
                "rate_ids": [Command.create({"name": "2026-01-01", "rate": 2})],
            }
        )
        pricelist = self.env["product.pricelist"].create(
            {"name": "Abroad", "currency_id": currency.id}
        )
        order = self._quote(pricelist_id=pricelist.id)
        self.assertEqual(order.order_line.price_unit, 480)
        order.action_confirm()
        contract = order.service_contract_ids
        self.assertEqual(contract.currency_id, currency)
        self.assertEqual(contract.annual_amount, 480)
        self.assertEqual(contract.line_ids.cost, 240)

    def test_documents(self):
        self.template.note = "<p>We come in spring</p>"
        order = self._quote(self._cover(self.first), {"product_id": self.pellets.id})
        reports = self.env["ir.actions.report"]
        html = reports._render_qweb_html("sale.action_report_saleorder", order.ids)
        text = html[0].decode()
        self.assertIn("/ year", text)
        self.assertIn("Per year", text)
        self.assertIn("We come in spring", text)
        order.write({"signature": SIGNATURE, "signed_by": "Anna Claes"})
        order.action_confirm()
        html = reports._render_qweb_html(
            "field_service_contract.service_contract_report",
            order.service_contract_ids.ids,
        )
        text = html[0].decode()
        for part in ("SN-1", "240.00", "We come in spring", "Anna Claes", "Quarterly"):
            self.assertIn(part, text)

    def test_signed_document(self):
        order = self._quote()
        order.write({"signature": SIGNATURE, "signed_by": "Anna Claes"})
        self.env["ir.attachment"].create(
            {
                "name": f"{order.name}.pdf",
                "raw": b"%PDF-1.4 signed",
                "mimetype": "application/pdf",
                "res_model": "sale.order",
                "res_id": order.id,
            }
        )
        order.action_confirm()
        order._share_signed_document()
        copies = self.env["ir.attachment"].search(
            [
                ("res_model", "=", "service.contract"),
                ("res_id", "=", order.service_contract_ids.id),
            ]
        )
        self.assertEqual(copies.mapped("raw"), [b"%PDF-1.4 signed"])

    def test_mail_names_yearly_amounts(self):
        order = self._quote(self._cover(self.first), {"product_id": self.pellets.id})
        body = order._find_mail_template()._render_field("body_html", order.ids)
        self.assertIn("240.00", body[order.id])
        self.assertIn("6.00", body[order.id])
        self.assertEqual(
            order._get_confirmation_template(),
            self.env.ref("field_service_contract.mail_template_confirmation"),
        )
        other = self._create_order((self.pellets, 1), confirm=False)
        self.assertEqual(
            other._find_mail_template(), self.env.ref("sale.email_template_edi_sale")
        )


@tagged("post_install", "-at_install")
class TestTwoAtOnce(AtOnceCase):
    def setUp(self):
        super().setUp()
        env = self.first
        self.partner = env["res.partner"].create({"name": "Wanted by two"})
        self.product = env["product.product"].create(
            {"name": "Wanted by two", "type": "service", "list_price": 100}
        )
        self.template = env["service.contract.template"].create(
            {"name": "Wanted by two", "product_id": self.product.id}
        )
        self.order = env["sale.order"].create(
            {
                "partner_id": self.partner.id,
                "service_contract_template_id": self.template.id,
                "order_line": [
                    Command.create(
                        {"product_id": self.product.id, "service_is_contract": True}
                    )
                ],
            }
        )
        env.cr.commit()

    def _remove(self):
        contracts = self.order.service_contract_ids
        self.first.cr.execute(
            "UPDATE service_contract SET state = 'draft' WHERE id IN %s",
            [tuple(contracts.ids or [0])],
        )
        self.first.invalidate_all()
        contracts.term_ids.unlink()
        contracts.unlink()
        self.first.cr.execute(
            "UPDATE sale_order SET state = 'cancel' WHERE id = %s", [self.order.id]
        )
        self.first.invalidate_all()
        self.order.unlink()
        self.template.unlink()
        self.product.product_tmpl_id.unlink()
        self.partner.unlink()

    def test_confirmed_by_two(self):
        late = self.order.with_env(self.second)
        # The second has begun before the first is through: it sees a quotation.
        self.assertEqual(late.state, "draft")
        self.order.action_confirm()
        self.first.cr.commit()
        with mute_logger("odoo.sql_db"), self.assertRaises(psycopg2.OperationalError):
            late.action_confirm()
            self.second.flush_all()
        # Odoo runs the request again, which finds the order confirmed.
        self.second.cr.rollback()
        self.second.invalidate_all()
        with self.assertRaises(UserError):
            late.action_confirm()
        self.assertEqual(len(late.service_contract_ids), 1)

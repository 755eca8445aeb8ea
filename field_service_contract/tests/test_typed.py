from freezegun import freeze_time

from odoo.fields import Command
from odoo.tests import Form, tagged

from ..models.sale_order import TERMS
from .offer.test_quotation import QuotationCase

# What was negotiated, other than what the template says.
AGREED = {
    "service_term_months": 36,
    "service_billing_period": "6",
    "service_billing_timing": "arrears",
    "service_billing_anchor": "calendar",
    "service_renewal": "automatic",
    "service_notice_months": 3,
    "service_response_hours": 4,
    "service_note": "<p>Only after six</p>",
}


@tagged("post_install", "-at_install")
@freeze_time("2026-03-10 09:00:00")
class TestTyped(QuotationCase):
    """What a person typed stands, whatever is changed beside it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.template.write({"renewal": "manual", "note": "<p>Usual</p>"})
        cls.part = cls.env["product.product"].create(
            {"name": "Rope", "type": "consu", "list_price": 12}
        )

    def _assert_agreed(self, order):
        order.flush_recordset()
        order.invalidate_recordset()
        found = {name: order[name] for name in AGREED}
        self.assertEqual(found, AGREED)

    def test_terms_stand_whatever_becomes_of_lines(self):
        order = self._quote(**AGREED)
        self._assert_agreed(order)
        line, other = order.order_line, self.env["sale.order.line"]
        for change in (
            lambda: other.create({"order_id": order.id, "product_id": self.part.id}),
            lambda: order.order_line[-1].write({"product_uom_qty": 3}),
            lambda: order.order_line[-1].write({"product_id": self.care.id}),
            lambda: order.order_line[-1].write({"service_is_contract": True}),
            lambda: order.order_line[-1].write({"service_is_contract": False}),
            lambda: order.order_line[-1].unlink(),
            lambda: line.write({"product_id": line.product_id.id}),
            lambda: line.write({"service_installed_base_id": self.second.id}),
            lambda: line.write({"price_unit": 333, "discount": 10}),
            lambda: order.write(
                {
                    "order_line": [
                        Command.create({"product_id": self.part.id}),
                        Command.create(self._cover(self.first)),
                    ]
                }
            ),
            lambda: order.write({"service_contract_template_id": self.template.id}),
            lambda: order.write({"client_order_ref": "4711"}),
            lambda: order._recompute_prices(),
        ):
            change()
            self._assert_agreed(order)
        # Update Prices leaves what was agreed for equipment.
        self.assertEqual(line.price_unit, 333)
        order.action_confirm()
        contract = order.service_contract_ids
        self.assertEqual(
            {name: contract[target] for name, target in TERMS.items()}, AGREED
        )
        self._assert_agreed(order)

    def test_alignment_stands_beside_other_periods(self):
        order = self._quote(service_billing_period="12")
        self.assertEqual(order.service_billing_anchor, "anniversary")
        order.service_billing_period = "1"
        # Nobody chose it: it follows.
        proposed = self.template._get_billing_anchor_of(1)
        self.assertEqual(order.service_billing_anchor, proposed)
        order.service_billing_period = "12"
        order.service_billing_anchor = "calendar"
        order.service_billing_period = "6"
        self.assertEqual(order.service_billing_anchor, "calendar")
        with Form(order) as form:
            form.service_billing_period = "12"
            form.service_billing_period = "6"
        self.assertEqual(order.service_billing_anchor, "calendar")
        template = self.template.copy({"billing_months": 12})
        template.billing_anchor = "calendar"
        template.billing_months = 6
        self.assertEqual(template.billing_anchor, "calendar")
        # What is chosen now says how its periods begin.
        template.write({"billing_months": 12, "billing_anchor": "anniversary"})
        order.service_contract_template_id = template
        self.assertEqual(order.service_billing_anchor, "anniversary")
        contract = self._create_contract(activate=False, template_id=template.id)
        contract.billing_months = 12
        self.assertEqual(contract.billing_anchor, "anniversary")
        contract.billing_anchor = "calendar"
        contract.billing_months = 6
        self.assertEqual(contract.billing_anchor, "calendar")

    def test_terms_stand_in_the_form(self):
        order = self._quote()
        with Form(order) as form:
            for name, value in AGREED.items():
                setattr(form, name, value)
            with form.order_line.new() as line:
                line.product_id = self.part
            with form.order_line.edit(0) as line:
                line.product_uom_qty = 2
        self._assert_agreed(order)
        with Form(order) as form:
            form.order_line.remove(1)
            with form.order_line.new() as line:
                line.product_id = self.part
        self._assert_agreed(order)

    def test_terms_stand_in_a_new_form(self):
        self.care.service_is_contract = True
        with Form(self.env["sale.order"]) as form:
            form.partner_id = self.customer
            with form.order_line.new() as line:
                line.product_id = self.care
            form.service_contract_template_id = self.template
            form.service_renewal = "automatic"
            form.service_term_months = 36
            with form.order_line.new() as line:
                line.product_id = self.part
            with form.order_line.edit(0) as line:
                line.product_uom_qty = 2
        order = form.save()
        self.assertEqual(order.service_renewal, "automatic")
        self.assertEqual(order.service_term_months, 36)
        self.assertEqual(order.service_billing_period, "3")

    def test_terms_given_before_the_template_is_proposed(self):
        self.care.service_is_contract = True
        order = self._create_order(confirm=False, service_renewal="automatic")
        self.assertFalse(order.service_contract_template_id)
        line = self.env["sale.order.line"].create(
            {"order_id": order.id, "product_id": self.care.id}
        )
        self.assertEqual(order.service_contract_template_id, self.template)
        self.assertEqual(order.service_renewal, "automatic")
        self.assertEqual(order.service_term_months, 12)
        line.unlink()
        self.assertEqual(order.service_renewal, "automatic")

    def test_another_template_is_applied(self):
        other = self.template.copy({"renewal": "none", "term_months": 24})
        order = self._quote(**AGREED)
        order.service_contract_template_id = other
        self.assertEqual(order.service_renewal, "none")
        self.assertEqual(order.service_term_months, 24)

    def test_percentage_of_a_line_stands(self):
        order = self._quote(self._cover(self.first, service_value_percent=20))
        line = order.order_line
        self.assertEqual(line.price_unit, 400)
        order.order_line = [Command.create({"product_id": self.part.id})]
        line.product_id = line.product_id
        line.flush_recordset()
        self.assertEqual((line.service_value_percent, line.price_unit), (20, 400))
        self.assertTrue(line.service_is_contract)

    def test_a_typed_contract_line_stands(self):
        """Two lines of 2,000 at 12 %: one as proposed, one at what was agreed."""
        contract = self._create_contract(
            activate=False,
            template_id=self.template.id,
            lines=[
                {"installed_base_id": self.first.id},
                {
                    "installed_base_id": self.second.id,
                    "value": 300,
                    "cost": 0,
                    "response_hours": 2,
                },
            ],
        )
        usual, agreed = contract.line_ids
        richer = self.template.copy({"value_percent": 30, "response_hours": 9})
        contract.template_id = richer
        contract.flush_recordset()
        self.assertEqual((usual.value, agreed.value), (600, 300))
        self.assertEqual((usual.cost, agreed.cost), (300, 0))
        self.assertEqual((usual.response_hours, agreed.response_hours), (9, 2))
        contract.response_hours = 5
        self.assertEqual((usual.response_hours, agreed.response_hours), (5, 2))
        agreed.value_percent = 10
        self.assertEqual((agreed.value, agreed.cost), (200, 100))

    def test_a_living_line_keeps_its_price(self):
        contract = self._create_contract(
            template_id=self.template.id,
            renewal="none",
            lines=[{"installed_base_id": self.first.id}],
        )
        line = contract.line_ids
        self.assertEqual(line.amount, 240)
        line.value_percent = 50
        line.product_id = self.part
        line.flush_recordset()
        self.assertEqual((line.value, line.amount), (240, 240))

    def test_terms_of_payment_stand(self):
        contract = self._create_contract()
        other = self.env.ref("account.account_payment_term_30days")
        contract.payment_term_id = other
        contact = self.customer.child_ids.create(
            {"name": "Ann", "parent_id": self.customer.id}
        )
        contract.partner_id = contact
        self.assertEqual(contract.payment_term_id, other)

    def test_chosen_months_of_an_index_stand(self):
        update = self.env["service.contract.price.update"].create({})
        self.assertEqual(str(update.index_date), "2026-03-10")
        self.assertEqual(str(update.reference_date), "2025-03-10")
        update.date = "2026-05-01"
        self.assertEqual(str(update.index_date), "2026-05-01")
        self.assertEqual(str(update.reference_date), "2025-05-01")
        update.index_date = "2026-01-01"
        update.date = "2026-07-01"
        self.assertEqual(str(update.index_date), "2026-01-01")
        self.assertEqual(str(update.reference_date), "2025-07-01")

    def test_dates_stand_beside_another_start(self):
        vals = {"date_start": "2026-04-01", "term_months": 12}
        contract = self._create_contract(activate=False, **vals)
        other = self._create_contract(activate=False, **vals)
        (contract | other).write({"price_update_months": 12})
        contract.write(
            {"date_end": "2026-12-31", "next_price_update_date": "2027-01-15"}
        )
        (contract | other).write({"date_start": "2026-05-01"})
        self.assertEqual(str(contract.date_end), "2026-12-31")
        self.assertEqual(str(contract.next_price_update_date), "2027-01-15")
        self.assertEqual(str(other.date_end), "2027-04-30")
        self.assertEqual(str(other.next_price_update_date), "2027-05-01")
        (contract | other).write({"term_months": 24})
        self.assertEqual(str(contract.date_end), "2026-12-31")
        self.assertEqual(str(other.date_end), "2028-04-30")
        # Emptied is typed, too.
        contract.date_end = False
        contract.date_start = "2026-06-01"
        self.assertFalse(contract.date_end)
        (contract | other).write({"price_update_months": 0})
        self.assertFalse(contract.next_price_update_date)
        self.assertFalse(other.next_price_update_date)

    def test_dates_stand_beside_another_start_in_forms(self):
        with Form(self.env["service.contract"]) as form:
            form.partner_id = self.customer
            form.term_months = 12
            form.price_update_months = 12
            form.date_start = "2026-04-01"
            self.assertEqual(str(form.date_end), "2027-03-31")
            form.date_start = "2026-05-01"
            self.assertEqual(str(form.date_end), "2027-04-30")
            form.date_end = "2026-12-31"
            form.next_price_update_date = "2027-01-15"
            form.date_start = "2026-06-01"
            form.date_start = "2026-07-01"
            self.assertEqual(str(form.date_end), "2026-12-31")
        contract = form.save()
        with Form(contract) as form:
            form.date_start = "2026-08-01"
            form.date_start = "2026-09-01"
        self.assertEqual(str(contract.date_end), "2026-12-31")
        self.assertEqual(str(contract.next_price_update_date), "2027-01-15")
        contract.date_end = "2027-08-31"
        with Form(contract) as form:
            form.date_start = "2026-10-01"
            form.date_start = "2026-11-01"
        self.assertEqual(str(contract.date_end), "2027-10-31")
        with Form(contract) as form:
            form.date_start = "2026-12-01"
        self.assertEqual(str(contract.date_end), "2027-11-30")

    def test_what_is_written_once_more_changes_nothing(self):
        """A file that is loaded again, or a program that sends whole records."""
        contract = self._create_contract(
            activate=False,
            template_id=self.template.id,
            lines=[{"installed_base_id": self.first.id}],
        )
        line = contract.line_ids
        contract.write(
            {
                "renewal": "none",
                "billing_period": "6",
                "billing_timing": "arrears",
                "date_end": "2026-11-30",
                "notice_months": 7,
                "price_update_months": 5,
                "next_price_update_date": "2026-08-08",
                "note": "<p>Ours</p>",
                "payment_term_id": self.env.ref(
                    "account.account_payment_term_30days"
                ).id,
                "invoice_partner_id": self.neighbour.id,
                "is_deferred": False,
            }
        )
        line.write(
            {"name": "Ours", "value": 77, "cost": 7, "price": 70, "response_hours": 3}
        )
        for record in contract | contract.copy(), line:
            self._assert_stands(record[:1])

    def _assert_stands(self, record):
        """Write every field that others are proposed from once more, one by one."""
        names = record._get_proposing_fields()
        self.assertGreaterEqual(len(names), 3)
        typed = [
            name
            for name, field in record._fields.items()
            if field.compute and field.store and not field.readonly
        ]
        before = {name: record[name] for name in typed}
        for name in sorted(names):
            field = record._fields[name]
            record.write({name: field.convert_to_write(record[name], record)})
            record.flush_recordset()
            record.invalidate_recordset()
            with self.subTest(model=record._name, field=name):
                self.assertEqual({other: record[other] for other in typed}, before)

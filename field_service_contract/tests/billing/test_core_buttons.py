from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command
from odoo.tests import Form, freeze_time, tagged

from ..offer.test_quotation import QuotationCase
from .test_tax_included import TaxIncludedCase


@tagged("post_install", "-at_install")
@freeze_time("2026-01-05")
class TestInvoiceButtons(TaxIncludedCase):
    """What Odoo's own buttons do to invoices of contracts."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_plan()
        cls.company.service_deferral_journal_id = cls.general
        # Odoo's own way to the price and the accounts of the product.
        cls.care.list_price = 555
        cls.mapped_income, cls.mapped_deferred = cls.env["account.account"].create(
            [
                {"name": "Abroad", "code": "704900", "account_type": "income"},
                {
                    "name": "Abroad in advance",
                    "code": "493900",
                    "account_type": "liability_current",
                },
            ]
        )
        cls.abroad.account_ids = [
            Command.create({"account_src_id": source.id, "account_dest_id": target.id})
            for source, target in (
                (cls.care_income, cls.mapped_income),
                (cls.deferred, cls.mapped_deferred),
            )
        ]

    def _create_prepaid(self, *extra, **vals):
        """Return a contract with a year in advance, as a draft invoice."""
        contract = self._create_contract(
            **{
                "lines": [self.line, *extra],
                "term_months": 12,
                "billing_months": 12,
                "is_deferred": True,
                "deferred_account_id": self.deferred.id,
                **vals,
            }
        )
        return contract, contract._create_invoices(self._day("2026-01-01"))

    def _get_state(self, line):
        """Return everything that must stay of a line that bills days."""
        return {
            "price": line.price_unit,
            "taxes": line.tax_ids,
            "account": line.account_id,
            "revenue": line.service_revenue_account_id,
            "distribution": line.analytic_distribution,
            "days": (line.service_period_start, line.service_period_end),
            "name": line.name,
        }

    def _assert_earned_by_month(self, contract, move, total=1000):
        move.action_post()
        self.assertEqual(len(contract.deferral_ids), 12)
        self.assertEqual(contract.deferred_amount, total)
        self.assertEqual(contract.earned_amount, 0)

    # -- Update Taxes and Accounts ------------------------------------------------

    def test_update_without_a_change(self):
        contract, move = self._create_prepaid()
        before = self._get_state(move.invoice_line_ids)
        move.action_update_fpos_values()
        self.assertEqual(self._get_state(move.invoice_line_ids), before)
        self._assert_earned_by_month(contract, move)

    def test_update_to_another_position_and_back(self):
        contract, move = self._create_prepaid()
        line = move.invoice_line_ids
        before = self._get_state(line)
        for position, price, taxes in (
            (self.abroad, 1000, self.tax0),
            (self.reduced, 1100, self.tax10),
            (self.abroad, 1000, self.tax0),
        ):
            move.fiscal_position_id = position
            move.action_update_fpos_values()
            self.assertEqual((line.price_unit, line.tax_ids), (price, taxes))
            self.assertEqual(move.amount_untaxed, 1000)
        self.assertEqual(line.account_id, self.mapped_deferred)
        self.assertEqual(line.service_revenue_account_id, self.mapped_income)
        move.fiscal_position_id = False
        move.action_update_fpos_values()
        self.assertEqual(self._get_state(line), before)
        self._assert_earned_by_month(contract, move)

    def test_update_keeps_the_cents(self):
        _contract, move = self._create_prepaid(
            billing_months=1, is_deferred=False, lines=[{**self.line, "value": 1200.6}]
        )
        line = move.invoice_line_ids
        self.assertEqual(line.price_unit, 100.05)
        for position, price in ((self.abroad, 83.38), (self.tax0.browse(), 100.05)):
            move.fiscal_position_id = position.id
            move.action_update_fpos_values()
            self.assertEqual(line.price_unit, price)

    def test_update_keeps_a_price_typed_by_hand(self):
        _contract, move = self._create_prepaid()
        line = move.invoice_line_ids
        line.price_unit = 600
        move.fiscal_position_id = self.abroad
        move.action_update_fpos_values()
        self.assertEqual(line.price_unit, 500)
        move.fiscal_position_id = False
        move.action_update_fpos_values()
        self.assertEqual(line.price_unit, 600)

    def test_update_of_lines_for_nothing_and_without_product(self):
        self.company.account_sale_tax_id = self.tax20
        _contract, move = self._create_prepaid(
            {"product_id": self.care.id, "value": 0}, {"name": "Text", "value": 600}
        )
        move.fiscal_position_id = self.abroad
        move.action_update_fpos_values()
        lines = move.invoice_line_ids.sorted("sequence")
        self.assertEqual(lines.mapped("price_unit"), [1000, 0, 500])
        self.assertEqual(lines.tax_ids, self.tax0)
        self.assertEqual(lines.account_id, self.mapped_deferred)

    def test_update_of_a_line_without_deferral(self):
        _contract, move = self._create_prepaid(is_deferred=False)
        line = move.invoice_line_ids
        distribution = line.analytic_distribution
        move.fiscal_position_id = self.abroad
        move.action_update_fpos_values()
        self.assertEqual(line.account_id, self.mapped_income)
        self.assertFalse(line.service_revenue_account_id)
        self.assertEqual(line.analytic_distribution, distribution)

    def test_update_of_taxes_chosen_on_the_contract(self):
        other = self._create_tax("Chosen 6", amount=6)
        _contract, move = self._create_prepaid(
            lines=[{**self.line, "tax_ids": [Command.set(other.ids)]}]
        )
        move.action_update_fpos_values()
        self.assertEqual(move.invoice_line_ids.tax_ids, other)
        self.assertEqual(move.amount_untaxed, 1200)

    def test_update_leaves_other_lines_to_odoo(self):
        _contract, move = self._create_prepaid()
        goods = self.env["product.product"].create(
            {"name": "Part", "list_price": 12, "taxes_id": self.tax20.ids}
        )
        move.invoice_line_ids = [Command.create({"product_id": goods.id})]
        move.fiscal_position_id = self.abroad
        move.action_update_fpos_values()
        part = move.invoice_line_ids.filtered(lambda ln: ln.product_id == goods)
        self.assertEqual((part.price_unit, part.tax_ids), (10, self.tax0))

    def test_update_of_a_credit_note(self):
        contract, move = self._create_prepaid()
        move.action_post()
        contract._transfer_to_payer(self.neighbour, self._day("2026-07-01"), "Sold")
        credit = move.reversal_move_ids
        before = self._get_state(credit.invoice_line_ids)
        credit.fiscal_position_id = self.abroad
        credit.action_update_fpos_values()
        self.assertEqual(self._get_state(credit.invoice_line_ids), before)

    # -- Customer, product, unit, currency, journal -------------------------------

    def test_customer(self):
        self.env["account.analytic.distribution.model"].create(
            {
                "partner_id": self.neighbour.id,
                "analytic_distribution": {
                    self.env["account.analytic.account"]
                    .create({"name": "Other", "plan_id": self.plan.id})
                    .id: 100
                },
            }
        )
        contract, move = self._create_prepaid()
        before = self._get_state(move.invoice_line_ids)
        move.partner_id = self.neighbour
        self.assertEqual(self._get_state(move.invoice_line_ids), before)
        self._assert_earned_by_month(contract, move)

    def test_product_and_unit_in_the_form(self):
        contract, move = self._create_prepaid()
        other = self.care.copy({"name": "Other care", "list_price": 99})
        other.taxes_id = self.tax0
        before = self._get_state(move.invoice_line_ids)
        with Form(move) as form, form.invoice_line_ids.edit(0) as line:
            line.product_id = other
        self.assertEqual(move.invoice_line_ids.product_id, other)
        self.assertEqual(self._get_state(move.invoice_line_ids), before)
        dozen = self.env.ref("uom.product_uom_dozen")
        move.invoice_line_ids.product_uom_id = dozen
        self.assertEqual(self._get_state(move.invoice_line_ids), before)
        move.invoice_line_ids.product_id = False
        self.assertEqual(self._get_state(move.invoice_line_ids), before)
        self._assert_earned_by_month(contract, move)

    def test_currency_is_the_contracts(self):
        contract, move = self._create_prepaid()
        other = self.env.ref("base.CHF")
        other.active = True
        with self.assertRaisesRegex(ValidationError, contract.name):
            move.currency_id = other

    def test_journal_in_another_currency(self):
        contract, move = self._create_prepaid()
        other = self.env.ref("base.CHF")
        other.active = True
        journal = move.journal_id.copy({"code": "FOR"})
        journal.currency_id = other
        with self.assertRaisesRegex(ValidationError, contract.name):
            move.journal_id = journal
            self.env.flush_all()

    def test_document_of_another_kind(self):
        contract, move = self._create_prepaid()
        with self.assertRaisesRegex(UserError, contract.name):
            move.action_switch_move_type()

    def test_repeated_every_month(self):
        contract, move = self._create_prepaid()
        with self.assertRaisesRegex(ValidationError, contract.name):
            move.auto_post = "monthly"

    # -- Duplicate, reverse, reset ------------------------------------------------

    def test_duplicate_is_revenue_and_says_so(self):
        contract, move = self._create_prepaid()
        distribution = contract._get_analytic_distribution()
        copy = self.env["account.move"].browse(move.action_duplicate()["res_id"])
        line = copy.invoice_line_ids
        self.assertFalse(line.service_contract_line_id)
        self.assertEqual(line.price_unit, 1200)
        self.assertEqual(line.account_id, self.care_income)
        self.assertEqual(line.analytic_distribution, distribution)
        self.assertIn(contract.name, " ".join(copy.message_ids.mapped("body")))
        self._assert_earned_by_month(contract, move)

    def _reverse(self, move, modify=False):
        wizard = (
            self.env["account.move.reversal"]
            .with_context(active_model="account.move", active_ids=move.ids)
            .create({"journal_id": move.journal_id.id, "date": "2026-01-05"})
        )
        action = wizard.modify_moves() if modify else wizard.refund_moves()
        return self.env["account.move"].browse(action["res_id"])

    def _debit(self, move):
        """Return a debit note with the lines of a document, as the addon for them
        makes it."""
        vals = {"ref": move.name, "invoice_date": "2026-01-05"}
        if "account.debit.note" in self.env:
            wizard = (
                self.env["account.debit.note"]
                .with_context(active_model="account.move", active_ids=move.ids)
                .create({"copy_lines": True, "date": "2026-01-05"})
            )
            return self.env["account.move"].browse(wizard.create_debit()["res_id"])
        [data] = move.with_context(include_business_fields=True).copy_data(
            {**vals, "move_type": "out_invoice", "debit_origin_id": move.id}
        )
        del data["debit_origin_id"]
        return move.create(data)

    def test_debit_note(self):
        """It asks for more: it bills no days, and its lines are revenue at once."""
        contract, move = self._create_prepaid()
        distribution = contract._get_analytic_distribution()
        move.action_post()
        debit = self._debit(move)
        line = debit.invoice_line_ids
        self.assertEqual(line.price_unit, 1200)
        self.assertFalse(line.service_contract_line_id)
        self.assertFalse(line.service_period_start)
        self.assertEqual(line.account_id, self.care_income)
        self.assertEqual(line.analytic_distribution, distribution)
        self.assertEqual(debit.amount_total, 1200)
        debit.action_post()
        self.assertEqual(contract.invoice_ids, move)
        self.assertEqual(contract.deferred_amount, 1000)
        self.assertFalse(contract.credit_due_amount)

    def test_debit_note_of_a_credit_note(self):
        """It takes the credit back: the days are billed again, once."""
        contract, move = self._create_prepaid()
        move.action_post()
        credit = self._reverse(move)
        credit.action_post()
        self.assertEqual(contract.deferred_amount, 0)
        debit = self._debit(credit)
        self.assertEqual(
            debit.invoice_line_ids.service_credited_line_id, credit.invoice_line_ids
        )
        debit.action_post()
        self.assertEqual(contract.deferred_amount, 1000)
        self.assertFalse(contract.next_invoice_date)
        self.assertFalse(contract._create_invoices(self._day("2026-12-31")))

    def test_corrected_credit_note(self):
        """A credit note that is reversed and made anew gives the same days back."""
        contract, move = self._create_prepaid()
        move.action_post()
        credit = self._reverse(move)
        credit.action_post()
        again = self._reverse(credit, modify=True)
        line = again.invoice_line_ids
        self.assertEqual(again.move_type, "out_refund")
        self.assertEqual(line.service_credited_line_id, move.invoice_line_ids)
        self.assertEqual(contract.deferred_amount, 1000)
        again.action_post()
        self.assertEqual(contract.deferred_amount, 0)
        self.assertEqual(str(contract.next_invoice_date), "2026-01-01")

    def test_reverse_and_create(self):
        contract, move = self._create_prepaid(fiscal_position_id=self.abroad.id)
        before = self._get_state(move.invoice_line_ids)
        self._assert_earned_by_month(contract, move)
        copy = self._reverse(move, modify=True)
        self.assertEqual(self._get_state(copy.invoice_line_ids), before)
        self.assertEqual(contract.deferred_amount, 0)
        copy.action_post()
        self.assertEqual(contract.deferred_amount, 1000)
        self.assertEqual(contract.earned_amount, 0)

    def test_reverse_keeps_accounts_and_days(self):
        contract, move = self._create_prepaid(fiscal_position_id=self.abroad.id)
        before = self._get_state(move.invoice_line_ids)
        move.action_post()
        credit = self._reverse(move)
        self.assertEqual(self._get_state(credit.invoice_line_ids), before)
        credit.action_update_fpos_values()
        self.assertEqual(self._get_state(credit.invoice_line_ids), before)
        credit.action_post()
        self.assertEqual(contract.deferred_amount, 0)
        self.assertEqual(str(contract.next_invoice_date), "2026-01-01")

    def test_reset_to_draft_and_update(self):
        contract, move = self._create_prepaid()
        before = self._get_state(move.invoice_line_ids)
        move.action_post()
        move.button_draft()
        self.assertEqual(self._get_state(move.invoice_line_ids), before)
        move.action_update_fpos_values()
        self.assertEqual(self._get_state(move.invoice_line_ids), before)
        self._assert_earned_by_month(contract, move)

    def test_tax_lock(self):
        contract, move = self._create_prepaid()
        before = self._get_state(move.invoice_line_ids)
        self.company.tax_lock_date = "2026-01-31"
        with freeze_time("2026-03-05"):
            move.action_post()
        self.assertGreater(str(move.date), "2026-01-31")
        self.assertEqual(self._get_state(move.invoice_line_ids), before)
        self.assertEqual(contract.deferred_amount, 1000)
        days = sorted(str(row.date) for row in contract.deferral_ids)
        self.assertEqual((days[0], days[-1]), ("2026-01-31", "2026-12-31"))


@tagged("post_install", "-at_install")
@freeze_time("2026-03-10 09:00:00")
class TestQuotationButtons(QuotationCase):
    """What Odoo's own buttons do to quotations of contracts."""

    def test_update_prices_keeps_what_was_typed(self):
        order = self._quote(
            self._cover(self.first),
            self._cover(self.second),
            {"product_id": self.care.id, "service_is_contract": True},
        )
        order.order_line[0].write({"price_unit": 300, "discount": 7})
        self.care.list_price = 1500
        order.action_update_prices()
        self.assertEqual(order.order_line.mapped("price_unit"), [300, 240, 1500])
        self.assertEqual(order.order_line.mapped("discount"), [7, 0, 0])

    def test_update_prices_of_equipment_bought_elsewhere(self):
        self.first.product_id = False
        order = self._quote(self._cover(self.first, price_unit=180))
        order.action_update_prices()
        self.assertEqual(order.order_line.price_unit, 180)

    def test_update_taxes(self):
        order = self._quote(self._cover(self.first, price_unit=180))
        order.action_update_taxes()
        self.assertEqual(order.order_line.price_unit, 180)
        self.assertEqual(order.order_line.service_installed_base_id, self.first)

    def test_signed_order_is_left_alone(self):
        order = self._quote(self._cover(self.first, price_unit=180))
        order.action_confirm()
        self.care.taxes_id = self._create_tax("Later 20")
        for action in (order.action_update_prices, order.action_update_taxes):
            with self.assertRaisesRegex(UserError, order.service_contract_ids.name):
                action()

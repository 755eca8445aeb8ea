"""Whole lives of contracts, by their buttons and Odoo's, against sums of days."""

from datetime import timedelta
from fractions import Fraction

from freezegun import freeze_time
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from odoo.fields import Command
from odoo.tests import tagged

from ..billing.test_billed_prices import BilledPricesCase
from ..engine.test_engine_lives import Oracle, list_days

DAY = timedelta(days=1)
# Two are one of the company's currency; "own" is that one itself.
ROUNDINGS = {"TS0": "1", "TS2": "0.01", "TS3": "0.001", "own": "0.01"}
# Each amount of these is one of the company's currency to the cent.
EXACT = ("TS0", "own")


@tagged("post_install", "-at_install")
class TestLivesOfContracts(BilledPricesCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.currencies = cls.env["res.currency"].create(
            [
                {"name": name, "symbol": name, "rounding": float(rounding)}
                for name, rounding in ROUNDINGS.items()
                if name != "own"
            ]
        )
        cls.env["res.currency.rate"].create(
            [
                {
                    "currency_id": currency.id,
                    "name": "2022-01-01",
                    "rate": 2,
                    "company_id": cls.company.id,
                }
                for currency in cls.currencies
            ]
        )
        # Cents of exchange rates when invoices and credit notes are matched.
        cls.company.currency_exchange_journal_id = cls.general
        cls.company.income_currency_exchange_account_id = cls.income
        cls.company.expense_currency_exchange_account_id = cls.income
        cls.tax = cls._create_tax(
            "Tax 20 included", price_include_override="tax_included"
        )

    def _sum_price(self, contract):
        """Return what posted lines bill less what they give back, in the mode of the
        taxes of the contract."""
        lines = contract.line_ids.move_line_ids.filtered(
            lambda line: line.parent_state == "posted"
        )
        return sum(
            (
                Fraction(repr(line._get_service_price()))
                * (1 if line.move_id.move_type == "out_invoice" else -1)
                for line in lines
            ),
            Fraction(0),
        )

    def _check(self, contract, oracle, days):
        """What is billed is what the days cost, what is deferred is what is not earned
        yet, and nothing is owed."""
        contract._get_draft_credit_lines().move_id.action_post()
        self.assertEqual(self._sum_price(contract), oracle.round(oracle.get_sum(days)))
        self.assertFalse(contract.credit_due_amount)
        self._check_deferred(contract)

    def _check_deferred(self, contract):
        """What is still to earn is what stands on the deferred account.

        :return: how much that is
        """
        lines = contract.line_ids.move_line_ids.filtered(
            lambda line: (
                line.parent_state == "posted" and line.account_id == self.deferred
            )
        )
        currency = contract.company_currency_id
        left = currency.round(sum(contract.deferral_ids.mapped("amount")))
        self.assertEqual(left, currency.round(-sum(lines.mapped("balance"))))
        return left

    @example("TS0", True, 37422, 1738, 11, 143, 29, 165, "odoo")
    @example("TS0", False, 6009, 6009, 11, 86, 48, 74, "odoo")
    @given(
        st.sampled_from(sorted(ROUNDINGS)),
        st.booleans(),
        st.integers(1000, 300_000),
        st.integers(1000, 300_000),
        st.integers(1, 11),
        st.integers(0, 300),
        st.integers(1, 60),
        st.integers(0, 364),
        st.sampled_from(["deleted", "odoo", "plain"]),
    )
    @settings(
        deadline=None,
        max_examples=3,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
        derandomize=True,
    )
    def test_life(
        self, currency, included, first, second, month, begin, length, last, how
    ):
        """Prices that step, a suspension that is credited, resumed and billed again,
        renewal, an end; credit notes made by us, deleted and made again, or by Odoo's
        button on the rest."""
        savepoint = self.env.cr.savepoint()
        is_exact = not included and currency in EXACT
        rounding = ROUNDINGS[currency]
        currency = (
            self.currencies.filtered(lambda own: own.name == currency)
            or self.company.currency_id
        )
        start = self._day("2023-01-01")
        step = start.replace(month=month + 1)
        amounts = [
            currency.round(number * float(rounding)) for number in (first, second)
        ]
        line = {"name": "Care", "value": amounts[0]}
        if included:
            line["tax_ids"] = [Command.set(self.tax.ids)]
        with freeze_time("2023-01-01"):
            contract = self._create_contract(
                lines=[line],
                date_start="2023-01-01",
                term_months=12,
                billing_months=12,
                currency_id=currency.id,
                is_deferred=True,
            )
            self._change_price(contract.line_ids, {"value": amounts[1]}, step, "manual")
            contract._create_invoices(start).action_post()
        steps = [(start, get_exact(amounts[0])), (step, get_exact(amounts[1]))]
        oracle = Oracle(start, "calendar", steps, rounding)
        year = list_days([(start, self._day("2023-12-31"))])
        self._check(contract, oracle, year)
        gone = start + begin * DAY
        until = gone + length * DAY
        with freeze_time("2023-01-02"):
            contract._suspend(gone, until, "Works")
            self._check(contract, oracle, year - list_days([(gone, until)]))
            contract._resume(gone, "Done")
            contract._create_invoices(self._day("2023-12-31")).action_post()
            self._check(contract, oracle, year)
            contract._renew()
            contract._create_invoices(self._day("2024-12-31")).action_post()
            both = list_days([(start, self._day("2024-12-31"))])
            self._check(contract, oracle, both)
            end = start + last * DAY
            credits = contract._cancel(end, "Sold")
            if how == "deleted":
                credits.unlink()
                self.assertTrue(contract.credit_due_amount)
                contract.action_make_credit()
            left = {day for day in both if day <= end}
            self._check(contract, oracle, left)
            if how == "odoo":
                for move in contract.invoice_ids.filtered(
                    lambda move: (
                        move.move_type == "out_invoice"
                        and any(move.invoice_line_ids.mapped("service_is_live"))
                    )
                ):
                    self._reverse(move, "2023-01-02").action_post()
                self.assertEqual(self._sum_price(contract), 0)
                left = self._check_deferred(contract)
                if is_exact:
                    self.assertEqual(left, 0)
                # Odoo rounds each line into the company's currency, and tax apart on
                # each document.
                lines = contract.line_ids.move_line_ids
                self.assertLessEqual(
                    abs(left), len(lines) * contract.company_currency_id.rounding / 2
                )
        savepoint.rollback()
        self.env.invalidate_all()


def get_exact(amount):
    return Fraction(repr(amount))

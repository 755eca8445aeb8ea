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

    def _begin(self, name, included, first, second, month):
        """Invoice a year in advance whose price steps once.

        :param name: of `ROUNDINGS`
        :param bool included: whether tax is included
        :param first: the price, in units of the currency; `second` follows it
        :param month: after which the price steps
        :return: contract, Oracle
        """
        rounding = ROUNDINGS[name]
        currency = (
            self.currencies.filtered(lambda own: own.name == name)
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
        return contract, Oracle(start, "calendar", steps, rounding)

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
        contract, oracle = self._begin(currency, included, first, second, month)
        start = oracle.start
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

    def _check_months(self, contract, weigh, days, slack):
        """Each month is to earn what its days cost.

        :param weigh: the exact price of a day
        :param slack: by how much rounding may move it, in units of the currency
        """
        currency = contract.company_currency_id
        earned = Fraction(0)
        for row in contract.deferral_ids.sorted("date"):
            earned += get_exact(currency.round(row.amount))
            cost = sum((weigh(day) for day in days if day <= row.date), Fraction(0))
            self.assertLessEqual(
                abs(earned - cost), slack * get_exact(currency.rounding), row.date
            )

    @example("own", False, 123457, 98765, 3, 74, 455, "line", 200, 150)
    @example("TS0", True, 37422, 1738, 11, 143, 900, "free", 300, 0)
    @given(
        st.sampled_from(sorted(ROUNDINGS)),
        st.booleans(),
        st.integers(1000, 300_000),
        st.integers(1000, 300_000),
        st.integers(1, 11),
        st.integers(1, 364),
        st.integers(0, 999),
        st.sampled_from(["line", "free"]),
        st.integers(1, 364),
        st.integers(0, 364),
    )
    @settings(
        deadline=None,
        max_examples=3,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
        derandomize=True,
    )
    def test_life_of_owners_and_goodwill(
        self, currency, included, first, second, month, paid, share, how, moved, kept
    ):
        """A price that steps, another payer, a goodwill by Odoo's button, a transfer
        to another customer, and an end that gives days back."""
        savepoint = self.env.cr.savepoint()
        is_own = not included and currency == "own"
        contract, oracle = self._begin(currency, included, first, second, month)
        start, last, rounding = oracle.start, self._day("2023-12-31"), oracle.rounding
        step, price = oracle.steps[1]
        year = list_days([(start, last)])
        with freeze_time("2023-01-02"):
            # Another payer: the sum is what it was.
            contract._transfer_to_payer(self.neighbour, start + paid * DAY, "Sold")
            contract._get_draft_credit_lines().move_id.action_post()
            contract._create_invoices(last).action_post()
            self._check(contract, oracle, year)
            if is_own:
                self._check_months(contract, oracle.get_price, year, 1)

            # A goodwill lowers the price of all days of its line alike.
            live = contract.line_ids.move_line_ids.filtered(
                lambda line: (
                    line.service_is_live and line.move_id.move_type == "out_invoice"
                )
            )
            billed = live.sorted("service_period_start")[-1]
            if how == "free":
                # One that was typed is of the whole invoice.
                billed = billed.move_id.invoice_line_ids & live
            span = list_days(
                [
                    (line.service_period_start, line.service_period_end)
                    for line in billed
                ]
            )
            worth = sum(get_exact(line._get_service_price()) for line in billed)
            given = oracle.round(worth * share / 1000)
            self._give_goodwill(billed, float(given), how)
            factor = (worth - given) / worth

            def weigh(day):
                return oracle.get_price(day) * (factor if day in span else 1)

            whole = oracle.round(oracle.get_sum(year))
            # What was typed is on no line of the contract.
            typed = given if how == "free" else 0
            self.assertEqual(self._sum_price(contract) - typed, whole - given)
            self._check_deferred(contract)
            if is_own and not typed:
                self._check_months(contract, weigh, year, 2)

            # Another customer: each pays the days that are theirs. Until its price
            # changes, a line is not transferred.
            day = max(step, start + moved * DAY)
            successor = contract._transfer_lines(
                contract.line_ids, self.neighbour, day, "House sold"
            )
            contract._get_draft_credit_lines().move_id.action_post()
            successor._create_invoices(last).action_post()
            before = {other for other in year if other < day}
            cost = sum(map(weigh, before), Fraction(0))
            left = self._sum_price(contract) - typed
            self.assertLessEqual(abs(left - cost), rounding)
            self._check_deferred(contract)
            self.assertFalse(contract.credit_due_amount)
            if is_own and not typed:
                self._check_months(contract, weigh, before, 2)
            self.assertEqual(successor.billing_anchor, "anniversary")
            theirs = Oracle(day, "anniversary", [(day, price)], str(rounding))
            days = sorted(year - before)
            self._check(successor, theirs, days)

            # An end that gives days back, at last all of them.
            kept = min(kept, len(days) - 1)
            successor._cancel(day + (kept - 1) * DAY, "Sold")
            self._check(successor, theirs, days[:kept])
            if not kept:
                self.assertFalse(successor.deferral_ids.filtered("amount"))
        savepoint.rollback()
        self.env.invalidate_all()

    def _give_goodwill(self, billed, amount, how):
        """Credit an amount of billed lines of an invoice with Odoo's button.

        :param how: "line" for the line that is proposed, "free" for one that was
            typed in its place
        """
        if not amount:
            return
        credit = self._reverse(billed[0].move_id, "2023-01-02")
        same = credit.invoice_line_ids.filtered(
            lambda line: line.service_credited_line_id in billed
        )
        (credit.invoice_line_ids - same).unlink()
        if how == "line":
            same.price_unit = amount
        else:
            same.unlink()
            credit.invoice_line_ids = [
                Command.create(
                    {
                        "name": "With our apologies",
                        "price_unit": amount,
                        "account_id": self.income.id,
                        "tax_ids": [Command.set(billed[0].tax_ids.ids)],
                    }
                )
            ]
        credit.action_post()


def get_exact(amount):
    return Fraction(repr(amount))

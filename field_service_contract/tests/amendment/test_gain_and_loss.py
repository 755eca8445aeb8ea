import random
from contextlib import suppress
from datetime import timedelta

from freezegun import freeze_time

from odoo.exceptions import UserError
from odoo.tests import tagged

from .test_life import LifeCase

HISTORIES = 12
STEPS = 14


@tagged("post_install", "-at_install")
class TestHistories(LifeCase):
    """Whatever happens to a contract, its changes sum to its annual amount while it
    lives and to 0 after, and it is billed for exactly the days that it covers."""

    def test_random_histories(self):
        for seed in range(HISTORIES):
            with self.subTest(seed=seed), self.env.cr.savepoint() as savepoint:
                self._live(random.Random(seed))
                savepoint.rollback()

    def _live(self, dice):
        self.dice = dice
        self.today = self._day("2026-01-01") + timedelta(days=dice.randrange(40))
        with freeze_time(self.today):
            contract = self._create_contract(
                *(
                    dice.randrange(1, 99999) / 100
                    for _line in range(dice.randint(1, 3))
                ),
                date_start=self.today,
                term_months=dice.choice([0, 6, 12]),
                billing_months=dice.choice([1, 3, 12]),
                billing_timing=dice.choice(["prepaid", "arrears"]),
                billing_anchor=dice.choice(["calendar", "anniversary"]),
                renewal="none",
                price_update_months=6,
            )
        steps = [
            self._invoice_now,
            self._change,
            self._add,
            self._end_line,
            self._update,
            self._suspend,
            self._resume,
            self._renew,
            self._cancel,
            self._undo,
        ]
        for _step in range(STEPS):
            self.today += timedelta(days=dice.randrange(60))
            with freeze_time(self.today):
                self._update_as_of(contract)
                self._check(contract)
                step = dice.choice(steps)
                # What cannot be done is refused, and leaves nothing behind.
                with suppress(UserError), self.env.cr.savepoint():
                    step(contract)
                self._check(contract)
        with freeze_time(self.today):
            # An end that moves as long as it is suspended is not reached.
            if contract._is_end_open():
                contract._resume(self.today, "-")
        self.today += timedelta(days=2000)
        with freeze_time(self.today):
            self._update_as_of(contract)
            self._check(contract)
            if contract.date_end:
                self.assertEqual(self._sum(contract), 0)
            self._settle(contract)

    def _update_as_of(self, contract):
        """Do what a night does, if it finds the contract."""
        found = contract._find_to_update(self.today) & contract
        found._update_as_of(self.today)

    def _check(self, contract):
        now = self._sum(contract, self.today)
        self.assertAlmostEqual(contract.annual_amount, now)
        if contract.state == "cancelled" or contract._has_ended(self.today):
            self.assertEqual(now, 0)
        else:
            running = contract._get_lines_on(max(self.today, contract.date_start))
            annuals = [
                line._get_annual(max(self.today, contract.date_start))
                for line in running
            ]
            self.assertAlmostEqual(contract.annual_amount, sum(annuals))
        for line in contract.line_ids:
            last = line.date_end or contract.date_end
            if not last or last >= (line.date_start or contract.date_start):
                if not line.date_end and not contract.cancellation_date:
                    end = last or self._day("2099-12-31")
                    self.assertAlmostEqual(line._get_annual(end), line.amount)

    def _sum(self, contract, day=None):
        changes = contract.change_ids
        if day:
            day = max(day, contract.date_start)
            changes = changes.filtered(lambda change: change.date <= day)
        return contract.currency_id.round(sum(changes.mapped("amount")))

    def _settle(self, contract):
        """Post and bill everything: what was billed less credits is what the covered
        days are worth, as if nobody had ever changed their mind."""
        moves = contract.invoice_ids
        moves.filtered(lambda move: move.state == "draft").action_post()
        contract._create_invoices(self.today).action_post()
        credits = contract._credit_uncovered()
        self.assertFalse(credits)
        invoiced = contract._get_invoiced_spans()
        for line, priced in contract._get_priced_lines().items():
            billed = [span for span in invoiced[line.id]]
            uncovered = [
                span
                for span in billed
                if not any(
                    own.first <= span.first and span.last <= own.last
                    for own in priced.covered
                )
            ]
            self.assertFalse(uncovered, line.name)

    # -- What may happen ----------------------------------------------------------

    def _throw_amount(self):
        return self.dice.randrange(1, 99999) / 100

    def _pick_day(self):
        return self.today + timedelta(days=self.dice.randint(-40, 60))

    def _pick_line(self, contract):
        return self.dice.choice(contract.line_ids)

    def _invoice_now(self, contract):
        moves = contract._create_invoices(self.today)
        if self.dice.random() < 0.7:
            moves.action_post()

    def _change(self, contract):
        self._change_price(
            self._pick_line(contract),
            {"value": self._throw_amount()},
            self._pick_day(),
            "manual",
        )

    def _add(self, contract):
        vals = {"name": "More", "value": self._throw_amount()}
        contract._add_lines([vals], self._pick_day(), "-")

    def _end_line(self, contract):
        self._pick_line(contract)._end_with_credit(self._pick_day(), "-")

    def _update(self, contract):
        update = self.env["service.contract.price.update"].create(
            {
                "contract_ids": contract.ids,
                "percent": self.dice.randint(-9, 9),
                "date": self._pick_day(),
            }
        )
        update.action_apply()
        if self.dice.random() < 0.4:
            update.action_undo()

    def _suspend(self, contract):
        first = self._pick_day()
        last = first + timedelta(days=self.dice.randrange(50))
        contract._suspend(
            first,
            self.dice.choice([None, last]),
            "-",
            self.dice.choice([True, False]),
        )

    def _resume(self, contract):
        contract._resume(self._pick_day(), "-")

    def _renew(self, contract):
        contract._renew(self.dice.choice([1, 6, 12]), "-")

    def _cancel(self, contract):
        contract._cancel(self._pick_day(), "-")

    def _undo(self, contract):
        contract.action_undo_cancellation()

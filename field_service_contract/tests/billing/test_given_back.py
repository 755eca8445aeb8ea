"""What is given back, taken back and booked again: invoices, rows and entries agree."""

from freezegun import freeze_time

from odoo.exceptions import UserError
from odoo.tests import tagged

from ..amendment.test_life import LifeCase


class GivenBackCase(LifeCase):
    def _suspend(self, contract, first, last, on=None):
        """Suspend and return the credit notes, as drafts."""
        with freeze_time(on or first):
            return contract._suspend(self._day(first), self._day(last), "Works")

    def _get_rows(self, contract, is_earned=None):
        """Return {day: amount} of what is, or is to be, earned."""
        rows = contract.deferral_ids
        if is_earned is not None:
            rows = rows.filtered(lambda row: bool(row.move_id) is is_earned)
        return {str(row.date): row.amount for row in rows.sorted("date")}

    def _get_booked(self):
        """Return what is on the deferred and on the revenue account, posted."""
        self.env.flush_all()
        lines = self.env["account.move.line"]
        return tuple(
            round(
                -sum(
                    lines.search(
                        [
                            ("account_id", "=", account.id),
                            ("parent_state", "=", "posted"),
                        ]
                    ).mapped("balance")
                ),
                2,
            )
            for account in (self.deferred, self.care_income)
        )

    def _assert_agrees(self, contract):
        """What is to be earned is what is on the deferred account."""
        left = sum(self._get_rows(contract, is_earned=False).values())
        self.assertAlmostEqual(self._get_booked()[0], left)


@tagged("post_install", "-at_install")
class TestGivenBack(GivenBackCase):
    def test_middle_of_a_period_across_a_month_end(self):
        """The rows of the credited days get smaller, those of other days stay."""
        contract, _move = self._create_year()
        credit = self._suspend(contract, "2023-03-20", "2023-04-10")
        self.assertAlmostEqual(credit.amount_untaxed, 72.04)
        credit.action_post()
        rows = self._get_rows(contract)
        self.assertEqual(len(rows), 12)
        self.assertEqual(rows.pop("2023-03-19"), 61.29)
        self.assertEqual(rows.pop("2023-04-30"), 66.67)
        self.assertEqual(set(rows.values()), {100})
        self._assert_agrees(contract)

    def test_middle_of_a_period_that_is_half_recognised(self):
        """March is earned already: its part comes from revenue."""
        contract, _move = self._create_year()
        self._recognize("2023-03-31")
        credit = self._suspend(contract, "2023-03-20", "2023-04-10", "2023-04-01")
        self.assertEqual(
            {line.account_id: line.price_subtotal for line in credit.invoice_line_ids},
            {self.deferred: 33.33, self.care_income: 38.71},
        )
        credit.action_post()
        rows = self._get_rows(contract, is_earned=False)
        self.assertEqual(rows.pop("2023-04-30"), 66.67)
        self.assertEqual(set(rows.values()), {100})
        self.assertEqual(self._get_booked(), (866.67, 261.29))
        self._assert_agrees(contract)

    def test_recognised_between_credit_and_posting(self):
        """The part of March is reversed on the day of the credit note."""
        contract, _move = self._create_year()
        credit = self._suspend(contract, "2023-03-20", "2023-04-10")
        self._recognize("2023-03-31")
        credit.action_post()
        self.assertEqual(self._get_booked(), (866.67, 261.29))
        back = contract.deferral_ids.filtered(lambda row: row.amount < 0)
        self.assertEqual(back.mapped("amount"), [-38.71])
        self._assert_agrees(contract)
        # It is recognised: what it gave back cannot be taken back any more.
        with self.assertRefused("recognized", UserError):
            credit.button_draft()
        back.move_id.button_draft()
        credit.button_draft()
        self._assert_agrees(contract)
        self.assertEqual(self._get_rows(contract, is_earned=False)["2023-04-30"], 100)
        credit.action_post()
        self.assertEqual(self._get_booked(), (866.67, 261.29))

    def test_twice_in_one_month(self):
        contract, _move = self._create_year()
        for first, last in (
            ("2023-03-10", "2023-03-14"),
            ("2023-03-25", "2023-03-31"),
            ("2023-03-15", "2023-03-24"),
        ):
            self._suspend(contract, first, last).action_post()
            self._assert_agrees(contract)
        self.assertEqual(
            self._get_rows(contract)["2023-03-09"], 29.03, "9 of 31 days are covered"
        )

    def test_anniversary_months(self):
        """Credited by the contract's months, earned by those of the calendar."""
        contract = self._create_contract(
            date_start="2023-01-15",
            term_months=12,
            billing_months=12,
            billing_anchor="anniversary",
            is_deferred=True,
        )
        contract._create_invoices(self._day("2023-01-15")).action_post()
        credit = self._suspend(contract, "2023-09-16", "2024-01-14")
        credit.action_post()
        rows = self._get_rows(contract)
        self.assertEqual(max(rows), "2023-09-15")
        self.assertAlmostEqual(sum(rows.values()), 1200 - credit.amount_untaxed)
        self.assertEqual(rows["2023-08-31"], 100)
        self._assert_agrees(contract)

    def test_credit_taken_back(self):
        contract, _move = self._create_year()
        before = self._get_rows(contract)
        credit = self._suspend(contract, "2023-03-20", "2023-04-10")
        credit.action_post()
        credit.button_draft()
        self.assertEqual(self._get_rows(contract), before)
        credit.action_post()
        self.assertEqual(self._get_rows(contract)["2023-03-19"], 61.29)
        self._assert_agrees(contract)

    def test_credit_reversed(self):
        """What the reversal bills again is earned month by month again."""
        contract, move = self._create_year()
        before = self._get_rows(contract)
        credit = move._reverse_moves([{"invoice_date": self._day("2023-01-05")}])
        credit.action_post()
        self.assertFalse(contract.deferral_ids)
        again = credit._reverse_moves([{"invoice_date": self._day("2023-01-06")}])
        again.action_post()
        self.assertTrue(move.invoice_line_ids.service_is_live)
        self.assertEqual(self._get_rows(contract), before)
        self.assertEqual(self._get_booked(), (1200, 0))

    def test_credited_invoice_stays_posted(self):
        """Posted again it would forget what was given back."""
        contract, move = self._create_year()
        credit = self._suspend(contract, "2023-04-01", "2023-04-30")
        with self.assertRefused(
            "credits days of it. Cancel that credit note first", UserError
        ):
            move.button_draft()
        credit.action_post()
        with self.assertRefused(
            "credits days of it. Cancel that credit note first", UserError
        ):
            move.button_draft()
        self.assertEqual(len(contract.deferral_ids), 11)
        self.assertEqual(
            move.invoice_line_ids.service_credited_days, [["2023-04-01", "2023-04-30"]]
        )
        credit.button_draft()
        credit.button_cancel()
        move.button_draft()
        move.action_post()
        self.assertEqual(len(contract.deferral_ids), 12)

    def test_resumed(self):
        """Credited days that are covered after all are billed again, once."""
        contract, _move = self._create_year()
        credit = self._suspend(contract, "2023-03-20", "2023-04-10")
        day = self._day("2023-04-01")
        with freeze_time("2023-04-01"):
            contract._resume(day, "Done early")
            # The credit note is a draft: these days are billed.
            self.assertFalse(contract.next_invoice_date)
            self.assertFalse(contract._create_invoices(day))
            credit.action_post()
            self.assertEqual(str(contract.next_invoice_date), "2023-01-01")
            self.assertEqual(str(contract.invoiced_until), "2023-03-31")
            again = contract._create_invoices(day)
            self.assertEqual(
                self._list_days(again), [("2023-04-01", "2023-04-10", 33.33)]
            )
            self.assertEqual(str(again.invoice_date), "2023-04-01")
            self.assertFalse(contract.next_invoice_date)
            self.assertFalse(contract._create_invoices(self._day("2023-12-31")))
            again.action_post()
        self.assertFalse(contract._credit_uncovered())
        rows = contract.deferral_ids
        self.assertAlmostEqual(sum(rows.mapped("amount")), 1200 - 72.04 + 33.33)
        self._recognize("2023-12-31")
        self.assertEqual(self._get_booked(), (0, 1161.29))


@tagged("post_install", "-at_install")
class TestRecognitionEntry(GivenBackCase):
    def test_reset_and_posted_again(self):
        """A row is earned by one entry, which agrees with it."""
        contract, _move = self._create_year()
        entry = self._recognize("2023-01-31")
        entry.button_draft()
        self.assertFalse(contract.deferral_ids.move_id)
        with self.assertRefused(
            "cannot be posted because the revenue it recognized must be recognized "
            "again",
            UserError,
        ):
            entry.action_post()
        entry.button_cancel()
        self._recognize("2023-01-31")
        self.assertEqual(self._get_booked(), (1100, 100))
        self._assert_agrees(contract)

    def test_reversed(self):
        contract, _move = self._create_year()
        entry = self._recognize("2023-01-31")
        reversal = entry._reverse_moves([{"date": self._day("2023-02-01")}])
        reversal.action_post()
        self._assert_agrees(contract)
        self.assertEqual(self._get_booked(), (1200, 0))
        # Neither of the two can be taken away alone.
        for move in reversal, entry:
            with self.assertRefused("was reversed|reverses", UserError):
                move.button_draft()
        self._recognize("2023-01-31")
        self.assertEqual(self._get_booked(), (1100, 100))
        self._assert_agrees(contract)

    def test_part_of_it_reversed(self):
        _contract, _move = self._create_year()
        entry = self._recognize("2023-01-31")
        reversal = entry._reverse_moves([{"date": self._day("2023-02-01")}])
        lines = reversal.line_ids
        reversal.line_ids = [
            (1, line.id, {"balance": 10 if line.balance > 0 else -10}) for line in lines
        ]
        with self.assertRefused(
            "can only be reversed as a whole, with its accounts and amounts", UserError
        ):
            reversal.action_post()

    def test_other_entries_are_free(self):
        entry = self.env["account.move"].create(
            {
                "journal_id": self.general.id,
                "line_ids": [
                    (0, 0, {"account_id": self.deferred.id, "balance": 5}),
                    (0, 0, {"account_id": self.care_income.id, "balance": -5}),
                ],
            }
        )
        entry.action_post()
        entry.button_draft()
        entry.action_post()
        entry._reverse_moves().action_post()
        self.assertEqual(self._get_booked(), (0, 0))


@tagged("post_install", "-at_install")
class TestDrafts(GivenBackCase):
    """Drafts are shortened or removed, never credited."""

    def test_several_lines(self):
        contract = self._create_contract(1200, 2400, 600, billing_months=3)
        move = contract._create_invoices(self._day("2026-01-01"))
        first, second, third = contract.line_ids
        with freeze_time("2026-01-10"):
            self.assertFalse(second._end_with_credit(self._day("2026-02-14"), "-"))
            self.assertFalse(third._end_with_credit(self._day("2025-12-31"), "-"))
        self.assertEqual(
            self._list_days(move),
            [("2026-01-01", "2026-03-31", 300), ("2026-01-01", "2026-02-14", 300)],
        )
        self.assertEqual(move.invoice_line_ids.service_contract_line_id, first | second)
        move.action_post()
        self.assertFalse(contract._credit_uncovered())

    def test_cut_in_two(self):
        """Suspended days in the middle leave two lines."""
        contract = self._create_contract(1200, 600, billing_months=3)
        move = contract._create_invoices(self._day("2026-01-01"))
        self.assertFalse(self._suspend(contract, "2026-02-08", "2026-02-21"))
        self.assertEqual(
            self._list_days(move),
            [
                ("2026-01-01", "2026-02-07", 125),
                ("2026-01-01", "2026-02-07", 62.5),
                ("2026-02-22", "2026-03-31", 125),
                ("2026-02-22", "2026-03-31", 62.5),
            ],
        )
        self.assertEqual(str(contract.next_invoice_date), "2026-04-01")

    def test_combined(self):
        """The lines of another contract on the invoice stay as they are."""
        vals = {"billing_months": 3, "invoice_grouping": "payer"}
        leaving = self._create_contract(1200, 600, **vals)
        staying = self._create_contract(2400, **vals)
        both = leaving | staying
        move = both._create_invoices(self._day("2026-01-01"))
        self.assertEqual(len(move), 1)
        with freeze_time("2026-01-10"):
            self.assertFalse(leaving._cancel(self._day("2026-02-14"), "Sold"))
        self.assertEqual(
            self._list_days(move),
            [
                ("2026-01-01", "2026-02-14", 150),
                ("2026-01-01", "2026-02-14", 75),
                ("2026-01-01", "2026-03-31", 600),
            ],
        )

    def test_combined_and_never_covered(self):
        """Nothing of a contract is left but what others have on the invoice: the
        heading of what is gone goes as well."""
        vals = {"billing_months": 3, "invoice_grouping": "payer"}
        leaving = self._create_contract(1200, 600, **vals)
        staying = self._create_contract(2400, **vals)
        move = (leaving | staying)._create_invoices(self._day("2026-01-01"))
        with freeze_time("2026-01-01"):
            self.assertFalse(leaving._cancel(self._day("2025-12-31"), "Mistake"))
        self.assertEqual(move.amount_untaxed, 600)
        self.assertNotIn(leaving.name, "".join(move.invoice_line_ids.mapped("name")))
        with freeze_time("2026-01-01"):
            self.assertFalse(staying._cancel(self._day("2025-12-31"), "Mistake"))
        self.assertFalse(move.exists())

    def test_draft_and_posted(self):
        contract = self._create_contract(1200, 600, billing_months=1)
        moves = contract._create_invoices(self._day("2026-03-01")).sorted(
            "invoice_date"
        )
        moves[0].action_post()
        with freeze_time("2026-03-02"):
            credit = contract._cancel(self._day("2026-01-15"), "Sold")
        self.assertEqual(moves.exists(), moves[0])
        self.assertEqual(credit.reversed_entry_id, moves[0])
        self.assertEqual(
            self._list_days(credit),
            [("2026-01-16", "2026-01-31", 51.61), ("2026-01-16", "2026-01-31", 25.81)],
        )

"""What is given back, taken back and booked again: invoices, rows and entries agree."""

from freezegun import freeze_time

from odoo.exceptions import UserError
from odoo.fields import Command
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
        credit.action_post()
        with freeze_time("2023-04-01"):
            contract._resume(day, "Done early")
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


@tagged("post_install", "-at_install")
class TestCoveredAgain(GivenBackCase):
    """Draft credit notes give nothing back for days that are covered again."""

    def _get_draft(self, contract):
        return contract._get_draft_credit_lines().move_id

    def _assert_as_before(self, contract):
        """Nothing is credited, owed or to be invoiced again of the year."""
        self.assertFalse(contract._get_draft_credit_lines())
        self.assertFalse(contract.draft_credit_notice)
        self.assertEqual(contract.credit_due_amount, 0)
        self.assertEqual(self._invoice(contract, "2023-12-31"), [])
        self.assertFalse(contract.activity_ids)

    @freeze_time("2023-04-01")
    def test_resumed_on_the_same_day(self):
        contract, move = self._create_year()
        contract._suspend(self._day("2023-04-01"), None, "Works")
        self.assertEqual(self._get_draft(contract).amount_untaxed, 900)
        contract.with_user(self.manager)._resume(self._day("2023-04-01"), None)
        self.assertFalse(move.reversal_move_ids)
        self._assert_as_before(contract)

    @freeze_time("2023-04-01")
    def test_resumed_on_another_day(self):
        """The same document gives less back, of revenue and of what is deferred."""
        contract, _move = self._create_year()
        self._recognize("2023-03-31")
        credit = contract._suspend(self._day("2023-03-20"), None, "Works")
        self.assertAlmostEqual(credit.amount_untaxed, 900 + 38.71)
        activity = credit.activity_ids
        contract.with_user(self.manager)._resume(self._day("2023-04-11"), None)
        self.assertEqual(self._get_draft(contract), credit)
        self.assertEqual(
            {line.account_id: line.price_subtotal for line in credit.invoice_line_ids},
            {self.deferred: 33.33, self.care_income: 38.71},
        )
        self.assertFalse(activity.exists())
        self.assertIn("72.04", credit.activity_ids.note)
        credit.action_post()
        self._assert_agrees(contract)
        self.assertEqual(self._invoice(contract, "2023-12-31"), [])
        self.assertEqual(contract.credit_due_amount, 0)

    @freeze_time("2023-04-01")
    def test_posted_credit_is_invoiced_again(self):
        contract, _move = self._create_year()
        credit = contract._suspend(self._day("2023-04-01"), None, "Works")
        credit.action_post()
        contract._resume(self._day("2023-04-01"), None)
        self.assertEqual(credit.state, "posted")
        again = contract._create_invoices(self._day("2023-12-31"))
        self.assertEqual(sum(again.mapped("amount_untaxed")), 900)

    @freeze_time("2023-04-01")
    def test_number_of_a_credit_is_kept(self):
        contract, _move = self._create_year()
        credit = contract._suspend(self._day("2023-04-01"), None, "Works")
        credit.action_post()
        credit.button_draft()
        contract._resume(self._day("2023-04-01"), None)
        self.assertEqual(credit.state, "cancel")
        self._assert_as_before(contract)

    @freeze_time("2023-04-01")
    def test_what_an_accountant_credits_stays(self):
        contract, move = self._create_year()
        own = move._reverse_moves()
        contract._suspend(self._day("2023-04-01"), None, "Works")
        self.assertEqual(self._get_draft(contract), own)
        contract._resume(self._day("2023-04-01"), None)
        self.assertEqual(self._get_draft(contract), own)
        self.assertEqual(own.amount_untaxed, 1200)

    @freeze_time("2023-04-01")
    def test_goodwill_on_a_credit_stays(self):
        contract, _move = self._create_year()
        credit = contract._suspend(self._day("2023-04-01"), None, "Works")
        credit.write({"invoice_line_ids": [Command.create({"price_unit": 10})]})
        contract._resume(self._day("2023-04-01"), None)
        self.assertEqual(credit.amount_untaxed, 10)
        self.assertFalse(credit.activity_ids)

    @freeze_time("2023-04-01")
    def test_cancelled_while_suspended(self):
        """What is still suspended stays credited when a cancellation is undone, and
        what is cancelled when a suspension ends."""
        for resumes_first in (False, True):
            with self.subTest(resumes_first):
                contract, _move = self._create_year()
                contract._suspend(self._day("2023-04-01"), None, "Works")
                contract._cancel(self._day("2023-09-30"), "Sold")
                credit = self._get_draft(contract)
                self.assertEqual(credit.amount_untaxed, 900)
                if resumes_first:
                    contract._resume(self._day("2023-05-01"), None)
                    self.assertEqual(credit.amount_untaxed, 400)
                    contract.action_undo_cancellation()
                    self.assertEqual(credit.amount_untaxed, 100)
                else:
                    contract.action_undo_cancellation()
                    self.assertEqual(credit.amount_untaxed, 900)
                    contract._resume(self._day("2023-04-01"), None)
                    self._assert_as_before(contract)

    @freeze_time("2023-04-01")
    def test_suspended_when_a_cancellation_is_undone(self):
        contract, _move = self._create_year()
        contract._suspend(self._day("2023-04-01"), self._day("2023-04-30"), "Works")
        contract._cancel(self._day("2023-06-30"), "Sold")
        self.assertEqual(sum(self._get_draft(contract).mapped("amount_untaxed")), 700)
        contract.with_user(self.manager).action_undo_cancellation()
        self.assertEqual(self._get_draft(contract).amount_untaxed, 100)
        self.assertEqual(contract.credit_due_amount, 0)

    @freeze_time("2023-04-01")
    def test_payer_and_back(self):
        """By a transfer to who paid before, or by undoing the transfer."""
        for undoes in (False, True):
            with self.subTest(undoes):
                contract, _move = self._create_year()
                contract._suspend(
                    self._day("2023-08-01"), self._day("2023-08-31"), "Works"
                )
                day = self._day("2023-07-01")
                contract._transfer_to_payer(self.neighbour, day, "Sold")
                credits = self._get_draft(contract)
                self.assertEqual(sum(credits.mapped("amount_untaxed")), 600)
                if undoes:
                    contract.with_user(self.manager).action_undo_transfer()
                else:
                    contract._transfer_to_payer(self.customer, day, "After all")
                self.assertEqual(self._get_draft(contract).amount_untaxed, 100)
                self.assertEqual(contract.credit_due_amount, 0)
                self.assertEqual(self._invoice(contract, "2023-12-31"), [])

    @freeze_time("2023-04-01")
    def test_payer_from_the_first_day(self):
        """Their predecessor pays for nothing, be it suspended or not."""
        contract, _move = self._create_year()
        first = self._day("2023-01-01")
        contract._transfer_to_payer(self.neighbour, first, "Sold")
        credit = self._get_draft(contract)
        contract._suspend(self._day("2023-04-01"), self._day("2023-04-30"), "Works")
        contract._resume(self._day("2023-04-01"), None)
        self.assertEqual(self._get_draft(contract), credit)
        self.assertEqual(credit.amount_untaxed, 1200)
        contract.action_undo_transfer()
        self._assert_as_before(contract)

    @freeze_time("2023-04-01")
    def test_some_lines_given_back(self):
        """What a successor took over is covered again, what is suspended is not."""
        contract, _move = self._create_year(
            lines=[{"name": "A", "value": 1200}, {"name": "B", "value": 600}]
        )
        contract._suspend(self._day("2023-08-01"), self._day("2023-08-31"), "Works")
        self.assertEqual(self._get_draft(contract).amount_untaxed, 150)
        contract._transfer_lines(
            contract.line_ids[0], self.neighbour, self._day("2023-07-01"), "Sold"
        )
        credits = self._get_draft(contract)
        self.assertEqual(sum(credits.mapped("amount_untaxed")), 650)
        contract.action_undo_transfer()
        self.assertEqual(self._get_draft(contract).amount_untaxed, 150)
        self.assertEqual(contract.credit_due_amount, 0)

    @freeze_time("2023-04-01")
    def test_activity_on_the_contract(self):
        """Who may not read the credit note is asked on the contract, no longer than
        there is one."""
        user = self._create_user("sc_reader", "field_installed_base.group_dispatcher")
        for ends in (
            lambda contract: contract._resume(self._day("2023-04-01"), None),
            lambda contract: self._get_draft(contract).unlink(),
            lambda contract: self._get_draft(contract).button_cancel(),
        ):
            contract, _move = self._create_year(user_id=user.id)
            contract._suspend(self._day("2023-04-01"), None, "Works")
            self.assertIn("900.00", contract.activity_ids.note)
            ends(contract)
            self.assertFalse(contract.activity_ids)

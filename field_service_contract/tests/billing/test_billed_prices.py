"""What was billed is shared by the prices that it was billed at, and what was given
back, by whatever button, counts."""

from freezegun import freeze_time

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import tagged

from .test_given_back import GivenBackCase


class BilledPricesCase(GivenBackCase):
    def _create_stepped(self, post=True, **vals):
        """Return a contract of 2023, a year in advance: 1,200 a year from January and
        2,400 from July, known before it is billed, and its invoice."""
        contract = self._create_contract(
            **{
                "date_start": "2023-01-01",
                "term_months": 12,
                "billing_months": 12,
                "is_deferred": True,
                **vals,
            }
        )
        self._change_price(
            contract.line_ids, {"value": 2400}, self._day("2023-07-01"), "manual"
        )
        move = contract._create_invoices(self._day("2023-01-01"))
        if post:
            move.action_post()
        return contract, move

    def _span_step(self, contract, move):
        """Let one invoice line bill both prices, as those made before did."""
        first, second = move.invoice_line_ids.sorted("service_period_start")
        second.unlink()
        first.write({"service_period_end": "2023-12-31", "price_unit": 1800})
        return first

    def _reverse(self, move, day="2023-06-30", modify=False):
        wizard = (
            self.env["account.move.reversal"]
            .with_context(active_model="account.move", active_ids=move.ids)
            .create({"journal_id": move.journal_id.id, "date": day})
        )
        action = wizard.modify_moves() if modify else wizard.refund_moves()
        return self.env["account.move"].browse(action["res_id"])

    def _get_sum(self, contract):
        moves = contract.invoice_ids.filtered(lambda move: move.state == "posted")
        return round(sum(moves.mapped("amount_untaxed_signed")), 3)


@tagged("post_install", "-at_install")
class TestPriceSteps(BilledPricesCase):
    def test_an_invoice_line_has_one_price(self):
        contract, move = self._create_stepped()
        self.assertEqual(
            self._list_days(move),
            [("2023-01-01", "2023-06-30", 600), ("2023-07-01", "2023-12-31", 1200)],
        )
        self.assertEqual(list(self._get_rows(contract).values()), [100] * 6 + [200] * 6)

    @freeze_time("2023-06-15")
    def test_cancel(self):
        contract, move = self._create_stepped()
        dialog = self._open(
            "service.contract.cancel", contract, date="2023-06-30", reason="Sold"
        )
        self.assertIn("1,200.00", dialog.preview)
        credit = contract._cancel(self._day("2023-06-30"), "Sold")
        self.assertEqual(self._list_days(credit), [("2023-07-01", "2023-12-31", 1200)])
        credit.action_post()
        self.assertEqual(set(self._get_rows(contract).values()), {100})
        self._assert_agrees(contract)

    @freeze_time("2023-06-15")
    def test_draft_is_shortened(self):
        contract, move = self._create_stepped(post=False)
        self.assertFalse(contract._cancel(self._day("2023-06-30"), "Sold"))
        self.assertEqual(self._list_days(move), [("2023-01-01", "2023-06-30", 600)])

    def test_suspended_credited_resumed_and_billed_again(self):
        contract, _move = self._create_stepped()
        credit = self._suspend(contract, "2023-07-01", "2023-12-31", "2023-06-15")
        self.assertEqual(credit.amount_untaxed, 1200)
        credit.action_post()
        with freeze_time("2023-06-20"):
            contract._resume(self._day("2023-07-01"), "Done")
            again = contract._create_invoices(self._day("2023-12-31"))
            again.action_post()
        self.assertEqual(again.amount_untaxed, 1200)
        self.assertEqual(self._get_sum(contract), 1800)
        self.assertEqual(list(self._get_rows(contract).values()), [100] * 6 + [200] * 6)

    @freeze_time("2023-04-10")
    def test_transfer_to_a_payer(self):
        contract, _move = self._create_stepped()
        credit = contract._transfer_to_payer(
            self.neighbour, self._day("2023-04-01"), "Sold"
        )
        self.assertEqual(credit.amount_untaxed, 1500)
        credit.action_post()
        again = contract._create_invoices(self._day("2023-12-31"))
        self.assertEqual(
            self._list_days(again),
            [("2023-04-01", "2023-06-30", 300), ("2023-07-01", "2023-12-31", 1200)],
        )

    @freeze_time("2023-04-10")
    def test_transfer_to_a_customer(self):
        contract, move = self._create_stepped()
        contract._transfer_lines(
            contract.line_ids, self.neighbour, self._day("2023-08-01"), "Sold"
        )
        self.assertEqual(move.reversal_move_ids.amount_untaxed, 1000)

    @freeze_time("2023-04-10")
    def test_end_of_a_line(self):
        contract, _move = self._create_stepped()
        credit = contract.line_ids._end_with_credit(self._day("2023-09-30"), "Sold")
        self.assertEqual(credit.amount_untaxed, 600)

    def test_forecast(self):
        contract, _move = self._create_stepped(post=False)
        _move.unlink()
        with freeze_time("2023-01-01"):
            contract._update_forecast(self._day("2023-12-31"))
        self.assertEqual(contract.forecast_ids.mapped("amount"), [1800])

    def test_profit(self):
        contract, _move = self._create_stepped()
        self._recognize("2023-06-30")
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual(
            (contract.earned_amount, contract.deferred_amount), (600, 1200)
        )
        [(earned, deferred)] = self.env["service.contract.profit"]._read_group(
            [("contract_id", "=", contract.id)],
            [],
            ["earned:sum", "deferred:sum"],
        )
        self.assertEqual((earned, deferred), (600, 1200))

    # -- Lines made before that have two prices -----------------------------------

    def test_older_line_with_two_prices(self):
        contract, move = self._create_stepped(post=False)
        line = self._span_step(contract, move)
        move.action_post()
        self.assertEqual(list(self._get_rows(contract).values()), [100] * 6 + [200] * 6)
        with freeze_time("2023-06-15"):
            credit = contract._cancel(self._day("2023-06-30"), "Sold")
        self.assertEqual(self._list_days(credit), [("2023-07-01", "2023-12-31", 1200)])
        credit.action_post()
        self.assertEqual(line.service_credited_days, [["2023-07-01", "2023-12-31"]])
        self.assertEqual(set(self._get_rows(contract).values()), {100})

    def test_older_draft_with_two_prices(self):
        contract, move = self._create_stepped(post=False)
        self._span_step(contract, move)
        with freeze_time("2023-06-15"):
            self.assertFalse(contract._cancel(self._day("2023-08-31"), "Sold"))
        self.assertEqual(self._list_days(move), [("2023-01-01", "2023-08-31", 1000)])

    def test_prices_that_change_after_the_invoice(self):
        """What is credited is what was billed, whatever the price is now."""
        contract, _move = self._create_year()
        credit = self._suspend(contract, "2023-03-01", "2023-03-31")
        credit.action_post()
        with freeze_time("2023-03-02"):
            contract._resume(self._day("2023-03-01"), "Done")
            self._change_price(
                contract.line_ids, {"value": 2400}, self._day("2023-03-11"), "manual"
            )
            again = contract._create_invoices(self._day("2023-12-31"))
            self.assertEqual(
                self._list_days(again),
                [
                    ("2023-03-01", "2023-03-10", 32.26),
                    ("2023-03-11", "2023-03-31", 135.48),
                ],
            )
            credit = contract._cancel(self._day("2023-09-30"), "Sold")
        self.assertEqual(credit.amount_untaxed, 300)

    # -- Prices that somebody typed -----------------------------------------------

    def test_typed_price_is_shared_in_proportion(self):
        contract, move = self._create_stepped(post=False)
        second = move.invoice_line_ids.sorted("service_period_start")[1]
        second.price_unit = 900
        move.action_post()
        with freeze_time("2023-06-15"):
            credit = contract._cancel(self._day("2023-09-30"), "Sold")
        self.assertEqual(credit.amount_untaxed, 450)

    def test_typed_discount_is_shared_in_proportion(self):
        contract, move = self._create_stepped(post=False)
        line = self._span_step(contract, move)
        line.discount = 50
        move.action_post()
        self.assertEqual(list(self._get_rows(contract).values()), [50] * 6 + [100] * 6)
        with freeze_time("2023-06-15"):
            credit = contract._cancel(self._day("2023-06-30"), "Sold")
        self.assertEqual(credit.amount_untaxed, 600)

    # -- Cents --------------------------------------------------------------------

    def test_shortened_draft_and_the_next_bill(self):
        """1,000 a year from 10 January: any cut leaves the sum of the days."""
        contract = self._create_contract(
            1000, date_start="2023-01-10", term_months=12, billing_months=3
        )
        moves = contract._create_invoices(self._day("2023-06-30"))
        with freeze_time("2023-06-15"):
            contract._cancel(self._day("2023-06-15"), "Sold")
        total = sum(moves.exists().mapped("amount_untaxed"))
        # 22/31 + 4 + 15/30 months.
        self.assertAlmostEqual(total, 434.14)

    def test_whole_lines_given_back_in_the_middle(self):
        """8.33, 8.34, 8.33, of which 8.34 is given back: what is billed next takes up
        the cent that four months at 33.33 lack."""
        contract = self._create_contract(100, date_start="2023-01-01")
        contract._create_invoices(self._day("2023-03-01")).action_post()
        credit = self._suspend(contract, "2023-02-01", "2023-02-28")
        self.assertEqual(credit.amount_untaxed, 8.34)
        credit.action_post()
        moves = contract._create_invoices(self._day("2023-05-01"))
        self.assertEqual(
            self._list(moves), [("2023-04-01", 8.34), ("2023-05-01", 8.33)]
        )
        moves.action_post()
        self.assertEqual(self._get_sum(contract), 33.33)
        # Once: what follows is as it would be.
        moves = contract._create_invoices(self._day("2023-07-01"))
        self.assertEqual(
            self._list(moves), [("2023-06-01", 8.34), ("2023-07-01", 8.33)]
        )

    def test_suspension_in_the_middle(self):
        contract, _move = self._create_year(
            lines=[{"name": "Care", "value": 1000}], is_deferred=False
        )
        self._suspend(contract, "2023-01-01", "2023-01-31").action_post()
        self.assertEqual(self._get_sum(contract), 916.67)
        self._suspend(contract, "2023-05-01", "2023-05-31").action_post()
        self.assertEqual(self._get_sum(contract), 833.33)
        with freeze_time("2023-05-01"):
            contract._resume(self._day("2023-05-01"), "Done")
            contract._create_invoices(self._day("2023-12-31")).action_post()
            self.assertEqual(self._get_sum(contract), 916.67)
            contract._cancel(self._day("2023-07-31"), "Sold").action_post()
        self.assertEqual(self._get_sum(contract), 500)


@tagged("post_install", "-at_install")
class TestGivenBackBefore(BilledPricesCase):
    def _give_goodwill(self, move, amount):
        credit = self._reverse(move)
        credit.invoice_line_ids.price_unit = amount
        credit.action_post()
        return credit

    @freeze_time("2023-06-30")
    def test_goodwill_lowers_the_price_of_all_days(self):
        contract, move = self._create_year()
        self._recognize("2023-03-31")
        self._give_goodwill(move, 600)
        self.assertTrue(move.invoice_line_ids.service_is_live)
        self.assertEqual(
            list(self._get_rows(contract, is_earned=False).values()), [50] * 9
        )
        self._assert_agrees(contract)
        dialog = self._open(
            "service.contract.cancel", contract, date="2023-06-30", reason="Sold"
        )
        self.assertIn("Already credited", dialog.preview)
        self.assertIn("600.00", dialog.preview)
        credit = contract._cancel(self._day("2023-06-30"), "Sold")
        self.assertEqual(credit.amount_untaxed, 300)
        self.assertEqual(credit.invoice_line_ids.account_id, self.deferred)
        credit.action_post()
        self.assertEqual(self._get_sum(contract), 300)
        self._assert_agrees(contract)
        self._recognize("2023-12-31")
        self.assertEqual(self._get_booked(), (0, 300))

    @freeze_time("2023-06-30")
    def test_goodwill_taken_back(self):
        contract, move = self._create_year()
        before = self._get_rows(contract)
        credit = self._give_goodwill(move, 600)
        credit.button_draft()
        self.assertEqual(self._get_rows(contract), before)
        self.assertEqual(contract._preview_credits({})[contract].amount, 0)
        credit.button_cancel()
        self.assertEqual(
            contract._cancel(self._day("2023-06-30"), "Sold").amount_untaxed, 600
        )

    @freeze_time("2023-06-30")
    def test_goodwill_on_a_line_of_its_own(self):
        """Somebody deleted the proposed lines and typed another."""
        contract, move = self._create_year(is_deferred=False)
        credit = self._reverse(move)
        credit.invoice_line_ids.unlink()
        credit.invoice_line_ids = [
            Command.create(
                {
                    "name": "With our apologies",
                    "price_unit": 600,
                    "account_id": self.income.id,
                    "tax_ids": [Command.clear()],
                }
            )
        ]
        credit.action_post()
        self.assertTrue(move.invoice_line_ids.service_is_live)
        self.assertEqual(
            contract._cancel(self._day("2023-06-30"), "Sold").amount_untaxed, 300
        )

    @freeze_time("2023-06-30")
    def test_what_else_the_invoice_bills(self):
        """What is given back of a part that somebody added is not the contract's."""
        contract, move = self._create_year(is_deferred=False)
        move.button_draft()
        move.invoice_line_ids = [
            Command.create(
                {
                    "name": "Gasket",
                    "price_unit": 40,
                    "account_id": self.income.id,
                    "tax_ids": [Command.clear()],
                }
            )
        ]
        move.action_post()
        credit = self._reverse(move)
        credit.invoice_line_ids.filtered("service_contract_line_id").unlink()
        self.assertEqual(credit.amount_untaxed, 40)
        credit.action_post()
        self.assertEqual(
            contract._cancel(self._day("2023-06-30"), "Sold").amount_untaxed, 600
        )

    @freeze_time("2023-06-30")
    def test_credit_note_after_a_cancellation(self):
        """Odoo's reversal proposes the rest of the days, be the first credit note a
        draft or posted; more than that is not there."""
        contract, move = self._create_year()
        self._recognize("2023-05-31")
        first = contract._cancel(self._day("2023-06-30"), "Sold")
        rest = self._reverse(move)
        self.assertEqual(self._list_days(rest), [("2023-01-01", "2023-06-30", 600)])
        rest.unlink()
        first.action_post()
        rest = self._reverse(move)
        self.assertEqual(self._list_days(rest), [("2023-01-01", "2023-06-30", 600)])
        rest.action_post()
        self.assertEqual(self._get_sum(contract), 0)
        self.assertEqual(self._get_booked(), (0, 0))
        self.assertFalse(move.invoice_line_ids.service_is_live)
        with self.assertRefused("Nothing is left to credit on", UserError):
            self._reverse(move)

    @freeze_time("2023-06-30")
    def test_credit_note_after_a_deleted_and_a_cancelled_one(self):
        contract, move = self._create_year()
        credit = contract._cancel(self._day("2023-06-30"), "Sold")
        credit.unlink()
        whole = self._reverse(move)
        self.assertEqual(whole.amount_untaxed, 1200)
        whole.button_cancel()
        self.assertEqual(self._reverse(move).amount_untaxed, 1200)

    @freeze_time("2023-06-30")
    def test_credit_note_after_goodwill(self):
        contract, move = self._create_year()
        self._give_goodwill(move, 500)
        rest = self._reverse(move)
        self.assertEqual(self._list_days(rest), [("2023-01-01", "2023-12-31", 700)])
        rest.action_post()
        self.assertFalse(move.invoice_line_ids.service_is_live)
        self.assertEqual(self._get_sum(contract), 0)
        self.assertEqual(str(contract.next_invoice_date), "2023-01-01")
        self._assert_agrees(contract)

    @freeze_time("2023-06-30")
    def test_credit_note_after_a_suspension(self):
        """The days that are left lie on both sides."""
        contract, move = self._create_year()
        self._suspend(contract, "2023-03-01", "2023-04-30").action_post()
        rest = self._reverse(move)
        self.assertEqual(
            self._list_days(rest),
            [("2023-01-01", "2023-02-28", 200), ("2023-05-01", "2023-12-31", 800)],
        )

    @freeze_time("2023-06-30")
    def test_corrected_invoice_after_a_cancellation(self):
        """It bills the days that its reversal gave back."""
        contract, move = self._create_year()
        contract._cancel(self._day("2023-06-30"), "Sold").action_post()
        again = self._reverse(move, modify=True)
        self.assertEqual(self._list_days(again), [("2023-01-01", "2023-06-30", 600)])
        again.action_post()
        self.assertEqual(self._get_sum(contract), 600)
        self.assertFalse(contract.credit_due_amount)
        self._assert_agrees(contract)

    @freeze_time("2023-06-30")
    def test_credit_that_was_partly_reversed(self):
        """Of a goodwill of 600 200 were billed again: 400 count."""
        contract, move = self._create_year(is_deferred=False)
        credit = self._give_goodwill(move, 600)
        self._give_goodwill(credit, 200)
        self.assertEqual(
            contract._cancel(self._day("2023-06-30"), "Sold").amount_untaxed, 400
        )

    @freeze_time("2023-06-30")
    def test_credit_made_smaller_by_hand(self):
        """A fee is kept: the days are given back all the same, nothing is owed."""
        contract, move = self._create_year(is_deferred=False)
        credit = contract._cancel(self._day("2023-06-30"), "Sold")
        credit.invoice_line_ids.price_unit = 500
        credit.action_post()
        self.assertFalse(contract.credit_due_amount)
        self.assertFalse(contract._credit_uncovered())
        self.assertEqual(self._reverse(move).amount_untaxed, 600)


@tagged("post_install", "-at_install")
class TestOwedCredit(BilledPricesCase):
    @freeze_time("2023-06-30")
    def test_migration(self):
        """What contracts owed before it was kept is found, and no other."""
        cancelled, move = self._create_year()
        cancelled._cancel(self._day("2023-06-30"), "Sold").unlink()
        suspended, _move = self._create_year()
        suspended._suspend(
            self._day("2023-07-01"), self._day("2023-07-31"), "Works"
        ).unlink()
        paid, _move = self._create_year()
        paid._transfer_to_payer(
            self.neighbour, self._day("2023-10-01"), "Sold"
        ).unlink()
        ended, _move = self._create_year(
            lines=[{"name": "A", "value": 1200}, {"name": "B", "value": 600}]
        )
        ended.line_ids[1]._end(self._day("2023-08-31"))
        ended._credit_uncovered().unlink()
        credited, _move = self._create_year()
        credited._cancel(self._day("2023-06-30"), "Sold").action_post()
        running, _move = self._create_year()
        contracts = cancelled | suspended | paid | ended | credited | running
        owed = [600, 100, 300, 200, 0, 0]
        self.assertEqual(contracts.mapped("credit_due_amount"), owed)
        lines = contracts.line_ids.move_line_ids
        pricings = lines.mapped("service_pricing")
        self.assertTrue(all(move.invoice_line_ids.mapped("service_pricing")))
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE account_move_line SET service_pricing = NULL WHERE id = ANY(%s)",
            (lines.ids,),
        )
        self.env.cr.execute(
            "UPDATE service_contract SET credit_due_amount = 0 WHERE id = ANY(%s)",
            (contracts.ids,),
        )
        self._run_migration("19.0.1.1.0/post-billed_prices")
        self.assertEqual(contracts.mapped("credit_due_amount"), owed)
        self.assertEqual(lines.mapped("service_pricing"), pricings)

    def _get_activities(self, credit):
        kind = self.env.ref("field_service_contract.mail_activity_type_credit")
        return credit.activity_ids.filtered(lambda own: own.activity_type_id == kind)

    @freeze_time("2023-06-30")
    def test_draft_is_named_and_deleted_is_owed(self):
        contract, _move = self._create_year(user_id=self.env.uid)
        credit = contract._cancel(self._day("2023-06-30"), "Sold")
        self.assertIn(
            f'href="/odoo/account.move/{credit.id}"', contract.draft_credit_notice
        )
        self.assertIn("600.00", contract.draft_credit_notice)
        self.assertFalse(contract.credit_due_amount)
        self.assertEqual(self._get_activities(credit).user_id, contract.user_id)
        credit.unlink()
        self.assertFalse(contract.draft_credit_notice)
        self.assertEqual(contract.credit_due_amount, 600)
        owed = self.env["service.contract"].search([("credit_due_amount", "!=", 0)])
        self.assertIn(contract, owed)
        with freeze_time("2023-07-01"):
            contract._update_states()
            with self.assertRefused("still has an amount to credit", UserError):
                contract.active = False
        again = contract.action_make_credit()
        again = self.env["account.move"].browse(again["res_id"])
        self.assertEqual(again.amount_untaxed, 600)
        self.assertFalse(contract.credit_due_amount)
        again.action_post()
        self.assertFalse(self._get_activities(again))
        self.assertFalse(contract.draft_credit_notice)
        self.assertFalse(contract.credit_due_amount)

    @freeze_time("2023-06-30")
    def test_run(self):
        contract, _move = self._create_year()
        contract._cancel(self._day("2023-06-30"), "Sold").unlink()
        run = self.env["service.contract.run"].create(
            {"contract_ids": [Command.set(contract.ids)]}
        )
        run.action_preview()
        self.assertEqual(run.line_ids.mapped("amount"), [-600])
        run.action_run()
        self.assertEqual(run.state, "done")
        self.assertEqual(run.line_ids.invoice_ids.amount_untaxed, 600)
        self.assertEqual(run.line_ids.invoice_ids.state, "draft")
        self.assertFalse(contract.credit_due_amount)

    @freeze_time("2023-06-30")
    def test_cancelled_draft_and_earlier_goodwill(self):
        contract, move = self._create_year()
        goodwill = self._reverse(move)
        goodwill.invoice_line_ids.price_unit = 600
        goodwill.action_post()
        credit = contract._cancel(self._day("2023-06-30"), "Sold")
        credit.button_cancel()
        self.assertEqual(contract.credit_due_amount, 300)
        self.assertFalse(self._get_activities(credit))

    @freeze_time("2023-06-30")
    def test_other_actions(self):
        """Suspension, end of a line, both transfers: what is deleted stays owed, and
        taken back with what it was for."""
        for number, act in enumerate(
            (
                lambda own: own._suspend(
                    self._day("2023-07-01"), self._day("2023-12-31"), "-"
                ),
                lambda own: own.line_ids._end_with_credit(self._day("2023-06-30"), "-"),
                lambda own: own._transfer_to_payer(
                    self.neighbour, self._day("2023-07-01"), "-"
                ),
                lambda own: own._transfer_lines(
                    own.line_ids, self.neighbour, self._day("2023-07-01"), "-"
                ),
            )
        ):
            with self.subTest(number=number):
                contract, move = self._create_year()
                act(contract)
                credit = move.reversal_move_ids
                self.assertEqual(credit.amount_untaxed, 600)
                self.assertTrue(contract.draft_credit_notice)
                self.assertTrue(self._get_activities(credit))
                self.assertFalse(contract.credit_due_amount)
                credit.unlink()
                self.assertEqual(contract.credit_due_amount, 600)
                self.assertEqual(contract._credit_uncovered().amount_untaxed, 600)
                self.assertFalse(contract.credit_due_amount)

    @freeze_time("2023-06-30")
    def test_taken_back(self):
        contract, _move = self._create_year()
        contract._cancel(self._day("2023-06-30"), "Sold").unlink()
        contract.action_undo_cancellation()
        self.assertFalse(contract.credit_due_amount)

    @freeze_time("2023-06-30")
    def test_made_again_and_taken_back(self):
        """What was made again goes with what it was for."""
        contract, move = self._create_year()
        contract._cancel(self._day("2023-06-30"), "Sold").unlink()
        contract.action_make_credit()
        contract.action_undo_cancellation()
        self.assertFalse(move.reversal_move_ids)
        contract._transfer_to_payer(self.neighbour, self._day("2023-07-01"), "-")
        move.reversal_move_ids.unlink()
        contract.action_make_credit()
        contract.action_undo_transfer()
        self.assertFalse(move.reversal_move_ids)
        self.assertFalse(contract.credit_due_amount)
        contract._cancel(self._day("2023-06-30"), "Sold").unlink()
        contract.action_make_credit()
        move.reversal_move_ids.action_post()
        with self.assertRefused("is posted", UserError):
            contract.action_undo_cancellation()

from freezegun import freeze_time
from lxml import etree

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import Form, tagged
from odoo.tools.safe_eval import safe_eval

from ..common import ServiceContractCase


class LifeCase(ServiceContractCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.service_deferred_account_id = cls.deferred
        cls.manager = cls._create_user(
            "sc_manager", "field_installed_base.group_manager"
        )

    def _open(self, model, records, **vals):
        """Return the form of a dialog, as the manager has it."""
        dialog = Form(
            self.env[model]
            .with_user(self.manager)
            .with_context(
                active_model=records._name,
                active_ids=records.ids,
                allowed_company_ids=self.company.ids,
            )
        )
        for name, value in vals.items():
            setattr(dialog, name, value)
        return dialog

    def _get_changes(self, contract):
        return [
            (str(row.date), row.reason, row.amount)
            for row in contract.change_ids.sorted(lambda row: (row.date, row.id))
        ]


@tagged("post_install", "-at_install")
class TestCancel(LifeCase):
    def test_button_for_one_and_for_several(self):
        view = self.env["service.contract.cancel"].get_view(view_type="form")
        buttons = etree.fromstring(view["arch"]).xpath(
            "//button[@name='action_cancel']"
        )
        first, second = self._create_contract(), self._create_contract()
        for contracts, words in (
            (first, ["Cancel the contract"]),
            (first | second, ["Cancel the contracts"]),
        ):
            dialog = self._open("service.contract.cancel", contracts)
            count = {"contract_count": dialog.contract_count}
            shown = [
                button.get("string")
                for button in buttons
                if not safe_eval(button.get("invisible"), count)
            ]
            self.assertEqual(shown, words)

    def test_example(self):
        """1,200 a year prepaid, invoiced to 31 December, recognised to 30 September,
        last covered day 15 September: 350.00 = 300.00 + 50.00."""
        with freeze_time("2023-09-20"):
            contract, move = self._create_year()
            self._recognize("2023-09-30")
            dialog = self._open(
                "service.contract.cancel", contract, date="2023-09-15", reason="Sold"
            )
            for text in ("350.00", "300.00", "50.00", "1,200.00", "09/15/2023"):
                self.assertIn(text, dialog.preview)
            self.assertFalse(contract.cancellation_date)
            dialog.save().action_cancel()
        credit = move.reversal_move_ids
        self.assertEqual(credit.state, "draft")
        self.assertEqual(
            {line.account_id: line.price_subtotal for line in credit.invoice_line_ids},
            {self.deferred: 300, self.care_income: 50},
        )
        self.assertIn("Sold", credit.ref)
        self.assertEqual(contract.state, "cancelled")
        self.assertEqual(contract.annual_amount, 0)
        self.assertFalse(contract.next_invoice_date)
        self.assertEqual(
            self._get_changes(contract),
            [
                ("2023-01-01", "signed", 1200),
                ("2023-09-16", "cancelled", -1200),
            ],
        )
        self.assertIn("Sold", contract.message_ids[0].body)

    def test_undo(self):
        with freeze_time("2023-09-20"):
            contract, move = self._create_year(term_months=24)
            self._change_price(
                contract.line_ids, {"value": 1500}, self._day("2024-03-01"), "manual"
            )
            before = self._get_changes(contract)
            contract.with_user(self.manager)._cancel(self._day("2023-09-15"), "Sold")
            contract.with_user(self.manager).action_undo_cancellation()
            self.assertEqual(contract.state, "active")
            self.assertEqual(str(contract.date_end), "2024-12-31")
            self.assertFalse(contract.cancellation_date)
            self.assertFalse(move.reversal_move_ids)
            self.assertEqual(self._get_changes(contract), before)
            contract._cancel(self._day("2023-09-15"), "Sold")
            move.reversal_move_ids.action_post()
            with self.assertRefused("is posted", UserError):
                contract.action_undo_cancellation()

    def test_undo_leaves_other_contracts_of_the_credit_note(self):
        vals = {"invoice_grouping": "payer", "is_deferred": False}
        with freeze_time("2026-01-10"):
            first, second = contracts = self._create_contract(
                **vals
            ) | self._create_contract(**vals)
            contracts._create_invoices(self._day("2026-01-01")).action_post()
            contracts._cancel(self._day("2026-01-15"), "Bankrupt")
            credit = contracts.invoice_ids.filtered(lambda m: m.state == "draft")
            self.assertEqual(credit.amount_untaxed, 103.22)
            first.action_undo_cancellation()
            self.assertEqual(credit.amount_untaxed, 51.61)
            second.action_undo_cancellation()
            self.assertFalse(credit.exists())

    def test_in_the_future(self):
        """Covered until then, cancelled the day after."""
        contract = self._create_contract(term_months=12)
        with freeze_time("2026-03-01"):
            contract._create_invoices()
            contract._cancel(self._day("2026-04-15"), "Notice")
            self.assertEqual(contract.state, "active")
            self.assertEqual(contract.annual_amount, 1200)
            contract._create_invoices(self._day("2026-12-31"))
        with freeze_time("2026-04-16"):
            self._run_job("update_states")
        self.assertEqual(contract.state, "cancelled")
        self.assertEqual(contract.annual_amount, 0)
        self.assertEqual(str(contract.invoiced_until), "2026-04-15")
        self.assertEqual(sum(contract.change_ids.mapped("amount")), 0)

    def test_before_the_start(self):
        with freeze_time("2025-12-01"):
            contract = self._create_contract()
            contract._cancel(self._day("2025-12-01"), "Never mind")
        self.assertEqual(contract.state, "cancelled")
        self.assertEqual(contract.annual_amount, 0)
        self.assertFalse(contract.next_invoice_date)

    def test_drafts_of_combined_contracts_name_them(self):
        first = self._create_contract(1200, invoice_grouping="payer")
        second = self._create_contract(600, invoice_grouping="payer")
        move = (first | second)._create_invoices(self._day("2026-01-01"))
        first._cancel(self._day("2026-01-15"), "Moved away")
        for contract in first | second:
            line = move.invoice_line_ids.filtered(
                lambda line, own=contract: line.service_contract_id == own
            )
            self.assertIn(f"{contract.name}: Line 1", line.name)

    def test_lines_billed_at_nothing(self):
        """No credit note without lines, neither at once nor later."""
        contract = self._create_contract(1200, 0, billing_months=12, term_months=12)
        contract._create_invoices(self._day("2026-01-01")).action_post()
        free = contract.line_ids[1]
        self.assertFalse(free._end_with_credit(self._day("2026-06-30"), "Sold"))
        credit = contract._cancel(self._day("2026-09-30"), "Moved away")
        self.assertEqual(credit.amount_untaxed, 300)
        credit.action_post()
        self.assertFalse(contract._credit_uncovered())

    def test_drafts_are_shortened(self):
        with freeze_time("2026-02-10"):
            contract = self._create_contract(billing_months=3)
            move = contract._create_invoices()
            dialog = self._open(
                "service.contract.cancel", contract, date="2026-02-14", reason="-"
            )
            self.assertIn("Deducted from drafts", dialog.preview)
            self.assertIn("150.00", dialog.preview)
            dialog.save().action_cancel()
        self.assertEqual(move.amount_untaxed, 150)
        contract.action_undo_cancellation()
        self.assertEqual(self._invoice(contract, "2026-03-01"), [("2026-02-15", 150)])

    def test_many(self):
        with freeze_time("2026-02-10"):
            contracts = self._create_contract() | self._create_contract(2400)
            dialog = self._open(
                "service.contract.cancel", contracts, date="2026-02-28", reason="-"
            )
            for contract in contracts:
                self.assertIn(contract.name, dialog.preview)
            dialog.save().action_cancel()
            self.assertEqual(contracts.mapped("annual_amount"), [1200, 2400])
        self.assertEqual(set(contracts.mapped("cancellation_reason")), {"-"})

    @freeze_time("2026-03-01")
    def test_refused(self):
        contract = self._create_contract(term_months=12)
        dialog = self._open("service.contract.cancel", contract, date="2027-02-01")
        self.assertIn("ends on 12/31/2026", dialog.preview)
        contract._cancel(self._day("2026-06-30"), "-")
        with self.assertRefused("Undo the cancellation", UserError):
            contract._cancel(self._day("2026-05-30"), "-")
        draft = self._create_contract(activate=False)
        with self.assertRefused("its status is “Draft”", UserError):
            draft._cancel(self._day("2026-05-30"), "-")


@tagged("post_install", "-at_install")
class TestSuspension(LifeCase):
    def test_credit_and_resume(self):
        with freeze_time("2023-04-01"):
            contract, move = self._create_year()
            dialog = self._open("service.contract.suspend", contract, reason="Works")
            dialog.date_start, dialog.date_end = "2023-04-01", "2023-05-31"
            self.assertIn("200.00", dialog.preview)
            dialog.save().action_suspend()
            self.assertEqual(contract.state, "suspended")
            credit = move.reversal_move_ids
            self.assertEqual(
                self._list_days(credit), [("2023-04-01", "2023-05-31", 200)]
            )
            credit.action_post()
            self.assertEqual(contract.annual_amount, 1200)
        with freeze_time("2023-05-01"):
            dialog = self._open("service.contract.resume", contract, date="2023-05-16")
            self.assertIn("05/16/2023", dialog.preview)
            dialog.save().action_resume()
            self.assertEqual(str(contract.suspension_ids.date_end), "2023-05-15")
            again = contract._create_invoices(self._day("2023-12-31"))
        self.assertEqual(self._list_days(again), [("2023-05-16", "2023-05-31", 51.61)])
        self.assertEqual(contract.date_end, self._day("2023-12-31"))

    def test_extension(self):
        contract = self._create_contract(term_months=12)
        with freeze_time("2026-03-01"):
            dialog = self._open("service.contract.suspend", contract, reason="Works")
            dialog.date_start, dialog.date_end = "2026-04-01", "2026-04-30"
            dialog.extends = True
            self.assertIn("01/30/2027", dialog.preview)
            dialog.save().action_suspend()
        self.assertEqual(str(contract.date_end), "2027-01-30")
        self.assertEqual(contract.term_ids.date_end, contract.date_end)
        # Resumed ten days early: the end moves back by as many.
        contract._resume(self._day("2026-04-21"), None)
        self.assertEqual(str(contract.date_end), "2027-01-20")
        self.assertEqual(contract.suspension_ids.extension_days, 20)
        moves = contract._create_invoices(self._day("2027-12-31"))
        self.assertEqual(str(max(moves.mapped("invoice_date"))), "2027-01-01")
        self.assertAlmostEqual(
            sum(moves.mapped("amount_untaxed")), 1100 + 33.33 + 64.52, delta=0.02
        )

    def test_extension_without_known_end(self):
        """The end waits until it is known by how much it moves."""
        contract = self._create_contract(term_months=12)
        contract._suspend(self._day("2026-12-01"), None, "Works", extends=True)
        with freeze_time("2027-02-01"):
            self._run_job("update_states")
            self.assertEqual(contract.state, "suspended")
            self.assertEqual(sum(contract.change_ids.mapped("amount")), 1200)
            contract._resume(self._day("2027-02-01"), None)
        self.assertEqual(str(contract.date_end), "2027-03-03")
        with freeze_time("2027-03-04"):
            self._run_job("update_states")
        self.assertEqual(sum(contract.change_ids.mapped("amount")), 0)

    def test_extension_after_the_end(self):
        """The days by which an end moves that has passed cost what the others do."""
        contract = self._create_contract(term_months=12)
        with freeze_time("2027-01-10"):
            # Ended, but not invoiced yet.
            self._run_job("update_states")
            self.assertEqual(sum(contract.change_ids.mapped("amount")), 0)
            first, last = self._day("2026-12-01"), self._day("2026-12-31")
            contract._suspend(first, last, "Works", extends=True)
            self.assertEqual(str(contract.date_end), "2027-01-31")
            self.assertEqual(sum(contract.change_ids.mapped("amount")), 1200)
            moves = contract._create_invoices(self._day("2027-01-31"))
        self.assertEqual(sum(moves.mapped("amount_untaxed")), 1200)
        with freeze_time("2027-02-01"):
            self._run_job("update_states")
        self.assertEqual(
            self._get_changes(contract)[-1], ("2027-02-01", "ended", -1200)
        )
        self.assertEqual(sum(contract.change_ids.mapped("amount")), 0)

    def test_resumed_after_cancellation(self):
        """A contract that was cancelled ends on that day; what moves is the end that
        taking the cancellation back restores."""
        with freeze_time("2026-04-10"):
            contract = self._create_contract(term_months=12)
            first, last = self._day("2026-04-01"), self._day("2026-04-30")
            contract._suspend(first, last, "Works", extends=True)
            contract._cancel(self._day("2026-06-30"), "Moved away")
            contract._resume(self._day("2026-04-21"), None)
            self.assertEqual(str(contract.date_end), "2026-06-30")
            moves = contract._create_invoices(self._day("2026-12-31"))
            self.assertAlmostEqual(sum(moves.mapped("amount_untaxed")), 533.33)
            contract.action_undo_cancellation()
        self.assertEqual(str(contract.date_end), "2027-01-20")
        self.assertEqual(contract.term_ids.date_end, contract.date_end)

    def test_taken_back_before_it_begins(self):
        contract = self._create_contract(term_months=12)
        first, last = self._day("2026-04-01"), self._day("2026-04-30")
        contract._suspend(first, last, "Works", extends=True)
        contract._resume(first, None)
        self.assertFalse(contract.suspension_ids)
        self.assertEqual(str(contract.date_end), "2026-12-31")

    def test_refused(self):
        contract = self._create_contract(term_months=12)
        first, last = self._day("2026-04-01"), self._day("2026-04-30")
        with self.assertRefused("not suspended", UserError):
            contract._resume(first, None)
        contract._suspend(first, last, "Works")
        with self.assertRefused("suspended from 04/01/2026", UserError):
            contract._suspend(last, None, "Works")
        with self.assertRefused("is outside contract", UserError):
            contract._suspend(self._day("2027-04-01"), None, "Works")


@tagged("post_install", "-at_install")
class TestRenewal(LifeCase):
    @freeze_time("2026-02-10")
    def test_by_hand(self):
        contract = self._create_contract(
            date_start="2026-01-31", term_months=1, billing_months=0
        )
        self.assertEqual(str(contract.date_end), "2026-02-27")
        dialog = self._open("service.contract.renew", contract, months=12)
        self.assertIn("02/27/2027", dialog.preview)
        dialog.save().action_renew()
        self.assertEqual(str(contract.date_end), "2027-02-27")
        self.assertEqual(
            [(str(t.date_start), t.reason) for t in contract.term_ids],
            [("2026-01-31", "signed"), ("2026-02-28", "renewed")],
        )
        self.assertEqual(len(contract.change_ids), 1)

    def test_after_the_end(self):
        with freeze_time("2026-03-01"):
            contract = self._create_contract(1200, 300, term_months=12)
            contract.line_ids[1]._end(self._day("2026-02-28"))
        with freeze_time("2027-03-01"):
            contract._create_invoices()
            self._run_job("update_states")
            self.assertEqual(contract.state, "closed")
            self.assertEqual(contract.annual_amount, 0)
            contract._renew()
            self.assertEqual(contract.state, "active")
            self.assertEqual(contract.annual_amount, 1200)
        self.assertEqual(str(contract.date_end), "2027-12-31")
        self.assertIn(("2027-01-01", "renewed", 1200), self._get_changes(contract))
        self.assertEqual(str(contract.next_invoice_date), "2027-01-01")

    def test_a_line_that_ends_with_its_term_is_not_renewed(self):
        contract = self._create_contract(
            term_months=12,
            lines=[
                {"name": "Care", "value": 1200},
                {"name": "Once", "value": 600, "date_end": "2026-12-31"},
            ],
        )
        dialog = self._open("service.contract.renew", contract)
        self.assertIn("not renewed", dialog.preview)
        dialog.save().action_renew()
        self.assertEqual(sum(contract.change_ids.mapped("amount")), 1200)

    def test_automatic(self):
        """Renewed once the last day of notice has passed; all that is due at once."""
        contract = self._create_contract(
            term_months=12, renewal="automatic", notice_months=2
        )
        self.assertEqual(str(contract.notice_date), "2026-10-31")
        with freeze_time("2026-10-31"):
            self._run_job("renew")
            self.assertEqual(str(contract.date_end), "2026-12-31")
        with freeze_time("2026-11-01"):
            self._run_job("renew")
            self._run_job("renew")
            self.assertEqual(str(contract.date_end), "2027-12-31")
        with freeze_time("2029-12-01"):
            self._run_job("update_states")
            self._run_job("renew")
        self.assertEqual(str(contract.date_end), "2030-12-31")
        self.assertEqual(len(contract.term_ids), 5)
        self.assertEqual(contract.annual_amount, 1200)
        self.assertEqual(self._get_changes(contract)[1:], [])

    def test_notice_was_given(self):
        contract = self._create_contract(term_months=12, renewal="automatic")
        with freeze_time("2026-10-31"):
            contract._cancel(self._day("2026-12-31"), "Notice")
        with freeze_time("2027-01-01"):
            self._run_job("renew")
            self._run_job("update_states")
        self.assertEqual(str(contract.date_end), "2026-12-31")
        self.assertEqual(contract.state, "cancelled")

    def test_reminders(self):
        self.company.service_renewal_mail_days = 45
        self.customer.write({"email": "claes@example.com", "lang": "en_US"})
        contract = self._create_contract(
            term_months=12, renewal="automatic", notice_months=2, user_id=self.env.uid
        )
        kind = self.env.ref("field_service_contract.mail_activity_type_renewal")

        def count():
            mails = self.env["mail.message"].search_count(
                [
                    ("model", "=", "service.contract"),
                    ("res_id", "=", contract.id),
                    ("message_type", "=", "email_outgoing"),
                ]
            )
            activities = contract.activity_ids.filtered(
                lambda activity: activity.activity_type_id == kind
            )
            return mails, len(activities)

        for day, expected in (
            ("2026-09-15", (0, 0)),
            ("2026-09-20", (1, 0)),
            ("2026-10-02", (1, 1)),
            ("2026-10-03", (1, 1)),
        ):
            with freeze_time(day):
                self._run_job("remind_renewals")
            self.assertEqual(count(), expected, day)
        self.assertEqual(str(contract.activity_ids.date_deadline), "2026-10-31")
        with freeze_time("2026-11-01"):
            self._run_job("renew")
        self.assertEqual(count()[1], 0)

    def test_refused(self):
        endless = self._create_contract()
        with self.assertRefused("has no end", UserError):
            endless._renew()
        draft = self._create_contract(activate=False, term_months=12)
        with self.assertRefused("only active, suspended and closed", UserError):
            draft._renew()
        cancelled = self._create_contract(term_months=12)
        cancelled._cancel(self._day("2026-06-30"), "-")
        with self.assertRefused("was cancelled", UserError):
            cancelled._renew()


@tagged("post_install", "-at_install")
class TestTransfer(LifeCase):
    def test_payer(self):
        """Invoiced days go from the old to the new payer, others to who pays then."""
        bank = self.env["res.partner"].create(
            {"name": "Leasing Bank", "street": "Square 1"}
        )
        bank.property_account_receivable_id = (
            self.customer.property_account_receivable_id
        )
        with freeze_time("2026-03-10"):
            contract = self._create_contract(billing_months=3, is_deferred=False)
            first = contract._create_invoices()
            first.action_post()
            dialog = self._open("service.contract.transfer", contract, reason="Leased")
            dialog.partner_id = bank
            dialog.date = "2026-02-15"
            self.assertIn("150.00", dialog.preview)
            dialog.save().action_transfer()
            self.assertEqual(contract.invoice_partner_id, bank)
            credit = first.reversal_move_ids
            self.assertEqual(credit.partner_id, self.customer)
            self.assertEqual(credit.amount_untaxed, 150)
            credit.action_post()
            moves = contract._create_invoices(self._day("2026-04-01"))
        self.assertEqual(
            self._list_days(moves),
            [("2026-02-15", "2026-03-31", 150), ("2026-04-01", "2026-06-30", 300)],
        )
        self.assertEqual(moves.partner_id, bank)
        with self.assertRefused("payers of contract .* have dates", UserError):
            contract.invoice_partner_id = self.customer

    def test_payer_of_days_in_arrears(self):
        contract = self._create_contract(billing_months=3, billing_timing="arrears")
        with freeze_time("2026-02-01"):
            contract._transfer_to_payer(self.neighbour, self._day("2026-02-15"), "Sold")
            self.assertEqual(contract.invoice_partner_id, self.customer)
        with freeze_time("2026-02-15"):
            self._run_job("update_states")
            self.assertEqual(contract.invoice_partner_id, self.neighbour)
        moves = contract._create_invoices(self._day("2026-03-31"))
        self.assertEqual(
            [
                (move.partner_id, move.amount_untaxed, str(move.invoice_date))
                for move in moves.sorted("id")
            ],
            [
                (self.customer, 150, "2026-03-31"),
                (self.neighbour, 150, "2026-03-31"),
            ],
        )

    def test_customer(self):
        piece = self._create_equipment(installation_date="2025-12-01")
        with freeze_time("2026-03-10"):
            contract = self._create_contract(
                term_months=12,
                billing_months=3,
                price_update_months=12,
                lines=[{"installed_base_id": piece.id, "value": 1200, "discount": 10}],
            )
            first = contract._create_invoices()
            first.action_post()
            dialog = self._open("service.contract.transfer", contract, reason="Sold")
            dialog.mode = "customer"
            dialog.partner_id = self.neighbour
            dialog.date = "2026-03-01"
            dialog.save().action_transfer()
        successor = contract.successor_ids
        self.assertEqual(piece.partner_id, self.neighbour)
        self.assertEqual(str(piece.ownership_ids[0].date_from), "2026-03-01")
        self.assertEqual(successor.partner_id, self.neighbour)
        self.assertEqual(successor.state, "active")
        self.assertEqual(successor.annual_amount, 1080)
        self.assertEqual(str(successor.date_end), "2026-12-31")
        self.assertEqual(str(successor.next_price_update_date), "2027-01-01")
        self.assertEqual(contract.state, "cancelled")
        self.assertEqual(first.reversal_move_ids.amount_untaxed, 90)
        moves = successor._create_invoices(self._day("2026-12-31"))
        self.assertEqual(sum(moves.mapped("amount_untaxed")), 900)
        self.assertEqual(
            self._get_changes(contract)[-1], ("2026-03-01", "ended", -1080)
        )
        self.assertFalse(contract.activity_ids)
        with self.assertRefused("Cancel that contract first", UserError):
            contract.action_undo_cancellation()

    def test_suspended(self):
        """Who takes over a suspended contract is not billed for what is not covered;
        resumed, its end is where it would have been."""
        with freeze_time("2026-04-11"):
            contract = self._create_contract(term_months=12, billing_first_part="alone")
            first, last = self._day("2026-04-01"), self._day("2026-04-30")
            contract._suspend(first, last, "Works", extends=True)
            successor = contract._transfer_lines(
                contract.line_ids, self.neighbour, self._day("2026-04-11"), "Sold"
            )
            self.assertEqual(successor.state, "suspended")
            self.assertEqual(str(successor.next_invoice_date), "2026-05-01")
            self.assertEqual(str(successor.date_end), "2027-01-30")
            successor._resume(self._day("2026-04-21"), None)
            self.assertEqual(successor.state, "suspended")
            self.assertEqual(str(successor.date_end), "2027-01-20")
            moves = successor._create_invoices(self._day("2026-04-30"))
        self.assertEqual(moves.mapped("amount_untaxed"), [33.33])

    def test_words_about_the_former_customer(self):
        """What was typed for one customer is not read by the next: it stays where it
        was, the other has what the template says."""
        self.template.note = "<p>One visit a year</p>"
        typed = {
            "note": "<p>Key under the mat</p>",
            "invoice_title": "Villa Formerly",
            "customer_reference": "Formerly 7",
        }
        for template, note in (
            (self.template, "<p>One visit a year</p>"),
            (self.template.browse(), False),
        ):
            contract = self._create_contract(
                template_id=template.id,
                lines=[
                    {"name": "Care", "value": 1200},
                    {"display_type": "line_note", "name": "Ring at the back"},
                ],
                **typed,
            )
            successor = contract._transfer_lines(
                contract.line_ids, self.neighbour, self._day("2026-04-11"), "Sold"
            )
            self.assertEqual(successor.note or False, note)
            self.assertFalse(successor.invoice_title)
            self.assertFalse(successor.customer_reference)
            self.assertEqual(successor.line_ids.mapped("name"), ["Care"])
            self.assertEqual(contract.note, typed["note"])
            self.assertEqual(contract.invoice_title, typed["invoice_title"])

    def test_same_customer_is_refused(self):
        contract = self._create_contract()
        dialog = self._open("service.contract.transfer", contract, reason="Sold")
        dialog.mode = "customer"
        dialog.partner_id = self.contact
        dialog.date = "2026-03-01"
        with self.assertRefused(
            "is already the customer. Choose another one", UserError
        ):
            dialog.save().action_transfer()


@tagged("post_install", "-at_install")
class TestAmend(LifeCase):
    def test_add_change_end(self):
        with freeze_time("2026-02-15"):
            contract = self._create_contract(1200, 300, billing_months=3)
            first = contract._create_invoices()
            first.action_post()
            piece = self._create_equipment()
            dialog = self._open("service.contract.amend", contract, reason="Move")
            dialog.date = "2026-02-15"
            with dialog.line_ids.edit(0) as row:
                row.amount = 1500
                self.assertEqual(row.operation, "change")
                self.assertEqual(str(row.effective_date), "2026-04-01")
                self.assertEqual(row.difference, 300)
            self.assertIn("not invoiced", dialog.invoiced_note)
            with dialog.line_ids.edit(1) as row:
                row.ends = True
                self.assertEqual((row.difference, row.credit), (-300, 37.5))
            with dialog.line_ids.new() as row:
                row.installed_base_id = piece
                row.value = 600
                self.assertEqual(row.operation, "add")
                self.assertEqual((row.difference, row.billed), (600, 75))
            dialog.save().action_apply()
            self.assertEqual(first.reversal_move_ids.amount_untaxed, 37.5)
            again = contract._create_invoices(self._day("2026-02-15"))
            self.assertEqual(self._list_days(again), [("2026-02-15", "2026-03-31", 75)])
            self.assertEqual(contract.annual_amount, 1800)
        self.assertEqual(
            self._get_changes(contract),
            [
                ("2026-01-01", "signed", 1200),
                ("2026-01-01", "signed", 300),
                ("2026-02-15", "line_removed", -300),
                ("2026-02-15", "line_added", 600),
                ("2026-04-01", "manual", 300),
            ],
        )

    def test_added_and_removed_on_one_day(self):
        with freeze_time("2026-02-15"):
            contract = self._create_contract(billing_months=3)
            contract._create_invoices()
            line = contract._add_lines(
                [{"name": "Mistake", "value": 500}], self._day("2026-02-15"), "-"
            )
            self.assertEqual(str(contract.next_invoice_date), "2026-01-01")
            line._end_with_credit(self._day("2026-02-14"), "Mistake")
        self.assertEqual(str(contract.next_invoice_date), "2026-04-01")
        self.assertEqual(sum(line.change_ids.mapped("amount")), 0)
        self.assertEqual(contract.annual_amount, 1200)

    def test_from_chosen_lines_of_two_contracts(self):
        with freeze_time("2026-02-15"):
            contracts = self._create_contract(1200, 300) | self._create_contract(600)
            lines = contracts.line_ids.filtered(lambda line: line.amount != 300)
            dialog = self._open("service.contract.amend", lines, reason="Sold")
            dialog.date = "2026-03-01"
            for number in range(2):
                with dialog.line_ids.edit(number) as row:
                    row.ends = True
            dialog.save().action_apply()
        self.assertEqual(set(lines.mapped("date_end")), {self._day("2026-02-28")})
        self.assertFalse((contracts.line_ids - lines).date_end)

    def test_change_before_a_known_end(self):
        """The end loses as much more, and the sum stays right."""
        contract = self._create_contract(
            lines=[{"name": "Care", "value": 1200, "date_end": "2026-06-30"}]
        )
        self._change_price(
            contract.line_ids, {"value": 1500}, self._day("2026-03-01"), "manual"
        )
        self.assertEqual(
            self._get_changes(contract),
            [
                ("2026-01-01", "signed", 1200),
                ("2026-03-01", "manual", 300),
                ("2026-07-01", "ended", -1500),
            ],
        )
        with self.assertRefused("last covered day", UserError):
            self._change_price(
                contract.line_ids, {"value": 1700}, self._day("2026-07-01"), "manual"
            )

    def test_refused(self):
        contract = self._create_contract(term_months=12)
        line = contract.line_ids
        self._change_price(line, {"value": 1500}, self._day("2026-06-01"), "manual")
        with self.assertRefused("changes on 06/01/2026", UserError):
            self._change_price(line, {"value": 1700}, self._day("2026-03-01"), "manual")
        self.assertEqual(line.value, 1500)
        with self.assertRefused("is outside contract", UserError):
            contract._add_lines(
                [{"name": "Late", "value": 1}], self._day("2027-03-01"), "-"
            )
        dialog = self._open("service.contract.amend", contract, reason="-")
        with self.assertRefused(
            "Enter a new amount, select lines to end, or add a line", UserError
        ):
            dialog.save().action_apply()


@tagged("post_install", "-at_install")
class TestDistribute(LifeCase):
    def test_draft(self):
        contract = self._create_contract(600, 300, 100, activate=False)
        dialog = self._open("service.contract.distribute", contract)
        self.assertEqual(dialog.total, 1000)
        dialog.total = 1300
        dialog.method = "even"
        for text in ("700.00", "400.00", "200.00"):
            self.assertIn(text, dialog.preview)
        dialog.save().action_distribute()
        self.assertEqual(contract.line_ids.mapped("amount"), [700, 400, 200])
        self.assertEqual(contract.annual_amount, 1300)

    def test_living(self):
        contract = self._create_contract(600, 400)
        contract._create_invoices(self._day("2026-01-01"))
        with freeze_time("2026-01-10"):
            dialog = self._open("service.contract.distribute", contract, reason="Deal")
            dialog.total = 1100
            dialog.date = "2026-01-15"
            self.assertIn("02/01/2026", dialog.preview)
            dialog.save().action_distribute()
            self.assertEqual(contract.annual_amount, 1000)
        self.assertEqual(contract.line_ids.mapped("amount"), [660, 440])
        self.assertEqual(
            self._get_changes(contract)[2:],
            [("2026-02-01", "manual", 60), ("2026-02-01", "manual", 40)],
        )

    def test_zero_base(self):
        contract = self._create_contract(0, 0, activate=False)
        dialog = self._open("service.contract.distribute", contract, total=100)
        self.assertIn(
            "cannot be distributed: it needs lines whose amounts, or profits, are "
            "not zero",
            dialog.preview,
        )
        with self.assertRefused(
            "cannot be distributed: it needs lines whose amounts, or profits, are "
            "not zero",
            UserError,
        ):
            dialog.save().action_distribute()


@tagged("post_install", "-at_install")
class TestRights(LifeCase):
    def test_dispatcher_cannot_cancel(self):
        contract = self._create_contract()
        user = self._create_user("sc_desk", "field_installed_base.group_dispatcher")
        with self.assertRaises(AccessError):
            contract.with_user(user)._cancel(self._day("2026-02-01"), "-")
        self.env.invalidate_all()
        self.assertFalse(contract.cancellation_date)

    def test_technician_opens_what_covers_his_equipment(self):
        user = self._create_user("sc_tech", "field_installed_base.group_user")
        piece = self._create_equipment(
            technician_id=self.env["hr.employee"]
            .create({"name": "Tom", "user_id": user.id})
            .id
        )
        contract = self._create_contract(
            lines=[{"installed_base_id": piece.id, "value": 100}]
        )
        contract._transfer_to_payer(self.neighbour, self._day("2026-02-01"), "-")
        contract._suspend(self._day("2026-03-01"), None, "-")
        contract._cancel(self._day("2026-04-01"), "-")
        self.env.invalidate_all()
        form = Form(contract.with_user(user))
        self.assertEqual(form.cancellation_reason, "-")

    def test_two_companies(self):
        user = self._create_user(
            "sc_foreign_manager",
            "field_installed_base.group_manager",
            company_id=self.other_company.id,
        )
        user.company_ids = [Command.set(self.other_company.ids)]
        update = self.env["service.contract.price.update"].create(
            {"date": "2026-07-01", "percent": 3, "group_ids": self.group.ids}
        )
        index = self.env["service.contract.index"].create(
            {"name": "Own", "company_id": self.company.id}
        )
        for record in update | update.browse(), index:
            found = record.with_user(user).with_context(
                allowed_company_ids=self.other_company.ids
            )
            self.assertFalse(found.search([("id", "=", record.id)]))

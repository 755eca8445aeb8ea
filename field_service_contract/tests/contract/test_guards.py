"""What may not change under what was billed, and what follows if it may."""

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import Form, tagged

from ..amendment.test_life import LifeCase


@tagged("post_install", "-at_install")
class TestGuards(LifeCase):
    def test_invoiced_before(self):
        """Settable while nothing was invoiced here, whatever it is set to."""
        contract = self._create_contract(invoiced_before="2026-02-10")
        contract.invoiced_before = False
        contract.invoiced_before = "2026-01-31"
        move = contract._create_invoices(self._day("2026-02-01"))
        for value in (False, "2026-01-15", "2026-03-31"):
            with (
                self.subTest(value),
                self.assertRefused(
                    "so its last day invoiced elsewhere cannot be changed"
                ),
            ):
                contract.invoiced_before = value
        # An import that brings back what is there changes nothing.
        contract.write({"invoiced_before": "2026-01-31"})
        move.unlink()
        contract.invoiced_before = False
        self.assertEqual(str(contract.next_invoice_date), "2026-01-01")

    def test_template_of_a_living_contract(self):
        contract = self._create_contract(billing_months=3)
        with self.assertRefused("is no longer a draft", UserError):
            contract.template_id = self.template
        self.assertEqual(contract.billing_months, 3)

    def test_customer_of_a_living_contract(self):
        contract = self._create_contract()
        with self.assertRefused("[Tt]ransfer it", UserError):
            contract.partner_id = self.neighbour
        # Another address of the same customer is nothing to transfer.
        contract.partner_id = self.contact
        self.assertEqual(contract.invoice_partner_id, self.customer)

    def test_state_by_remote_call(self):
        """Whatever a remote call says of its context."""
        draft = self._create_contract(activate=False).with_user(self.manager)
        for contract in (draft, draft.with_context(service_contract_change=True)):
            with self.assertRefused("cannot be edited directly", UserError):
                contract.state = "active"
            with self.assertRaises(AccessError):
                contract.undo_ids = [
                    Command.create({"kind": "cancellation", "date": "2026-01-01"})
                ]
            with self.assertRefused("Next Invoice.*Activate, suspend", UserError):
                contract.next_invoice_date = "2030-01-01"
        with self.assertRefused("cannot be edited directly", UserError):
            draft.create({"partner_id": self.customer.id, "state": "active"})
        running = self._create_contract().with_user(self.manager)
        with self.assertRefused("is no longer a draft", UserError):
            running.with_context(service_contract_change=True).date_end = "2026-06-30"

    def test_days_by_remote_call(self):
        """What bills a contract bills no day twice, whoever writes it."""
        contract = self._create_contract()
        first, second = contract._create_invoices(self._day("2026-02-10")).sorted(
            "invoice_date"
        )
        line = first.invoice_line_ids
        with self.assertRefused("already bills that day"):
            line.service_period_end = "2026-02-10"
        with self.assertRefused("already bills that day"):
            second.invoice_line_ids.service_period_start = "2026-01-31"
        line.service_period_end = "2026-01-15"
        self.assertEqual(str(contract.next_invoice_date), "2026-01-01")

    def test_terms_by_remote_call(self):
        contract = self._create_contract().with_user(self.manager)
        with self.assertRaises(AccessError):
            contract.term_ids.unlink()
        with self.assertRaises(AccessError):
            contract.write(
                {
                    "suspension_ids": [
                        Command.create({"date_start": "2026-01-01", "reason": "Any"})
                    ]
                }
            )

    def test_dates_beyond_reason(self):
        for vals in (
            {"term_months": 120000},
            {"price_update_months": 10**7},
            {"invoice_ahead_days": 10**8},
            {"date_start": "9999-12-31"},
            {"date_start": "0001-01-01"},
        ):
            with self.subTest(vals), self.assertRefused("Enter a (date|number) from"):
                self._create_contract(activate=False, **vals)
        with self.assertRefused("Enter a date from"):
            self.env["service.contract.run"].create({"date": "9999-12-31"})
        with self.assertRefused("Invoices can be created until"):
            self.env["service.contract.run"].create({"date": "2099-12-31"})

    def test_copy_of_a_cancelled_contract(self):
        contract = self._create_contract(term_months=12)
        contract._cancel(self._day("2026-03-31"), "Sold")
        self.assertEqual(str(contract.copy().date_end), "2026-12-31")

    def test_archive(self):
        contract = self._create_contract(term_months=1)
        with self.assertRefused("[Cc]ancel it", UserError):
            contract.action_archive()
        with freeze_time("2026-03-01"):
            contract._cancel(self._day("2026-01-15"), "Sold")
            self.assertEqual(contract.state, "cancelled")
            # Fifteen days of January are to be invoiced yet.
            with self.assertRefused("still has an amount to invoice", UserError):
                contract.action_archive()
            contract._create_invoices()
            contract.action_archive()
        self.assertFalse(contract.active)
        contract.action_unarchive()
        draft = self._create_contract(activate=False)
        draft.action_archive()
        self.assertFalse(draft.active)


@tagged("post_install", "-at_install")
class TestPayers(LifeCase):
    def test_next_invoice_does_not_depend_on_payers(self):
        """What is due when follows from the periods; payers share what is due."""
        contract = self._create_contract(billing_months=3, billing_timing="arrears")
        before = contract.next_invoice_date
        with freeze_time("2026-02-01"):
            contract._transfer_to_payer(self.neighbour, self._day("2026-02-15"), "-")
        stored = contract.next_invoice_date
        contract._compute_next_invoice_date()
        self.assertEqual((stored, contract.next_invoice_date), (before, before))
        self.assertFalse(contract._create_invoices(self._day("2026-03-30")))
        moves = contract._create_invoices(self._day("2026-03-31"))
        self.assertEqual(
            [(m.partner_id, m.amount_untaxed) for m in moves.sorted("id")],
            [(self.customer, 150), (self.neighbour, 150)],
        )
        self.assertEqual(str(contract.next_invoice_date), "2026-06-30")

    def test_payer_known_in_advance(self):
        """One run bills both: what it leaves would be due for ever."""
        contract = self._create_contract(billing_months=3)
        with freeze_time("2025-12-15"):
            contract._transfer_to_payer(self.neighbour, self._day("2026-02-15"), "-")
        moves = contract._create_invoices(self._day("2026-01-01"))
        self.assertEqual(
            [
                (m.partner_id, m.amount_untaxed, str(m.invoice_date))
                for m in moves.sorted("id")
            ],
            [
                (self.customer, 150, "2026-01-01"),
                (self.neighbour, 150, "2026-02-15"),
            ],
        )
        self.assertEqual(str(contract.next_invoice_date), "2026-04-01")


@tagged("post_install", "-at_install")
class TestTransferredLines(LifeCase):
    def test_own_dates(self):
        contract = self._create_contract(
            term_months=12,
            lines=[
                {"name": "Until June", "value": 1200, "date_end": "2026-06-30"},
                {"name": "From May", "value": 600, "date_start": "2026-05-01"},
                {"name": "All year", "value": 300},
            ],
        )
        with freeze_time("2026-03-01"):
            successor = contract._transfer_lines(
                contract.line_ids, self.neighbour, self._day("2026-03-01"), "Sold"
            )
        self.assertEqual(
            [
                (str(line.date_start or ""), str(line.date_end or ""))
                for line in successor.line_ids
            ],
            [("", "2026-06-30"), ("2026-05-01", ""), ("", "")],
        )
        moves = successor._create_invoices(self._day("2027-01-01"))
        self.assertAlmostEqual(
            sum(moves.mapped("amount_untaxed")), 400 + 400 + 250, delta=0.01
        )
        self.assertEqual(sum(successor.change_ids.mapped("amount")), 900)


@tagged("post_install", "-at_install")
class TestUnassigned(LifeCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.piece = cls._create_equipment(installation_date="2025-12-01")
        cls.contract = cls._create_contract(
            user_id=cls.env.uid,
            lines=[{"installed_base_id": cls.piece.id, "value": 1200}],
        )

    def _get_questions(self):
        kind = self.env.ref("field_service_contract.mail_activity_type_owner")
        return self.contract.activity_ids.filtered(
            lambda activity: activity.activity_type_id == kind
        )

    def _unassign(self, choice):
        dialog = Form(
            self.env["installed.base.assign"]
            .with_user(self.manager)
            .with_context(
                active_model="installed.base",
                active_ids=self.piece.ids,
                allowed_company_ids=self.company.ids,
            )
        )
        dialog.mode = "unassign"
        dialog.date = "2026-02-15"
        self.assertIn(self.contract.name, dialog.service_contract_notice or "")
        if choice:
            dialog.service_contract_choice = choice
        return dialog.save().action_apply()

    def test_by_remote_call_asks(self):
        self.piece.partner_id = False
        self.assertEqual(len(self._get_questions()), 1)

    def test_by_dialog_ends(self):
        self._unassign("end")
        self.assertFalse(self.piece.partner_id)
        self.assertEqual(str(self.contract.line_ids.date_end), "2026-02-14")

    def test_by_dialog_asks_for_a_choice(self):
        with self.assertRaises(AssertionError), self.env.cr.savepoint():
            self._unassign(None)


@tagged("post_install", "-at_install")
class TestAmendPreview(LifeCase):
    def _preview(self, lines):
        amend = self.env["service.contract.amend"].create(
            {
                "date": "2026-02-15",
                "reason": "-",
                "contract_ids": [(6, 0, lines.contract_id.ids)],
                "line_ids": [
                    (
                        0,
                        0,
                        {
                            "contract_id": line.contract_id.id,
                            "line_id": line.id,
                            "ends": True,
                        },
                    )
                    for line in lines
                ],
            }
        )
        self.env.flush_all()
        self.env.invalidate_all()
        return amend.line_ids.browse(amend.line_ids.ids)

    def test_each_line_has_its_own_credit(self):
        contract = self._create_contract(1200, 600, billing_months=3)
        contract._create_invoices(self._day("2026-01-01")).action_post()
        rows = self._preview(contract.line_ids)
        self.assertEqual(rows.mapped("credit"), [150, 75])

    def test_lines_cost_no_queries(self):
        contract = self._create_contract(*[100] * 12, billing_months=3)
        contract._create_invoices(self._day("2026-01-01")).action_post()
        few = self._preview(contract.line_ids[:3])
        self._count(lambda: few.mapped("credit"))
        first = self._count(lambda: few.mapped("credit"))
        many = self._preview(contract.line_ids)
        self.assertLessEqual(self._count(lambda: many.mapped("credit")), first)

from unittest.mock import patch

from freezegun import freeze_time
from psycopg2 import IntegrityError

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from ...context import CHANGING
from ..common import ServiceContractCase


@tagged("post_install", "-at_install")
class TestInvoicing(ServiceContractCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_plan()

    def test_everything_due_is_caught_up(self):
        contract = self._create_contract(100)
        self.assertEqual(str(contract.next_invoice_date), "2026-01-01")
        self.assertEqual(str(contract.invoiced_until), "2025-12-31")
        self.assertEqual(
            self._invoice(contract, "2026-03-10"),
            [("2026-01-01", 8.33), ("2026-02-01", 8.34), ("2026-03-01", 8.33)],
        )
        self.assertEqual(str(contract.next_invoice_date), "2026-04-01")
        self.assertEqual(str(contract.invoiced_until), "2026-03-31")

    def test_nothing_is_billed_twice(self):
        contract = self._create_contract()
        self.assertTrue(self._invoice(contract, "2026-01-31"))
        self.assertFalse(self._invoice(contract, "2026-01-31"))

    def test_draft_is_not_due(self):
        contract = self._create_contract(activate=False)
        self.assertFalse(contract.next_invoice_date)
        self.assertFalse(self._invoice(contract, "2027-01-01"))

    def test_never_billed(self):
        contract = self._create_contract(billing_months=0)
        self.assertFalse(contract.next_invoice_date)
        self.assertEqual(contract.amount_per_period, 0)

    def test_arrears_and_starting_period(self):
        contract = self._create_contract(
            date_start="2026-01-10",
            billing_months=3,
            billing_timing="arrears",
            billing_first_part="alone",
        )
        moves = contract._create_invoices(self._day("2026-04-30"))
        self.assertEqual(
            self._list_days(moves),
            [("2026-01-10", "2026-01-31", 70.97), ("2026-02-01", "2026-04-30", 300)],
        )
        self.assertEqual(
            [str(move.invoice_date) for move in moves.sorted("invoice_date")],
            ["2026-01-31", "2026-04-30"],
        )

    def test_first_part_with_the_first_whole_period(self):
        contract = self._create_contract(
            date_start="2026-01-10", billing_months=3, billing_timing="arrears"
        )
        self.assertEqual(contract.billing_anchor, "calendar")
        moves = contract._create_invoices(self._day("2026-07-31"))
        self.assertEqual(
            self._list_days(moves),
            [("2026-01-10", "2026-04-30", 370.97), ("2026-05-01", "2026-07-31", 300)],
        )
        self.assertEqual(self._list(moves)[0], ("2026-04-30", 370.97))

    def test_no_stub_in_any_term(self):
        """Yearly, in advance, signed at the end of a month: an invoice a term."""
        for anchor, first_part, count in (
            ("anniversary", "together", 3),
            ("calendar", "together", 3),
            # The first part alone, as it is set; a renewal adds none.
            ("calendar", "alone", 4),
        ):
            with self.subTest(anchor=anchor, first_part=first_part):
                contract = self._create_contract(
                    date_start="2026-11-29",
                    term_months=12,
                    billing_months=12,
                    billing_anchor=anchor,
                    billing_first_part=first_part,
                    renewal="manual",
                )
                contract._renew()
                contract._renew()
                found = self._list(contract._create_invoices(self._day("2029-01-01")))
                self.assertEqual(len(found), count)
                self.assertAlmostEqual(sum(amount for _day, amount in found), 3600)
                self.assertIn(("2027-11-29", 1200), found)
                self.assertIn(("2028-11-29", 1200), found)

    def test_periods_by_default(self):
        """From the start for years and halves, else by the calendar; the template's
        word counts for its own periods."""
        for months, anchor in (
            (1, "calendar"),
            (2, "calendar"),
            (3, "calendar"),
            (6, "anniversary"),
            (12, "anniversary"),
        ):
            contract = self._create_contract(activate=False, billing_months=months)
            self.assertEqual(contract.billing_anchor, anchor)
        template = self.template.create({"name": "By the year"})
        self.assertEqual(template.billing_anchor, "anniversary")
        template.billing_anchor = "calendar"
        self.company.service_billing_first_part = "alone"
        contract = self._create_contract(
            activate=False, template_id=template.id, billing_months=12
        )
        self.assertEqual(contract.billing_anchor, "calendar")
        self.assertEqual(contract.billing_first_part, "together")
        contract.billing_period = "6"
        self.assertEqual(contract.billing_anchor, "anniversary")
        contract.billing_anchor = "calendar"
        contract.billing_period = "6"
        self.assertEqual(contract.billing_anchor, "calendar")
        alone = self._create_contract(activate=False)
        self.assertEqual(alone.billing_first_part, "alone")

    def test_what_was_begun_elsewhere_goes_on(self):
        contract = self._create_contract(
            date_start="2026-01-10", invoiced_before="2026-01-31"
        )
        self.assertEqual(str(contract.next_invoice_date), "2026-02-01")
        contract = self._create_contract(date_start="2026-01-10")
        self.assertEqual(str(contract.next_invoice_date), "2026-01-10")

    def test_anniversary(self):
        contract = self._create_contract(
            date_start="2026-01-31", billing_anchor="anniversary"
        )
        moves = contract._create_invoices(self._day("2026-03-31"))
        self.assertEqual(
            self._list_days(moves),
            [
                ("2026-01-31", "2026-02-27", 100),
                ("2026-02-28", "2026-03-30", 100),
                ("2026-03-31", "2026-04-29", 100),
            ],
        )

    def test_whole_term_costs_whole_years(self):
        contract = self._create_contract(date_start="2023-02-15", term_months=12)
        self.assertEqual(str(contract.date_end), "2024-02-14")
        invoices = self._invoice(contract, "2026-01-01")
        self.assertAlmostEqual(sum(amount for _day, amount in invoices), 1200)
        self.assertFalse(contract.next_invoice_date)
        self.assertEqual(str(contract.invoiced_until), "2024-02-14")

    def test_ahead(self):
        contract = self._create_contract(invoice_ahead_days=10)
        self.assertEqual(str(contract.next_run_date), "2025-12-22")
        self.assertEqual(self._invoice(contract, "2025-12-22"), [("2026-01-01", 100)])

    def test_dated_by_the_run(self):
        contract = self._create_contract(invoice_dating="run")
        with freeze_time("2026-02-12"):
            self.assertEqual(
                self._invoice(contract, "2026-02-12"),
                [("2026-02-12", 100), ("2026-02-12", 100)],
            )

    def test_several_periods_on_one_invoice(self):
        contract = self._create_contract(invoice_catch_up="lines")
        self.assertEqual(self._invoice(contract, "2026-03-01"), [("2026-03-01", 300)])

    def test_one_bill_per_contract(self):
        contracts = self._create_contract() | self._create_contract(600)
        moves = contracts._create_invoices(self._day("2026-01-01"))
        self.assertEqual(sorted(moves.mapped("amount_untaxed")), [50, 100])

    def test_combined(self):
        first = self._create_contract(invoice_grouping="payer")
        second = self._create_contract(600, invoice_grouping="payer")
        other = self._create_contract(
            300, partner_id=self.neighbour.id, invoice_grouping="payer"
        )
        moves = (first | second | other)._create_invoices(self._day("2026-02-01"))
        self.assertEqual(sorted(moves.mapped("amount_untaxed")), [25, 25, 150, 150])
        together = moves.filtered(lambda move: move.partner_id == self.customer)
        for move in together:
            # One line of each contract needs no title: it names the contract itself.
            self.assertEqual(len(move.invoice_line_ids), 2)
            for contract, line in zip(
                first | second, move.invoice_line_ids, strict=True
            ):
                self.assertTrue(line.name.startswith(f"{contract.name}: Line 1"))
        self.assertEqual(together.service_contract_ids, first | second)

    def test_combined_with_titles(self):
        """As soon as one has several lines, each contract has its title."""
        first = self._create_contract(1200, 300, invoice_grouping="payer")
        second = self._create_contract(600, invoice_grouping="payer")
        move = (first | second)._create_invoices(self._day("2026-01-01"))
        titles = move.invoice_line_ids.filtered(
            lambda line: line.display_type == "line_section"
        )
        for contract, title in zip(first | second, titles, strict=True):
            self.assertIn(contract.name, title.name)
        self.assertEqual(len(move.invoice_line_ids), 5)

    def test_not_combined_with_other_terms(self):
        terms = self.env["account.payment.term"].create({"name": "Later"})
        first = self._create_contract(invoice_grouping="payer")
        second = self._create_contract(
            invoice_grouping="payer", payment_term_id=terms.id
        )
        moves = (first | second)._create_invoices(self._day("2026-01-01"))
        self.assertEqual(len(moves), 2)

    def test_one_line_per_contract(self):
        contract = self._create_contract(1200, 600, invoice_detail="contract")
        move = contract._create_invoices(self._day("2026-01-01"))
        section = move.invoice_line_ids[0]
        self.assertEqual(section.display_type, "line_section")
        self.assertTrue(section.collapse_composition)
        self.assertEqual(len(self._list_days(move)), 2)

    def test_texts(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.customer.lang = "fr_FR"
        contract = self._create_contract(
            invoice_title="Entretien #INVOICEMONTHNAME# #INVOICEYEAR#",
            lines=[
                {"display_type": "line_section", "name": "Poêles", "sequence": 1},
                {"name": "Lesse", "value": 1200, "sequence": 2},
                {"name": "Du #START# au #END#", "value": 600, "sequence": 3},
                {"display_type": "line_note", "name": "Merci", "sequence": 4},
            ],
        )
        move = contract._create_invoices(self._day("2026-02-01")).sorted("invoice_date")
        lines = move[1].invoice_line_ids.sorted("sequence")
        self.assertEqual(
            lines.mapped("name"),
            [
                "Entretien février 2026",
                "Poêles",
                "Lesse\n01/02/2026 – 28/02/2026",
                "Du 01/02/2026 au 28/02/2026",
                "Merci",
            ],
        )
        self.assertEqual(lines[1].display_type, "line_subsection")
        self.assertEqual(lines[4].display_type, "line_note")

    def test_zero_lines_ride_along_and_zero_periods_wait(self):
        contract = self._create_contract(1200, 0)
        move = contract._create_invoices(self._day("2026-01-01"))
        self.assertEqual(len(self._list_days(move)), 2)
        free = self._create_contract(600, -600)
        self.assertFalse(free.next_invoice_date)

    def test_negative_total_is_a_credit_note(self):
        contract = self._create_contract(-1200)
        move = contract._create_invoices(self._day("2026-01-01"))
        self.assertEqual(move.move_type, "out_refund")
        self.assertEqual(move.amount_untaxed, 100)
        move.action_post()
        self.assertFalse(self._invoice(contract, "2026-01-31"))

    def test_dated_price(self):
        contract = self._create_contract()
        contract._create_invoices(self._day("2026-02-01"))
        line = contract.line_ids
        self._change_price(line, {"amount": 2400}, self._day("2026-02-15"), "manual")
        # February is invoiced: it keeps its price.
        self.assertEqual(str(max(line.change_ids.mapped("date"))), "2026-03-01")
        self.assertEqual(self._invoice(contract, "2026-03-01"), [("2026-03-01", 200)])

    def test_line_inside_a_period(self):
        contract = self._create_contract(
            lines=[
                {"name": "All", "value": 1200},
                {"name": "Later", "value": 1200, "date_start": "2026-01-10"},
            ]
        )
        move = contract._create_invoices(self._day("2026-01-01"))
        self.assertEqual(
            self._list_days(move),
            [("2026-01-01", "2026-01-31", 100), ("2026-01-10", "2026-01-31", 70.97)],
        )

    def test_line_removed_on_its_first_day_bills_nothing(self):
        contract = self._create_contract(
            lines=[
                {"name": "All", "value": 1200},
                {"name": "Mistake", "value": 1200, "date_start": "2026-02-10"},
            ]
        )
        contract.line_ids[1]._end(self._day("2026-02-09"))
        moves = contract._create_invoices(self._day("2026-03-01"))
        self.assertEqual(
            [amount for _first, _last, amount in self._list_days(moves)], [100] * 3
        )
        self.assertEqual(sum(contract.line_ids[1].change_ids.mapped("amount")), 0)

    def test_suspended_days(self):
        contract = self._create_contract()
        contract.suspension_ids = [
            Command.create(
                {
                    "date_start": "2026-02-08",
                    "date_end": "2026-02-21",
                    "reason": "Closed",
                }
            )
        ]
        moves = contract._create_invoices(self._day("2026-02-28"))
        self.assertEqual(
            self._list_days(moves),
            [
                ("2026-01-01", "2026-01-31", 100),
                ("2026-02-01", "2026-02-07", 25),
                ("2026-02-22", "2026-02-28", 25),
            ],
        )

    def test_invoiced_before(self):
        contract = self._create_contract(invoiced_before="2026-02-10")
        moves = contract._create_invoices(self._day("2026-02-28"))
        self.assertEqual(self._list_days(moves), [("2026-02-11", "2026-02-28", 64.29)])
        with self.assertRefused("so its last day invoiced elsewhere cannot be changed"):
            contract.invoiced_before = "2026-01-31"

    # -- What was invoiced --------------------------------------------------------

    def test_deleted_draft_is_due_again(self):
        contract = self._create_contract()
        contract._create_invoices(self._day("2026-01-01")).unlink()
        self.assertEqual(str(contract.next_invoice_date), "2026-01-01")

    def test_cancelled_invoice_is_due_again(self):
        contract = self._create_contract()
        move = contract._create_invoices(self._day("2026-01-01"))
        move.button_cancel()
        self.assertEqual(str(contract.next_invoice_date), "2026-01-01")
        again = contract._create_invoices(self._day("2026-01-01"))
        with self.assertRefused("was invoiced again", UserError):
            move.button_draft()
        again.button_cancel()
        move.button_draft()
        self.assertEqual(str(contract.next_invoice_date), "2026-02-01")

    def test_credited_month_is_billed_again(self):
        contract = self._create_contract(billing_months=3)
        moves = contract._create_invoices(self._day("2026-04-01"))
        first = moves.filtered(lambda move: str(move.invoice_date) == "2026-01-01")
        moves.action_post()
        credit = first._reverse_moves([{"invoice_date": self._day("2026-05-01")}])
        self.assertEqual(
            credit.invoice_line_ids.service_credited_line_id, first.invoice_line_ids
        )
        # A draft credit note gives nothing back yet.
        self.assertEqual(str(contract.next_invoice_date), "2026-07-01")
        credit.action_post()
        self.assertFalse(first.invoice_line_ids.service_is_live)
        self.assertEqual(str(contract.next_invoice_date), "2026-01-01")
        again = contract._create_invoices(self._day("2026-05-01"))
        self.assertEqual(self._list_days(again), [("2026-01-01", "2026-03-31", 300)])
        with self.assertRefused("was invoiced again", UserError):
            credit.button_draft()
        # Whatever else may happen, the database refuses to bill a day twice.
        copy = again.with_context(include_business_fields=True).copy_data()[0]
        with (
            self.assertRaises(IntegrityError),
            mute_logger("odoo.sql_db"),
            self.env.cr.savepoint(),
        ):
            self.env["account.move"].create(copy).flush_recordset()
        again.button_cancel()
        credit.button_draft()
        self.assertTrue(first.invoice_line_ids.service_is_live)
        self.assertEqual(str(contract.next_invoice_date), "2026-07-01")

    def test_goodwill_gives_no_days_back(self):
        contract = self._create_contract()
        move = contract._create_invoices(self._day("2026-01-01"))
        move.action_post()
        credit = move._reverse_moves([{"invoice_date": self._day("2026-01-05")}])
        credit.invoice_line_ids.price_unit = 10
        credit.action_post()
        self.assertTrue(move.invoice_line_ids.service_is_live)
        self.assertEqual(str(contract.next_invoice_date), "2026-02-01")

    def test_modified_invoice_bills_the_days(self):
        contract = self._create_contract()
        move = contract._create_invoices(self._day("2026-01-01"))
        move.action_post()
        wizard = (
            self.env["account.move.reversal"]
            .with_context(active_model="account.move", active_ids=move.ids)
            .create({"journal_id": move.journal_id.id, "date": "2026-01-05"})
        )
        wizard.modify_moves()
        copy = wizard.new_move_ids
        self.assertTrue(copy.invoice_line_ids.service_is_live)
        self.assertFalse(move.invoice_line_ids.service_is_live)
        self.assertEqual(str(contract.next_invoice_date), "2026-02-01")

    def test_duplicate_bills_nothing(self):
        contract = self._create_contract()
        move = contract._create_invoices(self._day("2026-01-01"))
        copy = move.copy()
        self.assertFalse(copy.invoice_line_ids.service_contract_line_id)

    # -- Taxes, positions, accounts -----------------------------------------------

    def test_fiscal_position_and_taxes(self):
        taxes = self._create_tax("Tax 20") | self._create_tax("Tax 0", amount=0)
        position = self.env["account.fiscal.position"].create({"name": "Abroad"})
        taxes[1].write(
            {
                "fiscal_position_ids": [Command.set(position.ids)],
                "original_tax_ids": [Command.set(taxes[0].ids)],
            }
        )
        other = self.income.copy({"code": "700900"})
        position.account_ids = [
            Command.create(
                {
                    "account_src_id": self.care_income.id,
                    "account_dest_id": other.id,
                }
            )
        ]
        self.care.taxes_id = taxes[0]
        line = {"product_id": self.care.id, "value": 1200}
        at_home = self._create_contract(lines=[line])
        abroad = self._create_contract(lines=[line], fiscal_position_id=position.id)
        for contract, tax, account in (
            (at_home, taxes[0], self.care_income),
            (abroad, taxes[1], other),
        ):
            move = contract._create_invoices(self._day("2026-01-01"))
            self.assertEqual(move.invoice_line_ids.tax_ids, tax)
            self.assertEqual(move.invoice_line_ids.account_id, account)

    def test_price_with_tax(self):
        tax = self._create_tax("Tax 20 included", price_include_override="tax_included")
        contract = self._create_contract(
            lines=[{"name": "Care", "value": 1200, "tax_ids": [Command.set(tax.ids)]}]
        )
        move = contract._create_invoices(self._day("2026-01-01"))
        self.assertEqual(move.amount_total, 100)
        self.assertAlmostEqual(move.amount_untaxed, 83.33)

    def test_links(self):
        stove = self._create_equipment()
        contract = self._create_contract(
            template_id=self.template.id,
            lines=[{"installed_base_id": stove.id}],
        )
        self.assertEqual(contract.line_ids.product_id, self.care)
        self.assertEqual(contract.annual_amount, 240)
        move = contract._create_invoices(self._day("2026-01-01"))
        line = move.invoice_line_ids
        self.assertEqual(line.installed_base_ids, stove)
        self.assertEqual(line.service_contract_id, contract)
        self.assertFalse(line._is_installed_base_goods())
        self.assertEqual(contract.invoice_ids, move)
        self.assertEqual(move.service_contract_ids, contract)
        self.assertEqual(stove.service_contract_ids, contract)
        self.assertEqual(move.invoice_origin, contract.name)
        self.assertIn(contract.name, move.message_ids[0].body)

    def test_analytic_account(self):
        self.company.service_analytic_plan_id = self.plan
        contract = self._create_contract()
        account = contract.sudo().analytic_account_id
        self.assertEqual(account.plan_id, self.plan)
        move = contract._create_invoices(self._day("2026-01-01"))
        self.assertEqual(
            move.invoice_line_ids.analytic_distribution, {str(account.id): 100}
        )

    # -- What holds invoices back -------------------------------------------------

    def test_obstacles(self):
        contract = self._create_contract()
        tax = self._create_tax("Old tax", active=False)
        contract.line_ids.tax_ids = tax
        with self.assertRefused("Old tax.*archived", UserError):
            contract._create_invoices(self._day("2026-01-01"))
        contract.line_ids.tax_ids = False
        self.care_income.active = False
        with self.assertRefused("Contracts.*archived", UserError):
            contract._create_invoices(self._day("2026-01-01"))
        self.care_income.active = True
        self.customer.active = False
        with self.assertRefused("Claes Bakery.*archived", UserError):
            contract._create_invoices(self._day("2026-01-01"))

    def test_blocked_account_of_the_payer(self):
        """Nothing is made, the reason names account and payer; once it is open again,
        everything is billed once."""
        contract = self._create_contract()
        receivable = self.customer.property_account_receivable_id
        blocked = receivable.copy({"code": "400900", "name": "Blocked"})
        self.customer.property_account_receivable_id = blocked
        blocked.active = False
        for _attempt in range(2):
            _claimed, moves, errors = contract._invoice_slice(self._day("2026-02-28"))
            self.assertFalse(moves)
            self.assertRegex(errors[contract], "Blocked.*Claes Bakery.*archived")
        self.assertEqual(contract.invoicing_error, errors[contract])
        self.assertEqual(len(contract.activity_ids), 1)
        blocked.active = True
        contract._invoice_slice(self._day("2026-02-28"))
        self.assertEqual(len(contract.invoice_ids), 2)
        self.assertFalse(contract.invoicing_error or contract.activity_ids)

    def test_archived_deferred_account(self):
        """Held back as long as it is archived, and billed once after."""
        contract = self._create_contract(
            is_deferred=True, deferred_account_id=self.deferred.id
        )
        self.deferred.active = False
        errors = contract._invoice_slice(self._day("2026-01-31"))[2]
        self.assertRegex(errors[contract], "Contracts in advance.*archived")
        self.deferred.active = True
        for _attempt in range(2):
            contract._invoice_slice(self._day("2026-01-31"))
        self.assertEqual(len(contract.invoice_ids), 1)

    def test_later_payer_without_address(self):
        """Who pays for what is due is who is looked at."""
        contract = self._create_contract(invoice_posting="post")
        bare = self.env["res.partner"].create({"name": "No Address Ltd"})
        bare.property_account_receivable_id = (
            self.customer.property_account_receivable_id
        )
        with freeze_time("2026-01-10"):
            contract._create_invoices()
            contract._transfer_to_payer(bare, self._day("2026-02-01"), "-")
            with self.assertRefused("No Address Ltd has no address", UserError):
                contract._create_invoices(self._day("2026-02-01"))
            bare.street = "Quay 1"
            move = contract._create_invoices(self._day("2026-02-01"))
        self.assertEqual((move.state, move.partner_id), ("posted", bare))

    def test_locked_period(self):
        """The document keeps its date and is accounted later; its months are earned
        on the first open day, nothing twice."""
        contract = self._create_contract(
            invoice_posting="post",
            billing_months=3,
            is_deferred=True,
            deferred_account_id=self.deferred.id,
        )
        self.company.fiscalyear_lock_date = "2026-03-31"
        with freeze_time("2026-05-10"):
            move = contract._create_invoices(self._day("2026-01-01"))
            rows = self.env["service.contract.deferral"]
            with patch.object(type(self.env["ir.cron"]), "_commit_progress"):
                entries = rows._recognize(self._day("2026-04-30"), self.company)
                again = rows._recognize(self._day("2026-04-30"), self.company)
        self.assertGreater(str(move.date), "2026-03-31")
        self.assertEqual({str(entry.date) for entry in entries}, {"2026-04-01"})
        self.assertEqual(sum(entries.mapped("amount_total")), 300)
        self.assertFalse(again)

    def test_posting_needs_an_address(self):
        contract = self._create_contract(invoice_posting="post")
        self.customer.write({"street": False, "city": False, "zip": False})
        with self.assertRefused("Claes Bakery has no address", UserError):
            contract._create_invoices(self._day("2026-01-01"))
        contract.invoice_posting = "draft"
        self.assertTrue(contract._create_invoices(self._day("2026-01-01")))

    def test_post_and_send(self):
        self.customer.email = "claes@example.com"
        contract = self._create_contract(invoice_posting="post", invoice_sending=True)
        move = contract._create_invoices(self._day("2026-01-01"))
        self.assertEqual(move.state, "posted")
        self.assertTrue(move.is_being_sent)

    def test_lock_date_moves_the_accounting_date(self):
        contract = self._create_contract(invoice_posting="post")
        self.company.fiscalyear_lock_date = "2026-03-31"
        with freeze_time("2026-05-10"):
            move = contract._create_invoices(self._day("2026-01-01"))
        self.assertEqual(str(move.invoice_date), "2026-01-01")
        self.assertGreater(str(move.date), "2026-03-31")


@tagged("post_install", "-at_install")
class TestRun(ServiceContractCase):
    def _open_run(self, **vals):
        return self.env["service.contract.run"].create({"date": "2026-01-31", **vals})

    def test_everything_is_on_hold(self):
        """Who may repair it hears of it, and nothing is begun."""
        contract = self._create_contract()
        contract.line_ids.tax_ids = self._create_tax("Old tax", active=False)
        run = self._open_run()
        action = run.action_run()
        self.assertEqual(action["tag"], "display_notification")
        self.assertIn("on hold", action["params"]["message"])
        self.assertEqual(run.state, "draft")
        self.assertIn("Old tax", contract.invoicing_error)
        self.assertEqual(len(contract.activity_ids), 1)
        self.assertFalse(contract.invoice_ids)

    def test_preview_and_run(self):
        good, bad = self._create_contract(), self._create_contract(600)
        bad.line_ids.tax_ids = self._create_tax("Old tax", active=False)
        run = self._open_run()
        run.action_preview()
        rows = {row.contract_id: row for row in run.line_ids}
        self.assertEqual(rows[good].state, "to_do")
        self.assertEqual(rows[good].amount, 100)
        self.assertEqual(rows[bad].state, "held")
        self.assertIn("Old tax", rows[bad].note)
        # What is held back is listed, but not part of the total.
        self.assertEqual(rows[bad].amount, 50)
        self.assertEqual(sum(run.line_ids.mapped("amount_to_invoice")), 100)
        self.assertFalse(good.invoice_ids)
        run.action_run()
        self.assertEqual(run.state, "done")
        self.assertEqual((run.line_count, run.done_count, run.held_count), (2, 1, 1))
        # The responsible of what is held back knows.
        self.assertIn("Old tax", bad.invoicing_error)
        self.assertTrue(bad.activity_ids)
        self.assertFalse(good.invoicing_error)
        self.assertEqual(rows[good].invoice_ids, good.invoice_ids)
        with self.assertRefused(
            "This invoicing run has already started. Create another one", UserError
        ):
            run.action_run()

    def test_menu_opens_a_preview(self):
        contract = self._create_contract()
        with freeze_time("2026-01-31"):
            action = self.env["service.contract.run"].action_prepare()
        run = self.env["service.contract.run"].browse(action["res_id"])
        self.assertEqual(run.line_ids.contract_id, contract)
        with Form(run) as form:
            self.assertTrue(form.is_previewed)
            form.date = "2025-12-31"
            # What is listed is about other days.
            self.assertFalse(form.is_previewed)
        with self.assertRefused("nothing to invoice", UserError):
            run.action_run()

    def test_button_opens_a_preview(self):
        """Of the contracts that were chosen, whoever else is due."""
        contract, _other = self._create_contract(), self._create_contract()
        with freeze_time("2026-01-31"):
            action = contract.action_open_run()
        run = self.env["service.contract.run"].browse(action["res_id"])
        self.assertTrue(run.is_previewed)
        self.assertEqual(run.contract_ids, contract)
        self.assertEqual(run.line_ids.contract_id, contract)
        run.action_run()
        self.assertEqual(contract.invoice_count, 1)

    def test_filters(self):
        one = self._create_contract(group_id=self.group.id)
        other = self._create_contract(partner_id=self.neighbour.id)
        for vals, expected in (
            ({}, one | other),
            ({"group_ids": [Command.set(self.group.ids)]}, one),
            ({"partner_ids": [Command.set(self.neighbour.ids)]}, other),
            ({"contract_ids": [Command.set(other.ids)]}, other),
            ({"date": "2025-12-31"}, one.browse()),
        ):
            with self.subTest(vals):
                run = self._open_run(**vals)
                run.action_preview()
                self.assertEqual(run.line_ids.contract_id, expected)

    def test_nothing_due(self):
        with self.assertRefused("nothing to invoice", UserError):
            self._open_run(date="2020-01-01").action_run()

    def test_preview_names_lock_dates(self):
        self._create_contract()
        self.company.fiscalyear_lock_date = "2026-03-31"
        run = self._open_run()
        run.action_preview()
        self.assertIn("locked", run.line_ids.note)
        self.assertEqual(run.line_ids.state, "to_do")

    def test_large_run_is_a_job(self):
        contract = self._create_contract()
        run = self._open_run()
        path = "odoo.addons.field_service_contract.models.billing.service_contract_run"
        with patch(f"{path}.DIRECT_LIMIT", 0):
            run.action_run()
        self.assertEqual(run.state, "running")
        self.assertFalse(contract.invoice_ids)
        self._run_job("process_runs")
        self.assertEqual(run.state, "done")
        self.assertEqual(run.progress, 100)
        self.assertEqual(len(contract.invoice_ids), 1)

    def test_error_is_noted_and_cleared(self):
        good, bad = self._create_contract(), self._create_contract()
        bad.line_ids.name = "Broken"
        model = type(self.env["service.contract"])
        origin = model._prepare_invoice_header

        def _break(contract, *args):
            if contract == bad:
                raise ValueError("Broken on purpose")
            return origin(contract, *args)

        contracts = good | bad
        with (
            patch.object(model, "_prepare_invoice_header", _break),
            mute_logger("odoo.addons.field_service_contract.models.billing.invoicing"),
        ):
            contracts._invoice_slice(self._day("2026-01-31"))
            contracts._invoice_slice(self._day("2026-02-28"))
        self.assertEqual(len(good.invoice_ids), 2)
        self.assertFalse(good.invoicing_error)
        self.assertIn("Broken on purpose", bad.invoicing_error)
        self.assertEqual(len(bad.activity_ids), 1)
        contracts._invoice_slice(self._day("2026-02-28"))
        self.assertEqual(len(bad.invoice_ids), 2)
        self.assertFalse(bad.invoicing_error)
        self.assertFalse(bad.activity_ids)

    def test_cron(self):
        contract = self._create_contract()
        asleep = self._create_contract(date_start="2027-01-01")
        with freeze_time("2026-03-05"):
            self._run_job("create_invoices")
        self.assertEqual(len(contract.invoice_ids), 3)
        self.assertFalse(asleep.invoice_ids)
        self.company.service_invoice_automatically = False
        with freeze_time("2026-04-05"):
            self._run_job("create_invoices")
        self.assertEqual(len(contract.invoice_ids), 3)

    def test_slices(self):
        contracts = self.env["service.contract"]
        for _number in range(4):
            contracts |= self._create_contract(activate=False)
        combined = contracts.browse()
        for _number in range(3):
            combined |= self._create_contract(activate=False, invoice_grouping="payer")
        path = "odoo.addons.field_service_contract.models.billing.invoicing"
        with patch(f"{path}.SLICE", 2):
            slices = (contracts | combined)._get_slices()
        self.assertEqual(
            sorted(id_ for ids in slices for id_ in ids), (contracts | combined).ids
        )
        # What is combined on one invoice is not torn apart.
        self.assertIn(combined.ids, slices)
        self.assertEqual(max(len(ids) for ids in slices if ids != combined.ids), 2)


@tagged("post_install", "-at_install")
class TestQueries(ServiceContractCase):
    def _create_many(self, count):
        contracts = self.env["service.contract"]
        for number in range(count):
            payer = self.env["res.partner"].create({"name": f"Payer {number}"})
            contracts |= self._create_contract(partner_id=payer.id)
        return contracts

    def _get_create(self, contracts):
        """Return Odoo's own creation of the same invoices."""
        documents = contracts._group_bills(
            contracts._get_due_bills(self._day("2026-01-01"))
        )
        vals_list = [
            contracts._prepare_invoice_vals(key, parts)
            for key, parts in documents.items()
        ]
        for vals in vals_list:
            vals["invoice_line_ids"] = [
                Command.create(
                    {k: v for k, v in line.items() if not k.startswith("service_")}
                )
                for _command, _id, line in vals["invoice_line_ids"]
            ]
        return lambda: self.env["account.move"].create(vals_list)

    def test_contracts_cost_no_more_queries_than_their_invoices(self):
        contracts = self._create_many(12)
        few, day = contracts[:4], self._day("2026-01-01")
        self._count(lambda: few._invoice_slice(day))
        ours = self._count(lambda: contracts._invoice_slice(day)) - self._count(
            lambda: few._invoice_slice(day)
        )
        core = self._count(self._get_create(contracts)) - self._count(
            self._get_create(few)
        )
        self.assertLessEqual(ours, core + 8 * 0.5)

    def test_lines_are_written_once(self):
        """Odoo's own second write of each new line costs more than its creation."""
        taxes = self._create_tax("Tax 20") | self._create_tax(
            "Tax 20 included", price_include_override="tax_included"
        )
        contracts = self.env["service.contract"]
        for number in range(8):
            lines = [{"name": "Care", "value": 1200}]
            if number % 2:
                lines[0]["tax_ids"] = [Command.set(taxes[0].ids)]
            contracts |= self._create_contract(lines=lines, invoice_grouping="payer")
        moves_lines = type(self.env["account.move.line"])
        writes, origin = [], moves_lines.write

        def _write(lines, vals):
            writes.append(vals)
            return origin(lines, vals)

        day, made = self._day("2026-01-01"), []
        for some in (contracts[:2], contracts[2:]):
            writes.clear()
            with patch.object(moves_lines, "write", _write):
                move = some._create_invoices(day)
            made.append(len(writes))
            self.assertEqual(move.amount_untaxed, 100 * len(some))
            self.assertEqual(move.amount_tax, 10 * len(some))
        self.assertEqual(*made)
        # Tax that is part of the price is Odoo's to work out.
        contracts[0].line_ids.with_context(
            service_contract_change=CHANGING
        ).tax_ids = taxes[1]
        included = contracts[0]._create_invoices(self._day("2026-02-01"))
        self.assertEqual((included.amount_total, included.amount_tax), (100, 16.67))

    def test_finished_contracts_cost_nothing(self):
        contract = self._create_contract(term_months=1)
        contract._create_invoices(self._day("2026-02-01"))
        domain = contract._get_run_domain(self._day("2030-01-01"))
        self.assertNotIn(contract, contract.search(domain))

    def test_counters(self):
        contracts = self._create_many(6)
        partners = contracts.partner_id.browse(contracts.partner_id.ids)
        for name, records in (
            ("service_contract_count", partners),
            ("invoice_count", contracts),
            ("line_count", contracts),
            ("earned_amount", contracts),
        ):
            with self.subTest(name):
                # The first time, what Odoo keeps between requests is read as well.
                self._count(lambda n=name, r=records: r.mapped(n))
                few = self._count(lambda n=name, r=records: r[:2].mapped(n))
                many = self._count(lambda n=name, r=records: r.mapped(n))
                self.assertEqual(few, many, name)

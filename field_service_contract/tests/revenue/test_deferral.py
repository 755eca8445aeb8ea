import re
from contextlib import contextmanager
from unittest.mock import patch

from freezegun import freeze_time
from lxml import etree

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import BaseCase, tagged
from odoo.tools.misc import file_path

from ...context import CHANGING
from ...models.revenue import service_contract_deferral
from ..common import ServiceContractCase


@tagged("post_install", "-at_install")
class TestDeferral(ServiceContractCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.service_deferred_account_id = cls.deferred
        cls._set_up_plan()
        cls.company.service_analytic_plan_id = cls.plan

    def _get_balances(self):
        """Return what is on the deferred and on the revenue account, posted."""
        self.env.flush_all()
        lines = self.env["account.move.line"]
        return tuple(
            -sum(
                lines.search(
                    [("account_id", "=", account.id), ("parent_state", "=", "posted")]
                ).mapped("balance")
            )
            for account in (self.deferred, self.care_income)
        )

    def _end_contract(self, contract, day):
        contract.with_context(service_contract_change=CHANGING).date_end = self._day(
            day
        )

    def test_reset_of_what_is_no_contracts(self):
        """Entries without contracts cost nothing and write nothing of ours."""
        _contract, ours = self._create_year()
        move = self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": self.customer.id,
                "invoice_line_ids": [
                    Command.create({"name": "Part", "price_unit": 10, "tax_ids": []})
                ],
            }
        )
        move.action_post()
        self.assertFalse(self._list_writes(move.button_draft))
        # The same finds what is written where there is something.
        self.assertTrue(self._list_writes(ours.button_draft))

    def _list_writes(self, function):
        """Return the queries of a function that write to a table of ours."""
        with contextmanager(self._patchExecute)([]) as queries:
            function()
        return [
            query
            for query in queries
            if re.match(r'\s*(UPDATE|INSERT INTO|DELETE FROM) "?service_', query)
        ]

    def test_default(self):
        self.assertTrue(self._create_contract(is_deferred=True).is_deferred)
        vals = {"partner_id": self.customer.id}
        contract = self.env["service.contract"].create(vals)
        self.assertTrue(contract.is_deferred)
        self.company.service_deferred_account_id = False
        self.assertFalse(self.env["service.contract"].create(vals).is_deferred)

    def test_rows_and_recognition(self):
        contract, move = self._create_year()
        line = move.invoice_line_ids
        self.assertEqual(line.account_id, self.deferred)
        self.assertFalse(line.analytic_distribution)
        rows = contract.deferral_ids.sorted("date")
        self.assertEqual(rows.mapped("amount"), [100] * 12)
        self.assertEqual(str(rows[1].date), "2023-02-28")
        self.assertEqual(self._get_balances(), (1200, 0))
        self.assertEqual(contract.deferred_amount, 1200)
        entries = self._recognize("2023-09-30")
        self.assertEqual(len(entries), 9)
        self.assertEqual(
            {str(entry.date) for entry in entries}, {str(r.date) for r in rows[:9]}
        )
        self.assertEqual(self._get_balances(), (300, 900))
        revenue = entries.line_ids.filtered(
            lambda ln: ln.account_id == self.care_income
        )
        account = contract.sudo().analytic_account_id
        self.assertEqual(
            revenue.mapped("analytic_distribution"), [{str(account.id): 100}] * 9
        )
        self.assertEqual(
            (
                contract.invoiced_amount,
                contract.earned_amount,
                contract.deferred_amount,
            ),
            (1200, 900, 300),
        )
        self.assertFalse(self._recognize("2023-09-30"))

    def test_starting_period_is_earned_at_once(self):
        contract = self._create_contract(
            date_start="2023-01-10",
            billing_months=3,
            is_deferred=True,
            billing_first_part="alone",
        )
        move = contract._create_invoices(self._day("2023-01-10"))
        move.action_post()
        self.assertEqual(move.invoice_line_ids.account_id, self.care_income)
        self.assertFalse(contract.deferral_ids)

    def test_first_part_with_a_whole_period_is_deferred(self):
        contract = self._create_contract(
            date_start="2023-01-10", billing_months=3, is_deferred=True
        )
        contract._create_invoices(self._day("2023-01-10")).action_post()
        self.assertEqual(
            [(str(row.date), row.amount) for row in contract.deferral_ids],
            [
                ("2023-01-31", 70.97),
                ("2023-02-28", 100),
                ("2023-03-31", 100),
                ("2023-04-30", 100),
            ],
        )

    def test_arrears_are_earned_at_once(self):
        contract = self._create_contract(is_deferred=True, billing_timing="arrears")
        move = contract._create_invoices(self._day("2026-01-31"))
        self.assertEqual(move.invoice_line_ids.account_id, self.care_income)

    def test_slices_of_entries(self):
        for _number in range(3):
            self._create_year()
        with patch.object(service_contract_deferral, "ENTRY_SIZE", 2):
            entries = self._recognize("2023-01-31")
        self.assertEqual(
            [len(entry.service_deferral_ids) for entry in entries.sorted("id")], [2, 1]
        )
        self.assertEqual(len(entries[0].line_ids), 4)

    def test_locked_month(self):
        self._create_year()
        self.company.fiscalyear_lock_date = "2023-02-28"
        entries = self._recognize("2023-03-31")
        self.assertEqual(
            sorted(map(str, entries.mapped("date"))),
            ["2023-03-01", "2023-03-01", "2023-03-31"],
        )

    def test_reset_to_draft(self):
        contract, move = self._create_year()
        move.button_draft()
        self.assertFalse(contract.deferral_ids)
        move.action_post()
        self.assertEqual(len(contract.deferral_ids), 12)
        entry = self._recognize("2023-01-31")
        with self.assertRefused("cannot be reset to draft", UserError):
            move.button_draft()
        entry.button_draft()
        move.button_draft()

    def test_credit_of_the_example(self):
        """Recognised to 30 September, last covered day 15 September: 350.00 are
        given back, 300.00 of them from what was still deferred."""
        contract, move = self._create_year()
        self._recognize("2023-09-30")
        self._end_contract(contract, "2023-09-15")
        credit = contract._credit_uncovered(self._day("2023-09-20"))
        self.assertEqual(credit.move_type, "out_refund")
        self.assertEqual(credit.reversed_entry_id, move)
        self.assertEqual(
            {line.account_id: line.price_subtotal for line in credit.invoice_line_ids},
            {self.deferred: 300, self.care_income: 50},
        )
        # A second credit finds nothing, while the first is a draft and after.
        self.assertFalse(contract._credit_uncovered())
        credit.action_post()
        self.assertFalse(contract._credit_uncovered())
        self.assertEqual(self._get_balances(), (0, 850))
        self.assertFalse(contract.deferral_ids.filtered(lambda row: not row.move_id))
        self.assertFalse(contract.next_invoice_date)

    def test_credit_before_recognition(self):
        contract, _move = self._create_year()
        self._recognize("2023-08-31")
        self._end_contract(contract, "2023-09-15")
        credit = contract._credit_uncovered(self._day("2023-09-20"))
        self.assertEqual(credit.invoice_line_ids.account_id, self.deferred)
        credit.action_post()
        left = contract.deferral_ids.filtered(lambda row: not row.move_id)
        self.assertEqual((str(left.date), left.amount), ("2023-09-15", 50))
        self._recognize("2023-12-31")
        self.assertEqual(self._get_balances(), (0, 850))

    def test_recognised_between_credit_and_posting(self):
        contract, _move = self._create_year()
        self._recognize("2023-09-30")
        self._end_contract(contract, "2023-09-15")
        credit = contract._credit_uncovered(self._day("2023-09-20"))
        self._recognize("2023-10-31")
        credit.action_post()
        self.assertEqual(self._get_balances(), (0, 850))

    def test_full_reversal(self):
        contract, move = self._create_year()
        self._recognize("2023-09-30")
        credit = move._reverse_moves([{"invoice_date": self._day("2023-10-05")}])
        credit.action_post()
        self.assertEqual(self._get_balances(), (0, 0))
        self.assertFalse(contract.deferral_ids.filtered(lambda row: not row.move_id))
        back = contract.deferral_ids.filtered(lambda row: row.amount < 0)
        self.assertEqual(back.mapped("amount"), [-900])
        self.assertEqual(str(back.move_id.date), "2023-10-05")
        self.assertEqual(str(contract.next_invoice_date), "2023-01-01")

    def test_credit_reversed(self):
        contract, move = self._create_year(is_deferred=False)
        credit = move._reverse_moves([{"invoice_date": self._day("2023-01-05")}])
        credit.action_post()
        self.assertEqual(str(contract.next_invoice_date), "2023-01-01")
        credit._reverse_moves([{"invoice_date": self._day("2023-01-06")}]).action_post()
        self.assertTrue(move.invoice_line_ids.service_is_live)
        self.assertFalse(contract.next_invoice_date)

    def test_credit_taken_back(self):
        contract, move = self._create_year()
        credit = move._reverse_moves([{"invoice_date": self._day("2023-01-05")}])
        credit.action_post()
        self.assertFalse(contract.deferral_ids)
        credit.button_draft()
        self.assertEqual(sum(contract.deferral_ids.mapped("amount")), 1200)
        self._recognize("2023-12-31")
        self.assertEqual(self._get_balances(), (0, 1200))

    def test_drafts_are_shortened_or_removed(self):
        contract = self._create_contract(billing_months=3)
        moves = contract._create_invoices(self._day("2026-04-01"))
        self._end_contract(contract, "2026-02-14")
        self.assertFalse(contract._credit_uncovered())
        left = moves.exists()
        self.assertEqual(self._list_days(left), [("2026-01-01", "2026-02-14", 150)])
        self.assertIn("02/14/2026", left.invoice_line_ids.name)

    def test_suspension_in_the_middle(self):
        contract, move = self._create_year()
        contract.suspension_ids = [
            (
                0,
                0,
                {"date_start": "2023-04-01", "date_end": "2023-04-30", "reason": "-"},
            )
        ]
        credit = contract._credit_uncovered(self._day("2023-05-02"))
        self.assertEqual(self._list_days(credit), [("2023-04-01", "2023-04-30", 100)])
        credit.action_post()
        line = move.invoice_line_ids
        self.assertTrue(line.service_is_live)
        self.assertEqual(line.service_credited_days, [["2023-04-01", "2023-04-30"]])
        self.assertEqual(len(contract.deferral_ids), 11)
        # Resumed after all: the days are billed again, the rest of the year is not.
        contract.suspension_ids.unlink()
        self.assertEqual(str(contract.next_invoice_date), "2023-01-01")
        again = contract._create_invoices(self._day("2023-05-02"))
        self.assertEqual(self._list_days(again), [("2023-04-01", "2023-04-30", 100)])
        self.assertEqual(str(again.invoice_date), "2023-04-01")

    def test_nothing_stays_deferred_after_the_end(self):
        """Months that were rounded when there were more days leave no cents."""
        for value, start, suspended, end in (
            (1000, "2023-01-01", ("2023-04-01", "2023-04-30"), "2023-07-31"),
            (1200, "2023-01-10", ("2023-06-18", "2023-08-15"), "2023-07-21"),
            (1200, "2023-01-31", ("2023-04-01", "2023-04-30"), "2023-08-31"),
            (1000, "2023-02-11", ("2023-03-03", "2023-03-20"), "2023-09-10"),
        ):
            with self.subTest(start=start, end=end):
                contract = self._create_contract(
                    value,
                    date_start=start,
                    term_months=12,
                    billing_months=12,
                    is_deferred=True,
                )
                move = contract._create_invoices(self._day(start))
                move.action_post()
                first, last = suspended
                contract.suspension_ids = [
                    Command.create(
                        {"date_start": first, "date_end": last, "reason": "-"}
                    )
                ]
                credits = contract._credit_uncovered(self._day(last))
                credits.action_post()
                self._end_contract(contract, end)
                more = contract._credit_uncovered(self._day(last))
                self.assertEqual(more.invoice_line_ids.account_id, self.deferred)
                more.action_post()
                rows = contract.deferral_ids
                invoiced = -sum((move | credits | more).mapped("amount_untaxed_signed"))
                self.assertAlmostEqual(sum(rows.mapped("amount")), -invoiced, 2)
                self.assertLessEqual(max(rows.mapped("date")), self._day(end))

    def test_goodwill_of_a_line_of_its_own_and_the_end(self):
        """What it took from revenue of days that are given back is earned with the last
        day that is left."""
        contract, move = self._create_year()
        goodwill = move._reverse_moves([{"invoice_date": self._day("2023-03-01")}])
        goodwill.invoice_line_ids.unlink()
        goodwill.invoice_line_ids = [
            Command.create(
                {
                    "name": "Goodwill",
                    "price_unit": 600,
                    "tax_ids": False,
                    "account_id": self.care_income.id,
                }
            )
        ]
        goodwill.action_post()
        self._end_contract(contract, "2023-06-30")
        credit = contract._credit_uncovered(self._day("2023-06-30"))
        self.assertEqual(credit.amount_untaxed, 300)
        credit.action_post()
        self._recognize("2023-06-30")
        self.assertEqual(self._get_balances(), (0, 300))

    def test_first_days_credited_and_billed_again(self):
        contract, _move = self._create_year()
        days = {"date_start": "2023-01-01", "date_end": "2023-01-31", "reason": "-"}
        contract.suspension_ids = [(0, 0, days)]
        contract._credit_uncovered(self._day("2023-02-01")).action_post()
        contract.suspension_ids.unlink()
        again = contract._create_invoices(self._day("2023-05-02"))
        self.assertEqual(self._list_days(again), [("2023-01-01", "2023-01-31", 100)])

    def test_wizard(self):
        contract, _move = self._create_year()
        wizard = self.env["service.contract.recognize"].create({"date": "2023-02-28"})
        self.assertEqual(
            (wizard.amount, wizard.row_count, wizard.contract_count), (200, 2, 1)
        )
        with patch.object(type(self.env["ir.cron"]), "_commit_progress"):
            action = wizard.action_recognize()
        entries = self.env["account.move"].search(action["domain"])
        self.assertEqual(entries, contract.deferral_ids.move_id)
        wizard.invalidate_recordset()
        with self.assertRefused("No revenue is left", UserError):
            wizard.action_recognize()

    def test_cron(self):
        contract, _move = self._create_year()
        with freeze_time("2023-03-02"):
            self._run_job("recognize")
            self.assertFalse(contract.deferral_ids.move_id)
            self.company.service_recognize_automatically = True
            self._run_job("recognize")
        self.assertEqual(len(contract.deferral_ids.filtered("move_id")), 2)

    def test_foreign_currency(self):
        foreign = self.env["res.currency"].create({"name": "TSX", "symbol": "T"})
        self.env["res.currency.rate"].create(
            {
                "currency_id": foreign.id,
                "name": "2022-01-01",
                "rate": 2,
                "company_id": self.company.id,
            }
        )
        contract, _move = self._create_year(currency_id=foreign.id)
        self.assertEqual(sum(contract.deferral_ids.mapped("amount")), 600)
        self._recognize("2023-09-30")
        self._end_contract(contract, "2023-09-15")
        credit = contract._credit_uncovered(self._day("2023-09-20"))
        self.assertEqual(credit.amount_untaxed, 350)
        credit.action_post()
        self.assertEqual(self._get_balances(), (0, 425))


@tagged("standard", "at_install")
class TestDeferralInDemo(BaseCase):
    """Whoever tries the demo sees what is deferred. It need not be installed here."""

    def test_demo_defers(self):
        path = file_path("field_service_contract/demo/service_contract_demo.xml")
        records = {
            record.get("id"): {field.get("name"): field for field in record}
            for record in etree.parse(path).findall("record")
        }
        name = records["base.main_company"]["service_deferred_account_id"].get("ref")
        account = records[name]
        self.assertEqual(account["account_type"].text, "liability_current")
        self.assertIn("base.main_company", account["company_ids"].get("eval"))
        # Templates defer what they bill in advance, and do so by default.
        order = list(records)
        prepaid = [
            name
            for name, vals in records.items()
            if name.startswith("template_")
            and "billing_timing" not in vals
            and "is_deferred" not in vals
        ]
        self.assertTrue(prepaid)
        used = [
            vals["template_id"].get("ref")
            for vals in records.values()
            if "template_id" in vals and "partner_id" in vals
        ]
        self.assertTrue(set(prepaid) & set(used))
        # The account is there before what it is for.
        for other in prepaid:
            self.assertLess(order.index("base.main_company"), order.index(other))

import unittest
from datetime import date
from decimal import Decimal
from fractions import Fraction

from freezegun import freeze_time
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg2 import IntegrityError

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from ...engine import (
    get_next_update,
    get_updated_value,
)
from ..amendment.test_life import LifeCase

CENT = Decimal("0.01")


@tagged("post_install", "-at_install")
class TestEngine(unittest.TestCase):
    def test_value(self):
        rate = 1 + Fraction("3.5") / 100
        self.assertEqual(get_updated_value(Decimal(1200), rate, CENT), Decimal(1242))
        self.assertEqual(
            get_updated_value(Decimal(1000), Fraction(11250, 10875), CENT),
            Decimal("1034.48"),
        )

    def test_next_day(self):
        day = date.fromisoformat
        for start, planned, months, done, expected in (
            ("2026-01-01", "2027-01-01", 12, "2027-01-01", "2028-01-01"),
            # Done late, it is planned no later.
            ("2026-01-01", "2027-01-01", 12, "2027-09-20", "2028-01-01"),
            ("2026-01-01", "2027-01-01", 12, "2029-02-01", "2030-01-01"),
            ("2026-01-31", "2026-02-28", 1, "2026-02-28", "2026-03-31"),
            ("2024-02-29", "2027-02-28", 12, "2027-02-28", "2028-02-29"),
            # A day that somebody typed is counted from.
            ("2026-01-01", "2026-07-15", 12, "2026-07-15", "2027-07-15"),
            ("2026-01-01", "2027-01-01", 12, "2026-12-01", "2027-01-01"),
        ):
            with self.subTest(planned=planned, done=done):
                found = get_next_update(day(start), day(planned), months, day(done))
                self.assertEqual(found, day(expected))

    @settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(
        st.dates(date(2000, 1, 1), date(2100, 1, 1)),
        st.integers(1, 36),
        st.integers(1, 40),
    )
    def test_no_drift(self, start, months, times):
        """However often it is done, it is planned as counted from the start."""
        planned = get_next_update(start, start, months, start)
        for _time in range(times):
            planned = get_next_update(start, planned, months, planned)
        direct = get_next_update(start, start, months * (times + 1), start)
        self.assertEqual(planned, direct)


@tagged("post_install", "-at_install")
class TestPriceUpdate(LifeCase):
    def _create_update(self, contracts, **vals):
        return (
            self.env["service.contract.price.update"]
            .with_user(self.manager)
            .with_context(allowed_company_ids=self.company.ids)
            .create(
                {
                    "contract_ids": [Command.set(contracts.ids)],
                    "percent": 3.5,
                    "date": "2026-07-01",
                    **vals,
                }
            )
        )

    def _create_discounted(self, **vals):
        return self._create_contract(
            lines=[{"name": "Care", "value": 1200, "discount": 10}], **vals
        )

    def test_example(self):
        """1,200 at 10 % discount, +3.5 %: value 1,242.00, amount 1,117.80."""
        with freeze_time("2026-06-01"):
            contract = self._create_discounted(price_update_months=12)
            contract.next_price_update_date = self._day("2026-07-01")
            update = self._create_update(contract)
            update.action_preview()
            row = update.line_ids
            self.assertEqual(
                (row.old_value, row.new_value, row.old_amount, row.new_amount),
                (1200, 1242, 1080, 1117.8),
            )
            self.assertAlmostEqual(row.difference, 37.8)
            self.assertEqual(str(row.effective_date), "2026-07-01")
            self.assertEqual(contract.line_ids.value, 1200)
            update.action_apply()
            line = contract.line_ids
            self.assertEqual((line.value, line.amount), (1242, 1117.8))
            self.assertEqual(line.discount, 10)
            self.assertEqual(contract.annual_amount, 1080)
            self.assertEqual(str(contract.next_price_update_date), "2027-07-01")
            self.assertEqual(
                self._get_changes(contract)[-1], ("2026-07-01", "price_update", 37.8)
            )
        with freeze_time("2026-07-01"):
            self._run_job("update_states")
        self.assertEqual(contract.annual_amount, 1117.8)

    def test_undo(self):
        contract = self._create_discounted(price_update_months=12)
        update = self._create_update(contract, date="2027-01-01")
        update.action_apply()
        update.action_undo()
        self.assertEqual(update.state, "undone")
        self.assertEqual(contract.line_ids.amount, 1080)
        self.assertEqual(str(contract.next_price_update_date), "2027-01-01")
        self.assertEqual(len(contract.change_ids), 1)
        # Undone, it may be applied again.
        update.action_draft()
        update.action_apply()
        contract._create_invoices(self._day("2027-01-01"))
        with self.assertRefused("is invoiced until 2027-01|01/31/2027", UserError):
            update.action_undo()
        self.assertEqual(contract.line_ids.amount, 1117.8)

    def test_undo_of_some_lines(self):
        first, second = self._create_discounted(), self._create_discounted()
        update = self._create_update(first | second)
        update.action_apply()
        first._create_invoices(self._day("2026-07-01"))
        rows = update.line_ids
        row = rows.filtered(lambda row: row.contract_id == second)
        row.action_undo()
        self.assertEqual(second.line_ids.value, 1200)
        self.assertEqual(first.line_ids.value, 1242)
        self.assertEqual(update.state, "applied")
        self.assertEqual(rows.filtered("is_applied").contract_id, first)

    def test_undo_after_another_change(self):
        contract = self._create_discounted()
        update = self._create_update(contract)
        update.action_apply()
        self._change_price(
            contract.line_ids, {"value": 1300}, self._day("2026-08-01"), "manual"
        )
        with self.assertRefused("was changed in the meantime", UserError):
            update.action_undo()

    def test_not_twice(self):
        contract = self._create_discounted()
        self._create_update(contract).action_apply()
        again = self._create_update(contract, percent=5)
        with self.assertRefused("nothing to update", UserError):
            again.action_apply()
        again.action_preview()
        self.assertIn("Already updated from this date", again.line_ids.obstacle)
        with (
            self.assertRaises(IntegrityError),
            mute_logger("odoo.sql_db"),
            self.env.cr.savepoint(),
        ):
            again.line_ids._as_own_code().is_applied = True
            self.env.flush_all()

    def test_invoiced_days_keep_their_price(self):
        contract = self._create_discounted(billing_months=6)
        contract._create_invoices(self._day("2026-07-01"))
        update = self._create_update(contract, date="2026-08-01")
        update.action_preview()
        self.assertEqual(str(update.line_ids.effective_date), "2027-01-01")
        self.assertIn("1 lines are invoiced", update.invoiced_note)
        update.action_apply()
        moves = contract._create_invoices(self._day("2027-01-01"))
        self.assertEqual(moves.amount_untaxed, 558.9)

    def test_high_change_is_confirmed(self):
        contract = self._create_discounted()
        update = self._create_update(contract, percent=12)
        self.assertTrue(update.is_high)
        with self.assertRefused("is more than 10", UserError):
            update.action_apply()
        self.company.service_price_update_limit = 15
        self.assertFalse(update.is_high)
        self.company.service_price_update_limit = 10
        update.is_confirmed = True
        update.action_apply()
        self.assertEqual(contract.line_ids.value, 1344)

    def test_index(self):
        index = self.env["service.contract.index"].create(
            {
                "name": "Wages",
                "value_ids": [
                    Command.create({"date": day, "value": value})
                    for day, value in (("2025-06-01", 108.75), ("2026-06-01", 112.5))
                ],
            }
        )
        contract = self._create_contract(1000)
        update = self._create_update(contract, method="index", index_id=index.id)
        self.assertEqual((update.reference_value, update.index_value), (108.75, 112.5))
        self.assertAlmostEqual(update.change_percent, 3.4483, 4)
        self.assertEqual(update.name, "+3.4483 % from 07/01/2026")
        update.action_apply()
        # 1,000 × 112.5 / 108.75, not 1,000 × the rounded percentage.
        self.assertEqual(contract.line_ids.value, 1034.48)
        early = self._create_update(
            contract, method="index", index_id=index.id, date="2025-07-01"
        )
        with self.assertRefused("has no value for", UserError):
            early.action_preview()

    def test_selection(self):
        boilers = self.env["service.contract.group"].create({"name": "Boilers"})
        first = self._create_contract(group_id=boilers.id)
        second = self._create_contract(price_update_months=6)
        third = self._create_contract(price_update_months=12)
        self._create_contract(activate=False, group_id=boilers.id)
        nothing = self.env["service.contract"]
        cases = (
            (self._create_update(nothing, group_ids=boilers.ids), first),
            (self._create_update(nothing, due_until="2026-07-01"), second),
            (self._create_update(nothing, due_until="2027-07-01"), second + third),
        )
        for update, expected in cases:
            with self.subTest(expected):
                found = update._get_contracts().with_env(self.env)
                self.assertEqual(
                    found.filtered(lambda c: c.company_id == self.company), expected
                )
        with self.assertRefused("Enter the price change", UserError):
            self._create_update(first, percent=0).action_preview()
        with self.assertRefused("Choose contracts", UserError):
            self._create_update(nothing).action_preview()

    def test_own_dates(self):
        first = self._create_contract(price_update_months=6)
        second = self._create_contract(price_update_months=12)
        update = self._create_update(first | second, uses_contract_date=True)
        update.action_apply()
        days = {row.contract_id: str(row.effective_date) for row in update.line_ids}
        self.assertEqual(
            {contract.id: day for contract, day in days.items()},
            {first.id: "2026-07-01", second.id: "2027-01-01"},
        )
        self.assertEqual(str(first.next_price_update_date), "2027-01-01")
        self.assertEqual(str(second.next_price_update_date), "2028-01-01")

    def test_sentence_on_the_next_invoice(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.customer.lang = "fr_FR"
        contract = self._create_discounted()
        update = self._create_update(contract)
        update.sentence = "Up by #PERCENT# % from #DATE#."
        update.with_context(
            lang="fr_FR"
        ).sentence = "Hausse de #PERCENT# % dès le #DATE#."
        update.action_apply()
        moves = contract._create_invoices(self._day("2026-08-01"))
        told = moves.invoice_line_ids.filtered(
            lambda line: line.display_type == "line_note"
        )
        self.assertEqual(told.mapped("name"), ["Hausse de +3,5 % dès le 01/07/2026."])
        self.assertEqual(str(told.move_id.invoice_date), "2026-07-01")

    def test_standard_sentence(self):
        contract = self._create_discounted()
        self._create_update(contract, percent=-2).action_apply()
        moves = contract._create_invoices(self._day("2026-07-01"))
        told = moves.invoice_line_ids.filtered(
            lambda line: line.display_type == "line_note"
        )
        self.assertEqual(told.name, "The price was adjusted by -2 % from 07/01/2026.")

    def test_not_announced(self):
        contract = self._create_discounted()
        self._create_update(contract, is_announced=False).action_apply()
        moves = contract._create_invoices(self._day("2026-07-01"))
        self.assertNotIn("line_note", moves.invoice_line_ids.mapped("display_type"))

    def test_ended_lines_are_left_out(self):
        contract = self._create_contract(
            lines=[
                {"name": "Care", "value": 1200},
                {"name": "Once", "value": 600, "date_end": "2026-03-31"},
                {"name": "Free", "value": 0},
            ]
        )
        update = self._create_update(contract)
        update.action_apply()
        self.assertEqual(contract.line_ids.mapped("value"), [1242, 600, 0])
        self.assertEqual(update.obstacle_count, 1)

    def test_applied_update_is_kept(self):
        contract = self._create_discounted()
        update = self._create_update(contract)
        update.action_apply()
        with self.assertRefused("was applied. Undo it before deleting it", UserError):
            update.unlink()
        with self.assertRefused(
            "This price update was already applied. Create another one", UserError
        ):
            update.action_apply()

    def test_queries_do_not_grow(self):
        """A hundred contracts cost hardly more queries than one."""

        def count(contracts):
            update = self._create_update(contracts)
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            update.action_apply()
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        few = self._create_discounted() | self._create_discounted()
        many = self.env["service.contract"].union(
            *(self._create_discounted() for _number in range(20))
        )
        count(self._create_discounted())
        base = count(few)
        self.assertLess(count(many), base + 20)

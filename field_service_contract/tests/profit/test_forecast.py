import random
from unittest.mock import patch

from freezegun import freeze_time

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import tagged

from ...context import CHANGING
from ..common import ServiceContractCase

CONTRACTS = 12


@tagged("post_install", "-at_install")
class TestForecast(ServiceContractCase):
    def _forecast(self, contracts, today="2026-01-01"):
        """Run the nightly job of a day, and return {contract: [(date, amount)]}."""
        with (
            freeze_time(today),
            patch.object(type(self.env["ir.cron"]), "_commit_progress"),
        ):
            self.env["service.contract"]._cron_update_forecasts()
        return {contract: self._list_forecast(contract) for contract in contracts}

    def _list_forecast(self, contract, name="amount"):
        rows = contract.forecast_ids.sorted(lambda row: (row.date, row.id))
        return [(row.date.isoformat(), row[name]) for row in rows]

    def test_months(self):
        contract = self._create_contract()
        self.assertTrue(contract.forecast_is_stale)
        rows = self._forecast(contract)[contract]
        # The rest of this month, and the twelve that follow.
        self.assertEqual(
            rows,
            [
                *((f"2026-{month:02}-01", 100) for month in range(1, 13)),
                ("2027-01-01", 100),
            ],
        )
        self.assertFalse(contract.forecast_is_stale)
        self.assertEqual(str(contract.forecast_until), "2027-01-31")
        row = contract.forecast_ids[0]
        self.assertEqual(row.company_id, self.company)
        self.assertEqual(row.partner_id, self.customer)
        self.assertEqual(row.kind, "agreed")

    def test_only_what_changed(self):
        contract, other = self._create_contract(), self._create_contract()
        self._forecast(contract)
        kept = other.forecast_ids
        line = contract.line_ids
        self._change_price(line, {"amount": 2400}, self._day("2026-07-01"), "manual")
        self.env.flush_all()
        self.assertTrue(contract.forecast_is_stale)
        self.assertFalse(other.forecast_is_stale)
        rows = self._forecast(contract, "2026-01-02")[contract]
        self.assertEqual([amount for _day, amount in rows], [100] * 6 + [200] * 7)
        self.assertEqual(other.forecast_ids, kept)
        contract._create_invoices(self._day("2026-02-01"))
        rows = self._forecast(contract, "2026-01-03")[contract]
        self.assertEqual(rows[0], ("2026-03-01", 100))
        self.assertEqual(other.forecast_ids, kept)

    def test_time_passes(self):
        """Months that were too far away come nearer."""
        contract = self._create_contract()
        self._forecast(contract)
        self.assertFalse(contract.forecast_is_stale)
        rows = self._forecast(contract, "2026-02-10")[contract]
        self.assertEqual(rows[-1], ("2027-02-01", 100))
        # What is over for good is left alone.
        draft = self._create_contract(activate=False)
        ended = self._create_contract(date_end="2026-01-31")
        ended._create_invoices(self._day("2026-02-01")).action_post()
        self._forecast(contract, "2026-02-11")
        ended.with_context(service_contract_change=CHANGING).state = "closed"
        self.env.flush_all()
        with freeze_time("2026-03-01"):
            until = ended._get_forecast_end(self._day("2026-03-01"))
            due = self.env["service.contract"].search(ended._get_forecast_domain(until))
        self.assertIn(contract, due)
        self.assertFalse(due & (ended | draft))

    def test_expected_renewals(self):
        contract = self._create_contract(
            date_start="2025-04-01",
            term_months=12,
            billing_months=3,
            renewal="automatic",
        )
        contract._create_invoices(self._day("2025-12-31"))
        forecast = self._forecast(contract)[contract]
        kinds = contract.forecast_ids.sorted("date").mapped("kind")
        self.assertEqual(
            forecast,
            [
                ("2026-01-01", 300),
                ("2026-04-01", 300),
                ("2026-07-01", 300),
                ("2026-10-01", 300),
                ("2027-01-01", 300),
            ],
        )
        self.assertEqual(kinds, ["agreed", *["renewal"] * 4])
        # And so it comes.
        with freeze_time("2026-03-01"):
            contract._renew()
        self.assertEqual(self._invoice(contract, "2027-01-31"), forecast)
        # Notice is given, or it is renewed by hand only: nothing is expected.
        other = self._create_contract(
            date_end="2026-03-31", term_months=12, renewal="automatic"
        )
        other.renewal = "manual"
        self.assertEqual(len(self._forecast(other)[other]), 3)

    def test_other_dates(self):
        """Invoices that are dated by the run, some days ahead."""
        contract = self._create_contract(
            billing_months=12,
            date_start="2026-03-20",
            billing_anchor="anniversary",
            invoice_dating="run",
            invoice_ahead_days=30,
        )
        rows = self._forecast(contract)[contract]
        self.assertEqual(rows, [("2026-02-18", 1200)])
        rows = self._forecast(contract, "2026-03-02")[contract]
        contract.invoice_ahead_days = 31
        rows = self._forecast(contract, "2026-03-02")[contract]
        self.assertEqual(rows, [("2026-03-02", 1200), ("2027-02-17", 1200)])

    def test_currencies(self):
        foreign = self.env["res.currency"].create(
            {
                "name": "TCU",
                "symbol": "t",
                "rate_ids": [Command.create({"name": "2026-01-01", "rate": 2})],
            }
        )
        contract = self._create_contract(currency_id=foreign.id, billing_months=12)
        self._forecast(contract)
        row = contract.forecast_ids[0]
        self.assertEqual((row.amount, row.company_amount), (1200, 600))
        self.assertEqual(row.currency_id, foreign)
        self.assertEqual(row.company_currency_id, self.company.currency_id)

    def test_untaxed(self):
        """Prices with tax are forecast without it, as the invoice will have them."""
        tax = self._create_tax("20 % included", price_include_override="tax_included")
        contract = self._create_contract(
            lines=[
                {
                    "name": "Care",
                    "value": 1000,
                    "tax_ids": [Command.set(tax.ids)],
                },
                {"name": "Untaxed", "value": 120},
            ]
        )
        forecast = self._forecast(contract)[contract]
        self.assertEqual(forecast[0], ("2026-01-01", 79.44))
        self.assertEqual(self._invoice(contract, "2026-01-31"), forecast[:1])

    def test_payers(self):
        """Who begins to pay in the middle of a period gets an invoice of their own."""
        contract = self._create_contract(billing_months=12)
        contract._transfer_to_payer(self.neighbour, self._day("2026-07-01"), "Sold")
        rows = self._forecast(contract)[contract]
        self.assertEqual(sum(amount for _day, amount in rows[:2]), 1200)
        self.assertEqual(self._invoice(contract, "2026-12-31"), rows[:2])

    def test_after_service(self):
        """Invoices that wait for visits are forecast for when they are due."""
        contract = self._create_contract(
            billing_timing="arrears", invoice_after_service=True, billing_months=3
        )
        self.env["maintenance.visit"].create(
            {
                "partner_id": self.customer.id,
                "due_date": "2026-02-10",
                "service_contract_id": contract.id,
            }
        )
        self.assertFalse(contract._create_invoices(self._day("2026-03-31")))
        rows = self._forecast(contract, "2026-04-01")[contract]
        self.assertEqual(rows[:2], [("2026-03-31", 300), ("2026-06-30", 300)])

    def test_ended_and_archived(self):
        contract = self._create_contract()
        self._forecast(contract)
        contract._cancel(self._day("2025-12-31"), "Never began")
        with freeze_time("2026-01-02"):
            contract._update_states()
        contract.active = False
        self.assertEqual(self._forecast(contract, "2026-01-02")[contract], [])

    def test_nothing_to_come(self):
        contract = self._create_contract(billing_months=0)
        self.assertEqual(self._forecast(contract)[contract], [])
        self.assertFalse(contract.forecast_is_stale)

    def test_as_it_will_be_invoiced(self):
        """The forecast of a month is what a run up to its end will make."""
        dice = random.Random(5)
        contracts = self.env["service.contract"].union(
            *(self._create_at_random(dice) for _number in range(CONTRACTS))
        )
        for contract in contracts[::3]:
            contract._create_invoices(self._day("2026-02-10"))
        forecast = self._forecast(contracts, "2026-02-11")
        for month_end in ("2026-02-28", "2026-03-31", "2026-09-30", "2027-01-31"):
            for contract in contracts:
                with self.subTest(month_end=month_end, contract=contract.name):
                    due = [row for row in forecast[contract] if row[0] <= month_end]
                    moves = contract._create_invoices(self._day(month_end))
                    made = [
                        (day, amount if move.move_type == "out_invoice" else -amount)
                        for move in moves.sorted("invoice_date")
                        for day, amount in self._list(move)
                    ]
                    self.assertEqual(made, due)
                    forecast[contract] = forecast[contract][len(due) :]

    def _create_at_random(self, dice):
        contract = self._create_contract(
            *(
                dice.randrange(-9999, 99999) / 100
                for _line in range(dice.randint(1, 3))
            ),
            date_start=f"2026-01-{dice.randint(1, 31):02}",
            term_months=dice.choice([0, 0, 6, 12]),
            billing_months=dice.choice([1, 2, 3, 6, 12]),
            billing_timing=dice.choice(["prepaid", "arrears"]),
            billing_anchor=dice.choice(["calendar", "anniversary"]),
            renewal="none",
        )
        if dice.random() < 0.5:
            line = contract.line_ids[0]
            self._change_price(
                line,
                {"value": dice.randrange(99999) / 100},
                self._day(f"2026-{dice.randint(2, 6):02}-{dice.randint(1, 28):02}"),
                "manual",
            )
        return contract

    def test_one_that_fails(self):
        """The others of its slice are forecast, and it is tried again."""
        bad, good = self._create_contract(), self._create_contract()
        get_bills = type(bad)._plan_due_bills

        def fail(contracts, *args, **kwargs):
            if bad in contracts:
                raise ValueError("broken")
            return get_bills(contracts, *args, **kwargs)

        with (
            patch.object(type(bad), "_plan_due_bills", fail),
            self.assertLogs("odoo.addons.field_installed_base.jobs", "WARNING"),
        ):
            forecast = self._forecast(bad | good)
        self.assertEqual(len(forecast[good]), 13)
        self.assertEqual(forecast[bad], [])
        self.assertTrue(bad.forecast_is_stale)
        self.assertEqual(len(self._forecast(bad)[bad]), 13)

    def test_job(self):
        contract = self._create_contract()
        self._run_job("update_forecasts")
        self.assertTrue(contract.forecast_ids)

    def test_rights(self):
        self._set_up_users()
        contract = self._create_contract()
        self._forecast(contract)
        self.env.invalidate_all()
        for role in ("salesperson", "accountant", "dispatcher", "administrator"):
            with self.subTest(role):
                rows = self._as(role, self.env["service.contract.forecast"])
                found = rows.search([("contract_id", "=", contract.id)])
                self.assertEqual(sum(found.mapped("company_amount")), 1300)
        rows = self._as("other company", self.env["service.contract.forecast"])
        self.assertFalse(rows.search([("contract_id", "=", contract.id)]))
        for role in ("technician", "portal"):
            with self.subTest(role), self.assertRaises(AccessError):
                self._as(role, self.env["service.contract.forecast"]).search([])

    def test_queries_do_not_grow(self):
        def count(number):
            contracts = self.env["service.contract"].union(
                *(self._create_contract(600, 600) for _contract in range(number))
            )
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            contracts._update_forecast(self._day("2027-01-31"))
            self.env.flush_all()
            self.assertEqual(len(contracts.forecast_ids), 13 * number)
            return self.env.cr.sql_log_count - before

        count(1)
        self.assertLessEqual(count(9), count(3) + 1)

from unittest.mock import patch

from freezegun import freeze_time

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import Form, tagged

from odoo.addons.field_maintenance.tests.common import MaintenanceFixtures

from ..common import ServiceContractCase


class ProfitCase(MaintenanceFixtures, ServiceContractCase):
    """A dealer whose technicians cost 40 and 30 an hour, and a seal that costs 15."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.service_deferred_account_id = cls.deferred
        cls._set_up_plan()
        cls.company.service_analytic_plan_id = cls.plan
        cls.technician.hourly_cost = 40
        cls.colleague.hourly_cost = 30
        cls.seal = cls.env["product.product"].create(
            {"name": "Seal", "list_price": 25, "standard_price": 15}
        )
        cls.piece = cls._create_equipment(serial_number="S-1")
        cls.other_piece = cls._create_equipment(
            serial_number="B-1", product_id=cls.boiler.id
        )

    @classmethod
    def _create_year(cls, **vals):
        """Return a contract of 2026, 1,200 a year in advance, invoiced and posted."""
        vals = {
            "term_months": 12,
            "billing_months": 12,
            "is_deferred": True,
            "lines": [
                {"name": "Stove", "value": 1200, "installed_base_id": cls.piece.id}
            ],
            **vals,
        }
        contract = cls._create_contract(**vals)
        contract._create_invoices(cls._day("2026-01-01")).action_post()
        return contract

    def _recognize(self, until):
        rows = self.env["service.contract.deferral"]
        with patch.object(type(self.env["ir.cron"]), "_commit_progress"):
            return rows._recognize(self._day(until), self.company)

    @classmethod
    def _create_contract_visit(cls, contract, *pieces, **vals):
        """Return a planned visit of a contract."""
        return cls._create_planned_visit(
            service_contract_id=contract.id,
            line_ids=[
                Command.create({"installed_base_id": piece.id})
                for piece in pieces or [cls.piece]
            ],
            **vals,
        )

    @classmethod
    def _add_part(cls, visit, quantity=1, **vals):
        return cls.env["service.line"].create(
            {
                "visit_id": visit.id,
                "product_id": cls.seal.id,
                "quantity": quantity,
                "coverage": "contract",
                **vals,
            }
        )

    @classmethod
    def _add_time(cls, visit, start="07:00", end="09:00", **vals):
        return cls.env["maintenance.visit.time"].create(
            {
                "visit_id": visit.id,
                "technician_id": cls.technician.id,
                "date_start": f"2026-06-01 {start}:00",
                "date_end": f"2026-06-01 {end}:00",
                **vals,
            }
        )

    def _get_profit(self, contract, *groupby, **domain):
        """Return [(*group, invoiced, earned, to earn, cost, margin, margin %)]."""
        measures = ("invoiced", "earned", "deferred", "cost", "margin")
        rows = self.env["service.contract.profit"]._read_group(
            [
                ("contract_id", "in", contract.ids),
                *((name, "=", value) for name, value in domain.items()),
            ],
            list(groupby),
            [*(f"{name}:sum" for name in measures), "margin_percent:avg"],
        )
        return [
            tuple(
                round(value, 4) if isinstance(value, float | int) else value
                for value in row
            )
            for row in rows
        ]

    def _get_costs(self, visit):
        """Return [(name, quantity, amount)] of what is booked of visits."""
        self.env.flush_all()
        return [
            (line.name.split(": ")[-1], line.unit_amount, line.amount)
            for line in visit.service_cost_ids.sorted("id")
        ]


@tagged("post_install", "-at_install")
class TestVisitCosts(ProfitCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.contract = cls._create_contract()
        cls.account = cls.contract.analytic_account_id

    def test_parts_and_time(self):
        visit = self._create_contract_visit(self.contract)
        self._add_part(visit, 2)
        self._add_time(visit)
        self._add_time(visit, "06:30", "07:00", time_type="travel")
        self.assertFalse(visit.service_cost_ids)
        visit._finish()
        self.assertCountEqual(
            self._get_costs(visit),
            [
                ("Seal", 2, -30),
                ("Tom Technician", 2, -80),
                ("Tom Technician", 0.5, -20),
            ],
        )
        costs = visit.service_cost_ids
        self.assertEqual(costs.mapped(self.plan._column_name()), self.account)
        self.assertEqual(costs.company_id, self.company)
        self.assertEqual(costs.partner_id, self.customer)
        time = costs.filtered("service_time_id")
        self.assertEqual(set(time.mapped("date")), {self._day("2026-06-01")})
        self.assertEqual(time.user_id, self.users["technician"])
        self.assertEqual(time.product_uom_id, self.env.ref("uom.product_uom_hour"))
        self.assertEqual(costs.mapped("service_contract_id"), self.contract)

    def test_who_bears_the_cost(self):
        """The customer's share and a warranty cost the contract nothing, its own share
        does, ordered or not; labor is time."""
        visit = self._create_contract_visit(self.contract, duration=1)
        sold = self._add_part(visit, coverage="billable")
        self._add_part(visit, coverage="warranty")
        labor = self._add_part(visit, line_type="labor")
        visit._finish()
        time = ("Tom Technician", 1, -40)
        self.assertEqual(self._get_costs(visit), [time])
        part = self._add_part(visit, quantity=2, discount=25)
        self.assertEqual(part.price_subtotal + part.covered_amount, 2 * part.price_unit)
        half = ("Seal", 0.5, -7.5)
        self.assertCountEqual(self._get_costs(visit), [time, half])
        visit.action_create_order_lines()
        self.assertTrue(sold.is_ordered)
        self.assertCountEqual(self._get_costs(visit), [time, half])
        visit.sale_order_id._action_cancel()
        self.assertCountEqual(self._get_costs(visit), [time, half])
        labor.line_type = "cost"
        self.assertEqual(len(visit.service_cost_ids), 3)

    def test_visits_without_contract_cost_no_contract(self):
        visit = self._create_planned_visit()
        self._add_part(visit)
        visit._finish()
        self.assertFalse(visit.service_cost_ids)
        draft = self._create_contract(activate=False)
        visit.service_contract_id = draft
        self.assertFalse(visit.service_cost_ids)
        visit.service_contract_id = self.contract
        self.assertEqual(len(visit.service_cost_ids), 2)
        visit.service_contract_id = False
        self.assertFalse(visit.service_cost_ids)

    def test_corrections(self):
        visit = self._create_contract_visit(self.contract)
        part = self._add_part(visit)
        time = self._add_time(visit)
        visit._finish()
        booked = visit.service_cost_ids
        # Later prices do not change the past.
        self.seal.standard_price = 99
        self.technician.hourly_cost = 99
        part.quantity = 3
        time.date_end = "2026-06-01 08:00:00"
        self.assertEqual(
            self._get_costs(visit), [("Seal", 3, -45), ("Tom Technician", 1, -40)]
        )
        self.assertEqual(visit.service_cost_ids, booked)
        added = self._add_part(visit, product_id=self.pellets.id, quantity=4)
        self.assertEqual(self._get_costs(visit)[-1], ("Bag of pellets", 4, 0))
        self.pellets.standard_price = 6
        time.technician_id = self.colleague
        self.assertEqual(
            self._get_costs(visit),
            [
                ("Seal", 3, -45),
                ("Carla Colleague", 1, -30),
                # What had no cost yet takes it with the next correction.
                ("Bag of pellets", 4, -24),
            ],
        )
        added.unlink()
        part.coverage = "warranty"
        self.assertEqual(self._get_costs(visit), [("Carla Colleague", 1, -30)])

    def test_idempotent(self):
        visit = self._create_contract_visit(self.contract)
        self._add_part(visit)
        visit._finish()
        booked = visit.service_cost_ids
        visit._update_costs()
        self.assertEqual(visit.service_cost_ids, booked)
        visit.action_put_back()
        self.assertFalse(booked.exists())
        self.assertFalse(visit.service_cost_ids)
        visit._finish()
        self.assertEqual(len(visit.service_cost_ids), 2)

    def test_without_recorded_times(self):
        """From start to done; a visit that nobody started lasts as planned."""
        crew = self.technician | self.colleague
        visit = self._create_contract_visit(
            self.contract, technician_ids=[Command.set(crew.ids)], duration=1.5
        )
        visit._finish()
        self.assertCountEqual(
            self._get_costs(visit),
            [("Tom Technician", 1.5, -60), ("Carla Colleague", 1.5, -45)],
        )
        visit = self._create_contract_visit(self.contract, start="2026-06-02 07:00:00")
        with freeze_time("2026-06-02 07:00:00"):
            visit.action_start()
        with freeze_time("2026-06-02 10:00:00"):
            visit._finish()
        self.assertEqual(self._get_costs(visit), [("Tom Technician", 3, -120)])
        # Times that are typed afterwards are better.
        time = self._add_time(visit)
        self.assertEqual(self._get_costs(visit), [("Tom Technician", 2, -80)])
        time.unlink()
        self.assertEqual(self._get_costs(visit), [("Tom Technician", 3, -120)])

    def test_running_clock_stops_and_counts(self):
        visit = self._create_contract_visit(self.contract)
        with freeze_time("2026-06-01 07:00:00"):
            visit.action_start_work()
        with freeze_time("2026-06-01 08:30:00"):
            visit._finish()
        self.assertEqual(self._get_costs(visit), [("Tom Technician", 1.5, -60)])

    def test_visits_done_together_share_the_time(self):
        other = self._create_contract()
        main = self._create_contract_visit(self.contract, duration=3)
        absorbed = self._create_contract_visit(
            other, self.other_piece, start=False, duration=1
        )
        main._absorb(absorbed)
        self._add_time(main, "07:00", "11:00")
        main._finish()
        self.assertEqual(self._get_costs(main), [("Tom Technician", 3, -120)])
        self.assertEqual(self._get_costs(absorbed), [("Tom Technician", 1, -40)])

    def test_day_of_the_site(self):
        visit = self._create_contract_visit(self.contract)
        self._add_time(visit, "22:30", "23:00")
        visit._finish()
        self.assertEqual(visit.service_cost_ids.date, self._day("2026-06-02"))

    def test_account_is_made_when_it_is_needed(self):
        self.company.service_analytic_plan_id = False
        contract = self._create_contract()
        self.assertFalse(contract.analytic_account_id)
        visit = self._create_contract_visit(contract)
        visit._finish()
        self.assertFalse(visit.service_cost_ids)
        self.company.service_analytic_plan_id = self.plan
        visit._update_costs()
        self.assertEqual(len(visit.service_cost_ids), 1)
        self.assertTrue(contract.analytic_account_id)

    def test_technician_books_what_he_may_not_see(self):
        self.contract.discount_ids = [
            Command.create({"line_type": "part", "discount": 100})
        ]
        visit = self._create_contract_visit(self.contract)
        self.env.flush_all()
        self.env.invalidate_all()
        own = self._as("technician", visit)
        own.env["service.line"].create(
            {"visit_id": visit.id, "product_id": self.seal.id}
        )
        own._finish()
        self.env.invalidate_all()
        self.assertEqual(len(visit.service_cost_ids), 2)
        with self.assertRaises(AccessError):
            own.read(["service_cost_ids"])
        with self.assertRaises(AccessError):
            own.env["account.analytic.line"].search([])
        with self.assertRaises(AccessError):
            self._as("technician", self.technician).read(["hourly_cost"])

    def test_queries_do_not_grow(self):
        def finish(count):
            visits = self.env["maintenance.visit"].union(
                *(
                    self._create_contract_visit(self._create_contract())
                    for _visit in range(count)
                )
            )
            for visit in visits:
                self._add_part(visit)
                self._add_time(visit)
            # What is measured is the cost alone: the state is set beneath it.
            self.env.flush_all()
            self.env.cr.execute(
                "UPDATE maintenance_visit SET state = 'done' WHERE id IN %s",
                (tuple(visits.ids),),
            )
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            visits._update_costs()
            self.env.flush_all()
            self.assertEqual(len(visits.service_cost_ids), 2 * count)
            return self.env.cr.sql_log_count - before

        finish(1)
        self.assertLessEqual(finish(9), finish(3) + 1)


@tagged("post_install", "-at_install")
class TestProfit(ProfitCase):
    def test_by_hand(self):
        """1,200 a year in advance, earned to March; a visit of 2 h at 40 and a seal
        for 15."""
        contract = self._create_year()
        self._recognize("2026-03-31")
        visit = self._create_contract_visit(contract)
        self._add_part(visit)
        self._add_time(visit)
        visit._finish()
        self.assertEqual(
            self._get_profit(contract), [(1200, 300, 900, 95, 205, 0.6833)]
        )
        months = self._get_profit(contract, "date:month", source="deferral")
        self.assertEqual([row[2] for row in months], [100] * 3 + [0] * 9)
        self.assertEqual([row[3] for row in months], [0] * 3 + [100] * 9)
        self.assertEqual(
            self._get_profit(contract, "source"),
            [
                ("deferral", 0, 300, 900, 0, 300, 1),
                ("invoice", 1200, 0, 0, 0, 0, 0),
                ("visit", 0, 0, 0, 95, -95, 0),
            ],
        )
        self.assertEqual(
            self._get_profit(contract, "group_id", "partner_id", "company_id")[0][1:3],
            (self.customer, self.company),
        )
        (row,) = self._get_profit(contract, "category_id", "installed_base_id")
        self.assertEqual(row[:2], (self.stoves, self.piece))
        (row,) = self._get_profit(contract, "contract_line_id")
        self.assertEqual(row[0], contract.line_ids)

    def test_same_figures_as_on_the_contract(self):
        contract = self._create_year()
        self._recognize("2026-02-28")
        (row,) = self._get_profit(contract)
        self.assertEqual(
            row[:3],
            (
                contract.invoiced_amount,
                contract.earned_amount,
                contract.deferred_amount,
            ),
        )

    def test_credit_note(self):
        """Cancelled to the end of September: 300 of it were to be earned, 50 of
        September are taken back (rule D3)."""
        contract = self._create_year()
        self._recognize("2026-09-30")
        contract._cancel(self._day("2026-09-15"), "Moved away")
        credit = contract.invoice_ids.filtered(lambda m: m.move_type == "out_refund")
        credit.invoice_date = "2026-09-15"
        credit.action_post()
        self.assertEqual(self._get_profit(contract), [(850, 850, 0, 0, 850, 1)])
        self.assertEqual(contract.earned_amount, 850)

    def test_drafts_and_cancelled_invoices_do_not_count(self):
        contract = self._create_contract()
        moves = contract._create_invoices(self._day("2026-02-01"))
        self.assertFalse(self._get_profit(contract, "contract_id"))
        moves.action_post()
        moves[0].button_cancel()
        self.assertEqual(self._get_profit(contract), [(100, 100, 0, 0, 100, 1)])

    def test_lines_and_equipment(self):
        """What a visit costs is spread over its equipment; a part belongs to one."""
        contract = self._create_contract(
            lines=[
                {"name": "Stove", "value": 600, "installed_base_id": self.piece.id},
                {
                    "name": "Boiler",
                    "value": 1200,
                    "installed_base_id": self.other_piece.id,
                },
                {"name": "Office", "value": 120},
            ]
        )
        contract._create_invoices(self._day("2026-01-01")).action_post()
        visit = self._create_contract_visit(contract, self.piece, self.other_piece)
        boiler_line = visit.line_ids.filtered(
            lambda line: line.installed_base_id == self.other_piece
        )
        self._add_part(visit, visit_line_id=boiler_line.id)
        self._add_time(visit)
        visit._finish()
        by_category = {
            row[0]: row[1:] for row in self._get_profit(contract, "category_id")
        }
        self.assertEqual(by_category[self.stoves], (50, 50, 0, 40, 10, 0.2))
        self.assertEqual(by_category[self.boilers], (100, 100, 0, 55, 45, 0.45))
        self.assertEqual(by_category[self.stoves.browse()], (10, 10, 0, 0, 10, 1))
        rows = self.env["service.contract.profit"].search(
            [("contract_id", "=", contract.id)]
        )
        self.assertEqual(len(rows), 6)
        self.assertEqual(sum(rows.mapped("cost")), 95)

    def test_other_costs(self):
        """A bill and a line by hand on the account cost; revenue on it is no cost."""
        contract = self._create_contract()
        distribution = {str(contract.analytic_account_id.id): 100}
        bill = self._create_invoice(
            {
                "name": "Chimney sweep",
                "price_unit": 70,
                "tax_ids": [Command.clear()],
                "analytic_distribution": distribution,
            },
            move_type="in_invoice",
        )
        self._create_invoice(
            {
                "name": "Firewood",
                "price_unit": 500,
                "tax_ids": [Command.clear()],
                "analytic_distribution": distribution,
            }
        )
        self.env["account.analytic.line"].create(
            {
                "name": "Parking",
                "amount": -5,
                "date": "2026-03-10",
                self.plan._column_name(): contract.analytic_account_id.id,
            }
        )
        contract._create_invoices(self._day("2026-01-01")).action_post()
        self.assertEqual(
            self._get_profit(contract, "move_id"),
            [
                (bill, 0, 0, 0, 70, -70, 0),
                (contract.invoice_ids, 100, 100, 0, 0, 100, 1),
                (bill.browse(), 0, 0, 0, 5, -5, 0),
            ],
        )

    def test_currencies(self):
        """A contract in another currency counts in the company's."""
        foreign = self.env["res.currency"].create(
            {
                "name": "TCU",
                "symbol": "t",
                "rate_ids": [Command.create({"name": "2026-01-01", "rate": 2})],
            }
        )
        contract = self._create_year(currency_id=foreign.id)
        self._recognize("2026-01-31")
        self.assertEqual(self._get_profit(contract), [(600, 50, 550, 0, 50, 1)])
        (row,) = self._get_profit(contract, "currency_id")
        self.assertEqual(row[0], self.company.currency_id)

    def test_page(self):
        contract = self._create_year()
        self._recognize("2026-03-31")
        for role in ("accountant", "administrator"):
            with self.subTest(role):
                self.env.invalidate_all()
                own = self._as(role, contract)
                form = Form(own)
                self.assertIn("2026", form.profit_table)
                self.assertRegex(form.profit_table, r"1,200.00(.|\n)*300.00")
                self.assertIn("100.0", form.profit_table)
                action = own.action_view_profit()
                found = own.env["service.contract.profit"].search(action["domain"])
                self.assertEqual(found.contract_id, own)
        self.assertNotIn("not counted", contract.profit_table)
        draft = self._create_contract(activate=False)
        self.assertFalse(draft.profit_table)
        self.company.service_analytic_plan_id = False
        other = self._create_year(lines=[{"name": "Office", "value": 120}])
        self.assertIn("not counted", other.profit_table)

    def test_page_costs_one_query(self):
        contracts = self._create_year() | self._create_contract()
        contracts |= self._create_year(lines=[{"name": "Office", "value": 120}])

        def count(records):
            self.env.invalidate_all()
            records.mapped("company_currency_id.symbol")
            records.mapped("analytic_account_id")
            before = self.env.cr.sql_log_count
            records.mapped("profit_table")
            return self.env.cr.sql_log_count - before

        count(contracts)
        self.assertEqual(count(contracts), count(contracts[:1]))

    def test_companies(self):
        contract = self._create_year()
        self._set_up_foreign_user()
        self.env.invalidate_all()
        profits = self.env["service.contract.profit"].with_user(self.foreign_user)
        profits = profits.with_context(allowed_company_ids=self.other_company.ids)
        self.assertFalse(profits.search([("contract_id", "=", contract.id)]))
        profits = self._as("accountant", self.env["service.contract.profit"])
        self.assertTrue(profits.search([("contract_id", "=", contract.id)]))

    def _set_up_foreign_user(self):
        self.foreign_user = self._create_user(
            "sc_foreign_accountant",
            "account.group_account_invoice",
            company_id=self.other_company.id,
        )

"""The sums by month are what is booked, whatever happens in between."""

# What people write is not translated.
# pylint: disable=translation-required
import contextlib
import random
from unittest.mock import patch

from psycopg2.extras import Json

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command, Domain
from odoo.tests import tagged

from odoo.addons.field_installed_base.tests.common import AtOnceCase

from .test_profit import ProfitCase

MEASURES = ("invoiced", "earned", "deferred", "cost", "margin")
SUMS = [*(f"{name}:sum" for name in MEASURES), "margin_percent:avg", "__count"]
# Only what is booked knows the number of a row.
BOOKED = Domain("id", "!=", 0)


@tagged("post_install", "-at_install")
class TestProfitMonths(ProfitCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.profit = cls.env["service.contract.profit"]
        cls.groups = cls.env["service.contract.group"].create(
            [{"name": "Bakeries"}, {"name": "Hotels"}]
        )
        cls.expense = cls.env["account.account"].create(
            {"name": "Costs", "code": "XCOST", "account_type": "expense"}
        )
        cls.third_piece = cls._create_equipment(serial_number="T-1")
        cls.contracts = cls._create_year(
            lines=[
                {"value": 1200, "installed_base_id": piece.id}
                for piece in (cls.piece, cls.other_piece)
            ]
        )
        cls.contracts |= cls._create_year() | cls._create_year(date_start="2025-11-10")
        # Neither deferred nor with an account.
        cls.company.service_analytic_plan_id = False
        cls.contracts |= cls._create_year(is_deferred=False)
        cls.visit = cls._create_contract_visit(
            cls.contracts[0], cls.piece, cls.other_piece
        )
        cls.part = cls._add_part(cls.visit)
        for contract in cls.contracts[:3]:
            cls._book(contract, "2026-02-10", 50)
        cls._book(cls.contracts[0], "2026-03-10", 70, visit=True)
        cls._book(cls.contracts[0], "2026-03-11", 80, visit=True, part=True)
        cls.env.flush_all()

    @classmethod
    def _book(cls, contract, day, amount, visit=False, part=False):
        """Book a cost, of the visit or of nothing in particular."""
        vals = {"service_contract_id": contract.id, "service_visit_id": cls.visit.id}
        return cls.env["account.analytic.line"].create(
            {
                "name": "Cost",
                "date": day,
                "amount": -amount,
                "general_account_id": cls.expense.id,
                cls.plan._column_name(): contract.analytic_account_id.id,
                **(vals if visit else {}),
                **({"service_line_id": cls.part.id} if part else {}),
            }
        )

    def _check(self, *domains):
        """Compare what the sums say with what is booked."""
        for domain in domains or (Domain.TRUE,):
            for groupby in (
                [],
                ["date:month"],
                ["date:quarter", "source"],
                ["company_id", "group_id"],
            ):
                booked = self.profit._read_group(domain & BOOKED, groupby, SUMS)
                answer = self.profit._read_group(domain, groupby, SUMS)
                self.assertEqual(self._round(answer), self._round(booked))

    def _round(self, rows):
        """Return rows to the cent. What there is none of is none, not nothing."""
        return [
            tuple(round(v or 0, 4) if isinstance(v, float | int) else v for v in row)
            for row in rows
        ]

    def _count_facts(self, domain=Domain.TRUE):
        """Return how often one question reads what is booked."""
        run, asked = type(self.env.cr).execute, []

        def execute(cursor, query, *args, **kwargs):
            asked.append("service_contract_deferral deferral" in str(query))
            return run(cursor, query, *args, **kwargs)

        with patch.object(type(self.env.cr), "execute", execute):
            self.profit._read_group(domain, ["date:month"], SUMS)
        return sum(asked)

    def test_sums_answer(self):
        """Where nothing changed since, nothing that is booked is read."""
        self.profit._update_months()
        self.assertFalse(self.profit._get_stale_months())
        self.assertEqual(self._count_facts(), 0)
        self.assertEqual(self._count_facts(Domain("date", ">=", "2026-02-01")), 1)
        self.assertEqual(self._count_facts(Domain("source", "=", "visit")), 0)
        self._check()

    def test_days_within_a_month(self):
        self.profit._update_months()
        for day in ("2026-02-01", "2026-02-10", "2026-02-28", "2026-01-31"):
            for operator in ("<", "<=", ">", ">=", "=", "!="):
                self._check(Domain("date", operator, day))
        self._check(
            Domain("date", ">", "2026-01-15") & Domain("date", "<=", "2026-03-10"),
            Domain("date", "=", False),
            Domain("date", "<", "today -1m"),
            ~Domain("date", "<", "2026-02-10"),
            Domain("group_id", "=", False) | Domain("date", "<", "2026-02-20"),
        )

    def test_what_sums_do_not_know(self):
        """Neither customers, equipment nor single days have sums."""
        self.profit._update_months()
        for groupby in ("partner_id", "contract_id", "date:day", "category_id"):
            read = self.profit._read_group([], [groupby], SUMS)
            booked = self.profit._read_group(BOOKED, [groupby], SUMS)
            self.assertEqual(read, booked)
        own = Domain("contract_id", "=", self.contracts[0].id)
        self._check(own, own & Domain("date", "<", "2026-02-10"))
        # Nor does a rule of the company's own ask them.
        self.env["ir.rule"].create(
            {
                "name": "Own contracts",
                "model_id": self.env["ir.model"]._get_id(self.profit._name),
                "domain_force": f"[('contract_id', '=', {self.contracts[0].id})]",
            }
        )
        profit = self._as("accountant", self.profit)
        self.assertEqual(
            profit._read_group([], [], ["margin:sum"]),
            self.profit._read_group(own, [], ["margin:sum"]),
        )

    def test_groups_as_shown(self):
        """Screens get the same groups, by one question or several."""
        whole = self.profit.formatted_read_grouping_sets(
            BOOKED, [[], ["group_id"], ["group_id", "date:month"]], SUMS
        )
        self.profit._update_months()
        answer = self.profit.formatted_read_grouping_sets(
            [], [[], ["group_id"], ["group_id", "date:month"]], SUMS
        )
        for rows in (whole, answer):
            for row in rows[0] + rows[1] + rows[2]:
                row.pop("__extra_domain")
                for name, value in row.items():
                    row[name] = round(value, 4) if isinstance(value, float) else value
        self.assertEqual(answer, whole)
        # What comes back knows nothing of where it is from.
        [(company, *_sums)] = self.profit._read_group(
            Domain("company_id", "=", self.company.id), ["company_id"], SUMS
        )
        self.assertEqual(company.env, self.env)

    def test_companies(self):
        user = self._create_user(
            "sc_foreign_accountant",
            "account.group_account_invoice",
            company_id=self.other_company.id,
        )
        self.profit._update_months()
        foreign = self.profit.with_user(user)
        foreign = foreign.with_context(allowed_company_ids=self.other_company.ids)
        accountant = self._as("accountant", self.profit)
        for profit, seen in ((foreign, False), (accountant, True)):
            [(count,)] = profit._read_group([], [], ["__count"])
            [(booked,)] = profit._read_group(BOOKED, [], ["__count"])
            self.assertEqual(count, booked)
            self.assertEqual(bool(count), seen)

    def test_each_change_leaves_its_mark(self):
        """Also where the database alone makes it: no row is added, changed or deleted
        without the month being counted anew."""
        contract = self.contracts[0]
        line = self.contracts[-1].invoice_ids.invoice_line_ids
        cost = self.visit.service_cost_ids[:1]
        january, march = map(self._day, ("2026-01-01", "2026-03-01"))
        deferred = self.env["service.contract.deferral"].search(
            [("contract_id", "=", contract.id), ("date", "=", "2026-03-31")], limit=1
        )
        booked = {january, *map(self._get_month, self._get_deferred(contract))}
        booked |= set(map(self._get_month, self._get_costs()))
        for row, copied, change, months in (
            (line, {"service_live_start": None}, "balance = -7", {january}),
            (deferred, {}, "move_id = NULL, amount = 7", {march}),
            (
                cost,
                {"service_line_id": None, "service_visit_id": None},
                "amount = 7",
                {march},
            ),
            (
                self.visit.line_ids[0],
                {"installed_base_id": self.third_piece.id},
                "installed_base_id = NULL, description = 'Chimney'",
                {march},
            ),
            (
                contract,
                {"access_token": None, "name": "Copy"},
                f"group_id = {self.groups[0].id}",
                None,
            ),
        ):
            with self.subTest(row._name):
                self._check_marks(row, copied, change, months, booked)

    def _check_marks(self, row, copied, change, months, booked):
        """Insert a copy of a row, change and delete it.

        :param dict copied: what the copy has instead
        :param str change: what is written, as SQL
        :param months: which are marked, None for some of those in which anything is
            booked
        """
        cr = self.env.cr
        self.profit._update_months()
        cr.execute(
            f"INSERT INTO {row._table} SELECT (jsonb_populate_record(row, %s "
            f"|| jsonb_build_object('id', nextval('{row._table}_id_seq')))).* "
            f"FROM {row._table} row WHERE id = %s RETURNING id",
            [Json(copied), row.id],
        )
        [new] = cr.fetchone()
        for statement in (
            None,
            f"UPDATE {row._table} SET {change} WHERE id = {new}",
            f"DELETE FROM {row._table} WHERE id = {new}",
        ):
            if statement:
                self.profit._update_months()
                cr.execute(statement)
            found = self.profit._get_stale_months()
            if months is None:
                self.assertTrue(found and found <= booked, statement)
            else:
                self.assertEqual(found, months, statement)
            self.env.invalidate_all()
            self._check()

    def _get_month(self, record):
        return fields.Date.start_of(record.date, "month")

    def _get_deferred(self, contract):
        return self.env["service.contract.deferral"].search(
            [("contract_id", "=", contract.id)]
        )

    def test_other_changes_leave_no_mark(self):
        """A payment, a run or a done visit changes nothing that is counted."""
        self.profit._update_months()
        for row, change in (
            (self.contracts.invoice_ids.line_ids, "amount_residual = 0"),
            (self._get_deferred(self.contracts[0]), "write_date = now()"),
            (self.visit.line_ids, "work_done = 'Swept'"),
            (self.contracts, "invoiced_until = '2027-12-31'"),
            (self.expense, "name = name"),
        ):
            query = f"UPDATE {row._table} SET {change} WHERE id = ANY (%s)"
            self.env.cr.execute(query, [row.ids])
        self.assertFalse(self.profit._get_stale_months())

    def test_plans_of_costs(self):
        """Which accounts are whose may change for every cost at once."""
        part, whole, other = self.env["account.analytic.plan"].create(
            [{"name": "Sites"}, {"name": "Projects"}, {"name": "Teams"}]
        )
        self.env.flush_all()
        for change in (lambda: part.write({"parent_id": whole.id}), other.unlink):
            self.profit._update_months()
            change()
            self.env.flush_all()
            self.assertIn(None, self.profit._get_stale_months())

    def test_recalculated(self):
        """An administrator may begin anew, whatever is wrong with the sums."""
        self.profit._update_months()
        query = "UPDATE service_contract_profit_month SET earned = 1, facts = 1"
        self.env.cr.execute(query)
        action = self.env.ref(
            "field_service_contract.service_contract_profit_rebuild_action"
        )
        with self.assertRaises(AccessError):
            self._as("accountant", action.sudo(False)).run()
        self._as("administrator", action.sudo(False)).run()
        self.assertFalse(self.profit._get_stale_months())
        self._check()

    def test_whatever_happens(self):
        draw = random.Random(15)
        changes = [
            getattr(self, name) for name in dir(self) if name.startswith("_event_")
        ]
        done = set()
        for number in range(7 * len(changes)):
            change = changes[number % len(changes)]
            with self.subTest(number=number, change=change.__name__):
                # Refused, as when what is recognised would be billed otherwise.
                with contextlib.suppress(UserError), self.env.cr.savepoint():
                    change(draw)
                    self.env.flush_all()
                    done.add(change)
                self._check()
            if draw.random() < 0.7:
                self.profit._update_months()
                self._check()
        self.assertEqual({change.__name__ for change in set(changes) - done}, set())

    def _get_costs(self):
        return self.env["account.analytic.line"].search(
            [("name", "=", "Cost")], order="id"
        )

    def _event_cost(self, draw):
        costs = self._get_costs()
        day = fields.Date.add(self._day("2025-12-20"), days=draw.randint(0, 90))
        draw.choice(costs).write({"date": day, "amount": -draw.randint(1, 99)})

    def _event_costs_there_are(self, draw):
        contract = draw.choice(self.contracts[:3])
        is_part = draw.random() < 0.3
        self._book(contract, "2026-02-12", draw.randint(1, 99), visit=is_part)

    def _event_cost_away(self, draw):
        cost = draw.choice(self._get_costs()[2:])
        if draw.random() < 0.5:
            cost.unlink()
        else:
            # As the database does to what belongs to what is deleted.
            query = "DELETE FROM account_analytic_line WHERE id = %s"
            self.env.cr.execute(query, [cost.id])
            self.env.invalidate_all()

    def _event_cost_account(self, draw):
        """An expense of another account is none, or one again."""
        if draw.random() < 0.5:
            is_expense = self.expense.account_type == "expense"
            self.expense.account_type = "asset_current" if is_expense else "expense"
        else:
            account = draw.choice(self.contracts[:3]).analytic_account_id
            cost = draw.choice(self._get_costs())
            cost[self.plan._column_name()] = account

    def _event_invoice(self, draw):
        invoice = draw.choice(draw.choice(self.contracts).invoice_ids)
        if invoice.state == "posted":
            invoice.button_draft()
        elif draw.random() < 0.7:
            invoice.action_post()
        else:
            invoice.invoice_date = fields.Date.add(invoice.invoice_date, days=20)

    def _event_recognized(self, draw):
        self._recognize(draw.choice(("2026-01-31", "2026-02-28", "2026-04-30")))

    def _event_unrecognized(self, draw):
        moves = self.env["service.contract.deferral"].search(
            [("contract_id", "in", self.contracts.ids), ("move_id", "!=", False)]
        )
        move = draw.choice(moves.move_id) if moves else moves.move_id
        if not move:
            raise UserError("None")
        move.button_draft()
        move.unlink()

    def _event_group(self, draw):
        group = draw.choice([self.groups[0], self.groups[1], self.groups.browse()])
        draw.choice(self.contracts).group_id = group

    def _event_contract_account(self, draw):
        first, second = draw.sample(list(self.contracts[:3]), 2)
        first.analytic_account_id = second.analytic_account_id

    def _event_contracts_there_are(self, draw):
        """A contract on an account that costs were booked on, and gone again."""
        account = draw.choice(self.contracts[:3]).analytic_account_id
        draft = self._create_contract(activate=False, analytic_account_id=account.id)
        self.env.flush_all()
        self._check()
        if draw.random() < 0.5:
            draft.unlink()

    def _event_pieces(self, draw):
        """One cost is a row for each piece."""
        lines = self.visit.line_ids
        pieces = self.piece | self.other_piece | self.third_piece
        others = pieces - lines.installed_base_id
        if len(lines) > 1 and draw.random() < 0.4:
            draw.choice(lines).unlink()
        elif not others:
            lines[0].write({"installed_base_id": False, "description": "Chimney"})
        elif draw.random() < 0.5:
            self.visit.line_ids = [Command.create({"installed_base_id": others[0].id})]
        else:
            lines[0].installed_base_id = others[0]

    def _event_part(self, draw):
        line = draw.choice([*self.visit.line_ids, self.visit.line_ids.browse()])
        self.part.visit_line_id = line


@tagged("post_install", "-at_install")
class TestProfitMonthsAtOnce(AtOnceCase):
    def _remove(self):
        self.first["account.analytic.line"].search([("name", "=", "At once")]).unlink()
        self.first["service.contract.profit"]._update_months()

    def _book(self, env):
        """Return the first day of the month in which a cost is booked."""
        env["account.analytic.line"].create(
            {
                "name": "At once",
                "date": "2019-05-20",
                "amount": -1,
                "account_id": env["account.analytic.account"].search([], limit=1).id,
            }
        )
        env.flush_all()
        return fields.Date.to_date("2019-05-01")

    def test_marks_of_others_stay(self):
        """Who sums up does not take away what he does not see."""
        sums = self.first["service.contract.profit"]
        sums._update_months()
        self.first.cr.commit()
        month = self._book(self.second)
        # Begins before the other ends, and has something to do in the same month.
        self._book(self.first)
        self.first.cr.commit()
        self.assertIn(month, sums._get_stale_months())
        self.second.cr.commit()
        sums._update_months()
        self.first.cr.commit()
        self.assertIn(month, sums._get_stale_months())
        sums._update_months()
        self.first.cr.commit()
        self.assertNotIn(month, sums._get_stale_months())

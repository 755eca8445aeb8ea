"""What is kept of profit and loss is what would be computed, after every change."""

import random

from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import SQL

from ...context import CHANGING
from .test_profit import ProfitCase


@tagged("post_install", "-at_install")
class TestKeptProfit(ProfitCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.profit = cls.env["service.contract.profit"]
        cls.contract = cls._create_year()
        cls._keep()

    @classmethod
    def _keep(cls):
        cls.profit._keep(cls._get_marked().ids)

    @classmethod
    def _change_equipment(cls, contract, piece):
        changing = contract.with_context(service_contract_change=CHANGING)
        changing.line_ids[:1].installed_base_id = piece

    @classmethod
    def _get_marked(cls):
        cls.env.flush_all()
        return cls.env["service.contract"].browse(
            contract_id
            for [contract_id] in cls.env.execute_query(
                SQL("SELECT DISTINCT contract_id FROM service_contract_profit_mark")
            )
        )

    def _check(self, message=""):
        """Compare what is read, and what is kept, with what is computed."""
        self.env.flush_all()
        computed = SQL(
            "SELECT * FROM (%s) AS fact ORDER BY id",
            self.profit._select_computed(SQL("ARRAY(SELECT id FROM service_contract)")),
        )
        expected = self.env.execute_query(computed)
        # The columns of what is kept come first.
        width = len(expected[0])
        read = self.env.execute_query(
            SQL("SELECT * FROM (%s) AS fact ORDER BY id", self.profit._table_query)
        )
        self.assertEqual([row[:width] for row in read], expected, message)
        self._keep()
        self.assertFalse(self._get_marked())
        kept = self.env.execute_query(
            SQL("SELECT * FROM service_contract_profit_kept ORDER BY id")
        )
        self.assertEqual(kept, expected, message)

    def test_nothing_marks_nothing(self):
        self.assertFalse(self._get_marked())
        self.contract.name = "Another name"
        self.contract.invoice_ids.invoice_line_ids.name = "Another text"
        self.assertFalse(self._get_marked())

    def test_each_source(self):
        """Whatever is counted marks the contract, and no other."""
        self._create_contract(name="SC-OTHER")
        visit = self._create_contract_visit(self.contract, self.piece)
        part = self._add_part(visit)
        visit._finish()
        self._keep()
        group = self.env["service.contract.group"].create({"name": "Dealers"})
        parking = {
            "name": "Parking",
            "amount": -5,
            "date": "2026-03-10",
            self.plan._column_name(): self.contract.analytic_account_id.id,
        }
        costs = self.env["account.analytic.line"]
        steps = {
            "a cost by hand": lambda: costs.create(parking),
            "its amount": lambda: costs.search([("name", "=", "Parking")]).write(
                {"amount": -7}
            ),
            "its end": lambda: costs.search([("name", "=", "Parking")]).unlink(),
            "the group": lambda: self.contract.write({"group_id": group.id}),
            "the equipment": lambda: self._change_equipment(
                self.contract, self.other_piece
            ),
            "a piece of the visit": lambda: visit.write(
                {
                    "line_ids": [
                        Command.create({"installed_base_id": self.other_piece.id})
                    ]
                }
            ),
            "the piece of a part": lambda: part.write(
                {"visit_line_id": visit.line_ids[-1].id}
            ),
            "recognition": lambda: self._recognize("2026-03-31"),
            "a credit note": lambda: self._reverse(self.contract.invoice_ids),
            "deleted by SQL": lambda: self.env.cr.execute(
                "DELETE FROM account_analytic_line WHERE service_line_id = %s",
                [part.id],
            ),
        }
        for name, step in steps.items():
            with self.subTest(name):
                step()
                self.assertEqual(self._get_marked(), self.contract, name)
                self._check(name)

    def test_type_of_account(self):
        """A cost on an account that is none of expense any more counts no longer."""
        bill = self._create_invoice(
            {
                "name": "Chimney sweep",
                "price_unit": 70,
                "tax_ids": [Command.clear()],
                "analytic_distribution": {
                    str(self.contract.analytic_account_id.id): 100
                },
            },
            move_type="in_invoice",
        )
        self._check()
        self.assertEqual(self._get_profit(self.contract, "source")[-1][4], 70)
        bill.invoice_line_ids.account_id.account_type = "asset_current"
        self.assertIn(self.contract, self._get_marked())
        self._check()
        self.assertNotIn("other", dict(self._get_sources()))

    def _reverse(self, invoices):
        wizard = self.env["account.move.reversal"].with_context(
            active_model="account.move", active_ids=invoices.ids
        )
        wizard.create({"journal_id": invoices.journal_id.id}).refund_moves()
        invoices.reversal_move_ids.action_post()

    def _get_sources(self):
        return self.profit._read_group(
            [("contract_id", "=", self.contract.id)], ["source"], ["cost:sum"]
        )

    def test_rolled_back(self):
        with self.assertRaises(ZeroDivisionError), self.cr.savepoint():
            self._change_equipment(self.contract, self.other_piece)
            self.env.flush_all()
            raise ZeroDivisionError
        self.env.invalidate_all()
        self.assertFalse(self._get_marked())

    def test_rebuilt(self):
        """Whatever somebody did to what is kept, it can be made anew."""
        self.env.cr.execute("UPDATE service_contract_profit_kept SET earned = 1")
        self.profit._rebuild()
        self.assertEqual(
            self._get_profit(self.contract), [(1200, 0, 1200, 0, 0, False)]
        )
        self._check()

    def test_deleted_contract(self):
        draft = self._create_contract(activate=False)
        draft.analytic_account_id = self.contract.analytic_account_id.copy()
        self.assertEqual(self._get_marked(), draft)
        draft.unlink()
        self._check()

    def test_a_life(self):
        """Whatever happens in whatever order, what is read is what is so."""
        choose = random.Random(15)
        contracts = self.contract | self._create_contract() | self._create_contract()
        for contract in contracts[1:]:
            contract._create_invoices(self._day("2026-02-01")).action_post()
        visits = [
            self._create_contract_visit(contract, self.piece, self.other_piece)
            for contract in contracts
        ]
        parts = [self._add_part(visit) for visit in visits for _time in range(2)]
        for visit in visits:
            visit._finish()
        pieces = self.piece | self.other_piece
        months = [f"2026-{month:02}-28" for month in range(1, 13)]

        def move_part():
            part = choose.choice(parts)
            part.visit_line_id = choose.choice([False, *part.visit_id.line_ids])

        def swap_pieces(lines):
            # Both pieces are on the visit, or one of them.
            lines[1:].unlink()
            lines[:1].installed_base_id = choose.choice(pieces)

        steps = [
            move_part,
            lambda: choose.choice(parts).write({"quantity": choose.randint(1, 5)}),
            lambda: choose.choice(visits).write(
                {"service_contract_id": choose.choice(contracts).id}
            ),
            lambda: self._change_equipment(
                choose.choice(contracts), choose.choice(pieces)
            ),
            lambda: self._recognize(choose.choice(months)),
            lambda: swap_pieces(choose.choice(visits).line_ids),
            lambda: (
                choose.choice(contracts)
                ._create_invoices(self._day(choose.choice(months)))
                .action_post()
            ),
            self._keep,
        ]
        for number in range(40):
            choose.choice(steps)()
            if number % 4 == 3:
                self._check(f"after step {number}")

import importlib.util
from pathlib import Path
from unittest.mock import patch

from odoo import fields
from odoo.fields import Command

from odoo.addons.field_installed_base.tests.common import InstalledBaseCase

MIGRATIONS = Path(__file__).parents[1] / "migrations"


class ServiceContractCase(InstalledBaseCase):
    """A dealer who maintains what they sold: accounts, taxes, a template and customers
    with stoves."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_accounting()
        cls._set_up_contracts()

    @classmethod
    def _set_up_contracts(cls):
        accounts = cls.env["account.account"]
        cls.income = accounts.search(
            [("code", "=", "700100"), ("company_ids", "=", cls.company.id)]
        )
        cls.deferred, cls.care_income = accounts.create(
            [
                {
                    "name": "Contracts in advance",
                    "code": "493100",
                    "account_type": "liability_current",
                },
                {"name": "Contracts", "code": "704100", "account_type": "income"},
            ]
        )
        cls.general = cls.env["account.journal"].create(
            {"name": "Entries", "code": "TMISC", "type": "general"}
        )
        cls.care = cls.env["product.product"].create(
            {
                "name": "Stove care",
                "type": "service",
                "list_price": 1200,
                "standard_price": 700,
                "taxes_id": [Command.clear()],
                "property_account_income_id": cls.care_income.id,
            }
        )
        cls.group = cls.env["service.contract.group"].create({"name": "Test stoves"})
        cls.template = cls.env["service.contract.template"].create(
            {
                "name": "Stove care",
                "group_id": cls.group.id,
                "product_id": cls.care.id,
                "value_percent": 12,
                "billing_period": "1",
                "term_months": 0,
            }
        )
        for partner in cls.customer | cls.neighbour:
            partner.street = "Station Road 1"

    @classmethod
    def _set_up_plan(cls):
        """Make an analytic plan: not for all, as fields of it come and go with it."""
        cls.plan = cls.env["account.analytic.plan"].create({"name": "Test contracts"})

    def _count(self, function):
        """Return how many queries a function makes, starting without cache."""
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        with self.env.cr.savepoint() as savepoint:
            function()
            self.env.flush_all()
            made = self.env.cr.sql_log_count - before
            savepoint.rollback()
        return made

    def _change_price(self, lines, vals, day, reason, note=None):
        """Give lines of running contracts the same new figures from a day on."""
        return lines._change_prices(dict.fromkeys(lines, vals), day, note, reason)

    @classmethod
    def _create_contract(cls, *amounts, activate=True, lines=None, **vals):
        """Create a contract from the first of January 2026, monthly in advance.

        :param amounts: annual amounts, a line each; by default 1,200
        :param lines: values of lines, in place of amounts
        """
        lines = lines or [
            {"name": f"Line {number}", "value": amount}
            for number, amount in enumerate(amounts or (1200,), 1)
        ]
        vals = {
            "partner_id": cls.customer.id,
            "date_start": "2026-01-01",
            "term_months": 0,
            "billing_months": 1,
            "is_deferred": False,
            "revenue_account_id": cls.care_income.id,
            "line_ids": [Command.create(line) for line in lines],
            **vals,
        }
        contract = cls.env["service.contract"].create(vals)
        if activate:
            contract.action_activate()
        return contract

    @classmethod
    def _day(cls, text):
        return fields.Date.to_date(text)

    def _create_year(self, **vals):
        """Return a contract of 2023 that is billed a year in advance, posted."""
        contract = self._create_contract(
            **{
                "date_start": "2023-01-01",
                "term_months": 12,
                "billing_months": 12,
                "is_deferred": True,
                **vals,
            }
        )
        move = contract._create_invoices(self._day("2023-01-01"))
        move.action_post()
        return contract, move

    def _recognize(self, until):
        rows = self.env["service.contract.deferral"]
        with patch.object(type(self.env["ir.cron"]), "_commit_progress"):
            return rows._recognize(self._day(until), self.company)

    def _invoice(self, contract, until):
        """Invoice what is due and return [(date, amount)] of the documents."""
        moves = contract._create_invoices(self._day(until))
        return self._list(moves)

    def _list(self, moves):
        return [
            (move.invoice_date.isoformat(), move.amount_untaxed)
            for move in moves.sorted(lambda move: (move.invoice_date, move.id))
        ]

    def _list_days(self, moves):
        """Return [(first, last, amount)] of the contract lines on documents."""
        lines = moves.invoice_line_ids.filtered("service_contract_line_id")
        return [
            (
                line.service_period_start.isoformat(),
                line.service_period_end.isoformat(),
                line.price_subtotal,
            )
            for line in lines.sorted(lambda line: (line.service_period_start, line.id))
        ]

    @classmethod
    def _create_tax(cls, name, **vals):
        group = cls.env["account.tax.group"].search(
            [("company_id", "=", cls.company.id)], limit=1
        ) or cls.env["account.tax.group"].create({"name": "Taxes"})
        return cls.env["account.tax"].create(
            {
                "name": name,
                "amount": 20,
                "type_tax_use": "sale",
                "tax_group_id": group.id,
                **vals,
            }
        )

    def _run_job(self, name):
        """Run a job of the addon as Odoo does, in a cursor of its own."""
        self.env.flush_all()
        with self.enter_registry_test_mode():
            job = self.env.ref(f"field_service_contract.ir_cron_{name}")
            job.method_direct_trigger()
        self.env.invalidate_all()

    def _run_migration(self, name):
        """Run a script by which databases of the former release are upgraded."""
        self.env.flush_all()
        self.env.invalidate_all()
        path = MIGRATIONS / f"{name}.py"
        spec = importlib.util.spec_from_file_location(path.stem, path)
        script = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(script)
        script.migrate(self.env.cr, "19.0.1.0.0")
        self.env.invalidate_all()

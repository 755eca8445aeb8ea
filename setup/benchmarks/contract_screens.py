"""What is opened about contracts, as the office does, beside core's screen of the same
kind in the same database."""

from collections.abc import Callable, Iterator
from datetime import timedelta

from odoo import fields
from odoo.api import Environment
from odoo.fields import Command

from . import contract_books
from .databases import Databases
from .harness import Operation, measure
from .report import Result

LOGIN = "bench_office"
# Of invoices and sales.
GROUPS = "account.group_account_invoice", "sales_team.group_sale_salesman_all_leads"

NOTES = {
    "books": "Contract screens: as somebody of the office who reads prices and books; "
    "core's analysis of invoices has fewer rows than profit and loss, which counts "
    "deferrals and costs.",
}
# Ours, and core's beside it.
PEERS = {
    "forecast, by group and month": "journal items, by month",
    "profit and loss, by group": "analysis of invoices, by month",
    "profit and loss, by month": "analysis of invoices, by month",
    "profit and loss, first page": "journal items, first page",
    "contract dashboard": "analysis of invoices, by month",
    "contracts by number": "invoices by number",
    "contracts by customer": "customers by name",
    "contracts never visited": "customers by name",
}
# What the list of profit and loss reads, hidden columns included.
PROFIT_COLUMNS = (
    "currency_id",
    "company_id",
    "date",
    "source",
    "contract_id",
    "partner_id",
    "contract_line_id",
    "installed_base_id",
    "category_id",
    "group_id",
    "move_id",
    "visit_id",
    "invoiced",
    "earned",
    "deferred",
    "cost",
    "margin",
)
# A name search is short of what a person types.
NUMBER, CUSTOMER = "B77", f"{contract_books.CUSTOMER} 77"


def show(databases: Databases) -> Iterator[Result]:
    """Open forecast, profit and loss, dashboard and searches, at two sizes."""
    rounds, sizes = databases.sizes.rounds, databases.sizes
    for env, count in (
        (databases.small_books, sizes.contracts),
        (databases.large_books, sizes.books),
    ):
        office = _as_office(env)
        operations = {
            name: Operation(office, run) for name, run in _get_screens(office).items()
        }
        measured = measure(operations, rounds)
        for name, other in PEERS.items():
            yield Result(
                f"{name}, {count:,} contracts",
                measured[name].ms,
                measured[name].queries,
                f"core's {other}",
                measured[other].ms,
                measured[other].queries,
                limit=1.5 if count == sizes.books else None,
                is_detail=True,
            )


def _as_office(env: Environment) -> Environment:
    users = env["res.users"].with_context(no_reset_password=True)
    user = users.search([("login", "=", LOGIN)])
    if not user:
        groups = [Command.link(env.ref(group).id) for group in GROUPS]
        user = users.create({"name": LOGIN, "login": LOGIN, "group_ids": groups})
        env.cr.commit()
    own = env(user=user.id)
    return own(context=own["res.users"].context_get())


def _get_screens(env: Environment) -> dict[str, Callable[[], object]]:
    """Return what opens each screen."""
    today = fields.Date.today()
    profit, forecast = env["service.contract.profit"], env["service.contract.forecast"]
    invoices, items = env["account.invoice.report"], env["account.move.line"]
    past = [("date", "<=", today)]
    year = [("date", "<", today + timedelta(days=365))]
    never = [("state", "=", "active"), ("was_visited", "=", False)]
    sums = ["invoiced:sum", "earned:sum", "cost:sum", "margin:sum"]
    sums += ["margin_percent:avg", "__count"]

    def group(records, domain, groups, aggregates):
        return lambda: records.formatted_read_group(domain, groups, aggregates)

    def read(records, domain, names):
        fields_spec = {
            name: {"fields": {"display_name": {}}}
            if records._fields[name].type == "many2one"
            else {}
            for name in names
        }
        return lambda: records.web_search_read(
            domain, fields_spec, limit=80, count_limit=10_001
        )

    return {
        "forecast, by group and month": group(
            forecast, year, ["group_id", "date:month"], ["company_amount:sum"]
        ),
        "profit and loss, by group": group(profit, past, ["group_id"], sums),
        "profit and loss, by month": group(profit, past, ["date:month"], sums),
        "profit and loss, first page": read(profit, past, PROFIT_COLUMNS),
        "contract dashboard": env["service.contract"].get_dashboard,
        "contracts by number": lambda: env["service.contract"].name_search(NUMBER),
        "contracts never visited": lambda: env["service.contract"].search(
            never, limit=80
        ),
        "contracts by customer": lambda: env["service.contract"].name_search(CUSTOMER),
        "analysis of invoices, by month": group(
            invoices, [], ["invoice_date:month"], ["price_subtotal:sum", "__count"]
        ),
        "journal items, by month": group(
            items, past, ["date:month"], ["balance:sum", "__count"]
        ),
        "journal items, first page": read(
            items, past, ["date", "name", "move_id", "balance"]
        ),
        "invoices by number": lambda: env["account.move"].name_search("BOOK/77"),
        "customers by name": lambda: env["res.partner"].name_search(CUSTOMER),
    }

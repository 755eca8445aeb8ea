"""Contracts with all that is booked on them: invoices, deferrals, forecasts, costs."""

from datetime import date

from odoo.api import Environment
from odoo.fields import Command
from odoo.models import BaseModel
from odoo.tools import SQL

from . import bulk
from .bulk import NUMBER, rnd

LOADED = "bench.books"
START = date(2026, 1, 1)

# Of a contract.
LINES, DEFERRED, FORECASTS = 2, 6, 4
GROUPS, PER_CUSTOMER = 20, 5
# The months over which everything is spread, and what a contract costs at most.
MONTHS, COST = 24, 900
# What is found by its name, beside orders of the same customers.
CUSTOMER = "Book customer"


def load(env: Environment, count: int) -> None:
    """Load ``count`` contracts with their books, unless they are there."""
    parameters = env["ir.config_parameter"].sudo()
    if parameters.get_param(LOADED) == str(count):
        return
    env = env(context={**env.context, "tracking_disable": True})
    contract = _create_pattern(env)
    move = contract._create_invoices(START)
    move.action_post()
    customers = _load_customers(env, count // PER_CUSTOMER + 1)
    groups = env["service.contract.group"].create(
        [{"name": f"Group {number}"} for number in range(GROUPS)]
    )
    customer = SQL("%s + %s", customers, rnd(51, count // PER_CUSTOMER))
    group = SQL("(%s)[1 + %s]", groups.ids, rnd(52, GROUPS))
    accounts = bulk.first_id(contract.analytic_account_id)
    bulk.copy_rows(contract.analytic_account_id, count, {})
    first = bulk.first_id(contract)
    parties = {"partner_id": customer, "group_id": group}
    bulk.copy_rows(
        contract,
        count,
        {
            **parties,
            "name": SQL("'B' || i"),
            "commercial_partner_id": customer,
            "invoice_partner_id": customer,
            "analytic_account_id": SQL("%s + i", accounts),
            "access_token": SQL("NULL"),
        },
    )
    lines = bulk.first_id(contract.line_ids)
    bulk.copy_rows(
        contract.line_ids[0],
        count * LINES,
        {"contract_id": SQL("%s + i / %s", first, LINES)},
    )
    moves = bulk.first_id(move)
    bulk.copy_rows(
        move,
        count,
        {"name": SQL("'BOOK/' || i"), "sequence_number": NUMBER, "date": _day(53)},
    )
    sold = move.invoice_line_ids[0]
    bulk.copy_rows(
        sold,
        count * LINES,
        {
            "move_id": SQL("%s + i / %s", moves, LINES),
            "service_contract_id": SQL("%s + i / %s", first, LINES),
            "service_contract_line_id": SQL("%s + i", lines),
            "date": _day(53, SQL("i / %s", LINES)),
        },
    )
    deferral = env["service.contract.deferral"].search(
        [("move_line_id", "=", sold.id)], limit=1
    )
    bulk.copy_rows(
        deferral,
        count * DEFERRED,
        {
            "contract_id": SQL("%s + i / %s", first, DEFERRED),
            "contract_line_id": SQL("%s + i / %s * %s", lines, DEFERRED, LINES),
            "date": _day(54),
            # Every second one is recognised.
            "move_id": SQL("CASE WHEN i %% 2 = 0 THEN %s END", move.id),
        },
    )
    forecast = env["service.contract.forecast"].create(
        {
            "contract_id": contract.id,
            "date": START,
            "amount": 600,
            "company_amount": 600,
        }
    )
    bulk.copy_rows(
        forecast,
        count * FORECASTS,
        {
            "contract_id": SQL("%s + i / %s", first, FORECASTS),
            "date": SQL("CURRENT_DATE + %s::int", rnd(55, 365)),
            "group_id": SQL(
                "(%s)[1 + %s]",
                groups.ids,
                rnd(52, GROUPS, SQL("(i / %s)::bigint", FORECASTS)),
            ),
        },
    )
    _load_costs(contract, count, first, accounts)
    # As the job does every ten minutes.
    env["service.contract.profit"]._update_months()
    parameters.set_param(LOADED, str(count))
    env.cr.commit()
    bulk.vacuum_analyze(env.cr.dbname)


def _day(salt: int, of: SQL = NUMBER) -> SQL:
    """Return a day of the two years up to today."""
    return SQL(
        "CURRENT_DATE - %s::int", rnd(salt, MONTHS * 30, SQL("(%s)::bigint", of))
    )


def _create_pattern(env: Environment) -> BaseModel:
    """Return a contract in advance, a year at a time, with an analytic account."""
    product = env["product.product"].create({"name": "Care", "type": "service"})
    account = env["account.account"].create(
        {"name": "Books", "code": "BBOOK", "account_type": "liability_current"}
    )
    contract = env["service.contract"].create(
        {
            "partner_id": env["res.partner"].create({"name": CUSTOMER}).id,
            "date_start": START,
            "billing_months": 12,
            "is_deferred": True,
            "deferred_account_id": account.id,
            "analytic_plan_id": env["account.analytic.plan"]
            .create({"name": "Books"})
            .id,
            "line_ids": [
                Command.create({"product_id": product.id, "value": 1200})
                for _line in range(LINES)
            ],
        }
    )
    contract.action_activate()
    return contract


def _load_customers(env: Environment, count: int) -> int:
    """Return the id of the first of many customers."""
    pattern = env["res.partner"].create({"name": CUSTOMER})
    first = bulk.first_id(pattern)
    name = SQL("%s || ' ' || i", CUSTOMER)
    bulk.copy_rows(
        pattern,
        count,
        {
            "name": name,
            "complete_name": name,
            "commercial_partner_id": SQL("%s + i", first),
        },
    )
    return first


def _load_costs(contract: BaseModel, count: int, first: int, accounts: int) -> None:
    """Give each contract a visit that costs something."""
    env = contract.env
    visit = env["maintenance.visit"].create(
        {
            "partner_id": contract.partner_id.id,
            "visit_type_id": env.ref(
                "field_maintenance.maintenance_visit_type_cleaning"
            ).id,
            "due_date": START,
        }
    )
    visits = bulk.first_id(visit)
    owner = {"service_contract_id": SQL("%s + i", first)}
    bulk.copy_rows(visit, count, owner)
    plan = contract.analytic_plan_id._column_name()
    cost = env["account.analytic.line"].create(
        {
            "name": "Hours",
            "amount": -100,
            plan: contract.analytic_account_id.id,
        }
    )
    bulk.copy_rows(
        cost,
        count,
        {
            **owner,
            plan: SQL("%s + i", accounts),
            "service_visit_id": SQL("%s + i", visits),
            "amount": SQL("-%s", rnd(57, COST)),
            "date": _day(58),
        },
    )

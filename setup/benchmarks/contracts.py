"""Service contracts to measure with: ours, and OCA's where OCA's addon is there."""

from datetime import date

from odoo.api import Environment
from odoo.fields import Command
from odoo.models import BaseModel
from odoo.tools import SQL

from . import bulk

START = date(2026, 1, 1)
OCA = "contract.contract"
# What fixtures are found by: their kind, and how many lines they have.
KINDS = {"one": 1, "five": 5, "combined": 1, "bad": 1, "finished": 1, "deferred": 1}
# Contracts of a payer whose invoices are combined.
PER_PAYER = 10
# Many contracts that live, one in a thousand of them due.
LIVE = "live"
DUE_EVERY = 1_000


def load(env: Environment, count: int) -> None:
    """Make contracts of every kind, OCA's beside ours where OCA's addon is there."""
    env = env(context={**env.context, "tracking_disable": True})
    product = env["product.product"].create(
        {"name": "Care", "type": "service", "list_price": 1200}
    )
    account = env["account.account"].create(
        {"name": "Deferred", "code": "BDEF", "account_type": "liability_current"}
    )
    tax = env["account.tax"].create(
        {"name": "Archived", "amount": 5, "type_tax_use": "sale", "active": False}
    )
    for kind, lines in KINDS.items():
        payers = _create_payers(
            env, count // PER_PAYER if kind == "combined" else count
        )
        contracts = _create_contracts(env, kind, lines, count, payers, product)
        if kind == "deferred":
            contracts.write({"is_deferred": True, "deferred_account_id": account.id})
        contracts.action_activate()
        if kind == "deferred":
            contracts._create_invoices(START).action_post()
        if kind == "finished":
            contracts._create_invoices(date(2026, 2, 1))
        if kind == "bad":
            contracts[count // 2].line_ids.tax_ids = tax
        if OCA in env and kind in ("one", "five", "combined"):
            _create_oca_contracts(env, kind, lines, count, payers, product)


def load_live(env: Environment, count: int) -> None:
    """Make contracts of which one in a thousand is due on the first day."""
    product = env["product.product"].create({"name": "Care", "type": "service"})
    payer = _create_payers(env, 1)
    contract = _create_contracts(env, LIVE, 1, 1, payer, product)
    contract.action_activate()
    due = SQL(
        "CASE WHEN i %% %s = 0 THEN %s::date ELSE %s::date + (i %% 300)::int END",
        DUE_EVERY,
        START,
        date(2026, 3, 1),
    )
    bulk.copy_rows(
        contract,
        count,
        {
            "name": SQL("'L' || i"),
            "next_invoice_date": due,
            "next_run_date": due,
            "access_token": SQL("NULL"),
        },
    )


def _create_payers(env: Environment, count: int) -> BaseModel:
    return env["res.partner"].create(
        [
            {"name": f"Payer {number}", "street": "Quay 1", "city": "Ghent"}
            for number in range(count)
        ]
    )


def _create_contracts(
    env: Environment,
    kind: str,
    lines: int,
    count: int,
    payers: BaseModel,
    product: BaseModel,
) -> BaseModel:
    return env["service.contract"].create(
        [
            {
                "partner_id": payers[number % len(payers)].id,
                "customer_reference": kind,
                "date_start": START,
                "term_months": 1 if kind == "finished" else 0,
                "billing_months": 12 if kind == "deferred" else 1,
                "invoice_grouping": "payer" if kind == "combined" else "contract",
                "is_deferred": False,
                "line_ids": [
                    Command.create({"product_id": product.id, "value": 1200})
                    for _line in range(lines)
                ],
            }
            for number in range(count)
        ]
    )


def _create_oca_contracts(
    env: Environment,
    kind: str,
    lines: int,
    count: int,
    payers: BaseModel,
    product: BaseModel,
) -> None:
    env[OCA].create(
        [
            {
                "name": f"Contract {number}",
                "code": kind,
                "partner_id": payers[number % len(payers)].id,
                "line_recurrence": False,
                "recurring_rule_type": "monthly",
                "recurring_interval": 1,
                "date_start": START,
                "recurring_next_date": START,
                "contract_line_ids": [
                    Command.create(
                        {
                            "product_id": product.id,
                            "name": "Care #START# - #END#",
                            "quantity": 1,
                            "price_unit": 100,
                            "uom_id": product.uom_id.id,
                            "date_start": START,
                            "recurring_next_date": START,
                        }
                    )
                    for _line in range(lines)
                ],
            }
            for number in range(count)
        ]
    )

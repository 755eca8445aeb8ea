"""Service contracts: invoiced beside Odoo's own create and OCA's contracts, recognised
beside Odoo's own entries.

Ours, OCA's and what both need live in one database, and all take turns in one process.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from datetime import date
from unittest import mock

from odoo.api import Environment
from odoo.fields import Command
from odoo.models import BaseModel

from .contracts import LIVE, OCA, PER_PAYER, START
from .databases import Databases
from .harness import Measure, Operation, measure
from .report import AT_LEAST, Result

# A tenth of the contracts, invoiced alone: each must cost the same.
FEW = 10

NOTES = {
    "contracts": "Contract invoices: drafts of one period, by the job in slices of 50, "
    "errors noted and texts logged; Odoo's own `create` gets the same values in "
    "one batch, OCA's job does what it does.",
    "due": "Due: the contracts that the job finds, beside reading them by their ids.",
    "recognition": "Recognition: one month, with the claim of the rows; Odoo's own "
    "`create` and `_post` get the same entries.",
}


def _compare(
    what: str, ours: Measure, other: str, theirs: Measure | None, **limit: object
) -> Result:
    values = (ours.ms, ours.queries)
    if theirs is None:
        return Result(what, *values, is_detail=bool(limit.get("is_detail")))
    return Result(what, *values, other, theirs.ms, theirs.queries, **limit)


def _find(env: Environment, kind: str) -> BaseModel:
    return env["service.contract"].search([("customer_reference", "=", kind)])


# -- invoices ------------------------------------------------------------------------


def invoice(databases: Databases) -> Iterator[Result]:
    """Invoice contracts of one line, of five, combined, and with a bad one."""
    env, count = databases.contracts, databases.sizes.contracts
    operations = {}
    for kind in ("one", "five", "combined", "bad"):
        contracts = _find(env, kind)
        operations[kind] = Operation(env, _invoicing(contracts))
        if kind == "one":
            operations["few"] = Operation(env, _invoicing(contracts[: count // FEW]))
        if kind in ("one", "five"):
            operations[f"core {kind}"] = Operation(env, _creating(contracts))
        if kind != "bad" and OCA in env:
            theirs = env[OCA].search([("code", "=", kind)])
            operations[f"OCA {kind}"] = Operation(env, _invoicing_oca(theirs))
    operations["finished"] = Operation(env, _looking_for_due(env))
    measured = measure(operations, databases.sizes.rounds)
    for kind, what in (("one", "1 line"), ("five", "5 lines")):
        yield _compare(
            f"invoice {count:,} contracts of {what}",
            measured[kind],
            f"`account.move.create` of the same {count:,} invoices",
            measured[f"core {kind}"],
            limit=1.1,
        )
        yield _compare(
            f"invoice {count:,} contracts of {what}",
            measured[kind],
            f"OCA's job with {count:,} contracts",
            measured.get(f"OCA {kind}"),
            limit=0.9,
        )
    yield _compare(
        f"{count:,} contracts, {PER_PAYER} on an invoice",
        measured["combined"],
        f"OCA's {count:,} invoices",
        measured.get("OCA combined"),
        sign=AT_LEAST,
        limit=3,
    )
    yield _compare(
        f"each of {count:,} contracts of 1 line",
        _per_contract(measured["one"], count),
        f"each of {count // FEW:,}",
        _per_contract(measured["few"], count // FEW),
        limit=1.2,
    )
    yield _compare(
        f"invoice {count:,} contracts, one of them bad",
        measured["bad"],
        "the same, all good",
        measured["one"],
        limit=1.2,
    )
    yield _compare(
        f"look for what is due among {count:,} finished contracts",
        measured["finished"],
        "",
        None,
    )


def _per_contract(measured: Measure, count: int) -> Measure:
    return Measure(measured.ms / count, measured.queries / count)


def _invoicing(contracts: BaseModel) -> Callable[[], None]:
    """Return the job without its commits, which would keep what it made."""
    ids = contracts.ids

    def invoice_in_slices() -> None:
        own = contracts.browse(ids)
        with _without_commits(own.env):
            own._invoice_in_slices(START)

    return invoice_in_slices


@contextmanager
def _without_commits(env: Environment) -> Iterator[None]:
    with mock.patch.object(type(env["ir.cron"]), "_commit_progress", return_value=1):
        yield


def _creating(contracts: BaseModel) -> Callable[[], object]:
    """Return Odoo's own creation of the same documents, without our links."""
    documents = contracts._group_bills(contracts._get_due_bills(START))
    vals_list = [
        contracts._prepare_invoice_vals(key, parts) for key, parts in documents.items()
    ]
    for vals in vals_list:
        for _command, _id, line in vals["invoice_line_ids"]:
            for name in [name for name in line if name.startswith("service_")]:
                del line[name]
    moves = contracts.env["account.move"]
    return lambda: moves.create(deepcopy(vals_list))


def _invoicing_oca(contracts: BaseModel) -> Callable[[], object]:
    return lambda: contracts._recurring_create_invoice(START)


def _looking_for_due(env: Environment) -> Callable[[], object]:
    contracts = env["service.contract"]
    domain = [
        ("customer_reference", "=", "finished"),
        *contracts._get_run_domain(date(2030, 1, 1)),
    ]
    return lambda: contracts.search(domain)._invoice_in_slices(START)


def look_for_due(databases: Databases) -> Iterator[Result]:
    """Find what is due among many contracts that live."""
    env, count = databases.contracts, databases.sizes.due
    contracts = env["service.contract"]
    domain = [("customer_reference", "=", LIVE), *contracts._get_run_domain(START)]
    ids = contracts.search(domain).ids

    def read(domain: list) -> Callable[[], object]:
        return lambda: contracts.search_fetch(domain, ["name", "next_invoice_date"])

    measured = measure(
        {
            "ours": Operation(env, read(domain)),
            "ids": Operation(env, read([("id", "in", ids)])),
        },
        databases.sizes.rounds,
    )
    yield _compare(
        f"find the {len(ids):,} contracts that are due among {count:,}",
        measured["ours"],
        "read the same by their ids",
        measured["ids"],
        limit=2,
    )


# -- recognition -----------------------------------------------------------------------


def recognize(databases: Databases) -> Iterator[Result]:
    """Recognise a month of every deferred contract."""
    env, count = databases.contracts, databases.sizes.contracts
    rows = env["service.contract.deferral"]
    until = date(2026, 1, 31)
    due = rows.search(rows._get_due_domain(until, env.company))
    vals = [
        {
            "move_type": "entry",
            "journal_id": env.company.service_entry_journal_id.id,
            "date": until,
            "line_ids": [Command.create(line) for line in part._prepare_entry_lines()],
        }
        for part in (due[start : start + 500] for start in range(0, len(due), 500))
    ]

    def book() -> None:
        env["account.move"].create(deepcopy(vals))._post(soft=False)

    def recognise() -> None:
        with _without_commits(env):
            rows._recognize(until, env.company)

    measured = measure(
        {"ours": Operation(env, recognise), "core": Operation(env, book)},
        databases.sizes.rounds,
    )
    yield _compare(
        f"recognise a month of {count:,} contracts",
        measured["ours"],
        "the same entries, created and posted",
        measured["core"],
        limit=1.2,
    )

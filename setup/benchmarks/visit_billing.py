"""What was used on visits: priced, covered and billed; and what fixed it before."""

from collections.abc import Iterator
from copy import deepcopy
from datetime import timedelta
from unittest import mock

from odoo import fields, models
from odoo.api import Environment
from odoo.fields import Command
from odoo.models import BaseModel
from odoo.tools import SQL

from . import bulk
from .bulk import rnd
from .databases import Databases, some_customers
from .harness import Operation, measure
from .report import Result

LOADED = "bench.fixes"
# Of each visit.
LINES_PRICED, LINES_BILLED = 10, 5
PRODUCTS = 5
CUSTOMERS = 100
# What Billing may cost beside core's orders, for each visit.
MORE_QUERIES = 0.2
# So many rows the ORM stores at a time, with an INSERT and an UPDATE.
BATCH = 100
# Few lines may be of fewer kinds.
KINDS = 10
FAULTS, RESOLUTIONS = 200, 12
DAYS = 1_000

NOTES = {
    "priced": "Lines of visits: with prices of the price list, discounts, and who "
    "pays. Compared with `create` of the ORM itself, of what was found. A tenth of the "
    "lines takes as many queries, apart from the batches in which they are stored.",
    "fixes": f"What fixed it before: of one of {FAULTS} faults, in three years. "
    "Compared with its SQL alone.",
    "billing": f"Billing: an order for each visit of {LINES_BILLED} lines. Compared "
    f"with `create` of core's orders with the same lines; {MORE_QUERIES} queries a "
    "visit more at most.",
}


def price(databases: Databases) -> Iterator[Result]:
    """Enter what was used on many visits, beside the ORM alone."""
    env, count = databases.small, databases.sizes.billed
    visits = _make_visits(env, count)
    env.cr.commit()
    asked = _prepare_lines(visits, LINES_PRICED)
    # Of all visits, and of all products.
    few = asked[::11]
    found = _read_values(env["service.line"].create(asked))
    env.cr.rollback()
    lines = env["service.line"]
    measured = measure(
        {
            "ours": Operation(env, lambda: lines.create(asked)),
            "few": Operation(env, lambda: lines.create(few)),
            "orm": Operation(env, lambda: models.BaseModel.create(lines, found)),
        },
        databases.sizes.rounds,
    )
    ours, orm = measured["ours"], measured["orm"]
    batches = 2 * (len(asked) - len(few)) / BATCH
    if ours.queries > measured["few"].queries + batches + KINDS:
        raise ValueError(
            f"{len(asked):,} lines take {ours.queries} queries, {len(few):,} "
            f"{measured['few'].queries}"
        )
    yield Result(
        f"price and cover {len(asked):,} lines on {count:,} visits",
        ours.ms,
        ours.queries,
        "the ORM's `create` of the same values",
        orm.ms,
        orm.queries,
        limit=1.5,
    )


def bill(databases: Databases) -> Iterator[Result]:
    """Bill many visits, beside core's orders with the same lines."""
    env, count = databases.small, databases.sizes.billed
    visits = _make_visits(env, count)
    env["service.line"].create(_prepare_lines(visits, LINES_BILLED))
    env.cr.commit()
    same = [
        {
            **visit._prepare_order_values(),
            "order_line": [
                Command.create(vals)
                for _visit, _line, vals in visit._prepare_bill_lines(
                    visit._get_bill_currency()
                )
            ],
        }
        for visit in visits
    ]
    measured = measure(
        {
            "ours": Operation(env, visits._create_order_lines),
            # Core enters the numbers of the orders in what it is given.
            "core": Operation(env, lambda: env["sale.order"].create(deepcopy(same))),
        },
        databases.sizes.rounds,
    )
    ours, core = measured["ours"], measured["core"]
    more = (ours.queries - core.queries) / count
    # What is paid once does not count among few visits.
    if databases.sizes.rounds > 1 and more > MORE_QUERIES:
        raise ValueError(f"billing takes {more:.2f} queries a visit more than orders")
    yield Result(
        f"bill {count:,} visits of {LINES_BILLED} lines",
        ours.ms,
        ours.queries,
        "`sale.order.create` of the same",
        core.ms,
        core.queries,
        limit=1.2,
    )


def look_for_fixes(databases: Databases) -> Iterator[Result]:
    """Look for what fixed a fault before among many lines, beside its SQL."""
    env, count = databases.large, databases.sizes.large
    line, codes = _load_fixes(env, count)
    asked: list[SQL] = []
    run = Environment.execute_query

    def keep(self: Environment, query: SQL) -> list[tuple]:
        asked.append(query)
        return run(self, query)

    with mock.patch.object(Environment, "execute_query", keep):
        if not line.get_former_fixes(codes)["fixes"]:
            raise ValueError("the benchmark is out of date: nothing was found")
    measured = measure(
        {
            "ours": Operation(env, lambda: line.get_former_fixes(codes)),
            "sql": Operation(env, lambda: [env.execute_query(one) for one in asked]),
        },
        databases.sizes.rounds,
    )
    ours, sql = measured["ours"], measured["sql"]
    yield Result(
        f"what fixed it before, among {count:,} done lines",
        ours.ms,
        ours.queries,
        "its SQL",
        sql.ms,
        sql.queries,
        limit=1.5,
    )


def _make_visits(env: Environment, count: int) -> BaseModel:
    """Make visits of many customers, each about a piece of equipment."""
    customers = some_customers(env, min(count, CUSTOMERS))
    pieces = env["installed.base"].search([("partner_id", "in", customers.ids)])
    pieces[::2].warranty_end_date = fields.Date.today() + timedelta(days=365)
    visit_type = env["maintenance.visit.type"].search([], limit=1)
    visits = env["maintenance.visit"].with_context(tracking_disable=True)
    chosen = [pieces[number % len(pieces)] for number in range(count)]
    return visits.create(
        [
            {
                "partner_id": piece.partner_id.id,
                "site_id": piece.site_id.id,
                "visit_type_id": visit_type.id,
                "due_date": fields.Date.today(),
                "line_ids": [Command.create({"installed_base_id": piece.id})],
            }
            for piece in chosen
        ]
    )


def _prepare_lines(visits: BaseModel, count: int) -> list[dict]:
    """Return the values of parts and labor on each of these visits."""
    products = visits.env["product.product"].create(
        [
            {
                "name": f"Benchmark part {number}",
                "list_price": 10 + number,
                "type": "service" if number % 2 else "consu",
            }
            for number in range(PRODUCTS)
        ]
    )
    visits.env.cr.commit()
    return [
        {
            "visit_id": visit.id,
            "visit_line_id": visit.line_ids[:1].id,
            "product_id": products[number % PRODUCTS].id,
            "quantity": 1 + number,
        }
        for visit in visits
        for number in range(count)
    ]


def _read_values(records: BaseModel) -> list[dict]:
    """Return all that is stored of records, as one would create them."""
    records.env.flush_all()
    names = [
        name
        for name, field in records._fields.items()
        if field.store and field.column_type and name not in models.MAGIC_COLUMNS
    ]
    return [
        {name: value for name, value in vals.items() if name != "id"}
        for vals in records.read(names, load="")
    ]


def _load_fixes(env: Environment, count: int) -> tuple[BaseModel, dict]:
    """Load equipment that was repaired in three years, unless it is there.

    :return: what is diagnosed now, and the codes chosen for it
    """
    parameters = env["ir.config_parameter"].sudo()
    loaded = parameters.get_param(LOADED)
    lines = env["maintenance.visit.line"]
    if not loaded:
        line_id, fault_id = _make_fixes(env, count)
        loaded = f"{line_id} {fault_id}"
        parameters.set_param(LOADED, loaded)
        env.cr.commit()
        bulk.vacuum_analyze(env.cr.dbname)
    line_id, fault_id = map(int, loaded.split())
    return lines.browse(line_id), {"fault": fault_id}


def _make_fixes(env: Environment, count: int) -> tuple[int, int]:
    codes = _make_codes(env)
    faults, resolutions = codes["fault"], codes["resolution"]
    # About the same piece: what is done to others of its category counts.
    asking, pattern = _make_visits(env, 1), _make_visits(env, 1)
    start = bulk.first_id(pattern)
    moment = SQL("now()::timestamp(0) - make_interval(days => %s::int)", rnd(51, DAYS))
    bulk.copy_rows(
        pattern,
        count,
        {
            "name": SQL("'V/F/' || i"),
            "state": SQL("'done'"),
            "completion": SQL("'full'"),
            "actual_end": moment,
        },
    )
    bulk.copy_rows(
        pattern.line_ids,
        count,
        {
            "visit_id": SQL("%s + i", start),
            "state": SQL("'done'"),
            "completion": SQL("'full'"),
            "fault_id": SQL("(%s)[1 + %s]", faults.ids, rnd(52, len(faults))),
            "fault_resolution_id": SQL(
                "(%s)[1 + %s]", resolutions.ids, rnd(53, len(resolutions))
            ),
        },
    )
    asking.line_ids.fault_id = faults[0]
    return asking.line_ids.id, faults[0].id


def _make_codes(env: Environment) -> dict[str, BaseModel]:
    return {
        kind: env["service.fault.code"].create(
            [
                {"name": f"{kind} {number}", "code": f"B{number}", "kind": kind}
                for number in range(count)
            ]
        )
        for kind, count in (("fault", FAULTS), ("resolution", RESOLUTIONS))
    }

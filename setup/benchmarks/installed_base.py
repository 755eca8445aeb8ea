"""The installed base: made by the wizard, opened as a list, found by the one box."""

from collections.abc import Callable, Iterator
from datetime import date

from odoo.api import Environment
from odoo.fields import Command
from odoo.models import BaseModel
from odoo.tools import SQL

from . import trade
from .databases import Databases, some_customers
from .harness import Measure, Operation, measure
from .report import AT_LEAST, Result
from .screens import COUNT_LIMIT, PAGE, ListScreen

# The list, a counter and a search take milliseconds: they are run more often.
MORE_ROUNDS = 3

# As many as stand at a large customer's; there since before every benchmark.
MOVED = 1_000
MOVED_SINCE = date(2020, 1, 1)

# What the name of the peer's equipment holds, so that it finds by it too.
PEER_FINDS = (
    "serial number",
    "end of a serial number",
    "customer",
    "kind of product",
)

NOTES = {
    "create": "Creation: from one order, each piece linked to its line; the wizard's "
    "rows are there before and measured apart.",
    "list": f"List: {PAGE} rows, the columns that show unless the user hides them, the "
    "filter that the menu sets, the total counted up to "
    f"{COUNT_LIMIT:,}. There are as many contacts as pieces of equipment, "
    f"{trade.PER_CUSTOMER} pieces per customer.",
    "move": "Move: by the dialog, with its line of history and its note per piece; the "
    "same write with tracking on keeps the history too.",
    "search": f"Search: {PAGE} records at most, all texts one after the other; "
    "`name_search` also reads the names. OCA's equipment is found by its name only, "
    "which was given serial number, product and customer.",
}


def _compare(
    what: str, ours: Measure, other: str, theirs: Measure | None, **limit: object
) -> Result:
    if theirs is None:
        return Result(what, *_values(ours), is_detail=bool(limit.get("is_detail")))
    return Result(what, *_values(ours), other, *_values(theirs), **limit)


def _values(measured: Measure) -> tuple[float, float]:
    return measured.ms, measured.queries


# -- creation ------------------------------------------------------------------------


def create(databases: Databases) -> Iterator[Result]:
    """Create as many pieces of equipment, through the wizard, as contacts."""
    env, count = databases.small, databases.sizes.created
    wizard = _make_wizard(env, count)
    rows = _row_values(wizard)
    env.cr.commit()
    measured = measure(
        {
            "equipment": Operation(env, lambda: _create_equipment(wizard)),
            "contacts": Operation(env, lambda: _create_contacts(env, count)),
            "rows": Operation(env, lambda: _create_rows(wizard, rows)),
        },
        databases.sizes.rounds,
    )
    yield _compare(
        f"create {count:,} pieces through the wizard",
        measured["equipment"],
        f"`res.partner.create` of {count:,} contacts",
        measured["contacts"],
        limit=1.5,
    )
    yield _compare(f"the wizard's {count:,} rows", measured["rows"], "", None)


def _make_wizard(env: Environment, count: int) -> BaseModel:
    """Return a wizard on an order, with a row for each unit and its serial number."""
    product = _get_product(env)
    order = trade.create_order(env, product, count)
    wizards = env["installed.base.create"].with_context(
        active_model=order._name, active_id=order.id
    )
    wizard = wizards.create({"line_ids": []})
    wizard.line_ids = [
        Command.clear(),
        *(
            Command.create(
                {
                    "sale_line_id": order.order_line.id,
                    "product_id": product.id,
                    "serial_number": f"WIZARD-{number:07}",
                }
            )
            for number in range(count)
        ),
    ]
    return wizard.with_env(env)


def _get_product(env: Environment) -> BaseModel:
    _name, code = trade.PRODUCTS[0]
    return env["product.product"].search([("default_code", "=", code)])


def _row_values(wizard: BaseModel) -> list[dict]:
    return [
        {
            "wizard_id": wizard.id,
            "sale_line_id": row.sale_line_id.id,
            "product_id": row.product_id.id,
            "serial_number": row.serial_number,
        }
        for row in wizard.line_ids
    ]


def _create_equipment(wizard: BaseModel) -> None:
    values = wizard._prepare_installed_base_vals_list()
    wizard.env["installed.base"].create(values)


def _create_rows(wizard: BaseModel, values: list[dict]) -> None:
    wizard.env["installed.base.create.line"].create(values)


def _create_contacts(env: Environment, count: int) -> None:
    country = env.ref("base.ch").id
    env["res.partner"].create(
        [
            {
                "name": f"Customer {number}",
                "is_company": True,
                "street": f"Hauptstrasse {number}",
                "zip": "8001",
                "city": "Zürich",
                "country_id": country,
                "phone": f"+41 44 {number:07}",
                "email": f"customer{number}@example.com",
            }
            for number in range(count)
        ]
    )


# -- list and counters ---------------------------------------------------------------


def open_list(databases: Databases) -> Iterator[Result]:
    """Open the list, and count equipment, among few and among many rows."""
    envs = {"small": databases.small, "large": databases.large}
    operations = {}
    for name, env in envs.items():
        equipment = ListScreen(env, "field_installed_base.installed_base_action")
        operations[f"list {name}"] = _opening(equipment)
        operations[f"whole list {name}"] = _opening(equipment, hidden=True)
        operations[f"contacts {name}"] = _opening(
            ListScreen(env, "contacts.action_contacts")
        )
        operations[f"counters {name}"] = _counting(env)
        operations[f"one {name}"] = _recording(env)
    measured = measure(operations, databases.sizes.rounds * MORE_ROUNDS)
    large, small = databases.sizes.large, databases.sizes.small
    for key, what in (
        ("list", f"open the list, {large:,} pieces"),
        ("whole list", "the same with its hidden columns, which the client reads too"),
        ("counters", f"count the equipment of {PAGE} customers"),
    ):
        yield _compare(
            what,
            measured[f"{key} large"],
            f"the same with {small:,}",
            measured[f"{key} small"],
            limit=1.5,
        )
    yield _compare(
        f"record one piece, among {large:,}",
        measured["one large"],
        f"the same among {small:,}",
        measured["one small"],
    )
    yield _compare(
        "open the list",
        measured["list large"],
        f"the list of {large:,} contacts",
        measured["contacts large"],
        limit=1,
    )


def _opening(screen: ListScreen, hidden: bool = False) -> Operation:
    specification = screen.get_specification(hidden)
    return Operation(screen.records.env, lambda: screen.open(specification))


def _counting(env: Environment) -> Operation:
    customers = some_customers(env, PAGE)
    return Operation(env, lambda: customers.mapped("installed_base_count"))


def _recording(env: Environment) -> Operation:
    customer = some_customers(env, 1)
    values = {
        "partner_id": customer.id,
        "product_id": _get_product(env).id,
        "serial_number": "ONE-1",
    }
    return Operation(env, lambda: env["installed.base"].create([values]))


# -- history and overview --------------------------------------------------------------


def move(databases: Databases) -> Iterator[Result]:
    """Move equipment to another customer, and say who has what."""
    env, count = databases.small, min(MOVED, databases.sizes.small // 2)
    pieces = env["installed.base"].search([("state", "=", "installed")], limit=count)
    ownership = env["installed.base.ownership"]
    ownership._record(pieces - pieces.ownership_ids.installed_base_id, MOVED_SINCE)
    target = env["res.partner"].create({"name": "New owner", "is_company": True})
    env.cr.commit()
    measured = measure(
        {
            "dialog": Operation(env, lambda: _move(pieces, target)),
            "write": Operation(env, lambda: pieces.write({"partner_id": target.id})),
            "group": Operation(databases.large, _grouping(databases.large)),
            "SQL": Operation(databases.large, _grouping_plainly(databases.large)),
        },
        databases.sizes.rounds,
    )
    yield _compare(
        f"move {count:,} pieces",
        measured["dialog"],
        "the same `write` with tracking",
        measured["write"],
        limit=1 / 3,
    )
    yield _compare(
        f"customer × category, {databases.sizes.large:,} pieces",
        measured["group"],
        "plain SQL",
        measured["SQL"],
        limit=2,
    )


def _move(pieces: BaseModel, target: BaseModel) -> None:
    pieces.env["installed.base.assign"].create(
        {
            "mode": "move",
            "installed_base_ids": [Command.set(pieces.ids)],
            "partner_id": target.id,
        }
    ).action_apply()


def _grouping(env: Environment) -> Callable:
    return lambda: env["installed.base"]._read_group(
        [], ["commercial_partner_id", "category_id"], ["__count"]
    )


def _grouping_plainly(env: Environment) -> Callable:
    query = SQL(
        "SELECT commercial_partner_id, category_id, count(*) FROM installed_base "
        "WHERE active GROUP BY commercial_partner_id, category_id "
        "ORDER BY commercial_partner_id, category_id"
    )
    return lambda: env.execute_query(query)


# -- search --------------------------------------------------------------------------


def search(databases: Databases) -> Iterator[Result]:
    """Search by typical words, in the one box, in plain SQL and in the peer's box."""
    env, peer = databases.large, databases.peer
    texts = _texts(env)
    operations = {}
    for name, text in texts.items():
        operations[f"{name}: search"] = Operation(env, _searching(env, text))
        operations[f"{name}: SQL"] = Operation(env, _selecting(env, text))
        operations[f"{name}: names"] = Operation(
            env, _naming(env["installed.base"], text)
        )
        if peer and name in PEER_FINDS:
            operations[f"{name}: peer"] = Operation(
                peer, _naming(peer["fsm.equipment"], text)
            )
    measured = measure(operations, databases.sizes.rounds * MORE_ROUNDS)
    # One text takes a fraction of a millisecond, another a hundred: what counts is
    # all of them, the single ones show where it comes from.
    groups = [([name], f"{name} `{text}`") for name, text in texts.items()]
    groups.append((list(texts), f"by {', '.join(texts)}"))
    for names, what in groups:
        yield _compare(
            f"search {what}",
            _sum(measured, names, "search"),
            "SQL `ILIKE` on the column",
            _sum(measured, names, "SQL"),
            limit=1.5 if len(names) > 1 else None,
            is_detail=len(names) == 1,
        )
    groups = [(names, what) for names, what in groups[:-1] if names[0] in PEER_FINDS]
    groups.append((list(PEER_FINDS), f"by {', '.join(PEER_FINDS)}"))
    for names, what in groups:
        yield _compare(
            f"`name_search` {what}",
            _sum(measured, names, "names"),
            "`name_search` of OCA's `fsm.equipment`",
            _sum(measured, names, "peer") if peer else None,
            sign=AT_LEAST,
            limit=5 if len(names) > 1 else None,
            is_detail=len(names) == 1,
        )


def _sum(measured: dict[str, Measure], names: list[str], kind: str) -> Measure:
    found = [measured[f"{name}: {kind}"] for name in names]
    return Measure(sum(m.ms for m in found), sum(m.queries for m in found))


def _texts(env: Environment) -> dict[str, str]:
    """Return what people type to find a certain piece in the middle of the table."""
    equipment = env["installed.base"]
    count = equipment.search_count([])
    known = [("serial_number", "!=", False), ("partner_id", "!=", False)]
    piece = equipment.search(
        [*known, ("product_id", "!=", False)], order="id", offset=count // 3, limit=1
    )
    other = equipment.search(
        [*known, ("product_id", "=", False)], order="id", offset=count // 60, limit=1
    )
    customer = piece.partner_id.name.split()[-1]
    product = piece.product_id.name.split()
    return {
        "serial number": piece.serial_number,
        "end of a serial number": piece.serial_number[-6:],
        "reference": piece.reference,
        "customer": customer,
        "city": piece.site_city,
        "customer and city": f"{customer} {piece.site_city}",
        "kind of product": product[-2],
        "product code": piece.product_id.default_code,
        "model": other.model,
        "nothing": "zzyzx",
    }


def _searching(env: Environment, text: str) -> Callable:
    equipment = env["installed.base"]
    return lambda: equipment.search([("display_name", "ilike", text)], limit=PAGE).ids


def _naming(records: BaseModel, text: str) -> Callable:
    return lambda: records.name_search(text, limit=PAGE)


def _selecting(env: Environment, text: str) -> Callable:
    """Return a plain query that finds the same on the one column."""
    words = env["installed.base"]._normalize_search_text(text).split()
    query = SQL(
        "SELECT id FROM installed_base WHERE %s ORDER BY id DESC LIMIT %s",
        SQL(" AND ").join(SQL("search_text ILIKE %s", f"%{word}%") for word in words),
        PAGE,
    )
    return lambda: env.execute_query(query)

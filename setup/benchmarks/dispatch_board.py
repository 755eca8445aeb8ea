"""The dispatch board: a week of fifty technicians."""

import re
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, time, timedelta
from unittest.mock import patch

from odoo import fields
from odoo.api import Environment
from odoo.sql_db import Cursor

from . import visits
from .databases import Databases
from .harness import Operation, measure
from .report import Result

QUERIES_PER_TABLE = 3

NOTES = {
    "board": f"Dispatch board: this week of {visits.TEAM} technicians with visits and "
    "working hours, and the 500 most urgent visits to plan. No table is read more than "
    f"{QUERIES_PER_TABLE} times.",
}


def show_week(databases: Databases) -> Iterator[Result]:
    """Show the week, among many visits and among few."""
    large, small = databases.large, databases.small
    for env, count in (
        (large, databases.sizes.large),
        (small, databases.sizes.small),
    ):
        visits.load(env, count)
        _check_queries(env)
    measured = measure(
        {
            "large": Operation(large, lambda: _show(large)),
            "small": Operation(small, lambda: _show(small)),
        },
        databases.sizes.rounds * 2,
    )
    yield Result(
        f"the dispatch board's week among {databases.sizes.large:,} visits",
        measured["large"].ms,
        measured["large"].queries,
        f"among {databases.sizes.small:,}",
        measured["small"].ms,
        measured["small"].queries,
    )


def _show(env: Environment) -> dict:
    today = fields.Date.today()
    monday = datetime.combine(today - timedelta(days=today.weekday()), time())
    team = env["service.team"].search([("name", "=", visits.TEAM_NAME)])
    return env["maintenance.visit"].get_dispatch_board(
        fields.Datetime.to_string(monday),
        fields.Datetime.to_string(monday + timedelta(days=7)),
        domain=[("priority", "=", "0")],
        team_ids=team.ids,
        zone_ids=[],
    )


def _check_queries(env: Environment) -> None:
    """See that no table is read too often; what a relation costs is its own."""
    _show(env)
    env.invalidate_all()
    queries = []
    execute = Cursor.execute

    def log(cursor: Cursor, query: object, *args: object, **kwargs: object) -> object:
        queries.append(getattr(query, "code", query))
        return execute(cursor, query, *args, **kwargs)

    with patch.object(Cursor, "execute", log):
        _show(env)
    tables = Counter(
        found[1]
        for query in queries
        # What reads no table, such as a savepoint, is none of the board.
        if (found := re.search(r'JOIN "?(\w+_rel)"?', query))
        or (found := re.search(r'FROM "(\w+)"', query))
        # By hand, from what Python gives.
        or (found := re.search(r"JOIN (\w+)", query))
    )
    if worst := {name: n for name, n in tables.items() if n > QUERIES_PER_TABLE}:
        raise ValueError(f"the dispatch board reads too often: {worst}")

"""Find a slot: a visit among all that fifty technicians do in four weeks."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from odoo import fields
from odoo.api import Environment
from odoo.models import BaseModel
from odoo.tools import SQL

from . import bulk
from .bulk import rnd
from .databases import Databases
from .harness import Operation, measure
from .report import Result

TECHNICIANS, DAYS, VISITS_A_DAY = 50, 28, 5
TEAM_NAME = "Benchmark team for slots"
# A Monday that no other benchmark plans for.
FIRST_DAY = date(2036, 1, 7)
# When the visits of a day begin, UTC; each takes an hour.
MINUTES = (420, 495, 570, 735, 795)

NOTES = {
    "slots": f"Find a slot: the best times within {DAYS} days for a visit to which "
    f"{TECHNICIANS} technicians may go, each of whom has {VISITS_A_DAY} visits a day "
    "already, with the travel that it adds. Compared with the dispatch board's week of "
    "these technicians. The number of queries depends neither on technicians nor days.",
}


def find(databases: Databases) -> Iterator[Result]:
    """Find a slot, and show a week of the same technicians."""
    env = databases.small
    # A smoke test has few of them.
    count = min(TECHNICIANS, databases.sizes.created // 8)
    team, visit = _load(env, count)
    if not _find(visit, DAYS, team.member_ids):
        raise ValueError("the benchmark is out of date: no slot was found")
    few = team.member_ids[:2]
    measured = measure(
        {
            "slots": Operation(env, lambda: _find(visit, DAYS, team.member_ids)),
            "few": Operation(env, lambda: _find(visit, 7, few)),
            "board": Operation(env, lambda: _show(team)),
        },
        databases.sizes.rounds,
    )
    slots, board = measured["slots"], measured["board"]
    # What is found is put into words.
    if slots.queries > measured["few"].queries + 3:
        raise ValueError(
            f"finding a slot takes {slots.queries} queries, of few technicians and "
            f"days {measured['few'].queries}"
        )
    yield Result(
        f"find a slot among {count} technicians' {DAYS} days",
        slots.ms,
        slots.queries,
        "`get_dispatch_board` of their week",
        board.ms,
        board.queries,
        limit=4,
    )


def _load(env: Environment, count: int) -> tuple[BaseModel, BaseModel]:
    """Return a team with its visits, and a visit to which any of them may go."""
    visit_type = env["maintenance.visit.type"].search([], limit=1)
    technicians = env["hr.employee"].create(
        [{"name": f"Slot technician {number:02}"} for number in range(count)]
    )
    team = env["service.team"].create(
        {"name": TEAM_NAME, "member_ids": technicians.ids}
    )
    sites = env["res.partner"].search([("type", "=", "delivery")], limit=5000)
    # A town of ten by ten kilometres.
    env.cr.execute(
        SQL(
            "UPDATE res_partner SET partner_latitude = 46 + id %% 97 * 0.001, "
            "partner_longitude = 6 + id %% 89 * 0.0015 WHERE id = ANY(%s)",
            [*sites.ids, env.company.partner_id.id],
        )
    )
    env.invalidate_all()
    values = {"partner_id": sites[0].parent_id.id, "visit_type_id": visit_type.id}
    values |= {"site_id": sites[0].id, "duration": 1, "due_date": FIRST_DAY}
    visit, pattern = env["maintenance.visit"].create([values, values])
    # It may take place on any of the days.
    visit.write(
        {
            "team_id": team.id,
            "window_start": FIRST_DAY,
            "window_end": FIRST_DAY + timedelta(days=DAYS - 1),
        }
    )
    rows = count * DAYS * VISITS_A_DAY
    start = bulk.first_id(pattern)
    begin = SQL(
        "%s::timestamp + make_interval(days => (i / %s %% %s)::int, "
        "mins => (%s)[1 + i %% %s])",
        datetime.combine(FIRST_DAY, time()),
        VISITS_A_DAY,
        DAYS,
        list(MINUTES),
        VISITS_A_DAY,
    )
    site = SQL("(%s)[1 + %s]", sites.ids, rnd(41, len(sites)))
    bulk.copy_rows(
        pattern,
        rows,
        {
            "state": SQL("'planned'"),
            "name": SQL("'V/S/' || i"),
            "site_id": site,
            "date_start": begin,
            "date_end": SQL("%s + interval '1 hour'", begin),
            "technician_id": SQL(
                "(%s)[1 + i / %s]", technicians.ids, DAYS * VISITS_A_DAY
            ),
        },
    )
    env.cr.execute(
        SQL(
            "INSERT INTO maintenance_visit_technician_rel (visit_id, employee_id) "
            "SELECT id, technician_id FROM maintenance_visit WHERE id >= %s "
            "AND technician_id = ANY(%s)",
            start,
            technicians.ids,
        )
    )
    env.cr.commit()
    bulk.vacuum_analyze(env.cr.dbname)
    return team, visit


def _find(visit: BaseModel, days: int, technicians: BaseModel) -> list:
    last = FIRST_DAY + timedelta(days=days - 1)
    return visit._find_slots(FIRST_DAY, last, technicians=technicians)


def _show(team: BaseModel) -> dict:
    monday = datetime.combine(FIRST_DAY, time())
    return team.env["maintenance.visit"].get_dispatch_board(
        fields.Datetime.to_string(monday),
        fields.Datetime.to_string(monday + timedelta(days=7)),
        team_ids=team.ids,
        zone_ids=[],
    )

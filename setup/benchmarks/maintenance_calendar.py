"""Visits planned many at once, with their appointments in Odoo's calendar."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from odoo.api import Environment
from odoo.fields import Command
from odoo.models import BaseModel

from .databases import Databases, some_customers
from .harness import Operation, measure
from .report import Result

PLANNED = 1_000
TECHNICIANS = 50
CREW = 2
FIRST_START = datetime(2035, 1, 1, 7)

NOTES = {
    "plan": f"Planning: {CREW} of {TECHNICIANS} technicians go to each visit, which "
    "gets its number, event and attendees. Compared with the same events alone, made "
    "in the same context, without mail or tracking.",
}


def plan(databases: Databases) -> Iterator[Result]:
    """Plan visits, and make as many events alone."""
    env = databases.small
    count = min(PLANNED, databases.sizes.created)
    crews = _make_crews(env)
    visits = _make_visits(env, crews, count)
    events = [
        visit._prepare_event_values() | {"start": start, "stop": end}
        for visit, (start, end, _crew) in _appointments(visits).items()
    ]
    env.cr.commit()
    quiet = env["maintenance.visit"]._get_quiet_events()
    measured = measure(
        {
            "visits": Operation(env, lambda: _plan(visits)),
            "events": Operation(
                env, lambda: quiet.create([dict(values) for values in events])
            ),
        },
        databases.sizes.rounds,
    )
    ours, bare = measured["visits"], measured["events"]
    yield Result(
        f"plan {count:,} visits with their events",
        ours.ms,
        ours.queries,
        f"`calendar.event.create` of {count:,} events",
        bare.ms,
        bare.queries,
        limit=2,
    )


def _make_crews(env: Environment) -> list[BaseModel]:
    technicians = env["hr.employee"].create(
        [{"name": f"Technician {number}"} for number in range(TECHNICIANS)]
    )
    return [technicians[first : first + CREW] for first in range(0, TECHNICIANS, CREW)]


def _make_visits(env: Environment, crews: list[BaseModel], count: int) -> BaseModel:
    visit_type = env["maintenance.visit.type"].search([], limit=1)
    customers = some_customers(env, min(count, 100))
    return env["maintenance.visit"].create(
        [
            {
                "partner_id": customers[number % len(customers)].id,
                "visit_type_id": visit_type.id,
                "due_date": FIRST_START.date(),
                "technician_id": crews[number % len(crews)][0].id,
                "technician_ids": [Command.set(crews[number % len(crews)].ids)],
            }
            for number in range(count)
        ]
    )


def _appointments(visits: BaseModel) -> dict:
    """Return what the board hands over: one visit after the other for each crew."""
    crews = TECHNICIANS // CREW
    appointments = {}
    for number, visit in enumerate(visits):
        start = FIRST_START + timedelta(hours=2 * (number // crews))
        appointments[visit] = (start, start + timedelta(hours=1), None)
    return appointments


def _plan(visits: BaseModel) -> None:
    visits.env["maintenance.visit"]._plan(_appointments(visits))

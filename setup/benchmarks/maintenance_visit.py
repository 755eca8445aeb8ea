"""Visits of schedules: a year of them made, and nothing left to make."""

import datetime as dt
from collections.abc import Callable, Iterator
from unittest import mock

from odoo.api import Environment
from odoo.fields import Command
from odoo.models import BaseModel
from odoo.tools import SQL, split_every

from lib.console import step

from . import bulk
from .databases import Databases
from .harness import Measure, Operation, measure
from .report import AT_LEAST, Result

# Everybody's clock stands still on this day, a Monday: every week from it until the
# same day a year on is 53 visits, for each.
DAY = dt.date(2026, 1, 5)
YEAR = dt.timedelta(days=364)
PER_SCHEDULE = 53
# The peer's time grows with what it made: a tenth of the schedules favours it.
PEER_SHARE = 10
# Visits of each loaded schedule line, one a week, up to the day.
LOADED_PER_LINE = 50
LOADED = "bench.visits.loaded"
# Finding nothing takes milliseconds.
MORE_ROUNDS = 3

NOTES = {
    "visits": f"Visits: weekly, {PER_SCHEDULE} in a year, each with its equipment, "
    "moved off days without work; times are per visit. The bare `create` is that of "
    "the same values in the same context. OCA makes its orders for a tenth of the "
    "schedules, because its time per order grows with the table.",
}


def generate(databases: Databases) -> Iterator[Result]:
    """Make a year of visits, among none and among many; find nothing to make."""
    env, large = databases.shared, databases.large
    count = databases.sizes.schedules
    schedules = _create_schedules(env, count)
    among_many = _create_schedules(large, count)
    _load_visits(large, databases.sizes.large)
    operations = {
        "ours": Operation(env, _generating(schedules)),
        "bare": Operation(env, _creating(schedules)),
        "among many": Operation(large, _generating(among_many)),
    }
    if recurring := _create_recurring(env, max(1, count // PEER_SHARE)):
        operations["peer"] = Operation(env, _generating_orders(recurring))
    # Minutes each: fewer rounds than what takes milliseconds.
    measured = measure(operations, max(1, databases.sizes.rounds // 2))
    visits = count * PER_SCHEDULE
    ours = _per_visit(measured["ours"], visits)
    what = f"make a year of visits of {count:,} schedules, per visit"
    yield _compare(what, ours, "", None)
    yield _compare(
        what,
        ours,
        "the ORM's bare `create` of the same rows",
        _per_visit(measured["bare"], visits),
        limit=3,
    )
    if recurring:
        yield _compare(
            what,
            ours,
            "an order by the job of OCA's `fieldservice_recurring`",
            _per_visit(measured["peer"], len(recurring) * PER_SCHEDULE),
            sign=AT_LEAST,
            limit=15,
        )
    yield _compare(
        f"the same among {databases.sizes.large:,} visits",
        _per_visit(measured["among many"], visits),
        "among none",
        ours,
        limit=1.25,
    )
    yield from _find_nothing(databases, schedules, among_many, recurring)


def _find_nothing(
    databases: Databases,
    schedules: BaseModel,
    among_many: BaseModel,
    recurring: BaseModel | None,
) -> Iterator[Result]:
    """Run the jobs when everything is made."""
    env, large = databases.shared, databases.large
    _generating(schedules)()
    _generating(among_many)()
    for each in (env, large):
        each.cr.commit()
    operations = {
        "few": Operation(env, _running(env)),
        "many": Operation(large, _running(large)),
    }
    if recurring:
        _generating_orders(recurring)()
        env.cr.commit()
        operations["peer"] = Operation(env, _running_peer(recurring))
    measured = measure(operations, databases.sizes.rounds * MORE_ROUNDS)
    lines = large["maintenance.schedule.line"].search_count([])
    yield _compare(
        f"find nothing to make, {lines:,} schedule lines, "
        f"{databases.sizes.large:,} visits more",
        measured["many"],
        f"{len(schedules):,} schedules, no more visits",
        measured["few"],
    )
    if recurring:
        yield _compare(
            f"find nothing to make, {len(schedules):,} schedules",
            measured["few"],
            f"OCA's job, {len(recurring):,} recurring orders",
            measured["peer"],
            sign=AT_LEAST,
            limit=15,
        )


def _compare(
    what: str, ours: Measure, other: str, theirs: Measure | None, **limit: object
) -> Result:
    if theirs is None:
        return Result(what, ours.ms, ours.queries, is_detail=True)
    values = (ours.ms, ours.queries, other, theirs.ms, theirs.queries)
    return Result(what, *values, **limit)


def _per_visit(measured: Measure, count: int) -> Measure:
    return Measure(measured.ms / count, measured.queries / count)


# -- ours ----------------------------------------------------------------------------


def _create_schedules(env: Environment, count: int) -> BaseModel:
    """Create active schedules, each of one piece of equipment, without any visit."""
    pieces = _create_equipment(env, count)
    visit_type = _get_visit_type(env)
    technician = env["hr.employee"].create({"name": "Bench technician"})
    schedules = env["maintenance.schedule"].create(
        [
            {
                "partner_id": piece.partner_id.id,
                "site_id": piece.site_id.id,
                "date_start": DAY,
                "line_ids": [
                    Command.create(
                        {
                            "installed_base_id": piece.id,
                            "technician_id": technician.id,
                            "visit_type_id": visit_type.id,
                            "mode": "interval",
                            "interval_number": 1,
                            "interval_unit": "week",
                            "date_first": DAY,
                        }
                    )
                ],
            }
            for piece in pieces
        ]
    )
    # As they are when their horizon comes: active, and nothing made of the year.
    schedules.sudo().write({"state": "active"})
    schedules.line_ids.sudo().write({"next_date": DAY})
    env.cr.commit()
    bulk.vacuum_analyze(env.cr.dbname)
    return schedules


def _create_equipment(env: Environment, count: int) -> BaseModel:
    """Create as many customers with a piece of equipment each."""
    product = env["product.product"].create({"name": "Visited stove"})
    customers = env["res.partner"].create(
        [
            {"name": f"Visited {number}", "city": "Zürich", "phone": f"+41 {number}"}
            for number in range(count)
        ]
    )
    return env["installed.base"].create(
        [
            {"product_id": product.id, "partner_id": customer.id}
            for customer in customers
        ]
    )


def _get_visit_type(env: Environment) -> BaseModel:
    return env.ref("field_maintenance.maintenance_visit_type_cleaning")


def _generating(schedules: BaseModel) -> Callable:
    return lambda: schedules._generate_visits(until=DAY + YEAR)


def _creating(schedules: BaseModel) -> Callable:
    """Return the bare creation of the very rows that are generated."""
    lines = schedules.line_ids.sudo()
    dates = {line: line._get_extension(DAY + YEAR, ()) for line in lines}
    due_dates = lines._shift_dates(dates)
    vals_list = [
        vals
        for line in lines
        for vals in line._prepare_visits_vals(
            {day: due_dates[line][day] for day in dates[line]["create"]}
        )
    ]
    visits = schedules.env["maintenance.visit"].sudo()
    visits = visits.with_context(**lines._get_quiet_context())

    def create() -> None:
        for chunk in split_every(5_000, vals_list):
            visits.create(list(chunk))

    return create


def _running(env: Environment) -> Callable:
    schedules = env["maintenance.schedule"]
    # Before the day, the horizon of a year holds no more than was made.
    lines = env.registry["maintenance.schedule.line"]

    def run() -> None:
        with mock.patch.object(lines, "_get_horizon", lambda *_args: DAY + YEAR):
            schedules._cron_generate_visits()

    return run


def _load_visits(env: Environment, count: int) -> None:
    """Load visits of the past, each line with one a week."""
    parameters = env["ir.config_parameter"].sudo()
    if parameters.get_param(LOADED) == str(count):
        return
    with step(f"{count:,} visits in {env.cr.dbname}"):
        _copy_visits(env, count)
        parameters.set_param(LOADED, str(count))
        env.cr.commit()
        bulk.vacuum_analyze(env.cr.dbname)


def _copy_visits(env: Environment, count: int) -> None:
    lines_count = max(1, count // LOADED_PER_LINE)
    first_day = DAY - dt.timedelta(weeks=LOADED_PER_LINE)
    pattern = env["maintenance.schedule"].create(
        {
            "partner_id": env["res.partner"].create({"name": "Loaded"}).id,
            "date_start": first_day,
            "line_ids": [
                Command.create(
                    {
                        "visit_type_id": _get_visit_type(env).id,
                        "mode": "interval",
                        "interval_number": 1,
                        "interval_unit": "week",
                        "date_first": first_day,
                    }
                )
            ],
        }
    )
    line = pattern.line_ids
    (visit,) = _make_one_visit(line)
    # All lines on one schedule each; what is due is after the year.
    first_schedule = bulk.first_id(pattern)
    bulk.copy_rows(
        pattern, lines_count, {"state": SQL("'active'"), "name": SQL("'Loaded ' || i")}
    )
    first_line = bulk.first_id(line)
    bulk.copy_rows(
        line,
        lines_count,
        {
            "schedule_id": SQL("%s + i", first_schedule),
            "state": SQL("'active'"),
            "next_date": SQL("%s::date", DAY + YEAR + dt.timedelta(weeks=1)),
        },
    )
    number = SQL("(i / %s)", LOADED_PER_LINE)
    day = SQL("(%s::date + 7 * (i %% %s))", first_day, LOADED_PER_LINE)
    start = bulk.first_id(visit)
    bulk.copy_rows(
        visit,
        lines_count * LOADED_PER_LINE,
        {
            "schedule_line_id": SQL("%s + %s", first_line, number),
            "schedule_id": SQL("%s + %s", first_schedule, number),
            "occurrence_date": day,
            "due_date": day,
            "window_start": SQL("%s - %s", day, visit.visit_type_id.days_before),
            "window_end": SQL("%s + %s", day, visit.visit_type_id.days_after),
        },
    )
    bulk.check(env["maintenance.visit"].browse(range(start, start + 100)))


def _make_one_visit(line: BaseModel) -> BaseModel:
    """Return a visit of a line, made as all are."""
    (vals,) = line._prepare_visits_vals({line.date_first: line.date_first})
    visits = line.env["maintenance.visit"].with_context(**line._get_quiet_context())
    return visits.create([vals])


# -- the peer ------------------------------------------------------------------------


def _create_recurring(env: Environment, count: int) -> BaseModel | None:
    """Create recurring orders of OCA's addon, weekly for a year, if it is there."""
    if "fsm.recurring" not in env:
        return None
    frequency = env["fsm.frequency"].create(
        {"name": "Weekly", "interval": 1, "interval_type": "weekly"}
    )
    frequencies = env["fsm.frequency.set"].create(
        {
            "name": "Weekly for a year",
            "schedule_days": YEAR.days,
            "fsm_frequency_ids": [Command.set(frequency.ids)],
        }
    )
    owner = env["res.partner"].create({"name": "Owner"})
    locations = env["fsm.location"].create(
        [
            {"name": f"Location {number}", "owner_id": owner.id}
            for number in range(count)
        ]
    )
    person = env["fsm.person"].create({"name": "Bench technician"})
    equipment = env["fsm.equipment"].create(
        [
            {"name": f"Equipment {number}", "location_id": location.id}
            for number, location in enumerate(locations)
        ]
    )
    recurring = env["fsm.recurring"].create(
        [
            {
                "location_id": location.id,
                "fsm_frequency_set_id": frequencies.id,
                "start_date": dt.datetime.combine(DAY, dt.time()),
                "scheduled_duration": 1,
                "person_id": person.id,
                "equipment_ids": [Command.set(piece.ids)],
                "state": "progress",
            }
            for location, piece in zip(locations, equipment, strict=True)
        ]
    )
    env.cr.commit()
    bulk.vacuum_analyze(env.cr.dbname)
    return recurring


def _at_day(run: Callable[[], object]) -> Callable:
    """Return a function that runs on the day: the peer's module takes its time from
    `datetime`, and nothing else is slowed down by another clock."""
    from odoo.addons.fieldservice_recurring.models import fsm_recurring

    class Frozen(dt.datetime):
        @classmethod
        def now(cls, tz: dt.tzinfo | None = None) -> dt.datetime:
            return dt.datetime.combine(DAY, dt.time(), tz)

    def run_then() -> None:
        with mock.patch.object(fsm_recurring, "datetime", Frozen):
            run()

    return run_then


def _generating_orders(recurring: BaseModel) -> Callable:
    def run() -> None:
        # With the normal context, as its job does.
        orders = recurring._generate_orders()
        if len(orders) != len(recurring) * PER_SCHEDULE:
            raise ValueError(f"OCA made {len(orders)} orders: the benchmark is wrong")

    return _at_day(run)


def _running_peer(recurring: BaseModel) -> Callable:
    return _at_day(recurring._cron_generate_orders)

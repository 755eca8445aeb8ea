"""Requests: until when they are to be answered, and the job that looks for them."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from unittest import mock

from odoo.api import SUPERUSER_ID, Environment
from odoo.models import BaseModel
from odoo.tools import SQL

from . import bulk
from .databases import Databases, some_customers
from .harness import Measure, Operation, measure
from .report import AT_LEAST, Result

LOADED = "bench.requests"
# As often as it takes to see what one of core's dates costs.
PLANNED = 200
FIRST = datetime(2035, 1, 1, 7)
RESPONSE_HOURS = 12
CUSTOMERS = 100
QUERIES_OF_JOB = 3
# Few requests may get their promise from fewer kinds of records.
KINDS = 2

NOTES = {
    "responses": "Response dates: of the equipment, its category or the company, on "
    "the clock of the site, holidays left out. Core's are `plan_hours` of one calendar "
    "in one time zone. A tenth of the requests takes as many queries.",
    "alerts": "Alerts: the job finds nothing due.",
}


def find_dates(databases: Databases) -> Iterator[Result]:
    """Find the response dates of many requests, beside core's way one by one."""
    env, count = databases.small, databases.sizes.requests
    requests = _make_requests(env, count)
    calendar = env.company.resource_calendar_id
    env.cr.commit()
    few = requests[: max(1, count // 10)]
    moments = [request.request_date for request in requests[:PLANNED]]
    measured = measure(
        {
            "ours": Operation(env, _finding(requests)),
            "few": Operation(env, _finding(few)),
            "core": Operation(env, lambda: _plan_hours(calendar, moments)),
        },
        databases.sizes.rounds,
    )
    if measured["ours"].queries > measured["few"].queries + KINDS:
        raise ValueError(
            f"response dates of {count:,} requests take {measured['ours'].queries} "
            f"queries, of {len(few):,} {measured['few'].queries}"
        )
    ours, core = _each(measured["ours"], count), _each(measured["core"], len(moments))
    yield Result(
        f"each of {count:,} response dates",
        ours.ms,
        ours.queries,
        f"each of {len(moments):,} of `resource.calendar.plan_hours`",
        core.ms,
        core.queries,
        sign=AT_LEAST,
        limit=20,
    )


def _each(measured: Measure, count: int) -> Measure:
    return Measure(measured.ms / count, measured.queries / count)


def _finding(requests: BaseModel) -> Callable[[], object]:
    return lambda: requests.sudo()._get_promises()


def _plan_hours(calendar: BaseModel, moments: list[datetime]) -> None:
    for moment in moments:
        calendar.plan_hours(RESPONSE_HOURS, moment, compute_leaves=True)


def _make_requests(env: Environment, count: int) -> BaseModel:
    """Make requests about equipment of many customers, some of it with promises of its
    own, in a week with a holiday."""
    env.company.service_response_hours = RESPONSE_HOURS
    env["resource.calendar.leaves"].create(
        {
            "name": "Benchmark holiday",
            "company_id": env.company.id,
            "calendar_id": False,
            "date_from": FIRST + timedelta(days=2, hours=-7),
            "date_to": FIRST + timedelta(days=3, hours=-7, seconds=-1),
        }
    )
    customers = some_customers(env, min(count, CUSTOMERS))
    pieces = env["installed.base"].search([("partner_id", "in", customers.ids)])
    pieces[::3].response_hours = RESPONSE_HOURS // 2
    vals_list = []
    for number in range(count):
        piece = pieces[number % len(pieces)]
        vals_list.append(
            {
                "subject": f"Request {number}",
                "partner_id": piece.partner_id.id,
                "site_id": piece.site_id.id,
                "installed_base_ids": piece.ids,
                "request_date": FIRST + timedelta(minutes=number % 10_000),
            }
        )
    requests = env["service.request"].with_context(tracking_disable=True)
    return requests.create(vals_list)


def look_for_alerts(databases: Databases) -> Iterator[Result]:
    """Run the job when nothing is due, among many closed requests and among few."""
    environments = {"large": databases.large, "small": databases.small}
    sizes = {"large": databases.sizes.large, "small": databases.sizes.small}
    for name, env in environments.items():
        _load(env, databases.sizes.requests, sizes[name])
        # What is due by now is no longer due afterwards.
        _running(env)()
        env.cr.commit()
    measured = measure(
        {name: Operation(env, _running(env)) for name, env in environments.items()},
        databases.sizes.rounds,
    )
    if measured["large"].queries > QUERIES_OF_JOB:
        raise ValueError(f"the alert job makes {measured['large'].queries} queries")
    yield Result(
        f"look for alerts among {databases.sizes.requests:,} open and "
        f"{sizes['large']:,} closed requests",
        measured["large"].ms,
        measured["large"].queries,
        f"among as many open and {sizes['small']:,} closed ones",
        measured["small"].ms,
        measured["small"].queries,
    )


def _running(env: Environment) -> Callable[[], object]:
    # As jobs run: for everybody, and without the commits.
    requests = env(user=SUPERUSER_ID)["service.request"]

    def run() -> None:
        with mock.patch.object(
            type(env["ir.cron"]), "_commit_progress", return_value=1
        ):
            requests._cron_raise_alerts()

    return run


def _load(env: Environment, opened: int, closed: int) -> None:
    """Load requests whose response is due in years, and closed ones, unless they are
    there."""
    parameters = env["ir.config_parameter"].sudo()
    loaded = f"{opened} {closed}"
    if parameters.get_param(LOADED) == loaded:
        return
    env.company.service_response_hours = RESPONSE_HOURS
    requests = env["service.request"].with_context(tracking_disable=True)
    done = requests._get_stages()["done"]
    for count, vals in (
        (opened, {"request_date": FIRST}),
        (closed, {"stage_id": done.id}),
    ):
        pattern = requests.create(
            {"subject": "Benchmark", "partner_id": env.company.partner_id.id, **vals}
        )
        start = bulk.first_id(pattern)
        bulk.copy_rows(pattern, count, {"name": SQL("'R/B/' || %s + i", start)})
        bulk.check(requests.browse(range(start, start + min(count, 200))))
    parameters.set_param(LOADED, loaded)
    env.cr.commit()
    bulk.vacuum_analyze(env.cr.dbname)

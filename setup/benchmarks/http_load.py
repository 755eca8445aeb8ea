"""Some users at once, over HTTP: how long the calls of our screens take to be served,
and those of Odoo's own that are beside them."""

import json
import statistics
import threading
import time as clock
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, time, timedelta
from http.client import HTTPConnection

from werkzeug.serving import make_server

import odoo.http
from odoo import fields
from odoo.api import Environment
from odoo.models import BaseModel
from odoo.service.server import load_server_wide_modules

from . import visit_screens
from .databases import Databases
from .report import Result
from .screens import COUNT_LIMIT, PAGE, ListScreen

HOST = "127.0.0.1"
# Whatever is still to be asked then is left out.
SECONDS = 60
ANSWER_SECONDS = 30

NOTES = {
    "load": "Load: users at once, over HTTP from this machine to a server with threads "
    "in the same process, so that times are longer than a server's of its own; "
    "medians, and beside them the time within which 95 of 100 calls were answered. It "
    f"ends after {SECONDS} seconds.",
}

# Method, its arguments and keywords, as a browser sends them.
Call = tuple[str, str, list, dict]


class _Client:
    """A browser that is logged in."""

    def __init__(self, port: int, database: str, login: str) -> None:
        self._connection = HTTPConnection(HOST, port, timeout=ANSWER_SECONDS)
        self._cookie = ""
        params = {"db": database, "login": login, "password": login}
        response = self._post("/web/session/authenticate", params)
        if not response.get("result", {}).get("uid"):
            raise ValueError(f"the benchmark cannot log in as {login}: {response}")

    def _post(self, path: str, params: dict) -> dict:
        body = json.dumps({"jsonrpc": "2.0", "method": "call", "params": params})
        headers = {"Content-Type": "application/json", "Cookie": self._cookie}
        self._connection.request("POST", path, body, headers)
        response = self._connection.getresponse()
        if cookie := response.getheader("Set-Cookie"):
            self._cookie = cookie.split(";")[0]
        return json.loads(response.read())

    def time(self, call: Call) -> float:
        """Return the milliseconds until a call was answered.

        :raise ValueError: if the answer is an error
        """
        model, method, args, kwargs = call
        params = {"model": model, "method": method, "args": args, "kwargs": kwargs}
        started = clock.perf_counter()
        answer = self._post(f"/web/dataset/call_kw/{model}/{method}", params)
        if "error" in answer:
            raise ValueError(answer["error"])
        return (clock.perf_counter() - started) * 1000


@contextmanager
def _serve() -> Iterator[int]:
    """Serve in threads of this process, and yield the port."""
    load_server_wide_modules()
    server = make_server(HOST, 0, odoo.http.root, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()


def load(databases: Databases) -> Iterator[Result]:
    """Let users open their screens, all at once."""
    env, sizes = databases.large, databases.sizes
    visit_screens.load(env, sizes.large)
    _set_passwords(env)
    screens = {
        login: _get_screens(visit_screens.as_login(env, login), login)
        for login in visit_screens.LOGINS
    }
    env.cr.rollback()
    with _serve() as port:
        times, errors = _run(port, env.cr.dbname, screens, sizes.users, sizes.rounds)
    for pairs in screens.values():
        for name, (_call, other, _other_call) in pairs.items():
            for what, measure in (("", statistics.median), (", 95 of 100", _get_most)):
                if times[name] and times[other]:
                    yield Result(
                        f"{name}, {sizes.users} users at once{what}",
                        measure(times[name]),
                        None,
                        other,
                        measure(times[other]),
                        None,
                        is_detail=True,
                    )
    yield Result(
        f"calls that failed, of {sum(map(len, times.values())) + errors:,}",
        errors,
        None,
        unit="calls",
    )


def _get_most(times: list[float]) -> float:
    """Return the time within which 95 of 100 calls were answered."""
    return sorted(times)[int(0.95 * (len(times) - 1))]


def _run(
    port: int, database: str, screens: dict[str, dict], users: int, rounds: int
) -> tuple[dict[str, list[float]], int]:
    """Return the times of each call, and how many failed."""
    times: dict[str, list[float]] = {
        name: []
        for pairs in screens.values()
        for own, (_call, other, _other_call) in pairs.items()
        for name in (own, other)
    }
    logins = list(screens)
    clients = [
        _Client(port, database, logins[number % len(logins)]) for number in range(users)
    ]
    end = clock.monotonic() + SECONDS

    def work(number: int) -> int:
        """Open all screens, turn by turn, each user beginning with another one."""
        calls = [
            pair
            for own, (call, other, other_call) in screens[
                logins[number % len(logins)]
            ].items()
            for pair in ((own, call), (other, other_call))
        ]
        errors = 0
        for turn in range(rounds * len(calls)):
            name, call = calls[(turn + number // len(logins)) % len(calls)]
            if clock.monotonic() > end:
                break
            try:
                times[name].append(clients[number].time(call))
            except (OSError, ValueError):
                errors += 1
        return errors

    with ThreadPoolExecutor(users) as pool:
        errors = sum(pool.map(work, range(users)))
    return times, errors


def _set_passwords(env: Environment) -> None:
    users = env["res.users"].search([("login", "in", visit_screens.LOGINS)])
    for user in users:
        user.sudo().password = user.login
    env.cr.commit()


def _get_screens(env: Environment, login: str) -> dict[str, tuple[Call, str, Call]]:
    """Return {what: (our call, what core does, core's call)} of a user."""
    today = datetime.combine(fields.Date.today(), time())
    monday = today - timedelta(days=today.weekday())
    week = [fields.Datetime.to_string(monday + timedelta(days=days)) for days in (0, 7)]
    team = visit_screens.get_team(env)
    if login == "bench_technician":
        bounds = [
            fields.Datetime.to_string(today + timedelta(days=day)) for day in (0, 1)
        ]
        return {
            "My Day, over HTTP": (
                ("maintenance.visit", "get_my_day", bounds, {}),
                "core's calendar, a week of one, over HTTP",
                _get_meetings(week, env.user.partner_id),
            ),
            "list of visits, technician, over HTTP": (
                _get_list(env, "field_maintenance.maintenance_visit_action"),
                "core's list of contacts, technician, over HTTP",
                _get_list(env, "contacts.action_contacts"),
            ),
        }
    return {
        "dispatch board, over HTTP": (
            (
                "maintenance.visit",
                "get_dispatch_board",
                week,
                {"domain": [], "team_ids": team.ids, "zone_ids": []},
            ),
            "core's calendar, the same week, over HTTP",
            _get_meetings(week, team.member_ids.work_contact_id),
        ),
        "All Visits, over HTTP": (
            _get_list(env, "field_maintenance.maintenance_visit_all_action"),
            "core's list of contacts, over HTTP",
            _get_list(env, "contacts.action_contacts"),
        ),
    }


def _get_list(env: Environment, action: str) -> Call:
    screen = ListScreen(env, action)
    kwargs = {
        "domain": screen.domain,
        "specification": screen.get_specification(),
        "limit": PAGE,
        "count_limit": COUNT_LIMIT,
    }
    return screen.records._name, "web_search_read", [], kwargs


def _get_meetings(week: list[str], people: BaseModel) -> Call:
    domain = [
        ("start", "<=", week[1]),
        ("stop", ">=", week[0]),
        ("partner_ids", "in", people.ids),
    ]
    kwargs = {"domain": domain, "fields": visit_screens.EVENT_FIELDS}
    return "calendar.event", "search_read", [], kwargs

"""Plans of two hundred visits, twenty technicians and five days, by both solvers."""

import statistics
import threading
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from unittest.mock import patch

from odoo.addons.field_maintenance import solver
from odoo.addons.field_maintenance.engine import (
    Plan,
    Stop,
    Stretch,
    TravelSettings,
    cut,
    travel_matrix,
)
from odoo.addons.field_maintenance.engine.backlog import (
    from_vroom,
    insert_over_breaks,
    priority,
    to_vroom,
    unwish,
    wish,
)
from odoo.addons.field_maintenance.engine.routing import NOT_PREFERRED, check
from odoo.addons.field_maintenance.solver import process

from .options import DAYS, LONGEST_PAUSE, MORE_LEFT, SEEDS, VISITS
from .report import Result

Problem = tuple[list[Stretch], list[Stop], list[list[int]], dict[int, frozenset[int]]]

MONDAY = datetime(2036, 1, 7)
LONGEST_SECONDS = 30


def compare(small: bool) -> Iterator[Result]:
    """Plan with VROOM and without it, and compare what they find.

    :param small: few visits, and no limits
    """
    count, seeds = (30, 1) if small else (VISITS, SEEDS)
    ranks, times = [], []
    for seed in range(seeds):
        problem = _make(seed, count, max(2, count // 10))
        usual = _find_level_1(*problem)
        started = time.perf_counter()
        with _Watch() as watch:
            found, made_by = solver.solve(*problem)
        times.append(time.perf_counter() - started)
        if made_by != "vroom":
            raise ValueError("the benchmark needs pyvroom")
        with patch.object(process, "is_installed", return_value=False):
            inserted, _made_by = solver.solve(*problem)
        for one in (found, inserted):
            if faults := check(one, problem[2]):
                raise ValueError(f"a plan cannot be done so: {faults}")
        ranks.append([_rank(one, problem) for one in (usual, found, inserted)])
        if not small and times[-1] > LONGEST_SECONDS:
            raise ValueError(f"planning takes {times[-1]:.0f} s")
        if not small and watch.longest > LONGEST_PAUSE:
            raise ValueError(f"other threads waited {watch.longest:.2f} s")
    lost, left, costs = (
        [
            statistics.median(row)
            for row in zip(*([rank[n] for rank in own] for own in ranks), strict=True)
        ]
        for n in range(3)
    )
    if not small and lost[1] > lost[0]:
        raise ValueError(f"plans lose a priority of {lost[1]}, VROOM {lost[0]}")
    if not small and max(left) > left[0] + MORE_LEFT * count:
        raise ValueError(f"VROOM leaves {left[0]} visits over, plans {left[1:]}")
    usual, found, inserted = costs
    what = f"{count} visits × {max(2, count // 10)} technicians × {DAYS} days"
    yield Result(
        f"plan {what}: travel",
        found,
        0,
        "VROOM level 1",
        usual,
        limit=1.02,
        unit="min",
    )
    yield Result(
        f"plan {what} without VROOM: travel",
        inserted,
        0,
        "VROOM level 1",
        usual,
        limit=1.25,
        unit="min",
    )
    yield Result(f"plan {what}", statistics.median(times) * 1000, 0)


class _Watch:
    """How long another thread has to wait for its turn at most."""

    def __init__(self) -> None:
        self.longest = 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> "_Watch":
        self._thread.start()
        return self

    def __exit__(self, *args: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        step = 0.01
        while not self._over.is_set():
            before = time.perf_counter()
            time.sleep(step)
            self.longest = max(self.longest, time.perf_counter() - before - step)


def _make(seed: int, count: int, technicians: int) -> Problem:
    """Return stretches, visits, the travel between their places, and who should go."""
    dice = Random(seed)
    points = [
        (46 + dice.random() * 0.5, 6 + dice.random() * 0.7)
        for _place in range(technicians + count)
    ]
    hours = [timedelta(hours=hour) for hour in (8, 12, 13, 17)]
    days = [MONDAY + timedelta(days=day) for day in range(DAYS)]
    working = [
        (day + start, day + end)
        for day in days
        for start, end in (hours[:2], hours[2:])
    ]
    stretches = [
        stretch
        for person in range(technicians)
        for stretch in cut(person, person, working, ())
    ]
    stops, wishes = [], {}
    for number in range(count):
        first = dice.randrange(DAYS)
        last = dice.randrange(first, DAYS)
        starts = [(days[first], days[last] + timedelta(hours=24))]
        if number % 5 == 0:
            hour = timedelta(hours=dice.choice((8, 10, 13, 15)))
            starts = [
                (day + hour, day + hour + timedelta(hours=2))
                for day in days[first : last + 1]
            ]
        able = dice.sample(range(technicians), dice.randint(1, technicians))
        stops.append(
            Stop(
                number,
                technicians + number,
                dice.choice((60, 90, 120, 180)),
                frozenset(able),
                tuple(starts),
                priority(dice.choice((0, 0, 0, 1, 2)), last < DAYS - 1),
            )
        )
        if number % 3 == 0:
            wishes[number] = frozenset({dice.choice(able)})
    return stretches, stops, travel_matrix(points, TravelSettings()), wishes


def _find_level_1(
    stretches: list[Stretch],
    stops: list[Stop],
    travel: list[list[int]],
    wishes: dict[int, frozenset[int]],
) -> Plan:
    """Return what VROOM finds at its level 1: the better one of whoever should go and
    of whoever may."""
    plans = []
    for version in (wish(stops, wishes), stops):
        begun = insert_over_breaks(stretches, version, travel)
        (answer,) = process.run_vroom({**to_vroom(begun, travel), "levels": [1]}, 120)
        plans.append(unwish(from_vroom(answer, begun, travel), stops))
    problem = stretches, stops, travel, wishes
    return min(plans, key=lambda plan: _rank(plan, problem))


def _rank(found: Plan, problem: Problem) -> tuple[int, int, int]:
    """Return lost priority, visits left, and minutes of travel with what it costs that
    somebody else goes than should."""
    lost, left, minutes = found.cost(problem[2])
    wishes = problem[3]
    others = sum(
        stop.id in wishes and route.stretch.technician not in wishes[stop.id]
        for route in found.routes
        for stop in route.stops
    )
    return lost, left, minutes + NOT_PREFERRED * others

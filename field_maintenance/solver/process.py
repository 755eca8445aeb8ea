import importlib.util
import json
import logging
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from ..engine.backlog import (
    from_vroom,
    insert_over_breaks,
    tidy,
    to_vroom,
    unwish,
    wish,
)
from ..engine.routing import (
    NOT_PREFERRED,
    Plan,
    Stop,
    Stretch,
    Travel,
    check,
    fill,
    insert_by_regret,
)

_logger = logging.getLogger(__name__)

CHILD = Path(__file__).with_name("vroom_child.py")
# How long VROOM may look for a better plan.
SECONDS = 25
# How often an insertion looks for a better plan. A second has some fifty rounds.
ROUNDS = 1000


def is_installed() -> bool:
    """Tell whether VROOM is there."""
    return bool(sys.executable) and importlib.util.find_spec("vroom") is not None


def solve(
    stretches: Sequence[Stretch],
    stops: Sequence[Stop],
    travel: Travel,
    wishes: Mapping[int, frozenset[int]] | None = None,
    seconds: float = SECONDS,
) -> tuple[Plan, str]:
    """Return the best plan that can be found in some seconds, and who found it:
    `vroom` or `insertion`.

    :param wishes: who should go, by the id of a visit; others go where that loses no
        visit, or saves more travel than a preference is worth
    """
    deadline = time.monotonic() + seconds
    wishes = wishes or {}
    wished = wish(stops, wishes)
    # Whoever should go may have too little time: it is tried without wishes, too.
    versions = [wished] if wished == list(stops) else [wished, list(stops)]
    plans = []
    for number, version in enumerate(versions):
        rest = (deadline - time.monotonic()) / (len(versions) - number)
        found, made_by = _find_plans(stretches, version, travel, max(rest, 1))
        for plan in found:
            whole = tidy(fill(unwish(plan, stops), travel), travel)
            if faults := check(whole, travel):
                _logger.warning("A plan of %s cannot be done so: %s", made_by, faults)
            else:
                plans.append((whole, made_by))
    if not plans:
        return insert_by_regret(stretches, stops, travel), "insertion"
    return min(plans, key=lambda plan: _get_rank(plan[0], travel, wishes))


def _find_plans(
    stretches: Sequence[Stretch],
    stops: Sequence[Stop],
    travel: Travel,
    seconds: float,
) -> tuple[list[Plan], str]:
    """Return the plans that were found in some seconds, and who found them."""
    deadline = time.monotonic() + seconds
    found = []
    if is_installed() and stretches and stops:
        # What goes over a break is not for VROOM.
        begun = insert_over_breaks(stretches, stops, travel)
        for answer in run_vroom(to_vroom(begun, travel), seconds):
            found.append(from_vroom(answer, begun, travel))
    if found:
        return found, "vroom"
    plan = insert_by_regret(
        stretches, stops, travel, lambda: time.monotonic() > deadline, ROUNDS
    )
    return [plan], "insertion"


def _get_rank(
    plan: Plan, travel: Travel, wishes: Mapping[int, frozenset[int]]
) -> tuple[int, int, int]:
    """Return lost priority, visits left, and minutes of travel with what it costs that
    somebody else goes than should: less is better."""
    lost, left, minutes = plan.cost(travel)
    others = sum(
        stop.id in wishes and route.stretch.technician not in wishes[stop.id]
        for route in plan.routes
        for stop in route.stops
    )
    return lost, left, minutes + NOT_PREFERRED * others


def run_vroom(
    problem: dict, seconds: float, command: Sequence[str] = ()
) -> Iterator[dict]:
    """Yield what VROOM found after each level of exploration.

    Its process is ended when the time is over. If it crashes before, there is less.

    :param command: how to start it, if not as usual
    """
    try:
        process = subprocess.Popen(
            command or [sys.executable, str(CHILD)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            # Threads of numpy, which is only loaded, would take memory.
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
        )
    except OSError as error:
        _logger.warning("VROOM cannot be started: %s", error)
        return
    text = json.dumps({**problem, "seconds": round(seconds) + 5}).encode()
    try:
        answers, errors = process.communicate(text, timeout=seconds)
        if process.returncode:
            _logger.warning(
                "VROOM ended with %s: %s",
                process.returncode,
                errors.decode(errors="replace")[-1000:],
            )
    except subprocess.TimeoutExpired:
        process.kill()
        answers, _errors = process.communicate()
    for line in answers.splitlines():
        try:
            yield json.loads(line)
        except ValueError:
            # It was ended while it wrote.
            _logger.info("VROOM left an answer unfinished")

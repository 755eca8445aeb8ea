"""Operations run in turns: how long they take and how many queries they make."""

import gc
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

from odoo.api import Environment


@dataclass(frozen=True)
class Operation:
    """Something to measure. What it changes is rolled back."""

    env: Environment
    run: Callable[[], object]


@dataclass(frozen=True)
class Measure:
    """The medians of several runs."""

    ms: float
    queries: float


def _run(operation: Operation) -> tuple[float, int]:
    """Run once, from an empty record cache to the state before a commit."""
    cursor = operation.env.cr
    operation.env.invalidate_all()
    gc.collect()
    queries = cursor.sql_log_count
    started = time.perf_counter()
    operation.run()
    # Flushes, and does what waits for the commit: tracking messages, say.
    cursor.flush()
    seconds = time.perf_counter() - started
    queries = cursor.sql_log_count - queries
    cursor.rollback()
    return seconds * 1000, queries


def measure(operations: dict[str, Operation], rounds: int) -> dict[str, Measure]:
    """Run all operations once per round, the order reversed each time.

    One more round comes first and is not counted: it fills Odoo's and PostgreSQL's
    caches. Times of a shared machine wander; operations that take turns wander alike.
    """
    runs: dict[str, list[tuple[float, int]]] = {name: [] for name in operations}
    # The registries of several databases are no garbage: to look for some among them
    # took longer than most operations.
    gc.freeze()
    for turn in range(rounds + 1):
        names = list(operations)[:: 1 if turn % 2 else -1]
        for name in names:
            run = _run(operations[name])
            if turn:
                runs[name].append(run)
    gc.unfreeze()
    return {
        name: Measure(*map(statistics.median, zip(*samples, strict=True)))
        for name, samples in runs.items()
    }

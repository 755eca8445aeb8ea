"""VROOM in a process of its own, what is kept of it, and what happens without."""

import json
import sys
import time
from importlib.util import find_spec
from unittest import TestCase, skipUnless
from unittest.mock import patch

from odoo.tools import mute_logger

from ... import solver
from ...engine.backlog import insert_over_breaks, to_vroom
from ...engine.routing import check, insert_by_regret
from ...solver import process
from ..engine.test_engine_backlog import ANNA, BEN, ROAD, stop, stretch

# A busy machine may take long to begin.
PATIENCE = 120
LOGGER = "odoo.addons.field_maintenance.solver.process"
has_vroom = skipUnless(find_spec("vroom"), "pyvroom is not installed")


def python(code):
    """Return the command of a child that does this in VROOM's place."""
    return [sys.executable, "-c", f"import json, os, sys, time\n{code}"]


class TestSolver(TestCase):
    STRETCHES = (stretch(), stretch(technician=BEN), stretch(day=3))
    STOPS = tuple(stop(n, n % 9, 45 + n, priority=n % 3 * 40) for n in range(9))

    def report(self, code, seconds=20):
        return list(process.run_vroom({"routes": []}, seconds, python(code)))

    @has_vroom
    def test_vroom(self):
        plan, made_by = solver.solve(self.STRETCHES, self.STOPS, ROAD, seconds=PATIENCE)
        self.assertEqual(made_by, "vroom")
        self.assertEqual(check(plan, ROAD), [])
        other = insert_by_regret(self.STRETCHES, self.STOPS, ROAD)
        self.assertLessEqual(plan.cost(ROAD), other.cost(ROAD))

    @has_vroom
    def test_each_level_is_reported(self):
        problem = to_vroom(insert_over_breaks(self.STRETCHES, self.STOPS, ROAD), ROAD)
        answers = list(process.run_vroom(problem, PATIENCE))
        self.assertEqual([answer["level"] for answer in answers], [0, 1, 3])

    @has_vroom
    def test_the_strongest_priority_is_planned(self):
        """Whatever the docstring of pyvroom says: 100 is the strongest."""
        urgent, usual = stop(1, minutes=200, priority=100), stop(2, minutes=200)
        plan, _made_by = solver.solve(
            [stretch(8, 12, breaks=())], [usual, urgent], ROAD
        )
        self.assertEqual((plan.routes[0].stops, plan.left), ((urgent,), (usual,)))

    def test_without_vroom(self):
        with patch.object(process, "is_installed", return_value=False):
            plan, made_by = solver.solve(self.STRETCHES, self.STOPS, ROAD)
        self.assertEqual(made_by, "insertion")
        self.assertEqual(check(plan, ROAD), [])

    def test_killed_child_leaves_what_it_reported(self):
        """Nobody waits longer than the time that it has."""
        started = time.monotonic()
        answers = self.report(
            "print(json.dumps({'level': 0}), flush=True)\ntime.sleep(60)", seconds=2
        )
        self.assertEqual(answers, [{"level": 0}])
        self.assertLess(time.monotonic() - started, 20)

    @mute_logger(LOGGER)
    def test_crashed_child_leaves_what_it_reported(self):
        answers = self.report("print(json.dumps({'level': 0}), flush=True)\nos.abort()")
        self.assertEqual(answers, [{"level": 0}])

    @mute_logger(LOGGER)
    def test_child_that_does_not_start(self):
        self.assertEqual(list(process.run_vroom({}, 20, ["/no/such/python"])), [])

    def test_wishes(self):
        """Whoever should go does; others do if they have no time."""
        stops = [stop(n, minutes=200) for n in range(3)]
        wishes = {one.id: frozenset({BEN}) for one in stops}
        halves = [
            stretch(8, 12, breaks=()),
            stretch(8, 12, BEN, ()),
            stretch(13, 17, BEN, ()),
        ]
        for installed in {False, process.is_installed()}:
            with patch.object(process, "is_installed", return_value=installed):
                plan, _made_by = solver.solve(halves, stops[:2], ROAD, wishes)
                self.assertEqual([len(r.stops) for r in plan.routes], [0, 1, 1])
                plan, _made_by = solver.solve(halves, stops, ROAD, wishes)
                self.assertEqual([len(r.stops) for r in plan.routes], [1, 1, 1])

    def test_wishes_lose_no_visit(self):
        """Who should go is needed elsewhere; others go, and nothing is left."""
        halves = [stretch(8, 12, breaks=()), stretch(8, 12, BEN, ())]
        only = stop(1, minutes=200, people=(ANNA,))
        # An insertion goes by priority first.
        has_solver = process.is_installed()
        for installed, level in {(False, 0), (has_solver, 80 if has_solver else 0)}:
            either = stop(2, minutes=200, priority=level)
            wishes = {either.id: frozenset({ANNA})}
            with patch.object(process, "is_installed", return_value=installed):
                plan, _made_by = solver.solve(
                    halves, [only, either], ROAD, wishes, seconds=PATIENCE
                )
            self.assertEqual(plan.left, ())
            self.assertEqual([r.stops for r in plan.routes], [(only,), (either,)])

    @mute_logger(LOGGER)
    def test_unfinished_answer_is_none(self):
        code = 'sys.stdout.write(\'{"level": 0, "rou\')\nsys.stdout.flush()\nos.abort()'
        self.assertEqual(self.report(code), [])

    @mute_logger(LOGGER)
    def test_crashed_vroom_is_replaced(self):
        """Nothing was found: visits are inserted."""
        with (
            patch.object(process, "is_installed", return_value=True),
            patch.object(process, "run_vroom", return_value=iter(())),
        ):
            plan, made_by = solver.solve(self.STRETCHES, self.STOPS, ROAD)
        self.assertEqual(made_by, "insertion")
        self.assertEqual(check(plan, ROAD), [])

    @mute_logger(LOGGER)
    def test_the_best_of_all_reports_counts(self):
        """Not the last one, and none that cannot be done."""
        answers = [
            {"routes": {"0": list(range(5)), "1": [], "2": []}},
            {"routes": {"0": [], "1": [], "2": []}},
        ]
        with (
            patch.object(process, "is_installed", return_value=True),
            patch.object(process, "run_vroom", return_value=iter(answers)),
            patch.object(process, "fill", side_effect=lambda plan, travel: plan),
        ):
            plan, made_by = solver.solve(self.STRETCHES, self.STOPS, ROAD)
        self.assertEqual(made_by, "vroom")
        self.assertEqual(len(plan.routes[0].stops), 5)

    def test_child_needs_no_odoo(self):
        text = process.CHILD.read_text()
        self.assertNotIn("import odoo", text)
        self.assertNotIn("timeout", text)
        self.assertEqual(
            json.loads(json.dumps(to_vroom(insert_over_breaks((), (), ROAD), ROAD)))[
                "jobs"
            ],
            [],
        )

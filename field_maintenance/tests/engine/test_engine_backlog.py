"""What a solver is asked and answers, and why a visit found no place."""

from datetime import datetime, timedelta
from unittest import TestCase

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ...engine.backlog import (
    Reason,
    Why,
    from_vroom,
    insert_over_breaks,
    priority,
    tidy,
    to_vroom,
    why_not,
)
from ...engine.routing import (
    Plan,
    Route,
    Stop,
    Stretch,
    check,
    fill,
    insert_by_regret,
    schedule,
)

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
# How long an example takes is the machine's business.
UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
ANNA, BEN = 1, 2
HOME = 0
# A road: ten minutes from one place to the next.
ROAD = [[abs(a - b) * 10 for b in range(60)] for a in range(60)]


def at(hour, day=2):
    return datetime(2026, 3, day) + hour * HOUR


def span(first, last, day=2):
    return at(first, day), at(last, day)


def stop(number, place=0, minutes=60, people=(ANNA, BEN), **values):
    return Stop(number, place, minutes, frozenset(people), **values)


def stretch(first=8, last=17, technician=ANNA, breaks=((12, 13),), day=2):
    return Stretch(
        technician,
        at(first, day),
        at(last, day),
        HOME,
        HOME,
        tuple(span(*hours, day) for hours in breaks),
        240 if breaks else round((last - first) * 60),
    )


def empty(*stretches, left=()):
    return Plan(tuple(Route(one) for one in stretches), tuple(left))


def filled(one, *stops):
    return Route(one, stops, tuple(schedule(one, stops, ROAD)))


class TestPriority(TestCase):
    def test_levels(self):
        self.assertEqual(
            [priority(level, late) for level in (0, 1, 2) for late in (False, True)],
            [0, 20, 40, 60, 80, 100],
        )


class TestAsk(TestCase):
    def test_problem(self):
        first, second = stretch(), stretch(9, 12, BEN, ())
        one = stop(7, 3, 90, priority=40)
        other = stop(8, 5, people=(BEN,), starts=(span(10, 11),))
        problem = to_vroom(empty(first, second, left=(one, other)), ROAD)
        self.assertEqual(
            problem["vehicles"],
            [
                {
                    "id": 0,
                    "start": 0,
                    "end": 0,
                    "window": (0, 540),
                    # At twelve, an hour sooner or later.
                    "breaks": [(180, 300, 60)],
                    "skills": [0],
                },
                {
                    "id": 1,
                    "start": 0,
                    "end": 0,
                    "window": (60, 240),
                    "breaks": [],
                    "skills": [0, 1],
                },
            ],
        )
        self.assertEqual(
            problem["jobs"],
            [
                {
                    "id": 0,
                    "place": 3,
                    "minutes": 90,
                    "skills": [0],
                    "priority": 40,
                    "windows": [(0, 540)],
                },
                {
                    "id": 1,
                    "place": 5,
                    "minutes": 60,
                    "skills": [1],
                    "priority": 0,
                    "windows": [(120, 180)],
                },
            ],
        )
        self.assertEqual(problem["levels"], (0, 1, 3))

    def test_what_cannot_begin_is_not_asked_for(self):
        other_day = stop(1, starts=(span(8, 17, 5),))
        problem = to_vroom(empty(stretch(), left=(other_day, stop(2))), ROAD)
        self.assertEqual([job["id"] for job in problem["jobs"]], [1])

    def test_over_a_break_is_inserted_before(self):
        """Only a visit longer than half a day goes over a break, which VROOM knows
        nothing of; that day is not its any more."""
        long, short = stop(1, minutes=300), stop(2)
        plan = insert_over_breaks([stretch(), stretch(day=3)], [short, long], ROAD)
        self.assertEqual([r.stops for r in plan.routes], [(long,), ()])
        self.assertEqual(plan.left, (short,))
        problem = to_vroom(plan, ROAD)
        self.assertEqual([v["id"] for v in problem["vehicles"]], [1])
        self.assertEqual([job["id"] for job in problem["jobs"]], [0])

    def test_places_by_name(self):
        """Places may be ids of anything."""
        travel = {a: {b: 0 if a == b else 25 for b in (70, 90)} for a in (70, 90)}
        one = stretch()._replace(start_place=70, end_place=70)
        problem = to_vroom(empty(one, left=(stop(1, 90),)), travel)
        self.assertEqual(problem["travel"], [[0, 25], [25, 0]])
        self.assertEqual(problem["vehicles"][0]["start"], 0)
        self.assertEqual(problem["jobs"][0]["place"], 1)


class TestRead(TestCase):
    def test_answer(self):
        one, two, three = stop(1, 2), stop(2, 4), stop(3)
        asked = empty(stretch(), left=(one, two, three))
        plan = from_vroom({"routes": {"0": [1, 0]}}, asked, ROAD)
        self.assertEqual(plan.routes[0].stops, (two, one))
        # Forty minutes there, twenty on.
        self.assertEqual(
            plan.routes[0].starts,
            (at(8) + timedelta(minutes=40), at(10)),
        )
        self.assertEqual(plan.left, (three,))
        self.assertEqual(check(plan, ROAD), [])

    def test_what_does_not_fit_is_left(self):
        one = stop(1, minutes=600)
        plan = from_vroom({"routes": {"0": [0]}}, empty(stretch(), left=(one,)), ROAD)
        self.assertEqual((plan.routes[0].stops, plan.left), ((), (one,)))


class TestTidy(TestCase):
    def test_full_five_minutes(self):
        """Where there is room: not past an agreed hour, nor past the end of work."""
        one, other = stop(1, 1, 52), stop(2, 2)
        plan = tidy(Plan((filled(stretch(8.1), one, other),)), ROAD)
        self.assertEqual(
            plan.routes[0].starts, (at(8) + 20 * MINUTE, at(9) + 25 * MINUTE)
        )
        self.assertEqual(check(plan, ROAD), [])
        until = one._replace(starts=((at(8), at(8) + 17 * MINUTE),))
        plan = tidy(Plan((filled(stretch(8.1), until),)), ROAD)
        self.assertEqual(plan.routes[0].starts, (at(8) + 16 * MINUTE,))
        tight = stretch(8.2, 12, breaks=())
        plan = tidy(Plan((filled(tight, one._replace(minutes=206)),)), ROAD)
        self.assertEqual(plan.routes[0].starts, (at(8) + 22 * MINUTE,))


class TestWhyNot(TestCase):
    def why(self, one, plan, days=None):
        return why_not(one, days or one.starts, plan, ROAD)

    def test_skill(self):
        self.assertEqual(
            self.why(stop(1, people=()), empty(stretch())), Reason(Why.SKILL)
        )

    def test_nobody_works_in_its_days(self):
        one = stop(1, starts=(span(0, 24, 5),))
        self.assertEqual(self.why(one, empty(stretch())), Reason(Why.DAYS))
        # Somebody does, but not who may go.
        one = stop(1, people=(BEN,))
        self.assertEqual(self.why(one, empty(stretch())), Reason(Why.DAYS))

    def test_agreed_hours(self):
        one = stop(1, starts=(span(18, 20),))
        self.assertEqual(
            self.why(one, empty(stretch()), [span(0, 24)]), Reason(Why.AGREED)
        )

    def test_longer_than_any_stretch(self):
        # It would go over the break, but the day has nine hours.
        self.assertEqual(
            self.why(stop(1, minutes=541), empty(stretch())), Reason(Why.LONG, 540)
        )
        self.assertEqual(
            self.why(stop(1, minutes=121), empty(stretch(8, 10, breaks=()))),
            Reason(Why.LONG, 120),
        )

    def test_too_far(self):
        one = stop(1, place=30, minutes=120)
        self.assertEqual(
            self.why(one, empty(stretch(8, 12, breaks=()))), Reason(Why.FAR)
        )

    def test_others_came_first(self):
        anna, ben = stretch(8, 12, breaks=()), stretch(8, 12, BEN, ())
        first, second, third = stop(1, minutes=90), stop(2, minutes=100), stop(3)
        plan = Plan(
            (filled(anna, first, second), filled(ben, third._replace(minutes=200)))
        )
        # Anna has fifty minutes after the two, Ben forty.
        self.assertEqual(
            self.why(stop(9, minutes=55), plan), Reason(Why.OTHERS, 50, 0, (second,))
        )

    def test_way_to_the_gap_counts(self):
        plan = Plan((filled(stretch(8, 12, breaks=()), stop(1, minutes=150)),))
        # Ninety minutes, of which twenty there and twenty home.
        self.assertEqual(self.why(stop(9, place=2), plan).minutes, 50)

    def test_planned_before(self):
        """Nothing of the plan is there: what was planned already makes the gap."""
        plan = empty(stretch(8, 9, breaks=()))
        self.assertEqual(self.why(stop(1, minutes=60), plan).others, ())


stops = st.builds(
    lambda number, place, minutes, people, low, length, level: stop(
        number,
        place,
        minutes,
        people,
        starts=(span(low, low + length),),
        priority=level,
    ),
    st.integers(0, 10**6),
    st.integers(0, 40),
    st.integers(15, 500),
    st.sets(st.sampled_from((ANNA, BEN))),
    st.integers(0, 20),
    st.integers(0, 24),
    st.sampled_from((0, 20, 40, 60, 80, 100)),
)
problems = st.lists(stops, max_size=8, unique_by=lambda one: one.id)


class TestProperties(TestCase):
    STRETCHES = (stretch(), stretch(9, 15, BEN, ()), stretch(day=3))

    @UNHURRIED
    @given(problems)
    def test_what_is_left_has_a_reason_that_holds(self, found):
        plan = insert_by_regret(self.STRETCHES, found, ROAD)
        for one in plan.left:
            why = why_not(one, one.starts, plan, ROAD).why
            alone = any(
                schedule(each, [one], ROAD) is not None for each in self.STRETCHES
            )
            self.assertEqual(why is Why.OTHERS, alone)
            self.assertEqual(why is Why.SKILL, not one.people)

    @UNHURRIED
    @given(problems, st.randoms(use_true_random=False))
    def test_any_answer_makes_a_plan(self, found, dice):
        """Whatever comes back, what is made of it can be done, and nothing is lost."""
        begun = insert_over_breaks(self.STRETCHES, found, ROAD)
        problem = to_vroom(begun, ROAD)
        jobs = [job["id"] for job in problem["jobs"]]
        dice.shuffle(jobs)
        routes = {vehicle["id"]: [] for vehicle in problem["vehicles"]}
        for job in jobs if routes else ():
            routes[dice.choice(list(routes))].append(job)
        plan = fill(from_vroom({"routes": routes}, begun, ROAD), ROAD)
        self.assertEqual(check(plan, ROAD), [])
        planned = [one for route in plan.routes for one in route.stops]
        self.assertEqual(
            sorted(one.id for one in [*planned, *plan.left]),
            sorted(one.id for one in found),
        )

    @UNHURRIED
    @given(problems)
    def test_filling_never_costs_more(self, found):
        plan = empty(*self.STRETCHES, left=found)
        self.assertLessEqual(fill(plan, ROAD).cost(ROAD)[:2], plan.cost(ROAD)[:2])

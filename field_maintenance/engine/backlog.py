"""What a solver is asked to plan of a backlog, what its answer means, and why a visit
found no place.

Everything fills the stretches of `routing`, and is checked by its check.
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import Enum
from typing import NamedTuple

from .routing import (
    BREAK_SHIFT,
    Plan,
    Route,
    Span,
    Stop,
    Stretch,
    Travel,
    get_neighbours,
    insert_by_regret,
    round_up,
    schedule,
    whole_minutes,
)

# The strongest priority of a visit, of 100 at most.
PRIORITY_STEP = 40
# What is late otherwise.
LATE_OTHERWISE = 20
# People are told a time of the full five minutes, where there is room.
TIDY_STEP = timedelta(minutes=5)
# VROOM in a solver's process: those of its levels of exploration that differ.
LEVELS = (0, 1, 3)
THREADS = 4
# A visit that takes longer takes several days.
LONGEST_DAY = 12 * 60


def priority(level: int, is_late_otherwise: bool) -> int:
    """Return what is lost by leaving a visit out: 0 to 100, 100 is the most.

    :param level: 0 normal, 1 high, 2 urgent
    """
    return PRIORITY_STEP * level + (LATE_OTHERWISE if is_late_otherwise else 0)


# -- VROOM -----------------------------------------------------------------------------


def is_long(stop: Stop, stretches: Iterable[Stretch]) -> bool:
    """Tell whether a visit has to go over a break wherever it takes place."""
    possible = [s for s in stretches if s.technician in stop.people]
    return bool(possible) and all(stop.minutes > s.half_day for s in possible)


def insert_over_breaks(
    stretches: Sequence[Stretch], stops: Iterable[Stop], travel: Travel
) -> Plan:
    """Return a plan of those visits that no other solver plans: such that go over a
    break. All others are left."""
    groups: dict[bool, list[Stop]] = {True: [], False: []}
    for stop in stops:
        groups[is_long(stop, stretches)].append(stop)
    plan = insert_by_regret(stretches, groups[True], travel)
    return plan._replace(left=(*plan.left, *groups[False]))


def to_vroom(plan: Plan, travel: Travel) -> dict:
    """Return what VROOM is asked: to put the visits that are left into the stretches in
    which nothing is yet. Numbers only; minutes from the first stretch on.

    :param plan: with what is not for VROOM
    """
    free = [n for n, route in enumerate(plan.routes) if not route.stops]
    stretches = [route.stretch for route in plan.routes]
    zero = min((s.start for s in stretches), default=datetime.min)
    end = max((s.end for s in stretches), default=datetime.min)
    groups = {stop.people: n for n, stop in enumerate(plan.left)}
    places = _get_places(travel)
    number_of = {place: n for n, place in enumerate(places)}
    vehicles = []
    for number in free:
        stretch = stretches[number]
        breaks = [
            (
                _up(max(start - BREAK_SHIFT, stretch.start) - zero),
                whole_minutes(
                    min(start + BREAK_SHIFT, stretch.end - (over - start)) - zero
                ),
                _up(over - start),
            )
            for start, over in stretch.breaks
        ]
        window = (_up(stretch.start - zero), whole_minutes(stretch.end - zero))
        if window[0] > window[1] or any(low > high for low, high, _length in breaks):
            # Nothing has room there.
            continue
        vehicles.append(
            {
                "id": number,
                "start": number_of[stretch.start_place],
                "end": number_of[stretch.end_place],
                "window": window,
                "breaks": breaks,
                "skills": [n for p, n in groups.items() if stretch.technician in p],
            }
        )
    jobs = []
    for number, stop in enumerate(plan.left):
        windows = [
            (_up(max(low, zero) - zero), whole_minutes(min(high, end) - zero))
            for low, high in _joined(stop.starts)
            if low <= end and high >= zero
        ]
        windows = [(low, high) for low, high in windows if low <= high]
        if windows and not is_long(stop, stretches):
            jobs.append(
                {
                    "id": number,
                    "place": number_of[stop.place],
                    "minutes": stop.minutes,
                    "skills": [groups[stop.people]],
                    "priority": stop.priority,
                    "windows": windows,
                }
            )
    return {
        "levels": LEVELS,
        "threads": min(THREADS, os.cpu_count() or 1),
        "travel": [[travel[a][b] for b in places] for a in places],
        "vehicles": vehicles,
        "jobs": jobs,
    }


def from_vroom(answer: dict, plan: Plan, travel: Travel) -> Plan:
    """Return the plan that VROOM found.

    :param answer: {"routes": {number of a route: numbers of visits that were left}}
    :param plan: what it was asked to go on with
    """
    routes = list(plan.routes)
    done = set()
    for key, numbers in answer["routes"].items():
        number = int(key)
        stops = tuple(plan.left[n] for n in numbers)
        starts = schedule(routes[number].stretch, stops, travel)
        if starts is not None:
            routes[number] = Route(routes[number].stretch, stops, tuple(starts))
            done.update(numbers)
    left = tuple(stop for n, stop in enumerate(plan.left) if n not in done)
    return Plan(tuple(routes), left)


def _get_places(travel: Travel) -> list[int]:
    return list(travel) if isinstance(travel, Mapping) else list(range(len(travel)))


def _joined(spans: Iterable[Span]) -> list[Span]:
    joined: list[Span] = []
    for low, high in sorted(spans):
        if joined and low <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(joined[-1][1], high)
        else:
            joined.append((low, high))
    return joined


def _up(length: timedelta) -> int:
    return -whole_minutes(-length)


def wish(stops: Iterable[Stop], wishes: Mapping[int, frozenset[int]]) -> list[Stop]:
    """Return visits for which only those may go who should.

    :param wishes: who should go, by the id of a visit
    """
    return [
        stop._replace(people=stop.people & wishes[stop.id])
        if stop.people & wishes.get(stop.id, frozenset())
        else stop
        for stop in stops
    ]


def unwish(plan: Plan, stops: Iterable[Stop]) -> Plan:
    """Return a plan of visits for which everybody may go again."""
    known = {stop.id: stop for stop in stops}
    return Plan(
        tuple(
            route._replace(stops=tuple(known[stop.id] for stop in route.stops))
            for route in plan.routes
        ),
        tuple(known[stop.id] for stop in plan.left),
    )


def tidy(plan: Plan, travel: Travel) -> Plan:
    """Return the same plan with visits that begin on the full five minutes, where a
    little later does no harm."""
    routes = []
    for route in plan.routes:
        stops = list(route.stops)
        starts = list(route.starts)
        for position, stop in enumerate(route.stops):
            later = round_up(starts[position], TIDY_STEP)
            if any(low <= later <= high for low, high in stop.starts):
                stops[position] = stop._replace(starts=((later, later),))
                found = schedule(route.stretch, stops, travel)
                if found is not None:
                    starts = found
                    continue
            now = starts[position]
            stops[position] = stop._replace(starts=((now, now),))
        routes.append(route._replace(starts=tuple(starts)))
    return plan._replace(routes=tuple(routes))


# -- Why not ---------------------------------------------------------------------------


class Why(Enum):
    """What leaves nobody for a visit, the first that does."""

    SKILL = "skill"
    DAYS = "days"
    AGREED = "agreed"
    LONG = "long"
    FAR = "far"
    OTHERS = "others"


class Reason(NamedTuple):
    """Why a visit found no place.

    :param minutes: of the longest stretch, if it is too long; that there are in the
        nearest gap, if others came first
    :param route: the number of the stretch with the nearest gap
    :param others: visits that are there
    """

    why: Why
    minutes: int = 0
    route: int | None = None
    others: tuple[Stop, ...] = ()


def why_not(stop: Stop, days: Sequence[Span], plan: Plan, travel: Travel) -> Reason:
    """Return why a visit found no place in a plan.

    :param days: when it may begin whatever was agreed: `stop.starts` are within
    """
    if not stop.people:
        return Reason(Why.SKILL)
    able = [
        (number, route)
        for number, route in enumerate(plan.routes)
        if route.stretch.technician in stop.people and _can_begin(route.stretch, days)
    ]
    if not able:
        return Reason(Why.DAYS)
    able = [one for one in able if _can_begin(one[1].stretch, stop.starts)]
    if not able:
        return Reason(Why.AGREED)
    # As if they were there already: with the breaks, without the way.
    places = _get_places(travel)
    here = dict.fromkeys(places, dict.fromkeys(places, 0))
    room = [one for one in able if schedule(one[1].stretch, [stop], here)]
    if not room:
        longest = max(_get_room(route.stretch, stop) for _number, route in able)
        return Reason(Why.LONG, longest)
    near = [one for one in room if schedule(one[1].stretch, [stop], travel)]
    if not near:
        return Reason(Why.FAR)
    gaps = [
        (_get_gap(route, position, stop, travel), number, position)
        for number, route in near
        for position in range(len(route.stops) + 1)
    ]
    gap, number, position = max(gaps, key=lambda one: (one[0], -one[1], -one[2]))
    others = plan.routes[number].stops[max(0, position - 1) : position + 1]
    return Reason(Why.OTHERS, gap, number, others)


def _can_begin(stretch: Stretch, spans: Iterable[Span]) -> bool:
    return any(low < stretch.end and high >= stretch.start for low, high in spans)


def _get_room(stretch: Stretch, stop: Stop) -> int:
    """Return the minutes in which a visit has to take place in a stretch: those between
    two breaks, unless it is so long that it goes over them."""
    if stop.minutes > stretch.half_day:
        return whole_minutes(stretch.end - stretch.start)
    moments = [stretch.start, *(m for b in stretch.breaks for m in b), stretch.end]
    return max(
        whole_minutes(end - start)
        for start, end in zip(moments[::2], moments[1::2], strict=True)
    )


def _get_gap(route: Route, position: int, stop: Stop, travel: Travel) -> int:
    """Return the minutes that there are for a visit between two others of a route,
    without the way there and on, and without breaks."""
    stretch = route.stretch
    begin, end = stretch.start, stretch.end
    before, after = get_neighbours(stretch, route.stops, position)
    if position:
        length = timedelta(minutes=route.stops[position - 1].minutes)
        begin = route.starts[position - 1] + length
    if position < len(route.stops):
        end = route.starts[position]
    begin += timedelta(minutes=travel[before][stop.place])
    end -= timedelta(minutes=travel[stop.place][after])
    rest = sum(
        (over - start for start, over in stretch.breaks if begin <= start < end),
        timedelta(),
    )
    free = [
        whole_minutes(end - max(begin, low) - rest)
        for low, high in stop.starts
        if begin <= high
    ]
    return max([0, *free])

"""Who goes when: the free time of technicians, and what fits into it with its travel.

Offers for one visit (`insertions`), the order of a day (`order`) and plans of a backlog
(`insert_by_regret`, or any other solver) fill the same stretches, by the same check
(`schedule`, `check`).

* `cut` makes `Stretch`es of somebody's working time and what is `Fixed` in it. A day
  of work begins and ends at home; gaps of up to two hours are breaks, which may shift
  by an hour. Only a visit longer than half a day goes over one.
* A `Stop` is a visit that looks for its place. Its start lies in one of `starts`.
* What is longer than anybody's day of work goes on over the next ones (`over_days`): it
  takes working time, without breaks and nights. All else takes its time on the clock.
* Places are numbers: `travel[a][b]` are the minutes from one to another, a list of
  lists or dictionaries.
* A `Plan` has a `Route` for every stretch, also for those in which nothing is.

All moments are naive and in one time zone, UTC as Odoo stores them.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice
from random import Random
from typing import NamedTuple

Span = tuple[datetime, datetime]
# Minutes from place to place.
Travel = Sequence[Sequence[int]] | Mapping[int, Mapping[int, int]]

# A longer gap in working time is the end of a day.
LONGEST_BREAK = timedelta(hours=2)
BREAK_SHIFT = timedelta(hours=1)
# What goes over several days waits no longer for the next one: a long weekend.
LONGEST_PAUSE = timedelta(days=4)
OFFER_STEP = timedelta(minutes=15)
ANY_TIME: tuple[Span, ...] = ((datetime.min, datetime.max),)

# What counts against an offer, in minutes.
NOT_PREFERRED = 30
OUTSIDE_ZONE = 15
DAY_OF_WAITING = 5

OFFER_LIMIT = 20
# Two of somebody's day, as far apart as one of these, the first that is possible: what
# is near says little.
OFFER_DISTANCES = tuple(timedelta(minutes=minutes) for minutes in (120, 60, 30, 0))

# So many visits are put in order by looking at every order.
EXACT_LIMIT = 7
# Visits that are taken out and put in again to look for less travel.
RUIN_SIZES = (2, 3, 4, 6, 9)


class Fixed(NamedTuple):
    """What stays where and when it is.

    :param place: None if it has none: somebody is at home then
    """

    start: datetime
    end: datetime
    place: int | None = None


class Stretch(NamedTuple):
    """What a technician has free between two fixed things.

    :param breaks: from and to of gaps in their working time, in order
    :param half_day: minutes of the longest part of that day without a break; what is
        longer goes over breaks
    """

    technician: int
    start: datetime
    end: datetime
    start_place: int
    end_place: int
    breaks: tuple[Span, ...] = ()
    half_day: int = 24 * 60


class Stop(NamedTuple):
    """A visit that looks for its place.

    :param people: technicians who may go there
    :param starts: from and until of when it may begin, both included, in order
    :param priority: what is lost if it is left out: more is more urgent
    :param preferred: who should go, if anybody
    :param in_zone: technicians in whose zone it lies
    """

    id: int
    place: int
    minutes: int
    people: frozenset[int]
    starts: tuple[Span, ...] = ANY_TIME
    priority: int = 0
    preferred: int | None = None
    in_zone: frozenset[int] = frozenset()


class Insertion(NamedTuple):
    """A start that is possible for a visit, what it adds to travel, and after how many
    other visits of the stretch it takes place."""

    start: datetime
    extra: int
    position: int


class Free(NamedTuple):
    """What somebody works, what they are busy with then, and what is free."""

    working: Sequence[Span]
    busy: Sequence[Span]
    stretches: Sequence[Stretch]


class LongInsertion(NamedTuple):
    """A start that is possible for a visit of several days, when it is over, what it
    adds to travel, and all places on the way."""

    start: datetime
    end: datetime
    extra: int
    places: frozenset[int]


class Offer(NamedTuple):
    """Who could go when.

    :param day: days of waiting
    :param people: who goes, the lead first
    """

    start: datetime
    people: tuple[int, ...]
    extra: int
    is_preferred: bool
    is_in_zone: bool
    day: int

    @property
    def score(self) -> int:
        """Minutes that speak against it; the lowest is the best."""
        return (
            self.extra
            + (0 if self.is_preferred else NOT_PREFERRED)
            + (0 if self.is_in_zone else OUTSIDE_ZONE)
            + DAY_OF_WAITING * self.day
        )


class Route(NamedTuple):
    """What is done in a stretch, and when each of it begins."""

    stretch: Stretch
    stops: tuple[Stop, ...] = ()
    starts: tuple[datetime, ...] = ()


class Plan(NamedTuple):
    """A route for each stretch, and the visits that found no place."""

    routes: tuple[Route, ...]
    left: tuple[Stop, ...] = ()

    def cost(self, travel: Travel) -> tuple[int, int, int]:
        """Return lost priority, visits left and minutes of travel: less is better."""
        rows = ((route.stretch, route.stops) for route in self.routes)
        return _get_cost(self.left, rows, travel)


# -- Free time -------------------------------------------------------------------------


def cut(
    technician: int, home: int, working: Iterable[Span], fixed: Iterable[Fixed]
) -> list[Stretch]:
    """Return what somebody has free, in order.

    :param home: the place where their days begin and end
    :param working: from and to
    :param fixed: what stays where it is
    """
    kept = sorted(fixed, key=lambda one: (one.start, one.end))
    found = []
    for parts in _days(working):
        end_of_day = parts[-1][1]
        half_day = max(whole_minutes(end - start) for start, end in parts)
        gaps = [(a[1], b[0]) for a, b in zip(parts, parts[1:], strict=False)]
        moment, place = parts[0][0], home
        today = [f for f in kept if f.end > moment and f.start < end_of_day]
        for thing in [*today, Fixed(end_of_day, end_of_day, home)]:
            target = home if thing.place is None else thing.place
            if any(max(a, moment) < min(b, thing.start) for a, b in parts):
                breaks = tuple(
                    (max(a, moment), min(b, thing.start))
                    for a, b in gaps
                    if max(a, moment) < min(b, thing.start)
                )
                found.append(
                    Stretch(
                        technician, moment, thing.start, place, target, breaks, half_day
                    )
                )
            if thing.end >= moment:
                moment, place = thing.end, target
    return found


def cut_off(stretch: Stretch, moment: datetime) -> Stretch | None:
    """Return what is left of a stretch from a moment on, None if nothing is."""
    if stretch.end <= moment:
        return None
    breaks = tuple((max(a, moment), b) for a, b in stretch.breaks if b > moment)
    return stretch._replace(start=max(stretch.start, moment), breaks=breaks)


def _days(working: Iterable[Span]) -> list[list[Span]]:
    """Return the parts of working time, day by day."""
    days: list[list[Span]] = []
    for start, end in sorted(working):
        if start >= end:
            continue
        last = days[-1][-1] if days else None
        if last and start <= last[1]:
            days[-1][-1] = last[0], max(last[1], end)
        elif last and start - last[1] <= LONGEST_BREAK:
            days[-1].append((start, end))
        else:
            days.append([(start, end)])
    return days


def whole_minutes(length: timedelta) -> int:
    """Return the full minutes of a length of time."""
    return length // timedelta(minutes=1)


# -- What fits -------------------------------------------------------------------------


class _Break(NamedTuple):
    """A break, which begins between two moments."""

    low: datetime
    high: datetime
    length: timedelta


def schedule(
    stretch: Stretch, stops: Sequence[Stop], travel: Travel
) -> list[datetime] | None:
    """Return when each of these visits begins at the earliest, in this order; None if
    they do not fit. Exact: it is only None if there is no way at all."""
    breaks = [
        _Break(
            max(start - BREAK_SHIFT, stretch.start),
            min(start + BREAK_SHIFT, stretch.end - (end - start)),
            end - start,
        )
        for start, end in stretch.breaks
    ]
    place = stretch.start_place
    # The earliest end of what was done so far, by the number of breaks before it.
    states: dict[int, tuple[datetime, tuple[datetime, ...]]] = {0: (stretch.start, ())}
    for stop in stops:
        if stretch.technician not in stop.people:
            return None
        drive = timedelta(minutes=travel[place][stop.place])
        length = timedelta(minutes=stop.minutes)
        is_long = stop.minutes > stretch.half_day
        reached: dict[int, tuple[datetime, tuple[datetime, ...]]] = {}
        for taken, (moment, starts) in states.items():
            for before in range(taken, len(breaks) + 1):
                arrival = _drive(moment, drive, breaks[taken:before])
                if arrival is None:
                    break
                for after in range(before, len(breaks) + 1 if is_long else before + 1):
                    start = _begin(stop, arrival, length, breaks[before:after])
                    if start is None:
                        break
                    best = reached.get(after)
                    if best is None or start + length < best[0]:
                        reached[after] = start + length, (*starts, start)
        states = {
            taken: state for taken, state in reached.items() if state[0] <= stretch.end
        }
        if not states:
            return None
        place = stop.place
    drive = timedelta(minutes=travel[place][stretch.end_place] if stops else 0)
    back = [
        (arrival, starts)
        for taken, (moment, starts) in states.items()
        if (arrival := _drive(moment, drive, breaks[taken:])) is not None
        and arrival <= stretch.end
    ]
    return list(min(back)[1]) if back else None


def _drive(
    moment: datetime, drive: timedelta, breaks: Sequence[_Break]
) -> datetime | None:
    """Return when somebody arrives who takes these breaks on the way; None if they
    cannot."""
    rested, arrival = moment, moment + drive
    for low, high, length in breaks:
        rested = max(rested, low)
        if rested > high:
            return None
        rested += length
        arrival += length
    return max(rested, arrival)


def _begin(
    stop: Stop, arrival: datetime, length: timedelta, breaks: Sequence[_Break]
) -> datetime | None:
    """Return when a visit begins at the earliest that goes over these breaks; None if
    it never may."""
    rest = sum((one.length for one in breaks), timedelta())
    if rest > length:
        return None
    earliest, left = arrival, rest
    for one in breaks:
        # Not so early that it is over before they are.
        earliest = max(earliest, one.low + left - length)
        left -= one.length
    start = next(
        (max(earliest, low) for low, high in stop.starts if earliest <= high), None
    )
    if start is None or _drive(start, timedelta(), breaks) is None:
        return None
    return start


def driving(stretch: Stretch, stops: Sequence[Stop], travel: Travel) -> int:
    """Return the minutes of travel in a stretch, with the way to what follows it."""
    places = [stretch.start_place, *(s.place for s in stops), stretch.end_place]
    return sum(travel[a][b] for a, b in zip(places, places[1:], strict=False))


def _get_cost(
    left: Sequence[Stop],
    rows: Iterable[tuple[Stretch, Sequence[Stop]]],
    travel: Travel,
) -> tuple[int, int, int]:
    return (
        sum(stop.priority for stop in left),
        len(left),
        sum(driving(stretch, row, travel) for stretch, row in rows),
    )


def get_neighbours(
    stretch: Stretch, stops: Sequence[Stop], position: int
) -> tuple[int, int]:
    """Return the places from where one comes and to where one goes on at a position."""
    before = stops[position - 1].place if position else stretch.start_place
    after = stops[position].place if position < len(stops) else stretch.end_place
    return before, after


def extra_driving(
    stretch: Stretch, stops: Sequence[Stop], stop: Stop, position: int, travel: Travel
) -> int:
    """Return the minutes of travel that a visit adds after so many others."""
    before, after = get_neighbours(stretch, stops, position)
    return (
        travel[before][stop.place] + travel[stop.place][after] - travel[before][after]
    )


def insertions(
    stretch: Stretch, stops: Sequence[Stop], stop: Stop, travel: Travel
) -> list[Insertion]:
    """Return every quarter of an hour at which a visit may begin in a stretch, each
    with the position that adds the least travel.

    :param stops: what is in the stretch, in its order; it may move to make room
    """
    found: dict[datetime, Insertion] = {}
    if stretch.technician not in stop.people:
        return []
    for position in range(len(stops) + 1):
        extra = extra_driving(stretch, stops, stop, position, travel)
        before, after = get_neighbours(stretch, stops, position)
        first = stretch.start + timedelta(minutes=travel[before][stop.place])
        last = stretch.end - timedelta(minutes=stop.minutes + travel[stop.place][after])
        for start in _quarters(first, last, stop.starts):
            known = found.get(start)
            if known and known.extra <= extra:
                continue
            here = stop._replace(starts=((start, start),))
            row = [*stops[:position], here, *stops[position:]]
            if schedule(stretch, row, travel):
                found[start] = Insertion(start, extra, position)
    return [found[start] for start in sorted(found)]


def _quarters(
    first: datetime, last: datetime, spans: Iterable[Span]
) -> Iterator[datetime]:
    """Yield the quarters of an hour from first to last that lie in one of the spans."""
    for low, high in spans:
        begin, end = max(low, first), min(high, last)
        if begin > end:
            continue
        moment = round_up(begin, OFFER_STEP)
        while moment <= end:
            yield moment
            moment += OFFER_STEP


def longest_day(working: Iterable[Span]) -> int:
    """Return the minutes from begin to end of somebody's longest day of work."""
    return max(
        (whole_minutes(parts[-1][1] - parts[0][0]) for parts in _days(working)),
        default=0,
    )


def over_days(
    crew: Sequence[Free],
    place: int,
    minutes: int,
    starts: Iterable[Span],
    travel: Travel,
) -> list[LongInsertion]:
    """Return every quarter of an hour at which a visit of several days may begin.

    It takes so much of the time in which the whole crew works, from its start on and
    without anything else in between. The way there is in the working time of the first
    day, the way back in that of the last one; nobody drives in between.

    :param crew: of each one, what is free in order
    :param starts: from and until of when it may begin, both included, in order
    """
    spans = intersect([free.working for free in crew])
    busy = sorted(span for free in crew for span in free.busy)
    allowed = list(starts)
    found = []
    for number, (low, high) in enumerate(spans):
        last = high - timedelta(minutes=1)
        for start in _quarters(low, last, allowed):
            end = _work(spans[number:], start, timedelta(minutes=minutes))
            if end is None or any(a < end and b > start for a, b in busy):
                continue
            ways = [
                _get_way(free.stretches, start, end, place, travel) for free in crew
            ]
            if all(ways):
                extra = sum(way[0] for way in ways if way)
                places = frozenset().union(*(way[1] for way in ways if way))
                found.append(LongInsertion(start, end, extra, places))
    return found


def work_between(crew: Sequence[Iterable[Span]], start: datetime, end: datetime) -> int:
    """Return the minutes which all of a crew work from start to end.

    :param crew: of each one, from and to of their working time
    """
    spans = intersect([*crew, [(start, end)]])
    return whole_minutes(sum((b - a for a, b in spans), timedelta()))


def work_until(
    crew: Sequence[Iterable[Span]], start: datetime, minutes: int
) -> datetime | None:
    """Return when all of a crew have worked so long from a start on, as `over_days`
    counts it and `work_between` counts back; None if they never do, or only after a
    long pause.

    :param crew: of each one, from and to of their working time
    :param start: also while nobody works: then it counts from when they do
    """
    spans = [span for span in intersect(crew) if span[1] > start]
    return _work(spans, start, timedelta(minutes=minutes))


def intersect(rows: Sequence[Iterable[Span]]) -> list[Span]:
    """Return the time that is in each of these rows of stretches of time."""
    found: list[Span] | None = None
    for row in rows:
        merged: list[Span] = []
        for start, end in sorted(row):
            if merged and start <= merged[-1][1]:
                merged[-1] = merged[-1][0], max(end, merged[-1][1])
            elif start < end:
                merged.append((start, end))
        found = merged if found is None else _meet(found, merged)
    return found or []


def _meet(some: Sequence[Span], others: Sequence[Span]) -> list[Span]:
    """Return what is in both of two rows, each in order and without overlaps."""
    found, number = [], 0
    for start, end in some:
        while number < len(others) and others[number][1] <= start:
            number += 1
        for low, high in islice(others, number, None):
            if low >= end:
                break
            found.append((max(low, start), min(high, end)))
    return found


def _work(spans: Sequence[Span], start: datetime, left: timedelta) -> datetime | None:
    """Return when so much work is done that begins in the first of these stretches of
    working time, or before; None if it never is, or only after a long pause."""
    former = start
    for low, high in spans:
        if low - former > LONGEST_PAUSE:
            return None
        begin = max(low, start)
        if high - begin >= left:
            return begin + left
        left -= high - begin
        former = high
    return None


def _get_way(
    stretches: Sequence[Stretch],
    start: datetime,
    end: datetime,
    place: int,
    travel: Travel,
) -> tuple[int, frozenset[int]] | None:
    """Return what a visit of several days adds to somebody's travel, and the places
    before, there and after; None if they have no time for the way."""
    first = next((s for s in stretches if s.start <= start < s.end), None)
    last = next((s for s in stretches if s.start < end <= s.end), None)
    if first is None or last is None:
        return None
    there = timedelta(minutes=travel[first.start_place][place])
    back = timedelta(minutes=travel[place][last.end_place])
    if (
        start - first.start - _rest(first, first.start, start) < there
        or last.end - end - _rest(last, end, last.end) < back
    ):
        return None
    extra = travel[first.start_place][place] + travel[place][last.end_place]
    for stretch in {first, last}:
        extra -= travel[stretch.start_place][stretch.end_place]
    return extra, frozenset({first.start_place, place, last.end_place})


def _rest(stretch: Stretch, start: datetime, end: datetime) -> timedelta:
    """Return how much of the breaks of a stretch lies between two moments."""
    return sum(
        (
            min(b, end) - max(a, start)
            for a, b in stretch.breaks
            if max(a, start) < min(b, end)
        ),
        timedelta(),
    )


def round_up(moment: datetime, step: timedelta) -> datetime:
    """Return the next full step of the day, the moment itself if it is one."""
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight - (midnight - moment) // step * step


def choose_offers(offers: Iterable[Offer], names: Mapping[int, str]) -> list[Offer]:
    """Return the best offers, the best first: by score, then the earlier, then by name.

    Two of a technician and day: the best, and the best of those two hours apart, nearer
    ones only if there are no others; twenty in all.
    """
    of_day: dict[tuple[int, int], list[Offer]] = {}
    ranked = sorted(
        offers, key=lambda o: (o.score, o.start, names.get(o.people[0], ""), o.people)
    )
    for offer in ranked:
        of_day.setdefault((offer.people[0], offer.day), []).append(offer)
    chosen = set()
    for first, *others in of_day.values():
        second = (
            other
            for distance in OFFER_DISTANCES
            for other in others
            if abs(other.start - first.start) >= distance
        )
        chosen.update((first, *islice(second, 1)))
    return list(islice((offer for offer in ranked if offer in chosen), OFFER_LIMIT))


# -- Plans -----------------------------------------------------------------------------


def check(plan: Plan, travel: Travel) -> list[str]:
    """Return what is wrong with a plan, nothing if it can be done so: every visit once,
    by who may go, at a time at which it may begin, with its travel and all breaks."""
    faults = []
    seen: set[int] = set()
    for route in plan.routes:
        for stop in route.stops:
            if stop.id in seen:
                faults.append(f"{stop.id} twice")
            seen.add(stop.id)
        if len(route.stops) != len(route.starts):
            faults.append(f"{len(route.starts)} starts for {len(route.stops)} visits")
            continue
        exact = []
        for stop, start in zip(route.stops, route.starts, strict=True):
            if not any(low <= start <= high for low, high in stop.starts):
                faults.append(f"{stop.id} at the wrong time")
            exact.append(stop._replace(starts=((start, start),)))
        if schedule(route.stretch, exact, travel) is None:
            faults.append(f"{[stop.id for stop in exact]} do not fit")
    faults += [f"{stop.id} planned and left" for stop in plan.left if stop.id in seen]
    return faults


class _Routes:
    """Visits in stretches, while a plan is made."""

    def __init__(self, stretches: Sequence[Stretch], travel: Travel) -> None:
        self.stretches = stretches
        self.travel = travel
        self.rows: list[list[Stop]] = [[] for _stretch in stretches]
        # What was found for a visit in a stretch, with what was there then.
        self._found: dict[
            tuple[int, int], tuple[tuple[int, ...], tuple[int, int] | None]
        ] = {}

    def find(self, stop: Stop, number: int) -> tuple[int, int] | None:
        """Return what a visit adds to the travel of a stretch at least, and its
        position there; None if it does not fit."""
        there = tuple(other.id for other in self.rows[number])
        known = self._found.get((stop.id, number))
        if known is None or known[0] != there:
            known = there, self._look(stop, number)
            self._found[stop.id, number] = known
        return known[1]

    def _look(self, stop: Stop, number: int) -> tuple[int, int] | None:
        stretch, row = self.stretches[number], self.rows[number]
        if (
            stretch.technician not in stop.people
            or timedelta(minutes=stop.minutes) > stretch.end - stretch.start
            or not any(a < stretch.end and b >= stretch.start for a, b in stop.starts)
        ):
            return None
        spare = (
            whole_minutes(stretch.end - stretch.start)
            - sum(whole_minutes(end - start) for start, end in stretch.breaks)
            - (driving(stretch, row, self.travel) if row else 0)
            - sum(other.minutes for other in row)
        )
        options = sorted(
            (extra_driving(stretch, row, stop, position, self.travel), position)
            for position in range(len(row) + 1)
        )
        # What is longer than half a day is done over a break, whose time it takes too.
        is_over_break = any(one.minutes > stretch.half_day for one in (*row, stop))
        for extra, position in options:
            if row and not is_over_break and extra + stop.minutes > spare:
                break
            if schedule(stretch, [*row[:position], stop, *row[position:]], self.travel):
                return extra, position
        return None

    def fill(self, stops: Iterable[Stop]) -> list[Stop]:
        """Put in visits, the most urgent first, of these the one that would lose most
        if it had to take its second choice. Return those that fit nowhere."""
        left = []
        tiers: dict[int, list[Stop]] = {}
        for stop in stops:
            tiers.setdefault(stop.priority, []).append(stop)
        for _priority, waiting in sorted(tiers.items(), reverse=True):
            by_id = {stop.id: stop for stop in waiting}
            choices = {
                stop.id: {
                    number: option
                    for number in range(len(self.stretches))
                    if (option := self.find(stop, number))
                }
                for stop in waiting
            }
            ranks = {key: self._rank(key, options) for key, options in choices.items()}
            while ranks:
                key = min(ranks, key=lambda one: ranks[one])
                del ranks[key]
                stop, options = by_id[key], choices.pop(key)
                if not options:
                    left.append(stop)
                    continue
                number = min(options, key=lambda n: (options[n], n))
                self.rows[number].insert(options[number][1], stop)
                for other, known in choices.items():
                    # Only this stretch has changed, and what did not fit still does
                    # not.
                    if number in known:
                        option = self.find(by_id[other], number)
                        if option:
                            known[number] = option
                        else:
                            del known[number]
                        ranks[other] = self._rank(other, known)
        return left

    @staticmethod
    def _rank(
        stop_id: int, options: Mapping[int, tuple[int, int]]
    ) -> tuple[int, int, int]:
        """Return how soon a visit is put in; the least is the first."""
        extras = sorted(extra for extra, _position in options.values())[:2]
        if len(extras) < 2:
            return -(10**6), extras[0] if extras else 0, stop_id
        return extras[0] - extras[1], extras[0], stop_id

    def plan(self, left: Iterable[Stop]) -> Plan:
        routes = []
        for stretch, row in zip(self.stretches, self.rows, strict=True):
            starts = schedule(stretch, row, self.travel) or []
            routes.append(Route(stretch, tuple(row), tuple(starts)))
        return Plan(tuple(routes), tuple(left))

    def cost(self, left: Sequence[Stop]) -> tuple[int, int, int]:
        rows = zip(self.stretches, self.rows, strict=True)
        return _get_cost(left, rows, self.travel)


def insert_by_regret(
    stretches: Sequence[Stretch],
    stops: Iterable[Stop],
    travel: Travel,
    is_over: Callable[[], bool] | None = None,
    rounds: int = 0,
) -> Plan:
    """Return a plan of visits: each is inserted where it adds the least travel, in
    order of priority and regret.

    :param rounds: how often some of them are taken out and put in again, to be kept
        where the plan gets better
    :param is_over: tells to stop that earlier
    """
    routes = _Routes(stretches, travel)
    left = routes.fill(stops)
    best = routes.cost(left)
    # The same input gives the same plan.
    dice = Random(0)
    for number in range(rounds):
        if is_over and is_over():
            break
        planned = [stop for row in routes.rows for stop in row]
        if not planned:
            break
        center = dice.choice([*planned, *left])
        size = RUIN_SIZES[number % len(RUIN_SIZES)]
        near = sorted(
            planned,
            key=lambda s: (travel[center.place][s.place] * (0.5 + dice.random()), s.id),
        )[:size]
        removed = {stop.id for stop in near}
        former = [list(row) for row in routes.rows]
        routes.rows = [[s for s in row if s.id not in removed] for row in routes.rows]
        now_left = routes.fill([*near, *left])
        cost = routes.cost(now_left)
        if cost <= best:
            best, left = cost, now_left
        else:
            routes.rows = former
    return routes.plan(left)


def fill(plan: Plan, travel: Travel) -> Plan:
    """Return a plan with what it left inserted where there is room."""
    routes = _Routes([route.stretch for route in plan.routes], travel)
    routes.rows = [list(route.stops) for route in plan.routes]
    return routes.plan(routes.fill(plan.left))


def order(stretches: Sequence[Stretch], stops: Sequence[Stop], travel: Travel) -> Plan:
    """Return the plan of somebody's day with the least travel, in which as few visits
    as possible are left out; of two the one that is over earlier.

    :param stretches: of the day, in order
    """
    is_few = len(stops) <= EXACT_LIMIT
    plan = insert_by_regret(stretches, stops, travel, rounds=20 if is_few else 300)
    if not is_few:
        return plan
    # Whatever leaves nothing out is better than what does.
    worst = (10**9, datetime.max)
    best = worst if plan.left else (plan.cost(travel)[2], _last(plan)), plan
    places = {p for s in stretches for p in (s.start_place, s.end_place)}
    places |= {stop.place for stop in stops}
    least = {
        stop.id: min(
            (travel[a][stop.place] for a in places if a != stop.place), default=0
        )
        for stop in stops
    }
    if len({stop.place for stop in stops}) < len(stops):
        # Two at one place: no way between them.
        least = dict.fromkeys(least, 0)

    def extend(
        done: tuple[tuple[Stop, ...], ...], waiting: tuple[Stop, ...], spent: int
    ) -> None:
        """Look at everything that begins so.

        :param done: visits by stretch; the last one may get more
        :param spent: the travel of the stretches before the last one
        """
        nonlocal best
        number, row = len(done) - 1, done[-1]
        stretch = stretches[number]
        here = stretch._replace(end_place=row[-1].place) if row else None
        so_far = driving(here, row, travel) if here else 0
        to_come = sum(least[stop.id] for stop in waiting)
        if spent + so_far + to_come > best[0][0]:
            return
        if schedule(stretch, row, travel) is None:
            return
        whole = spent + driving(stretch, row, travel)
        if number + 1 < len(stretches):
            extend((*done, ()), waiting, whole)
        elif not waiting and whole <= best[0][0]:
            routes = tuple(
                Route(one, line, tuple(schedule(one, line, travel) or ()))
                for one, line in zip(stretches, done, strict=True)
            )
            found = Plan(routes)
            best = min(best, ((whole, _last(found)), found), key=lambda b: b[0])
        for stop in waiting:
            rest = tuple(other for other in waiting if other is not stop)
            extend((*done[:-1], (*row, stop)), rest, spent)

    if stretches:
        extend(((),), tuple(stops), 0)
    return best[1]


def in_order(
    stretches: Sequence[Stretch], stops: Iterable[Stop], travel: Travel
) -> Plan:
    """Return the plan of somebody's day in which visits are done in this order, each as
    early as possible.

    :param stretches: of the day, in order
    """
    routes, left, number = _Routes(stretches, travel), [], 0
    for stop in stops:
        for later in range(number, len(stretches)):
            row = [*routes.rows[later], stop]
            if schedule(stretches[later], row, travel) is not None:
                routes.rows[later], number = row, later
                break
        else:
            left.append(stop)
    return routes.plan(left)


def _last(plan: Plan) -> datetime:
    """Return when the last visit of a plan begins."""
    return max(
        (route.starts[-1] for route in plan.routes if route.starts),
        default=datetime.min,
    )

"""Who goes when: free time, what fits into it, offers, plans and the order of a day."""

from datetime import datetime, timedelta
from itertools import permutations
from unittest import TestCase

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ...engine.routing import (
    ANY_TIME,
    Fixed,
    Free,
    LongInsertion,
    Offer,
    Plan,
    Route,
    Stop,
    Stretch,
    check,
    choose_offers,
    cut,
    cut_off,
    driving,
    in_order,
    insert_by_regret,
    insertions,
    intersect,
    longest_day,
    order,
    over_days,
    schedule,
    work_between,
    work_until,
)

HOUR = timedelta(hours=1)
# How long an example takes is the machine's business.
UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
ANNA, BEN = 1, 2
HOME = 0


def at(hour, day=2):
    return datetime(2026, 3, day) + hour * HOUR


def span(first, last, day=2):
    return at(first, day), at(last, day)


def line(size):
    """Return the travel between places on a road, ten minutes from one to the next."""
    return [[abs(a - b) * 10 for b in range(size)] for a in range(size)]


ROAD = line(10)
DAY = [span(8, 12), span(13, 17)]


def stop(number, place=0, minutes=60, **values):
    return Stop(number, place, minutes, frozenset({ANNA, BEN}), **values)


def stretch(first=8, last=17, breaks=((12, 13),), **values):
    values = {"start_place": HOME, "end_place": HOME, "half_day": 240, **values}
    return Stretch(
        values.pop("technician", ANNA),
        at(first),
        at(last),
        breaks=tuple(span(*hours) for hours in breaks),
        **values,
    )


class TestCut(TestCase):
    def cut(self, working, fixed=()):
        return cut(ANNA, HOME, working, fixed)

    def test_day_with_a_break(self):
        self.assertEqual(
            self.cut(DAY),
            [Stretch(ANNA, *span(8, 17), HOME, HOME, (span(12, 13),), 240)],
        )

    def test_two_hours_are_a_break_and_more_is_not(self):
        (day,) = self.cut([span(8, 12), span(14, 17)])
        self.assertEqual(day.breaks, (span(12, 14),))
        first, second = self.cut([span(8, 12), span(14.25, 17)])
        self.assertEqual((first.start, first.end), span(8, 12))
        self.assertEqual((second.start, second.end), span(14.25, 17))
        self.assertEqual(first.breaks + second.breaks, ())

    def test_parts_that_touch_are_one(self):
        (day,) = self.cut([span(8, 12), span(12, 16)])
        self.assertEqual((day.breaks, day.half_day), ((), 480))

    def test_visit_cuts_a_day(self):
        first, second = self.cut(DAY, [Fixed(*span(10, 11), 4)])
        self.assertEqual(first, Stretch(ANNA, *span(8, 10), HOME, 4, (), 240))
        self.assertEqual(
            second, Stretch(ANNA, *span(11, 17), 4, HOME, (span(12, 13),), 240)
        )

    def test_meeting_is_at_home(self):
        first, second = self.cut(DAY, [Fixed(*span(10, 11), 4), Fixed(*span(11, 14))])[
            :2
        ]
        self.assertEqual(first.end_place, 4)
        self.assertEqual((second.start, second.start_place), (at(14), HOME))

    def test_overlapping_things(self):
        fixed = [Fixed(*span(9, 12), 4), Fixed(*span(10, 11), 5), Fixed(*span(7, 9), 6)]
        (rest,) = self.cut(DAY, fixed)
        self.assertEqual((rest.start, rest.start_place), (at(12), 4))
        self.assertEqual(rest.breaks, (span(12, 13),))

    def test_rest_of_a_break(self):
        _morning, rest = self.cut(DAY, [Fixed(*span(11, 12.5), 4)])
        self.assertEqual(rest.breaks, (span(12.5, 13),))

    def test_nothing_in_a_break_alone(self):
        fixed = [Fixed(*span(8, 12), 4), Fixed(*span(13, 17), 5)]
        self.assertEqual(self.cut(DAY, fixed), [])

    def test_what_is_not_that_day(self):
        fixed = [
            Fixed(*span(6, 8), 4),
            Fixed(*span(17, 18), 5),
            Fixed(*span(9, 10, 3), 6),
        ]
        (day,) = self.cut(DAY, fixed)
        self.assertEqual((day.start_place, day.end_place), (HOME, HOME))

    def test_what_is_left_of_today(self):
        (day,) = self.cut(DAY)
        rest = cut_off(day, at(12.5))
        self.assertEqual((rest.start, rest.breaks), (at(12.5), (span(12.5, 13),)))
        self.assertEqual(cut_off(day, at(14)).breaks, ())
        self.assertEqual(cut_off(day, at(6)), day)
        self.assertIsNone(cut_off(day, at(17)))

    def test_no_time(self):
        self.assertEqual(self.cut([]), [])
        self.assertEqual(self.cut([span(8, 8)]), [])

    @UNHURRIED
    @given(
        st.lists(st.tuples(st.integers(0, 95), st.integers(1, 30)), max_size=6),
        st.lists(st.tuples(st.integers(0, 95), st.integers(0, 20)), max_size=6),
    )
    def test_free_time_is_working_time_without_what_is_fixed(self, parts, things):
        working = [span(a / 4, (a + n) / 4) for a, n in parts]
        fixed = [Fixed(*span(a / 4, (a + n) / 4), 1) for a, n in things]
        found = self.cut(working, fixed)

        def is_in(moment, spans):
            return any(a <= moment < b for a, b in spans)

        for quarter in range(140):
            moment = at(quarter / 4) + timedelta(minutes=7)
            is_free = is_in(moment, working) and not is_in(
                moment, [(f.start, f.end) for f in fixed]
            )
            here = [s for s in found if s.start <= moment < s.end]
            self.assertLessEqual(len(here), 1)
            offered = bool(here) and not is_in(moment, here[0].breaks)
            self.assertEqual(offered, is_free)


class TestSchedule(TestCase):
    def test_travel_and_work(self):
        # 20 minutes there, an hour of work, 10 minutes on, an hour, 30 back.
        self.assertEqual(
            schedule(stretch(), [stop(1, 2), stop(2, 3)], ROAD),
            [at(8) + timedelta(minutes=20), at(9) + timedelta(minutes=30)],
        )

    def test_it_ends_in_time(self):
        there = stop(1, 3, minutes=60)
        self.assertEqual(schedule(stretch(8, 10, ()), [there], ROAD), [at(8.5)])
        late = stretch(8, 10, (), end_place=4)
        self.assertEqual(schedule(late, [there], ROAD), [at(8.5)])
        short = stretch(8, 9.75, ())
        self.assertIsNone(schedule(short, [there], ROAD))

    def test_agreed_hours(self):
        row = [stop(1, 1, starts=(span(8, 8), span(10, 11)))]
        self.assertEqual(schedule(stretch(), row, ROAD), [at(10)])
        row = [stop(1, 1, starts=(span(7, 8.1),))]
        self.assertIsNone(schedule(stretch(), row, ROAD))

    def test_break_shifts_by_an_hour(self):
        # 9:00 to 13:00 with 20 minutes back: the break is from 12:00 to 13:00 at the
        # latest at 13:00.
        def fits(first, minutes):
            row = [stop(1, 0, minutes, starts=(span(first, first),))]
            return schedule(stretch(), row, ROAD) is not None

        self.assertTrue(fits(9, 240), "until 13:00")
        self.assertFalse(fits(9.25, 240), "until 13:15")
        self.assertTrue(fits(12, 240), "the break is from 11:00 to 12:00")
        self.assertFalse(fits(11.75, 90), "neither from 11:00 nor at 13:00")

    def test_only_longer_than_half_a_day_goes_over_a_break(self):
        def begin(minutes, hour):
            row = [stop(1, 0, minutes, starts=(span(hour, hour),))]
            return schedule(stretch(), row, ROAD)

        self.assertEqual(begin(241, 10), [at(10)])
        self.assertIsNone(begin(240, 10))
        self.assertEqual(begin(9 * 60, 8), [at(8)])
        self.assertIsNone(begin(9 * 60 + 1, 8))

    def test_who_may_go(self):
        alone = stop(1)._replace(people=frozenset({BEN}))
        self.assertIsNone(schedule(stretch(), [alone], ROAD))

    def test_nothing_to_do(self):
        self.assertEqual(schedule(stretch(), [], ROAD), [])
        self.assertEqual(schedule(stretch(8, 9, (), end_place=9), [], ROAD), [])

    @settings(UNHURRIED, max_examples=50)
    @given(
        st.lists(
            st.tuples(
                st.integers(0, 3),
                st.integers(1, 8),
                st.integers(28, 60),
                st.integers(0, 12),
            ),
            max_size=3,
        ),
        st.lists(st.integers(36, 56), max_size=2),
    )
    def test_none_only_if_there_is_no_way(self, rows, gaps):
        """Compared with trying every quarter of an hour."""
        travel = [[abs(a - b) * 15 for b in range(4)] for a in range(4)]
        gaps = sorted(set(gaps))
        if len(gaps) == 2 and gaps[1] - gaps[0] < 4:
            gaps.pop()
        here = Stretch(
            ANNA,
            *span(8, 16),
            HOME,
            HOME,
            tuple(span(gap / 4, gap / 4 + 0.75) for gap in gaps),
            half_day=90,
        )
        row = [
            stop(n, place, quarters * 15, starts=(span(low / 4, (low + width) / 4),))
            for n, (place, quarters, low, width) in enumerate(rows)
        ]
        found = schedule(here, row, travel)
        self.assertEqual(found is not None, try_all(here, row, travel))
        if found is not None:
            plan = Plan((Route(here, tuple(row), tuple(found)),))
            self.assertEqual(check(plan, travel), [])


def try_all(here, row, travel):
    """Tell whether visits fit, by trying everything by the quarter of an hour."""
    quarter = timedelta(minutes=15)

    def rest(moment, breaks, way):
        """Yield when one arrives, and how many breaks were taken on the way."""
        if way == 0:
            yield moment, breaks
        if moment >= here.end:
            return
        # Drive or wait for a quarter of an hour, or take the next break.
        if way:
            yield from rest(moment + quarter, breaks, way - 1)
        else:
            yield from rest(moment + quarter, breaks, 0)
        if breaks < len(here.breaks):
            start, end = here.breaks[breaks]
            if abs(moment - start) <= HOUR and moment >= here.start:
                yield from rest(moment + (end - start), breaks + 1, way)

    def inside(first, last, breaks):
        """Yield how many breaks may be over when a long visit is."""
        yield breaks
        moment = first
        while breaks < len(here.breaks) and moment < last:
            start, end = here.breaks[breaks]
            if abs(moment - start) <= HOUR and moment + (end - start) <= last:
                moment, breaks = moment + (end - start), breaks + 1
                yield breaks
            else:
                moment += quarter

    states = {(here.start, 0)}
    place = here.start_place
    for one in row:
        after = set()
        for moment, breaks in states:
            way = travel[place][one.place] // 15
            for arrival, taken in set(rest(moment, breaks, way)):
                low, high = one.starts[0]
                if not low <= arrival <= high:
                    continue
                end = arrival + timedelta(minutes=one.minutes)
                if end > here.end:
                    continue
                is_long = one.minutes > here.half_day
                for over in set(inside(arrival, end, taken)) if is_long else {taken}:
                    after.add((end, over))
        states, place = after, one.place
    way = travel[place][here.end_place] // 15 if row else 0
    return any(
        taken == len(here.breaks) and arrival <= here.end
        for moment, breaks in states
        for arrival, taken in set(rest(moment, breaks, way))
    )


class TestInsertions(TestCase):
    def test_every_quarter_of_an_hour(self):
        found = insertions(stretch(8, 10, ()), [], stop(1, 1), ROAD)
        # Ten minutes there and back.
        self.assertEqual([one.start for one in found], [at(8.25), at(8.5), at(8.75)])
        self.assertEqual({one.extra for one in found}, {20})

    def test_between_two_others(self):
        day = stretch(8, 12, (), end_place=4)
        kept = [stop(1, 2, starts=(span(8, 10),)), stop(2, 4, starts=(span(10, 11),))]
        found = {one.start: one for one in insertions(day, kept, stop(3, 3, 30), ROAD)}
        # On the way: between them it adds nothing.
        self.assertEqual(found[at(10)][1:], (0, 1))
        self.assertEqual(found[at(8.5)][1:], (20, 0))

    def test_agreed_hours(self):
        agreed = stop(1, 0, starts=(span(9.1, 9.6),))
        found = insertions(stretch(), [], agreed, ROAD)
        self.assertEqual([one.start for one in found], [at(9.25), at(9.5)])

    def test_nobody_who_may(self):
        alone = stop(1)._replace(people=frozenset({BEN}))
        self.assertEqual(insertions(stretch(), [], alone, ROAD), [])

    @UNHURRIED
    @given(st.integers(1, 9), st.integers(1, 40), st.integers(32, 60))
    def test_each_can_be_kept(self, place, quarters, last):
        here = stretch(8, last / 4, ())
        one = stop(1, place, quarters * 15)
        for start, extra, _position in insertions(here, [], one, ROAD):
            self.assertEqual(start.minute % 15, 0)
            self.assertEqual(extra, 20 * place)
            route = Route(here, (one,), (start,))
            self.assertEqual(check(Plan((route,)), ROAD), [])


class TestOverDays(TestCase):
    """Visits that go on over the next days of work."""

    WEEK = [span(*hours, day) for day in range(2, 7) for hours in ((8, 12), (13, 17))]

    def free(self, working=None, fixed=(), who=ANNA, home=HOME):
        working = self.WEEK if working is None else working
        stretches = cut(who, home, working, fixed)
        return Free(working, [one[:2] for one in fixed], stretches)

    def find(self, *crew, hours=16, place=3, starts=ANY_TIME):
        return over_days(crew, place, hours * 60, starts, ROAD)

    def test_longest_day(self):
        self.assertEqual(longest_day(self.WEEK), 9 * 60)
        self.assertEqual(longest_day([span(8, 9), span(12, 15)]), 3 * 60)
        self.assertEqual(longest_day([]), 0)

    def test_work_goes_on(self):
        first, *others = self.find(self.free())
        # Thirty minutes there, two days of work less what is lost of the first one.
        places = frozenset({HOME, 3})
        self.assertEqual(first, LongInsertion(at(8.5), at(8.5, 4), 60, places))
        starts = {one.start: one.end for one in others}
        self.assertEqual(starts[at(11.75)], at(11.75, 4))
        # Not in the break.
        self.assertNotIn(at(12.25), starts)
        self.assertEqual(starts[at(13)], at(12, 4))
        # What begins so late that it is over at night takes another day.
        self.assertNotIn(at(16.75, 5), starts)

    def test_way_back(self):
        """The last day has time for it."""
        # Two days to the minute would end as late as work does.
        starts = {one.start for one in self.find(self.free(), place=HOME)}
        self.assertIn(at(8), starts)
        late = [span(8, 12, day) for day in (2, 3)]
        near = self.find(self.free(late), hours=7, place=1)
        self.assertEqual([one.start for one in near], [at(8.25), at(8.5), at(8.75)])
        self.assertEqual(self.find(self.free(late), hours=7, place=4), [])

    def test_nothing_in_between(self):
        busy = self.free(fixed=[Fixed(*span(10, 11, 3))])
        self.assertEqual(self.find(busy)[0].start, at(11.5, 3))
        by_night = self.free(fixed=[Fixed(*span(22, 23, 2))])
        self.assertEqual(self.find(by_night)[0].start, at(8.5, 3))

    def test_not_after_a_long_pause(self):
        def find(day):
            work = [span(8, 12, 2), span(8, 12, day)]
            return self.find(self.free(work), hours=5, place=HOME)

        self.assertTrue(find(5))
        self.assertFalse(find(7))

    def test_whole_crew(self):
        other = [span(9, 12, day) for day in (2, 4, 5, 6)]
        crew = self.free(), self.free(other, who=BEN, home=5)
        first = self.find(*crew, hours=7)[0]
        # Only while both work, and twenty minutes for Ben.
        self.assertEqual((first.start, first.end), (at(9.5), at(10.5, 5)))
        self.assertEqual((first.extra, first.places), (100, {HOME, 3, 5}))

    def test_agreed_hours(self):
        agreed = (span(10, 10.25, 3),)
        starts = [one.start for one in self.find(self.free(), starts=agreed)]
        self.assertEqual(starts, [at(10, 3), at(10.25, 3)])

    def test_work_between(self):
        both = [self.WEEK, [span(9, 16, day) for day in (2, 3)]]
        self.assertEqual(work_between(both, *span(10, 15)), 4 * 60)
        self.assertEqual(work_between(both, at(15), at(10, 3)), 2 * 60)
        self.assertEqual(work_between(both, at(17), at(8, 3)), 0)

    def test_work_until(self):
        both = [self.WEEK, [span(9, 16, day) for day in (2, 3)]]
        # To the end of a day, and a minute more.
        self.assertEqual(work_until(both, at(9), 6 * 60), at(16))
        self.assertEqual(
            work_until(both, at(9), 6 * 60 + 1), at(9, 3) + timedelta(minutes=1)
        )
        self.assertEqual(work_until(both, at(15), 2 * 60), at(10, 3))
        # At the last moment before they end, and when they have.
        self.assertEqual(work_until(both, at(16) - timedelta(minutes=1), 1), at(16))
        # While they do not work, it counts from when they do.
        for begin in (at(8.5), at(9)):
            self.assertEqual(work_until(both, begin, 60), at(10))
        for begin in (at(12.25), at(13)):
            self.assertEqual(work_until(both, begin, 60), at(14))
        for begin in (at(16), at(3, 3)):
            self.assertEqual(work_until(both, begin, 60), at(10, 3))
        # They never work so long.
        self.assertIsNone(work_until(both, at(15, 3), 2 * 60))
        self.assertIsNone(work_until(both, at(17, 3), 60))
        # Nor so soon.
        self.assertIsNone(work_until([[span(9, 12, 8)]], at(8), 60))

    @UNHURRIED
    @given(
        st.lists(
            st.tuples(st.integers(0, 5 * 48), st.integers(1, 20)),
            min_size=1,
            max_size=9,
        ),
        st.lists(st.tuples(st.integers(0, 5 * 48), st.integers(1, 20)), max_size=9),
    )
    def test_intersection(self, some, others):
        def cells(rows):
            return {n for first, size in rows for n in range(first, first + size)}

        rows = [
            [(at(first / 2), at((first + size) / 2)) for first, size in own]
            for own in (some, others)
        ]
        found = intersect(rows)
        self.assertEqual(found, sorted(found))
        common = {
            n
            for n in range(300)
            if any(a <= at(n / 2) and at((n + 1) / 2) <= b for a, b in found)
        }
        self.assertEqual(common, cells(some) & cells(others))

    @UNHURRIED
    @given(
        st.lists(
            st.tuples(st.integers(28, 40), st.integers(8, 28), st.booleans()),
            min_size=2,
            max_size=5,
        ),
        st.lists(st.tuples(st.integers(0, 480), st.integers(1, 8)), max_size=2),
        st.integers(0, 6),
        st.integers(20, 100),
    )
    def test_every_one_and_all(self, days, things, place, quarters):
        """What is found can be kept, and nothing that can be is missing."""
        working = []
        for number, (first, size, has_break) in enumerate(days):
            begin, over = first / 4, (first + size) / 4
            parts = [(begin, over)]
            if has_break and size > 16:
                parts = [(begin, begin + 2), (begin + 3, over)]
            working += [span(*part, 2 + number) for part in parts]
        fixed = [Fixed(at(n / 4), at((n + size) / 4), 2) for n, size in things]
        free = self.free(working, fixed)
        found = over_days([free], place, quarters * 15, ANY_TIME, ROAD)
        kept = {one.start: one for one in found}
        self.assertEqual(len(kept), len(found))
        for number in range(5 * 96):
            start = at(number / 4)
            one = kept.get(start)
            if one:
                self.assertEqual(work_between([working], start, one.end), quarters * 15)
                self.assertEqual(work_until([working], start, quarters * 15), one.end)
                self.assertFalse(
                    [f for f in fixed if f.start < one.end > start < f.end]
                )
            # The slow way: quarter after quarter
            left, moment = quarters, start
            is_inside = any(a <= start < b for a, b in working)
            while is_inside and left and moment < at(0, 9):
                left -= any(a <= moment < b for a, b in working)
                moment += HOUR / 4
            is_kept = (
                is_inside
                and not left
                and not any(f.start < moment and f.end > start for f in fixed)
                and self.can_drive(free, start, moment, place)
            )
            self.assertEqual(bool(one), is_kept, start)
            if one:
                self.assertEqual(one.end, moment)

    def can_drive(self, free, start, end, place):
        """Tell whether enough working time is before and after, minute by minute."""

        def work(low, high):
            return work_between([free.working], low, high)

        before = [s for s in free.stretches if s.start <= start < s.end]
        after = [s for s in free.stretches if s.start < end <= s.end]
        return (
            bool(before and after)
            and work(before[0].start, start) >= ROAD[before[0].start_place][place]
            and work(end, after[0].end) >= ROAD[place][after[0].end_place]
        )


class TestOffers(TestCase):
    def test_score(self):
        # As the rules have it.
        preferred = Offer(at(8, 4), (ANNA,), 40, True, True, 2)
        other = Offer(at(8, 2), (BEN,), 5, False, True, 0)
        self.assertEqual((preferred.score, other.score), (50, 35))
        self.assertEqual(choose_offers([preferred, other], {}), [other, preferred])
        self.assertEqual(other._replace(is_in_zone=False).score, 50)

    def test_earlier_then_name(self):
        offers = [
            Offer(at(9), (ANNA,), 10, True, True, 0),
            Offer(at(8), (ANNA,), 10, True, True, 0),
            Offer(at(8), (BEN,), 10, True, True, 0),
        ]
        chosen = choose_offers(offers, {ANNA: "Zoe", BEN: "Ben"})
        self.assertEqual([o.people for o in chosen], [(BEN,), (ANNA,), (ANNA,)])
        self.assertEqual([o.start for o in chosen], [at(8), at(8), at(9)])

    def test_two_a_day_and_twenty_in_all(self):
        offers = [
            Offer(at(8 + quarter / 4, day), (person,), 10, True, True, day)
            for day in range(1, 9)
            for quarter in range(32)
            for person in (ANNA, BEN)
        ]
        chosen = choose_offers(offers, {})
        self.assertEqual(len(chosen), 20)
        first = [o.start for o in chosen if o.people == (ANNA,) and o.day == 1]
        self.assertEqual(first, [at(8, 1), at(10, 1)])

    def test_second_of_a_day(self):
        """Two hours later or earlier, else as far as there is one, and never a better
        one after a worse."""
        for starts, scores, expected in (
            ((8, 8.25, 9.75, 10), (10, 10, 10, 20), (8, 10)),
            ((8, 8.25, 9, 9.75), (10, 10, 10, 10), (8, 9)),
            ((8, 8.25, 8.5), (10, 10, 10), (8, 8.5)),
            ((8, 8.25), (10, 10), (8, 8.25)),
            ((8, 10, 10.25), (30, 20, 10), (10.25, 8)),
            ((8,), (10,), (8,)),
        ):
            offers = [
                Offer(at(start), (ANNA,), score, True, True, 0)
                for start, score in zip(starts, scores, strict=True)
            ]
            found = [o.start for o in choose_offers(offers, {})]
            self.assertEqual(found, [at(hour) for hour in expected], starts)

    @UNHURRIED
    @given(
        st.lists(
            st.tuples(
                st.sampled_from([ANNA, BEN]),
                st.integers(1, 3),
                st.integers(32, 60),
                st.integers(0, 60),
            ),
            unique_by=lambda row: row[:3],
            max_size=60,
        )
    )
    def test_as_many_as_there_are(self, rows):
        offers = [
            Offer(at(quarter / 4, day), (who,), extra, True, True, day)
            for who, day, quarter, extra in rows
        ]
        chosen = choose_offers(offers, {})
        scores = [one.score for one in chosen]
        self.assertEqual(scores, sorted(scores))
        groups = {}
        for one in offers:
            groups.setdefault((one.people, one.day), []).append(one)
        # Fewer than twenty: nobody is left out.
        self.assertEqual(
            len(chosen), sum(min(2, len(group)) for group in groups.values())
        )
        for key, group in groups.items():
            best = min(group, key=lambda one: (one.score, one.start))
            mine = [one for one in chosen if (one.people, one.day) == key]
            self.assertEqual(mine[0], best)
            if any(abs(one.start - best.start) >= 2 * HOUR for one in group):
                self.assertGreaterEqual(abs(mine[1].start - best.start), 2 * HOUR)


class TestPlans(TestCase):
    def test_urgent_first(self):
        only = [stretch(8, 9, ())]
        plan = insert_by_regret(only, [stop(1), stop(2, priority=80)], ROAD)
        self.assertEqual([s.id for s in plan.left], [1])
        self.assertEqual(plan.cost(ROAD), (0, 1, 0))
        self.assertEqual(plan.routes[0].starts, (at(8),))

    def test_who_has_no_second_choice_goes_first(self):
        morning, afternoon = stretch(8, 9, ()), stretch(10, 11, ())
        early = stop(2, starts=(span(8, 8),))
        plan = insert_by_regret([morning, afternoon], [stop(1), early], ROAD)
        self.assertEqual([[s.id for s in r.stops] for r in plan.routes], [[2], [1]])

    def test_what_is_done_over_a_break_leaves_its_time_to_others(self):
        long, short = stop(1, minutes=300, priority=80), stop(2, minutes=210)
        plan = insert_by_regret([stretch()], [long, short], ROAD)
        self.assertEqual(plan.left, ())
        self.assertEqual(check(plan, ROAD), [])

    def test_checker_finds_faults(self):
        here = stretch(8, 10, ())
        one, two = stop(1, 1), stop(2, 2, starts=(span(9, 9),))

        def faults(*pairs, left=()):
            stops, starts = zip(*pairs, strict=True) if pairs else ((), ())
            return check(Plan((Route(here, stops, starts),), left), ROAD)

        self.assertEqual(faults((one, at(8.25))), [])
        self.assertEqual(faults((one, at(8))), ["[1] do not fit"])
        self.assertEqual(faults((two, at(8.5))), ["2 at the wrong time"])
        self.assertIn("1 twice", faults((one, at(8.25)), (one, at(9.25))))
        self.assertEqual(faults((one, at(8.25)), left=(one,)), ["1 planned and left"])
        route = Route(here, (one,), ())
        self.assertEqual(check(Plan((route,)), ROAD), ["0 starts for 1 visits"])

    @UNHURRIED
    @given(
        st.lists(
            st.tuples(
                st.integers(0, 9),
                st.integers(1, 12),
                st.sampled_from([{ANNA}, {BEN}, {ANNA, BEN}]),
                st.integers(7, 16),
                st.sampled_from([0, 40, 80, 100]),
            ),
            max_size=12,
        )
    )
    def test_every_plan_can_be_kept(self, rows):
        stretches = [
            stretch(),
            stretch(8, 12, (), technician=BEN, end_place=5),
            stretch(13, 17, (), technician=BEN, start_place=5),
        ]
        stops = [
            Stop(n, place, q * 15, frozenset(people), (span(hour, hour + 3),), priority)
            for n, (place, q, people, hour, priority) in enumerate(rows)
        ]
        quick = insert_by_regret(stretches, stops, ROAD)
        better = insert_by_regret(stretches, stops, ROAD, rounds=10)
        for plan in (quick, better):
            self.assertEqual(check(plan, ROAD), [])
            placed = [s.id for route in plan.routes for s in route.stops]
            self.assertEqual(
                sorted([*placed, *(s.id for s in plan.left)]), list(range(len(rows)))
            )
        self.assertLessEqual(better.cost(ROAD), quick.cost(ROAD))


class TestOrder(TestCase):
    def test_least_travel(self):
        plan = order(
            [stretch()], [stop(1, 5, 30), stop(2, 2, 30), stop(3, 4, 30)], ROAD
        )
        (route,) = plan.routes
        self.assertEqual(driving(route.stretch, route.stops, ROAD), 100)
        self.assertEqual(check(plan, ROAD), [])

    def test_what_does_not_fit_is_left(self):
        plan = order([stretch(8, 10, ())], [stop(1, 1), stop(2, 1), stop(3, 1)], ROAD)
        self.assertEqual(len(plan.left), 2)

    def test_in_a_given_order(self):
        day = [stretch(8, 12, ()), stretch(13, 17, (), start_place=3, end_place=3)]
        stops = [stop(1, 5), stop(2, 2), stop(3, 3, 90), stop(4, 3, 600)]
        plan = in_order(day, stops, ROAD)
        self.assertEqual([[s.id for s in r.stops] for r in plan.routes], [[1, 2], [3]])
        self.assertEqual([s.id for s in plan.left], [4])
        self.assertEqual(
            [r.starts for r in plan.routes],
            [(at(8) + HOUR * 5 / 6, at(10) + HOUR / 3), (at(13),)],
        )
        self.assertEqual(check(plan, ROAD), [])

    def test_no_time_at_all(self):
        self.assertEqual(order([], [stop(1)], ROAD), Plan((), (stop(1),)))
        self.assertEqual(order([], [], ROAD), Plan((), ()))

    @UNHURRIED
    @given(
        st.lists(st.tuples(st.integers(0, 9), st.integers(1, 4)), max_size=4),
        st.lists(st.integers(0, 40), min_size=25, max_size=25),
    )
    def test_no_order_travels_less(self, rows, ways):
        travel = [
            [
                0 if a == b else ways[min(a, b) % 5 * 5 + max(a, b) % 5]
                for b in range(10)
            ]
            for a in range(10)
        ]
        day = [stretch(8, 11, ()), stretch(12, 17, (), start_place=3)]
        stops = [stop(n, place, q * 15) for n, (place, q) in enumerate(rows)]
        plan = order(day, stops, travel)
        self.assertEqual(check(plan, travel), [])
        best = min(
            (
                sum(driving(d, row, travel) for d, row in zip(day, rows, strict=True))
                for way in permutations(stops)
                for cut_at in range(len(way) + 1)
                for rows in [(way[:cut_at], way[cut_at:])]
                if all(
                    schedule(d, row, travel) is not None
                    for d, row in zip(day, rows, strict=True)
                )
            ),
            default=None,
        )
        self.assertEqual(bool(plan.left), best is None)
        if not plan.left:
            self.assertEqual(plan.cost(travel)[2], best)
        self.assertEqual(ANY_TIME, stop(1).starts)

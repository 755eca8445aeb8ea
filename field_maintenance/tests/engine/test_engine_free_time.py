"""Where the next visit fits."""

from datetime import datetime, timedelta
from unittest import TestCase

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ...engine import FreeTime

HOUR = timedelta(hours=1)


def at(day, hour):
    return datetime(2026, 3, day) + hour * HOUR


def span(day, first, last):
    return at(day, first), at(day, last)


WEEK = [span(day, *hours) for day in range(2, 7) for hours in ((8, 12), (13, 17))]


class TestFreeTime(TestCase):
    def test_one_after_the_other(self):
        free = FreeTime(WEEK, [span(2, 9, 10)])
        taken = [free.take(2 * HOUR) for _number in range(5)]
        self.assertEqual(taken, [at(2, 10), at(2, 13), at(2, 15), at(3, 8), at(3, 10)])
        self.assertEqual(free.take(HOUR), at(2, 8), "A gap is filled")

    def test_longer_than_half_a_day(self):
        free = FreeTime(WEEK, [span(2, 16, 17)])
        self.assertEqual(free.take(6 * HOUR), at(2, 8))
        self.assertEqual(free.take(9 * HOUR), at(3, 8))
        self.assertIsNone(free.take(10 * HOUR))

    def test_at_its_hour(self):
        free = FreeTime(WEEK, [])
        hours = [at(day, 10) for day in range(1, 8)]
        self.assertEqual(free.take(HOUR, hours), at(2, 10))
        self.assertEqual(free.take(HOUR, hours), at(3, 10))
        self.assertIsNone(free.take(HOUR, [at(7, 10)]))
        self.assertIsNone(FreeTime([], []).take(HOUR))

    def test_not_too_early(self):
        free = FreeTime(WEEK, [])
        self.assertEqual(free.take(HOUR, earliest=at(4, 0)), at(4, 8))
        self.assertEqual(free.take(HOUR, earliest=at(4, 10.5)), at(4, 10.5))
        self.assertEqual(free.take(HOUR, [at(3, 9), at(5, 9)], at(4, 0)), at(5, 9))
        self.assertIsNone(free.take(HOUR, earliest=at(6, 16.5)))

    # How long an example takes is the machine's business.
    @settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(st.lists(st.integers(1, 6), max_size=30))
    def test_nothing_overlaps(self, lengths):
        busy = [span(3, 9, 15)]
        free, taken = FreeTime(WEEK, busy), list(busy)
        for length in lengths:
            start = free.take(length * HOUR)
            if start:
                taken.append((start, start + length * HOUR))
        taken.sort()
        for (_start, end), (start, _end) in zip(taken, taken[1:], strict=False):
            self.assertLessEqual(end, start)

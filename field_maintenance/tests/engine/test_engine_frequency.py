"""The visit that comes next, and how many a year has."""

from datetime import date, timedelta
from unittest import TestCase

from hypothesis import given

from ...engine import (
    AfterLast,
    Interval,
    Months,
    Spread,
    Term,
    next_occurrence,
    visits_per_year,
)
from .test_engine_rules import days, repeated, rules_in_terms, untimed

NEW_YEAR = date(2026, 1, 1)


class TestNextOccurrence(TestCase):
    @untimed
    @given(rules_in_terms(repeated), days)
    def test_it_is_the_first_of_what_is_left(self, pair, after):
        rule, term = pair
        until = max(after, term.start) + timedelta(days=42 * 366)
        later = rule.occurrences(term, until, after)
        self.assertEqual(
            next_occurrence(rule, term, after), later[0] if later else None
        )

    def test_none_is_left(self):
        cases = (
            (Interval(1, "month"), Term(NEW_YEAR, date(2026, 3, 31)), "2026-03-01"),
            (Spread(4, 3, "month"), Term(NEW_YEAR), "2026-12-31"),
            (Spread(1, 1, "day"), Term(NEW_YEAR, NEW_YEAR), "2026-01-01"),
            (Interval(1, "year"), Term(date(9998, 5, 1)), "9999-05-01"),
        )
        for rule, term, after in cases:
            with self.subTest(rule):
                day = date.fromisoformat(after)
                self.assertIsNone(next_occurrence(rule, term, day))


class TestVisitsPerYear(TestCase):
    def test_vectors(self):
        open_term, year = Term(NEW_YEAR), Term(NEW_YEAR, date(2026, 12, 31))
        cases = (
            (Interval(6, "month"), open_term, 2),
            (Interval(2, "year"), open_term, 0.5),
            (Interval(1, "week"), open_term, 52.2),
            (AfterLast(3, "month"), open_term, 4),
            (Months([3, 9]), year, 2),
            (Spread(4, 3, "month"), open_term, 4),
            (Spread(4, 9, "year"), year, 4),
            (Spread(6, 1, "month"), Term(NEW_YEAR, date(2027, 12, 31)), 3),
            # No more than are made, in a term of less than a year.
            (Spread(3, 1, "month"), Term(NEW_YEAR, date(2026, 3, 31)), 3),
        )
        for rule, term, expected in cases:
            with self.subTest(rule):
                found = visits_per_year(rule, term)
                self.assertEqual(round(found, 1), expected)

"""Stretches without visits, and visits spread over terms that follow one another."""

from datetime import date, timedelta
from unittest import TestCase

from hypothesis import given
from hypothesis import strategies as st

from ...engine import (
    AfterLast,
    Gap,
    Interval,
    Occurrence,
    RuleError,
    Spread,
    SpreadPerTerm,
    Term,
    WorkingDays,
    in_gap,
    leave_gaps,
    next_occurrence,
    reconcile,
    visits_per_year,
)
from .test_engine_regeneration import NOTHING, apply, first_of, histories, visits
from .test_engine_rules import days, rules_in_terms, untimed

ONE_DAY = timedelta(days=1)
MONTHLY = Interval(1, "month")
TERM = Term(date(2026, 1, 1))
UNTIL = date(2026, 7, 31)


@st.composite
def gaps(draw):
    """Return up to three stretches without visits, the last of them open at times."""
    found = []
    for first in draw(st.lists(days, max_size=3)):
        length = draw(st.none() | st.integers(0, 400))
        last = None if length is None else first + timedelta(days=length)
        found.append(Gap(first, last))
    return found


@st.composite
def term_rows(draw):
    """Return terms that follow one another, the last of them open at times."""
    first = draw(days)
    rows = []
    for length in draw(st.lists(st.integers(40, 800), min_size=1, max_size=4)):
        last = first + timedelta(days=length)
        rows.append((first, last))
        first = last + ONE_DAY
    if draw(st.booleans()):
        rows[-1] = (rows[-1][0], None)
    return tuple(rows)


class TestGaps(TestCase):
    def test_inside_and_out(self):
        gap = Gap(date(2026, 2, 1), date(2026, 2, 28))
        for day, inside in (
            ("2026-01-31", False),
            ("2026-02-01", True),
            ("2026-02-28", True),
            ("2026-03-01", False),
        ):
            with self.subTest(day):
                day = date.fromisoformat(day)
                self.assertEqual(in_gap(day, [gap]), inside)
                expected = date(2026, 3, 1) if inside else day
                self.assertEqual(leave_gaps(day, [gap]), expected)

    def test_one_after_another(self):
        found = [Gap(date(2026, 2, 1), date(2026, 2, 5)), Gap(date(2026, 2, 6), None)]
        self.assertIsNone(leave_gaps(date(2026, 2, 3), found))
        self.assertEqual(leave_gaps(date(2026, 1, 31), found), date(2026, 1, 31))

    @untimed
    @given(days, gaps())
    def test_left_once(self, day, found):
        free = leave_gaps(day, found)
        if free is not None:
            self.assertGreaterEqual(free, day)
            self.assertFalse(in_gap(free, found))

    @untimed
    @given(st.lists(days, max_size=20), gaps())
    def test_days_off_are_those_in_gaps(self, known, found):
        rest = WorkingDays(known).without(found)
        self.assertEqual(
            {rest.first_from(day, day) for day in known} - {None},
            {day for day in known if not in_gap(day, found)},
        )

    def test_days_off(self):
        working = WorkingDays(date(2026, 2, day) for day in range(1, 11))
        rest = working.without([Gap(date(2026, 2, 4), date(2026, 2, 6))])
        self.assertEqual(rest.first_from(date(2026, 2, 4), None), date(2026, 2, 7))
        self.assertEqual(
            rest.last_until(date(2026, 2, 6), date(2026, 2, 1)), date(2026, 2, 3)
        )


class TestReconcileWithGaps(TestCase):
    def reconcile(self, existing, found, rule=MONTHLY):
        return reconcile(rule, TERM, visits(existing), UNTIL, gaps=found)

    def test_only_the_suspended_days(self):
        gap = Gap(date(2026, 4, 1), date(2026, 5, 31))
        existing = {month: "untouched" for month in range(2, 8)}
        changes = self.reconcile(existing, [gap])
        self.assertEqual(changes, NOTHING._replace(delete=first_of(4, 5)))
        left = apply(changes, visits(existing))
        self.assertEqual(
            reconcile(MONTHLY, TERM, left, UNTIL),
            NOTHING._replace(create=first_of(4, 5)),
        )

    def test_whatever_comes_after(self):
        gap = Gap(date(2026, 3, 1), date(2026, 5, 31))
        existing = {2: "done", 3: "untouched", 4: "touched", 5: "planned", 6: "planned"}
        changes = self.reconcile(existing, [gap])
        self.assertEqual(changes.delete, first_of(3))
        self.assertEqual(changes.cancel, first_of(4))
        self.assertEqual(changes.create, first_of(7))

    def test_after_the_last_visit(self):
        rule = AfterLast(3, "month", date(2026, 1, 15))
        gap = Gap(date(2026, 4, 1), date(2026, 4, 30))
        self.assertEqual(self.reconcile({}, [gap], rule).create, [date(2026, 5, 1)])
        self.assertEqual(self.reconcile({}, [Gap(date(2026, 4, 1))], rule).create, [])

    @untimed
    @given(rules_in_terms(), histories(), days, gaps())
    def test_idempotent_and_empty_there(self, rule_in_term, existing, until, found):
        rule, term = rule_in_term
        changes = reconcile(rule, term, existing, until, gaps=found)
        left = apply(changes, existing)
        self.assertEqual(reconcile(rule, term, left, until, gaps=found), NOTHING)
        for visit in left:
            if visit.status in ("untouched", "touched"):
                self.assertFalse(in_gap(visit.nominal, found))

    @untimed
    @given(rules_in_terms(), histories(), days, gaps())
    def test_what_is_planned_or_done_stays(self, rule_in_term, existing, until, found):
        rule, term = rule_in_term
        changes = reconcile(rule, term, existing, until, gaps=found)
        fixed = {
            visit.nominal
            for visit in existing
            if visit.status in ("planned", "started", "done", "skipped")
        }
        self.assertFalse(fixed & {*changes.delete, *changes.cancel, *changes.reopen})

    @untimed
    @given(rules_in_terms(), days, gaps())
    def test_resumed_is_as_before(self, rule_in_term, until, found):
        rule, term = rule_in_term
        before = apply(reconcile(rule, term, [], until), [])
        without = apply(reconcile(rule, term, before, until, gaps=found), before)
        again = apply(reconcile(rule, term, without, until), without)
        key = Occurrence.__repr__
        self.assertEqual(sorted(map(key, again)), sorted(map(key, before)))


class TestSpreadPerTerm(TestCase):
    year = (date(2026, 1, 1), date(2026, 12, 31))
    next_year = (date(2027, 1, 1), date(2027, 12, 31))

    def test_same_as_a_spread_of_one_term(self):
        rule, term = SpreadPerTerm(4, (self.year,)), Term(*self.year)
        self.assertEqual(
            rule.occurrences(term, date(2030, 1, 1)),
            Spread(4, 1, "year").occurrences(term, date(2030, 1, 1)),
        )
        self.assertIsNone(next_occurrence(rule, term, date(2026, 12, 31)))

    def test_a_renewal_adds_as_many(self):
        rule = SpreadPerTerm(2, (self.year, self.next_year))
        term = Term(self.year[0], self.next_year[1])
        self.assertEqual(
            [str(day) for day in rule.occurrences(term, date(2030, 1, 1))],
            ["2026-07-02", "2026-12-31", "2027-07-02", "2027-12-31"],
        )

    def test_the_middle_of_a_term(self):
        rule = SpreadPerTerm(4, (self.year,))
        term = Term(date(2026, 7, 15), self.year[1])
        self.assertEqual(
            [str(day) for day in rule.occurrences(term, date(2030, 1, 1))],
            ["2026-10-01", "2026-12-31"],
        )
        self.assertEqual(rule.ordinal(term, date(2026, 10, 1)), (1, 2))

    def test_without_end_every_year(self):
        rule = SpreadPerTerm(1, ((date(2024, 2, 29), None),))
        term = Term(date(2024, 2, 29))
        self.assertEqual(
            [str(day) for day in rule.occurrences(term, date(2027, 12, 31))],
            ["2025-02-27", "2026-02-27", "2027-02-27"],
        )
        self.assertEqual(visits_per_year(rule, term), 1)

    def test_refused(self):
        with self.assertRaises(RuleError) as caught:
            SpreadPerTerm(0, (self.year,))
        self.assertEqual(caught.exception.code, "visit_count_not_positive")
        rule = SpreadPerTerm(9, ((date(2026, 1, 1), date(2026, 1, 5)),))
        with self.assertRaises(RuleError) as caught:
            rule.check(Term(date(2026, 1, 1)))
        self.assertEqual(caught.exception.code, "too_many_visits")

    @untimed
    @given(term_rows(), st.integers(1, 30), days, st.integers(0, 1500))
    def test_n_in_each_term(self, rows, count, start, length):
        rule, last = SpreadPerTerm(count, rows), rows[-1][1]
        term = Term(rows[0][0], last)
        until = last or rows[-1][0] + timedelta(days=length)
        dates = rule.occurrences(term, until)
        self.assertEqual(sorted(set(dates)), dates, "They increase.")
        for first, end in rows:
            if end:
                inside = [day for day in dates if first <= day <= end]
                self.assertEqual(len(inside), count)
        # From the middle: those of the whole that are left.
        middle = max(start, rows[0][0])
        if middle <= until:
            self.assertEqual(
                rule.occurrences(Term(middle, last), until),
                [day for day in dates if day >= middle],
            )
        for number, day in enumerate(dates, 1):
            self.assertEqual(rule.day(term, number), day)
            self.assertEqual(rule.count(term, day), number)

"""When visits fall due: the rules A1 to A4, on plain days."""

from datetime import date, timedelta
from fractions import Fraction
from math import floor
from unittest import TestCase

from dateutil.relativedelta import relativedelta
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ...engine import (
    AfterLast,
    Interval,
    Months,
    Ordinal,
    RuleError,
    Spread,
    Term,
    WorkingDays,
    preview,
)

# How long an example takes is the machine's business.
untimed = settings(deadline=None)

UNITS = ("day", "week", "month", "year")
NEW_YEAR = date(2026, 1, 1)
FAR = date(2200, 1, 1)

days = st.dates(date(2020, 1, 1), date(2032, 12, 31))
numbers = st.integers(1, 40)
units = st.sampled_from(UNITS)
intervals = st.builds(Interval, numbers, units)
months = st.builds(Months, st.sets(st.integers(1, 12), min_size=1))
spreads = st.builds(Spread, st.integers(1, 60), st.integers(1, 3), units)
after_last = st.builds(AfterLast, numbers, units, st.none() | days)
repeated = intervals | months | spreads
rules = repeated | after_last


@st.composite
def terms(draw):
    """Return terms of up to eight years, open ones too, with and without first date."""
    start = draw(days)
    length = draw(st.none() | st.integers(0, 3000))
    end = None if length is None else start + timedelta(days=length)
    latest = length if length is not None and length < 800 else 800
    first = draw(st.none() | st.integers(0, latest))
    return Term(start, end, None if first is None else start + timedelta(days=first))


@st.composite
def rules_in_terms(draw, kinds=rules):
    """Return rules with terms in which they can be followed."""
    rule, term = draw(kinds), draw(terms())
    try:
        rule.check(term)
    except RuleError:
        assume(False)
    return rule, term


def define(rule, term, until):
    """Return the due dates as A1 to A3 put them, by trying one after the other."""
    anchor = term.first or term.start
    if isinstance(rule, Interval):
        step = relativedelta(**{f"{rule.unit}s": rule.number})
        k = 0 if term.first else 1
        found = []
        while (day := anchor + k * step) <= until:
            found.append(day)
            k += 1
    elif isinstance(rule, Months):
        found = [
            anchor + timedelta(days=number)
            for number in range((until - anchor).days + 1)
        ]
        found = [
            day
            for day in found
            if day.month in rule.months and day == day + relativedelta(day=anchor.day)
        ]
    else:
        length = (rule.last_day(term) - term.start).days
        half = Fraction(1, 2)
        found = [
            term.start + timedelta(floor(Fraction(i * length, rule.visit_count) + half))
            for i in range(1, rule.visit_count + 1)
        ]
    return [day for day in found if day <= min(until, term.end or until)]


class TestOccurrences(TestCase):
    """Whatever the rule and the term."""

    @untimed
    @given(rules_in_terms(repeated), days)
    def test_as_defined(self, rule_in_term, until):
        rule, term = rule_in_term
        self.assertEqual(rule.occurrences(term, until), define(rule, term, until))

    @untimed
    @given(rules_in_terms(), days)
    def test_increasing_inside_the_term(self, rule_in_term, until):
        rule, term = rule_in_term
        dates = rule.occurrences(term, until)
        self.assertEqual(dates, sorted(set(dates)))
        last_day = rule.last_day(term) or until
        for day in dates:
            self.assertTrue(term.start <= day <= min(until, last_day))

    @untimed
    @given(rules_in_terms(), days, days)
    def test_resumed_as_in_one_run(self, rule_in_term, until, after):
        rule, term = rule_in_term
        dates = rule.occurrences(term, until)
        later = [day for day in dates if day > after]
        self.assertEqual(rule.occurrences(term, until, after), later)

    def test_resumed_far_from_the_start(self):
        """No drift after a century, and nothing before it is counted through."""
        term = Term(date(2000, 1, 31), first=date(2000, 1, 31))
        dates = Interval(1, "month").occurrences(
            term, date(2400, 3, 31), date(2400, 1, 31)
        )
        self.assertEqual(dates, [date(2400, 2, 29), date(2400, 3, 31)])

    def test_end_of_time(self):
        """A number typed by mistake makes no date, and no crash."""
        for unit in UNITS:
            for rule in (Interval(2**31, unit), AfterLast(2**31, unit, NEW_YEAR)):
                with self.subTest(rule=rule):
                    self.assertEqual(rule.occurrences(Term(NEW_YEAR), date.max), [])

    @untimed
    @given(rules_in_terms(intervals | months))
    def test_ordinals_of_a_term(self, rule_in_term):
        rule, term = rule_in_term
        assume(term.end)
        dates = rule.occurrences(term, term.end)
        self.assertEqual(
            [rule.ordinal(term, day) for day in dates],
            [Ordinal(number, len(dates)) for number in range(1, len(dates) + 1)],
        )

    @untimed
    @given(st.sampled_from((1, 2, 3, 4, 6, 12)), days, st.booleans())
    def test_ordinals_of_an_open_term(self, number, start, typed):
        """The years of an open term have as many visits as the rule has in a year."""
        rule = Interval(number, "month")
        term = Term(start, first=start if typed else None)
        dates = rule.occurrences(term, start + relativedelta(years=9))
        total = 12 // number
        self.assertEqual(
            [rule.ordinal(term, day) for day in dates],
            [Ordinal(index % total + 1, total) for index in range(len(dates))],
        )

    def test_no_ordinal_after_the_last_visit(self):
        self.assertIsNone(AfterLast(1, "month").ordinal(Term(NEW_YEAR), NEW_YEAR))


class TestInterval(TestCase):
    def test_counted_from_the_start(self):
        """The start itself is not due, the last day of the term is."""
        term = Term(NEW_YEAR, date(2026, 1, 15))
        self.assertEqual(
            Interval(1, "week").occurrences(term, FAR),
            [date(2026, 1, 8), date(2026, 1, 15)],
        )

    def test_counted_from_the_first_due_date(self):
        term = Term(NEW_YEAR, date(2026, 1, 24), date(2026, 1, 10))
        self.assertEqual(
            Interval(1, "week").occurrences(term, FAR),
            [date(2026, 1, 10), date(2026, 1, 17), date(2026, 1, 24)],
        )

    def test_end_of_month_comes_back(self):
        term = Term(NEW_YEAR, first=date(2026, 1, 31))
        self.assertEqual(
            Interval(1, "month").occurrences(term, date(2026, 5, 31)),
            [
                date(2026, 1, 31),
                date(2026, 2, 28),
                date(2026, 3, 31),
                date(2026, 4, 30),
                date(2026, 5, 31),
            ],
        )

    def test_leap_day_comes_back(self):
        term = Term(NEW_YEAR - timedelta(days=900), first=date(2024, 2, 29))
        self.assertEqual(
            Interval(1, "year").occurrences(term, date(2028, 12, 31)),
            [
                date(2024, 2, 29),
                date(2025, 2, 28),
                date(2026, 2, 28),
                date(2027, 2, 28),
                date(2028, 2, 29),
            ],
        )


class TestMonths(TestCase):
    def test_start_in_a_chosen_month(self):
        """The start's day in each chosen month, the start itself too."""
        self.assertEqual(
            Months((7, 1)).occurrences(Term(date(2026, 1, 15)), date(2027, 1, 15)),
            [date(2026, 1, 15), date(2026, 7, 15), date(2027, 1, 15)],
        )

    def test_cut_to_the_length_of_the_month(self):
        self.assertEqual(
            Months((2, 3, 4)).occurrences(Term(date(2027, 12, 31)), date(2029, 2, 28)),
            [
                date(2028, 2, 29),
                date(2028, 3, 31),
                date(2028, 4, 30),
                date(2029, 2, 28),
            ],
        )

    def test_nothing_before_the_first_due_date(self):
        term = Term(NEW_YEAR, first=date(2026, 3, 20))
        self.assertEqual(
            Months((1, 6)).occurrences(term, date(2027, 1, 31)),
            [date(2026, 6, 20), date(2027, 1, 20)],
        )


class TestSpread(TestCase):
    def test_quarterly(self):
        dates = [
            date(2026, 4, 2),
            date(2026, 7, 2),
            date(2026, 10, 1),
            date(2026, 12, 31),
        ]
        rule = Spread(4, 3, "month")
        self.assertEqual(rule.occurrences(Term(NEW_YEAR), FAR), dates)
        typed = Term(NEW_YEAR, date(2026, 12, 31))
        self.assertEqual(Spread(4, 9, "day").occurrences(typed, FAR), dates)
        self.assertEqual(
            [rule.ordinal(typed, day) for day in dates],
            [Ordinal(number, 4) for number in (1, 2, 3, 4)],
        )

    def test_halves_are_rounded_up(self):
        """Days 1.5, 3 and so on from the start."""
        rule, term = Spread(4, 1, "day"), Term(NEW_YEAR, date(2026, 1, 7))
        dates = rule.occurrences(term, FAR)
        self.assertEqual([day.day for day in dates], [3, 4, 6, 7])
        self.assertEqual(rule.occurrences(term, date(2026, 1, 2)), [])

    def test_one_visit_in_one_day(self):
        term = Term(NEW_YEAR, NEW_YEAR)
        self.assertEqual(Spread(1, 1, "day").occurrences(term, FAR), [NEW_YEAR])

    def test_derived_end(self):
        for visit_count, number, unit, end in (
            (5, 1, "day", NEW_YEAR + timedelta(days=5)),
            (5, 2, "week", NEW_YEAR + timedelta(days=70)),
            (5, 1, "month", NEW_YEAR + timedelta(days=5 * 30)),
            (5, 3, "month", NEW_YEAR + timedelta(days=5 * 91)),
            (5, 6, "month", NEW_YEAR + timedelta(days=5 * 182)),
            (12, 1, "month", NEW_YEAR + timedelta(days=12 * 30)),
            (6, 6, "month", NEW_YEAR + timedelta(days=6 * 182)),
            (4, 3, "month", date(2026, 12, 31)),
            (2, 12, "month", date(2027, 12, 31)),
            (3, 1, "year", date(2028, 12, 31)),
            (3, 2, "year", date(2031, 12, 31)),
        ):
            with self.subTest(visit_count=visit_count, number=number, unit=unit):
                rule = Spread(visit_count, number, unit)
                self.assertEqual(rule.last_day(Term(NEW_YEAR)), end)
                typed = Term(NEW_YEAR, FAR)
                self.assertEqual(rule.last_day(typed), FAR, "A typed end stays.")

    @untimed
    @given(rules_in_terms(spreads))
    def test_n_visits_means_n(self, rule_in_term):
        rule, term = rule_in_term
        dates = rule.occurrences(term, date.max)
        self.assertEqual(len(dates), rule.visit_count)
        self.assertEqual(dates[-1], rule.last_day(term))
        ends = [term.start, *dates]
        gaps = [(later - day).days for day, later in zip(ends, dates, strict=False)]
        self.assertLessEqual(max(gaps) - min(gaps), 1, "They are even.")


class TestAfterLast(TestCase):
    def test_next_visit(self):
        start = date(2026, 1, 31)
        for last, first, due in (
            (None, None, date(2026, 2, 28)),
            (None, date(2026, 2, 10), date(2026, 2, 10)),
            (date(2026, 3, 20), None, date(2026, 4, 20)),
            (date(2026, 3, 20), date(2026, 2, 10), date(2026, 4, 20)),
            (date(2025, 6, 1), None, start),
        ):
            with self.subTest(last=last, first=first):
                rule = AfterLast(1, "month", last)
                term = Term(start, first=first)
                self.assertEqual(rule.occurrences(term, FAR), [due])
                day_before = due - timedelta(days=1)
                self.assertEqual(rule.occurrences(term, day_before), [])
                self.assertEqual(rule.occurrences(term, FAR, due), [])

    def test_not_after_the_end(self):
        rule = AfterLast(1, "month", date(2026, 3, 20))
        self.assertEqual(rule.occurrences(Term(NEW_YEAR, date(2026, 4, 19)), FAR), [])


class TestErrors(TestCase):
    def test_what_is_wrong(self):
        day_before = NEW_YEAR - timedelta(days=1)
        ten_days = Term(NEW_YEAR, NEW_YEAR + timedelta(days=10))
        for code, parameters, make in (
            (
                "end_before_start",
                {"start": NEW_YEAR, "end": day_before},
                lambda: Term(NEW_YEAR, day_before),
            ),
            (
                "first_outside_term",
                {"start": NEW_YEAR, "first": day_before},
                lambda: Term(NEW_YEAR, first=day_before),
            ),
            (
                "first_outside_term",
                {"start": NEW_YEAR, "end": NEW_YEAR, "first": FAR},
                lambda: Term(NEW_YEAR, NEW_YEAR, FAR),
            ),
            ("number_not_positive", {"number": 0}, lambda: Interval(0, "day")),
            ("number_not_positive", {"number": -1}, lambda: AfterLast(-1, "day")),
            (
                "number_not_positive",
                {"number": 0},
                lambda: Spread(2, 0, "day").check(Term(NEW_YEAR)),
            ),
            (
                "visit_count_not_positive",
                {"visit_count": 0},
                lambda: Spread(0, 1, "day"),
            ),
            (
                "too_many_visits",
                {
                    "visit_count": 11,
                    "maximum": 10,
                    "start": ten_days.start,
                    "end": ten_days.end,
                },
                lambda: Spread(11, 1, "day").occurrences(ten_days, FAR),
            ),
            (
                "too_many_visits",
                {"visit_count": 2, "maximum": 1, "start": NEW_YEAR, "end": NEW_YEAR},
                lambda: Spread(2, 1, "day").check(Term(NEW_YEAR, NEW_YEAR)),
            ),
            (
                "term_too_long",
                {"visit_count": 9000, "start": NEW_YEAR},
                lambda: Spread(9000, 1, "year").check(Term(NEW_YEAR)),
            ),
            ("no_month", {}, lambda: Months(())),
            ("unknown_month", {"month": 13}, lambda: Months((1, 13))),
        ):
            with self.subTest(code=code, parameters=parameters):
                with self.assertRaises(RuleError) as caught:
                    make()
                self.assertEqual(caught.exception.code, code)
                self.assertEqual(caught.exception.parameters, parameters)

    def test_as_many_visits_as_days(self):
        term = Term(NEW_YEAR, NEW_YEAR + timedelta(days=10))
        self.assertEqual(len(Spread(10, 1, "day").occurrences(term, FAR)), 10)


class TestPreview(TestCase):
    working = WorkingDays(
        day
        for day in (NEW_YEAR + timedelta(days=number) for number in range(800))
        if day.weekday() < 5
    )

    def test_dates(self):
        """Monthly on the 1st: the one of February 2026 is a Sunday."""
        term = Term(NEW_YEAR, date(2026, 3, 31))
        shown = preview(Interval(1, "month"), term, FAR, self.working)
        self.assertEqual(
            shown.lines,
            [
                ((date(2026, 2, 1), date(2026, 1, 30), None), (1, 2)),
                ((date(2026, 3, 1), date(2026, 2, 27), None), (2, 2)),
            ],
        )
        self.assertEqual(shown.notes, [])

    def test_notes(self):
        term = Term(NEW_YEAR, date(2026, 3, 31), date(2026, 2, 2))
        for rule, notes in (
            (Interval(1, "year"), []),
            (Months((2,)), []),
            (Months((3,)), ["first_not_in_months"]),
            (Months((1,)), ["nothing_due", "first_not_in_months"]),
            (Spread(2, 1, "month"), ["first_not_used"]),
            (AfterLast(1, "year", NEW_YEAR), ["nothing_due"]),
        ):
            with self.subTest(rule=rule):
                shown = preview(rule, term, FAR, self.working)
                self.assertEqual(shown.notes, notes)

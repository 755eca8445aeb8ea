"""Whole lives of contract lines against sums of days that share no code with what is
tested: fractions, day by day."""

import unittest
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odoo.tests import tagged

from ...engine import (
    AnniversaryMonths,
    BilledDays,
    CalendarMonths,
    LineToBill,
    Periods,
    PricedLine,
    Rest,
    Span,
    Step,
    cover,
    make_rows,
    plan_bills,
    plan_credits,
    subtract,
)
from ...engine.coverage import FOREVER

DAY = timedelta(days=1)
DAYS_OF_MONTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


class Oracle:
    """What days cost, one by one."""

    def __init__(self, start, anchor, steps, rounding):
        self.start, self.anchor, self.rounding = start, anchor, Fraction(rounding)
        self.steps = steps

    def _get_length(self, year, month):
        year, month = year + (month - 1) // 12, (month - 1) % 12 + 1
        leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
        return 29 if month == 2 and leap else DAYS_OF_MONTHS[month - 1]

    def _get_month_begin(self, year, month):
        year, month = year + (month - 1) // 12, (month - 1) % 12 + 1
        return date(year, month, min(self.start.day, self._get_length(year, month)))

    def _get_month_length(self, day):
        if self.anchor == "calendar":
            return self._get_length(day.year, day.month)
        begin = self._get_month_begin(day.year, day.month)
        if begin > day:
            return (begin - self._get_month_begin(day.year, day.month - 1)).days
        return (self._get_month_begin(day.year, day.month + 1) - begin).days

    def get_annual(self, day):
        annual = Fraction(0)
        for first, amount in self.steps:
            if first <= day:
                annual = Fraction(amount)
        return annual

    def get_price(self, day):
        return self.get_annual(day) / 12 / self._get_month_length(day)

    def get_sum(self, days):
        return sum(map(self.get_price, days), Fraction(0))

    def round(self, amount):
        cents = abs(amount) / self.rounding
        whole = int(cents + Fraction(1, 2))
        return (whole if amount >= 0 else -whole) * self.rounding


def list_days(spans):
    return {
        first + number * DAY
        for first, last in spans
        for number in range((last - first).days + 1)
    }


class Life:
    """A contract line whose invoices and credit notes are all posted."""

    def __init__(self, oracle, months, timing, rounding):
        self.oracle, self.timing, self.rounding = oracle, timing, rounding
        self.start, self.end, self.suspended = oracle.start, FOREVER, []
        anniversary = oracle.anchor == "anniversary"
        self.months = AnniversaryMonths(self.start) if anniversary else CalendarMonths()
        self.period = months
        self.rests, self.net = [], Decimal(0)
        # Lines of which nothing is left were rounded as they were, until more is made.
        self.drift = 0

    def get_covered(self):
        term = Span(self.start, self.end)
        return cover(self.start, None, [term], self.suspended)

    def bill(self, until):
        priced = PricedLine(
            self.get_covered(),
            [Step(*step) for step in self.oracle.steps],
            self.months,
            [Span(self.start, self.end)],
            self.rounding,
        )
        billed = [span for rest in self.rests for span in rest.days]
        open_days = subtract(priced.covered, billed)
        line = LineToBill("line", priced, open_days, self.rests)
        periods = Periods([Span(self.start, self.end)], self.period, self.oracle.anchor)
        made = []
        ahead = open_days and all(span.last < open_days[0].first for span in billed)
        for bill in plan_bills([line], periods, self.timing, until):
            for own in bill.lines:
                span = Span(own.first, own.last)
                prices = {self.oracle.get_annual(day) for day in list_days([span])}
                assert len(prices) == 1, "an invoice line has one price"
                days = BilledDays(span, own.pricing, self.months, self.rounding)
                made.append(Rest(days, own.amount))
                self.net += own.amount
        if ahead and made:
            # What is billed next takes up what whole lines had left.
            self.drift = 0
        self.rests = sorted(
            [*self.rests, *made], key=lambda rest: rest.billed.span.first
        )

    def credit(self):
        covered = self.get_covered()
        rests = self.rests
        before = [list(rest.days) for rest in rests]
        planned = plan_credits(rests, [covered] * len(rests), [True] * len(rests))
        self.net -= sum(gone.amount for gone in planned)
        whole = [
            number
            for number, rest in enumerate(rests)
            if before[number] and not rest.days
        ]
        partial = [gone for gone in planned if rests[gone.number].days]
        if whole:
            self.drift += 1
        if partial:
            self.drift = 0
        for number in whole:
            assert rests[number].amount == 0, "what is gone is worth nothing"
        self.rests = [rest for rest in rests if rest.days]

    def get_days(self):
        return list_days([span for rest in self.rests for span in rest.days])


starts = st.dates(date(2023, 1, 1), date(2024, 12, 31))
roundings = st.sampled_from([Decimal("0.01"), Decimal(1), Decimal("0.001")])


@st.composite
def lives(draw):
    rounding = draw(roundings)
    start = draw(starts)
    offsets = st.integers(1, 500)
    amounts = st.integers(5_000, 300_000).map(lambda number: number * rounding)
    steps = [(start, draw(amounts))]
    for offset in sorted(draw(st.sets(offsets, max_size=3))):
        steps.append((start + offset * DAY, draw(amounts)))
    anchor = draw(st.sampled_from(["calendar", "anniversary"]))
    oracle = Oracle(start, anchor, steps, rounding)
    timing = draw(st.sampled_from(["prepaid", "arrears"]))
    life = Life(oracle, draw(st.sampled_from([1, 3, 6, 12])), timing, rounding)
    kinds = st.sampled_from(["bill", "suspend", "resume"])
    events = draw(st.lists(st.tuples(kinds, offsets, st.integers(0, 90)), max_size=8))
    return life, events, draw(offsets)


@tagged("standard", "at_install")
class TestLives(unittest.TestCase):
    def _live(self, life, events, last):
        """Let it happen; the sum is checked after each event."""
        for kind, offset, length in events:
            first = life.start + offset * DAY
            if kind == "bill":
                life.bill(first)
            elif kind == "suspend":
                life.suspended.append(Span(first, first + length * DAY))
                life.credit()
            elif life.suspended:
                life.suspended.pop()
                life.bill(life.start + 400 * DAY)
            self._check(life)
        life.bill(life.start + 500 * DAY)
        life.end = life.start + last * DAY
        life.credit()
        self._check(life)

    def _check(self, life):
        days = life.get_days()
        exact = life.oracle.get_sum(days)
        if life.drift:
            self.assertLess(
                abs(Fraction(life.net) - exact), life.oracle.rounding * (life.drift + 1)
            )
        else:
            self.assertEqual(Fraction(life.net), life.oracle.round(exact))

    @given(lives())
    @settings(
        deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow]
    )
    def test_sum_of_any_life(self, life):
        self._live(*life)

    def test_holes_beside_whole_lines(self):
        """Days of lines of which others are left, and of lines that are wholly gone,
        are billed again at once."""
        for start, steps, months, rounding, away in (
            ("2024-04-12", {0: "2311.75"}, 1, "0.01", (178, 67)),
            ("2023-07-24", {0: "62529", 200: "202667"}, 6, "1", (181, 82)),
        ):
            with self.subTest(start):
                first = date.fromisoformat(start)
                prices = [
                    (first + offset * DAY, Decimal(amount))
                    for offset, amount in steps.items()
                ]
                oracle = Oracle(first, "calendar", prices, Decimal(rounding))
                life = Life(oracle, months, "arrears", Decimal(rounding))
                events = [("bill", 400, 0), ("suspend", *away), ("resume", 0, 0)]
                self._live(life, events, 355)

    @given(lives(), st.integers(0, 499), st.integers(0, 120))
    @settings(deadline=None, max_examples=40)
    def test_one_line_with_several_prices(self, life, first, length):
        """Lines that were billed before prices were told apart are shared by their
        dated prices, too: C(last) - C(first - 1)."""
        life, _events, last = life
        oracle = life.oracle
        span = Span(life.start, life.start + (max(last, first) + length) * DAY)
        priced = PricedLine(
            [span],
            [Step(*step) for step in oracle.steps],
            life.months,
            [Span(life.start, FOREVER)],
            life.rounding,
        )
        days = BilledDays(span, priced.get_pricing(span), life.months, life.rounding)
        amount = priced.get_amount(*span)
        part = Span(life.start + first * DAY, life.start + (first + length) * DAY)
        upto = [
            oracle.round(oracle.get_sum(list_days([Span(span.first, end)])))
            for end in (part.first - DAY, part.last)
        ]
        expected = upto[1] - upto[0]
        tail = part.last == span.last
        found = Fraction(days.get_share(amount, part))
        if tail or first == 0:
            self.assertEqual(found, expected if tail else found)
        self.assertLessEqual(abs(found - expected), oracle.rounding)
        # Each month earns what its days cost, together the amount.
        if oracle.anchor == "calendar":
            rows = make_rows(*span, amount, life.rounding, Rest(days, amount))
            self.assertEqual(sum(row.amount for row in rows), amount)
            earned = Fraction(0)
            for row in rows:
                earned += Fraction(row.amount)
                cost = oracle.get_sum(list_days([Span(span.first, row.date)]))
                self.assertEqual(earned, oracle.round(cost))

    @given(lives(), st.integers(1, 99), st.integers(0, 499))
    @settings(deadline=None, max_examples=40)
    def test_goodwill(self, life, percent, cut):
        """A credit without days of its own lowers the price of all days alike."""
        life, _events, last = life
        oracle = life.oracle
        span = Span(life.start, life.start + (max(last, cut) + 1) * DAY)
        priced = PricedLine(
            [span],
            [Step(*step) for step in oracle.steps],
            life.months,
            [Span(life.start, FOREVER)],
            life.rounding,
        )
        amount = priced.get_amount(*span)
        given = Decimal(int(amount / life.rounding) * percent // 100) * life.rounding
        days = BilledDays(span, priced.get_pricing(span), life.months, life.rounding)
        rest = Rest(days, amount)
        rest.give_back(span, given, is_whole=False)
        tail = Span(life.start + cut * DAY, span.last)
        worth = rest.get_worth([tail])
        exact = oracle.get_sum(list_days([tail]))
        whole = oracle.get_sum(list_days([span]))
        share = (Fraction(amount) - Fraction(given)) * exact / whole
        self.assertLessEqual(abs(Fraction(worth) - share), oracle.rounding / 2)
        rest.give_back(tail, worth, is_whole=True)
        self.assertEqual(rest.amount, rest.get_worth(rest.days))
        self.assertEqual(given + worth + rest.amount, amount)

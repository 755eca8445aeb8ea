"""The examples of the rules, and what holds for every contract."""

import time
import unittest
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from odoo.tests import tagged

from ...engine import (
    AnniversaryMonths,
    CalendarMonths,
    Figures,
    LineToBill,
    Period,
    Periods,
    PricedLine,
    Span,
    Step,
    add_months,
    count_years,
    cover,
    distribute,
    earned,
    get_credited,
    get_last_day,
    get_month,
    get_renewed_end,
    get_share,
    intersect,
    make_rows,
    merge,
    plan_bills,
    round_money,
    share_out,
    subtract,
    to_decimal,
)
from ...engine.coverage import FOREVER
from ...engine.months import UNIT

CENT = Decimal("0.01")
DAY = timedelta(days=1)
ROUNDINGS = [Decimal(rounding) for rounding in ("0.01", "1", "0.001", "0.05")]


def day(text):
    return date.fromisoformat(text)


def span(first, last):
    return Span(day(first), day(last) if last else FOREVER)


def price(
    annual,
    first,
    last,
    *,
    terms=None,
    anniversary=False,
    rounding=CENT,
    steps=(),
    suspensions=(),
):
    """Return a line of one contract that starts with it."""
    term = span(first, last)
    terms = terms or [term]
    months = AnniversaryMonths(terms[0].first) if anniversary else CalendarMonths()
    steps = [Step(term.first, Decimal(annual)), *steps]
    covered = cover(term.first, term.last, terms, suspensions)
    return PricedLine(covered, steps, months, terms, rounding)


def bill(line, periods, timing="prepaid", until=None, invoiced=()):
    spans = subtract(line.covered, invoiced)
    return list(plan_bills([LineToBill("line", line, spans)], periods, timing, until))


days = st.dates(date(1999, 1, 1), date(2101, 12, 31))
lengths = st.integers(0, 1500)
amounts = st.decimals("-100000", "100000", places=3)
anchors = st.sampled_from(["calendar", "anniversary"])
timings = st.sampled_from(["prepaid", "arrears"])
intervals = st.sampled_from([1, 2, 3, 6, 12])
roundings = st.sampled_from(ROUNDINGS)


@st.composite
def spans(draw, within=900):
    first = draw(days)
    return Span(first, first + draw(st.integers(-1, within)) * DAY)


@st.composite
def contracts(draw):
    """Terms that follow one another, and a line with prices and suspensions."""
    start = draw(days)
    terms = []
    for _number in range(draw(st.integers(1, 3))):
        first = terms[-1].last + DAY if terms else start
        if draw(st.booleans()):
            last = get_renewed_end(first - DAY, 12 * draw(st.integers(1, 3)))
        else:
            last = first + draw(lengths) * DAY
        terms.append(Span(first, last))
    anchor = draw(anchors)
    length = (terms[-1].last - start).days
    offsets = st.integers(0, length)
    first, last = start, None
    if draw(st.booleans()):
        first = start + draw(offsets) * DAY
        last = first + draw(st.integers(-1, length)) * DAY
    steps = [Step(first, draw(amounts))]
    steps += [
        Step(start + offset * DAY, draw(amounts))
        for offset in draw(st.lists(offsets, max_size=3))
    ]
    suspensions = [
        Span(start + offset * DAY, start + (offset + draw(lengths) // 10) * DAY)
        for offset in draw(st.lists(offsets, max_size=2))
    ]
    months = AnniversaryMonths(start) if anchor == "anniversary" else CalendarMonths()
    line = PricedLine(
        cover(first, last, terms, suspensions), steps, months, terms, draw(roundings)
    )
    return line, Periods(terms, draw(intervals), anchor, draw(st.booleans()))


class EngineCase(unittest.TestCase):
    def assertMoney(self, found, expected):
        self.assertEqual(found, Decimal(expected))


@tagged("standard", "at_install")
class TestCoverage(EngineCase):
    def test_one_day_covers_one_day(self):
        term = span("2026-01-01", "2026-12-31")
        self.assertEqual(
            cover(term.first, term.first, [term]), [span("2026-01-01", "2026-01-01")]
        )

    def test_removed_on_its_first_day(self):
        term = span("2026-01-01", "2026-12-31")
        self.assertEqual(cover(day("2026-03-05"), day("2026-03-04"), [term]), [])

    def test_inside_the_contract_without_suspended_days(self):
        terms = [span("2026-01-01", "2026-12-31"), span("2027-01-01", None)]
        covered = cover(
            day("2025-06-01"), None, terms, [span("2026-03-10", "2026-03-20")]
        )
        self.assertEqual(
            covered, [span("2026-01-01", "2026-03-09"), span("2026-03-21", None)]
        )

    @given(st.lists(spans(), max_size=6), st.lists(spans(), max_size=6), days)
    @settings(deadline=None)
    def test_sets_of_days(self, some, others, probe):
        def has(spans_, one):
            return any(own.first <= one <= own.last for own in spans_)

        probes = {probe}
        for own in (*some, *others):
            probes |= {own.first - DAY, own.first, own.last, own.last + DAY}
        merged, left = merge(some), subtract(some, others)
        for one in probes:
            self.assertEqual(has(merged, one), has(some, one))
            self.assertEqual(has(left, one), has(some, one) and not has(others, one))
        for result in (merged, left):
            self.assertEqual(merge(result), result)
            for own in result:
                self.assertLessEqual(own.first, own.last)


@tagged("standard", "at_install")
class TestMonths(EngineCase):
    def test_calendar_part(self):
        """1,200 a year, 10 to 31 January 2023."""
        line = price(1200, "2023-01-10", None)
        self.assertMoney(line.get_amount(day("2023-01-10"), day("2023-01-31")), "70.97")

    def test_anniversary_months_keep_their_anchor(self):
        months = AnniversaryMonths(day("2026-01-31"))
        self.assertEqual(
            [months.get_first(number).isoformat() for number in range(4)],
            ["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30"],
        )

    def test_parts_of_an_anniversary_period_sum_to_its_price(self):
        line = price(1200, "2026-01-31", None, anniversary=True)
        parts = (
            ("2026-01-31", "2026-02-10"),
            ("2026-02-11", "2026-02-27"),
        )
        total = sum(line.get_amount(day(first), day(last)) for first, last in parts)
        self.assertMoney(total, "100.00")

    @given(days, days)
    @settings(deadline=None)
    def test_every_anniversary_month_is_one(self, start, probe):
        months = AnniversaryMonths(start)
        number = months.get_number(probe)
        first, following = months.get_first(number), months.get_first(number + 1)
        self.assertTrue(first <= probe < following)
        self.assertEqual(months.measure(first, following - DAY), UNIT)

    @given(days, lengths, st.integers(0, 100))
    @settings(deadline=None)
    def test_lengths_add_up(self, first, length, percent):
        last = first + length * DAY
        middle = first + length * percent // 100 * DAY
        for months in (CalendarMonths(), AnniversaryMonths(first)):
            parts = months.measure(first, middle)
            if middle < last:
                parts += months.measure(middle + DAY, last)
            self.assertEqual(parts, months.measure(first, last))

    def test_add_months_cuts_to_the_month(self):
        self.assertEqual(add_months(day("2024-01-31"), 1), day("2024-02-29"))
        self.assertEqual(add_months(day("2024-02-29"), 12), day("2025-02-28"))


@tagged("standard", "at_install")
class TestPricing(EngineCase):
    def test_cents_are_carried_on(self):
        """100 a year in months: 8.33, 8.34, 8.33 … and 100.00 in all."""
        line = price(100, "2026-01-01", "2026-12-31")
        bills = bill(line, Periods([span("2026-01-01", "2026-12-31")], 1, "calendar"))
        self.assertEqual(
            [str(one.amount) for one in bills], ["8.33", "8.34", "8.33"] * 4
        )

    def test_dated_prices(self):
        steps = [Step(day("2026-07-01"), Decimal(2400))]
        line = price(1200, "2026-01-01", "2026-12-31", steps=steps)
        self.assertMoney(line.get_amount(day("2026-06-01"), day("2026-06-30")), 100)
        self.assertMoney(line.get_amount(day("2026-06-01"), day("2026-07-31")), 300)

    def test_exact_term(self):
        """Fifteen days of February of two lengths are no twelve months by days."""
        line = price(1200, "2023-02-15", "2024-02-14")
        self.assertMoney(line.get_amount(day("2023-02-15"), day("2024-01-31")), 1150)
        self.assertMoney(line.get_amount(day("2024-02-01"), day("2024-02-14")), 50)

    def test_exact_term_at_the_price_then_in_force(self):
        steps = [Step(day("2024-02-01"), Decimal(2400))]
        line = price(1200, "2023-02-15", "2024-02-14", steps=steps)
        self.assertMoney(line.get_amount(day("2024-02-01"), day("2024-02-14")), 100)

    def test_exact_only_when_the_whole_term_is_covered(self):
        terms = [span("2023-02-15", "2024-02-14")]
        part = Decimal(1200) / 12 * 14 / 29
        for suspensions, first in (
            ([span("2023-06-01", "2023-06-05")], "2023-02-15"),
            ([], "2023-02-16"),
        ):
            line = price(
                1200, first, "2024-02-14", terms=terms, suspensions=suspensions
            )
            found = line.get_amount(day("2024-02-01"), day("2024-02-14"))
            self.assertAlmostEqual(found, part, delta=CENT)

    def test_renewal_leaves_the_earlier_term(self):
        first = span("2023-02-15", "2024-02-14")
        second = span("2024-02-15", "2025-02-14")
        alone = price(1200, "2023-02-15", "2024-02-14")
        renewed = price(1200, "2023-02-15", "2025-02-14", terms=[first, second])
        for last in (day("2023-12-31"), first.last):
            self.assertEqual(alone.get_cents(last), renewed.get_cents(last))
        self.assertMoney(renewed.get_amount(*second), 1200)

    def test_years_of_a_term(self):
        for first, last, years in (
            ("2023-01-01", "2023-12-31", 1),
            ("2023-02-15", "2026-02-14", 3),
            ("2024-02-29", "2025-02-27", 1),
            ("2024-02-29", "2028-02-28", 4),
            ("2023-01-01", "2023-12-30", 0),
            ("2023-01-01", None, 0),
            ("2023-01-01", "2022-12-31", 0),
        ):
            with self.subTest(first=first, last=last):
                self.assertEqual(count_years(span(first, last)), years)

    def test_renewed_end(self):
        self.assertEqual(get_renewed_end(day("2026-12-31"), 12), day("2027-12-31"))
        self.assertEqual(get_renewed_end(day("2025-02-27"), 12), day("2026-02-27"))

    def test_rounding_of_other_currencies(self):
        for rounding, expected in (("1", 71), ("0.001", "70.968"), ("0.05", "70.95")):
            line = price(1200, "2023-01-10", None, rounding=Decimal(rounding))
            with self.subTest(rounding):
                found = line.get_amount(day("2023-01-10"), day("2023-01-31"))
                self.assertMoney(found, expected)

    def test_a_line_without_price_costs_nothing(self):
        term = span("2026-01-01", "2026-12-31")
        line = PricedLine([term], [], CalendarMonths(), [term], CENT)
        self.assertMoney(line.get_amount(*term), 0)
        self.assertIsNone(line.valued_until)

    @given(contracts(), st.data())
    @settings(deadline=None)
    def test_any_tiling_sums_to_the_same(self, contract, data):
        line, _periods = contract
        for own in line.covered:
            length = (own.last - own.first).days
            cuts = data.draw(st.sets(st.integers(1, max(1, length)), max_size=8))
            cuts = sorted(cut for cut in cuts if cut <= length)
            firsts = [own.first, *(own.first + cut * DAY for cut in cuts)]
            lasts = [*(first - DAY for first in firsts[1:]), own.last]
            total = sum(map(line.get_amount, firsts, lasts))
            self.assertEqual(total, line.get_amount(*own))

    @given(days, intervals, st.integers(1, 6), anchors, st.integers(-9999, 9999))
    @settings(deadline=None)
    def test_whole_years_cost_whole_years(self, start, months, years, anchor, annual):
        last = get_renewed_end(start - DAY, 12 * years)
        line = price(
            annual,
            start.isoformat(),
            last.isoformat(),
            anniversary=anchor == "anniversary",
        )
        periods = Periods([Span(start, last)], months, anchor)
        total = sum(one.amount for one in bill(line, periods))
        self.assertEqual(total, annual * years)

    @given(contracts())
    @settings(deadline=None)
    def test_added_and_removed_on_one_day(self, contract):
        line, periods = contract
        first = periods.terms[0].first
        covered = cover(first, first - DAY, periods.terms)
        removed = PricedLine(
            covered, [Step(first, Decimal(99))], CalendarMonths(), periods.terms, CENT
        )
        self.assertEqual(bill(removed, periods), [])


@tagged("standard", "at_install")
class TestPeriods(EngineCase):
    def _list(self, term, months, anchor, *later, joins=False):
        terms = [term, *later]
        periods = Periods(terms, months, anchor, joins)
        return [
            (one.first.isoformat(), one.last.isoformat())
            for one in periods.between(term.first, terms[-1].last)
        ]

    def _renew(self, start, months, times):
        """Return the terms of a contract that is renewed some times."""
        terms = [Span(start, get_renewed_end(start - DAY, months))]
        for _time in range(times):
            last = terms[-1].last
            terms.append(Span(last + DAY, get_renewed_end(last, months)))
        return terms

    def test_first_part_with_the_first_whole_period(self):
        terms = self._renew(day("2026-11-29"), 12, 1)
        self.assertEqual(
            self._list(terms[0], 12, "calendar", joins=True),
            [("2026-11-29", "2027-11-28")],
        )
        self.assertEqual(
            self._list(*terms[:1], 3, "calendar", *terms[1:], joins=True),
            [
                ("2026-11-29", "2027-02-28"),
                ("2027-03-01", "2027-05-31"),
                ("2027-06-01", "2027-08-31"),
                ("2027-09-01", "2027-11-28"),
                ("2027-11-29", "2028-02-29"),
                ("2028-03-01", "2028-05-31"),
                ("2028-06-01", "2028-08-31"),
                ("2028-09-01", "2028-11-28"),
            ],
        )
        term = span("2026-01-10", "2026-01-20")
        periods = Periods([term], 1, "calendar", joins=True)
        self.assertEqual(periods.at(term.first), Period(*term))

    def test_renewal_makes_no_stub(self):
        first, *later = self._renew(day("2026-11-29"), 12, 2)
        self.assertEqual(
            self._list(first, 12, "calendar", *later),
            [
                # Alone, as it is set.
                ("2026-11-29", "2026-11-30"),
                ("2026-12-01", "2027-11-28"),
                ("2027-11-29", "2028-11-28"),
                ("2028-11-29", "2029-11-28"),
            ],
        )
        # The day that a leap year brings back is no period either.
        first, *later = self._renew(day("2024-02-29"), 12, 4)
        self.assertEqual(
            self._list(first, 12, "anniversary", *later)[-1],
            ("2028-02-28", "2029-02-27"),
        )

    def test_due_without_the_days_before(self):
        periods = Periods([span("2026-01-10", None)], 3, "calendar", joins=True)
        period = periods.at(day("2026-01-31"))
        self.assertEqual(period, periods.at(day("2026-02-01")))
        self.assertEqual(period.whole, day("2026-02-01"))
        self.assertEqual(
            period.get_due_date("prepaid", day("2026-01-31")), day("2026-01-10")
        )
        for first in ("2026-02-01", "2026-03-03"):
            self.assertEqual(
                period.get_due_date("prepaid", day(first)), day("2026-02-01")
            )
            self.assertEqual(
                period.get_due_date("arrears", day(first)), day("2026-04-30")
            )

    def test_half_a_period_is_no_stub(self):
        """Terms of 18 months that are billed by the year."""
        first, *later = self._renew(day("2026-01-01"), 18, 1)
        self.assertEqual(
            self._list(first, 12, "anniversary", *later),
            [
                ("2026-01-01", "2026-12-31"),
                ("2027-01-01", "2027-06-30"),
                ("2027-07-01", "2027-12-31"),
                ("2028-01-01", "2028-12-31"),
            ],
        )

    @given(
        days,
        st.sampled_from([1, 2, 3, 6, 12]),
        st.integers(1, 3),
        anchors,
        st.booleans(),
    )
    @settings(deadline=None)
    def test_terms_of_whole_periods_have_no_stub(
        self, start, months, count, anchor, joins
    ):
        terms = self._renew(start, months * count, 3)
        periods = Periods(terms, months, anchor, joins)
        found = list(periods.between(start, terms[-1].last))
        self.assertEqual(found[0].first, start)
        self.assertEqual(found[-1].last, terms[-1].last)
        for earlier, later in zip(found, found[1:], strict=False):
            self.assertEqual(earlier.last + DAY, later.first)
        for one in found:
            self.assertEqual(periods.at(one.first), one)
            self.assertEqual(periods.at(one.last), one)
        # As many periods as were sold; alone, the first part is one more.
        alone = anchor == "calendar" and start.day > 1 and not joins
        self.assertEqual(len(found), 4 * count + alone)
        self.assertEqual(
            [one.is_starting for one in found], [alone] + [False] * (len(found) - 1)
        )

    def test_starting_period_and_cut_end(self):
        self.assertEqual(
            self._list(span("2026-01-15", "2026-09-10"), 3, "calendar"),
            [
                ("2026-01-15", "2026-01-31"),
                ("2026-02-01", "2026-04-30"),
                ("2026-05-01", "2026-07-31"),
                ("2026-08-01", "2026-09-10"),
            ],
        )

    def test_start_on_the_first(self):
        term = span("2026-12-01", "2027-02-28")
        self.assertEqual(
            self._list(term, 2, "calendar"),
            [("2026-12-01", "2027-01-31"), ("2027-02-01", "2027-02-28")],
        )
        self.assertFalse(Periods([term], 2, "calendar").at(term.first).is_starting)

    def test_starting_period_ends_with_the_term(self):
        self.assertEqual(
            self._list(span("2026-01-15", "2026-01-20"), 3, "calendar"),
            [("2026-01-15", "2026-01-20")],
        )

    def test_anniversary(self):
        self.assertEqual(
            self._list(span("2026-01-31", "2026-05-01"), 1, "anniversary"),
            [
                ("2026-01-31", "2026-02-27"),
                ("2026-02-28", "2026-03-30"),
                ("2026-03-31", "2026-04-29"),
                ("2026-04-30", "2026-05-01"),
            ],
        )

    def test_due_dates(self):
        period = Period(day("2026-02-01"), day("2026-04-30"))
        self.assertEqual(period.get_due_date("prepaid"), period.first)
        self.assertEqual(period.get_due_date("arrears"), period.last)

    def test_refused(self):
        with self.assertRaises(ValueError):
            Periods([], 1, "calendar")
        with self.assertRaises(ValueError):
            Periods([span("2026-01-01", None)], 0, "calendar")
        periods = Periods([span("2026-01-01", "2026-01-31")], 1, "calendar")
        for outside in ("2025-12-31", "2026-02-01"):
            with self.assertRaises(ValueError):
                periods.at(day(outside))

    def test_without_end(self):
        periods = Periods([span("2026-01-15", None)], 12, "calendar")
        self.assertEqual(periods.at(day("2126-01-20")).last, day("2126-01-31"))

    @given(days, lengths, intervals, anchors)
    @settings(deadline=None)
    def test_periods_tile_the_term(self, start, length, months, anchor):
        term = Span(start, start + length * DAY)
        periods = Periods([term], months, anchor)
        found = list(periods.between(*term))
        self.assertEqual(found[0].first, term.first)
        self.assertEqual(found[-1].last, term.last)
        for earlier, later in zip(found, found[1:], strict=False):
            self.assertEqual(earlier.last + DAY, later.first)
        for number, one in enumerate(found):
            for probe in (one.first, one.last):
                self.assertEqual(periods.at(probe), one)
            whole = number and number < len(found) - 1
            if whole and anchor == "calendar":
                self.assertEqual(one.first.day, 1)
                self.assertEqual(add_months(one.first, months), one.last + DAY)

    @given(contracts(), timings)
    @settings(deadline=None)
    def test_bills_are_every_covered_day_once(self, contract, timing):
        line, periods = contract
        bills = bill(line, periods, timing)
        self.assertEqual([one.due for one in bills], sorted(one.due for one in bills))
        billed = [own for one in bills for own in one.lines]
        total = sum(own.amount for own in billed)
        # What makes no bill costs nothing.
        self.assertEqual(total, sum(line.get_amount(*own) for own in line.covered))
        rest = subtract(line.covered, [Span(one.first, one.last) for one in billed])
        self.assertEqual(
            sum((own.last - own.first).days + 1 for own in line.covered),
            sum((own.last - own.first).days + 1 for own in rest)
            + sum((own.last - own.first).days + 1 for own in billed),
        )
        for one in bills:
            self.assertTrue(one.period.first <= one.date <= one.period.last)
            self.assertTrue(one.amount)

    @given(contracts(), timings, st.lists(days, max_size=3))
    @settings(deadline=None)
    def test_payers_share_what_is_due(self, contract, timing, cuts):
        """Who pays for a day changes neither when a period is due nor what it is."""
        line, periods = contract
        whole = bill(line, periods, timing)
        spans = [LineToBill("line", line, line.covered)]
        parts = list(plan_bills(spans, periods, timing, cuts=cuts))
        totals = {}
        for part in parts:
            totals[part.due] = totals.get(part.due, Decimal(0)) + part.amount
            self.assertFalse(
                [cut for cut in cuts if part.period.first < cut <= part.period.last]
            )
        self.assertEqual(totals, {one.due: one.amount for one in whole})

    @given(contracts(), timings, days)
    @settings(deadline=None)
    def test_runs_at_any_days_bill_the_same(self, contract, timing, stop):
        line, periods = contract
        whole = bill(line, periods, timing)
        early = bill(line, periods, timing, until=stop)
        done = [Span(own.first, own.last) for one in early for own in one.lines]
        late = bill(line, periods, timing, invoiced=done)
        self.assertEqual([*early, *late], whole)
        self.assertTrue(all(one.due <= stop for one in early))


@tagged("standard", "at_install")
class TestBilling(EngineCase):
    def test_credited_month_is_billed_again(self):
        term = span("2026-01-01", "2026-12-31")
        line = price(1200, "2026-01-01", "2026-12-31")
        invoiced = [span("2026-01-01", "2026-02-28"), span("2026-04-01", "2026-06-30")]
        bills = bill(line, Periods([term], 3, "calendar"), invoiced=invoiced)
        first = bills[0]
        self.assertEqual(first.lines[0][1:3], span("2026-03-01", "2026-03-31"))
        self.assertEqual(first.due, day("2026-01-01"))
        self.assertEqual(first.date, day("2026-03-01"))
        self.assertMoney(first.amount, 100)
        self.assertEqual(bills[1].due, day("2026-07-01"))

    def test_zero_lines_ride_along(self):
        term = span("2026-01-01", "2026-12-31")
        lines = [
            LineToBill(annual, price(annual, "2026-01-01", "2026-12-31"), [term])
            for annual in (0, 1200)
        ]
        (bill_,) = plan_bills(lines, Periods([term], 12, "calendar"), "arrears")
        self.assertEqual([line.key for line in bill_.lines], [0, 1200])

    def test_zero_total_is_not_due(self):
        term = span("2026-01-01", None)
        lines = [
            LineToBill(annual, price(annual, "2026-01-01", None), [term])
            for annual in (-500, 500)
        ]
        bills = plan_bills(lines, Periods([term], 1, "calendar"), "arrears")
        self.assertEqual(list(bills), [])

    def test_free_months_first(self):
        steps = [Step(day("2026-04-01"), Decimal(1200))]
        line = price(0, "2026-01-01", None, steps=steps)
        periods = Periods([span("2026-01-01", None)], 1, "calendar")
        bills = bill(line, periods, until=day("2026-04-30"))
        self.assertEqual([one.due for one in bills], [day("2026-04-01")])

    def test_speed(self):
        """Thousands of lines a second, with a price change and a true-up each."""
        term = span("2020-02-15", "2030-02-14")
        periods = Periods([term], 1, "calendar")
        steps = [Step(day("2023-05-01"), Decimal("1242.00"))]
        # Its own time, whatever else the machine does.
        started = time.thread_time()
        for _number in range(500):
            line = price(1200, "2020-02-15", "2030-02-14", steps=steps)
            bill(line, periods, until=day("2020-03-01"))
        seconds = time.thread_time() - started
        # A tenth of what this takes on a slow machine would be noticed.
        self.assertLess(seconds, 0.5)


@tagged("standard", "at_install")
class TestFigures(EngineCase):
    figures = Figures(Decimal(1200), Decimal(720), Decimal(5))

    def test_example(self):
        """Price 10,000, cost 6,000, 12 %, discount 5 %."""
        self.assertMoney(self.figures.get_amount(CENT), 1140)
        self.assertMoney(self.figures.get_discount_amount(CENT), 60)
        self.assertMoney(self.figures.get_profit(CENT), 420)

    def test_typing_one_sets_the_discount(self):
        plain = self.figures._replace(discount=Decimal(0))
        for typed in ({"amount": 1140}, {"discount_amount": 60}, {"profit": 420}):
            with self.subTest(typed):
                found = plain.type_figures(**{k: Decimal(v) for k, v in typed.items()})
                self.assertEqual(found, self.figures)

    def test_several_at_once(self):
        found = self.figures.type_figures(
            amount=Decimal(900), discount_amount=Decimal(1), profit=Decimal(2)
        )
        self.assertMoney(found.get_amount(CENT), 900)
        found = self.figures.type_figures(
            discount_amount=Decimal(200), profit=Decimal(2)
        )
        self.assertMoney(found.get_amount(CENT), 1000)

    def test_amount_above_the_value(self):
        found = self.figures.type_figures(amount=Decimal(1500))
        self.assertEqual(found[::2], (1500, 0))
        found = Figures(Decimal(0), Decimal(0)).type_figures(amount=Decimal(-80))
        self.assertEqual(found[::2], (-80, 0))

    @given(amounts, amounts, roundings)
    @settings(deadline=None)
    def test_typed_amount_comes_back(self, value, amount, rounding):
        value, amount = round_money(value, rounding), round_money(amount, rounding)
        figures = Figures(value, Decimal(0)).type_figures(amount=amount)
        self.assertEqual(figures.get_amount(rounding), amount)
        # What a column of the database keeps of it is enough.
        stored = figures._replace(discount=to_decimal(float(figures.discount)))
        self.assertEqual(stored.get_amount(rounding), amount)

    def test_distribution(self):
        amounts_ = [Decimal(600), Decimal(300), Decimal(100)]
        for bases, expected in (
            ([1, 1, 1], ["666.67", "366.67", "166.66"]),
            (amounts_, ["720.00", "360.00", "120.00"]),
            ([0, 300, 100], ["600.00", "450.00", "150.00"]),
        ):
            bases = [Decimal(base) for base in bases]
            found = distribute(Decimal(1200), amounts_, bases, CENT)
            with self.subTest(bases):
                self.assertEqual([str(one) for one in found], expected)

    def test_distribution_refused(self):
        for lines, bases in (([], []), ([1, 2], [0, 0]), ([1, 2], [5, -5])):
            with self.assertRaises(ValueError):
                distribute(Decimal(10), list(map(Decimal, lines)), bases, CENT)

    @given(amounts, st.lists(st.tuples(amounts, amounts), min_size=1), roundings)
    @settings(deadline=None)
    def test_distribution_sums_to_the_total(self, total, lines, rounding):
        assume(sum(base for _amount, base in lines))
        total = round_money(total, rounding)
        found = distribute(total, *map(list, zip(*lines, strict=True)), rounding)
        self.assertEqual(sum(found), total)
        self.assertEqual(len(found), len(lines))


@tagged("standard", "at_install")
class TestDeferral(EngineCase):
    def test_credit_of_the_example(self):
        """1,200 a year, recognised to 30 September, last covered day 15 September."""
        year = span("2023-01-01", "2023-12-31")
        rows = make_rows(*year, Decimal(1200), CENT)
        self.assertEqual([row.amount for row in rows], [100] * 12)
        credited = span("2023-09-16", "2023-12-31")
        credit = get_share(Decimal(1200), year, credited, CalendarMonths(), CENT)
        self.assertMoney(credit, 350)
        open_rows = [row for row in rows if row.date > day("2023-09-30")]
        self.assertMoney(earned(rows, day("2023-09-30")), 900)
        wanted = get_credited(Decimal(1200), year, credited, credit, CENT)
        self.assertEqual(
            share_out(credit, wanted, by_month(open_rows)), by_month(open_rows)
        )

    def test_month_that_is_half_credited(self):
        year = span("2023-01-01", "2023-12-31")
        rows = make_rows(*year, Decimal(1200), CENT)
        open_rows = [row for row in rows if row.date > day("2023-08-31")]
        credited = span("2023-09-16", "2023-12-31")
        wanted = get_credited(Decimal(1200), year, credited, Decimal(350), CENT)
        parts = share_out(Decimal(350), wanted, by_month(open_rows))
        self.assertMoney(parts[day("2023-09-01")], 50)
        self.assertMoney(sum(parts.values()), 350)
        live = [span("2023-01-01", "2023-09-15")]
        self.assertEqual(get_last_day(day("2023-09-01"), live), day("2023-09-15"))
        self.assertIsNone(get_last_day(day("2023-10-01"), live))

    def test_middle_of_a_year(self):
        """1,200 a year, 20 March to 10 April are given back: 19 of 31 and 20 of 30
        days are left to earn."""
        year = span("2026-01-01", "2026-12-31")
        credited = span("2026-03-20", "2026-04-10")
        rows = by_month(make_rows(*year, Decimal(1200), CENT))
        credit = get_share(Decimal(1200), year, credited, CalendarMonths(), CENT)
        parts = get_credited(Decimal(1200), year, credited, credit, CENT)
        march, april = day("2026-03-01"), day("2026-04-01")
        self.assertEqual(
            {month: rows[month] - part for month, part in parts.items()},
            {march: Decimal("61.29"), april: Decimal("66.67")},
        )
        # March is earned: its part is found nowhere else.
        del rows[march]
        self.assertEqual(share_out(credit, parts, rows), {april: Decimal("33.33")})

    def test_smaller_and_larger_credits(self):
        year = span("2026-01-01", "2026-12-31")
        credited = span("2026-03-20", "2026-04-10")
        for credit, expected in (("20", ["20"]), ("80", ["41.29", "38.71"])):
            for sign in (1, -1):
                parts = get_credited(
                    sign * Decimal(1200), year, credited, sign * Decimal(credit), CENT
                )
                self.assertEqual(
                    list(parts.values()), [sign * Decimal(own) for own in expected]
                )

    def test_rows_of_parts_of_months(self):
        rows = make_rows(day("2026-01-10"), day("2026-03-20"), Decimal(100), CENT)
        self.assertEqual(
            [row.date.isoformat() for row in rows],
            ["2026-01-31", "2026-02-28", "2026-03-20"],
        )
        whole = Fraction(22, 31) + 1 + Fraction(20, 31)
        self.assertMoney(
            rows[0].amount, round_money(Fraction(100) * Fraction(22, 31) / whole, CENT)
        )

    @given(days, lengths, amounts, roundings)
    @settings(deadline=None)
    def test_rows_sum_to_the_amount(self, first, length, amount, rounding):
        amount = round_money(amount, rounding)
        last = first + length * DAY
        rows = make_rows(first, last, amount, rounding)
        self.assertEqual(sum(row.amount for row in rows), amount)
        self.assertEqual(rows[-1].date, last)
        self.assertEqual(
            len({(row.date.year, row.date.month) for row in rows}), len(rows)
        )

    @given(days, lengths, amounts, roundings, st.data())
    @settings(deadline=None)
    def test_shares_sum_to_the_amount(self, first, length, amount, rounding, data):
        amount = round_money(amount, rounding)
        whole = Span(first, first + length * DAY)
        cut = first + data.draw(st.integers(0, length)) * DAY
        months = data.draw(
            st.sampled_from([CalendarMonths(), AnniversaryMonths(first)])
        )
        parts = [get_share(amount, whole, Span(first, cut), months, rounding)]
        if cut < whole.last:
            rest = Span(cut + DAY, whole.last)
            parts.append(get_share(amount, whole, rest, months, rounding))
        self.assertEqual(sum(parts), amount)

    @given(days, lengths, amounts, roundings, st.data())
    @settings(deadline=None)
    def test_credit_takes_from_the_rows_of_its_days(
        self, first, length, amount, rounding, data
    ):
        """What is left to earn of each month is what its other days are worth, and
        what is recognised already is found nowhere else."""
        amount = round_money(amount, rounding)
        whole = Span(first, first + length * DAY)
        start = data.draw(st.integers(0, length))
        stop = data.draw(st.integers(start, length))
        credited = Span(first + start * DAY, first + stop * DAY)
        rows = by_month(make_rows(*whole, amount, rounding))
        credit = get_share(amount, whole, credited, CalendarMonths(), rounding)
        parts = get_credited(amount, whole, credited, credit, rounding)
        self.assertEqual(sum(parts.values()), credit)
        for month, row in rows.items():
            live = subtract([whole], [credited])
            own = [
                get_share(amount, whole, part, CalendarMonths(), rounding)
                for part in intersect(live, month_of(month))
            ]
            self.assertEqual(row - parts.get(month, 0), sum(own))
        known = data.draw(st.sets(st.sampled_from(sorted(rows)))) if rows else set()
        open_rows = {month: own for month, own in rows.items() if month not in known}
        self.assertEqual(
            share_out(credit, parts, open_rows),
            {month: own for month, own in parts.items() if month not in known},
        )

    @given(days, lengths, amounts, st.integers(0, 150), roundings, st.data())
    @settings(deadline=None)
    def test_credit_of_any_amount(self, first, length, amount, part, rounding, data):
        """Nothing is taken from other months, nor more than a month has."""
        amount = round_money(amount, rounding)
        whole = Span(first, first + length * DAY)
        start = data.draw(st.integers(0, length))
        credited = Span(first + start * DAY, whole.last)
        rows = by_month(make_rows(*whole, amount, rounding))
        credit = round_money(Fraction(amount) * part / 100, rounding)
        parts = get_credited(amount, whole, credited, credit, rounding)
        self.assertTrue(all(get_month(credited.first) <= month for month in parts))
        self.assertTrue(all(abs(own) <= abs(rows[m]) for m, own in parts.items()))
        room = [
            own for month, own in rows.items() if get_month(credited.first) <= month
        ]
        self.assertEqual(abs(sum(parts.values())), min(abs(credit), abs(sum(room))))


def by_month(rows):
    """Return {first day of a month: amount} of rows."""
    return {get_month(row.date): row.amount for row in rows if row.amount}


def month_of(first):
    return Span(first, add_months(first, 1) - DAY)

"""What the covered days of a contract line cost, to the cent and without drift."""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from .coverage import FOREVER, Span, intersect
from .money import Number, round_ratio, to_cents
from .months import UNIT, Months
from .terms import count_years

YEAR = 12


class Step(NamedTuple):
    """From this day on the line costs so much a year."""

    day: date
    annual: Decimal


class Pricing(NamedTuple):
    """What the days of one invoice line cost: all that shares of them need.

    :param steps: (first day, annual amount in cents), the first on or before the days
    :param carry: C(day before the first), exact, in cents × 12 × `UNIT`
    :param extra: what the last day costs on top, in the same unit
    """

    steps: tuple[tuple[date, Number], ...]
    carry: Number = 0
    extra: Number = 0


class PricedLine:
    """The covered days of one contract line with the price of each.

    :param covered: spans in order that do not touch, see `cover`
    :param steps: annual amounts by first effective day, in any order; of two on one
        day the later counts, and before the first the line costs nothing
    :param months: how months are counted
    :param terms: the contract's, for those that last whole years
    :param rounding: the currency's smallest amount, a cent
    """

    def __init__(
        self,
        covered: Sequence[Span],
        steps: Iterable[Step],
        months: Months,
        terms: Iterable[Span],
        rounding: Decimal,
    ) -> None:
        self.covered = covered
        self.rounding = rounding
        self._months = months
        self._steps = [
            (day, to_cents(annual, rounding))
            for day, annual in sorted(steps, key=lambda step: step.day)
        ]
        self._parts = self._cut()
        self._begins = [months.before(span.first) for span, _cents in self._parts]
        self._corrections = [
            (term.last, cents)
            for term in terms
            if (cents := self._get_correction(term))
        ]

    def _cut(self) -> list[tuple[Span, Number]]:
        """Cut the covered days where the price changes."""
        ends = [_before(day) for day, _cents in self._steps[1:]]
        return [
            (span, cents)
            for (day, cents), end in zip(self._steps, [*ends, FOREVER], strict=False)
            for span in intersect(self.covered, Span(day, end))
        ]

    def get_annual(self, day: date) -> Number:
        """Return what the line costs a year on this day, in cents."""
        annual: Number = 0
        for first, cents in self._steps:
            if first > day:
                break
            annual = cents
        return annual

    def _get_correction(self, term: Span) -> Number:
        """Return what the last day of a term of whole years costs on top: the months
        that its days lack to 12 a year, at the price then in force."""
        years = count_years(term)
        if not years or not self.covers(term):
            return 0
        missing = years * YEAR * UNIT - self._months.measure(*term)
        return missing * self.get_annual(term.last)

    def covers(self, span: Span) -> bool:
        """Tell whether every day of the span is covered."""
        return any(
            own.first <= span.first and span.last <= own.last for own in self.covered
        )

    def split(self, span: Span) -> list[Span]:
        """Cut days where the price changes: no invoice line has two prices."""
        steps = self._get_steps(span)
        if len(steps) == 1:
            return [span]
        firsts, annual = [span.first], steps[0][1]
        for day, cents in steps[1:]:
            if cents != annual:
                firsts.append(day)
            annual = cents
        lasts = [*map(_before, firsts[1:]), span.last]
        return [Span(*ends) for ends in zip(firsts, lasts, strict=True)]

    def _get_steps(self, span: Span) -> list[tuple[date, Number]]:
        """Return (first day, annual amount in cents) of the prices of some days; of
        two on one day the later."""
        first, last = span
        annual: Number = 0
        inside: dict[date, Number] = {}
        for day, cents in self._steps:
            if day <= first:
                annual = cents
            elif day <= last:
                inside[day] = cents
        return [(first, annual), *inside.items()]

    def get_bill(self, span: Span) -> tuple[Decimal, Pricing]:
        """Return what some covered days are billed at, and their dated prices."""
        pricing = self.get_pricing(span)
        earlier = round_ratio(pricing.carry, YEAR * UNIT)
        return (self.get_cents(span.last) - earlier) * self.rounding, pricing

    def weigh(self, spans: Iterable[Span]) -> Number:
        """Return the exact price of some covered days, in cents × 12 × `UNIT`."""
        return sum(
            cents * self._months.measure(*own)
            for span in spans
            for part, cents in self._parts
            for own in intersect([part], span)
        )

    def get_corrections(self, spans: Iterable[Span]) -> Number:
        """Return what the last days of terms among some days cost on top."""
        spans = list(spans)
        return sum(
            cents
            for last, cents in self._corrections
            if intersect(spans, Span(last, last))
        )

    def get_pricing(self, span: Span) -> Pricing:
        """Return the dated prices of some covered days."""
        return Pricing(
            tuple(self._get_steps(span)),
            self.get_carry(_before(span.first)),
            self.get_corrections([Span(span.last, span.last)]),
        )

    @property
    def valued_until(self) -> date | None:
        """The last covered day that has a price, None if none has one."""
        days = [span.last for span, cents in self._parts if cents]
        return max(days, default=None)

    def get_carry(self, day: date) -> Number:
        """Return C(day), exact, in cents × 12 × `UNIT`."""
        total: Number = 0
        for (span, cents), begins in zip(self._parts, self._begins, strict=True):
            if span.first <= day:
                last = min(span.last, day)
                total += cents * (self._months.upto(last) - begins)
        for last, cents in self._corrections:
            if last <= day:
                total += cents
        return total

    def get_cents(self, day: date) -> int:
        """Return what all covered days up to this one cost, in whole cents."""
        return round_ratio(self.get_carry(day), YEAR * UNIT)

    def get_amount(self, first: date, last: date) -> Decimal:
        """Return what the covered days from the first to the last are billed at.

        Any tiling of the same days sums to the same amount.
        """
        earlier = self.get_cents(_before(first))
        return (self.get_cents(last) - earlier) * self.rounding


def _before(day: date) -> date:
    return date.fromordinal(day.toordinal() - 1)

"""Billing periods: they tile a contract's terms without gap or overlap."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Literal, NamedTuple

from .coverage import Span, merge
from .months import DAY, AnniversaryMonths

Anchor = Literal["calendar", "anniversary"]
Timing = Literal["prepaid", "arrears"]


class Period(NamedTuple):
    """Days that are billed together, both ends included."""

    first: date
    last: date
    is_starting: bool = False

    def get_due_date(self, timing: Timing) -> date:
        """Return the day on which the period is billed."""
        return self.first if timing == "prepaid" else self.last


class Periods:
    """The periods of a contract, all counted from its start.

    :param terms: spans that do not overlap; the last may be without end. A period is
        cut where a term ends, so that a renewal leaves those before it as they were.
    :param months: how many a period lasts, 1 or more
    :param anchor: ``calendar``: the days before the first 1st on or after the start
        are a period of their own, then they begin on a 1st. ``anniversary``: they
        begin on the start's day of the month.
    :raise ValueError: without a term, or if a period lasts less than a month
    """

    def __init__(self, terms: Iterable[Span], months: int, anchor: Anchor) -> None:
        self.terms = sorted(terms)
        if not self.terms:
            raise ValueError("a contract has a term")
        if months < 1:
            raise ValueError("a period lasts a month or more")
        self.months = months
        self._firsts = [term.first for term in self.terms]
        start = self._firsts[0]
        self._starting = None
        if anchor == "calendar" and start.day > 1:
            # The 28th and four days are in the next month, whatever its length.
            origin = date.fromordinal(start.replace(day=28).toordinal() + 4)
            origin = origin.replace(day=1)
            self._starting = Span(start, origin - DAY)
            self._grid = AnniversaryMonths(origin)
        else:
            self._grid = AnniversaryMonths(start)

    def at(self, day: date) -> Period:
        """Return the period of a day.

        :raise ValueError: if the day lies in no term
        """
        number = bisect_right(self._firsts, day) - 1
        if number < 0 or day > self.terms[number].last:
            raise ValueError(f"{day} lies in no term")
        term = self.terms[number]
        if self._starting and day <= self._starting.last:
            first, last = self._starting
            is_starting = True
        else:
            count = self._grid.get_number(day) // self.months * self.months
            first = self._grid.get_first(count)
            last = self._grid.get_first(count + self.months) - DAY
            is_starting = False
        return Period(max(first, term.first), min(last, term.last), is_starting)

    def between(self, first: date, last: date) -> Iterator[Period]:
        """Yield the periods that have a day from the first to the last, in order."""
        for span in merge(self.terms):
            day = max(span.first, first)
            while day <= min(span.last, last):
                period = self.at(day)
                yield period
                day = period.last + DAY

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
    """Days that are billed together, both ends included.

    :param whole: first day of the whole period, where a few days before it belong to
        it, too
    """

    first: date
    last: date
    is_starting: bool = False
    whole: date | None = None

    def get_due_date(self, timing: Timing, day: date | None = None) -> date:
        """Return the day on which the period is billed.

        :param day: its first day that is to be billed; without days before the whole
            period it is due as if there were none
        """
        if timing == "arrears":
            return self.last
        if self.whole and day and day >= self.whole:
            return self.whole
        return self.first


class Periods:
    """The periods of a contract, all counted from its start.

    :param terms: spans that do not overlap; the last may be without end. A period is
        cut where a term ends, so that a renewal leaves those before it as they were.
    :param months: how many a period lasts, 1 or more
    :param anchor: ``calendar``: periods begin on a 1st, the first on or after the
        start. ``anniversary``: they begin on the start's day of the month.
    :param joins: whether the days before the first 1st belong to the period that
        follows; else they are a period of their own. Where a later term begins with
        less than a month before its first whole period, these days always do.
    :raise ValueError: without a term, or if a period lasts less than a month
    """

    def __init__(
        self,
        terms: Iterable[Span],
        months: int,
        anchor: Anchor,
        joins: bool = False,
    ) -> None:
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
            self._starting = None if joins else Span(start, origin - DAY)
            self._grid = AnniversaryMonths(origin)
        else:
            self._grid = AnniversaryMonths(start)
        self._joined = [self._get_joined(first) for first in self._firsts]

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
            return Period(max(first, term.first), min(last, term.last), True)
        count = self._grid.get_number(day) // self.months * self.months
        joined = self._joined[number]
        if joined == count:
            count += self.months
        whole = self._grid.get_first(count)
        last = min(self._grid.get_first(count + self.months) - DAY, term.last)
        if joined == count - self.months:
            return Period(term.first, last, whole=whole if whole <= last else None)
        return Period(max(whole, term.first), last)

    def _get_joined(self, first: date) -> int | None:
        """Return which period, by its first month, has the last few days before a
        period begins, where a term begins with these: they belong to the period that
        follows. None without such days."""
        if self._starting and first <= self._starting.last:
            return None
        month = self._grid.get_number(first)
        count = month // self.months * self.months
        begins = self._grid.get_first(month) == first
        is_last_month = month == count + self.months - 1
        return None if begins or not is_last_month else count

    def between(self, first: date, last: date) -> Iterator[Period]:
        """Yield the periods that have a day from the first to the last, in order."""
        for span in merge(self.terms):
            day = max(span.first, first)
            while day <= min(span.last, last):
                period = self.at(day)
                yield period
                day = period.last + DAY

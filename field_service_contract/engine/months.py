"""Months as lengths of time: whole ones count 1, a part its days / the month's days.

Lengths are integers, `UNIT` to the month, so that they are exact and fast: every month
has 28 to 31 days, and `UNIT` can be divided by all four.
"""

import abc
import math
from calendar import isleap
from datetime import date, timedelta

UNIT = math.lcm(28, 29, 30, 31)
DAY = timedelta(days=1)
_LENGTHS = (0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def get_length(year: int, month: int) -> int:
    """Return how many days a month has."""
    # Much faster than `monthrange`, which finds the day of the week as well.
    return 29 if month == 2 and isleap(year) else _LENGTHS[month]


def get_month_end(day: date) -> date:
    """Return the last day of a day's month."""
    return day.replace(day=get_length(day.year, day.month))


def add_months(day: date, count: int) -> date:
    """Return the same day of another month, cut to that month's length.

    Before the first year and after the last one there are no days: it is theirs.
    """
    year, month = divmod(day.year * 12 + day.month - 1 + count, 12)
    if not date.min.year <= year <= date.max.year:
        return date.min if year < date.min.year else date.max
    return date(year, month + 1, min(day.day, get_length(year, month + 1)))


class Months(abc.ABC):
    """A way to cut time into months."""

    @abc.abstractmethod
    def upto(self, day: date) -> int:
        """Return the units from a fixed origin to the end of the day."""

    @abc.abstractmethod
    def before(self, day: date) -> int:
        """Return the units from the same origin to the beginning of the day."""

    def measure(self, first: date, last: date) -> int:
        """Return the units from one day to another, both included."""
        return self.upto(last) - self.before(first)


class CalendarMonths(Months):
    """Months from their 1st to their last day."""

    def upto(self, day: date) -> int:
        return self._at(day, day.day)

    def before(self, day: date) -> int:
        return self._at(day, day.day - 1)

    @staticmethod
    def _at(day: date, days: int) -> int:
        length = get_length(day.year, day.month)
        return (day.year * 12 + day.month - 1) * UNIT + days * (UNIT // length)


class AnniversaryMonths(Months):
    """Months from a start's day of the month to the day before it in the next one.

    Each is counted from the start, so that a 29th, 30th or 31st that falls on the last
    day of a shorter month comes back.
    """

    def __init__(self, start: date) -> None:
        self.start = start

    def get_number(self, day: date) -> int:
        """Return which month a day lies in; the one that begins at the start is 0."""
        start = self.start
        number = (day.year - start.year) * 12 + day.month - start.month
        shortest = min(start.day, get_length(day.year, day.month))
        return number if day.day >= shortest else number - 1

    def get_first(self, number: int) -> date:
        """Return the first day of a month."""
        return add_months(self.start, number)

    def upto(self, day: date) -> int:
        return self._at(day, 1)

    def before(self, day: date) -> int:
        return self._at(day, 0)

    def _at(self, day: date, extra: int) -> int:
        number = self.get_number(day)
        first = self.get_first(number)
        length = (self.get_first(number + 1) - first).days
        return number * UNIT + ((day - first).days + extra) * (UNIT // length)

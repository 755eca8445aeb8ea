"""How the periods of contracts that were kept elsewhere go on here."""

from collections.abc import Iterator
from datetime import date

from .coverage import FOREVER, Span
from .months import DAY, AnniversaryMonths, add_months
from .periods import Anchor, Periods

# Months of a billing period that contracts can have.
BILLED_MONTHS = (1, 2, 3, 6, 12)


def continues(start: date, following: date, months: int, anchor: Anchor) -> bool:
    """Tell whether a period begins on a day, counted from a start."""
    if following < start:
        return False
    periods = Periods([Span(start, FOREVER)], months, anchor)
    return periods.at(following).first == following


def fit_start(start: date, following: date, months: int, anchor: Anchor) -> date:
    """Return the first day from which periods fit those of another program: the start,
    or the earliest day after it from which whole periods lead to what follows.

    :param start: first covered day
    :param following: first day that is not invoiced yet, the start or later
    """
    if continues(start, following, months, anchor):
        return start
    count = AnniversaryMonths(start).get_number(following) // months
    days = (add_months(following, -number * months) for number in range(count, 0, -1))
    for day in days:
        if day >= start and continues(day, following, months, anchor):
            return day
    return following


def walk_back(first: date, last: date, months: int) -> Iterator[Span]:
    """Yield the periods that end on a day and before it, the latest first.

    :param first: first covered day, with which the earliest period begins
    """
    while last >= first:
        begin = max(first, add_months(last + DAY, -months))
        yield Span(begin, last)
        last = begin - DAY

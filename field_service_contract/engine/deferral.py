"""What was invoiced in advance: month by month until it is earned or given back."""

from calendar import monthrange
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from .coverage import Span
from .money import round_ratio, to_coins
from .months import CalendarMonths, Months

CALENDAR = CalendarMonths()


class Row(NamedTuple):
    """An amount that is earned on a day."""

    date: date
    amount: Decimal


def get_share(
    amount: Decimal, whole: Span, part: Span, months: Months, rounding: Decimal
) -> Decimal:
    """Return what a part of the days of an amount is worth.

    Shares of days that tile the whole sum to the amount.

    :param whole: the days of the amount
    :param part: some of them
    """
    coins = to_coins(amount, rounding)
    length = months.measure(*whole)
    before = months.before(part.first) - months.before(whole.first)
    upto = months.upto(part.last) - months.before(whole.first)
    return (
        round_ratio(coins * upto, length) - round_ratio(coins * before, length)
    ) * rounding


def make_rows(first: date, last: date, amount: Decimal, rounding: Decimal) -> list[Row]:
    """Return what is earned in each calendar month of the days of an amount.

    By covered days / days of the month; each row is dated on its month's last day that
    is covered, and together they are the amount.
    """
    whole, rows, day = Span(first, last), [], first
    while day <= last:
        end = day.replace(day=monthrange(day.year, day.month)[1])
        part = Span(day, min(end, last))
        share = get_share(amount, whole, part, CALENDAR, rounding)
        rows.append(Row(part.last, share))
        day = date.fromordinal(end.toordinal() + 1)
    return rows


def drop_rows(
    rows: Iterable[Row], amount: Decimal, last_covered: date
) -> tuple[list[Row], Decimal]:
    """Take a credited amount out of what is still to earn.

    The latest rows go first; what is left after the last covered day is earned on it.

    :param rows: those not yet recognised, one per date, all of the sign of the amount
    :return: the rows that are left, by date, and the amount that was not found
    """
    left: dict[date, Decimal] = {}
    for row in sorted(rows, reverse=True):
        taken = row.amount if abs(row.amount) <= abs(amount) else amount
        amount -= taken
        if row.amount != taken:
            day = min(row.date, last_covered)
            left[day] = left.get(day, Decimal(0)) + row.amount - taken
    return [Row(day, left[day]) for day in sorted(left)], amount


def earned(rows: Iterable[Row], day: date) -> Decimal:
    """Return what is earned by the end of a day."""
    return sum((row.amount for row in rows if row.date <= day), Decimal(0))

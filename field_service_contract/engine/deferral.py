"""What was invoiced in advance: month by month until it is earned or given back."""

from calendar import monthrange
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from .coverage import Span, intersect
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


def get_month(day: date) -> date:
    """Return the first day of a day's month, which names it."""
    return day.replace(day=1)


def share_out(
    amount: Decimal, wanted: Mapping[date, Decimal], room: Mapping[date, Decimal]
) -> dict[date, Decimal]:
    """Return which months an amount falls on, the latest first.

    Months are named by their first day. What finds no room is left out.

    :param wanted: what each month gets at most
    :param room: what each month has at most
    """
    sign = -1 if amount < 0 else 1
    left, parts = sign * amount, {}
    for month in sorted(wanted, reverse=True):
        part = min(sign * wanted[month], sign * room.get(month, Decimal(0)), left)
        if part > 0:
            parts[month] = sign * part
            left -= part
    return parts


def get_credited(
    amount: Decimal, whole: Span, credited: Span, credit: Decimal, rounding: Decimal
) -> dict[date, Decimal]:
    """Return what a credit takes from each month of the days it gives back.

    That is what these days are worth of the amount's months. A smaller credit takes
    from the latest; a larger one, as the months of the contract may not be those of
    the calendar, takes more of the same months.

    :param amount: what was billed for the whole
    :param credit: what is given back for some of its days
    """
    rows = make_rows(*whole, amount, rounding)
    limits = {get_month(row.date): row.amount for row in rows}
    wanted = {}
    for month in limits:
        end = month.replace(day=monthrange(month.year, month.month)[1])
        for part in intersect([credited], Span(month, end)):
            wanted[month] = get_share(amount, whole, part, CALENDAR, rounding)
    parts = share_out(credit, wanted, wanted)
    rest = credit - sum(parts.values())
    room = {month: limits[month] - parts.get(month, Decimal(0)) for month in wanted}
    for month, more in share_out(rest, room, room).items():
        parts[month] = parts.get(month, Decimal(0)) + more
    return parts


def get_last_day(month: date, spans: Sequence[Span]) -> date | None:
    """Return the last day of the spans in a month, None if they have none there.

    :param month: its first day
    :param spans: in order
    """
    end = month.replace(day=monthrange(month.year, month.month)[1])
    days = intersect(spans, Span(month, end))
    return days[-1].last if days else None


def earned(rows: Iterable[Row], day: date) -> Decimal:
    """Return what is earned by the end of a day."""
    return sum((row.amount for row in rows if row.date <= day), Decimal(0))

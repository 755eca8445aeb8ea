"""What was invoiced in advance: month by month until it is earned or given back."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from .coverage import Span, intersect
from .given_back import BilledDays, Rest
from .money import round_money, round_ratio, to_cents
from .months import CalendarMonths, Months, get_month_end
from .pricing import Pricing

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
    cents = to_cents(amount, rounding)
    length = months.measure(*whole)
    before = months.before(part.first) - months.before(whole.first)
    upto = months.upto(part.last) - months.before(whole.first)
    return (
        round_ratio(cents * upto, length) - round_ratio(cents * before, length)
    ) * rounding


def make_rows(
    first: date,
    last: date,
    amount: Decimal,
    rounding: Decimal,
    rest: Rest | None = None,
) -> list[Row]:
    """Return what is earned in each calendar month of the days of an amount.

    By covered days / days of the month; each row is dated on its month's last day that
    is covered, and together they are the amount.

    :param rest: what the days are worth by their dated prices and without what was
        given back; by default all days are worth the same a month
    """
    rest = rest or _get_even_rest(Span(first, last), amount, rounding)
    parts, day = [], first
    while day <= last:
        end = get_month_end(day)
        parts.append(Span(day, min(end, last)))
        day = date.fromordinal(end.toordinal() + 1)
    shares = rest.get_shares(parts)
    return [Row(part.last, share) for part, share in zip(parts, shares, strict=True)]


def _get_even_rest(whole: Span, amount: Decimal, rounding: Decimal) -> Rest:
    pricing = Pricing(((whole.first, 0),))
    return Rest(BilledDays(whole, pricing, CALENDAR, rounding), amount)


def get_month(day: date) -> date:
    """Return the first day of a day's month, which names it."""
    return day.replace(day=1)


def get_reserve(
    room: Mapping[date, Decimal], credited: Span, days: Iterable[Span]
) -> list[date]:
    """Return the months on which falls what a credit lacks in its own: those of which
    nothing is earned any more, as they were rounded when more days were; and those
    before it, as months of contracts are not those of the calendar. If these are still
    deferred, the credited ones are, too: what they lack was not earned.

    :param room: what each month has
    :param credited: the days that are given back
    :param days: those that are earned then
    """
    return [
        month
        for month in room
        if month < get_month(credited.first) or _is_over(month, days)
    ]


def clear_over(
    parts: Mapping[date, Decimal], room: Mapping[date, Decimal], days: Sequence[Span]
) -> dict[date, Decimal]:
    """Return what a credit takes from each month so that nothing stays in those of
    which nothing is earned any more: it is earned with the last of the days.

    :param parts: what it takes from each month
    :param room: what each month has
    :param days: those that are earned then, in order
    """
    cleared = dict(parts)
    if not days:
        return cleared
    last = get_month(days[-1].last)
    for month in room:
        if _is_over(month, days):
            left = room[month] - cleared.get(month, Decimal(0))
            cleared[month] = room[month]
            cleared[last] = cleared.get(last, Decimal(0)) - left
    return {month: part for month, part in cleared.items() if part}


def _is_over(month: date, days: Iterable[Span]) -> bool:
    return not intersect(days, Span(month, get_month_end(month)))


def share_out(
    amount: Decimal,
    wanted: Mapping[date, Decimal],
    room: Mapping[date, Decimal],
    reserve: Iterable[date] = (),
) -> dict[date, Decimal]:
    """Return which months an amount falls on, the latest first.

    Months are named by their first day. What finds no room is left out.

    :param wanted: what each month gets at most
    :param room: what each month has at most
    :param reserve: months on all of which falls what the wanted ones lack, see
        `get_reserve`
    """
    sign = -1 if amount < 0 else 1
    left = sign * amount
    parts: dict[date, Decimal] = {}
    for limits in (wanted, {month: room.get(month, Decimal(0)) for month in reserve}):
        for month in sorted(limits, reverse=True):
            known = parts.get(month, Decimal(0))
            free = sign * (room.get(month, Decimal(0)) - known)
            part = min(sign * limits[month], free, left)
            if part > 0:
                parts[month] = known + sign * part
                left -= part
    return parts


def get_credited(
    amount: Decimal,
    whole: Span,
    credited: Span,
    credit: Decimal,
    rounding: Decimal,
    rest: Rest | None = None,
    is_whole: bool = True,
) -> dict[date, Decimal]:
    """Return what a credit takes from each month of the days it gives back.

    That is what these days are worth of the amount's months. A smaller credit takes
    from the latest; a larger one, as the months of the contract may not be those of
    the calendar, takes more of the same months.

    :param amount: what was billed for the whole
    :param credit: what is given back for some of its days
    :param rest: as for `make_rows`
    :param is_whole: whether it gives the days back; else it lowers the price of all of
        them alike
    """
    rest = rest or _get_even_rest(whole, amount, rounding)
    limits, wanted = {}, {}
    for row in make_rows(*whole, amount, rounding, rest):
        month = get_month(row.date)
        end = get_month_end(month)
        for part in intersect([credited], Span(month, end)):
            limits[month] = row.amount
            wanted[month] = rest.get_share(part)
    total = sum(wanted.values(), Decimal(0))
    if not is_whole and total:
        return _spread(credit, wanted, total, rounding)
    parts = share_out(credit, wanted, wanted)
    left = credit - sum(parts.values())
    room = {month: limits[month] - parts.get(month, Decimal(0)) for month in wanted}
    for month, more in share_out(left, room, room).items():
        parts[month] = parts.get(month, Decimal(0)) + more
    return parts


def _spread(
    amount: Decimal, by: Mapping[date, Decimal], total: Decimal, rounding: Decimal
) -> dict[date, Decimal]:
    """Return an amount in proportion to others, the cents carried on."""
    parts, before, upto = {}, Decimal(0), Decimal(0)
    for month, own in by.items():
        upto += own
        share = Fraction(upto) / Fraction(total)
        rounded = round_money(Fraction(amount) * share, rounding)
        parts[month] = rounded - before
        before = rounded
    return {month: part for month, part in parts.items() if part}


def get_last_day(month: date, spans: Sequence[Span]) -> date | None:
    """Return the last day of the spans in a month, None if they have none there.

    :param month: its first day
    :param spans: in order
    """
    end = get_month_end(month)
    days = intersect(spans, Span(month, end))
    return days[-1].last if days else None


def earned(rows: Iterable[Row], day: date) -> Decimal:
    """Return what is earned by the end of a day."""
    return sum((row.amount for row in rows if row.date <= day), Decimal(0))

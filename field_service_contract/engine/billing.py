"""Which periods of a contract are to be billed, and what each of its lines costs."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Generic, NamedTuple, TypeVar

from .coverage import Span, intersect, subtract
from .given_back import Rest, fill_in, get_drift, take_again
from .months import DAY
from .periods import Period, Periods, Timing
from .pricing import PricedLine, Pricing

Key = TypeVar("Key")

# Contracts whose lines cancel one another out may have no amount for ever.
MOST_EMPTY_PERIODS = 1200


class LineToBill(NamedTuple, Generic[Key]):
    """A contract line with its covered days that are not invoiced, in order.

    :param rests: what is left of its invoice lines if days of some are billed again
    """

    key: Key
    priced: PricedLine
    open_spans: Sequence[Span]
    rests: Sequence[Rest] = ()


class BillLine(NamedTuple, Generic[Key]):
    """What one invoice line bills: days of one contract line that touch and have one
    price, which says what shares of them are worth."""

    key: Key
    first: date
    last: date
    amount: Decimal
    pricing: Pricing


class Bill(NamedTuple, Generic[Key]):
    """A period, or the part of it that somebody pays, with everything of it that is
    not invoiced."""

    period: Period
    due: date
    date: date
    lines: list[BillLine[Key]]
    amount: Decimal


def plan_bills(
    lines: Iterable[LineToBill[Key]],
    periods: Periods,
    timing: Timing,
    until: date | None = None,
    cuts: Iterable[date] = (),
) -> Iterator[Bill[Key]]:
    """Yield the bills of a contract in the order of their periods.

    A period whose total is zero makes no bill. A bill is dated on its due date; when
    all that it bills begins later, on the first of these days.

    :param until: last due date that counts, None for all
    :param cuts: days on which a bill of its own begins, for who pays from then on.
        When a period is due, and what of it, does not depend on them
    """
    cuts = sorted(cuts)
    left = [(line, list(line.open_spans)) for line in lines if line.open_spans]
    valued = [line.priced.valued_until for line, _spans in left]
    valued_until = max(filter(None, valued), default=None)
    if valued_until is None:
        return
    day = min(spans[0].first for _line, spans in left)
    empty = 0
    while day <= valued_until:
        period = periods.at(day)
        due = period.get_due_date(timing, day)
        if until is not None and due > until:
            return
        bills = [_build_bill(part, due, left) for part in _cut(period, cuts)]
        amount = sum((bill.amount for bill in bills), Decimal(0))
        if amount:
            yield from (bill for bill in bills if bill.amount)
        empty = 0 if amount else empty + 1
        following = [
            max(span.first, period.last + DAY)
            for _line, spans in left
            for span in spans
            if span.last > period.last
        ]
        if not following or empty > MOST_EMPTY_PERIODS:
            return
        day = min(following)


def _cut(period: Period, cuts: Iterable[date]) -> list[Period]:
    """Return the parts of a period that begin on some days."""
    firsts = [cut for cut in cuts if period.first < cut <= period.last]
    if not firsts:
        return [period]
    lasts = [cut - DAY for cut in firsts]
    return [
        period._replace(first=first, last=last)
        for first, last in zip(
            [period.first, *firsts], [*lasts, period.last], strict=True
        )
    ]


def _build_bill(
    period: Period, due: date, lines: Iterable[tuple[LineToBill[Key], list[Span]]]
) -> Bill[Key]:
    bill_lines = [
        bill_line
        for line, spans in lines
        for span in intersect(spans, Span(period.first, period.last))
        for part in line.priced.split(span)
        for bill_line in _make_lines(line, part)
    ]
    amount = sum((line.amount for line in bill_lines), Decimal(0))
    first = min((line.first for line in bill_lines), default=due)
    return Bill(period, due, max(due, first), bill_lines, amount)


def _make_lines(line: LineToBill[Key], span: Span) -> list[BillLine[Key]]:
    """Return what bills some days that have one price.

    Days that were given back of an invoice line cost what they cost there, however
    that was rounded, so that all of it together is exact.
    """
    if not line.rests:
        return [BillLine(line.key, *span, *line.priced.get_bill(span))]
    priced, left, lines = line.priced, [span], []
    annual = priced.get_annual(span.first)
    for rest in line.rests:
        for hole in subtract([rest.billed.span], rest.days):
            if not rest.is_plain or not rest.billed.has_price(hole, annual):
                continue
            for part in intersect(left, hole):
                again = take_again(line.rests, rest, priced, part, line.open_spans)
                lines.append(BillLine(line.key, *part, *again))
                left = subtract(left, [part])
    for part in left:
        amount, pricing = priced.get_bill(part)
        if any(
            rest.days and rest.is_plain and rest.days[-1].last > part.last
            for rest in line.rests
        ):
            amount, pricing = fill_in(line.rests, priced, part, line.open_spans)
        else:
            amount -= get_drift(line.rests, priced, part.first)
        lines.append(BillLine(line.key, *part, amount, pricing))
    return sorted(lines, key=lambda own: own.first)

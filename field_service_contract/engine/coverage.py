"""Which days are covered, invoiced, credited: sets of days as ordered spans."""

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from .months import DAY

# The last day of what has no end.
FOREVER = date.max


class Span(NamedTuple):
    """Days from the first to the last, both included."""

    first: date
    last: date


def merge(spans: Iterable[Span]) -> list[Span]:
    """Return the days of all spans as spans in order that do not touch one another.

    A span that ends before it begins has no days.
    """
    merged: list[Span] = []
    for span in sorted(span for span in spans if span.first <= span.last):
        if merged and _touch(merged[-1], span):
            last = max(merged[-1].last, span.last)
            merged[-1] = Span(merged[-1].first, last)
        else:
            merged.append(span)
    return merged


def _touch(earlier: Span, later: Span) -> bool:
    return earlier.last == FOREVER or later.first <= earlier.last + DAY


def intersect(spans: Iterable[Span], bounds: Span) -> list[Span]:
    """Return the days of the spans inside the bounds, in the order of the spans."""
    cut = (
        Span(max(span.first, bounds.first), min(span.last, bounds.last))
        for span in spans
    )
    return [span for span in cut if span.first <= span.last]


def subtract(spans: Iterable[Span], holes: Iterable[Span]) -> list[Span]:
    """Return the days of the spans that lie in none of the holes."""
    left = merge(spans)
    for hole in merge(holes):
        parts = []
        for span in left:
            if hole.last < span.first or hole.first > span.last:
                parts.append(span)
                continue
            if span.first < hole.first:
                parts.append(Span(span.first, hole.first - DAY))
            if hole.last < span.last:
                parts.append(Span(hole.last + DAY, span.last))
        left = parts
    return left


def cover(
    first: date,
    last: date | None,
    terms: Iterable[Span],
    suspensions: Iterable[Span] = (),
) -> list[Span]:
    """Return the covered days of a line: inside its own and the contract's, without
    the suspended ones.

    :param first: the line's first day
    :param last: its last covered day, None if it ends with the contract; the day
        before the first if the line was removed on it
    :param terms: the contract's
    """
    own = Span(first, last or FOREVER)
    return subtract(intersect(merge(terms), own), suspensions)

"""Stretches of days on which nothing is due: suspended, or outside what was agreed."""

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from .dates import ONE_DAY


class Gap(NamedTuple):
    """Days without visits, both ends included; without a last day it lasts for good."""

    first: date
    last: date | None = None

    def __contains__(self, day: object) -> bool:
        assert isinstance(day, date)
        return self.first <= day and (self.last is None or day <= self.last)


def in_gap(day: date, gaps: Iterable[Gap]) -> bool:
    """Tell whether nothing is due on a day."""
    return any(day in gap for gap in gaps)


def leave_gaps(day: date, gaps: Iterable[Gap]) -> date | None:
    """Return the first day from ``day`` on that lies in no gap, None if none does."""
    for gap in sorted(gaps, key=lambda gap: gap.first):
        if day in gap:
            if gap.last is None or gap.last == date.max:
                return None
            day = gap.last + ONE_DAY
    return day

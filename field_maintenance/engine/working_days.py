"""Where a due date goes that falls on a day off (A5), and the window around it."""

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable
from datetime import date, timedelta
from typing import Literal, NamedTuple

from .errors import RuleError
from .gaps import Gap

Policy = Literal["before", "after", "nearest"]
Misfit = Literal["no_working_day", "same_day"]


class WorkingDays:
    """The days on which somebody works, as far as they are known.

    :param days: in any order. Give those of the term, or of a stretch that is wider
        than the dates to be shifted by the longest closure: a day that is not given
        is a day off.
    """

    def __init__(self, days: Iterable[date]) -> None:
        self._days = sorted(set(days))

    def without(self, gaps: Collection[Gap]) -> "WorkingDays":
        """Return these days without those on which nothing may be due."""
        days = self._days
        for gap in gaps:
            end = bisect_right(days, gap.last) if gap.last else len(days)
            # A gap whose last day is before its first has no days.
            begin = min(bisect_left(days, gap.first), end)
            days = days[:begin] + days[end:]
        return WorkingDays(days)

    def last_until(self, day: date, start: date) -> date | None:
        """Return the latest working day from ``start`` to ``day``, both included."""
        place = bisect_right(self._days, day) - 1
        found = self._days[place] if place >= 0 else None
        return found if found and found >= start else None

    def first_from(self, day: date, end: date | None) -> date | None:
        """Return the earliest working day from ``day`` to ``end``, both included."""
        place = bisect_left(self._days, day)
        found = self._days[place] if place < len(self._days) else None
        return found if found and (end is None or found <= end) else None


class Shifted(NamedTuple):
    """A nominal date, the day on which it is due, and what does not fit.

    ``no_working_day``: the term has none, the date stays on a day off.
    ``same_day``: it stays on the day of the visit before, no later one is free.
    """

    nominal: date
    due: date
    warning: Misfit | None


def shift(
    dates: Iterable[date],
    working: WorkingDays,
    start: date,
    end: date | None,
    policy: Policy = "before",
    previous: date | None = None,
) -> list[Shifted]:
    """Move the due dates of one piece of equipment to working days (A5).

    A date on a day off moves by the policy, ``nearest`` to the earlier day if two are
    as near; where that leads out of the term it moves the other way. A date that would
    fall on the day of the one before, or before it, takes the next working day, so that
    shifted dates never decrease.

    :param dates: nominal dates inside the term, in order
    :param start: first day of the term
    :param end: last day of the term (of a spread, ``rule.last_day``), None if open
    :param previous: due date of the visit before the first of them, where there is one:
        so continued, the result is the same as of all dates at once
    """
    shifted = []
    for nominal in dates:
        due = _to_working_day(nominal, working, start, end, policy)
        warning: Misfit | None = None
        if due is None:
            due, warning = nominal, "no_working_day"
        if previous is not None and due <= previous:
            free = working.first_from(previous + timedelta(days=1), end)
            if free is None:
                warning = warning or "same_day"
            due = free or previous
        shifted.append(Shifted(nominal, due, warning))
        previous = due
    return shifted


def _to_working_day(
    day: date, working: WorkingDays, start: date, end: date | None, policy: Policy
) -> date | None:
    earlier = working.last_until(day, start)
    later = working.first_from(day, end)
    if earlier is None or later is None:
        return earlier or later
    if policy == "nearest":
        return earlier if day - earlier <= later - day else later
    return earlier if policy == "before" else later


def window(due: date, days_before: int, days_after: int) -> tuple[date, date]:
    """Return the first and last day on which a visit due that day is in time.

    :raise RuleError: ``negative_window``
    """
    if days_before < 0 or days_after < 0:
        raise RuleError(
            "negative_window", days_before=days_before, days_after=days_after
        )
    return due - timedelta(days=days_before), due + timedelta(days=days_after)

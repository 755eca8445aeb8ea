"""Where the next visit fits into somebody's working time."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

Stretch = tuple[datetime, datetime]


class FreeTime:
    """Working time that is taken bit by bit, the earliest first.

    A visit lies in one stretch of working time. One that is longer than any stretch
    goes over the breaks of a day, if nothing else is in between.

    :param working: from and to, in any one time zone, none overlapping another
    :param busy: from and to of what is planned already
    """

    def __init__(self, working: Iterable[Stretch], busy: Iterable[Stretch]) -> None:
        self._working = sorted(working)
        self._busy = sorted(busy)

    def take(
        self,
        length: timedelta,
        starts: Iterable[datetime] = (),
        earliest: datetime = datetime.min,
    ) -> datetime | None:
        """Return when a visit of this length begins at the earliest, and take that
        time; None if it fits nowhere.

        :param starts: the only times at which it may begin, if there are any
        :param earliest: the time before which it may not begin
        """
        wanted = sorted(starts)
        for stretches in (self._working, self._days()):
            for start, end in stretches:
                found = self._fit(max(start, earliest), end, length, wanted)
                if found:
                    self._busy = sorted([*self._busy, (found, found + length)])
                    return found
        return None

    def _days(self) -> list[Stretch]:
        """Return the working days, from the first to the last hour of each."""
        days: dict[date, Stretch] = {}
        for start, end in self._working:
            first, _last = days.get(start.date(), (start, end))
            days[start.date()] = first, end
        return list(days.values())

    def _fit(
        self,
        start: datetime,
        end: datetime,
        length: timedelta,
        wanted: list[datetime],
    ) -> datetime | None:
        """Return the first free time of this length in a stretch."""
        if end - start < length:
            return None
        busy = [taken for taken in self._busy if taken[0] < end and taken[1] > start]
        if wanted:
            times = [time for time in wanted if start <= time < end]
        else:
            # It begins with the stretch, or when something else is over.
            times = [start, *(over for _begin, over in busy)]
        for time in times:
            over = time + length
            if over <= end and all(b <= time or a >= over for a, b in busy):
                return time
        return None

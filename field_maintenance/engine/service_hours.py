"""How long service takes: service hours between two moments (E)."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from .free_time import Stretch
from .local_time import at_local_clock

# From a moment to its stop; without one the clock stands still.
Pause = tuple[datetime, datetime | None]

# What is not served within this time never is.
LIMIT = timedelta(days=366)
HOUR = timedelta(hours=1)


class ServiceHours:
    """When somebody serves, and how much of it has passed at any moment.

    :param stretches: from and to, in any one time zone without changes of clocks, in
        any order. Give those of all the time that is asked about: what is not given
        is not served.
    """

    def __init__(self, stretches: Iterable[Stretch]) -> None:
        self._starts: list[datetime] = []
        self._ends: list[datetime] = []
        # Service until each start, and until each end.
        self._before: list[timedelta] = []
        self._after: list[timedelta] = []
        total = timedelta()
        for start, end in sorted(stretches):
            if self._ends and start <= self._ends[-1]:
                # It goes on, or lies inside.
                start = self._ends[-1]
            if end <= start:
                continue
            if self._ends and start == self._ends[-1]:
                total += end - start
                self._ends[-1], self._after[-1] = end, total
                continue
            self._starts.append(start)
            self._before.append(total)
            total += end - start
            self._ends.append(end)
            self._after.append(total)

    @classmethod
    def round_the_clock(cls) -> "ServiceHours":
        """Return the hours of somebody who always serves."""
        return cls([(datetime.min, datetime.max)])

    def due(
        self, moment: datetime, hours: float, pauses: Iterable[Pause] = ()
    ) -> datetime | None:
        """Return the moment after which so many service hours have passed.

        They are counted from the moment itself if it is served, else from the next
        opening. What ends at closing is due at closing.

        :param hours: to the second; 0 is no promise
        :param pauses: when the clock stands, none overlapping another. One that begins
            when the hours have passed comes too late to count.
        :return: None without hours, while the clock stands, or if the hours do not pass
            within 366 days, pauses not counted
        """
        wanted = timedelta(seconds=round(hours * 3600))
        if wanted <= timedelta():
            return None
        limit = moment + LIMIT
        found = self._find(moment, wanted, limit)
        for start, end in sorted(pauses, key=lambda pause: pause[0]):
            if found and found <= start:
                break
            if end is None:
                return None
            begin = max(start, moment)
            if begin < end:
                wanted += self._passed(begin, end)
                limit += end - begin
                found = self._find(moment, wanted, limit)
        return found

    def hours(
        self, start: datetime, end: datetime, pauses: Iterable[Pause] = ()
    ) -> float:
        """Return the service hours from one moment to another, pauses left out.

        :param pauses: when the clock stands, none overlapping another
        """
        passed = self._passed(start, end)
        for begin, over in pauses:
            passed -= self._passed(max(begin, start), min(over or end, end))
        return passed / HOUR

    def _find(
        self, moment: datetime, wanted: timedelta, limit: datetime
    ) -> datetime | None:
        total = self._until(moment) + wanted
        place = bisect_left(self._after, total)
        if place == len(self._after):
            return None
        found = self._starts[place] + (total - self._before[place])
        return found if found <= limit else None

    def _passed(self, start: datetime, end: datetime) -> timedelta:
        return max(self._until(end) - self._until(start), timedelta())

    def _until(self, moment: datetime) -> timedelta:
        place = bisect_right(self._starts, moment) - 1
        if place < 0:
            return timedelta()
        return self._before[place] + (
            min(moment, self._ends[place]) - self._starts[place]
        )


def to_utc(stretches: Iterable[Stretch], zone: ZoneInfo) -> list[Stretch]:
    """Return what is served by the clock on the wall as it is stored.

    An hour that is left out when clocks go forward becomes as much later as they were
    moved; one that comes twice when they go back is the first of the two (A7). What
    lies between is as long as it lasts: of a night from 0 to 6 five or seven hours.

    :param stretches: from and to on the clock, without time zone
    :param zone: of the place
    :return: in UTC, without time zone
    """
    return [
        (at_local_clock(start, zone), at_local_clock(end, zone))
        for start, end in stretches
    ]

"""From an hour where the visit takes place to the time that is stored (A7)."""

from datetime import date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo


def at_local_hour(day: date, hour: float, zone: ZoneInfo) -> datetime:
    """Return the time at which it is that hour of that day in the zone.

    It is the same hour on the clock all year. An hour that is left out when clocks go
    forward becomes as much later as they were moved (02:30 becomes 03:30); one that
    comes twice when they go back is the first of the two.

    :param hour: hours since midnight on the clock, to the minute: 8.5 is 08:30
    :param zone: of the place; its zone, not an offset, knows changes of clocks
    :return: in UTC, without time zone, as Odoo stores it
    :raise ValueError: if the hour is not from 0 to less than 24
    """
    minutes = round(hour * 60)
    if not 0 <= minutes < 24 * 60:
        raise ValueError(f"There is no hour {hour} in a day.")
    return at_local_clock(
        datetime.combine(day, time.min) + timedelta(minutes=minutes), zone
    )


def at_local_clock(clock: datetime, zone: ZoneInfo) -> datetime:
    """Return the time at which it is that on the clock in the zone, as `at_local_hour`
    does."""
    # fold=0, the default, is the offset before a change of clocks in both cases.
    return clock.replace(tzinfo=zone).astimezone(timezone.utc).replace(tzinfo=None)

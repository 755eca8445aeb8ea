"""Steps of days, weeks, months and years from an anchor day."""

from calendar import monthrange
from datetime import date, timedelta
from typing import Literal

Unit = Literal["day", "week", "month", "year"]

DAYS: dict[str, int] = {"day": 1, "week": 7}
MONTHS: dict[str, int] = {"month": 1, "year": 12}
ONE_DAY = timedelta(days=1)


def day_in_month(year: int, month: int, day: int) -> date:
    """Return a day of a month, the month's last day where it has no such day."""
    return date(year, month, day if day <= 28 else min(day, monthrange(year, month)[1]))


def add_units(anchor: date, number: int, unit: Unit) -> date:
    """Return the day that many units after the anchor.

    A 29th to 31st falls on the last day of a shorter month. Steps taken from one
    anchor come back to its day; steps taken each from the one before would not.

    :raise OverflowError or ValueError: outside the years 1 to 9999
    """
    if unit in DAYS:
        return anchor + timedelta(days=number * DAYS[unit])
    months = anchor.month - 1 + number * MONTHS[unit]
    return day_in_month(anchor.year + months // 12, months % 12 + 1, anchor.day)


def whole_units(anchor: date, day: date, unit: Unit) -> int:
    """Return the greatest number for which ``add_units`` does not pass the day.

    It is negative for a day before the anchor.
    """
    if unit in DAYS:
        return (day - anchor).days // DAYS[unit]
    months = (day.year - anchor.year) * 12 + day.month - anchor.month
    if day < day_in_month(day.year, day.month, anchor.day):
        months -= 1
    return months // MONTHS[unit]

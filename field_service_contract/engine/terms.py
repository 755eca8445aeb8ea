"""Terms: from the start or a renewal to the end that was agreed."""

from datetime import date

from .coverage import FOREVER, Span
from .months import DAY, add_months


def _month_and_day(day: date) -> tuple[int, int]:
    return (2, 28) if (day.month, day.day) == (2, 29) else (day.month, day.day)


def count_years(term: Span) -> int:
    """Return how many years a term lasts exactly, 0 if it lasts no whole number.

    It does when the day after it has the month and day of its first; 29 February
    counts as the 28th.
    """
    if term.last == FOREVER:
        return 0
    after = term.last + DAY
    if _month_and_day(after) != _month_and_day(term.first):
        return 0
    return after.year - term.first.year


def get_renewed_end(end: date, months: int) -> date:
    """Return the last day of the term that follows one with this last day."""
    return add_months(end + DAY, months) - DAY


def get_contract_year(start: date, day: date) -> int:
    """Return in which year of a contract a day lies, 0 in the first. Each year begins
    on the day of the start; 29 February counts as the 28th in other years."""
    years = day.year - start.year
    return years if add_months(start, 12 * years) <= day else years - 1

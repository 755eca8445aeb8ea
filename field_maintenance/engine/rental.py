"""What a rental costs: days, weeks and months, free, late and returned ones."""

from datetime import date
from decimal import Decimal
from typing import NamedTuple

WEEK = 7
MONTH = 30


class RentalPrices(NamedTuple):
    """Prices of a day, a week (7 days) and a month (30 days). None: not offered."""

    day: float | None = None
    week: float | None = None
    month: float | None = None


class RentalPrice(NamedTuple):
    """What a rental costs and which months, weeks and days that is."""

    amount: Decimal
    months: int
    weeks: int
    days: int


def rental_price(prices: RentalPrices, days: int) -> RentalPrice | None:
    """Return the cheapest combination of prices that covers a number of days; of equal
    ones the one with the fewest days to spare, then with the longest periods.

    A period that is begun may be cheaper than its days: a week at 100 covers 6 days at
    20. The amount is exact: it is not rounded to a currency.

    :param days: not negative
    :return: None without any price
    """
    offers = [
        (length, None if price is None else Decimal(repr(price)))
        for length, price in ((MONTH, prices.month), (WEEK, prices.week))
    ]
    day = None if prices.day is None else Decimal(repr(prices.day))
    if day is None and all(price is None for _length, price in offers):
        return None
    (_, month), (_, week) = offers
    best = None
    for months in _counts(days, MONTH, month):
        left = max(days - months * MONTH, 0)
        for weeks in _counts(left, WEEK, week):
            rest = max(left - weeks * WEEK, 0)
            if rest and day is None:
                continue
            amount = (
                months * (month or Decimal(0))
                + weeks * (week or Decimal(0))
                + rest * (day or Decimal(0))
            )
            spare = months * MONTH + weeks * WEEK + rest - days
            rank = amount, spare, -months, -weeks
            if best is None or rank < best[0]:
                best = rank, RentalPrice(amount, months, weeks, rest)
    return best[1]


def _counts(days, length, price):
    """Return how many periods can cover these days, up to the one that covers all."""
    return range(1 if price is None else -(-days // length) + 1)


def rental_days(start: date, end: date) -> int:
    """Return how many days are paid from a first to a last day, both included."""
    return max((end - start).days + 1, 0)


def late_days(due: date, back: date) -> int:
    """Return how many days something came back after its last day."""
    return max((back - due).days, 0)

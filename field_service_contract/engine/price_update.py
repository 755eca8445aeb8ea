"""Price updates: new values, and the day of the next one."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

from .money import round_money
from .months import AnniversaryMonths, add_months


def get_updated_value(value: Decimal, rate: Fraction, rounding: Decimal) -> Decimal:
    """Return a value times a rate, which is new / reference index or 1 + percent."""
    return round_money(Fraction(value) * rate, rounding)


def get_next_update(start: date, planned: date, months: int, done: date) -> date:
    """Return the first planned day of an update after the day of the one just done.

    Counted from the old planned day, not from when it was done; from the start of the
    contract where that is one of its days, so that a 31st comes back.

    :param start: of the contract
    :param planned: day on which the update was due
    :param months: between two updates, 1 or more
    :param done: day from which the update counts
    """
    own = AnniversaryMonths(start)
    number = own.get_number(planned)
    counts_from_start = own.get_first(number) == planned
    steps, day = 0, planned
    while day <= done:
        steps += months
        if counts_from_start:
            day = own.get_first(number + steps)
        else:
            day = add_months(planned, steps)
    return day

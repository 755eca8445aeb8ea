"""Money: exact until it is rounded once, half away from zero."""

from decimal import Decimal
from fractions import Fraction

Number = int | Fraction


def to_decimal(value: float | int | Decimal) -> Decimal:
    """Return the number that a float was typed as: 0.1 is a tenth."""
    return value if isinstance(value, Decimal) else Decimal(repr(value))


def to_cents(amount: Decimal, rounding: Decimal) -> Number:
    """Return how many cents an amount is, an integer where it can be."""
    # Integers are several times as fast as fractions, which are seldom needed.
    top, bottom = amount.as_integer_ratio()
    unit_top, unit_bottom = rounding.as_integer_ratio()
    top, bottom = top * unit_bottom, bottom * unit_top
    return Fraction(top, bottom) if top % bottom else top // bottom


def round_ratio(numerator: Number, denominator: Number) -> int:
    """Return the nearest integer, of two the one farther from zero."""
    whole = int((2 * abs(numerator) + denominator) // (2 * denominator))
    return whole if numerator >= 0 else -whole


def round_money(amount: Decimal | Fraction, rounding: Decimal) -> Decimal:
    """Return the amount in whole cents, a half away from zero."""
    cents = Fraction(amount) / Fraction(rounding)
    return round_ratio(cents.numerator, cents.denominator) * rounding

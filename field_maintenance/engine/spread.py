"""A price for a whole job, and hours for several pieces of equipment (F4, F5)."""

from collections.abc import Sequence
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal

from .errors import RuleError


def _to_units(value: float, rounding: float) -> int:
    """Return how many smallest units a value has."""
    units = Decimal(repr(value)) / Decimal(repr(rounding))
    return int(units.quantize(Decimal(1), ROUND_HALF_UP))


def _to_value(units: int, rounding: float) -> float:
    return float(units * Decimal(repr(rounding)))


def apply_price(kind: str, amount: float, total: float) -> float:
    """Return what a job of this total costs by a price.

    :param kind: ``fixed``, ``maximum`` or ``minimum``
    """
    if kind == "maximum":
        return min(total, amount)
    if kind == "minimum":
        return max(total, amount)
    return amount


def spread(amount: float, weights: Sequence[float], rounding: float) -> list[float]:
    """Share an amount out by weight: the shares are whole multiples of the rounding,
    sum exactly to the amount, and none has another sign than it.

    What rounding leaves goes to the largest share, of equal ones to the last; where
    that would turn its sign, the next largest bears the rest.

    :param weights: not negative, not all zero; who weighs nothing gets nothing
    :raise RuleError: without a weight
    """
    units = [max(Decimal(0), Decimal(repr(weight))) for weight in weights]
    whole = sum(units)
    if not whole:
        raise RuleError("nothing_to_spread")
    total = _to_units(amount, rounding)
    sign, total = (-1, -total) if total < 0 else (1, total)
    shares = [
        int((total * unit / whole).quantize(Decimal(1), ROUND_HALF_UP))
        for unit in units
    ]
    left = total - sum(shares)
    by_size = sorted(
        (index for index, unit in enumerate(units) if unit),
        key=lambda index: (units[index], index),
        reverse=True,
    )
    for index in by_size:
        change = max(left, -shares[index])
        shares[index] += change
        left -= change
        if not left:
            break
    return [_to_value(sign * share, rounding) for share in shares]


def split(quantity: float, count: int, rounding: float) -> list[float]:
    """Split a quantity over so many pieces: each rounded to the unit, the last takes
    the rest.

    Where the rounded parts would leave the last one less than nothing, they are rounded
    down.
    """
    if count < 1:
        raise RuleError("nothing_to_spread")
    total = _to_units(quantity, rounding)
    each = int((Decimal(total) / count).quantize(Decimal(1), ROUND_HALF_UP))
    if each * (count - 1) > total:
        each = int((Decimal(total) / count).quantize(Decimal(1), ROUND_FLOOR))
    parts = [each] * (count - 1) + [total - each * (count - 1)]
    return [_to_value(part, rounding) for part in parts]

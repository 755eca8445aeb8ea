"""Who pays for what a visit used (F1, F2): pure functions of days and percentages."""

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

# Of equal offers, the first of these counts.
ORIGINS = ("warranty", "contract", "pricelist", "typed")
# What a promise pays; the rest is a lower price for the customer.
COVERING = frozenset({"warranty", "contract"})
# Closer percentages are equal: they come from divisions.
PRECISION = 6


class PriceOffer(NamedTuple):
    """A discount that somebody offers, in percent."""

    origin: str
    percent: float


NOTHING = PriceOffer("typed", 0.0)


def choose(offers: Iterable[PriceOffer]) -> PriceOffer:
    """Return the highest offer, of equal ones the first by ``ORIGINS``. They never add
    up. Without any, it is nothing."""
    return min(
        offers,
        key=lambda offer: (
            -round(offer.percent, PRECISION),
            ORIGINS.index(offer.origin),
        ),
        default=NOTHING,
    )


def is_covered(offer: PriceOffer) -> bool:
    """Tell whether a promise pays what an offer takes off the price."""
    return offer.origin in COVERING


def in_warranty(day: date, start: date | None, end: date | None) -> bool:
    """Tell whether a warranty holds on a day, both ends included. One without an end
    was never given, one without a start holds up to its end."""
    return end is not None and day <= end and (start is None or start <= day)


def covered_share(list_amount: float, net_amount: float, covered: bool) -> float:
    """Return which part of an amount a promise bears, from 0 to 1. All of it where the
    amount is zero."""
    if not covered:
        return 0.0
    if not list_amount:
        return 1.0
    return min(1.0, max(0.0, 1 - net_amount / list_amount))

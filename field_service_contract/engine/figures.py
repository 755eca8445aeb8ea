"""The figures of a contract line, and how a new total is spread over the lines."""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from .money import round_money


class Figures(NamedTuple):
    """What is stored of a line: the discount in percent, not rounded."""

    value: Decimal
    cost: Decimal
    discount: Decimal | Fraction = Decimal(0)

    def get_amount(self, rounding: Decimal) -> Decimal:
        """Return the annual amount: the value less the discount."""
        left = 1 - Fraction(self.discount) / 100
        return round_money(Fraction(self.value) * left, rounding)

    def get_discount_amount(self, rounding: Decimal) -> Decimal:
        return self.value - self.get_amount(rounding)

    def get_profit(self, rounding: Decimal) -> Decimal:
        return self.get_amount(rounding) - self.cost

    def type_figures(
        self,
        amount: Decimal | None = None,
        discount_amount: Decimal | None = None,
        profit: Decimal | None = None,
    ) -> "Figures":
        """Return the figures after one of the three was typed, which sets the
        discount. Of several the first of these counts.

        An amount above the value raises the value.
        """
        if amount is None:
            if discount_amount is not None:
                amount = self.value - discount_amount
            elif profit is not None:
                amount = profit + self.cost
            else:
                return self
        if not self.value or self._is_beyond(amount):
            return self._replace(value=amount, discount=Decimal(0))
        discount = (1 - Fraction(amount) / Fraction(self.value)) * 100
        return self._replace(discount=discount)

    def _is_beyond(self, amount: Decimal) -> bool:
        return amount > self.value if self.value > 0 else amount < self.value


def distribute(
    total: Decimal,
    amounts: Sequence[Decimal],
    bases: Sequence[Decimal],
    rounding: Decimal,
) -> list[Decimal]:
    """Return the amounts of lines that sum to a new total.

    The difference is spread in proportion to the bases: all equal for *evenly*, else
    the amounts or the profits. Each is rounded, the remainder is on the last.

    :raise ValueError: without lines, or if the bases sum to zero
    """
    base = Fraction(sum(bases))
    if not amounts or not base:
        raise ValueError("there is nothing to distribute by")
    difference = Fraction(total - sum(amounts))
    spread = [
        round_money(Fraction(amount) + difference * Fraction(own) / base, rounding)
        for amount, own in zip(amounts[:-1], bases[:-1], strict=True)
    ]
    return [*spread, total - sum(spread, Decimal(0))]

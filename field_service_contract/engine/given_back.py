"""What the days of an invoice line are worth, and what credits leave of them."""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

from .coverage import FOREVER, Span, intersect, merge, subtract
from .money import Number, round_ratio, to_cents
from .months import DAY, UNIT, Months
from .pricing import YEAR, PricedLine, Pricing

# Coins by which an amount may differ from what the prices say.
NEAR = 2


class BilledDays:
    """Days that an invoice line bills, with the price of each when they were billed.

    :param span: its days
    :param pricing: their dated prices, see `PricedLine.get_pricing`
    :param months: how months are counted
    :param rounding: the currency's smallest amount, a cent
    """

    def __init__(
        self, span: Span, pricing: Pricing, months: Months, rounding: Decimal
    ) -> None:
        self.span = span
        self.pricing = pricing
        self.rounding = rounding
        self._months = months
        firsts = [day for day, _cents in pricing.steps[1:]]
        ends = [*(day - DAY for day in firsts), FOREVER]
        self._parts: list[tuple[Span, Number]] = [
            (part, cents)
            for (day, cents), end in zip(pricing.steps, ends, strict=False)
            for part in intersect([span], Span(day, end))
        ]
        self.extra = pricing.extra
        self.whole_amount = self.get_amount([span])
        self._is_free = not self.weigh_days([span])

    def weigh(self, spans: Iterable[Span]) -> Number:
        """Return the exact price of some of the days, in cents × 12 × `UNIT`.

        What the last day of a term of whole years costs on top is part of the whole.
        """
        spans = merge(spans)
        total = self.weigh_days(spans)
        return total + self.extra if spans == [self.span] else total

    def weigh_days(self, spans: Iterable[Span]) -> Number:
        """Return the same without what the last day costs on top."""
        total: Number = 0
        spans = list(spans)
        for part, cents in self._parts:
            for own in intersect(spans, part):
                total += cents * self._months.measure(*own)
        return total

    def weigh_share(self, spans: Iterable[Span]) -> Number:
        """Return in which proportion days share an amount: a price that somebody typed
        for what costs nothing is shared by all days alike."""
        if not self._is_free:
            return self.weigh_days(spans)
        return sum(self._months.measure(*span) for span in spans)

    def has_price(self, span: Span, annual: Number) -> bool:
        """Tell whether all of some days cost so many cents a year."""
        return all(
            cents == annual for part, cents in self._parts if intersect([part], span)
        )

    def get_carry(self, spans: Iterable[Span]) -> Number:
        """Return the exact price of everything up to the end of some of the days."""
        return self.pricing.carry + self.weigh(spans)

    def get_amount(self, spans: Iterable[Span]) -> Decimal:
        """Return what is billed if only these days are."""
        cents = _round_units(self.get_carry(spans)) - _round_units(self.pricing.carry)
        return cents * self.rounding

    def get_share(self, amount: Decimal, part: Span) -> Decimal:
        """Return what some days are worth of an amount for all of them: C(last) less
        C(day before the first) of the dated prices.

        Shares of days that tile the whole sum to the amount.
        """
        return Rest(self, amount).get_share(part)


class Rest:
    """What is left of an invoice line: its days that are not given back, and what
    they are still worth.

    :param billed: its days
    :param amount: what they were billed at, the prices' own unless somebody typed
        another
    """

    def __init__(self, billed: BilledDays, amount: Decimal) -> None:
        self.billed = billed
        self.amount = amount
        self.days = [billed.span]
        # A credit without days of its own lowers the price of all days alike.
        self._rates: list[tuple[Span, Number]] = [(billed.span, 1)]

    @property
    def is_plain(self) -> bool:
        """Whether nothing but the dated prices tells what the days are worth.

        A cent more or less was left by what other lines of the contract were rounded.
        """
        if self.amount and not self.billed.whole_amount:
            return False
        return self._is_near(self.amount, self.billed.get_amount(self.days)) and all(
            rate in (0, 1) for _span, rate in self._rates
        )

    def _is_near(self, amount: Decimal, other: Decimal) -> bool:
        return abs(amount - other) <= NEAR * self.billed.rounding

    def get_worth(self, spans: Iterable[Span]) -> Decimal:
        """Return what some days are worth, as far as they are not given back."""
        spans = merge(spans)
        if self.is_plain:
            left = subtract(self.days, spans)
            return self.amount - self.billed.get_amount(left)
        shares = map(self.get_share, intersect_all(self.days, spans))
        return sum(shares, Decimal(0))

    def get_share(self, part: Span) -> Decimal:
        """Return what some days have of what is left. Shares of days that tile all
        that is left sum to it."""
        return self.get_shares([part])[0]

    def get_shares(self, parts: Sequence[Span]) -> list[Decimal]:
        """Return the same of several days, each part beginning where the one before
        ends."""
        if not parts:
            return []
        upto = self._sum_until([parts[0].first - DAY, *(part.last for part in parts)])
        return [later - earlier for earlier, later in pairwise(upto)]

    def _sum_until(self, days: Iterable[date]) -> list[Decimal]:
        """Return what is left of the days up to each of some."""
        billed, is_plain = self.billed, self.is_plain
        cents = to_cents(self.amount, billed.rounding)
        total = 0 if is_plain else self._weigh_until(billed.span.last)

        def get_upto(day: date) -> Decimal:
            if not self.days or day >= self.days[-1].last:
                return self.amount
            if is_plain:
                return billed.get_amount(intersect(self.days, Span(date.min, day)))
            if not total:
                return Decimal(0)
            return _round(cents * self._weigh_until(day), total) * billed.rounding

        return [get_upto(day) for day in days]

    def _weigh_until(self, day: date) -> Number:
        """Return the price of the days up to one, lowered by what credits took."""
        total: Number = 0
        whole = self.billed.span
        for span, rate in self._rates:
            days = intersect([span], Span(whole.first, day))
            total += rate * self.billed.weigh_share(days)
        if day >= whole.last:
            total += self._rates[-1][1] * self.billed.extra
        return total

    def give_back(self, span: Span, amount: Decimal, is_whole: bool) -> None:
        """Take a credit off.

        :param span: its days
        :param amount: what it gives back for them
        :param is_whole: whether it gives these days back; else it lowers their price
        """
        worth = self.get_worth([span])
        if is_whole:
            self._lower(span, 0)
            self.days = subtract(self.days, [span])
            # Somebody may have typed another amount: the days are gone all the same.
            self.amount -= amount if self._is_near(amount, worth) else worth
        elif worth:
            self._lower(span, 1 - Fraction(amount) / Fraction(worth))
            self.amount -= amount

    def _lower(self, span: Span, rate: Number) -> None:
        """Multiply the price of some days."""
        rates = []
        for own, before in self._rates:
            for part in subtract([own], [span]):
                rates.append((part, before))
            for part in intersect([own], span):
                rates.append((part, before * rate))
        self._rates = sorted(rates)

    def get_parts(self) -> list[tuple[Span, Decimal, Pricing]]:
        """Return the days that are left, with what each stretch is billed at and its
        prices, such that together they are what is left."""
        parts: list[tuple[Span, Decimal, Pricing]] = []
        for number, span in enumerate(self.days):
            earlier = self.days[:number]
            carry = self.billed.get_carry(earlier)
            pricing = self.billed.pricing._replace(carry=carry)
            if self.days != [self.billed.span]:
                pricing = pricing._replace(extra=0)
            if number == len(self.days) - 1:
                amount = self.amount - sum((own[1] for own in parts), Decimal(0))
            elif self.is_plain:
                upto = self.billed.get_amount([*earlier, span])
                amount = upto - self.billed.get_amount(earlier)
            else:
                amount = self.get_worth([span])
            parts.append((span, amount, pricing))
        return parts


class Gone(NamedTuple):
    """Days that are to be given back of one of several invoice lines."""

    number: int
    span: Span
    amount: Decimal


def plan_credits(
    rests: Sequence[Rest],
    kept: Sequence[Iterable[Span]],
    adjustable: Sequence[bool],
) -> list[Gone]:
    """Return which days are given back of the invoice lines of one contract line, and
    what is, such that what is left is the rounded sum of its days.

    :param rests: what is left of each line; the days are taken off
    :param kept: days of each that stay
    :param adjustable: of which lines the amount may differ by the cent that other
        lines were rounded by: not if all their days are gone
    """
    planned: list[Gone] = []
    for number, (rest, own) in enumerate(zip(rests, kept, strict=True)):
        for span in subtract(rest.days, own):
            worth = rest.get_worth([span])
            rest.give_back(span, worth, is_whole=True)
            planned.append(Gone(number, span, worth))
    for place, gone in reversed(list(enumerate(planned))):
        rest = rests[gone.number]
        if adjustable[gone.number] and rest.days:
            residue = _get_residue(rests)
            rest.amount -= residue
            planned[place] = gone._replace(amount=gone.amount + residue)
            break
    return planned


def take_again(
    rests: Sequence[Rest],
    rest: Rest,
    priced: PricedLine,
    span: Span,
    open_days: Sequence[Span],
) -> tuple[Decimal, Pricing]:
    """Return what days that were given back are billed at again, with their prices,
    such that everything together is the rounded sum of its days.

    :param rests: what is left of all invoice lines of the contract line
    :param rest: of which the days were given back
    :param priced: the covered days with their prices
    :param open_days: all days that are to be billed, of which these are some
    """
    plain = [own for own in rests if own.is_plain]
    earlier = intersect(open_days, Span(date.min, span.first - DAY))
    carry = _get_carry(plain) + _weigh_billed_before(plain, priced, earlier)
    billed = rest.billed
    before = merge([*rest.days, *intersect(earlier, billed.span)])
    more = billed.weigh([*before, span]) - billed.weigh(before)
    pricing = billed.pricing._replace(
        carry=carry, extra=more - billed.weigh_days([span])
    )
    amount = (_round_units(carry + more) - _round_units(carry)) * billed.rounding
    return (amount if earlier else amount - _get_residue(plain)), pricing


def fill_in(
    rests: Sequence[Rest], priced: PricedLine, span: Span, open_days: Sequence[Span]
) -> tuple[Decimal, Pricing]:
    """Return the same of days that no invoice line billed, though days after them are
    billed.

    :param priced: the covered days with their prices
    """
    plain = [own for own in rests if own.is_plain]
    earlier = intersect(open_days, Span(date.min, span.first - DAY))
    carry = _get_carry(plain) + _weigh_billed_before(plain, priced, earlier)
    pricing = priced.get_pricing(span)._replace(carry=carry)
    upto = carry + priced.weigh([span]) + pricing.extra
    amount = (_round_units(upto) - _round_units(carry)) * priced.rounding
    return (amount if earlier else amount - _get_residue(plain)), pricing


def _weigh_billed_before(
    rests: Sequence[Rest], priced: PricedLine, days: Sequence[Span]
) -> Number:
    """Return the exact price of all days that are billed before others at once: those
    that were given back of some invoice line, and those of none that is left."""
    others, total = list(days), priced.weigh(days)
    for rest in rests:
        again = intersect_all(days, subtract([rest.billed.span], rest.days))
        if again and merge([*rest.days, *again]) == [rest.billed.span]:
            total += rest.billed.extra
        others = subtract(others, again)
    return total + priced.get_corrections(others)


def get_drift(rests: Sequence[Rest], priced: PricedLine, day: date) -> Decimal:
    """Return by how much more is billed of all days before one than they cost: whole
    invoice lines that were given back were rounded among others.

    Nothing if anything but rounding may tell them apart.
    """
    days = merge(span for rest in rests for span in rest.days)
    if not days or not all(rest.is_plain for rest in rests):
        return Decimal(0)
    first, last = days[0].first - DAY, day - DAY
    if days != intersect(priced.covered, Span(days[0].first, last)):
        return Decimal(0)
    begins, ends = priced.get_carry(first), priced.get_carry(last)
    weight: Number = sum(rest.billed.weigh(rest.days) for rest in rests)
    if weight != ends - begins:
        return Decimal(0)
    cents = _round_units(ends) - _round_units(begins)
    total = sum((rest.amount for rest in rests), Decimal(0))
    return total - cents * priced.rounding


def _get_carry(rests: Sequence[Rest]) -> Number:
    """Return the exact price of all that is left of the invoice lines of one contract
    line, and of everything before the first of them."""
    first = min(rests, key=lambda rest: rest.billed.span.first)
    weight: Number = sum(rest.billed.weigh(rest.days) for rest in rests)
    return first.billed.pricing.carry + weight


def _get_residue(rests: Sequence[Rest]) -> Decimal:
    """Return by how much more is billed than the rounded sum of all days, nothing if
    other than rounding tells them apart."""
    first = min(rests, key=lambda rest: rest.billed.span.first)
    rounding = first.billed.rounding
    cents = _round_units(_get_carry(rests)) - _round_units(first.billed.pricing.carry)
    residue = sum((rest.amount for rest in rests), Decimal(0)) - cents * rounding
    plain = all(rest.is_plain for rest in rests)
    return residue if plain and abs(residue) <= len(rests) * rounding else Decimal(0)


def _round_units(units: Number) -> int:
    """Return cents of cents × 12 × `UNIT`."""
    return round_ratio(units, YEAR * UNIT)


def intersect_all(spans: Iterable[Span], others: Iterable[Span]) -> list[Span]:
    """Return the days that lie in both sets of spans."""
    others = list(others)
    return merge(part for span in spans for part in intersect(others, span))


def _round(numerator: Number, denominator: Number) -> int:
    sign = 1 if denominator > 0 else -1
    return round_ratio(sign * numerator, sign * denominator)

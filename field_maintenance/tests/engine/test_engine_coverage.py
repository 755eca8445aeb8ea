"""Who pays, the price of a job and hours for several pieces: F1 to F5."""

from datetime import date, timedelta
from decimal import Decimal
from unittest import TestCase

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ...engine import (
    PriceOffer,
    RuleError,
    apply_price,
    choose,
    covered_share,
    in_warranty,
    is_covered,
    split,
    spread,
)
from ...engine.coverage import ORIGINS

untimed = settings(deadline=None)
offers = st.lists(
    st.builds(PriceOffer, st.sampled_from(ORIGINS), st.integers(-50, 100).map(float))
)
cents = st.integers(0, 10_000_000).map(lambda number: number / 100)
weights = st.lists(cents, min_size=1, max_size=12)
roundings = st.sampled_from([1.0, 0.01, 0.001, 0.05])


def to_sum(values):
    return sum(Decimal(repr(value)) for value in values)


class TestWhoPays(TestCase):
    @given(offers)
    def test_the_single_highest(self, found):
        best = choose(found)
        if not found:
            self.assertEqual(best.percent, 0)
            return
        self.assertIn(best, found)
        self.assertEqual(best.percent, max(offer.percent for offer in found))
        for offer in found:
            if offer.percent == best.percent:
                self.assertLessEqual(
                    ORIGINS.index(best.origin), ORIGINS.index(offer.origin)
                )

    def test_order_of_equal_ones(self):
        equal = [PriceOffer(origin, 20) for origin in reversed(ORIGINS)]
        for origin in ORIGINS:
            self.assertEqual(choose(equal).origin, origin)
            equal.remove(PriceOffer(origin, 20))
        # What comes from a division is as high.
        third = (30 - 20) / 30 * 100
        best = choose(
            [PriceOffer("pricelist", third), PriceOffer("contract", 33.3333333)]
        )
        self.assertEqual(best.origin, "contract")
        self.assertEqual(
            [is_covered(PriceOffer(origin, 1)) for origin in ORIGINS],
            [True, True, False, False],
        )

    def test_days_of_a_warranty(self):
        start, end = date(2026, 1, 1), date(2027, 12, 31)
        day = timedelta(days=1)
        for when, holds in (
            (start - day, False),
            (start, True),
            (end, True),
            (end + day, False),
        ):
            self.assertEqual(in_warranty(when, start, end), holds)
        self.assertTrue(in_warranty(start - day, None, end))
        self.assertFalse(in_warranty(start, start, None))

    def test_share(self):
        self.assertEqual(covered_share(200, 100, True), 0.5)
        self.assertEqual(covered_share(200, 100, False), 0)
        self.assertEqual(covered_share(0, 0, True), 1)


class TestJobPrice(TestCase):
    def test_numbers(self):
        for amount, before, after in (
            (120, (95, 37.5, 17.5), [76, 30, 14]),
            (250, (120, 60, 20), [150, 75, 25]),
            (10, (10, 10, 10), [3.33, 3.33, 3.34]),
            (200, (100, 100, 100), [66.67, 66.67, 66.66]),
            (0.01, (10, 20, 20), [0, 0, 0.01]),
            (0.02, (5, 5, 5), [0.01, 0.01, 0]),
            (0, (5, 5), [0, 0]),
            (10, (0, 5), [0, 10]),
        ):
            with self.subTest(amount=amount, before=before):
                self.assertEqual(spread(amount, before, 0.01), after)
        self.assertEqual(spread(100, (1, 1, 1), 1.0), [33, 33, 34])
        self.assertEqual(spread(1, (1, 1, 1), 0.001), [0.333, 0.333, 0.334])
        self.assertEqual(apply_price("maximum", 120, 150), 120)
        self.assertEqual(apply_price("maximum", 120, 90), 90)
        self.assertEqual(apply_price("minimum", 120, 90), 120)
        self.assertEqual(apply_price("minimum", 120, 150), 150)
        self.assertEqual(apply_price("fixed", 120, 150), 120)

    @untimed
    @given(cents, weights, roundings)
    def test_exact_and_of_one_sign(self, amount, before, rounding):
        assume(any(before))
        shares = spread(amount, before, rounding)
        unit = Decimal(repr(rounding))
        total = to_sum([amount])
        self.assertLessEqual(abs(to_sum(shares) - total), unit / 2)
        if total % unit == 0:
            self.assertEqual(to_sum(shares), total)
        for share, weight in zip(shares, before, strict=True):
            self.assertGreaterEqual(share, 0)
            self.assertEqual(Decimal(repr(share)) % unit, 0)
            if not weight:
                self.assertEqual(share, 0)
        self.assertEqual(
            spread(-amount, before, rounding), [-share + 0.0 for share in shares]
        )

    @given(cents, st.integers(1, 12))
    def test_nothing_to_spread(self, amount, count):
        with self.assertRaises(RuleError):
            spread(amount, [0] * count, 0.01)


class TestSplit(TestCase):
    def test_numbers(self):
        self.assertEqual(split(7.5, 4, 0.01), [1.88, 1.88, 1.88, 1.86])
        self.assertEqual(split(7.5, 1, 0.01), [7.5])
        self.assertEqual(split(1, 3, 0.01), [0.33, 0.33, 0.34])
        self.assertEqual(split(0.02, 4, 0.01), [0, 0, 0, 0.02])
        self.assertEqual(split(3, 2, 1.0), [2, 1])

    @untimed
    @given(cents, st.integers(1, 40))
    def test_exact(self, quantity, count):
        parts = split(quantity, count, 0.01)
        self.assertEqual(len(parts), count)
        self.assertEqual(to_sum(parts), to_sum([quantity]))
        self.assertGreaterEqual(min(parts), 0)
        self.assertEqual(len(set(parts[:-1])), min(1, count - 1))

"""What a rental costs."""

from datetime import date, timedelta
from decimal import Decimal
from unittest import TestCase

from hypothesis import given, settings
from hypothesis import strategies as st

from ...engine import RentalPrices, late_days, rental_days, rental_price

untimed = settings(deadline=None)
lengths = st.integers(0, 400)
cents = st.integers(0, 1_000_000).map(lambda number: number / 100)
some_prices = st.builds(
    RentalPrices, st.none() | cents, st.none() | cents, st.none() | cents
)
dates = st.dates(date(2020, 1, 1), date(2030, 12, 31))


def cheapest(prices, days):
    """The same by trying each period on what is left, one after the other."""
    offers = [
        (length, Decimal(repr(price)))
        for length, price in zip((1, 7, 30), prices, strict=True)
        if price is not None
    ]
    costs = [Decimal(0)]
    for count in range(1, days + 1):
        costs.append(min(costs[max(count - span, 0)] + price for span, price in offers))
    return costs[days]


class TestRentalPrice(TestCase):
    def test_examples(self):
        prices = RentalPrices(20.0, 100.0, 300.0)
        for days, amount, parts in (
            (0, 0, (0, 0, 0)),
            (1, 20, (0, 0, 1)),
            (4, 80, (0, 0, 4)),
            # Equal: what has no day to spare.
            (5, 100, (0, 0, 5)),
            # A week that is begun is cheaper than six days.
            (6, 100, (0, 1, 0)),
            (7, 100, (0, 1, 0)),
            (10, 160, (0, 1, 3)),
            (14, 200, (0, 2, 0)),
            (15, 220, (0, 2, 1)),
            (21, 300, (0, 3, 0)),
            (22, 300, (1, 0, 0)),
            (30, 300, (1, 0, 0)),
            (31, 320, (1, 0, 1)),
        ):
            with self.subTest(days=days):
                price = rental_price(prices, days)
                self.assertEqual(price.amount, amount)
                self.assertEqual(tuple(price[1:]), parts)

    def test_prices_that_are_not_offered(self):
        self.assertIsNone(rental_price(RentalPrices(), 3))
        self.assertEqual(rental_price(RentalPrices(day=20.0), 10).amount, 200)
        self.assertEqual(rental_price(RentalPrices(week=100.0), 8).amount, 200)
        self.assertEqual(rental_price(RentalPrices(month=300.0), 1).amount, 300)
        self.assertEqual(rental_price(RentalPrices(day=0.0, week=9.0), 9).amount, 0)

    def test_fractions_are_exact(self):
        price = rental_price(RentalPrices(day=0.1, week=0.65), 10)
        self.assertEqual(price.amount, Decimal("0.95"))

    @untimed
    @given(some_prices, lengths)
    def test_nothing_is_cheaper(self, prices, days):
        price = rental_price(prices, days)
        if any(offer is not None for offer in prices):
            self.assertEqual(price.amount, cheapest(prices, days))
            covered = price.months * 30 + price.weeks * 7 + price.days
            self.assertGreaterEqual(covered, days)
        else:
            self.assertIsNone(price)

    @untimed
    @given(some_prices, lengths)
    def test_longer_is_never_cheaper(self, prices, days):
        if any(offer is not None for offer in prices):
            shorter = rental_price(prices, days)
            self.assertLessEqual(shorter.amount, rental_price(prices, days + 1).amount)

    @untimed
    @given(some_prices, cents, lengths)
    def test_never_more_than_days_alone(self, prices, day, days):
        price = rental_price(prices._replace(day=day), days)
        self.assertLessEqual(price.amount, days * Decimal(repr(day)))


class TestRentalDays(TestCase):
    def test_both_ends_count(self):
        self.assertEqual(rental_days(date(2026, 3, 3), date(2026, 3, 3)), 1)
        self.assertEqual(rental_days(date(2026, 3, 3), date(2026, 3, 12)), 10)
        self.assertEqual(rental_days(date(2026, 3, 4), date(2026, 3, 3)), 0)

    def test_late_after_the_last_day(self):
        due = date(2026, 3, 12)
        self.assertEqual(late_days(due, date(2026, 3, 11)), 0)
        self.assertEqual(late_days(due, due), 0)
        self.assertEqual(late_days(due, date(2026, 3, 13)), 1)

    @given(dates, st.integers(0, 400), st.integers(0, 400))
    def test_late_days_lengthen_the_rental(self, start, length, late):
        due = start + timedelta(days=length)
        back = due + timedelta(days=late)
        self.assertEqual(
            rental_days(start, due) + late_days(due, back), rental_days(start, back)
        )

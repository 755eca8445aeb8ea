"""How long it takes from one place to another."""

from math import ceil
from unittest import TestCase

from hypothesis import given
from hypothesis import strategies as st

from ...engine import (
    TravelSettings,
    distance,
    driving_minutes,
    travel_matrix,
    travel_minutes,
)

SETTINGS = TravelSettings()
LIEGE, NAMUR = (50.6326, 5.5797), (50.4674, 4.8719)
points = st.tuples(st.floats(-90, 90), st.floats(-180, 180))
places = st.lists(st.none() | points, max_size=6)


class TestTravel(TestCase):
    def test_minutes(self):
        for kilometres, minutes in (
            (0, 5),
            (0.001, 6),
            (10, 21),
            (25, 44),
            (40, 68),
            (100, 161),
        ):
            self.assertEqual(driving_minutes(kilometres, SETTINGS), minutes)

    def test_other_settings(self):
        quick = TravelSettings(detour=1.0, speed=100.0, arrival=0, unknown=7)
        self.assertEqual(driving_minutes(40, quick), 24)
        self.assertEqual(travel_minutes(None, LIEGE, quick), 7)

    def test_distance(self):
        self.assertAlmostEqual(distance((0, 5.5), (90, 0)), 10007.557, delta=0.001)
        self.assertAlmostEqual(distance((48, 2), (49, 2)), 111.195, delta=0.001)
        self.assertAlmostEqual(distance((0, 0), (0, 180)), 20015.1, delta=0.1)
        self.assertAlmostEqual(distance((0, 179.9), (0, -179.9)), 22.24, delta=0.01)
        self.assertAlmostEqual(distance((0, 0), (0, 1)), 111.195, delta=0.001)

    def test_matrix(self):
        kilometres = distance(LIEGE, NAMUR)
        there = ceil(kilometres * 1.3 / 50 * 60) + 5
        self.assertEqual(
            travel_matrix([LIEGE, NAMUR, None, LIEGE], SETTINGS),
            [
                [0, there, 30, 0],
                [there, 0, 30, there],
                [30, 30, 0, 30],
                [0, there, 30, 0],
            ],
        )
        self.assertEqual(travel_matrix([], SETTINGS), [])

    @given(places)
    def test_there_and_back(self, chosen):
        minutes = travel_matrix(chosen, SETTINGS)
        for row, start in enumerate(chosen):
            self.assertEqual(minutes[row][row], 0)
            for column, end in enumerate(chosen):
                self.assertEqual(minutes[row][column], minutes[column][row])
                if None in (start, end) and row != column:
                    self.assertEqual(minutes[row][column], SETTINGS.unknown)
                elif start != end:
                    self.assertGreaterEqual(minutes[row][column], SETTINGS.arrival)

    @given(points, points, points)
    def test_no_way_is_shorter_over_a_third_place(self, start, over, end):
        direct = travel_minutes(start, end, SETTINGS)
        parts = (
            travel_minutes(start, over, SETTINGS),
            travel_minutes(over, end, SETTINGS),
        )
        # Each part is rounded up.
        self.assertLessEqual(direct, sum(parts))

    @given(st.floats(0, 20000), st.floats(0, 20000))
    def test_farther_is_longer(self, one, other):
        near, far = sorted((one, other))
        self.assertLessEqual(
            driving_minutes(near, SETTINGS), driving_minutes(far, SETTINGS)
        )

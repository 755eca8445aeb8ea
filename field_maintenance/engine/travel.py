"""How long it takes from one place to another, as far as coordinates can tell."""

from collections.abc import Sequence
from math import asin, ceil, cos, radians, sin, sqrt
from typing import NamedTuple

EARTH_RADIUS_KM = 6371.0088
# Latitude and longitude in degrees; None if nobody knows where a place is.
Point = tuple[float, float]


class TravelSettings(NamedTuple):
    """How a technician travels.

    - ``detour``: kilometres on the road for each as the crow flies
    - ``speed``: kilometres an hour, more than zero
    - ``arrival``: minutes lost at each new place, such as for parking
    - ``unknown``: minutes to or from a place without coordinates
    """

    detour: float = 1.3
    speed: float = 50.0
    arrival: int = 5
    unknown: int = 30


def distance(start: Point, end: Point) -> float:
    """Return the kilometres of the great circle between two points."""
    (latitude, longitude), (to_latitude, to_longitude) = (
        (radians(degrees) for degrees in point) for point in (start, end)
    )
    half = (
        sin((to_latitude - latitude) / 2) ** 2
        + cos(latitude) * cos(to_latitude) * sin((to_longitude - longitude) / 2) ** 2
    )
    # Rounding may put opposite points a little more than half a circle apart.
    return 2 * EARTH_RADIUS_KM * asin(min(1.0, sqrt(half)))


def driving_minutes(kilometres: float, settings: TravelSettings) -> int:
    """Return the minutes to a new place that is so far away as the crow flies: those
    on the road, up to the full minute, and those lost there."""
    minutes = kilometres * settings.detour / settings.speed * 60
    # 60 minutes that are computed as 60.0000000001 are 60.
    return ceil(round(minutes, 6)) + settings.arrival


def travel_minutes(
    start: Point | None, end: Point | None, settings: TravelSettings
) -> int:
    """Return the minutes from one place to another; none between equal points."""
    if start is None or end is None:
        return settings.unknown
    if start == end:
        return 0
    return driving_minutes(distance(start, end), settings)


def travel_matrix(
    points: Sequence[Point | None], settings: TravelSettings
) -> list[list[int]]:
    """Return the minutes from each place (rows) to each other one (columns), in the
    order of the places; none from a place to itself."""
    minutes = [[0] * len(points) for _point in points]
    for row, start in enumerate(points):
        for column in range(row):
            # As far there as back.
            minutes[row][column] = minutes[column][row] = travel_minutes(
                start, points[column], settings
            )
    return minutes

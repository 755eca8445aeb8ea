"""The same hour on the clock all year: the rule A7."""

from datetime import date, datetime, time, timedelta, timezone
from unittest import TestCase
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from ...engine import at_local_hour
from .test_engine_rules import untimed

ZONES = {
    name: ZoneInfo(name)
    for name in ("Europe/Rome", "America/Sao_Paulo", "Australia/Lord_Howe")
}


class TestLocalHour(TestCase):
    def test_across_changes_of_clocks(self):
        for name, day, hour, expected in (
            ("Europe/Rome", (2026, 3, 28), 8.5, (2026, 3, 28, 7, 30)),
            ("Europe/Rome", (2026, 3, 29), 8.5, (2026, 3, 29, 6, 30)),
            ("Europe/Rome", (2026, 10, 25), 8.5, (2026, 10, 25, 7, 30)),
            # 02:30 is left out in March and comes twice in October.
            ("Europe/Rome", (2026, 3, 29), 2.5, (2026, 3, 29, 1, 30)),
            ("Europe/Rome", (2026, 10, 25), 2.5, (2026, 10, 25, 0, 30)),
            # Until 2019, summer began at midnight and ended the evening before.
            ("America/Sao_Paulo", (2018, 11, 4), 0, (2018, 11, 4, 3, 0)),
            ("America/Sao_Paulo", (2018, 11, 4), 9, (2018, 11, 4, 11, 0)),
            ("America/Sao_Paulo", (2018, 2, 17), 23.5, (2018, 2, 18, 1, 30)),
            ("America/Sao_Paulo", (2018, 2, 18), 9, (2018, 2, 18, 12, 0)),
            # Clocks move by half an hour, and the day before is still going on in UTC.
            ("Australia/Lord_Howe", (2026, 10, 4), 2.25, (2026, 10, 3, 15, 45)),
            ("Australia/Lord_Howe", (2026, 10, 4), 9, (2026, 10, 3, 22, 0)),
            ("Australia/Lord_Howe", (2026, 4, 5), 1.75, (2026, 4, 4, 14, 45)),
            ("Australia/Lord_Howe", (2026, 4, 5), 9, (2026, 4, 4, 22, 30)),
        ):
            with self.subTest(zone=name, day=day, hour=hour):
                self.assertEqual(
                    at_local_hour(date(*day), hour, ZONES[name]), datetime(*expected)
                )

    def test_not_an_hour_of_a_day(self):
        for hour in (-0.5, 24, float("nan")):
            with self.subTest(hour=hour), self.assertRaises(ValueError):
                at_local_hour(date(2026, 1, 1), hour, ZONES["Europe/Rome"])

    @untimed
    @given(
        st.sampled_from(sorted(ZONES)),
        st.dates(date(2000, 1, 1), date(2030, 12, 31)),
        st.integers(0, 24 * 60 - 1),
    )
    def test_clock_shows_the_hour(self, name, day, minutes):
        """The first time at which the clock shows it; if it never does, as long after
        the change as it was to be."""
        zone = ZONES[name]
        found = at_local_hour(day, minutes / 60, zone)
        clock = datetime.combine(day, time()) + timedelta(minutes=minutes)
        noon = datetime.combine(day, time(12), timezone.utc)
        before, after = (
            (noon + timedelta(days=days)).astimezone(zone).utcoffset()
            for days in (-2, 2)
        )
        shown = [
            utc
            for utc in (clock - before, clock - after)
            if utc.replace(tzinfo=timezone.utc).astimezone(zone).replace(tzinfo=None)
            == clock
        ]
        self.assertEqual(found, min(shown, default=clock - before))

"""Service hours between two moments: the rules E."""

from datetime import datetime, time, timedelta
from unittest import TestCase
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from ...engine import LIMIT, ServiceHours, to_utc
from .test_engine_rules import untimed

# A Monday
MONDAY = datetime(2026, 6, 1)
MINUTE = timedelta(minutes=1)
ROME = ZoneInfo("Europe/Rome")


def at(day, clock, week=0):
    """Return a moment of the week of Monday, 1 June 2026: `at("Fri", "15:30")`."""
    days = "Mon Tue Wed Thu Fri Sat Sun".split().index(day)
    hours, minutes = map(int, clock.split(":"))
    return MONDAY + timedelta(weeks=week, days=days, hours=hours, minutes=minutes)


def work_week(*shifts, without=(), weeks=60):
    """Return the hours of Monday to Friday, (from, to) each day, without some days."""
    return ServiceHours(
        (day + timedelta(hours=start), day + timedelta(hours=end))
        for number in range(-7, 7 * weeks)
        if number % 7 < 5
        and (day := MONDAY + timedelta(days=number)).date() not in without
        for start, end in shifts
    )


OFFICE = work_week((8, 17))
SPLIT = work_week((8, 12), (13, 17))
HOLIDAY = at("Wed", "00:00").date()


class TestServiceHours(TestCase):
    def test_due(self):
        for clock, moment, hours, expected in (
            (OFFICE, at("Fri", "15:30"), 8, at("Mon", "14:30", 1)),
            (OFFICE, at("Sat", "10:00"), 4, at("Mon", "12:00", 1)),
            (OFFICE, at("Mon", "08:00"), 9, at("Mon", "17:00")),
            (SPLIT, at("Thu", "11:15"), 3, at("Thu", "15:15")),
            # What is left at noon is due at noon.
            (SPLIT, at("Thu", "11:15"), 0.75, at("Thu", "12:00")),
            (SPLIT, at("Thu", "12:00"), 1, at("Thu", "14:00")),
            (SPLIT, at("Thu", "12:30"), 1, at("Thu", "14:00")),
            # At closing, nothing is left of the day.
            (OFFICE, at("Mon", "17:00"), 0.5, at("Tue", "08:30")),
            (OFFICE, at("Mon", "07:59"), 9, at("Mon", "17:00")),
            (OFFICE, at("Fri", "17:00"), 9.5, at("Tue", "08:30", 1)),
            (OFFICE, at("Mon", "08:00"), 45, at("Fri", "17:00")),
            (OFFICE, at("Mon", "08:00"), 1 / 60, at("Mon", "08:01")),
        ):
            with self.subTest(moment=moment, hours=hours):
                self.assertEqual(clock.due(moment, hours), expected)

    def test_holiday(self):
        closed = work_week((8, 17), without=[HOLIDAY])
        self.assertEqual(closed.due(at("Tue", "16:00"), 2), at("Thu", "09:00"))
        self.assertEqual(OFFICE.due(at("Tue", "16:00"), 2), at("Wed", "09:00"))
        self.assertEqual(closed.due(at("Wed", "10:00"), 2), at("Thu", "10:00"))

    def test_waiting(self):
        pause = at("Tue", "11:00"), at("Wed", "09:30")
        self.assertEqual(OFFICE.hours(*pause), 7.5)
        due = OFFICE.due(at("Tue", "10:00"), 4, [pause])
        self.assertEqual(due, at("Wed", "12:30"))
        again = at("Wed", "10:00"), at("Thu", "10:00")
        due = OFFICE.due(at("Tue", "10:00"), 4, [again, pause])
        self.assertEqual(due, at("Thu", "12:30"))
        # Outside service hours nothing is stopped.
        night = at("Tue", "17:00"), at("Wed", "08:00")
        due = OFFICE.due(at("Tue", "15:00"), 4, [night])
        self.assertEqual(due, at("Wed", "10:00"))
        self.assertEqual(
            OFFICE.hours(at("Tue", "10:00"), at("Wed", "12:30"), [pause]), 4
        )

    def test_clock_stands(self):
        since = at("Tue", "11:00"), None
        self.assertIsNone(OFFICE.due(at("Tue", "10:00"), 4, [since]))
        # It was due before.
        self.assertEqual(OFFICE.due(at("Tue", "10:00"), 1, [since]), at("Tue", "11:00"))
        late = at("Tue", "15:00"), at("Wed", "15:00")
        self.assertEqual(OFFICE.due(at("Tue", "10:00"), 4, [late]), at("Tue", "14:00"))
        self.assertEqual(
            OFFICE.hours(at("Tue", "10:00"), at("Fri", "9:00"), [since]), 1
        )
        # What came in while the clock stood begins when it goes on.
        early = at("Mon", "08:00"), at("Tue", "12:00")
        self.assertEqual(OFFICE.due(at("Tue", "10:00"), 4, [early]), at("Tue", "16:00"))

    def test_no_promise(self):
        for hours in (0, -1, 0.0001):
            self.assertIsNone(OFFICE.due(MONDAY, hours))

    def test_within_a_year(self):
        yearly = ServiceHours([(MONDAY, MONDAY + MINUTE)])
        self.assertEqual(yearly.due(MONDAY, 1 / 60), MONDAY + MINUTE)
        self.assertIsNone(yearly.due(MONDAY, 2 / 60))
        self.assertIsNone(ServiceHours([]).due(MONDAY, 1))
        always = ServiceHours.round_the_clock()
        self.assertEqual(always.due(MONDAY, 366 * 24), MONDAY + LIMIT)
        self.assertIsNone(always.due(MONDAY, 366 * 24 + 0.01))
        # A year of waiting is no year of service.
        pause = MONDAY, MONDAY + timedelta(days=400)
        self.assertEqual(
            always.due(MONDAY, 2, [pause]), MONDAY + timedelta(days=400, hours=2)
        )

    def test_round_the_clock(self):
        always = ServiceHours.round_the_clock()
        self.assertEqual(always.due(at("Sat", "23:00"), 4), at("Sun", "03:00"))
        self.assertEqual(always.hours(at("Sat", "23:00"), at("Sun", "03:00")), 4)

    def test_stretches_that_touch(self):
        """Night shifts that are written as two days go on at midnight."""
        nights = ServiceHours(
            [
                (at("Tue", "00:00"), at("Tue", "06:00")),
                (at("Mon", "22:00"), at("Tue", "00:00")),
                (at("Mon", "23:00"), at("Tue", "01:00")),
                (at("Tue", "05:00"), at("Tue", "05:00")),
            ]
        )
        self.assertEqual(nights.due(at("Mon", "12:00"), 8), at("Tue", "06:00"))
        self.assertEqual(nights.hours(at("Mon", "12:00"), at("Tue", "12:00")), 8)

    def test_changes_of_clocks(self):
        """The clock shows the same hours before and after; a night lasts as it does."""
        for change, before, after, night in (
            (datetime(2026, 3, 29), 7, 6, 5),
            (datetime(2026, 10, 25), 6, 7, 7),
        ):
            friday = change - timedelta(days=2)
            monday = change + timedelta(days=1)
            hours = ServiceHours(
                to_utc(
                    [
                        (day + timedelta(hours=8), day + timedelta(hours=17))
                        for day in (friday, monday)
                    ],
                    ROME,
                )
            )
            due = hours.due(friday + timedelta(hours=before + 8), 2)
            self.assertEqual(due, monday + timedelta(hours=after + 1))
            lasting = to_utc([(change, change + timedelta(hours=6))], ROME)
            total = ServiceHours(lasting).hours(friday, monday)
            self.assertEqual(total, night)

    def test_left_out_and_double_hours(self):
        spring = to_utc(
            [(datetime(2026, 3, 29, 2, 30), datetime(2026, 3, 29, 4))], ROME
        )
        self.assertEqual(
            spring, [(datetime(2026, 3, 29, 1, 30), datetime(2026, 3, 29, 2))]
        )
        autumn = to_utc(
            [(datetime(2026, 10, 25, 2, 30), datetime(2026, 10, 25, 4))], ROME
        )
        self.assertEqual(
            autumn, [(datetime(2026, 10, 25, 0, 30), datetime(2026, 10, 25, 3))]
        )
        # All of it is left out.
        nothing = [(datetime(2026, 3, 29, 2, 45), datetime(2026, 3, 29, 3, 15))]
        self.assertEqual(
            ServiceHours(to_utc(nothing, ROME)).hours(MONDAY - LIMIT, MONDAY), 0
        )


@st.composite
def shifts(draw):
    """Stretches within three weeks, maybe overlapping, to the minute."""
    return [
        (MONDAY + start * MINUTE, MONDAY + (start + length) * MINUTE)
        for start, length in draw(
            st.lists(
                st.tuples(st.integers(0, 20 * 1440), st.integers(0, 1440)), max_size=20
            )
        )
    ]


@st.composite
def pauses(draw):
    """Pauses in order, none overlapping another."""
    cuts = draw(
        st.lists(st.integers(-1440, 21 * 1440), max_size=8, unique=True).map(sorted)
    )
    moments = [MONDAY + cut * MINUTE for cut in cuts]
    return list(zip(moments[::2], moments[1::2], strict=False))


moments = st.integers(-1440, 22 * 1440).map(lambda number: MONDAY + number * MINUTE)
minutes = st.integers(1, 10 * 1440)


def count(stretches, start, end, stops=()):
    """Count the served minutes one by one."""
    served, minute = 0, start
    while minute < end:
        served += any(a <= minute < b for a, b in stretches) and not any(
            a <= minute < b for a, b in stops
        )
        minute += MINUTE
    return served


class TestProperties(TestCase):
    @untimed
    @given(shifts(), moments, st.integers(0, 3000), pauses())
    def test_hours_are_counted(self, stretches, start, length, stops):
        end = start + length * MINUTE
        hours = ServiceHours(stretches).hours(start, end, stops)
        self.assertEqual(round(hours * 60), count(stretches, start, end, stops))

    @untimed
    @given(shifts(), moments, minutes, pauses())
    def test_due_is_when_they_have_passed(self, stretches, start, wanted, stops):
        """All have passed by then, and a minute before one is missing."""
        clock = ServiceHours(stretches)
        due = clock.due(start, wanted / 60, stops)
        if due is None:
            over = MONDAY + timedelta(days=40)
            self.assertLess(round(clock.hours(start, over, stops) * 60), wanted)
            return
        self.assertGreater(due, start)
        self.assertEqual(round(clock.hours(start, due, stops) * 60), wanted)
        self.assertEqual(
            round(clock.hours(start, due - MINUTE, stops) * 60), wanted - 1
        )

    @untimed
    @given(shifts(), moments, minutes, minutes)
    def test_one_after_the_other(self, stretches, start, first, second):
        """What is due after both is due as long after what is due after the first."""
        clock = ServiceHours(stretches)
        middle = clock.due(start, first / 60)
        together = clock.due(start, (first + second) / 60)
        self.assertEqual(middle and clock.due(middle, second / 60), together)

    @untimed
    @given(shifts(), moments, minutes, minutes, minutes)
    def test_later_is_never_sooner(self, stretches, start, later, wanted, more):
        clock = ServiceHours(stretches)
        due = clock.due(start, wanted / 60)
        for other in (
            clock.due(start + later * MINUTE, wanted / 60),
            clock.due(start, (wanted + more) / 60),
        ):
            if other:
                self.assertLessEqual(due, other)

    @untimed
    @given(
        st.sampled_from(["Europe/Rome", "America/Sao_Paulo", "Australia/Lord_Howe"]),
        st.dates(datetime(2000, 1, 1).date(), datetime(2030, 1, 1).date()),
    )
    def test_days_go_on_across_changes_of_clocks(self, zone, day):
        """Whole days leave no gap: three of them are one stretch."""
        first = datetime.combine(day, time())
        days = [
            (first + timedelta(days=number), first + timedelta(days=number + 1))
            for number in range(3)
        ]
        parts = to_utc(days, ZoneInfo(zone))
        whole = to_utc([(days[0][0], days[-1][1])], ZoneInfo(zone))
        total = ServiceHours(whole).hours(first - LIMIT, first + LIMIT)
        self.assertEqual(ServiceHours(parts).hours(first - LIMIT, first + LIMIT), total)

"""Where due dates go that fall on a day off: the rule A5."""

from datetime import date, timedelta
from unittest import TestCase

from hypothesis import given
from hypothesis import strategies as st

from ...engine import RuleError, WorkingDays, shift, window
from .test_engine_rules import untimed

# A Monday.
MONDAY = date(2026, 6, 1)
SPAN = 40


def day(number):
    """Return a day of the span: 0 is a Monday, 5 and 6 are the weekend after it."""
    return MONDAY + timedelta(days=number)


def weekdays(*closed):
    """Return the working days of the span, without those closed by number."""
    return WorkingDays(
        day(number) for number in range(SPAN) if number % 7 < 5 and number not in closed
    )


numbers = st.integers(0, SPAN - 1)
date_lists = st.sets(numbers).map(
    lambda found: [day(number) for number in sorted(found)]
)
calendars = st.sets(numbers).map(lambda found: {day(number) for number in found})
policies = st.sampled_from(("before", "after", "nearest"))


class TestShift(TestCase):
    def test_policies(self):
        # Wednesday to Friday of the second week are a holiday: 9, 10, 11.
        working = weekdays(9, 10, 11)
        for policy, nominal, due in (
            ("before", 2, 2),
            ("before", 5, 4),
            ("before", 6, 4),
            ("after", 5, 7),
            ("after", 10, 14),
            ("nearest", 5, 4),
            ("nearest", 6, 7),
            # Five days off from 9 to 13: 11 is as near to 8 as to 14.
            ("nearest", 10, 8),
            ("nearest", 11, 8),
            ("nearest", 12, 14),
        ):
            with self.subTest(policy=policy, nominal=nominal):
                self.assertEqual(
                    shift([day(nominal)], working, day(0), day(SPAN), policy),
                    [(day(nominal), day(due), None)],
                )

    def test_looks_the_other_way_at_the_ends(self):
        for policy, start, nominal, end, due in (
            ("before", 5, 6, 20, 7),
            ("nearest", 5, 5, 20, 7),
            ("after", 0, 12, 13, 11),
            ("nearest", 0, 13, 13, 11),
            ("after", 0, 12, None, 14),
        ):
            with self.subTest(policy=policy, start=start, end=end):
                last = end and day(end)
                self.assertEqual(
                    shift([day(nominal)], weekdays(), day(start), last, policy),
                    [(day(nominal), day(due), None)],
                )

    def test_no_working_day_in_the_term(self):
        self.assertEqual(
            shift([day(5), day(6)], weekdays(), day(5), day(6)),
            [(day(5), day(5), "no_working_day"), (day(6), day(6), "no_working_day")],
        )

    def test_same_day_takes_the_next_free_one(self):
        """Friday to Tuesday: Saturday's takes Monday, so Sunday's takes Tuesday."""
        dates = [day(number) for number in (4, 5, 6, 7, 8)]
        self.assertEqual(
            [due for _nominal, due, _warning in shift(dates, weekdays(), day(0), None)],
            [day(4), day(7), day(8), day(9), day(10)],
        )

    def test_same_day_stays_where_none_is_free(self):
        dates = [day(4), day(5)]
        self.assertEqual(
            shift(dates, weekdays(), day(0), day(6)),
            [(day(4), day(4), None), (day(5), day(4), "same_day")],
        )

    @untimed
    @given(date_lists, calendars, policies, st.tuples(numbers, numbers))
    def test_any_calendar(self, dates, worked, policy, ends):
        start, end = (day(number) for number in sorted(ends))
        dates = [nominal for nominal in dates if start <= nominal <= end]
        shifted = shift(dates, WorkingDays(worked), start, end, policy)
        self.assertEqual([visit.nominal for visit in shifted], dates)
        due = [visit.due for visit in shifted]
        self.assertEqual(due, sorted(due), "Shifted dates never decrease.")
        in_term = {found for found in worked if start <= found <= end}
        previous = None
        for visit in shifted:
            self.assertTrue(start <= visit.due <= end, "They stay in the term.")
            self.assertEqual(visit.warning == "no_working_day", not in_term)
            self.assertTrue(visit.due in in_term or not in_term)
            self.assertEqual(visit.warning == "same_day", visit.due == previous)
            previous = visit.due

    @untimed
    @given(date_lists, calendars, policies, numbers)
    def test_continued_as_in_one_run(self, dates, worked, policy, place):
        working = WorkingDays(worked)
        start, end = day(0), day(SPAN)
        shifted = shift(dates, working, start, end, policy)
        known = shifted[:place]
        previous = known[-1].due if known else None
        later = shift(dates[place:], working, start, end, policy, previous)
        self.assertEqual(known + later, shifted)


class TestWindow(TestCase):
    def test_days_around_the_due_date(self):
        self.assertEqual(window(day(10), 3, 7), (day(7), day(17)))
        self.assertEqual(window(day(10), 0, 0), (day(10), day(10)))

    def test_negative(self):
        for before, after in ((-1, 0), (0, -1)):
            with self.subTest(before=before, after=after):
                with self.assertRaises(RuleError) as caught:
                    window(day(10), before, after)
                self.assertEqual(caught.exception.code, "negative_window")

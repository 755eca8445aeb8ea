"""What happens to visits whose rule changes: the rule A6."""

from dataclasses import replace
from datetime import date, timedelta
from unittest import TestCase

from hypothesis import given
from hypothesis import strategies as st

from ...engine import AfterLast, Changes, Interval, Occurrence, Term, reconcile
from .test_engine_rules import days, rules_in_terms, untimed

NOTHING = Changes([], [], [], [])
FIXED = ("planned", "started", "done", "skipped")
STATUSES = ("untouched", "touched", *FIXED, "dropped")
UNTIL = date(2026, 7, 31)
TERM = Term(date(2026, 1, 1))


def first_of(*months):
    """Return the 1st of months of 2026."""
    return [date(2026, month, 1) for month in months]


def visits(statuses):
    """Return visits on the 1st of months of 2026: ``visits({2: "done"})``."""
    return [
        Occurrence(date(2026, month, 1), status) for month, status in statuses.items()
    ]


def apply(changes, existing):
    """Return what exists after the changes were made."""
    found = {visit.nominal: visit for visit in existing}
    for day in changes.create:
        assert day not in found, "The key is unique."
        found[day] = Occurrence(day, "untouched")
    for day in changes.delete:
        del found[day]
    for day in changes.cancel:
        found[day] = replace(found[day], status="dropped")
    for day in changes.reopen:
        found[day] = replace(found[day], status="touched")
    return list(found.values())


@st.composite
def histories(draw):
    """Return visits of all kinds, one for each of some days."""
    return [
        Occurrence(
            day,
            status,
            draw(st.none() | days) if status == "done" else None,
        )
        for day, status in draw(
            st.dictionaries(days, st.sampled_from(STATUSES), max_size=12)
        ).items()
    ]


class TestReconcile(TestCase):
    monthly = Interval(1, "month")

    def test_first_generation_and_horizon(self):
        changes = reconcile(self.monthly, TERM, [], date(2026, 3, 31))
        self.assertEqual(changes, Changes(first_of(2, 3), [], [], []))
        existing = apply(changes, [])
        changes = reconcile(self.monthly, TERM, existing, date(2026, 4, 30))
        self.assertEqual(changes, Changes(first_of(4), [], [], []))

    def test_changed_rule(self):
        """On the 15th instead of the 1st, from the day after the planned visit."""
        existing = visits(
            {
                2: "done",
                3: "planned",
                4: "untouched",
                5: "touched",
                6: "skipped",
                7: "untouched",
            }
        )
        term = Term(TERM.start, first=date(2026, 2, 15))
        changes = reconcile(self.monthly, term, existing, UNTIL)
        self.assertEqual(
            changes,
            Changes(
                create=[date(2026, month, 15) for month in (3, 4, 5, 6, 7)],
                delete=first_of(4, 7),
                cancel=first_of(5),
                reopen=[],
            ),
        )

    def test_changed_and_changed_back(self):
        """What the change cancelled comes back, what a person cancelled does not."""
        existing = visits({2: "done", 3: "touched", 4: "skipped", 5: "untouched"})
        quarterly = Interval(3, "month")
        until = date(2026, 5, 31)
        changed = reconcile(quarterly, TERM, existing, until)
        self.assertEqual(changed, Changes([], first_of(5), first_of(3), []))
        changed_back = reconcile(self.monthly, TERM, apply(changed, existing), until)
        self.assertEqual(changed_back, Changes(first_of(5), [], [], first_of(3)))

    def test_nothing_up_to_the_last_planned_one(self):
        """An unplanned visit before a planned one stays, a missing one is not made."""
        existing = visits(
            {3: "untouched", 5: "planned", 6: "untouched", 7: "untouched"}
        )
        self.assertEqual(reconcile(self.monthly, TERM, existing, UNTIL), NOTHING)
        yearly = Interval(1, "year")
        changes = reconcile(yearly, TERM, existing, UNTIL)
        self.assertEqual(changes, Changes([], first_of(6, 7), [], []))

    def test_resumed_after_a_suspension(self):
        """Those removed before a planned one are made again, past ones are not."""
        after = date(2026, 3, 15)
        existing = [*visits({2: "done", 5: "planned"}), Occurrence(after, "untouched")]
        changes = reconcile(self.monthly, TERM, existing, UNTIL, after)
        self.assertEqual(changes, Changes(first_of(4, 6, 7), [], [], []))

    def test_later_start_and_earlier_end(self):
        existing = visits({2: "untouched", 3: "untouched", 4: "touched", 5: "touched"})
        term = Term(date(2026, 2, 1), date(2026, 4, 1))
        changes = reconcile(self.monthly, term, existing, UNTIL)
        self.assertEqual(changes, Changes([], first_of(2), first_of(5), []))

    def test_shorter_horizon_deletes_nothing(self):
        existing = apply(reconcile(self.monthly, TERM, [], UNTIL), [])
        until = date(2026, 3, 31)
        self.assertEqual(reconcile(self.monthly, TERM, existing, until), NOTHING)
        changes = reconcile(Interval(2, "month"), TERM, existing, until)
        self.assertEqual(changes.delete, first_of(2, 4, 6))

    @untimed
    @given(rules_in_terms(), histories(), days, st.none() | days)
    def test_idempotent(self, rule_in_term, existing, until, after):
        rule, term = rule_in_term
        changed = apply(reconcile(rule, term, existing, until, after), existing)
        again = reconcile(rule, term, changed, until, after)
        self.assertEqual(again, NOTHING)

    @untimed
    @given(rules_in_terms(), histories(), days)
    def test_done_visits_never_change(self, rule_in_term, existing, until):
        changes = reconcile(*rule_in_term, existing, until)
        before = {visit.nominal: visit.status for visit in existing}
        changed = {*changes.delete, *changes.cancel, *changes.reopen}
        self.assertFalse(changed & {day for day in before if before[day] in FIXED})
        fixed = [day for day in before if before[day] in FIXED[:3]]
        if fixed and any(changes):
            self.assertGreater(min(changed.union(changes.create)), max(fixed))

    @untimed
    @given(rules_in_terms(), days)
    def test_rolling_horizon(self, rule_in_term, until):
        """Night after night gives the same visits as once."""
        rule, term = rule_in_term
        existing = []
        for late in (700, 400, 20, 0):
            horizon = until - timedelta(days=late)
            existing = apply(reconcile(rule, term, existing, horizon), existing)
        self.assertEqual(
            sorted(visit.nominal for visit in existing), rule.occurrences(term, until)
        )


class TestAfterLast(TestCase):
    rule = AfterLast(1, "month")

    def assert_next(self, due, *existing, after=None):
        """Assert that the line gets exactly the next visit, once."""
        changes = reconcile(self.rule, TERM, existing, UNTIL, after)
        self.assertEqual(changes, Changes([due] if due else [], [], [], []))
        changed = apply(changes, existing)
        self.assertEqual(reconcile(self.rule, TERM, changed, UNTIL, after), NOTHING)

    def test_next_visit(self):
        february = date(2026, 2, 1)
        self.assert_next(february)
        for status in ("untouched", "touched", "planned", "started"):
            with self.subTest(status=status):
                self.assert_next(None, Occurrence(february, status))
        self.assert_next(
            date(2026, 3, 12), Occurrence(february, "done", date(2026, 2, 12))
        )

    def test_skipped_one_counts_from_its_date(self):
        done = Occurrence(date(2026, 2, 1), "done", date(2026, 2, 12))
        self.assert_next(
            date(2026, 4, 12), done, Occurrence(date(2026, 3, 12), "skipped")
        )

    def test_done_long_before_its_date(self):
        """The next one still has a date of its own, later than the one before."""
        done = Occurrence(date(2026, 3, 12), "done", date(2026, 2, 1))
        self.assert_next(date(2026, 3, 13), done)
        term = Term(TERM.start, done.nominal)
        self.assertEqual(reconcile(self.rule, term, [done], UNTIL), NOTHING)

    def test_late_when_resumed(self):
        """What became due in a suspension is due on the first day after it."""
        done = Occurrence(date(2026, 2, 1), "done", date(2026, 2, 12))
        self.assert_next(date(2026, 6, 1), done, after=date(2026, 5, 31))

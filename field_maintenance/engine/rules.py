"""The rules by which visits fall due (A1 to A4): days on which each is nominally due.

Every rule tells how many visits are due up to any day (``count``) and on which day the
i-th one is (``day``), both by arithmetic from the anchor. What lies in a window follows
from these two: without counting up to it, and without drifting.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from .dates import DAYS, MONTHS, ONE_DAY, Unit, add_units, day_in_month, whole_units
from .errors import RuleError


@dataclass(frozen=True)
class Term:
    """The days for which a rule is in force, both ends included.

    :param start: first day
    :param end: last day, None for an open term
    :param first: the first due date if one was typed, inside the term
    :raise RuleError: ``end_before_start``, ``first_outside_term``
    """

    start: date
    end: date | None = None
    first: date | None = None

    def __post_init__(self) -> None:
        ends = {"start": self.start}
        if self.end is not None:
            ends["end"] = self.end
            if self.end < self.start:
                raise RuleError("end_before_start", **ends)
        if self.first is not None and not (
            self.start <= self.first <= (self.end or date.max)
        ):
            raise RuleError("first_outside_term", first=self.first, **ends)

    @property
    def anchor(self) -> date:
        """The day from which a rule is counted: the first due date, else the start."""
        return self.first or self.start


class Ordinal(NamedTuple):
    """Occurrence ``number`` of ``total``, counted from 1."""

    number: int
    total: int


class Rule(ABC):
    """How often something is due. Rules are immutable; equal ones compare equal."""

    def check(self, term: Term) -> None:
        """Raise ``RuleError`` if the rule cannot be followed in this term.

        What is wrong with a rule or a term alone is raised when it is made.
        """
        self.last_day(term)

    def last_day(self, term: Term) -> date | None:
        """Return the last day of the term, None if it is open."""
        return term.end

    @abstractmethod
    def count(self, term: Term, until: date) -> int:
        """Return how many visits are due up to and including a day, whatever the end
        that was typed."""

    @abstractmethod
    def day(self, term: Term, number: int) -> date:
        """Return the nominal date of a visit by its number, counted from 1."""

    def occurrences(
        self, term: Term, until: date, after: date | None = None
    ) -> list[date]:
        """Return the days on which visits are nominally due, strictly increasing.

        The cost depends on how many there are, not on how far from the start they lie.

        :param until: last day of interest, included
        :param after: the day before the first one of interest; None from the start
        :raise RuleError: see ``check``
        """
        self.check(term)
        end = self.last_day(term)
        known = 0 if after is None else self.count(term, after)
        due = self.count(term, until if end is None else min(until, end))
        return [self.day(term, number) for number in range(known + 1, due + 1)]

    def ordinal(self, term: Term, day: date) -> Ordinal | None:
        """Return which occurrence a due day is, and of how many.

        They are counted over the term; in an open one, over the year in which the day
        lies, years running from the first occurrence.

        :param day: one of the rule's occurrences
        :raise RuleError: see ``check``
        """
        self.check(term)
        end = self.last_day(term)
        earlier = 0
        if end is None:
            first = self.day(term, 1)
            year = whole_units(first, day, "year")
            earlier = self.count(term, add_units(first, year, "year") - ONE_DAY)
            end = add_units(first, year + 1, "year") - ONE_DAY
        return Ordinal(self.count(term, day) - earlier, self.count(term, end) - earlier)


@dataclass(frozen=True)
class Interval(Rule):
    """Every ``number`` units (A1): anchor + k × number units, each from the anchor.

    The anchor is the first due date if one was typed, which is then due itself
    (k ≥ 0), else the start, which is not (k ≥ 1).

    :raise RuleError: ``number_not_positive``
    """

    number: int
    unit: Unit

    def __post_init__(self) -> None:
        if self.number < 1:
            raise RuleError("number_not_positive", number=self.number)

    def count(self, term: Term, until: date) -> int:
        steps = whole_units(term.anchor, until, self.unit) // self.number
        return max(0, steps + 1 if term.first else steps)

    def day(self, term: Term, number: int) -> date:
        steps = number - 1 if term.first else number
        return add_units(term.anchor, steps * self.number, self.unit)


@dataclass(frozen=True)
class AfterLast(Interval):
    """One interval after the last visit was done (A4): only the next visit exists.

    Before the first visit it is the first due date, else one interval after the start.
    It is never due before the start: what is late by then is due on the start.

    :param last: the day on which the last visit was done; of one that was skipped, the
        day on which it was nominally due
    :raise RuleError: ``number_not_positive``
    """

    last: date | None = None

    def count(self, term: Term, until: date) -> int:
        due = super().count(self._counted_from(term), until)
        return int(until >= term.start and due > 0)

    def day(self, term: Term, number: int) -> date:
        return max(term.start, super().day(self._counted_from(term), number))

    def ordinal(self, term: Term, day: date) -> None:
        """Return None: the next visit is the only one that exists."""

    def _counted_from(self, term: Term) -> Term:
        return Term(self.last) if self.last else term


@dataclass(frozen=True)
class Months(Rule):
    """Chosen months of the year (A2), on the day of the month of the first due date if
    one was typed, else of the start, cut to the month's length.

    Each such day in the term is due, the start itself too if its month is chosen.
    Nothing is due before a typed first due date; that one is due itself only if its
    month is chosen.

    :param months: numbers from 1 to 12; kept sorted, each once
    :raise RuleError: ``no_month``, ``unknown_month``
    """

    months: tuple[int, ...]

    def __init__(self, months: Iterable[int]) -> None:
        chosen = tuple(sorted(set(months)))
        if not chosen:
            raise RuleError("no_month")
        for month in chosen:
            if not 1 <= month <= 12:
                raise RuleError("unknown_month", month=month)
        object.__setattr__(self, "months", chosen)

    def count(self, term: Term, until: date) -> int:
        # A chosen month counts once its day, which may be cut, has come.
        day = day_in_month(until.year, until.month, term.anchor.day)
        passed = self._until(until.month if until >= day else until.month - 1)
        years = until.year - term.anchor.year
        return max(0, years * len(self.months) + passed - self._missed(term))

    def day(self, term: Term, number: int) -> date:
        index = self._missed(term) + number - 1
        years, place = divmod(index, len(self.months))
        year = term.anchor.year + years
        return day_in_month(year, self.months[place], term.anchor.day)

    def _until(self, month: int) -> int:
        """Return how many chosen months of a year lie up to and including a month."""
        return sum(chosen <= month for chosen in self.months)

    def _missed(self, term: Term) -> int:
        """Return how many chosen months of the anchor's year lie before it."""
        return self._until(term.anchor.month - 1)


@dataclass(frozen=True)
class Spread(Rule):
    """N visits evenly over the term (A3).

    With D = end − start in days, visit i of N is due ⌊(2·i·D + N) / 2N⌋ days after the
    start: i·D / N rounded, halves up, so that the last one is due on the last day.
    A first due date has no meaning here.

    :param visit_count: N
    :param number, unit: how far apart visits are, which tells how long a term without
        an end lasts; with an end they have no meaning
    :raise RuleError: ``visit_count_not_positive``
    """

    visit_count: int
    number: int
    unit: Unit

    def __post_init__(self) -> None:
        if self.visit_count < 1:
            raise RuleError("visit_count_not_positive", visit_count=self.visit_count)

    def check(self, term: Term) -> None:
        """Refuse more visits than days and a term that cannot be derived.

        :raise RuleError: ``too_many_visits`` if N > max(1, D); without an end
            ``number_not_positive``, ``term_too_long``
        """
        end = self.last_day(term)
        maximum = max(1, (end - term.start).days)
        if self.visit_count > maximum:
            raise RuleError(
                "too_many_visits",
                visit_count=self.visit_count,
                maximum=maximum,
                start=term.start,
                end=end,
            )

    def last_day(self, term: Term) -> date:
        """Return the typed end, else the day that N times number units make.

        D = N × the length of what lies between visits: a day has 1, a week 7 and n
        months ⌊n × 365 / 12⌋ days. Where one of them lasts whole years, the term lasts
        N times as many: it ends on start + years − 1 day.

        :raise RuleError: ``number_not_positive``, ``term_too_long``
        """
        if term.end is not None:
            return term.end
        if self.number < 1:
            raise RuleError("number_not_positive", number=self.number)
        try:
            return self._derived_end(term.start)
        except (OverflowError, ValueError) as error:
            raise RuleError(
                "term_too_long", visit_count=self.visit_count, start=term.start
            ) from error

    def _derived_end(self, start: date) -> date:
        if self.unit in DAYS:
            return add_units(start, self.visit_count * self.number, self.unit)
        months = self.number * MONTHS[self.unit]
        years, rest = divmod(months, 12)
        if not rest:
            return add_units(start, self.visit_count * years, "year") - ONE_DAY
        return start + timedelta(days=self.visit_count * (months * 365 // 12))

    def count(self, term: Term, until: date) -> int:
        # Visit i is due by day t if 2·i·D + N < 2N·(t + 1).
        passed = (until - term.start).days
        if passed < 0:
            return 0
        days = (self.last_day(term) - term.start).days
        if not days:
            return self.visit_count
        due = (self.visit_count * (2 * passed + 1) - 1) // (2 * days)
        return min(self.visit_count, due)

    def day(self, term: Term, number: int) -> date:
        days = (self.last_day(term) - term.start).days
        rounded = (2 * number * days + self.visit_count) // (2 * self.visit_count)
        return term.start + timedelta(days=rounded)


@dataclass(frozen=True)
class SpreadPerTerm(Rule):
    """N visits over each of several terms that follow one another (A3).

    Of the dates of a term only those between start and end of the rule's own term are
    due: what begins in the middle of it has the visits that are left.

    :param visit_count: N
    :param terms: (first, last day) of each in order; where the last of them has no
        end, it is followed by years, each with N visits
    """

    visit_count: int
    terms: tuple[tuple[date, date | None], ...]

    def __post_init__(self) -> None:
        if self.visit_count < 1:
            raise RuleError("visit_count_not_positive", visit_count=self.visit_count)

    def check(self, term: Term) -> None:
        """Refuse more visits than days.

        :raise RuleError: ``too_many_visits``
        """
        for place in range(len(self.terms)):
            self._spread.check(self._stretch(place))

    def count(self, term: Term, until: date) -> int:
        return self._count(until) - self._count(term.start - ONE_DAY)

    def day(self, term: Term, number: int) -> date:
        place, within = divmod(
            self._count(term.start - ONE_DAY) + number - 1, self.visit_count
        )
        if place >= len(self.terms) and self.terms[-1][1] is not None:
            # Like a date after the year 9999: none is left.
            raise OverflowError
        return self._spread.day(self._stretch(place), within + 1)

    @property
    def _spread(self) -> Spread:
        return Spread(self.visit_count, 1, "year")

    def _stretch(self, place: int) -> Term:
        """Return a term by its place, or a year of the last one if that is open."""
        if place < len(self.terms) and self.terms[place][1] is not None:
            return Term(*self.terms[place])
        last = len(self.terms) - 1
        start, years = self.terms[last][0], place - last
        return Term(
            add_units(start, years, "year"),
            add_units(start, years + 1, "year") - ONE_DAY,
        )

    def _count(self, until: date) -> int:
        """Return how many visits of all terms are due up to and including a day."""
        begun = sum(first <= until for first, _last in self.terms)
        if not begun:
            return 0
        place = begun - 1
        if self.terms[place][1] is None:
            place += whole_units(self.terms[place][0], until, "year")
        spread = self._spread
        return place * self.visit_count + spread.count(self._stretch(place), until)

"""What a rule will do, before anything is generated."""

from datetime import date
from typing import Literal, NamedTuple

from .rules import Months, Ordinal, Rule, Spread, Term
from .working_days import Policy, Shifted, WorkingDays, shift

Note = Literal["nothing_due", "first_not_used", "first_not_in_months"]


class PreviewLine(NamedTuple):
    """An occurrence: its days, what does not fit, and its number where it has one."""

    visit: Shifted
    ordinal: Ordinal | None


class Preview(NamedTuple):
    """The occurrences, and what does not fit with the rule as a whole.

    ``nothing_due``: no visit falls into the term before the horizon.
    ``first_not_used``: a first due date was typed, which a spread does not follow.
    ``first_not_in_months``: a first due date was typed whose month is not chosen.
    """

    lines: list[PreviewLine]
    notes: list[Note]


def preview(
    rule: Rule,
    term: Term,
    until: date,
    working: WorkingDays,
    policy: Policy = "before",
) -> Preview:
    """Return the visits that would be due up to and including a day.

    :raise RuleError: see ``Rule.check``
    """
    dates = rule.occurrences(term, until)
    shifted = shift(dates, working, term.start, rule.last_day(term), policy)
    notes: list[Note] = []
    if not dates:
        notes.append("nothing_due")
    if term.first and isinstance(rule, Spread):
        notes.append("first_not_used")
    if term.first and isinstance(rule, Months) and term.first.month not in rule.months:
        notes.append("first_not_in_months")
    return Preview(
        [PreviewLine(visit, rule.ordinal(term, visit.nominal)) for visit in shifted],
        notes,
    )

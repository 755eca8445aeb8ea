"""What a rule amounts to: the visit that comes next, and how many a year."""

from datetime import date

from .dates import DAYS, MONTHS, ONE_DAY
from .rules import Interval, Months, Rule, Spread, SpreadPerTerm, Term

DAYS_PER_YEAR = 365.25


def next_occurrence(rule: Rule, term: Term, after: date) -> date | None:
    """Return the first nominal date after a day, None if none is left.

    :raise RuleError: see ``Rule.check``
    """
    rule.check(term)
    end = rule.last_day(term)
    try:
        day = rule.day(term, rule.count(term, after) + 1)
    except (OverflowError, ValueError):
        # After the year 9999.
        return None
    return day if after < day and (end is None or day <= end) else None


def visits_per_year(rule: Rule, term: Term) -> float:
    """Return how many visits a year has on average, a leap year every fourth.

    :raise RuleError: see ``Rule.check``
    """
    rule.check(term)
    if isinstance(rule, Months):
        return float(len(rule.months))
    if isinstance(rule, Spread) and term.end is not None:
        days = (term.end - term.start + ONE_DAY).days
        return rule.visit_count * DAYS_PER_YEAR / max(days, DAYS_PER_YEAR)
    if isinstance(rule, SpreadPerTerm):
        first, last = rule.terms[0]
        days = (last - first + ONE_DAY).days if last else 0
        return rule.visit_count * DAYS_PER_YEAR / max(days, DAYS_PER_YEAR)
    assert isinstance(rule, Interval | Spread)
    per_year = (
        DAYS_PER_YEAR / DAYS[rule.unit] if rule.unit in DAYS else 12 / MONTHS[rule.unit]
    )
    return per_year / rule.number

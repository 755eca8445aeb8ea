"""What is wrong with a rule, in a form that can be translated."""

from datetime import date
from typing import Literal

ErrorCode = Literal[
    "end_before_start",
    "first_outside_term",
    "number_not_positive",
    "visit_count_not_positive",
    "too_many_visits",
    "too_many_past",
    "term_too_long",
    "no_month",
    "unknown_month",
    "negative_window",
    "nothing_to_spread",
]


class RuleError(ValueError):
    """A rule or a term that cannot be followed.

    ``code`` says which, ``parameters`` hold the values that a message for the user
    should name:

    - ``end_before_start``: start, end
    - ``first_outside_term``: first, start, and end unless the term is open
    - ``number_not_positive``: number (of units between visits)
    - ``visit_count_not_positive``: visit_count
    - ``too_many_visits``: visit_count, maximum (for the days of the term), start, end
    - ``too_many_past``: count (of visits that were due by now), maximum, start
    - ``term_too_long``: visit_count, start (the last visit is after the year 9999)
    - ``no_month``: nothing
    - ``unknown_month``: month
    - ``negative_window``: days_before, days_after
    - ``nothing_to_spread``: nothing
    """

    def __init__(self, code: ErrorCode, **parameters: date | int) -> None:
        super().__init__(code, parameters)
        self.code = code
        self.parameters = parameters

    def __str__(self) -> str:
        values = ", ".join(f"{key}={value}" for key, value in self.parameters.items())
        return f"{self.code}({values})"

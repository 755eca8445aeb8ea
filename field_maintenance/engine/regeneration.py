"""What to do with visits that exist when their rule or horizon changes (A6)."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal, NamedTuple

from .dates import ONE_DAY
from .gaps import Gap, in_gap, leave_gaps
from .rules import AfterLast, Rule, Term

Status = Literal[
    "untouched", "touched", "planned", "started", "done", "skipped", "dropped"
]
OPEN = ("untouched", "touched")
UNDER_WAY = ("planned", "started")


@dataclass(frozen=True)
class Occurrence:
    """A visit that exists for a nominal date, which is its key within its line.

    :param status: ``untouched`` (to plan, as it was generated), ``touched`` (to plan,
        but somebody worked on it), ``planned``, ``started``, ``done``, ``skipped``
        (cancelled by a person) or ``dropped`` (cancelled by ``reconcile``). Follow-ups
        are no occurrences; a visit merged into another has the status of that one.
    :param done: the day on which it was done; the nominal date if not given
    """

    nominal: date
    status: Status
    done: date | None = None


class Changes(NamedTuple):
    """Nominal dates of the visits to be made, deleted, cancelled with a reason, and put
    back to plan, each list in order. Nothing is to be done unless ``any(changes)``."""

    create: list[date]
    delete: list[date]
    cancel: list[date]
    reopen: list[date]


def reconcile(
    rule: Rule,
    term: Term,
    existing: Iterable[Occurrence],
    until: date,
    after: date | None = None,
    gaps: Collection[Gap] = (),
) -> Changes:
    """Compare the visits of one line with what its rule wants (A6).

    A rule applies from the day after the last planned, started or done occurrence:
    nothing up to that day is made or changed, nor anything that is planned, started,
    done or skipped. After it, visits that no longer belong are deleted if untouched and
    cancelled if touched, missing ones are made, and dropped ones that belong again are
    reopened. Once applied, the same call finds nothing to do.

    :param existing: all visits of the line that are no follow-ups, or at least the last
        one that is planned, started, done or skipped and all that come after it
    :param until: the horizon, included. Where visits to plan exist beyond it, it is
        moved to the last of them: a shorter horizon deletes nothing.
    :param after: change nothing up to this day, instead of the day of the last planned,
        started or done occurrence: after a suspension, visits removed before one that
        is planned are made again
    :param gaps: stretches without visits. What is to plan in one of them is deleted or
        cancelled, whatever comes after it; what is planned there stays
    :raise RuleError: see ``Rule.check``
    """
    existing = list(existing)
    statuses = {visit.nominal: visit.status for visit in existing}
    if after is None:
        fixed = (*UNDER_WAY, "done")
        after = max((day for day in statuses if statuses[day] in fixed), default=None)
    applies = {day for day in statuses if after is None or day > after}
    until = max([until, *(day for day in applies if statuses[day] in OPEN)])
    wanted = set(_wanted(rule, term, existing, until, after, gaps))
    unwanted = sorted(
        day
        for day in statuses
        if in_gap(day, gaps) or (day not in wanted and day in applies)
    )
    return Changes(
        create=sorted(wanted - statuses.keys()),
        delete=[day for day in unwanted if statuses[day] == "untouched"],
        cancel=[day for day in unwanted if statuses[day] == "touched"],
        reopen=sorted(day for day in wanted if statuses.get(day) == "dropped"),
    )


def _wanted(
    rule: Rule,
    term: Term,
    existing: list[Occurrence],
    until: date,
    after: date | None,
    gaps: Collection[Gap],
) -> list[date]:
    """Return the nominal dates after a day on which the rule wants visits."""
    if not isinstance(rule, AfterLast):
        due = rule.occurrences(term, until, after)
        return [day for day in due if not in_gap(day, gaps)]
    if any(visit.status in UNDER_WAY for visit in existing):
        return []
    ended = (visit for visit in existing if visit.status in ("done", "skipped"))
    last = max((visit.done or visit.nominal for visit in ended), default=rule.last)
    due = replace(rule, last=last).occurrences(term, until)
    # A visit done long before its day may lead back to that day: keys increase.
    if after is not None:
        due = [max(day, after + ONE_DAY) for day in due]
    due = [free for day in due if (free := leave_gaps(day, gaps))]
    return [day for day in due if term.end is None or day <= term.end]

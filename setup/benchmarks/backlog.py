"""Plan the backlog: two hundred visits, twenty technicians, five days."""

from collections.abc import Iterator

from .databases import Databases
from .options import DAYS, LONGEST_PAUSE, MORE_LEFT, SEEDS, TECHNICIANS, VISITS
from .report import Result

NOTES = {
    "backlog": f"Plan the backlog: {VISITS} visits of one to three hours for "
    f"{TECHNICIANS} technicians and {DAYS} days, some of them urgent, with windows and "
    "agreed hours, each for a part of the technicians. A third of them somebody should "
    "do; what it costs that others go counts as travel. "
    f"Medians of {SEEDS} such problems, compared with what VROOM finds on its level 1: "
    f"no more priority is lost, and {MORE_LEFT:.0%} more visits are left over at most, "
    "also without VROOM. While VROOM works, no other thread of Odoo waits longer than "
    f"{LONGEST_PAUSE} s.",
}


def plan(databases: Databases) -> Iterator[Result]:
    """Plan with VROOM and without it, and compare what they find."""
    # Odoo only finds our addons once it was told where they are.
    from .backlog_plans import compare

    yield from compare(databases.sizes.rounds == 1)

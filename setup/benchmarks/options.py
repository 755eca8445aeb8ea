"""The options of setup/bench."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass

# Name: what it measures. In the order in which they run and are reported.
BENCHMARKS = {
    "create": "create equipment through the wizard",
    "list": "open the list, count, record one piece, among few and many rows",
    "move": "move equipment to another customer; who has what, in one table",
    "search": "the one search box",
    "screens": "open screens of visits and equipment, as those who use them",
    "load": "let some users open their screens over HTTP, beside core's",
    "board": "show the dispatch board's week",
    "backlog": "plan the backlog, with VROOM and without it",
    "slots": "find a slot for a visit among four weeks of fifty technicians",
    "plan": "plan visits with their events in Odoo's calendar",
    "visits": "make a year of visits, among none and many; find nothing to make",
    "contracts": "invoice service contracts, beside OCA's",
    "due": "find what is due among many service contracts",
    "books": "open what is shown about many contracts, beside core's",
    "responses": "find the response dates of many requests",
    "alerts": "look for alerts among many requests, open and closed",
    "priced": "price and cover what was used on many visits",
    "billing": "bill many visits, beside core's orders",
    "fixes": "what fixed it before, among many done lines",
    "recognition": "recognise deferred contract revenue",
    "deliveries": "deliver serial numbers, creating equipment of them",
    "parts": "finish visits that used parts, beside transfers",
}
# What some are compared with, of OCA.
PEERS = {"search": "fieldservice", "visits": "fieldservice", "contracts": "contract"}


# The backlog that is planned, and what is expected of the plan.
VISITS, TECHNICIANS, DAYS, SEEDS = 200, 20, 5, 5
# What an insertion may leave over more than VROOM, of all visits.
MORE_LEFT = 0.02
LONGEST_PAUSE = 0.2


@dataclass(frozen=True)
class Sizes:
    """How much of everything."""

    large: int
    small: int
    created: int
    schedules: int
    contracts: int
    due: int
    books: int
    requests: int
    billed: int
    delivered: int
    finished: int
    users: int
    rounds: int


SIZES = Sizes(
    large=1_000_000,
    small=10_000,
    created=10_000,
    schedules=1_000,
    contracts=1_000,
    due=100_000,
    books=50_000,
    requests=10_000,
    billed=1_000,
    delivered=1_000,
    finished=20,
    users=20,
    rounds=5,
)
SMOKE_SIZES = Sizes(
    large=3_000,
    small=1_000,
    created=40,
    schedules=20,
    contracts=20,
    due=2_000,
    books=200,
    requests=40,
    billed=10,
    delivered=5,
    finished=1,
    users=2,
    rounds=1,
)


def _chosen(text: str) -> list[str]:
    names = text.split(",")
    if unknown := set(names) - set(BENCHMARKS):
        raise argparse.ArgumentTypeError(
            f"no benchmark {', '.join(sorted(unknown))}: {', '.join(BENCHMARKS)}"
        )
    return [name for name in BENCHMARKS if name in names]


def _at_least(least: int) -> Callable[[str], int]:
    def count(text: str) -> int:
        number = int(text.replace("_", ""))
        if number < least:
            raise argparse.ArgumentTypeError(f"{least} or more")
        return number

    return count


def make_parser(description: str | None) -> argparse.ArgumentParser:
    """Return the parser of setup/bench."""
    rows = _at_least(1_000)
    parser = argparse.ArgumentParser(prog="setup/bench", description=description)
    parser.add_argument(
        "--only",
        type=_chosen,
        default=list(BENCHMARKS),
        metavar="NAMES",
        help="some benchmarks: "
        + "; ".join(f"{name}: {text}" for name, text in BENCHMARKS.items()),
    )
    parser.add_argument(
        "--size", type=rows, help=f"rows of the large database ({SIZES.large:,})"
    )
    parser.add_argument(
        "--small-size", type=rows, help=f"rows of the small one ({SIZES.small:,})"
    )
    parser.add_argument(
        "--created",
        type=_at_least(1),
        help=f"pieces of equipment created at once ({SIZES.created:,})",
    )
    parser.add_argument(
        "--schedules",
        type=_at_least(10),
        help=f"schedules whose visits are made ({SIZES.schedules:,})",
    )
    parser.add_argument(
        "--contracts",
        type=_at_least(10),
        help=f"service contracts of each kind ({SIZES.contracts:,})",
    )
    parser.add_argument(
        "--due",
        type=rows,
        help=f"live contracts among which the due ones are found ({SIZES.due:,})",
    )
    parser.add_argument(
        "--books",
        type=_at_least(100),
        help=f"contracts with invoices, costs and forecasts ({SIZES.books:,})",
    )
    parser.add_argument(
        "--requests",
        type=_at_least(10),
        help=f"requests with a response date ({SIZES.requests:,})",
    )
    parser.add_argument(
        "--billed",
        type=_at_least(10),
        help=f"visits that are priced and billed ({SIZES.billed:,})",
    )
    parser.add_argument(
        "--delivered",
        type=_at_least(1),
        help=f"serial numbers in a delivery ({SIZES.delivered:,})",
    )
    parser.add_argument(
        "--finished",
        type=_at_least(1),
        help=f"visits that are finished with parts ({SIZES.finished:,})",
    )
    parser.add_argument(
        "--users",
        type=_at_least(2),
        help=f"users who open their screens at once ({SIZES.users:,})",
    )
    parser.add_argument(
        "--rounds", type=_at_least(1), help=f"rounds of each ({SIZES.rounds})"
    )
    parser.add_argument(
        "--no-peer", action="store_true", help="compare with no addon of OCA"
    )
    parser.add_argument(
        "--smoke",
        action="store_true",
        help="tiny sizes, one round, no peer: proves no more than that it starts",
    )
    parser.add_argument(
        "--keep", action="store_true", help="keep the databases for the next run"
    )
    parser.add_argument(
        "--readme",
        action="store_true",
        help="put the table into docs/benchmarks.md, and in short into README.md",
    )
    parser.add_argument(
        "--gate", action="store_true", help="fail if a ratio misses its limit"
    )
    return parser


def sizes(options: argparse.Namespace) -> Sizes:
    """Return the sizes that the options ask for."""
    default = SMOKE_SIZES if options.smoke else SIZES
    return Sizes(
        large=options.size or default.large,
        small=options.small_size or default.small,
        created=options.created or default.created,
        schedules=options.schedules or default.schedules,
        contracts=options.contracts or default.contracts,
        due=options.due or default.due,
        books=options.books or default.books,
        requests=options.requests or default.requests,
        billed=options.billed or default.billed,
        delivered=options.delivered or default.delivered,
        finished=options.finished or default.finished,
        users=options.users or default.users,
        rounds=options.rounds or default.rounds,
    )

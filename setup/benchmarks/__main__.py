"""Run the benchmarks with Odoo and leave what they find in a file.

setup/bench calls this; its own options follow a description of what it prepared.
"""

import json
import logging
import platform
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

from odoo.tools import config

from lib.console import say

from . import (
    backlog,
    contract_screens,
    dispatch_board,
    http_load,
    installed_base,
    maintenance_calendar,
    maintenance_visit,
    service_contract,
    service_request,
    slots,
    stock,
    visit_billing,
    visit_screens,
)
from .databases import Databases
from .options import make_parser, sizes
from .report import Result

RUN: dict[str, Callable[[Databases], Iterator[Result]]] = {
    "create": installed_base.create,
    "list": installed_base.open_list,
    "move": installed_base.move,
    "search": installed_base.search,
    "screens": visit_screens.show,
    "load": http_load.load,
    "board": dispatch_board.show_week,
    "backlog": backlog.plan,
    "slots": slots.find,
    "plan": maintenance_calendar.plan,
    "visits": maintenance_visit.generate,
    "contracts": service_contract.invoice,
    "due": service_contract.look_for_due,
    "books": contract_screens.show,
    "responses": service_request.find_dates,
    "alerts": service_request.look_for_alerts,
    "priced": visit_billing.price,
    "billing": visit_billing.bill,
    "fixes": visit_billing.look_for_fixes,
    "recognition": service_contract.recognize,
    "deliveries": stock.deliver,
    "parts": stock.finish,
}
NOTES = (
    dispatch_board.NOTES
    | http_load.NOTES
    | installed_base.NOTES
    | maintenance_calendar.NOTES
    | maintenance_visit.NOTES
    | service_contract.NOTES
    | contract_screens.NOTES
    | service_request.NOTES
    | slots.NOTES
    | stock.NOTES
    | backlog.NOTES
    | visit_billing.NOTES
    | visit_screens.NOTES
)


def _measure(name: str, databases: Databases) -> list[dict]:
    """Return the results of a benchmark, and say how long it took."""
    started = time.monotonic()
    results = [asdict(result) for result in RUN[name](databases)]
    say(f"  {name} ... {time.monotonic() - started:.1f} s")
    return results


def _main(job: dict, words: list[str]) -> None:
    options = make_parser(None).parse_args(words)
    config.parse_config(["--config", job["config"], "--no-http"], setup_logging=False)
    logging.basicConfig(level=logging.WARNING)
    databases = Databases(job["databases"], sizes(options))
    try:
        results = [
            result for name in options.only for result in _measure(name, databases)
        ]
        version = databases.get_server_version()
    finally:
        databases.close()
    found = {
        "postgresql": version.split()[0],
        "python": platform.python_version(),
        "results": results,
        "notes": [NOTES[name] for name in options.only if name in NOTES],
    }
    Path(job["results"]).write_text(json.dumps(found))


_main(json.loads(sys.argv[1]), sys.argv[2:])

"""Requests, dispatch and appointments build on visits and the engine alone."""

import ast

import pytest

from lib.system import CHECKOUT

ADDON = "field_maintenance"
ROOMS = ("request", "dispatch", "appointment")
# What each of them may import of the addon, besides itself. `solver` is the process in
# which the engine's VROOM works.
ALLOWED = {
    "request": {"visit", "appointment", "engine", "context", "exceptions"},
    "dispatch": {
        "visit",
        "appointment",
        "engine",
        "solver",
        "context",
        "exceptions",
    },
    "appointment": {"visit", "engine", "context", "exceptions"},
}


def _imports(path):
    """Return the rooms and modules of the addon that a file imports."""
    package = path.relative_to(CHECKOUT).with_suffix("").parts[:-1]
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.ImportFrom):
            continue
        parts = tuple((node.module or "").split(".")) if node.module else ()
        if node.level:
            parts = (*package[: len(package) - node.level + 1], *parts)
        elif parts[:2] == ("odoo", "addons"):
            parts = parts[2:]
        if parts[0] != ADDON or len(parts) < 2:
            continue
        kinds = parts[1] in ("models", "wizards")
        names = parts[2:3] if kinds else parts[1:2]
        # `from .. import visit`
        yield from names or [alias.name for alias in node.names]


@pytest.mark.parametrize("room", ROOMS)
def test_imports(room):
    found = {}
    for kind in ("models", "wizards"):
        for path in (CHECKOUT / ADDON / kind / room).glob("*.py"):
            if path.name != "__init__.py":
                for name in _imports(path):
                    found.setdefault(name, []).append(path.name)
    assert found, "nothing was read"
    others = {n: files for n, files in found.items() if n not in {room, *ALLOWED[room]}}
    assert not others

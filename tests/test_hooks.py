"""The hooks for other companies' addons work: a small one uses them."""

import os
import re
import subprocess
from collections.abc import Iterator

import pytest

from lib import databases, odoo19, postgres
from lib.system import CHECKOUT

EXTENSION = "field_service_extension"


@pytest.fixture
def server() -> Iterator[postgres.Server]:
    with postgres.connect() as connection:
        yield connection


@pytest.fixture
def database(server: postgres.Server) -> Iterator[str]:
    """Yield a database of its own with our addons."""
    name = f"{databases.PREFIX}_test_{os.getpid()}_hooks"
    template = databases.tests_template(odoo19.prepare(), server, rebuild=False)
    databases.drop(server, name)
    databases.copy(server, template, name)
    databases.mark(server, name, "test")
    yield name
    databases.drop(server, name)


def test_extension(server: postgres.Server, database: str) -> None:
    runtime = odoo19.add_addons(odoo19.prepare(), CHECKOUT / "tests" / "addons")
    done = subprocess.run(
        [*runtime.odoo, "--config", runtime.config, "--database", database]
        + ["--init", EXTENSION, "--test-tags", f"/{EXTENSION}"]
        + ["--stop-after-init", "--no-http", "--max-cron-threads", "0"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env={**os.environ, **server.env},
        check=False,
    )
    assert done.returncode == 0, done.stderr[-5000:]
    assert re.search(r"\b0 failed, 0 error\(s\) of [5-9] tests", done.stderr)

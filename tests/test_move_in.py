"""Contracts move in from the real addon of OCA, which is installed beside ours."""

import os
import subprocess
from collections.abc import Iterator

import pytest

from benchmarks import peers
from lib import databases, odoo19, postgres
from lib.system import CHECKOUT

PEERS = ("contract", "contract extras")
TESTS = "field_service_contract/tests/moving_in/test_move_in.py"


@pytest.fixture
def server() -> Iterator[postgres.Server]:
    with postgres.connect() as connection:
        yield connection


@pytest.fixture
def runtime() -> odoo19.Runtime:
    """Return an Odoo that finds the addons of OCA."""
    prepared = odoo19.prepare()
    if not all(peers.fetch(prepared, peer) for peer in PEERS):
        pytest.fail("OCA's addons could not be fetched: check the network")
    return odoo19.add_addons(prepared, peers.folder())


@pytest.fixture
def database(server: postgres.Server, runtime: odoo19.Runtime) -> Iterator[str]:
    """Yield a database of its own with our addons and OCA's."""
    name = f"{databases.PREFIX}_test_{os.getpid()}_move_in"
    template = databases.tests_template(odoo19.prepare(), server, rebuild=False)
    databases.drop(server, name)
    databases.copy(server, template, name)
    databases.mark(server, name, "test")
    modules = [module for peer in PEERS for module in peers.MODULES[peer]]
    databases.install(runtime, server, name, modules, demo=True)
    yield name
    databases.drop(server, name)


def test_contracts_of_oca(
    server: postgres.Server, runtime: odoo19.Runtime, database: str
) -> None:
    command = [runtime.python, "-m", "pytest", "-c", CHECKOUT / "pyproject.toml"]
    command += [f"--rootdir={CHECKOUT}", "-q", "-p", "no:cacheprovider", TESTS]
    command += [f"--odoo-database={database}", f"--odoo-config={runtime.config}"]
    # It has a database of its own already, and needs no process beside another.
    outside = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("PYTEST_XDIST")
    }
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        cwd=CHECKOUT,
        env={**outside, **server.env},
        check=False,
    )
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]
    assert "skipped" not in done.stdout, "the addons of OCA are there"

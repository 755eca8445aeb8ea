"""Addons of OCA, fetched to be measured beside ours and never kept in here."""

import zipfile
from pathlib import Path

from lib.console import Failure, notice, step
from lib.odoo19 import Runtime
from lib.system import cache_folder, run

# What each consists of.
MODULES = {
    "fieldservice": ("base_territory", "fieldservice", "fieldservice_recurring"),
    "contract": ("contract",),
    # Not measured: what contracts that move in may have.
    "contract extras": ("contract_line_successor", "contract_variable_quantity"),
}


def folder() -> Path:
    """Return where the addons of all peers are."""
    return _home() / "odoo" / "addons"


def fetch(runtime: Runtime, peer: str) -> bool:
    """Return whether the peer's addons are there now; without them, give notice."""
    if all((folder() / module).is_dir() for module in MODULES[peer]):
        return True
    home = _home()
    home.mkdir(exist_ok=True)
    # --no-deps: they ask for a package `odoo` that PyPI does not have.
    command = [runtime.python, "-m", "pip", "download", "-q", "--no-deps"]
    command += ["--disable-pip-version-check", "--no-input", "-d", home]
    for module in MODULES[peer]:
        command.append(f"odoo-addon-{module.replace('_', '-')}==19.0.*")
    try:
        with step(f"OCA's {peer}"):
            run(command, "check the network, or leave it out with --no-peer")
    except Failure as failure:
        notice(f"no comparison with OCA's {peer}: {failure}")
        return False
    for wheel in home.glob("*.whl"):
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(home)
    return True


def versions(fetched: set[str]) -> list[str]:
    """Return names and versions of what the peers consist of."""
    modules = {module for peer in fetched for module in MODULES[peer]}
    wheels = (path.name.split("-")[:2] for path in sorted(_home().glob("*.whl")))
    return [
        f"{name} {version}"
        for name, version in wheels
        if name.removeprefix("odoo_addon_") in modules
    ]


def _home() -> Path:
    return cache_folder() / "peers"

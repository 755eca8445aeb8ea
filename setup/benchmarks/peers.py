"""Addons of OCA, fetched to be measured beside ours and never kept in here."""

import zipfile
from pathlib import Path

from lib.console import Failure, notice, step
from lib.odoo19 import Runtime
from lib.system import cache_folder, run

FIELDSERVICE, CONTRACT = "fieldservice", "contract"
PACKAGES = {
    FIELDSERVICE: (
        "odoo-addon-fieldservice==19.0.*",
        "odoo-addon-base-territory==19.0.*",
    ),
    CONTRACT: ("odoo-addon-contract==19.0.*",),
}


def fetch(runtime: Runtime, module: str) -> Path | None:
    """Return the folder with the peer's addons; None, with a notice, without it."""
    home = cache_folder() / "peers"
    addons = home / "odoo" / "addons"
    if (addons / module).is_dir():
        return addons
    home.mkdir(exist_ok=True)
    # --no-deps: they ask for a package `odoo` that PyPI does not have.
    command = [runtime.python, "-m", "pip", "download", "-q", "--no-deps"]
    command += ["--disable-pip-version-check", "--no-input", "-d", home]
    command += PACKAGES[module]
    try:
        with step(f"OCA's {module}"):
            run(command, "check the network, or leave it out with --no-peer")
    except Failure as failure:
        notice(f"no comparison with OCA's {module}: {failure}")
        return None
    for wheel in home.glob("*.whl"):
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(home)
    return addons


def versions() -> list[str]:
    """Return names and versions of what was fetched."""
    wheels = sorted((cache_folder() / "peers").glob("*.whl"))
    return [" ".join(path.name.split("-")[:2]) for path in wheels]

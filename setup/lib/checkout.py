"""The addons of this repository and what must trigger their update."""

import ast
from functools import cache
from pathlib import Path

from .console import Failure
from .system import CHECKOUT, digest

# Odoo reads these from disk when it needs them: the database does not change.
_UNLOADED_FOLDERS = {"tests", "__pycache__", "i18n", "readme"}
_UNLOADED_STATIC = {"src", "tests", "description"}
_UNLOADED_SUFFIXES = {".md", ".rst", ".toml", ".pyc"}


@cache
def manifests() -> dict[str, dict]:
    """Return the manifest of each installable addon at the top of the checkout."""
    found = {}
    for path in sorted(CHECKOUT.glob("*/__manifest__.py")):
        try:
            manifest = ast.literal_eval(path.read_text())
        except (SyntaxError, ValueError) as error:
            raise Failure(
                f"{path.relative_to(CHECKOUT)} is not a plain dictionary: {error}"
            ) from error
        if manifest.get("installable", True):
            found[path.parent.name] = manifest
    return found


def bridges() -> list[str]:
    """Return the names of our addons that install themselves beside an app of Odoo."""
    return [
        name for name, manifest in manifests().items() if "auto_install" in manifest
    ]


def addons() -> list[str]:
    """Return the names of our addons, without bridges."""
    return [name for name in manifests() if name not in bridges()]


def foreign_dependencies(names: list[str] | None = None) -> list[str]:
    """Return the addons of Odoo and OCA that some of ours ask for directly: by default
    those that are no bridges."""
    own = manifests()
    asking = addons() if names is None else names
    wanted = {wanted for name in asking for wanted in own[name]["depends"]}
    return sorted(wanted - own.keys()) or ["base"]


def _is_loaded(path: Path) -> bool:
    """Tell whether a change of the file (inside its addon) asks for an update."""
    folders = path.parts[:-1]
    if _UNLOADED_FOLDERS.intersection(folders) or path.suffix in _UNLOADED_SUFFIXES:
        return False
    return folders[:1] != ("static",) or not _UNLOADED_STATIC.intersection(folders[1:2])


def addons_key(names: list[str] | None = None) -> str:
    """Return a key that changes when some of our addons must be installed anew: by
    default those that are no bridges."""
    parts: list[str | bytes] = []
    for name in addons() if names is None else names:
        root = CHECKOUT / name
        for path in sorted(root.rglob("*")):
            inside = path.relative_to(root)
            if path.is_file() and _is_loaded(inside):
                parts += [f"{name}/{inside}", path.read_bytes()]
    return digest(parts)

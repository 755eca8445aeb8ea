"""Manifests say what they must, and no addon knows one above it."""

import re
import struct
from pathlib import Path

import pytest

from lib import checkout
from lib.system import CHECKOUT

AUTHOR = "Field Service for Odoo contributors"
# From the ground up, with the models that each one brings. An addon may use those
# below it and must never name one above.
LAYERS = {
    "field_installed_base": ["installed.base", "res.partner.relationship"],
    "field_maintenance": [
        "maintenance.visit",
        "maintenance.schedule",
        "service.request",
        "service.line",
        "service.team",
        "service.zone",
        "service.plan",
        "service.skill.requirement",
        "service.repair.status",
        "service.allocation",
        "service.fault.code",
        "service.guideline",
        "service.loan",
        "service.price.rule",
    ],
    "field_service_contract": ["service.contract"],
}
READ = {".py", ".xml", ".csv", ".js", ".scss"}

every_addon = pytest.mark.parametrize("addon", list(checkout.manifests()))


def _above(addon: str) -> list[str]:
    """Return the addons of this repository that ``addon`` must not know."""
    order = list(LAYERS)
    if addon not in order:
        return []
    return [*order[order.index(addon) + 1 :], *checkout.bridges()]


def _sources(addon: str) -> list[Path]:
    files = (CHECKOUT / addon).rglob("*")
    return [path for path in files if path.suffix in READ and path.is_file()]


@every_addon
def test_keys(addon):
    manifest = checkout.manifests()[addon]
    assert manifest["license"] == "AGPL-3"
    assert manifest["author"] == AUTHOR
    assert re.fullmatch(r"19\.0\.\d+\.\d+\.\d+", manifest["version"])
    assert manifest["name"] and manifest["category"]
    assert manifest["summary"] and "\n" not in manifest["summary"]
    assert len(manifest["depends"]) == len(set(manifest["depends"]))
    assert "website" not in manifest, "there is no website to name"


@pytest.mark.parametrize("addon", checkout.bridges())
def test_bridges_install_themselves(addon):
    """With one addon of ours and the apps of Odoo beside it."""
    manifest = checkout.manifests()[addon]
    ours = set(manifest["depends"]) & set(LAYERS)
    assert len(ours) == 1
    sides = manifest["auto_install"]
    assert sides is True or ours < set(sides) <= set(manifest["depends"])


@every_addon
def test_icon_is_a_square_picture(addon):
    head = (CHECKOUT / addon / "static/description/icon.png").read_bytes()[:24]
    assert head[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", head[16:24])
    assert width == height >= 100


@every_addon
def test_files_exist(addon):
    manifest = checkout.manifests()[addon]
    for name in [*manifest.get("data", []), *manifest.get("demo", [])]:
        assert (CHECKOUT / addon / name).is_file(), name


@every_addon
def test_every_data_file_is_loaded(addon):
    manifest = checkout.manifests()[addon]
    root = CHECKOUT / addon
    loaded = {*manifest.get("data", []), *manifest.get("demo", [])}
    found = {
        path.relative_to(root).as_posix()
        for folder in ("security", "data", "demo", "views", "wizards", "report")
        for path in (root / folder).rglob("*")
        if path.suffix in {".xml", ".csv"}
    }
    assert found <= loaded


@every_addon
def test_layers(addon):
    assert not set(_above(addon)) & set(checkout.manifests()[addon]["depends"])
    names = [
        name for above in _above(addon) for name in (above, *LAYERS.get(above, ()))
    ]
    if not names:
        return
    # A model is written with dots in Python, with underscores in identifiers.
    words = "|".join(re.escape(name).replace(r"\.", "[._]") for name in names)
    pattern = re.compile(rf"(?<![\w.])(?:model_)?(?:{words})(?![a-z])")
    found = [
        f"{path.relative_to(CHECKOUT)}:{number}: {line.strip()}"
        for path in _sources(addon)
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if pattern.search(line)
    ]
    assert not found, "\n".join(found)

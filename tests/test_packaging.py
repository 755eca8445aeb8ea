"""Each addon builds a wheel that carries all that it needs."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from lib import checkout
from lib.system import CHECKOUT

# OCA's addons, by the package that brings them.
PACKAGES = {
    "product_brand": "odoo-addon-product_brand",
    "web_leaflet_lib": "odoo-addon-web_leaflet_lib",
    "web_timeline": "odoo-addon-web_timeline",
}
AUTHOR = ["-c", "user.name=test", "-c", "user.email=test@example.com"]


def _git(folder: Path, *words: str) -> None:
    subprocess.run(
        ["git", *AUTHOR, *words], cwd=folder, check=True, capture_output=True
    )


@pytest.fixture(params=list(checkout.manifests()), scope="module")
def wheel(request, tmp_path_factory):
    """Build the addon as it is on disk, committed or not: whool asks git."""
    addon = request.param
    tmp_path = tmp_path_factory.mktemp(addon)
    copy = tmp_path / "checkout"
    ignored = shutil.ignore_patterns("__pycache__", "*.pyc")
    for name in checkout.manifests():
        shutil.copytree(CHECKOUT / name, copy / name, ignore=ignored)
    _git(copy, "init", "-q")
    _git(copy, "add", "--all")
    _git(copy, "commit", "-q", "-m", "test")
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps"]
    command += ["--no-build-isolation", "--no-index", "-w", str(tmp_path), addon]
    subprocess.run([*command[:-1], f"./{addon}"], cwd=copy, check=True)
    (built,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(built) as archive:
        yield addon, archive


def test_wheel(wheel):
    addon, archive = wheel
    name = Path(archive.filename).name
    assert name.startswith(f"odoo_addon_{addon}-19.0.")
    root = CHECKOUT / addon
    expected = {
        f"odoo/addons/{addon}/{path.relative_to(root).as_posix()}"
        for path in root.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    # The recipe is not part of the dish.
    expected.discard(f"odoo/addons/{addon}/pyproject.toml")
    assert not expected - set(archive.namelist())
    folders = ["views", "i18n", "static"]
    if addon in checkout.addons():
        folders += ["security", "demo"]
    for folder in folders:
        prefix = f"odoo/addons/{addon}/{folder}/"
        assert any(member.startswith(prefix) for member in archive.namelist()), folder


def test_requirements(wheel):
    addon, archive = wheel
    (metadata,) = (name for name in archive.namelist() if name.endswith("/METADATA"))
    lines = archive.read(metadata).decode().splitlines()
    needs = {
        line.removeprefix("Requires-Dist: ").split("==")[0].replace("-", "_")
        for line in lines
        if line.startswith("Requires-Dist: ")
    }
    depends = checkout.manifests()[addon]["depends"]
    ours = [f"odoo-addon-{name}" for name in depends if name in checkout.addons()]
    theirs = [PACKAGES[name] for name in depends if name in PACKAGES]
    for package in ours + theirs:
        assert any(need.startswith(package.replace("-", "_")) for need in needs), needs

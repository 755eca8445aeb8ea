"""Odoo 19: its source, its Python packages, and how it is called."""

import functools
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from .console import Failure, notice, step
from .system import (
    CHECKOUT,
    cache_folder,
    digest,
    install_packages,
    locked,
    refresh_package_lists,
    run,
)

TESTED_PACKAGE = "19.0.0+dfsg-1"
TESTED_PYTHON = (3, 11)
PYTHONS = ((3, 10), (3, 13))

# Debian cuts these out of Odoo and links to them. They come from the machine's own
# release: the newest Font Awesome is a version that Odoo's icons do not fit.
LINKED_PACKAGES = (
    "libjs-jquery",
    "libjs-underscore",
    "libjs-jquery-form",
    "fonts-font-awesome",
    "fonts-roboto-unhinted",
    "fonts-inconsolata",
    "fonts-ocr-b",
)
# Only the report layouts' choice of fonts shows it, and Debian 12 has no package.
UNNEEDED_LINKS = "web/static/fonts/google/Montserrat/"
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
OWN_SOURCE = "or set ODOO_SOURCE to an Odoo 19"


@dataclass(frozen=True)
class Source:
    """Where Odoo's Python package and its addons are."""

    root: Path
    addons: tuple[Path, ...]
    version: str


@dataclass(frozen=True)
class Runtime:
    """An Odoo that can be started."""

    source: Source
    venv: Path
    config: Path

    @property
    def python(self) -> Path:
        """The interpreter that knows Odoo."""
        return self.venv / "bin" / "python"

    @property
    def odoo(self) -> list[str]:
        """The command to start Odoo with our configuration follows this."""
        return [str(self.python), str(self.venv / "bin" / "odoo")]

    @property
    def key(self) -> str:
        """Changes with Odoo's version and its Python packages."""
        return self.venv.name


def _source_at(folder: Path) -> Source | None:
    """Return the Odoo in ``folder``, be it a git checkout or an installed package."""
    if (folder / "release.py").is_file() and folder.name == "odoo":
        folder = folder.parent
    release = folder / "odoo" / "release.py"
    if not release.is_file():
        return None
    text = release.read_text()
    found = re.search(r"^version_info = \((\d+), (\d+)", text, re.MULTILINE)
    version = ".".join(found.groups()) if found else "unknown"
    places = (folder / "odoo" / "addons", folder / "addons")
    return Source(folder, tuple(path for path in places if path.is_dir()), version)


def _company_source(named: str) -> Source:
    """Return the Odoo that ODOO_SOURCE names, or say what is wrong with it."""
    source = _source_at(Path(named).expanduser().absolute())
    if source is None:
        raise Failure(
            f"ODOO_SOURCE={named} holds no Odoo: name the folder with odoo-bin, "
            "or the one with the package odoo"
        )
    if source.version != "19.0":
        raise Failure(
            f"ODOO_SOURCE={named} is Odoo {source.version}: these addons need Odoo 19.0"
        )
    return source


def _debian_site() -> str | None:
    """Return the address of the Debian archive that apt uses on this machine."""
    listed = run(
        ["apt-get", "indextargets", "--format", "$(SITE) $(ORIGIN) $(CODENAME)"],
        f"use Debian, {OWN_SOURCE}",
    )
    for line in listed.splitlines():
        site, _, rest = line.partition(" ")
        origin, _, codename = rest.partition(" ")
        if origin == "Debian" and "-" not in codename:
            return site
    return None


def _archive() -> str:
    """Return the Debian archive's address, after a first update where it is due."""
    if not shutil.which("apt-get"):
        raise Failure(
            f"this machine has no apt to fetch Odoo with: use Debian, {OWN_SOURCE}"
        )
    site = _debian_site()
    if site is None:
        refresh_package_lists()
        site = _debian_site()
    if site is None:
        raise Failure(
            f"apt here knows no Debian archive with Odoo: use Debian, {OWN_SOURCE}"
        )
    return site


def _private_apt(folder: Path, site: str) -> list[str]:
    """Return apt options with lists of their own, so that the machine's stay as is."""
    for name in ("lists/partial", "archives/partial"):
        (folder / name).mkdir(parents=True)
    signed = f"[signed-by={KEYRING}] " if KEYRING.is_file() else ""
    sources = folder / "sources.list"
    sources.write_text(f"deb {signed}{site} sid main\n")
    options = {
        "Dir::Etc::SourceList": sources,
        "Dir::Etc::SourceParts": "-",
        "Dir::State::Lists": folder / "lists",
        "Dir::Cache": folder,
        "Dir::Cache::Archives": folder / "archives",
        "Debug::NoLocking": 1,
        "Acquire::Languages": "none",
        "APT::Update::Error-Mode": "any",
        "APT::Update::Post-Invoke": "",
        "APT::Update::Post-Invoke-Success": "",
    }
    if os.geteuid() == 0:
        # apt's own user cannot write below root's home.
        options["APT::Sandbox::User"] = "root"
    return [word for key, value in options.items() for word in ("-o", f"{key}={value}")]


def _download(folder: Path) -> str:
    """Fetch Odoo and what Debian links it to into ``folder``; return the version."""
    site = _archive()
    options = _private_apt(folder / "apt", site)
    remedy = f"check the network, {OWN_SOURCE}"
    with step("Odoo 19 from Debian, 123 MB"):
        run(["apt-get", *options, "update", "-q"], remedy)
        run(["apt-get", *options, "download", "-q", "odoo-19"], remedy, cwd=folder)
    version = next(folder.glob("odoo-19_*.deb")).name.split("_")[1]
    if not version.startswith("19.0."):
        raise Failure(
            f"Debian serves Odoo {version} now: set ODOO_SOURCE to an Odoo 19.0"
        )
    if version != TESTED_PACKAGE:
        notice(f"Odoo is {version}; tested with {TESTED_PACKAGE}")
    with step("fonts and scripts that Odoo links to"):
        options = ["-o", "APT::Sandbox::User=root"] if os.geteuid() == 0 else []
        command = ["apt-get", *options, "download", "-q", *LINKED_PACKAGES]
        try:
            run(command, remedy, cwd=folder)
        except Failure:
            # The machine's package lists may be missing or older than its archive.
            refresh_package_lists()
            run(command, remedy, cwd=folder)
    return version


def _check_links(addons: Path) -> None:
    """Refuse an Odoo whose pages would come without scripts, fonts or icons."""
    dangling = [
        path.relative_to(addons).as_posix()
        for path in addons.rglob("*")
        if path.is_symlink() and not path.exists()
    ]
    broken = sorted(name for name in dangling if not name.startswith(UNNEEDED_LINKS))
    if broken:
        raise Failure(
            f"{len(broken)} files of Odoo lead nowhere ({', '.join(broken[:3])}): "
            f"packages here differ from Debian 12's; use that, {OWN_SOURCE}"
        )


def _unpack(folder: Path) -> Path:
    """Unpack the downloaded packages into one tree and make it whole."""
    root = folder / "root"
    with step("unpacking Odoo"):
        for package in sorted(folder.glob("*.deb")):
            run(["dpkg-deb", "-x", package, root], "free some disk space and try again")
        packages = root / "usr/lib/python3/dist-packages"
        shutil.rmtree(packages / "addons", ignore_errors=True)
        addons = packages / "odoo" / "addons"
        _check_links(addons)
        # Left out of Debian for its licence. It blurs the background in calls; without
        # the file the browser logs an error on every page.
        blur = addons / "mail/static/lib/selfie_segmentation/selfie_segmentation.js"
        if not blur.exists():
            blur.parent.mkdir(parents=True, exist_ok=True)
            blur.write_text("")
    return root


def _debian_source() -> Source:
    """Return Odoo from the cache, fetching it the first time."""
    home = cache_folder() / "odoo-19"
    version = home / "version"
    if not version.is_file():
        with tempfile.TemporaryDirectory(prefix="odoo-", dir=cache_folder()) as name:
            folder = Path(name)
            fetched = _download(folder)
            root = _unpack(folder)
            (root / "version").write_text(fetched)
            root.chmod(0o755)
            shutil.rmtree(home, ignore_errors=True)
            root.rename(home)
    source = _source_at(home / "usr/lib/python3/dist-packages")
    if source is None or source.version != "19.0":
        raise Failure(f"the Odoo in {home} is damaged: delete that folder")
    return Source(source.root, source.addons, version.read_text())


def _check_python() -> None:
    """Refuse a Python that Odoo 19 does not run on."""
    if not PYTHONS[0] <= sys.version_info[:2] <= PYTHONS[1]:
        raise Failure("Odoo 19 needs Python 3.10 to 3.13: start this command with one")
    if sys.version_info[:2] != TESTED_PYTHON:
        notice("Python {}.{} is not tested; 3.11 is".format(*sys.version_info[:2]))


def _build_venv(folder: Path, source: Source, requirements: list[Path]) -> None:
    """Make the virtual environment; the stamp inside says that it is whole."""
    if not importlib.util.find_spec("ensurepip"):
        install_packages([f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"])
    shutil.rmtree(folder, ignore_errors=True)
    with step("Python packages"):
        run([sys.executable, "-m", "venv", folder], "install the package python3-venv")
        python = folder / "bin" / "python"
        packages = Path(
            run(
                [
                    python,
                    "-c",
                    "import sysconfig; print(sysconfig.get_path('purelib'))",
                ],
                "delete the cache folder",
            ).strip()
        )
        # Makes `import odoo` work, and pip see the Odoo that OCA's addons ask for.
        (packages / "odoo.pth").write_text(f"{source.root}\n")
        odoo = folder / "bin" / "odoo"
        odoo.write_text("import odoo.cli\n\nodoo.cli.main()\n")
        pip: list[str | Path] = [python, "-m", "pip", "install", "-q"]
        pip += ["--disable-pip-version-check", "--no-input"]
        remedy = "check the network, or point pip to a mirror (PIP_INDEX_URL)"
        run([*pip, "-r", requirements[0]], remedy)
        run([*pip, "--no-deps", "-r", requirements[1]], remedy)
    (folder / "complete").touch()


def _venv(source: Source) -> Path:
    """Return the virtual environment for these requirements."""
    requirements = [CHECKOUT / "requirements.txt", CHECKOUT / "requirements-oca.txt"]
    key = digest(
        [
            sys.version,
            str(source.root),
            source.version,
            *(path.read_bytes() for path in requirements),
        ]
    )
    # Named after what it holds: another branch's packages do not disturb a server
    # that still runs from this one.
    folder = cache_folder() / "venv" / key
    if not (folder / "complete").is_file():
        _build_venv(folder, source, requirements)
    return folder


def _write_config(source: Source, venv: Path) -> Path:
    """Write Odoo's configuration for this checkout and return its path."""
    oca = next(venv.glob("lib/python*/site-packages")) / "odoo" / "addons"
    places = [*source.addons, *([oca] if oca.is_dir() else []), CHECKOUT]
    folder = cache_folder()
    text = f"""\
[options]
addons_path = {",".join(map(str, places))}
data_dir = {folder / "data"}
screenshots = {folder / "screenshots"}
http_interface = 127.0.0.1
list_db = False
max_cron_threads = 1
limit_time_cpu = 600
limit_time_real = 1200
limit_memory_soft = 4294967296
limit_memory_hard = 6442450944
"""
    config = folder / "config" / f"{digest([str(CHECKOUT)])}.conf"
    config.parent.mkdir(exist_ok=True)
    if not config.is_file() or config.read_text() != text:
        fresh = config.with_suffix(".new")
        fresh.write_text(text)
        fresh.replace(config)
    return config


@functools.cache
def prepare() -> Runtime:
    """Bring Odoo and its Python packages up, from the cache where they are there."""
    _check_python()
    with locked("setup"):
        named = os.environ.get("ODOO_SOURCE")
        source = _company_source(named) if named else _debian_source()
        venv = _venv(source)
        return Runtime(source, venv, _write_config(source, venv))


def add_addons(runtime: Runtime, folder: Path) -> Runtime:
    """Return a runtime that finds the addons of ``folder`` too, after all others."""
    text = re.sub(
        "^(addons_path = .*)$",
        lambda line: f"{line[1]},{folder}",
        runtime.config.read_text(),
        flags=re.MULTILINE,
    )
    config = runtime.config.with_suffix(".more.conf")
    config.write_text(text)
    return replace(runtime, config=config)


def swap_addons(runtime: Runtime, folder: Path) -> Runtime:
    """Return a runtime that finds the addons of ``folder`` in place of ours."""
    text = runtime.config.read_text().replace(f",{CHECKOUT}\n", f",{folder}\n")
    config = runtime.config.with_suffix(".former.conf")
    config.write_text(text)
    return replace(runtime, config=config)


_EXCEPTION = re.compile(r"^[\w.]*(Error|Exception|Warning|Violation)\b")


def _reason(log: Path) -> str:
    """Return the line of Odoo's log that says best why it failed."""
    lines = log.read_text(errors="replace").splitlines() if log.is_file() else []
    last_first = lines[::-1]
    for pattern in (_EXCEPTION, re.compile(r" (ERROR|CRITICAL) ")):
        for line in last_first:
            if pattern.search(line):
                return line
    return "it says nothing"


def call(
    runtime: Runtime,
    arguments: list[str],
    env: Mapping[str, str],
    log: Path,
    what: str,
) -> None:
    """Run Odoo to its end, its log in ``log``; raise when ``what`` fails."""
    log.parent.mkdir(parents=True, exist_ok=True)
    log.unlink(missing_ok=True)
    command = [*runtime.odoo, *arguments, "--config", str(runtime.config)]
    done = subprocess.run(
        [*command, "--logfile", str(log)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, **env},
        check=False,
    )
    if done.returncode:
        raise Failure(f"{what} failed: {_reason(log)}; see {log}")

"""The machine: folders, locks, commands, and packages through apt."""

import contextlib
import fcntl
import hashlib
import os
import shlex
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from .console import Failure, step

CHECKOUT = Path(__file__).resolve().parents[2]


def cache_folder() -> Path:
    """Return the one folder that holds all that is downloaded or built."""
    named = os.environ.get("FIELD_SERVICE_CACHE")
    if named:
        folder = Path(named).expanduser().absolute()
    else:
        home = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
        folder = Path(home).expanduser() / "odoo-field-service"
    if folder == CHECKOUT or CHECKOUT in folder.parents:
        raise Failure(
            "FIELD_SERVICE_CACHE is inside the checkout, where linters and Odoo would "
            "read it: name a folder elsewhere"
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Failure(
            f"the cache folder cannot be made ({error}): "
            "set FIELD_SERVICE_CACHE to a folder you may write"
        ) from error
    return folder


def digest(parts: Iterable[str | bytes]) -> str:
    """Return a short key that changes with any of ``parts``."""
    total = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        total.update(len(data).to_bytes(8, "big") + data)
    return total.hexdigest()[:12]


@contextlib.contextmanager
def locked(name: str) -> Iterator[None]:
    """Let one command at a time do what ``name`` stands for."""
    with open(cache_folder() / f"{name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def run(
    command: list[str | Path],
    remedy: str,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> str:
    """Run ``command`` and return what it printed; on failure raise with ``remedy``.

    The whole output is kept in ``setup.log`` of the cache folder.
    """
    words = [str(word) for word in command]
    try:
        done = subprocess.run(
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env={**os.environ, **(env or {})},
            cwd=cwd,
            check=False,
        )
    except FileNotFoundError as error:
        raise Failure(f"the command {words[0]} is not here: {remedy}") from error
    log = cache_folder() / "setup.log"
    with log.open("a") as stream:
        stream.write(f"$ {shlex.join(words)}\n{done.stdout}\n")
    if done.returncode:
        lines = done.stdout.strip().splitlines() or ["no output"]
        raise Failure(f"{words[0]} failed ({lines[-1].strip()}): {remedy}; see {log}")
    return done.stdout


def as_root(command: list[str]) -> list[str]:
    """Return ``command`` so that it runs as root without asking anything."""
    if os.geteuid() == 0:
        return command
    if not shutil.which("sudo"):
        raise Failure(f"not root and no sudo: run as root: {shlex.join(command)}")
    return ["sudo", "-n", *command]


def refresh_package_lists() -> None:
    """Ask apt what exists today."""
    if not shutil.which("apt-get"):
        raise Failure(
            "this machine has no apt: use Debian, or install PostgreSQL 13 or newer, "
            "Chromium and wkhtmltopdf yourself and set ODOO_SOURCE to an Odoo 19"
        )
    run(
        as_root(["apt-get", "update", "-q"]),
        "check the network, and that sudo needs no password or run it yourself",
    )


def install_packages(packages: Iterable[str]) -> None:
    """Install Debian packages without asking anything."""
    names = sorted(packages)
    with step(f"Debian packages {' '.join(names)}"):
        refresh_package_lists()
        command = ["apt-get", "install", "-y", "-q", "--no-install-recommends", *names]
        run(
            as_root(["env", "DEBIAN_FRONTEND=noninteractive", *command]),
            f"check the network, or install {' '.join(names)} yourself",
        )


def need_commands(commands: Mapping[str, str]) -> None:
    """Install the packages (values) of those commands (keys) that are missing."""
    missing = {pkg for cmd, pkg in commands.items() if not shutil.which(cmd)}
    if missing:
        install_packages(missing)

"""The release before this one, and a database that people worked in with it."""

import os
import subprocess
import tempfile
from pathlib import Path

from . import databases, odoo19
from .console import Failure, step
from .odoo19 import Runtime
from .postgres import Server
from .system import CHECKOUT, cache_folder, digest, run

# 19.0.1.0.0 has no tag; those that follow are tagged with their version.
UNTAGGED = "8b15839faf08cd4bc35cbbd63ac52a25600d402e"
WHOLE_HISTORY = "fetch the whole history: git fetch --unshallow --tags"


def _git(*words: str | Path) -> str:
    return run(["git", *words], WHOLE_HISTORY, cwd=CHECKOUT)


def former() -> str:
    """Return the commit of the newest release before what is checked out.

    :raise Failure: if this clone does not have it
    """
    tags = ["tag", "--merged", "HEAD", "--no-contains", "HEAD"]
    tags += ["--sort=-version:refname", "--list", "19.0.*"]
    name = next(iter(_git(*tags).split()), UNTAGGED)
    try:
        return _git("rev-parse", "--verify", f"{name}^{{commit}}").strip()
    except Failure as failure:
        raise Failure(
            f"upgrades begin at the former release, {name}, which this clone lacks: "
            f"{WHOLE_HISTORY}"
        ) from failure


def _unpack(commit: str) -> Path:
    """Return a folder with the files of the release."""
    folder = cache_folder() / "releases" / commit
    if not folder.is_dir():
        folder.parent.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as name:
            archive, fresh = Path(name, "release.tar"), Path(name, "files")
            _git("archive", "--output", archive, commit)
            fresh.mkdir()
            run(["tar", "-xf", archive, "-C", fresh], "free some disk space")
            fresh.rename(folder)
    return folder


def former_template(runtime: Runtime, server: Server, story: Path) -> str:
    """Return a database that the former release made.

    It has that release's demo data, and what a script for its shell adds to them.
    """
    commit = former()
    base = databases.dependencies_template(runtime, server)
    key = digest([base, commit, story.read_bytes()])
    name = f"{databases.PREFIX}_former_{key}"
    if not databases.exists(server, name):
        folder = _unpack(commit)
        addons = sorted(path.parent.name for path in folder.glob("*/__manifest__.py"))
        then = odoo19.swap_addons(runtime, folder)
        with (
            databases.building(server, name) as fresh,
            step(f"the former release, {commit[:7]}, and what people did with it"),
        ):
            databases.copy(server, base, fresh)
            databases.install(then, server, fresh, addons, demo=True)
            _tell(then, server, fresh, story)
    databases.touch(name)
    return name


def _tell(runtime: Runtime, server: Server, database: str, story: Path) -> None:
    command = [*runtime.odoo, "shell", "--config", str(runtime.config)]
    command += ["--database", database, "--no-http", "--log-level=error"]
    done = subprocess.run(
        command,
        input=story.read_text(),
        capture_output=True,
        text=True,
        env={**os.environ, **server.env},
        check=False,
    )
    if done.returncode:
        raise Failure(
            f"{story.name} fails on the former release: {done.stderr[-2000:]}"
        )

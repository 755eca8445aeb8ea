"""Databases: templates, copies of them, and their files."""

import contextlib
import os
import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from . import checkout, odoo19
from .console import Failure, notice, step
from .postgres import Server
from .system import CHECKOUT, cache_folder, digest, locked

PREFIX = "field_service"
# A database without this comment was not made here, and is never changed or dropped.
MARK = "field service"

LOGGED = re.compile(r"^\S+ \S+ \d+ (WARNING|ERROR|CRITICAL) ")
# What an installation may log all the same.
ALLOWED = (
    # Odoo and the libraries that it pins call what Python or they have deprecated.
    re.compile(rf" py\.warnings: (?!{re.escape(str(CHECKOUT))})"),
)


def _files(database: str) -> Path:
    return cache_folder() / "data" / "filestore" / database


def _install_log(database: str) -> Path:
    return cache_folder() / "log" / f"{database}.install.log"


def exists(server: Server, database: str) -> bool:
    """Tell whether the database is there."""
    sql = f"SELECT 1 FROM pg_database WHERE datname = '{database}'"
    return bool(server.query(sql))


def mark(server: Server, database: str, text: str) -> None:
    """Note on the database that it is ours, and what is in it."""
    server.query(f"COMMENT ON DATABASE \"{database}\" IS '{MARK}: {text}'")


def read_mark(server: Server, database: str) -> str | None:
    """Return what was noted on the database; None if it is not ours."""
    rows = server.query(
        "SELECT shobj_description(oid, 'pg_database') FROM pg_database "
        f"WHERE datname = '{database}'"
    )
    text = rows[0][0] if rows else ""
    return text.removeprefix(f"{MARK}: ") if text.startswith(f"{MARK}: ") else None


def require_ours(server: Server, database: str) -> None:
    """Refuse to touch a database that somebody else made."""
    if exists(server, database) and read_mark(server, database) is None:
        raise Failure(
            f"the database {database} was not made by this command: choose another "
            "name with --database"
        )


def drop(server: Server, database: str) -> None:
    """Drop the database and its files, if they are there and ours."""
    require_ours(server, database)
    _drop(server, database)


def _drop(server: Server, database: str) -> None:
    # PostgreSQL's own work on it is nobody's to end: it ends within seconds.
    for wait in (1, 2, 4, 8, 0):
        try:
            server.query(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')
            break
        except Failure:
            if not wait:
                raise
            time.sleep(wait)
    shutil.rmtree(_files(database), ignore_errors=True)


def rename(server: Server, old: str, new: str) -> None:
    """Give the database and its files another name."""
    shutil.rmtree(_files(new), ignore_errors=True)
    if _files(old).is_dir():
        _files(old).rename(_files(new))
    server.query(f'ALTER DATABASE "{old}" RENAME TO "{new}"')


def create(server: Server, database: str) -> None:
    """Make an empty database as Odoo would."""
    server.query(
        f"CREATE DATABASE \"{database}\" ENCODING 'UTF8' LC_COLLATE 'C' "
        "TEMPLATE template0"
    )
    mark(server, database, "unfinished")
    try:
        server.query("CREATE EXTENSION pg_trgm", database)
    except Failure as failure:
        raise Failure(
            f"{failure}; searches need the extension pg_trgm: install the package "
            "postgresql-contrib on the database server"
        ) from failure


def copy(server: Server, source: str, target: str) -> None:
    """Make ``target`` a copy of ``source``."""
    server.query(f'CREATE DATABASE "{target}" TEMPLATE "{source}"')
    mark(server, target, "unfinished")
    shutil.rmtree(_files(target), ignore_errors=True)
    if _files(source).is_dir():
        # Odoo never writes into a stored file, so both may share it.
        shutil.copytree(_files(source), _files(target), copy_function=os.link)


def install(
    runtime: odoo19.Runtime,
    server: Server,
    database: str,
    modules: list[str],
    demo: bool,
    update: bool = False,
) -> None:
    """Install (or update) modules."""
    names = ",".join(modules)
    log = _install_log(database)
    arguments = ["--database", database, "--init", names]
    arguments += ["--update", names] if update else []
    arguments += ["--with-demo"] if demo else ["--without-demo"]
    arguments += ["--stop-after-init", "--no-http", "--max-cron-threads", "0"]
    odoo19.call(runtime, arguments, server.env, log, f"installing {names}")
    _check_installed(server, database, modules, log)


def _check_installed(
    server: Server, database: str, modules: list[str], log: Path | None = None
) -> None:
    """Raise unless all these modules are installed."""
    missing = server.query(
        "SELECT name FROM ir_module_module WHERE state != 'installed' "
        f"AND name IN ({', '.join(repr(name) for name in modules)})",
        database,
    )
    if missing:
        log = log or _install_log(database)
        raise Failure(f"{missing[0][0]} was not installed: see {log}")


def complaints(log: Path) -> list[str]:
    """Return the warnings and errors of an installation."""
    return [
        line
        for line in log.read_text(errors="replace").splitlines()
        if LOGGED.match(line) and not any(known.search(line) for known in ALLOWED)
    ]


# -- templates ---------------------------------------------------------------------


def _prune_templates(server: Server, keep: int = 6) -> None:
    """Drop the templates that were not used for longest."""
    stamps = cache_folder() / "templates"
    used = sorted(stamps.glob("*"), key=lambda path: path.stat().st_mtime)
    for stamp in used[:-keep]:
        drop(server, stamp.name)
        stamp.unlink()


@contextlib.contextmanager
def building(server: Server, name: str) -> Iterator[str]:
    """Yield the name of a database that becomes template ``name`` when it is whole."""
    fresh = f"{name}_new"
    drop(server, fresh)
    yield fresh
    rename(server, fresh, name)
    mark(server, name, "template")
    _prune_templates(server)


def touch(name: str) -> None:
    stamps = cache_folder() / "templates"
    stamps.mkdir(exist_ok=True)
    (stamps / name).touch()


def dependencies_template(
    runtime: odoo19.Runtime, server: Server, demo: bool = True
) -> str:
    """Return a database with what our addons depend on, and nothing of ours.

    It changes seldom, so that a change in an addon costs seconds, not minutes.
    """
    modules = checkout.foreign_dependencies()
    key = digest([runtime.key, str(demo), *modules])
    name = f"{PREFIX}_base_{key}"
    if not exists(server, name):
        data = "demo data" if demo else "no demo data"
        with building(server, name) as fresh, step(f"Odoo's own addons, {data}"):
            create(server, fresh)
            install(runtime, server, fresh, modules, demo)
    touch(name)
    return name


def addons_template(
    runtime: odoo19.Runtime, server: Server, rebuild: bool = False
) -> str:
    """Return a database with our addons and their demo data."""
    base = dependencies_template(runtime, server)
    name = f"{PREFIX}_tests_{digest([base, checkout.addons_key()])}"
    if rebuild or not _install_log(f"{name}_new").is_file():
        drop(server, name)
    if not exists(server, name):
        with building(server, name) as fresh, step("our addons, with demo data"):
            copy(server, base, fresh)
            install(runtime, server, fresh, checkout.addons() or ["base"], True)
    touch(name)
    return name


def bridges_template(
    runtime: odoo19.Runtime, server: Server, rebuild: bool = False
) -> str:
    """Return the same with the apps that our bridges are for, and with the bridges."""
    base = addons_template(runtime, server, rebuild)
    bridges = checkout.bridges()
    if not bridges:
        return base
    name = f"{PREFIX}_bridges_{digest([base, checkout.addons_key(bridges)])}"
    if rebuild or not _install_log(f"{name}_new").is_file():
        drop(server, name)
    if not exists(server, name):
        with building(server, name) as fresh, step("our bridges, with demo data"):
            copy(server, base, fresh)
            # They install themselves with the last of the apps.
            apps = checkout.foreign_dependencies(bridges)
            install(runtime, server, fresh, apps, True)
            _check_installed(server, fresh, bridges)
    touch(name)
    return name


def tests_template(
    runtime: odoo19.Runtime, server: Server, rebuild: bool, bridged: bool = False
) -> str:
    """Return a database with our addons, with bridges or without, once they were
    installed without a warning."""
    make = bridges_template if bridged else addons_template
    name = make(runtime, server, rebuild)
    if lines := complaints(_install_log(f"{name}_new")):
        drop(server, name)
        shown = "\n  ".join(lines[:20])
        raise Failure(f"installing our addons logs warnings, mend them:\n  {shown}")
    return name


@contextlib.contextmanager
def test_database(
    runtime: odoo19.Runtime,
    server: Server,
    rebuild: bool = False,
    bridged: bool = False,
) -> Iterator[str]:
    """Yield a fresh database with our addons, with bridges or without, and drop it
    afterwards."""
    with locked("templates"):
        template = tests_template(runtime, server, rebuild, bridged)
        # The process number tells whose it is, should a run be killed.
        name = f"{PREFIX}_test_{os.getpid()}"
        with step("a fresh test database"):
            _drop_orphans(server)
            drop(server, name)
            copy(server, template, name)
            mark(server, name, "test")
    try:
        yield name
    finally:
        _drop_tests(server, os.getpid())


def _drop_tests(server: Server, process: int) -> None:
    """Drop a run's database, and what its processes left of theirs if they crashed."""
    rows = server.query(
        "SELECT datname FROM pg_database "
        f"WHERE datname ~ '^{PREFIX}_test_{process}(?![0-9])'"
    )
    for (name,) in rows:
        # pytest-odoo copies the database without the comment that says it is ours.
        _drop(server, name)


def _drop_orphans(server: Server) -> None:
    """Drop the test databases of runs that were killed."""
    if not server.private:
        return
    rows = server.query(
        f"SELECT DISTINCT substring(datname from '^{PREFIX}_test_([0-9]+)') "
        f"FROM pg_database WHERE datname ~ '^{PREFIX}_test_[0-9]'"
    )
    for (process,) in rows:
        if not Path(f"/proc/{process}").exists():
            _drop_tests(server, int(process))


# -- the database of setup/run -----------------------------------------------------


def prepare_for_use(
    runtime: odoo19.Runtime, server: Server, name: str, demo: bool, fresh: bool
) -> None:
    """Make or bring up to date the database that people work in."""
    require_ours(server, name)
    if fresh and exists(server, name):
        with step(f"database {name} dropped"):
            drop(server, name)
    everything = list(checkout.manifests())
    current = digest([runtime.key, checkout.addons_key(everything)])
    if not exists(server, name):
        _make_for_use(runtime, server, name, demo)
    else:
        noted = read_mark(server, name) or ""
        had_demo = not noted.endswith("without demo")
        if had_demo != demo:
            notice(f"{name} was made {_kind(had_demo)} data: --fresh makes it anew")
            demo = had_demo
        if not noted.startswith(current):
            with step(f"database {name}: our addons updated"):
                install(runtime, server, name, everything, demo, update=True)
    mark(server, name, f"{current} {_kind(demo)}")


def _kind(demo: bool) -> str:
    return "with demo" if demo else "without demo"


def _make_for_use(
    runtime: odoo19.Runtime, server: Server, name: str, demo: bool
) -> None:
    started = f"{name}_new"
    with locked("templates"):
        if demo:
            template = bridges_template(runtime, server)
        else:
            template = dependencies_template(runtime, server, demo=False)
        drop(server, started)
        copy(server, template, started)
    if not demo:
        with step(f"database {name}: our addons installed"):
            names = list(checkout.manifests()) or ["base"]
            install(runtime, server, started, names, demo)
    rename(server, started, name)

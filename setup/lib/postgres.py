"""PostgreSQL: a private cluster on a unix socket, or the company's own server."""

import contextlib
import fcntl
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from .console import Failure, step
from .system import as_root, cache_folder, digest, install_packages, run

OLDEST = 13
COMPANY_VARIABLES = (
    "PGHOST",
    "PGHOSTADDR",
    "PGPORT",
    "PGUSER",
    "PGPASSWORD",
    "PGSERVICE",
)
# The server refuses to run as root; Debian's package brings this user.
SYSTEM_USER = "postgres"
ROLE = "odoo"
# Nothing here is worth waiting for the disk: a lost database is made anew.
SETTINGS = {
    "listen_addresses": "",
    "max_connections": "200",
    "shared_buffers": "512MB",
    "maintenance_work_mem": "256MB",
    "max_wal_size": "4GB",
    "random_page_cost": "1.1",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
}


@dataclass(frozen=True)
class Server:
    """A PostgreSQL that answers; ``env`` makes libpq and Odoo find it."""

    env: Mapping[str, str]
    psql: str
    hold: int | None = None

    @property
    def private(self) -> bool:
        """Whether it is ours to start and stop."""
        return self.hold is not None

    @property
    def inherited(self) -> tuple[int, ...]:
        """Descriptors to pass to a process that keeps the server in use."""
        return () if self.hold is None else (self.hold,)

    def query(self, sql: str, database: str = "postgres") -> list[list[str]]:
        """Run one statement and return the rows as text."""
        command = [self.psql, "-XAtq", "-F", "\t", "-v", "ON_ERROR_STOP=1"]
        done = subprocess.run(
            [*command, "-d", database, "-c", sql],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            env={**os.environ, **self.env},
        )
        if done.returncode:
            lines = done.stderr.strip().splitlines() or ["no answer"]
            raise Failure(f"PostgreSQL: {lines[0]}")
        return [line.split("\t") for line in done.stdout.splitlines()]


# -- programs ----------------------------------------------------------------------


def _program_folders() -> list[Path]:
    """Return the folders with server programs, the newest first."""
    packaged = [
        path.parent
        for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")
        if path.parts[-3].isdigit() and int(path.parts[-3]) >= OLDEST
    ]
    packaged.sort(key=lambda path: int(path.parts[-2]), reverse=True)
    on_path = shutil.which("initdb")
    return packaged + ([Path(on_path).resolve().parent] if on_path else [])


def _install() -> None:
    """Install Debian's package without letting it start a server of its own."""
    override = Path("/etc/postgresql-common/createcluster.d/odoo-field-service.conf")
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as setting:
        setting.write("create_main_cluster = false\n")
        setting.flush()
        place = as_root(["install", "-D", "-m", "644", setting.name, str(override)])
        run(place, "install the package postgresql yourself")
    try:
        install_packages(["postgresql"])
    finally:
        run(as_root(["rm", "-f", str(override)]), f"delete {override}")


def _programs(data: Path) -> Path:
    """Return the folder of server programs that fits the cluster, if there is one."""
    if not _program_folders():
        _install()
    folders = _program_folders()
    if not folders:
        raise Failure(f"no PostgreSQL {OLDEST} or newer here: install one")
    if not (data / "PG_VERSION").is_file():
        return folders[0]
    made_by = (data / "PG_VERSION").read_text().strip()
    for folder in folders:
        if folder.parts[-2] == made_by:
            return folder
    raise Failure(
        f"the databases in {data} were made by PostgreSQL {made_by}, which is gone: "
        f"install postgresql-{made_by}, or delete {data.parent} to start anew"
    )


# -- the private server ------------------------------------------------------------


def _home() -> Path:
    """Return the cluster's folder.

    Not in the cache: the server's user cannot enter root's home, and the path of a
    unix socket must be short.
    """
    cache = cache_folder()
    default = Path("~/.cache/odoo-field-service").expanduser()
    other = "" if cache == default else "-" + digest([str(cache)])[:6]
    return Path(f"/var/tmp/odoo-field-service-{os.getuid()}{other}")


def _owner() -> pwd.struct_passwd:
    """Return the user that the private server runs as."""
    if os.geteuid() != 0:
        return pwd.getpwuid(os.geteuid())
    try:
        return pwd.getpwnam(SYSTEM_USER)
    except KeyError as error:
        raise Failure(
            f"PostgreSQL does not run as root and there is no user {SYSTEM_USER}: "
            f"make one (adduser --system {SYSTEM_USER}), or run as another user"
        ) from error


def _as_owner(command: list[str | Path]) -> list[str | Path]:
    """Return ``command`` so that the server's user runs it."""
    if os.geteuid() != 0:
        return command
    return ["runuser", "-u", SYSTEM_USER, "--", *command]


def _make_home(home: Path) -> None:
    """Make the cluster's folder; refuse one that another user put there."""
    owner = _owner()
    if not home.exists():
        home.mkdir(mode=0o700)
        os.chown(home, owner.pw_uid, owner.pw_gid)
    if home.stat().st_uid != owner.pw_uid:
        raise Failure(f"{home} belongs to another user: delete it")


def _make_cluster(programs: Path, data: Path) -> None:
    """Make an empty cluster, whole or not at all."""
    with step("private PostgreSQL, made"):
        fresh = data.with_name("data.new")
        run(_as_owner(["rm", "-rf", fresh]), f"delete {fresh}")
        command = [programs / "initdb", "-D", fresh, "-U", SYSTEM_USER, "--auth=trust"]
        command += ["-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions"]
        run(_as_owner(command), "free some disk space and try again", cwd=Path("/"))
        lines = [f"{name} = '{value}'" for name, value in SETTINGS.items()]
        lines.append(f"unix_socket_directories = '{data.parent}'")
        with (fresh / "postgresql.conf").open("a") as stream:
            stream.write("\n".join(lines) + "\n")
        fresh.rename(data)


def _is_running(programs: Path, data: Path) -> bool:
    command = _as_owner([programs / "pg_ctl", "status", "-D", data])
    return subprocess.run(command, capture_output=True, cwd="/").returncode == 0


def _start(programs: Path, home: Path) -> None:
    """Start the private server unless it runs, and make its role."""
    data = home / "data"
    if not (data / "PG_VERSION").is_file():
        _make_cluster(programs, data)
    if not _is_running(programs, data):
        with step("private PostgreSQL"):
            log = home / "postgresql.log"
            command = [programs / "pg_ctl", "start", "-w", "-D", data, "-l", log]
            run(_as_owner(command), f"see {log}", cwd=Path("/"))
    admin = Server({"PGHOST": str(home), "PGUSER": SYSTEM_USER}, _psql(programs))
    if not admin.query(f"SELECT 1 FROM pg_roles WHERE rolname = '{ROLE}'"):
        admin.query(f"CREATE ROLE {ROLE} LOGIN CREATEDB")


def _stop(home: Path) -> None:
    data = home / "data"
    if not (data / "PG_VERSION").is_file():
        return
    programs = _programs(data)
    if _is_running(programs, data):
        command = [programs / "pg_ctl", "stop", "-w", "-m", "fast", "-D", data]
        run(_as_owner(command), "end its processes yourself", cwd=Path("/"))


def _psql(programs: Path) -> str:
    packaged = programs / "psql"
    return str(packaged) if packaged.is_file() else shutil.which("psql") or "psql"


def _open_hold() -> int:
    path = cache_folder() / "postgresql.users"
    return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)


@contextlib.contextmanager
def _private() -> Iterator[Server]:
    """Keep the private server up; the last command that uses it stops it.

    Each user holds a shared lock on one file, and a detached Odoo inherits its
    descriptor: who gets the lock alone at the end knows that nobody is left, even
    after a crash.
    """
    home = _home()
    hold = _open_hold()
    try:
        programs = _programs(home / "data")
        fcntl.flock(hold, fcntl.LOCK_SH)
        with open(cache_folder() / "postgresql.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            _make_home(home)
            _start(programs, home)
        env = {"PGHOST": str(home), "PGUSER": ROLE}
        yield Server(env, _psql(programs), hold)
    finally:
        os.close(hold)
        stop_if_unused()


def stop_if_unused() -> None:
    """Stop the private server if nobody uses it any more."""
    hold = _open_hold()
    try:
        fcntl.flock(hold, fcntl.LOCK_EX | fcntl.LOCK_NB)
        _stop(_home())
    except BlockingIOError:
        pass
    finally:
        os.close(hold)


# -- the company's server ----------------------------------------------------------


def _company() -> Server:
    """Return the server that the PG… variables name, after checking it."""
    if os.environ.get("PGUSER") == "postgres":
        raise Failure(
            "Odoo refuses the database user postgres: make another with "
            "`CREATE ROLE odoo LOGIN CREATEDB PASSWORD '…'` and set PGUSER=odoo"
        )
    if not shutil.which("psql"):
        install_packages(["postgresql-client"])
    server = Server({}, "psql")
    names = ", ".join(name for name in COMPANY_VARIABLES if os.environ.get(name))
    try:
        version = int(server.query("SHOW server_version_num")[0][0]) // 10000
        rights = server.query(
            "SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user"
        )
    except Failure as failure:
        raise Failure(f"{failure}; check {names}, or unset them all") from failure
    if version < OLDEST:
        raise Failure(f"PostgreSQL is {version}: Odoo 19 needs {OLDEST} or newer")
    if rights != [["t"]]:
        raise Failure("the database user may not make databases: ALTER ROLE … CREATEDB")
    return server


@contextlib.contextmanager
def connect() -> Iterator[Server]:
    """Yield a server that answers."""
    if any(os.environ.get(name) for name in COMPANY_VARIABLES):
        yield _company()
    else:
        with _private() as server:
            yield server


def check_variables() -> None:
    """Refuse at once what would fail after minutes of downloads."""
    if os.environ.get("PGUSER") == "postgres":
        _company()

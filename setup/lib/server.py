"""The Odoo server: in front until Ctrl-C, or detached until --stop."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from .console import Failure, say, step
from .odoo19 import Runtime
from .postgres import Server
from .system import cache_folder

HOST = "127.0.0.1"
# Odoo's own distance between its two default ports.
GEVENT_OFFSET = 3
START_SECONDS = 180
STOP_SECONDS = 30


@dataclass(frozen=True)
class Site:
    """What to serve, and where."""

    database: str
    port: int
    workers: int

    @property
    def address(self) -> str:
        """Where a browser finds it."""
        return f"http://{HOST}:{self.port}"

    @property
    def ports(self) -> list[int]:
        """The ports that must be free."""
        return [self.port] + ([self.port + GEVENT_OFFSET] if self.workers else [])


def _states() -> Path:
    folder = cache_folder() / "servers"
    folder.mkdir(exist_ok=True)
    return folder


def _is_alive(process: int) -> bool:
    """Tell whether the process is an Odoo; its number may have gone to another."""
    try:
        return b"odoo" in Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return False


def _detached() -> dict[int, dict]:
    """Return the detached servers that still run, by port."""
    found = {}
    for path in _states().glob("*.json"):
        state = json.loads(path.read_text())
        if _is_alive(state["process"]):
            found[state["port"]] = state
        else:
            path.unlink(missing_ok=True)
    return found


def check_ports(site: Site) -> None:
    """Refuse a taken port before anything slow."""
    for port in site.ports:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except PermissionError as error:
                raise Failure(
                    f"port {port} is for root: choose one above 1023 with --port"
                ) from error
            except OverflowError as error:
                raise Failure(f"{port} is no port: --port 8069, say") from error
            except OSError as error:
                ours = port in _detached()
                stop = "setup/run --stop ends the server there; or " if ours else ""
                raise Failure(
                    f"port {port} is taken: {stop}choose another with --port"
                ) from error


def _command(runtime: Runtime, site: Site, log: Path) -> list[str]:
    command = [*runtime.odoo, "--config", str(runtime.config), "--logfile", str(log)]
    command += ["--database", site.database, "--http-port", str(site.port)]
    command += ["--workers", str(site.workers)]
    if site.workers:
        command += ["--gevent-port", str(site.port + GEVENT_OFFSET)]
    return command


def _wait_until_served(site: Site, process: subprocess.Popen, log: Path) -> None:
    """Return when the login page comes; its assets are then in the making."""
    end = time.monotonic() + START_SECONDS
    # A proxy of the environment must not be asked for a local page.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while time.monotonic() < end:
        if process.poll() is not None:
            raise Failure(f"Odoo ended at once: see {log}")
        try:
            with opener.open(f"{site.address}/web/login", timeout=60):
                return
        except urllib.error.HTTPError as error:
            raise Failure(f"Odoo answers {error.code}: see {log}") from error
        except OSError:
            time.sleep(0.2)
    raise Failure(f"Odoo does not answer after {START_SECONDS} s: see {log}")


def _end(process: int, wait: bool = True) -> None:
    """End Odoo, gently first."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(process, signal.SIGTERM)
    end = time.monotonic() + STOP_SECONDS
    while wait and _is_alive(process):
        if time.monotonic() > end:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        time.sleep(0.1)


def _start(runtime: Runtime, server: Server, site: Site) -> subprocess.Popen:
    """Start Odoo and return when it serves."""
    log = cache_folder() / "log" / f"{site.database}.log"
    log.parent.mkdir(exist_ok=True)
    with step("Odoo"):
        # In a session of its own: Ctrl-C is for us, who then end it in good order.
        process = subprocess.Popen(
            _command(runtime, site, log),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **server.env},
            start_new_session=True,
            pass_fds=server.inherited,
            cwd="/",
        )
        try:
            _wait_until_served(site, process, log)
        except BaseException:
            _end(process.pid, wait=False)
            process.wait()
            raise
    say(f"\n  {site.address}   login: admin   password: admin")
    say(f"  log: {log}")
    return process


def detach(runtime: Runtime, server: Server, site: Site) -> None:
    """Start Odoo and leave it running."""
    process = _start(runtime, server, site)
    state = {"process": process.pid, "port": site.port, "database": site.database}
    (_states() / f"{site.port}.json").write_text(json.dumps(state))
    say("  setup/run --stop ends it")


def serve(runtime: Runtime, server: Server, site: Site) -> int:
    """Serve until Ctrl-C."""
    process = _start(runtime, server, site)
    say("  Ctrl-C ends it")
    try:
        code = process.wait()
    except KeyboardInterrupt:
        say("")
        with step("Odoo stopped"):
            _end(process.pid, wait=False)
            process.wait()
        return 0
    raise Failure(f"Odoo ended with code {code}: see {cache_folder() / 'log'}")


def stop(port: int | None) -> None:
    """End the detached servers, or the one on ``port``."""
    running = _detached()
    chosen = {key: state for key, state in running.items() if port in (None, key)}
    if not chosen:
        say("  nothing to stop")
    for key, state in chosen.items():
        with step(f"Odoo on port {key} stopped"):
            _end(state["process"])
            (_states() / f"{key}.json").unlink(missing_ok=True)

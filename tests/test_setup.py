"""The commands in setup/ explain themselves, and fail with the remedy."""

import ast
import os
import socket
import subprocess

import pytest

from lib import checkout, postgres
from lib.system import CHECKOUT

COMMANDS = sorted(
    path.name
    for path in (CHECKOUT / "setup").iterdir()
    if path.is_file() and os.access(path, os.X_OK)
)


def _call(command: str, *words: str, **variables: str) -> subprocess.CompletedProcess:
    """Run a command as from a shell that knows nothing of this test run."""
    hidden = {*postgres.COMPANY_VARIABLES, "ODOO_SOURCE"}
    env = {key: value for key, value in os.environ.items() if key not in hidden}
    return subprocess.run(
        [CHECKOUT / "setup" / command, *words],
        env={**env, **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _assert_refused(done: subprocess.CompletedProcess, *words: str) -> None:
    assert done.returncode == 1, done.stdout + done.stderr
    assert len(done.stderr.splitlines()) == 1, done.stderr
    for word in words:
        assert word in done.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_help(command):
    done = _call(command, "--help")
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


def test_taken_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = _call("run", "--port", str(port))
    _assert_refused(done, f"port {port} is taken", "--port")


def test_superuser_of_the_database_server():
    done = _call("run", "--port", str(_free_port()), PGUSER="postgres")
    _assert_refused(done, "CREATE ROLE", "PGUSER=odoo")


def test_unreachable_database_server(tmp_path):
    done = _call("run", "--port", str(_free_port()), PGHOST=str(tmp_path))
    _assert_refused(done, "PGHOST", "unset")


@pytest.mark.parametrize("version", [None, "18.0"])
def test_wrong_odoo(version, tmp_path):
    if version:
        release = tmp_path / "odoo" / "release.py"
        release.parent.mkdir()
        release.write_text("version_info = (18, 0, 0, FINAL, 0, '')\n")
    done = _call("run", "--port", str(_free_port()), ODOO_SOURCE=str(tmp_path))
    _assert_refused(done, "ODOO_SOURCE", version or "holds no Odoo")


def test_cache_inside_the_checkout():
    done = _call("run", FIELD_SERVICE_CACHE=str(CHECKOUT / "cache"))
    _assert_refused(done, "FIELD_SERVICE_CACHE")
    assert not (CHECKOUT / "cache").exists()


def test_database_name_is_checked():
    done = _call("run", "--database", "Drop; me")
    assert done.returncode == 2
    assert "small letters" in done.stderr


def test_key_ignores_what_odoo_reads_from_disk(tmp_path, monkeypatch):
    addon = tmp_path / "some_addon"
    (addon / "tests").mkdir(parents=True)
    (addon / "static" / "src").mkdir(parents=True)
    (addon / "__manifest__.py").write_text("{'name': 'Some', 'depends': ['base']}")
    monkeypatch.setattr(checkout, "CHECKOUT", tmp_path)
    monkeypatch.setattr(checkout, "manifests", checkout.manifests.__wrapped__)
    key = checkout.addons_key()
    (addon / "tests" / "test_some.py").touch()
    (addon / "static" / "src" / "some.js").touch()
    (addon / "README.rst").touch()
    assert checkout.addons_key() == key
    (addon / "some.xml").touch()
    assert checkout.addons_key() != key


def _list_imports(package: str) -> dict[str, set[str]]:
    """Return which modules of a package each of them imports, wherever it does so."""
    paths = {
        path.stem: path for path in (CHECKOUT / "setup" / package).glob("[!_]*.py")
    }
    found = {}
    for name, path in paths.items():
        nodes = [
            node
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.ImportFrom) and node.level == 1
        ]
        names = {node.module for node in nodes}
        names |= {
            alias.name for node in nodes if not node.module for alias in node.names
        }
        found[name] = names & paths.keys()
    return found


@pytest.mark.parametrize("package", ["lib", "benchmarks"])
def test_modules_do_not_import_each_other(package):
    """Each can be read after those that it imports: there is no circle."""
    waiting = _list_imports(package)
    assert any(waiting.values()), "some import others"
    while ready := {name for name, names in waiting.items() if not names}:
        waiting = {
            name: names - ready for name, names in waiting.items() if name not in ready
        }
    assert not waiting

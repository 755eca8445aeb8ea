"""What every test run needs, be it of one addon or of all."""

import contextlib
import gc
import os
import shutil
from collections.abc import Iterator

import pytest
import pytest_odoo
from hypothesis import HealthCheck, settings

import odoo.api
from odoo.modules.registry import Registry
from odoo.tests.common import HttpCase, get_db_name
from odoo.tools import config

# What the pages of tours load. Odoo's own runner makes every bundle there is, which
# takes five times as long.
BUNDLES = ("web.assets_web", "web.assets_frontend", "web.assets_frontend_lazy")

# How long an example takes says how busy the machine is.
settings.register_profile(
    "busy machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("busy machine")


@contextlib.contextmanager
def _own_filestore(original: str, database: str) -> Iterator[None]:
    """Give a worker a filestore of its own, where pytest-odoo shares the original's.

    Each class of Odoo's tests ends with collecting the files that its database does not
    know: those that the other worker is using.
    """
    if database == original:
        yield
        return
    source, target = config.filestore(original), config.filestore(database)
    shutil.rmtree(target, ignore_errors=True)
    if os.path.isdir(source):
        # A file is never written again, only removed.
        shutil.copytree(source, target, copy_function=os.link)
    try:
        yield
    finally:
        shutil.rmtree(target, ignore_errors=True)


pytest_odoo._shared_filestore = _own_filestore


@pytest.fixture
def env() -> Iterator[odoo.api.Environment]:
    """Yield an environment on the test database; nothing of it is kept."""
    with Registry(get_db_name()).cursor() as cr:
        yield odoo.api.Environment(cr, odoo.api.SUPERUSER_ID, {})
        cr.rollback()


@pytest.fixture(scope="session", autouse=True)
def frozen(load_registry: None) -> None:
    """Look no more for garbage in the registry, which takes a tenth of the time."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def assets(request: pytest.FixtureRequest, load_registry: None) -> None:
    """Make scripts and styles once before tours, as Odoo's own test runner does.

    Each tour would make them again and throw them away with its transaction; on a slow
    machine its other requests then wait too long and the tour fails.
    """
    classes = {getattr(item, "cls", None) for item in request.session.items}
    if any(isinstance(cls, type) and issubclass(cls, HttpCase) for cls in classes):
        with Registry(get_db_name()).cursor() as cr:
            env = odoo.api.Environment(cr, odoo.api.SUPERUSER_ID, {})
            for name in BUNDLES:
                bundle = env["ir.qweb"]._get_asset_bundle(name, css=True, js=True)
                bundle.css()
                bundle.js()

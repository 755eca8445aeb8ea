"""The databases to measure in, filled when a benchmark first asks for one."""

import random
from collections.abc import Callable

from odoo.api import SUPERUSER_ID, Environment
from odoo.models import BaseModel
from odoo.modules.registry import Registry
from odoo.sql_db import BaseCursor
from odoo.tools import SQL

from lib.console import step

from . import bulk, contract_books, contracts, trade
from .options import Sizes

LOADED = "bench.loaded"


class Databases:
    """Environments of a user in a small, a large, a peer's and the contracts' database,
    all with cursors of one process, so that operations in them can take turns."""

    def __init__(self, names: dict[str, str], sizes: Sizes) -> None:
        self.names = names
        self.sizes = sizes
        self._open: dict[str, Environment] = {}

    @property
    def small(self) -> Environment:
        """The database with few rows."""
        return self._get("small", self.sizes.small, _load)

    @property
    def large(self) -> Environment:
        """The database with many rows."""
        return self._get("large", self.sizes.large, _load)

    @property
    def shared(self) -> Environment:
        """A database with few rows where OCA's addons are beside ours, if they could
        be had: for what is made anew in each run."""
        if "shared" not in self._open:
            database = self.names.get("peer", self.names["small"])
            self._open["shared"] = self._enter(Registry(database).cursor())
        return self._open["shared"]

    @property
    def stock(self) -> Environment:
        """The database with bridges and their apps: for what is made anew in each
        run."""
        if "stock" not in self._open:
            self._open["stock"] = self._enter(Registry(self.names["stock"]).cursor())
        return self._open["stock"]

    @property
    def peer(self) -> Environment | None:
        """The database of OCA's fieldservice, with as many rows as the large one."""
        if "peer" not in self.names:
            return None
        return self._get("peer", self.sizes.large, _load_peer)

    @property
    def contracts(self) -> Environment:
        """The database of service contracts, ours and OCA's."""

        def load(env: Environment, count: int) -> None:
            contracts.load(env, count)
            contracts.load_live(env, self.sizes.due)

        return self._get("contracts", self.sizes.contracts, load)

    @property
    def small_books(self) -> Environment:
        """The database of few contracts with all that is booked on them."""
        return self._get(
            "small_books", max(self.sizes.contracts, 10), contract_books.load
        )

    @property
    def large_books(self) -> Environment:
        """The database of many contracts with all that is booked on them."""
        return self._get("books", self.sizes.books, contract_books.load)

    def _get(
        self, name: str, count: int, load: Callable[[Environment, int], None]
    ) -> Environment:
        if name not in self._open:
            self._open[name] = self._fill(self.names[name], count, load)
        return self._open[name]

    def _fill(self, database: str, count: int, load: Callable) -> Environment:
        cursor = Registry(database).cursor()
        env = Environment(cursor, SUPERUSER_ID, {})
        parameters = env["ir.config_parameter"]
        if parameters.get_param(LOADED) != str(count):
            with step(f"{count:,} rows in {database}"):
                load(env, count)
                parameters.set_param(LOADED, str(count))
                cursor.commit()
                bulk.vacuum_analyze(database)
        return self._enter(cursor)

    def _enter(self, cursor: BaseCursor) -> Environment:
        # Record rules are part of what is measured: an administrator, not the system.
        env = Environment(cursor, SUPERUSER_ID, {})
        env = env(user=env.ref("base.user_admin").id)
        return env(context=env["res.users"].context_get())

    def get_server_version(self) -> str:
        """Return which PostgreSQL it was measured on."""
        env = next(iter(self._open.values()))
        return env.execute_query(SQL("SHOW server_version"))[0][0]

    def close(self) -> None:
        """Give the cursors back."""
        for env in self._open.values():
            env.cr.close()


def _load(env: Environment, count: int) -> None:
    first = trade.load_customers(env, count)
    products = trade.create_products(env)
    trade.load_equipment(env, products, first, count)


def _load_peer(env: Environment, count: int) -> None:
    trade.load_peer_equipment(env, count)


def some_customers(env: Environment, count: int) -> BaseModel:
    """Return customers from all over the table, ever the same."""
    partners = env["res.partner"]
    found = partners.search([("child_ids.type", "=", "delivery")], order="id")
    return partners.browse(random.Random(19).sample(found.ids, count))

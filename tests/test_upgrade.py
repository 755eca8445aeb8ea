"""Databases of the former release are upgraded, with all that people did in them.

When there is a new release, the exceptions below begin anew.
"""

import collections
import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import odoo.sql_db
from odoo.api import Environment

from lib import checkout, databases, odoo19, postgres, releases
from lib.console import Failure
from lib.system import CHECKOUT, cache_folder, locked

STORY = Path(__file__).with_name("upgrade_story.py")

# Models of which neither the demo data nor the story has records, and why.
EMPTY = {
    "service.contract.move.in": "needs OCA's contract",
    "service.contract.move.in.line": "needs OCA's contract",
}

# Columns whose values the upgrade changes: in how many rows, and why.
CHANGED = {
    "installed_base.serial_key": (1, "serial numbers that look the same are one key"),
    "installed_base_ownership.date_from": (5, "of what has no date, it is unknown"),
    "maintenance_visit.window_end": (4, "open breakdowns are due on their day"),
    "maintenance_visit.window_start": (4, "open breakdowns are due on their day"),
    "mail_template.body_html": (1, "the e-mail about an end states the next price"),
    "res_groups.comment": (3, "plain English says what each group allows"),
    "service_line.discount": (1, "what a contract pays is at 100 %"),
    "service_line.price_subtotal": (1, "as above"),
    "service_contract_line.profit": (2, "of prices with tax inside, without the tax"),
}

# Columns that the upgrade renames.
RENAMED = {
    f"{table}.{name}": f"service_{name}"
    for table, names in {
        "calendar_recurrence": ("keeps_month_day",),
        "product_template": ("mode", "interval_number", "interval_unit", "visit_count"),
        "res_company": ("problem_instructions", "problem_user_id"),
        "survey_question": ("is_printed_on_report",),
        "survey_user_input": ("is_public",),
    }.items()
    for name in names
}

# Columns whose values the upgrade puts elsewhere; a test below finds them there.
MOVED = {
    "service_contract.cancellation_data",
    "service_contract.transfer_data",
    "service_contract_payer.undo_data",
}

# Rows that the upgrade takes away, by table, and why.
LOST = {
    "hr_skill_maintenance_visit_type_rel": "skills of visit types are requirements",
    "ir_act_window_view": "an action lists its views anew at each update",
    "ir_model": "the mixin of contract terms has another name",
    "ir_model_constraint": "as above",
    "ir_model_data": "names of what stands here",
    "ir_model_fields": "as above, and what undoing restored is in records now",
    "ir_model_fields_selection": "as above",
    "ir_model_inherit": "as above",
    "ir_model_relation": "of the skills of visit types",
}

# What counts changes, and what Odoo itself writes whenever it starts.
TECHNICAL = {"orm_signaling_registry"}
STAMPS = {"write_date", "write_uid"}

Rows = dict[int | str, dict]


@dataclass
class Upgrade:
    """Tables before and after, and what Odoo logged."""

    before: dict[str, Rows]
    after: dict[str, Rows]
    complaints: list[str]
    versions: dict[str, str]


def _read(database: str) -> dict[str, Rows]:
    """Return every row of the database, by its id or as a whole."""
    tables: dict[str, Rows] = {}
    with odoo.sql_db.db_connect(database).cursor() as cr:
        cr.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' "
            "AND relnamespace = current_schema::regnamespace"
        )
        for (table,) in cr.fetchall():
            cr.execute(f'SELECT to_jsonb(t) FROM "{table}" t')
            rows = [row for (row,) in cr.fetchall()]
            tables[table] = {
                row.get("id") or json.dumps(row, sort_keys=True): row for row in rows
            }
    odoo.sql_db.close_db(database)
    return tables


def _read_versions(database: str) -> dict[str, str]:
    with odoo.sql_db.db_connect(database).cursor() as cr:
        cr.execute("SELECT name, latest_version FROM ir_module_module")
        versions = dict(cr.fetchall())
    odoo.sql_db.close_db(database)
    return versions


@pytest.fixture(scope="module")
def upgrade() -> Iterator[Upgrade]:
    """Upgrade a copy of a database that the former release made."""
    runtime = odoo19.prepare()
    name = f"{databases.PREFIX}_test_{os.getpid()}_upgrade"
    log = cache_folder() / "log" / f"{name}.log"
    with postgres.connect() as server:
        with locked("templates"):
            template = releases.former_template(runtime, server, STORY)
        databases.drop(server, name)
        databases.copy(server, template, name)
        databases.mark(server, name, "test")
        before = _read(name)
        arguments = ["--database", name, "--update", ",".join(checkout.addons())]
        arguments += ["--stop-after-init", "--no-http", "--max-cron-threads", "0"]
        odoo19.call(runtime, arguments, server.env, log, "the upgrade")
        yield Upgrade(
            before, _read(name), databases.complaints(log), _read_versions(name)
        )
        databases.drop(server, name)


def test_a_clone_without_history_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clone = tmp_path / "clone"
    source = ["--depth", "1", f"file://{CHECKOUT}"]
    subprocess.run(["git", "clone", "--quiet", *source, clone], check=True)
    monkeypatch.setattr(releases, "CHECKOUT", clone)
    with pytest.raises(Failure, match="git fetch --unshallow"):
        releases.former()


def test_every_capability_has_records(upgrade: Upgrade, env: Environment) -> None:
    """Prove that something can be lost."""
    empty = {
        model._name
        for model in env.registry.values()
        if model._original_module in checkout.addons()
        and not (model._abstract or model._transient)
        and upgrade.before.get(model._table) == {}
    }
    assert empty == set(EMPTY)


def test_nothing_is_logged(upgrade: Upgrade) -> None:
    assert upgrade.complaints == []


def test_versions(upgrade: Upgrade) -> None:
    manifests = checkout.manifests()
    for addon in checkout.addons():
        assert upgrade.versions[addon] == manifests[addon]["version"]


def test_no_row_is_lost(upgrade: Upgrade) -> None:
    lost = {
        table: [rows[key] for key in rows.keys() - upgrade.after.get(table, {}).keys()]
        for table, rows in upgrade.before.items()
        if table not in TECHNICAL
    }
    lost = {table: rows for table, rows in lost.items() if rows}
    assert set(lost) == set(LOST)
    named = {row["model"].replace(".", "_") for row in lost["ir_model_data"]}
    assert named <= set(LOST)
    models = {row["model"] for row in lost["ir_model"]}
    assert models == {"service.contract.settings"}


def test_values_stay(upgrade: Upgrade) -> None:
    """What the code defines may change, what people or the demo data wrote stays."""
    changed: dict[str, list[tuple]] = collections.defaultdict(list)
    for table, rows in upgrade.before.items():
        if table in TECHNICAL or table.startswith("ir_"):
            continue
        for key in rows.keys() & upgrade.after.get(table, {}).keys():
            after = upgrade.after[table][key]
            for column, value in rows[key].items():
                name = f"{table}.{column}"
                if column in STAMPS or name in MOVED:
                    continue
                now = after.get(RENAMED.get(name, column), "gone")
                if now != value:
                    changed[name].append((key, value, now))
    counts = {column: len(rows) for column, rows in changed.items()}
    assert counts == {column: count for column, (count, _why) in CHANGED.items()}, {
        column: rows[:3] for column, rows in changed.items()
    }


def test_names_in_what_people_saved(upgrade: Upgrade) -> None:
    """Filters and exports name renamed fields, and those are the same fields."""
    (saved,) = [
        row for row in upgrade.after["ir_filters"].values() if row["name"] == "By rule"
    ]
    assert saved["domain"] == "[('service_mode', '=', 'interval')]"
    assert saved["context"] == "{'group_by': ['service_mode']}"
    lines = upgrade.after["ir_exports_line"].values()
    assert {"service_visit_count", "product_id/service_mode"} <= {
        row["name"] for row in lines
    }
    for name in ("mode", "month_ids", "rule_summary"):
        ids = [
            {
                key
                for key, row in rows["ir_model_fields"].items()
                if row["model"] == "product.template" and row["name"] == field
            }
            for rows, field in (
                (upgrade.before, name),
                (upgrade.after, f"service_{name}"),
            )
        ]
        assert ids[0] == ids[1] != set()


def test_skills_of_visit_types(upgrade: Upgrade) -> None:
    """What a type asked for it still does, of any level."""
    former = upgrade.before["hr_skill_maintenance_visit_type_rel"].values()
    assert (
        {
            (row["visit_type_id"], row["skill_id"], row["skill_level_id"])
            for row in upgrade.after["service_skill_requirement"].values()
            if row["visit_type_id"]
        }
        == {
            (row["maintenance_visit_type_id"], row["hr_skill_id"], None)
            for row in former
        }
        != set()
    )


def test_what_undoing_restores(upgrade: Upgrade) -> None:
    undos = upgrade.after["service_contract_undo"].values()
    contracts = upgrade.before["service_contract"].values()
    assert {
        row["contract_id"]: row["date_end"]
        for row in undos
        if row["kind"] == "cancellation"
    } == {
        row["id"]: row["cancellation_data"]["date_end"]
        for row in contracts
        if row["cancellation_data"]
    }
    assert {row["successor_id"] for row in undos} - {None} == {
        row["id"] for row in contracts if row["transfer_data"]
    }
    payers = [row for row in undos if row["kind"] == "payer"]
    assert {
        (row["contract_id"], row["date"]) for row in payers if not row["parent_id"]
    } == {
        (row["contract_id"], row["date_start"])
        for row in upgrade.before["service_contract_payer"].values()
        if row["undo_data"]
    }
    (replaced,) = [row for row in payers if row["parent_id"]]
    assert replaced["date"] == "2024-09-01"
    lines = upgrade.after["service_contract_undo_line"].values()
    kinds = collections.Counter(row["kind"] for row in lines)
    assert kinds.keys() == {"change", "end", "equipment", "payer"}
    assert kinds["payer"] == 1
    for column in MOVED:
        table, name = column.split(".")
        assert not any(name in row for row in upgrade.after[table].values())

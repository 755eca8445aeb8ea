"""What undoing restores becomes records with fields.

Odoo drops the columns that held it at the end of the upgrade.
"""

from datetime import timedelta

from odoo import SUPERUSER_ID, api
from odoo.fields import Command
from odoo.tools import split_every

SLICE = 1000
# Where ids stand in what was kept, by model.
REFERENCES = {
    "service.contract.change": {"change_ids"},
    "account.move.line": {"credit_line_ids"},
    "service.contract.line": {"contract_line_id"},
    "service.contract.price.update": {"price_update_id"},
    "res.partner": {"payer_id", "partner_id", "site_id"},
    "installed.base": {"installed_base_id"},
}


def migrate(cr, version):
    env = api.Environment(cr, SUPERUSER_ID, {})
    # Those that a later one replaced come before it, as they did in life.
    events = [
        row for event in _read_events(cr) for row in _flatten(event) if row["contract"]
    ]
    for part in split_every(SLICE, events, list):
        _create(env, part)
        env.flush_all()
        env.invalidate_all()


def _read_events(cr):
    """Return all that can be undone, the earliest first."""
    cr.execute(
        """
        SELECT id, cancellation_date, create_date, cancellation_data
          FROM service_contract
         WHERE jsonb_typeof(cancellation_data) = 'object'
        """
    )
    cancellations = {
        contract: {
            "kind": "cancellation",
            "contract": contract,
            "date": day + timedelta(days=1),
            "created": created,
            **data,
        }
        for contract, day, created, data in cr.fetchall()
    }
    cr.execute(
        """
        SELECT id, predecessor_id, date_start, create_date, transfer_data
          FROM service_contract
         WHERE jsonb_typeof(transfer_data) = 'object'
        """
    )
    events = list(cancellations.values())
    for successor, former, day, created, data in cr.fetchall():
        event = cancellations.get(former)
        made = set(data.get("change_ids", ()))
        # A transfer of all lines cancelled the contract.
        if event and event["date"] == day and made.issuperset(event["change_ids"]):
            event["credit_line_ids"] += data["credit_line_ids"]
            event["equipment"] = data.get("equipment")
        else:
            event = {"kind": "customer", "contract": former, "date": day, **data}
            events.append(event)
        event.update(successor=successor, created=created)
    cr.execute(
        """
        SELECT contract_id, date_start, create_date, undo_data
          FROM service_contract_payer
         WHERE jsonb_typeof(undo_data) = 'object'
        """
    )
    events += [
        {"kind": "payer", "contract": contract, "date": day, "created": created, **data}
        for contract, day, created, data in cr.fetchall()
    ]
    return sorted(events, key=lambda event: event["created"])


def _flatten(event):
    """Return what a transfer to a payer replaced, and the transfer itself."""
    replaced = []
    for row in event.get("rows", ()):
        if data := row.get("undo_data"):
            child = {"kind": "payer", "contract": event["contract"], **data}
            child.update(date=row["date_start"], parent=event)
            replaced += _flatten(child)
    return [*replaced, event]


def _prepare_lines(event):
    """Return values of the lines of an undo."""
    for line, day in (event.get("ends") or {}).items():
        yield {"kind": "end", "contract_line_id": int(line), "date": day}
    for change in event.get("changes", ()):
        yield {"kind": "change", **change}
    for row in event.get("rows", ()):
        yield {
            "kind": "payer",
            "partner_id": row["partner_id"],
            "date": row["date_start"],
            "note": row["reason"],
            "is_pending": row["is_pending"],
        }
    for piece, (partner, site) in (event.get("equipment") or {}).items():
        yield {
            "kind": "equipment",
            "installed_base_id": int(piece),
            "partner_id": partner,
            "site_id": site,
        }


def _prepare(event):
    """Return values of an undo, its lines and links as they are."""
    return {
        "contract_id": event["contract"],
        "kind": event["kind"],
        "date": event["date"],
        "date_end": event.get("date_end"),
        "payer_id": event.get("payer_id"),
        "successor_id": event.get("successor"),
        "change_ids": event.get("change_ids", []),
        "credit_line_ids": event.get("credit_line_ids", []),
        "line_ids": list(_prepare_lines(event)),
    }


def _create(env, events):
    vals_list = [_prepare(event) for event in events]
    rows = vals_list + [row for vals in vals_list for row in vals["line_ids"]]
    for model, names in REFERENCES.items():
        _forget_deleted(env[model], names, rows)
    for vals in vals_list:
        vals["change_ids"] = [Command.set(vals["change_ids"])]
        vals["credit_line_ids"] = [Command.set(vals["credit_line_ids"])]
        vals["line_ids"] = [
            Command.create(row)
            for row in vals["line_ids"]
            # What is nobody's any more cannot be put back.
            if row.get("contract_line_id")
            or row.get("installed_base_id")
            or (row["kind"] == "payer" and row["partner_id"])
        ]
    undos = env["service.contract.undo"].create(vals_list)
    for undo, event in zip(undos, events, strict=True):
        event["undo"] = undo.id
        for row in event.get("replaced", ()):
            undo.browse(row["undo"]).parent_id = undo
        if "parent" in event:
            event["parent"].setdefault("replaced", []).append(event)


def _forget_deleted(model, names, rows):
    """Take ids of records that are gone out of values."""
    values = [row[name] for row in rows for name in names if row.get(name)]
    ids = {
        id_
        for value in values
        for id_ in (value if isinstance(value, list) else [value])
    }
    known = set(model.browse(ids).exists().ids)
    for row in rows:
        for name in names:
            value = row.get(name)
            if isinstance(value, list):
                row[name] = [id_ for id_ in value if id_ in known]
            elif value and value not in known:
                row[name] = False

"""Serial numbers that look the same have the same key; blanks are no text."""

import logging

from psycopg2.errors import UniqueViolation

from odoo import SUPERUSER_ID, api
from odoo.tools import SQL, mute_logger

from odoo.addons.field_installed_base.models.equipment.installed_base import clean_text

_logger = logging.getLogger(__name__)


def migrate(cr, version):
    """Compute the keys of unusual serial numbers anew. Two pieces whose numbers turn
    out to be the same keep what they have; both are told apart in their chatter."""
    _empty_blanks(cr)
    env = api.Environment(cr, SUPERUSER_ID, {})
    equipment = env["installed.base"].with_context(active_test=False)
    cr.execute(
        "SELECT id, serial_number, serial_key FROM installed_base "
        "WHERE serial_number ~ '[^ -~]' ORDER BY id"
    )
    changed = {
        id_: key
        for id_, serial_number, old in cr.fetchall()
        if (key := equipment._normalize_serial(serial_number) or None) != old
    }
    collisions = []
    for id_, key in changed.items():
        try:
            with mute_logger("odoo.sql_db"), cr.savepoint():
                cr.execute(
                    "UPDATE installed_base SET serial_key = %s WHERE id = %s",
                    [key, id_],
                )
        except UniqueViolation:
            collisions.append(id_)
    pieces = equipment.browse(changed)
    pieces.invalidate_recordset()
    env.add_to_compute(equipment._fields["search_text"], pieces)
    env.flush_all()
    _tell(equipment, equipment.browse(collisions))


def _empty_blanks(cr):
    """Take out texts in which nothing is to be seen."""
    for name in ("serial_number", "model"):
        column = SQL.identifier(name)
        cr.execute(
            SQL(
                "SELECT id, %s FROM installed_base "
                "WHERE %s IS NOT NULL AND %s !~ '[!-~]'",
                column,
                column,
                column,
            )
        )
        blank = [id_ for id_, text in cr.fetchall() if not clean_text(text)]
        if not blank:
            continue
        # A piece without product needs a model, however poor.
        cr.execute(
            SQL(
                "UPDATE installed_base SET %s = CASE WHEN %s AND product_id IS NULL "
                "THEN '?' END WHERE id = ANY(%s)",
                column,
                name == "model",
                blank,
            )
        )


def _tell(equipment, collisions):
    """Write on pieces whose serial number another one has as well which one that is."""
    for piece in collisions:
        vals = {
            "company_id": piece.company_id.id,
            "product_id": piece.product_id.id,
            "model": piece.model,
            "serial_number": piece.serial_number,
        }
        identity = equipment._get_serial_identity(vals)
        other = equipment.search(
            [
                ("company_id", "=", piece.company_id.id),
                ("product_id", "=", piece.product_id.id),
                ("serial_key", "=", identity[3]),
                ("id", "!=", piece.id),
            ],
            limit=1,
        )
        note = equipment.env._(
            "The serial number %(serial)s is equivalent to that of %(other)s. "
            "Correct one of them, or archive the duplicate.",
            serial=piece.serial_number,
            other=other._get_label(),
        )
        _logger.warning("%s: %s", piece.reference, note)
        admin = equipment.env.ref("base.user_admin", raise_if_not_found=False)
        candidates = (piece.create_uid, admin or piece.create_uid)
        user = next((user for user in candidates if user.active), piece.create_uid)
        piece.activity_schedule(
            "mail.mail_activity_data_todo", note=note, user_id=user.id
        )

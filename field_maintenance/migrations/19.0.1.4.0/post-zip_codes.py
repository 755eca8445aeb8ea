from odoo.addons.field_maintenance.engine import (
    ZipError,
    normalize_zip,
    parse_zip_part,
    split_zip_codes,
)


def migrate(cr, version):
    """A hyphen makes a range now. Where it was part of a zip code, as in 00-950, codes
    are compared without it."""
    cr.execute("SELECT id, zip_prefixes FROM service_zone WHERE zip_prefixes > ''")
    for zone_id, text in cr.fetchall():
        parts = []
        for part in split_zip_codes(text):
            try:
                parse_zip_part(part)
                parts.append(part)
            except ZipError:
                parts.append(normalize_zip(part))
        kept = ", ".join(filter(None, parts))
        if parts != list(split_zip_codes(text)):
            cr.execute(
                "UPDATE service_zone SET zip_prefixes = %s WHERE id = %s",
                (kept, zone_id),
            )

from odoo.tools.sql import column_exists, create_column


def migrate(cr, version):
    """No hours were agreed yet: upgrading need not go through all visits."""
    for name in ("agreed_from", "agreed_until"):
        if not column_exists(cr, "maintenance_visit", name):
            create_column(cr, "maintenance_visit", name, "float8")

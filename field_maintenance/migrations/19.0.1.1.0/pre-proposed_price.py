"""Prices of what visits used stay as they are: none counts as proposed."""

from odoo.tools.sql import column_exists, create_column


def migrate(cr, version):
    if not column_exists(cr, "service_line", "proposed_price_unit"):
        create_column(cr, "service_line", "proposed_price_unit", "float8")

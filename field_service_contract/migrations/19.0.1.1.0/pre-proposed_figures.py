"""Figures and months that are there stay: none counts as proposed."""

from odoo.tools.sql import column_exists, create_column


def migrate(cr, version):
    for table, name, column_type in (
        ("service_contract_line", "proposed_value", "numeric"),
        ("service_contract_line", "proposed_cost", "numeric"),
        ("service_contract_price_update", "proposed_index_date", "date"),
    ):
        if not column_exists(cr, table, name):
            create_column(cr, table, name, column_type)

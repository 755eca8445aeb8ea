from odoo.tools.sql import column_exists, create_column

# Most prices contain no tax: their untaxed amounts need not be computed one by one.
COLUMNS = (
    ("service_contract", "annual_untaxed", "annual_amount"),
    ("service_contract_change", "amount_untaxed", "amount"),
)


def migrate(cr, version):
    for table, column, source in COLUMNS:
        if not column_exists(cr, table, column):
            create_column(cr, table, column, "numeric")
            cr.execute(f"UPDATE {table} SET {column} = {source}")  # pylint: disable=sql-injection

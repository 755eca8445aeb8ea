"""What warranties paid until now is still to be claimed, as far as anybody noted."""

from odoo.tools.sql import column_exists, create_column


def migrate(cr, version):
    if column_exists(cr, "service_line", "claim_state"):
        return
    create_column(cr, "service_line", "claim_state", "varchar")
    cr.execute(
        "UPDATE service_line SET claim_state = 'to_claim' WHERE coverage = 'warranty'"
    )

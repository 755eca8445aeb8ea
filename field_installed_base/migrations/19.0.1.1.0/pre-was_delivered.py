"""Which equipment stood at a customer's, in one go instead of piece by piece."""

from odoo.tools.sql import column_exists, create_column


def migrate(cr, version):
    """Fill the column before Odoo computes it for each piece."""
    if column_exists(cr, "installed_base", "was_delivered"):
        return
    create_column(cr, "installed_base", "was_delivered", "boolean")
    cr.execute(
        """
        UPDATE installed_base
           SET was_delivered = partner_id IS NOT NULL OR EXISTS (
               SELECT FROM installed_base_ownership ownership
                WHERE ownership.installed_base_id = installed_base.id)
        """
    )

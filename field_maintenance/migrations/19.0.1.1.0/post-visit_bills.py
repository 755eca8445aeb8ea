"""Order lines that bill what visits used are not visited themselves."""


def migrate(cr, version):
    """Mark the lines that were made before."""
    cr.execute(
        """
        UPDATE sale_order_line
           SET is_visit_bill = TRUE
          FROM service_line
         WHERE service_line.sale_line_id = sale_order_line.id
        """
    )

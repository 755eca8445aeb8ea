"""Customers who were told of a visit know the hours that were agreed by now."""


def migrate(cr, version):
    cr.execute(
        """
        UPDATE maintenance_visit
           SET told_from = agreed_from, told_until = agreed_until
         WHERE told_start IS NOT NULL AND agreed_until > 0
        """
    )
    cr.execute(
        """
        UPDATE service_request
           SET response_told_due = response_due
         WHERE response_activity_id IS NOT NULL
        """
    )

"""What lines with a job price would cost without it."""


def migrate(cr, version):
    cr.execute(
        """
        UPDATE service_line
           SET job_weight_unit = proposed_price_unit
               * (1 - COALESCE(pricelist_discount, 0) / 100)
         WHERE price_rule_id IS NOT NULL
           AND job_weight_unit IS NULL
        """
    )

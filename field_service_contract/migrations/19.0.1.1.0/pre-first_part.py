"""Contracts that are billed keep their periods, and offers theirs."""

from odoo.tools.sql import column_exists, create_column


def migrate(cr, version):
    if not column_exists(cr, "service_contract", "billing_first_part"):
        create_column(cr, "service_contract", "billing_first_part", "varchar")
        cr.execute(
            """
            UPDATE service_contract
               SET billing_first_part =
                   CASE WHEN state = 'draft' THEN 'together' ELSE 'alone' END
            """
        )
    if not column_exists(cr, "service_contract_template", "billing_first_part"):
        create_column(cr, "service_contract_template", "billing_first_part", "varchar")
        cr.execute(
            "UPDATE service_contract_template SET billing_first_part = 'together'"
        )
    if not column_exists(cr, "sale_order", "service_billing_anchor"):
        create_column(cr, "sale_order", "service_billing_anchor", "varchar")
        cr.execute(
            """
            UPDATE sale_order
               SET service_billing_anchor = template.billing_anchor
              FROM service_contract_template template
             WHERE template.id = sale_order.service_contract_template_id
            """
        )

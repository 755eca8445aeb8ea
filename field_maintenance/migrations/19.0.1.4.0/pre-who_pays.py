"""Prices and payers of what visits used stay as they are: what was given until now was
given by a person. What a warranty or a contract pays was never billed: it is at
100 %."""

from odoo.tools.sql import column_exists, create_column

COLUMNS = {
    "typed_discount": "numeric",
    "typed_coverage": "varchar",
    "price_origin": "varchar",
    "pricelist_discount": "numeric",
    "covered_amount": "numeric",
    "price_rule_id": "int4",
    "job_price_unit": "float8",
    "job_amount": "float8",
    "planned_quantity": "numeric",
}


def migrate(cr, version):
    if column_exists(cr, "service_line", "typed_discount"):
        return
    for name, kind in COLUMNS.items():
        create_column(cr, "service_line", name, kind)
    # An order line bills one line; of several the first did.
    cr.execute(
        """
        UPDATE service_line
           SET sale_line_id = NULL
         WHERE id IN (
               SELECT other.id
                 FROM service_line other
                 JOIN service_line first
                   ON first.sale_line_id = other.sale_line_id AND first.id < other.id
         )
        """
    )
    cr.execute(
        """
        UPDATE service_line
           SET typed_discount = CASE
                   WHEN coverage = 'billable' THEN discount ELSE 0
               END,
               typed_coverage = NULLIF(coverage, 'billable'),
               price_origin = CASE
                   WHEN price_unit = proposed_price_unit THEN 'pricelist'
                   ELSE 'typed'
               END,
               pricelist_discount = 0,
               planned_quantity = 0,
               covered_amount = 0
        """
    )
    cr.execute(
        """
        UPDATE service_line
           SET discount = 100,
               price_subtotal = 0,
               covered_amount = ROUND(
                   (line.quantity * line.price_unit)::numeric,
                   COALESCE(currency.decimal_places, 2)
               )
          FROM service_line line
     LEFT JOIN res_currency currency ON currency.id = line.currency_id
         WHERE line.id = service_line.id AND line.coverage != 'billable'
        """
    )

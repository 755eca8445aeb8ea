from odoo import fields, models
from odoo.tools import SQL

# Who reads what contracts cost may know what an hour of somebody costs.
COST_GROUPS = "account.group_account_invoice,field_installed_base.group_manager"


class ServiceWarrantyReport(models.Model):
    """Labor under warranty costs what it costs under a contract: the hours of whoever
    worked."""

    _inherit = "service.warranty.report"

    cost = fields.Monetary(groups=COST_GROUPS)

    _depends = {
        "hr.employee": ["hourly_cost"],
        "maintenance.visit": ["technician_id"],
        "maintenance.visit.line": ["technician_id"],
        "product.template": ["uom_id"],
        "service.line": ["technician_id"],
        "uom.uom": ["factor", "parent_path"],
    }

    def _select_unit_cost(self):
        return SQL(
            """
            COALESCE(
                (
                    SELECT worker.hourly_cost
                        -- As `_convert_hours` of visits.
                        * CASE
                            WHEN split_part(unit.parent_path, '/', 1)
                                = split_part(hour.parent_path, '/', 1)
                            THEN unit.factor / hour.factor
                            ELSE 1
                        END
                      FROM hr_employee worker
                      JOIN product_template template
                        ON template.id = product.product_tmpl_id
                      JOIN uom_uom unit ON unit.id = template.uom_id
                      JOIN uom_uom hour ON hour.id = %(hour)s
                     WHERE line.line_type = 'labor'
                       AND worker.id = COALESCE(
                           line.technician_id,
                           visit_line.technician_id,
                           visit.technician_id
                       )
                ),
                %(unit_cost)s
            )
            """,
            hour=self.env["ir.model.data"]._xmlid_to_res_id("uom.product_uom_hour"),
            unit_cost=super()._select_unit_cost(),
        )

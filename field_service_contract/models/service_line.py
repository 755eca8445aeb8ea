from odoo import api, models

# What decides about the cost of a part.
COST_FIELDS = frozenset(
    {
        "visit_id",
        "line_type",
        "product_id",
        "quantity",
        "coverage",
        "name",
        "sale_line_id",
    }
)


class ServiceLine(models.Model):
    """A part as a cost of the contract that it falls under."""

    _inherit = "service.line"

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines.visit_id._get_done()._update_costs()
        return lines

    def write(self, vals):
        if not COST_FIELDS & vals.keys():
            return super().write(vals)
        visits = self.visit_id
        result = super().write(vals)
        (visits | self.visit_id)._get_done()._update_costs()
        return result

    def _costs_contract(self):
        """Tell whether the contract of the visit bears the cost.

        What is sold by an order costs that order, as soon as it is on it, and what
        falls under a warranty costs the sale that gave it. What labor costs is time.
        """
        self.ensure_one()
        return (
            self.coverage != "warranty"
            and not self.is_ordered
            and self.line_type != "labor"
        )

    def _prepare_cost_vals(self):
        """Return the values of the analytic line, with the cost of one unit."""
        self.ensure_one()
        product = self.product_id.with_company(self.company_id)
        return {
            "service_line_id": self.id,
            "product_id": product.id,
            "product_uom_id": product.uom_id.id,
            "unit_amount": self.quantity,
            "unit_cost": product.standard_price,
        }

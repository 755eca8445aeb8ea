from odoo import fields, models

from ...context import SIGNING

FEE_DOMAIN = "[('sale_ok', '=', True), ('type', '=', 'service')]"


class ServiceZone(models.Model):
    """What the way there costs."""

    _inherit = "service.zone"

    travel_product_id = fields.Many2one(
        comodel_name="product.product",
        string="Travel Fee",
        ondelete="restrict",
        check_company=True,
        domain=FEE_DOMAIN,
        help="Added to the costs of each visit in this zone when it is done.",
    )


class MaintenanceVisit(models.Model):
    """What each visit costs, whatever is done."""

    _inherit = "maintenance.visit"

    def _add_fees_at_done(self):
        """Add the start fee of the company and the travel fee of the zone, once. Visits
        that are done together have them on the first alone."""
        # What the company charges does not depend on who finishes.
        lines = self.env["service.line"].sudo().with_context(visit_signing=SIGNING)
        vals_list = []
        for visit in self.sudo():
            fees = (
                visit.company_id.service_start_fee_product_id
                | visit.zone_id.travel_product_id
            )
            vals_list += [
                {"visit_id": visit.id, "product_id": fee.id, "line_type": "cost"}
                for fee in fees - visit.service_line_ids.product_id
            ]
        lines.create(vals_list)

from odoo import api, fields, models
from odoo.exceptions import ValidationError


class ServiceRemovedPart(models.Model):
    """A part that was taken out on a visit, and where it goes."""

    _name = "service.removed.part"
    _inherit = ["installed.base.record.mixin", "service.lot.mixin"]
    _description = "Part Taken Out"
    _order = "visit_id, id"
    _rec_name = "product_id"
    _check_company_auto = True

    visit_id = fields.Many2one(
        comodel_name="maintenance.visit",
        required=True,
        index=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one(
        related="visit_id.company_id", store=True, precompute=True, index=True
    )
    product_id = fields.Many2one(
        comodel_name="product.product",
        string="Part",
        required=True,
        index=True,
        ondelete="restrict",
        check_company=True,
        domain="[('type', '=', 'consu')]",
    )
    quantity = fields.Float(digits="Product Unit", default=1.0, required=True)
    product_uom_id = fields.Many2one(related="product_id.uom_id", string="Unit")
    destination = fields.Selection(
        selection=[
            ("scrap", "Scrap"),
            ("refurbish", "To be refurbished"),
            ("maker", "Back to the manufacturer"),
        ],
        string="Goes To",
        default="scrap",
        required=True,
    )
    location_dest_id = fields.Many2one(
        comodel_name="stock.location",
        string="Location",
        compute="_compute_location_dest_id",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
        ondelete="restrict",
        check_company=True,
    )

    _quantity_positive = models.Constraint(
        "CHECK (quantity > 0)",
        "The quantity of a part that was taken out must be more than zero.",
    )

    @api.depends("destination", "product_id", "visit_id")
    def _compute_location_dest_id(self):
        for part in self:
            # Where things go is a setting, whoever takes them out.
            known = part.sudo().with_company(part.visit_id.company_id)
            refurbish = known.visit_id.company_id.service_refurbish_location_id
            if part.destination == "maker":
                product = known.product_id
                maker = (
                    product.product_brand_id.partner_id
                    or product.seller_ids[:1].partner_id
                )
                _customers, vendors = known.env[
                    "stock.warehouse"
                ]._get_partner_locations()
                place = maker.property_stock_supplier or vendors
            elif part.destination == "refurbish" and refurbish:
                place = refurbish
            elif part.destination == "refurbish":
                warehouses = known.visit_id._get_warehouses()
                place = warehouses[known.visit_id].lot_stock_id
            else:
                place = known.product_id.property_stock_inventory
            part.location_dest_id = place

    @api.constrains("lot_id", "product_id")
    def _check_lot_given(self):
        for part in self:
            if part.product_id.tracking != "none" and not part.lot_id:
                raise ValidationError(
                    self.env._(
                        "Choose the serial number of the %s that was taken out.",
                        part.product_id.display_name,
                    )
                )

    # -- CRUD --------------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        parts = super().create(vals_list)
        parts._check_visit_open()
        parts.visit_id._follow_parts()
        return parts

    def write(self, vals):
        self._check_visit_open()
        visits = self.visit_id
        result = super().write(vals)
        (visits | self.visit_id)._follow_parts()
        return result

    def unlink(self):
        visits = self.visit_id
        result = super().unlink()
        visits.exists()._follow_parts()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_closed(self):
        self._check_visit_open()

    def _check_visit_open(self):
        self.visit_id._check_state(
            ("to_plan", "planned", "in_progress", "done"),
            self.env._(
                "You cannot change the parts taken out on visit %(visit)s: its status "
                "is “%(state)s”."
            ),
        )

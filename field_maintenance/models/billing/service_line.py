from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools.misc import clean_context

from odoo.addons.field_installed_base.models.equipment.installed_base import (
    READER_GROUPS,
)

# What is the office's business: technicians tell what was used, not what it costs.
PRICE_FIELDS = frozenset({"price_unit", "discount", "coverage"})
OFFICE_FIELDS = PRICE_FIELDS | {"sale_line_id"}


class ServiceLine(models.Model):
    """What a visit used: a part, labor or a cost."""

    _name = "service.line"
    _inherit = ["installed.base.record.mixin"]
    _description = "Part or Time of a Visit"
    _order = "visit_id, sequence, id"
    _check_company_auto = True

    visit_id = fields.Many2one(
        comodel_name="maintenance.visit",
        required=True,
        index=True,
        ondelete="cascade",
    )
    visit_line_id = fields.Many2one(
        comodel_name="maintenance.visit.line",
        string="Equipment",
        index="btree_not_null",
        ondelete="set null",
        domain="[('visit_id', '=', visit_id)]",
        help="The equipment on which it was used.",
    )
    sequence = fields.Integer(default=10)
    company_id = fields.Many2one(
        related="visit_id.company_id", store=True, precompute=True, index=True
    )
    currency_id = fields.Many2one(
        comodel_name="res.currency",
        compute="_compute_currency_id",
        store=True,
        precompute=True,
    )
    product_id = fields.Many2one(
        comodel_name="product.product",
        required=True,
        index=True,
        ondelete="restrict",
        check_company=True,
        domain="[('sale_ok', '=', True), ('type', '!=', 'combo')]",
    )
    line_type = fields.Selection(
        selection=[("part", "Part"), ("labor", "Labor"), ("cost", "Cost")],
        string="Type",
        compute="_compute_line_type",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
    )
    name = fields.Char(
        string="Description",
        compute="_compute_name",
        store=True,
        readonly=False,
        precompute=True,
    )
    quantity = fields.Float(digits="Product Unit", default=1.0, required=True)
    product_uom_id = fields.Many2one(related="product_id.uom_id", string="Unit")
    price_unit = fields.Float(
        compute="_compute_price_unit",
        store=True,
        readonly=False,
        precompute=True,
        min_display_digits="Product Price",
        aggregator=None,
    )
    proposed_price_unit = fields.Float(
        compute="_compute_price_unit",
        store=True,
        precompute=True,
        aggregator=None,
        copy=True,
        help="The last proposed price, if another one was entered.",
        export_string_translation=False,
    )
    discount = fields.Float(string="Discount (%)", digits="Discount", aggregator=None)
    coverage = fields.Selection(
        selection=[
            ("billable", "Billable"),
            ("warranty", "Warranty"),
            ("contract", "Contract"),
        ],
        required=True,
        default="billable",
        help="Who pays: the customer, or a previous commitment.",
    )
    price_subtotal = fields.Monetary(
        string="Subtotal", compute="_compute_price_subtotal", store=True
    )
    sale_line_id = fields.Many2one(
        comodel_name="sale.order.line",
        string="Order Line",
        index="btree_not_null",
        readonly=True,
        copy=False,
        ondelete="set null",
        groups=READER_GROUPS,
    )
    is_ordered = fields.Boolean(
        compute="_compute_is_ordered",
        help="It is on a sales order that is not cancelled.",
    )

    # Time that a technician's clock recorded
    technician_id = fields.Many2one(
        comodel_name="hr.employee",
        index="btree_not_null",
        readonly=True,
        check_company=True,
        help="Technician whose time was recorded.",
    )
    time_type = fields.Selection(
        selection=lambda self: self._selection_time_type(),
        string="Recorded Time",
        readonly=True,
        help="Copied from the recorded time.",
    )

    _quantity_positive = models.Constraint(
        "CHECK (quantity > 0)",
        "The quantity of parts and time must be greater than zero.",
    )

    @api.model
    def _get_bounds(self):
        return {
            **super()._get_bounds(),
            "discount": (-1000, 100),
        }

    def _selection_time_type(self):
        times = self.env["maintenance.visit.time"]
        return times._fields["time_type"]._description_selection(self.env)

    # -- Computes ----------------------------------------------------------------------

    @api.depends("visit_id")
    def _compute_currency_id(self):
        for line in self:
            line.currency_id = line._get_pricelist().currency_id or (
                line.visit_id.company_id.currency_id
            )

    @api.depends("product_id")
    def _compute_line_type(self):
        for line in self:
            is_service = line.product_id.type == "service"
            line.line_type = "labor" if is_service else "part"

    @api.depends("product_id")
    def _compute_name(self):
        for line in self:
            partner = line.visit_id.partner_id
            product = line.product_id.with_context(lang=partner.lang)
            line.name = product.display_name

    @api.depends("product_id", "quantity")
    def _compute_price_unit(self):
        for line in self:
            if line.is_ordered or line.price_unit != line.proposed_price_unit:
                line.price_unit = line.price_unit
                line.proposed_price_unit = line.proposed_price_unit
            else:
                line._reset_price_unit()

    @api.onchange("product_id")
    def _reset_price_unit(self):
        """Propose the price anew: what was typed was the price of another product."""
        for line in self:
            price = line._get_pricelist_price() if line.product_id else 0
            line.price_unit = line.proposed_price_unit = price

    @api.depends("quantity", "price_unit", "discount")
    def _compute_price_subtotal(self):
        for line in self:
            net = line.price_unit * (1 - (line.discount or 0) / 100)
            line.price_subtotal = line.quantity * net

    @api.depends("sale_line_id.state")
    def _compute_is_ordered(self):
        for line in self:
            # Whether it is ordered must not depend on who may read orders.
            order_line = line.sudo().sale_line_id
            line.is_ordered = bool(order_line) and order_line.state != "cancel"

    def _get_pricelist(self):
        """Return the pricelist of the visit's order, else the customer's."""
        self.ensure_one()
        # Prices are the customer's, whoever enters what was used.
        visit = self.visit_id.sudo().with_company(self.visit_id.company_id)
        return (
            visit.sale_order_id.pricelist_id
            or visit.partner_id.property_product_pricelist
        )

    def _get_pricelist_price(self):
        """Return the price of one unit in the line's currency, as an order of the
        customer would have it."""
        self.ensure_one()
        pricelist = self._get_pricelist()
        # As above, and with the taxes of the customer.
        product = self.product_id.sudo().with_company(self.visit_id.company_id)
        price = pricelist._get_product_price(
            product,
            quantity=self.quantity or 1.0,
            currency=self.currency_id,
            uom=product.uom_id,
            date=fields.Datetime.now(),
        )
        # Nor does it depend on who may read taxes and their exceptions.
        position = self.env["account.fiscal.position"].sudo()
        partner, company = self.visit_id.partner_id.sudo(), self.visit_id.company_id
        position = position.with_company(company)._get_fiscal_position(
            partner, self.visit_id.site_id.sudo()
        )
        return product._get_tax_included_unit_price_from_price(
            price,
            product_taxes=product.taxes_id._filter_taxes_by_company(company),
            fiscal_position=position,
        )

    # -- CRUD --------------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            self._check_office_rights(self._get_chosen_defaults().union(*vals_list))
        lines = super().create(vals_list)
        lines._check_visit_open()
        lines.visit_id._check_signed()
        # Beside a price that was given none was proposed.
        for line, vals in zip(lines.sudo(), vals_list, strict=True):
            if "price_unit" in vals:
                line.proposed_price_unit = line._get_pricelist_price()
        return lines

    def write(self, vals):
        self._check_office_rights(vals.keys())
        if vals.keys() & {"product_id", "quantity", "visit_id", *PRICE_FIELDS}:
            self._check_not_ordered()
            self._check_visit_open()
        self.env["maintenance.visit"]._check_new_parent(vals)
        others = self.browse()
        if "product_id" in vals and "price_unit" not in vals:
            others = self.filtered(
                lambda line: line.product_id.id != vals["product_id"]
            )
        visits = self.visit_id
        result = super().write(vals)
        # The price list's price is not one that the user sets.
        others.sudo()._reset_price_unit()
        (visits | self.visit_id)._check_signed()
        return result

    def unlink(self):
        visits = self.visit_id
        result = super().unlink()
        visits.exists()._check_signed()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_ordered(self):
        self._check_not_ordered()
        self._check_visit_open()

    @api.model
    def _get_chosen_defaults(self):
        """Return the fields of the office for which callers bring a default of their
        own, in the context or among their preferences."""
        # What the database gives everybody.
        context = clean_context(self.env.context)
        common = self.with_env(self.env(user=SUPERUSER_ID, context=context))
        names = list(OFFICE_FIELDS)
        given, own = common.default_get(names), self.default_get(names)
        return {name for name, value in own.items() if value != given.get(name)}

    def _check_office_rights(self, names):
        """Refuse prices and orders from those who only tell what was used.

        :param names: fields that are written
        """
        if self.env.su or not OFFICE_FIELDS & names:
            return
        if "sale_line_id" in names:
            raise AccessError(
                self.env._(
                    "The order line of parts and time is set when they are billed. "
                    "Click Bill on the visit."
                )
            )
        if not self.env.user.has_group("field_installed_base.group_dispatcher"):
            raise AccessError(
                self.env._(
                    "Prices and coverage are set by the office. Enter what was used, "
                    "and ask a dispatcher to change the price."
                )
            )

    def _check_not_ordered(self):
        """Refuse to change what was put on a sales order.

        :raise UserError: naming the order
        """
        for line in self:
            if line.is_ordered:
                # It names the order, and tells nothing else of it.
                raise UserError(
                    self.env._(
                        "%(product)s is already on order %(order)s. Change or remove "
                        "it there first.",
                        product=line.product_id.display_name,
                        order=line.sudo().sale_line_id.order_id.name,
                    )
                )

    def _check_visit_open(self):
        """Refuse to add to, change or delete what a visit used that is cancelled."""
        self.visit_id._check_state(
            ("to_plan", "planned", "in_progress", "done"),
            self.env._(
                "You cannot change the parts and time of visit %(visit)s: its status "
                "is “%(state)s”."
            ),
        )

    # -- Sales order -------------------------------------------------------------------

    def _prepare_order_line_values(self):
        """Return the values of the order line that bills this."""
        self.ensure_one()
        return {
            "product_id": self.product_id.id,
            "name": self.name,
            "product_uom_qty": self.quantity,
            "price_unit": self.price_unit,
            "discount": self.discount,
        }

    # -- Product catalog ---------------------------------------------------------------

    def _get_product_catalog_lines_data(self, **kwargs):
        """Return what the catalog shows of a product that the visit used."""
        if not self:
            return {"quantity": 0}
        return {
            "quantity": sum(self.mapped("quantity")),
            "price": self[0].price_unit,
            "uomDisplayName": self.product_id.uom_id.display_name,
            # Several lines of one product are changed on the visit.
            "readOnly": len(self) > 1
            or self.is_ordered
            or self.visit_id._is_readonly(),
        }

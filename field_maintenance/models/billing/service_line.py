from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools.misc import clean_context

from odoo.addons.field_installed_base.models.equipment.installed_base import (
    READER_GROUPS,
)

from ...context import LineBatch
from ...engine import split

# What is computed, and where it is kept if a person chose it; see coverage.py.
CHOICES = {"discount": "typed_discount", "coverage": "typed_coverage"}
# What is the office's business: technicians tell what was used, not what it costs.
PRICE_FIELDS = frozenset(
    {"price_unit", "discount", "coverage", "typed_discount", "typed_coverage"}
)
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
    planned_quantity = fields.Float(
        string="Planned",
        digits="Product Unit",
        help="How much is expected to be used.",
    )
    quantity = fields.Float(
        digits="Product Unit",
        default=1.0,
        required=True,
        help="How much was used. Zero if it was planned and not used.",
    )
    product_uom_id = fields.Many2one(related="product_id.uom_id", string="Unit")
    price_subtotal = fields.Monetary(
        string="Subtotal", compute="_compute_price_subtotal", store=True
    )
    sale_line_id = fields.Many2one(
        comodel_name="sale.order.line",
        string="Order Line",
        readonly=True,
        copy=False,
        ondelete="set null",
        groups=READER_GROUPS,
    )
    is_ordered = fields.Boolean(
        compute="_compute_is_ordered",
        help="It is on a sales order that is neither cancelled nor credited in full.",
    )

    can_be_split = fields.Boolean(
        compute="_compute_can_be_split",
        help="Its visit is about several pieces of equipment.",
        export_string_translation=False,
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
        "CHECK (quantity >= 0 AND planned_quantity >= 0)",
        "The quantity of parts and time must be zero or more.",
    )
    _sale_line_unique = models.UniqueIndex(
        "(sale_line_id) WHERE sale_line_id IS NOT NULL",
        "This order line already bills other parts or time.",
    )

    @api.model
    def _get_bounds(self):
        return {
            **super()._get_bounds(),
            "discount": (-1000, 100),
            "typed_discount": (-1000, 100),
        }

    def _selection_time_type(self):
        times = self.env["maintenance.visit.time"]
        return times._fields["time_type"]._description_selection(self.env)

    # -- Computes ----------------------------------------------------------------------

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

    @api.depends("visit_line_id", "visit_id.line_ids.installed_base_id")
    def _compute_can_be_split(self):
        for line in self:
            pieces = line.visit_id.line_ids.installed_base_id
            line.can_be_split = not line.visit_line_id and len(pieces) > 1

    @api.depends("sale_line_id.state", "sale_line_id.qty_invoiced")
    def _compute_is_ordered(self):
        for line in self:
            # Whether it is ordered must not depend on who may read orders.
            order_line = line.sudo().sale_line_id
            line.is_ordered = (
                bool(order_line)
                and order_line.state != "cancel"
                and not order_line._is_credited_in_full()
            )

    # -- CRUD --------------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            self._check_office_rights(self._get_chosen_defaults().union(*vals_list))
        given = [CHOICES.keys() & vals.keys() for vals in vals_list]
        vals_list = self._take_choices(vals_list)
        lines = super().create(vals_list)
        lines._check_visit_open()
        lines.visit_id._check_signed()
        pairs = list(zip(lines.sudo(), vals_list, given, strict=True))
        # Beside a price that was given none was proposed.
        priced = [line.id for line, vals, _given in pairs if "price_unit" in vals]
        lines.sudo().browse(priced)._note_proposed_prices()
        chosen = [line.id for line, _vals, given in pairs if given]
        lines.sudo().browse(chosen)._drop_idle_choices()
        return lines

    def write(self, vals):
        self._check_office_rights(vals.keys())
        if CHOICES.keys() & vals.keys():
            # Lines are grouped by what they get.
            self._check_plausible(vals)
            rest = {key: vals[key] for key in vals.keys() - CHOICES.keys()}
            choices = self.grouped(lambda line: line._read_choices(vals))
            for chosen, lines in choices.items():
                lines.write({**rest, **dict(chosen)})
            return True
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
    def _add_precomputed_values(self, vals_list):
        ids = {vals["visit_id"] for vals in vals_list if vals.get("visit_id")}
        batch = LineBatch(self.env["maintenance.visit"].browse(ids))
        lines = self.with_context(service_line_batch=batch)
        return super(ServiceLine, lines)._add_precomputed_values(vals_list)

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

    # -- Cost --------------------------------------------------------------------------

    def _get_unit_cost(self):
        """Return what one unit of a part costs us, in the currency of the company."""
        self.ensure_one()
        # Who reads a visit need not know what its parts cost.
        return self.product_id.sudo().with_company(self.company_id).standard_price

    # -- Split -------------------------------------------------------------------------

    def action_split_over_equipment(self):
        """Share what these lines used out over the equipment of their visit.

        :raise UserError: if there is nothing to share it with
        """
        self._check_not_ordered()
        for line in self:
            rows = line.visit_id.line_ids.filtered("installed_base_id")
            if len(rows) < 2:
                raise UserError(
                    self.env._(
                        "Visit %s is about less than two pieces of equipment: there is "
                        "nothing to split.",
                        line.visit_id.display_name,
                    )
                )
            rounding = line.product_uom_id.rounding
            used = split(line.quantity, len(rows), rounding)
            planned = split(line.planned_quantity, len(rows), rounding)
            shares = [
                {"visit_line_id": row.id, "quantity": part, "planned_quantity": plan}
                for row, part, plan in zip(rows, used, planned, strict=True)
            ]
            line.write(shares[0])
            for share in shares[1:]:
                # A part of a line has its price, whoever splits it.
                line.sudo().copy(share)
        return True

    # -- Sales order -------------------------------------------------------------------

    def _link_order_lines(self, order_lines):
        """Note by which order lines these are billed, and what these deliver.

        :param dict order_lines: {line: order line}
        """
        for line in self:
            line._leave_credited_order_line()
        # Sales may not change what was used; this only links it.
        self.sudo()._set_each(
            {line.sudo(): {"sale_line_id": order_lines[line].id} for line in self}
        )
        for quantity, lines in self.grouped("quantity").items():
            manual = self.env["sale.order.line"].union(
                *(
                    order_lines[line]
                    for line in lines
                    if order_lines[line].qty_delivered_method == "manual"
                )
            )
            manual.qty_delivered = quantity

    def _leave_credited_order_line(self):
        """Have the order line by which this was billed, and credited, bill no more."""
        self.ensure_one()
        order_line = self.sudo().sale_line_id
        if order_line.state != "sale" or not order_line._is_credited_in_full():
            return
        if order_line.qty_delivered_method == "manual":
            order_line.qty_delivered = 0
        order_line.product_uom_qty = 0

    def _prepare_order_line_values(self, currency):
        """Return the values of an order line in a currency that bills this."""
        self.ensure_one()
        return {
            "product_id": self.product_id.id,
            "name": self.name,
            "product_uom_qty": self.quantity,
            "price_unit": self._convert_price(currency),
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

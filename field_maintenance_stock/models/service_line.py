from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Command

# What decides which stock a part moves.
STOCK_FIELDS = frozenset(
    {"line_type", "location_id", "lot_id", "product_id", "quantity", "visit_id"}
)


class ServiceLine(models.Model):
    """Where a part is taken from, and the stock that it moves with the visit."""

    _name = "service.line"
    _inherit = ["service.line", "service.lot.mixin"]

    location_id = fields.Many2one(
        comodel_name="stock.location",
        string="Taken From",
        compute="_compute_location_id",
        store=True,
        readonly=False,
        precompute=True,
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
        domain="[('usage', '=', 'internal'), "
        "('company_id', 'in', (company_id, False))]",
        help="Where the part comes from. By default the van of the lead technician "
        "or, without one, the warehouse.",
    )
    available_quantity = fields.Float(
        string="In Stock",
        compute="_compute_available_quantity",
        digits="Product Unit",
        help="How much there is where the part is taken from.",
    )
    missing_quantity = fields.Float(
        string="Missing",
        compute="_compute_available_quantity",
        digits="Product Unit",
        help="How much is missing of what is planned, or used and not taken from "
        "stock yet.",
    )
    stock_move_ids = fields.One2many(
        comodel_name="stock.move",
        inverse_name="service_line_id",
        string="Stock Moves",
        copy=False,
        groups="stock.group_stock_user",
    )

    # -- Computes ----------------------------------------------------------------------

    @api.depends("product_id", "visit_id", "line_type")
    def _compute_location_id(self):
        sources = self.visit_id._get_sources()
        for line in self:
            if line._moves_stock():
                line.location_id = line.location_id or sources[line.visit_id]
            else:
                line.location_id = False

    @api.depends(
        "location_id",
        "lot_id",
        "planned_quantity",
        "product_id",
        "quantity",
        "visit_id.state",
    )
    def _compute_available_quantity(self):
        contents = self._get_contents()
        products = self.env["product.product"].union(
            *(part for parts in contents.values() for part in parts)
        )
        held = self.location_id._get_held(products)
        lots = self.location_id._get_held_lots(self.lot_id)
        for line in self:
            place, parts = line.location_id, contents[line]
            line.available_quantity = line.missing_quantity = 0
            if place and any(part.is_storable for part in parts):
                there = line.product_id._count_whole(
                    parts,
                    lambda part, place=place: held.get((place.id, part.id), 0),
                )
                if line.lot_id:
                    there = lots.get((place.id, line.lot_id.id), 0)
                line.available_quantity = there
                if line.visit_id.state not in ("done", "cancelled"):
                    needed = max(line.planned_quantity, line.quantity)
                    line.missing_quantity = max(0, needed - there)

    # -- Constraints -------------------------------------------------------------------

    @api.constrains("lot_id", "product_id", "quantity", "visit_id")
    def _check_lot_free(self):
        """Refuse one piece that was used before, and is there still."""
        for line, others in self._get_lot_rivals().items():
            taken = others.filtered(
                lambda other, line=line: (
                    other.visit_id == line.visit_id or other.visit_id.state == "done"
                )
            )
            if taken:
                raise ValidationError(
                    self.env._(
                        "Serial number %(lot)s of %(product)s was used on visit "
                        "%(visit)s. Choose another one, or correct that visit first.",
                        lot=line.lot_id.name,
                        product=line.product_id.name,
                        visit=taken[0]._get_visit_number(),
                    )
                )

    def _get_visit_number(self):
        """Return what names the visit to whoever need not know its customer."""
        visit = self.visit_id
        return visit.name or visit._get_work_label()

    def _get_lot_rivals(self):
        """Return {line: others by which its one piece is used, or is going to be}, for
        those that have any."""
        lines = self.filtered(
            lambda line: (
                line.lot_id
                and line.product_id.tracking == "serial"
                and line.quantity > 0
            )
        )
        if not lines:
            return {}
        # Whoever uses a part need not read every visit, to know that it is gone.
        found = self.sudo().search(
            [
                ("lot_id", "in", lines.lot_id.ids),
                ("company_id", "in", lines.company_id.ids),
                ("quantity", ">", 0),
                ("visit_id.state", "!=", "cancelled"),
            ]
        )
        if found <= lines and len(found.lot_id) == len(found):
            return {}
        groups = found.env["stock.quant"]._read_group(
            [
                ("lot_id", "in", found.lot_id.ids),
                ("location_id.usage", "=", "customer"),
                ("quantity", ">", 0),
            ],
            ["lot_id"],
        )
        gone = {lot.id for (lot,) in groups}
        rivals = {}
        for line in lines:
            others = found.filtered(
                lambda other, line=line: (
                    other.lot_id == line.lot_id._origin
                    and other.company_id == line.company_id._origin
                    and other != line._origin
                    # What came back is free again.
                    and (other.visit_id.state != "done" or other.lot_id.id in gone)
                )
            )
            if others:
                rivals[line] = others
        return rivals

    # -- CRUD --------------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines.visit_id._follow_parts()
        return lines

    def write(self, vals):
        visits = self.visit_id if STOCK_FIELDS & vals.keys() else self.visit_id.browse()
        result = super().write(vals)
        if STOCK_FIELDS & vals.keys():
            (visits | self.visit_id)._follow_parts()
        return result

    def unlink(self):
        visits = self.visit_id
        result = super().unlink()
        visits.exists()._follow_parts()
        return result

    # -- Stock -------------------------------------------------------------------------

    def _moves_stock(self):
        """Tell whether this is something that is carried there."""
        self.ensure_one()
        return self.line_type == "part" and self.product_id.type == "consu"

    def _is_delivered_by_order(self):
        """Tell whether the order that bills this delivers it, too, as it did before
        visits moved stock."""
        self.ensure_one()
        moves = self.sale_line_id.move_ids.filtered(lambda move: move.state != "cancel")
        return bool(moves) and not self.stock_move_ids

    def _filter_nameless(self):
        """Return those of which nobody said yet which piece was used."""
        lines = self.filtered(
            lambda line: line._moves_stock() and line.quantity > 0 and not line.lot_id
        )
        contents = lines._get_contents()
        return lines.filtered(
            lambda line: any(part.tracking != "none" for part in contents[line])
        )

    def _get_unit_cost(self):
        # What was taken costs what it was worth in stock.
        moves = self.sudo()._get_done_moves()
        out = moves.filtered(lambda move: move.location_dest_id.usage == "customer")
        back = moves - out
        quantity = sum(out.mapped("quantity")) - sum(back.mapped("quantity"))
        if out.product_id and out.product_id != self.product_id:
            # The parts of a kit.
            quantity = self.quantity
        value = abs(sum(out.mapped("value"))) - abs(sum(back.mapped("value")))
        if self.product_uom_id.compare(quantity, 0) > 0 and value > 0:
            return value / quantity
        return super()._get_unit_cost()

    def _link_order_lines(self, order_lines):
        result = super()._link_order_lines(order_lines)
        moves = self.sudo()._get_done_moves()
        # Odoo reads the moves of each transfer whose order changes: all at once here.
        moves.picking_id.mapped("move_ids")
        for move in moves:
            order_line = order_lines[move.service_line_id.with_env(self.env)]
            if move.sale_line_id != order_line:
                move.sale_line_id = order_line
        # An order line that is created with its moves counts none of them.
        lines = self.env["sale.order.line"].union(*order_lines.values()).sudo()
        self.env.add_to_compute(lines._fields["qty_delivered"], lines)
        return result

    def _prepare_order_line_values(self, currency):
        values = super()._prepare_order_line_values(currency)
        if self.visit_id._get_open_order().state == "sale":
            # What was taken there is delivered: the order, which would deliver at once
            # what is added, does not deliver it again.
            moves = self.sudo()._get_done_moves()
            values["move_ids"] = [Command.link(move.id) for move in moves]
        return values

    def _get_done_moves(self):
        return self.stock_move_ids.filtered(lambda move: move.state == "done")

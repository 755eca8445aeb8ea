from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tools import format_list


class ServiceLine(models.Model):
    """What coming visits are to use, and how it gets into the vans."""

    _inherit = "service.line"

    visit_technician_id = fields.Many2one(
        related="visit_id.technician_id", string="Lead Technician"
    )
    visit_date = fields.Datetime(related="visit_id.date_start", string="Start")

    @api.model
    def _open_groups(self, *, auto_unfold, **options):
        # Core opens the first level: what a technician needs is seen by day.
        auto_unfold = auto_unfold or bool(self.env.context.get("opens_all_groups"))
        return super()._open_groups(auto_unfold=auto_unfold, **options)

    def action_transfer_to_vans(self):
        """Make a transfer from the warehouse to each van, of what it lacks for these
        parts. What other transfers bring already is left out.

        :return: the action that shows the transfers, or tells their names
        :raise UserError: if nothing is missing
        """
        self.visit_id.check_access("write")
        missing = self._get_missing()
        vals_list = []
        vans = defaultdict(list)
        for (warehouse, van, product), quantity in missing.items():
            if van != warehouse.lot_stock_id:
                vans[warehouse, van].append((product, quantity))
        if not vans:
            self._refuse_without_missing()
        for (warehouse, van), parts in vans.items():
            source = warehouse.lot_stock_id
            places = {"location_id": source.id, "location_dest_id": van.id}
            vals_list.append(
                {
                    "picking_type_id": warehouse.int_type_id.id,
                    "company_id": warehouse.company_id.id,
                    "move_ids": [
                        Command.create(
                            {
                                "product_id": product.id,
                                "product_uom": product.uom_id.id,
                                "product_uom_qty": quantity,
                                **places,
                            }
                        )
                        for product, quantity in parts
                    ],
                    **places,
                }
            )
        # Whoever plans visits may ask for their parts; others hand them out.
        pickings = self.env["stock.picking"].sudo().create(vals_list)
        pickings.action_confirm()
        pickings.action_assign()
        if not self.env["stock.picking"].has_access("read"):
            return {
                "type": "ir.actions.client",
                "tag": "display_notification",
                "params": {
                    "type": "success",
                    "message": self.env._(
                        "The missing parts were requested: %s.",
                        format_list(self.env, pickings.mapped("name")),
                    ),
                    "next": {"type": "ir.actions.act_window_close"},
                },
            }
        action = self.env["ir.actions.actions"]._for_xml_id(
            "stock.action_picking_tree_all"
        )
        if len(pickings) == 1:
            action.update(views=[(False, "form")], res_id=pickings.id)
        return {**action, "domain": [("id", "in", pickings.ids)], "context": {}}

    def action_replenish(self):
        """Open Odoo's replenishment with what the warehouses lack for these parts.

        :raise UserError: if nothing is missing
        """
        needed = self._get_needed()
        # What is taken from the warehouse itself is held against its stock below.
        own = {key: needed[key] for key in needed if key[0].lot_stock_id == key[1]}
        needs = defaultdict(float)
        for key, quantity in {**self._get_missing(), **own}.items():
            warehouse, _place, product = key
            needs[warehouse, product] += quantity
        points = self.env["stock.warehouse.orderpoint"]
        stocks = self.env["stock.location"].union(
            *(key[0].lot_stock_id for key in needs)
        )
        products = self.env["product.product"].union(*(key[1] for key in needs))
        held = stocks._get_held(products)
        known = points.search(
            [("product_id", "in", products.ids), ("location_id", "in", stocks.ids)]
        ).grouped(lambda point: (point.location_id, point.product_id))
        lacking = {}
        for (warehouse, product), quantity in needs.items():
            stock = warehouse.lot_stock_id
            short = quantity - max(0, held.get((stock.id, product.id), 0))
            if product.uom_id.compare(short, 0) > 0:
                lacking[stock, product] = short
        without = [key for key in lacking if key not in known]
        made = points.create(
            [
                {
                    "product_id": product.id,
                    "location_id": stock.id,
                    "warehouse_id": stock.warehouse_id.id,
                    "company_id": stock.company_id.id,
                    "trigger": "manual",
                }
                for stock, product in without
            ]
        )
        known |= dict(zip(without, made, strict=True))
        for key, short in lacking.items():
            point = known[key][:1]
            if point.trigger == "manual":
                point.qty_to_order = short
            points |= point
        if not points:
            self._refuse_without_missing()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "stock.action_orderpoint_replenish"
        )
        return {**action, "domain": [("id", "in", points.ids)], "context": {}}

    def _get_needed(self):
        """Return what these parts take for visits to come: {(warehouse, location,
        product): quantity}."""
        lines = self.filtered(
            lambda line: (
                line.location_id
                and line._moves_stock()
                and line.visit_id.state in ("planned", "in_progress")
            )
        )
        warehouses, contents = lines.visit_id._get_warehouses(), lines._get_contents()
        needed = defaultdict(float)
        for line in lines:
            quantity = max(line.planned_quantity, line.quantity)
            for product, number in contents[line].items():
                if product.is_storable:
                    key = (warehouses[line.visit_id], line.location_id, product)
                    needed[key] += number * quantity
        return needed

    def _get_missing(self):
        """Return what the places from which these parts are taken lack for all of them
        together: {(warehouse, location, product): quantity}."""
        needed = self._get_needed()
        products = self.env["product.product"].union(*(key[2] for key in needed))
        held = self.location_id._get_held(products)
        coming = self._get_coming(products)
        missing = {}
        for key, quantity in needed.items():
            _warehouse, location, product = key
            known = (location.id, product.id)
            lacking = quantity - held.get(known, 0) - coming.get(known, 0)
            if product.uom_id.compare(lacking, 0) > 0:
                missing[key] = lacking
        return missing

    def _get_coming(self, products):
        """Return what transfers under way bring to where these parts are taken from:
        {(id of location, id of product): quantity}."""
        moves = self.env["stock.move"].sudo()
        groups = moves._read_group(
            [
                ("location_dest_id", "in", self.location_id.ids),
                ("product_id", "in", products.ids),
                ("state", "not in", ("done", "cancel", "draft")),
            ],
            ["location_dest_id", "product_id"],
            ["product_qty:sum"],
        )
        return {(place.id, product.id): quantity for place, product, quantity in groups}

    def _refuse_without_missing(self):
        names = self.product_id.mapped("display_name")
        raise UserError(
            self.env._(
                "Nothing is missing of %s, or it is on its way.",
                format_list(self.env, names) if names else self.env._("these parts"),
            )
        )

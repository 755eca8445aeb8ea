from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL, format_list
from odoo.tools.misc import clean_context


class MaintenanceVisit(models.Model):
    """The stock that a visit moves: what was used leaves the van when the visit is
    done, and what was taken out goes where it is to go.

    What was moved and what should have been are compared whenever something changes;
    the difference is moved. So *One Step Back* and corrections bring things back, and
    nothing is moved twice.
    """

    _inherit = "maintenance.visit"

    picking_ids = fields.One2many(
        comodel_name="stock.picking",
        inverse_name="visit_id",
        string="Transfers",
        # Who does visits need not read transfers, and reads visits.
        groups="stock.group_stock_user",
    )
    moves_stock = fields.Boolean(
        readonly=True,
        copy=False,
        groups="base.group_user",
        export_string_translation=False,
        help="It was done since visits move stock.",
    )
    picking_count = fields.Integer(
        compute="_compute_picking_count",
        groups="stock.group_stock_user",
        export_string_translation=False,
    )
    removed_part_ids = fields.One2many(
        comodel_name="service.removed.part",
        inverse_name="visit_id",
        string="Parts Taken Out",
        groups="field_installed_base.group_user",
    )
    stock_warning = fields.Char(
        compute="_compute_stock_warning",
        groups="field_installed_base.group_user",
        export_string_translation=False,
    )

    @api.depends("picking_ids")
    def _compute_picking_count(self):
        groups = self.env["stock.picking"]._read_group(
            [("visit_id", "in", self.ids)], ["visit_id"], ["__count"]
        )
        counts = {visit.id: count for visit, count in groups}
        for visit in self:
            visit.picking_count = counts.get(visit.id, 0)

    @api.depends(
        "service_line_ids.location_id",
        "service_line_ids.lot_id",
        "service_line_ids.product_id",
        "service_line_ids.quantity",
        "state",
    )
    def _compute_stock_warning(self):
        # What was used is known to whoever may read the visit.
        every_nameless = self.sudo().service_line_ids._filter_nameless()
        rivals = self.sudo().service_line_ids._get_lot_rivals()
        for visit in self:
            lines = visit.sudo().service_line_ids
            nameless = lines & every_nameless
            short = lines.filtered("missing_quantity") - nameless
            texts = []
            if nameless:
                texts.append(
                    visit.env._(
                        "Enter the serial number of %s: without it, its stock is not "
                        "moved.",
                        format_list(visit.env, nameless.product_id.mapped("name")),
                    )
                )
            if short:
                texts.append(
                    visit.env._(
                        "Not enough in stock of %s.",
                        format_list(visit.env, short.product_id.mapped("name")),
                    )
                )
            if visit.state not in ("done", "cancelled"):
                texts += [
                    visit.env._(
                        "Serial number %(lot)s is entered on visit %(visit)s, too.",
                        lot=line.lot_id.name,
                        visit=rivals[line][0]._get_visit_number(),
                    )
                    for line in lines
                    if line in rivals
                ]
            visit.stock_warning = " ".join(texts)

    def action_view_pickings(self):
        """Open the transfers of this visit."""
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "stock.action_picking_tree_all"
        )
        if self.picking_count == 1:
            action.update(views=[(False, "form")], res_id=self.picking_ids.id)
        return {**action, "domain": [("visit_id", "=", self.id)], "context": {}}

    # -- CRUD --------------------------------------------------------------------------

    def write(self, vals):
        vans = {}
        if vals.keys() & {"merged_into_id", "technician_id", "technician_ids"}:
            vans = {visit: visit._get_van() for visit in self}
        undone = self.browse()
        if vals.get("state") == "done":
            # Core refuses it, too, and does not say where it is.
            self.sudo().service_line_ids._check_lot_free()
        if "state" in vals:
            undone = self.filtered(lambda visit: visit.state == "done")
        result = super().write(vals)
        if vans:
            self._follow_vans(vans)
        if "state" in vals:
            done = self.filtered(lambda visit: visit.state == "done")
            new = done.sudo().filtered(lambda visit: not visit.moves_stock)
            new.moves_stock = True
            # Those that were not done, and are not, moved nothing.
            (done | undone)._update_stock()
        return result

    # -- Places ------------------------------------------------------------------------

    def _get_van(self):
        """Return the van of whoever leads this visit, if they have one."""
        self.ensure_one()
        # Whoever plans a visit need not read employees.
        return self.sudo()._get_main().technician_id.van_location_id

    def _get_warehouses(self):
        """Return {visit: the warehouse of its order, else the company's first}."""
        return self._ask_once("_find_warehouses")

    def _find_warehouses(self):
        # Whoever uses parts need not read orders.
        visits = self.sudo()
        first = self.env["stock.warehouse"]._get_of_companies(
            visits.company_id | self.env.company
        )
        return {
            visit: known.sale_order_id.warehouse_id
            or first[known.company_id or self.env.company]
            for visit, known in zip(self, visits, strict=True)
        }

    def _get_sources(self):
        """Return {visit: where its parts are taken from}: the van of whoever leads it,
        else the stock of its warehouse."""
        return {
            visit: visit._get_van() or warehouse.lot_stock_id
            for visit, warehouse in self._get_warehouses().items()
        }

    def _follow_vans(self, before):
        """Take what was to be taken from the vans of whoever led these visits from
        those of whoever does now.

        :param before: {visit: the van that it had, if any}
        """
        visits = self.filtered(
            lambda visit: visit.state != "done" and visit._get_van() != before[visit]
        )
        if not visits:
            return
        warehouses, sources = visits._get_warehouses(), visits._get_sources()
        goes = defaultdict(self.env["service.line"].sudo().browse)
        for visit in visits:
            was = before[visit] or warehouses[visit].lot_stock_id
            # Whoever plans need not enter what is used.
            lines = visit.sudo().service_line_ids
            goes[sources[visit]] |= lines.filtered(
                lambda line, was=was: line.location_id == was
            )
        for source, lines in goes.items():
            lines.location_id = source

    # -- Moves -------------------------------------------------------------------------

    def _follow_parts(self):
        """Move what changed of the parts of these visits. Whoever finishes one of them,
        or takes it a step back, at the same time begins anew, with what is there
        then."""
        if self:
            # Nothing but the row itself tells them of it.
            self.env.execute_query(
                SQL(
                    "UPDATE maintenance_visit SET write_date = write_date "
                    "WHERE id IN %s RETURNING id",
                    self._ids,
                )
            )
        self._update_stock()

    def _update_stock(self):
        """Move what these visits used and took out, as far as it was not moved, and
        bring back what was moved and does not hold any more."""
        # Whoever does a visit need not keep the stock; nothing of the caller's context
        # is meant for transfers.
        context = clean_context(self.env.context)
        visits = self.with_env(self.env(context=context, su=True))
        wanted = visits._get_stock_wanted()
        moved = visits._get_stock_moved()
        differences = defaultdict(list)
        for key in {**wanted, **moved}:
            visit, kind, _record, product, *_others = key
            quantity = wanted.get(key, 0) - moved.get(key, 0)
            sign = product.uom_id.compare(quantity, 0)
            if sign:
                is_back = sign < 0
                is_out = (kind == "used") != is_back
                differences[visit, is_back, is_out].append((key, abs(quantity)))
        if not differences:
            return
        warehouses = visits._get_warehouses()
        transfers = [
            visit._prepare_picking(warehouses[visit], items, is_back, is_out)
            for (visit, is_back, is_out), items in differences.items()
        ]
        self.env["stock.picking"].sudo()._transfer(transfers)
        # What was taken costs what it was worth.
        visits.filtered(lambda visit: visit.state == "done")._update_costs()

    def _get_stock_wanted(self):
        """Return what these visits move once they are done: {(visit, `used` or
        `removed`, its line, product, lot, from where, to where): quantity}."""
        wanted = defaultdict(float)
        done = self.filtered(lambda visit: visit.state == "done" and visit.moves_stock)
        nameless = done.service_line_ids._filter_nameless()
        contents = {
            **done.service_line_ids._get_contents(),
            **done.removed_part_ids._get_contents(),
        }
        for visit in done:
            place = visit._get_customer_location()
            lines = visit.service_line_ids.filtered(
                lambda line: (
                    line._moves_stock()
                    and line.location_id
                    and line not in nameless
                    and not line._is_delivered_by_order()
                )
            )
            moved = [
                ("used", line, line.location_id, place)
                for line in lines.filtered("quantity")
            ] + [
                ("removed", part, place, part.location_dest_id)
                for part in visit.removed_part_ids
            ]
            for kind, record, *places in moved:
                for product, number in contents[record].items():
                    key = (visit, kind, record, product, record.lot_id, *places)
                    wanted[key] += number * record.quantity
        return wanted

    def _get_customer_location(self):
        self.ensure_one()
        customer = (self.site_id or self.partner_id).with_company(self.company_id)
        return customer.property_stock_customer

    def _get_stock_moved(self):
        """Return what these visits have moved, in the form of `_get_stock_wanted`,
        without what somebody returned by Odoo's own button, to whatever place."""
        moved = defaultdict(float)
        domain = Domain("state", "=", "done") & (
            Domain("picking_id.visit_id", "in", self.ids)
            | Domain("picking_id.visit_id", "=", False)
            & Domain(
                "move_id.origin_returned_move_id.picking_id.visit_id", "in", self.ids
            )
        )
        for line in self.env["stock.move.line"].search(domain):
            move, places = line.move_id, (line.location_id, line.location_dest_id)
            is_returned = not line.picking_id.visit_id
            if is_returned:
                move = move.origin_returned_move_id
                places = (move.location_id, move.location_dest_id)
            # What was moved for a part that is no more has none.
            is_removed = bool(move.removed_part_id) or (
                not move.service_line_id and move.is_visit_removal
            )
            is_out = places[1].usage == "customer"
            is_back = is_out == is_removed
            kind = "removed" if is_removed else "used"
            record = move.removed_part_id if is_removed else move.service_line_id
            if is_back:
                places = places[::-1]
            key = (move.picking_id.visit_id, kind, record)
            key += (line.product_id, line.lot_id, *places)
            sign = 1 if is_back == is_returned else -1
            moved[key] += sign * line.quantity_product_uom
        return moved

    def _prepare_picking(self, warehouse, items, is_back, is_out):
        """Return the values of a transfer, and those of its moves.

        :param items: keys of `_get_stock_wanted`, and how much of each
        :param bool is_back: whether it takes back what was moved
        :param bool is_out: whether it goes to the customer
        """
        self.ensure_one()
        if not warehouse:
            # A transfer is always of one.
            self.technician_id._refuse_without_warehouse(self.company_id)
        kind = warehouse.out_type_id
        if not is_out:
            kind = kind.return_picking_type_id or warehouse.in_type_id
        moves = []
        for key, quantity in items:
            _visit, what, record, product, lot, *places = key
            source, destination = places[::-1] if is_back else places
            vals = self.env["stock.move"]._prepare_made_move(
                product, quantity, source, destination, lot
            )
            if what == "removed":
                vals |= {"removed_part_id": record.id, "is_visit_removal": True}
            else:
                vals["service_line_id"] = record.id
                vals |= self._prepare_order_link(record, product, is_back)
            vals |= self._prepare_kit_link(record, product, destination)
            moves.append(vals)
        vals = {
            "visit_id": self.id,
            "origin": self.name,
            "partner_id": (self.site_id or self.partner_id).id,
            "company_id": self.company_id.id,
            "picking_type_id": kind.id,
            "location_id": moves[0]["location_id"],
            "location_dest_id": moves[0]["location_dest_id"],
        }
        return vals, moves

    def _prepare_kit_link(self, record, product, destination):
        """Return what ties a move to the kit whose part it moves, if any, as the moves
        of Manufacturing are: orders count by that how many kits were delivered."""
        kits = (record.product_id - product)._get_kit_rows(self.company_id)
        rows = kits.get(record.product_id, ())
        lines = [line.id for line, _number in rows if line.product_id == product]
        if not lines:
            return {}
        return {"bom_line_id": lines[0], "location_final_id": destination.id}

    def _prepare_order_link(self, line, product, is_back):
        """Return what ties a move to the order line that bills it, and, if it comes
        back, to the move by which it went."""
        order_line = line.sale_line_id
        sold = order_line.product_id
        is_sold = sold == product or (
            sold and product in sold._get_contents(self.company_id)[sold]
        )
        if order_line.state == "cancel" or not is_sold:
            order_line = order_line.browse()
        vals = {"sale_line_id": order_line.id}
        if is_back:
            went = line.stock_move_ids.filtered(
                lambda move: (
                    move.product_id == product
                    and move.state == "done"
                    and not move.origin_returned_move_id
                )
            )
            vals |= {
                "to_refund": True,
                "origin_returned_move_id": went.sorted("id")[-1:].id,
            }
        return vals

    # -- Phone -------------------------------------------------------------------------

    def _get_my_day_briefs(self):
        briefs = super()._get_my_day_briefs()
        vans = {visit: visit._get_van() for visit in self}
        parts = [
            part
            for brief in briefs.values()
            for name in ("parts", "suggested")
            for part in brief[name]
        ]
        carried = self.env["stock.location"].union(*vans.values())._get_carried(parts)
        for visit, brief in briefs.items():
            # Who may do a visit may know what was used on it.
            used = visit.sudo().service_line_ids.grouped("product_id")
            for part in (*brief["parts"], *brief["suggested"]):
                part.update(carried[vans[visit].id, part["id"]])
            for part in brief["parts"]:
                lines = used.get(self.env["product.product"].browse(part["id"]))
                lots = lines.lot_id if lines else self.env["stock.lot"]
                part["used_lots"] = lots.ids
                known = {lot["id"] for lot in part["lots"]}
                part["lots"] += [
                    {"id": lot.id, "name": lot.name}
                    for lot in lots
                    if lot.id not in known
                ]
            # What is at hand comes first.
            brief["suggested"].sort(key=lambda part: part["van"] <= 0)
        return briefs

    @api.readonly
    def search_parts(self, text):
        found = super().search_parts(text)
        van = self[:1]._get_van()
        carried = van._get_carried(found)
        for part in found:
            part.update(carried[van.id, part["id"]])
        return sorted(found, key=lambda part: part["van"] <= 0)

    def _read_part_details(self, values, product):
        details = super()._read_part_details(values, product)
        lot_id = self._read_value(values, "lot_id", int, required=False)
        if not lot_id:
            return details
        # Whoever uses a part may name it.
        lot = self.env["stock.lot"].sudo().browse(lot_id).exists()
        if lot.product_id != product or (
            lot.company_id not in (self.company_id, lot.company_id.browse())
        ):
            raise UserError(
                self.env._(
                    "This serial number of %s is not known any more. Choose another "
                    "one.",
                    product.display_name,
                )
            )
        return {**details, "lot_id": lot.id}

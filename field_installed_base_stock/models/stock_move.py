import math
from collections import Counter, defaultdict

from markupsafe import Markup

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tools import format_date

from odoo.addons.field_installed_base.context import HOLDING


class StockMove(models.Model):
    """What customers get and give back, unit by unit, and the equipment that it is."""

    _name = "stock.move"
    _inherit = ["stock.move", "installed.base.source.line.mixin"]

    installed_base_ids = fields.Many2many(
        comodel_name="installed.base",
        relation="installed_base_stock_move_rel",
        column1="stock_move_id",
        column2="installed_base_id",
        string="Equipment",
        copy=False,
        groups="stock.group_stock_user",
    )

    # -- What is where -----------------------------------------------------------------

    def _brings_to_customer(self):
        self.ensure_one()
        return self._is_at_customer("location_dest_id", "location_id")

    def _takes_from_customer(self):
        self.ensure_one()
        return self._is_at_customer("location_id", "location_dest_id")

    def _is_at_customer(self, there, elsewhere):
        return (
            self.state == "done"
            and self[there].usage == "customer"
            and self[elsewhere].usage != "customer"
        )

    def _is_installed_base_goods(self):
        self.ensure_one()
        order_line = self.sale_line_id
        return self._brings_to_customer() and (
            not order_line
            # Added to the delivery: core makes a line without quantity of it.
            or not order_line.product_uom_qty
            or order_line._is_installed_base_goods()
        )

    def _brings_equipment_or_kits(self):
        """Tell whether this brought equipment, or a part of a kit that is some."""
        return self._is_installed_base_goods() and (
            self.product_id.is_installed_base
            or self.sale_line_id.product_id.is_installed_base
        )

    def _get_installed_base_quantity(self):
        return self.quantity, self.product_uom

    def _get_installed_base_units_left(self):
        left = self._get_units_left()
        return {move.id: len(left.get(move, ())) for move in self}

    def _get_equipment_rows(self):
        left = self._get_units_left() if self else {}
        return {
            (move, move.product_id): [
                lot._prepare_equipment_row() for lot in left.get(move, ())
            ]
            for move in self
        }

    def _serialize_installed_base(self):
        # An order and its deliveries share their units.
        self.sudo().sale_line_id._serialize_installed_base()
        return super()._serialize_installed_base()

    def _get_delivered_units(self):
        """Tell what of these moves customers have.

        :return: {move: list of lots, one per whole unit, an empty one for a unit
            without}
        """
        moves = self.filtered(lambda move: move._brings_to_customer())
        back = moves.returned_move_ids.filtered(
            lambda move: move._takes_from_customer()
        )
        # All at once what is looked at one by one below.
        (moves | back).move_line_ids.fetch(["lot_id", "quantity", "product_uom_id"])
        last = moves._get_last_moves()
        units = {}
        for move in moves:
            amounts = move._count_by_lot()
            for returned in move.returned_move_ids & back:
                for lot, amount in returned._count_by_lot().items():
                    known = lot if lot in amounts else lot.browse()
                    amounts[known] -= amount
            units[move] = [
                lot
                for lot, amount in amounts.items()
                if last.get(lot, move) == move
                # A dozen computed as 11.9999999 is twelve.
                for _unit in range(max(0, math.floor(amount + 1e-6)))
            ]
        return units

    def _count_by_lot(self):
        """Return a Counter of this move's amounts by lot, in the product's unit."""
        amounts = Counter()
        for line in self.move_line_ids:
            amounts[line.lot_id] += line.quantity_product_uom
        return amounts

    def _get_last_moves(self):
        """Tell for serial numbers which move a customer last got or gave back."""
        lots = self.move_line_ids.lot_id.filtered(
            lambda lot: lot.product_id.tracking == "serial"
        )
        if not lots:
            return {}
        crossings = self.env["stock.move.line"].search_fetch(
            [
                ("lot_id", "in", lots.ids),
                ("state", "=", "done"),
                "|",
                ("location_id.usage", "=", "customer"),
                ("location_dest_id.usage", "=", "customer"),
            ],
            ["lot_id", "move_id"],
            order="date, id",
        )
        return {line.lot_id: line.move_id for line in crossings}

    def _match_units(self):
        """Hold what customers have against the equipment that was recorded of it.

        Deliveries of an order line are looked at together: equipment that was recorded
        from the order is a unit of any of them.

        :return: list of (units, loose, returned) of each order line, or move without:
            pairs of move and lot whose lot is no piece's; pieces that are one of these
            each, nobody knows which; units without lot that came back
        """
        # Whoever records equipment need not work in Inventory, nor sell.
        moves = self.sudo().with_context(active_test=False)
        moves |= moves.sale_line_id.move_ids
        delivered = moves._get_delivered_units()
        groups = defaultdict(moves.browse)
        for move in moves.sorted(lambda move: (move.date, move.id)):
            if move in delivered:
                groups[move.sale_line_id or move, move.product_id] |= move
        result = []
        for (source, product), group in groups.items():
            pieces = group.installed_base_ids
            if source._name == "sale.order.line":
                pieces |= source.installed_base_ids
                pieces |= source.invoice_lines.installed_base_ids
            pieces = pieces.filtered(lambda piece, own=product: piece.product_id == own)
            result.append(group._match_pieces(delivered, pieces))
        return result

    def _match_pieces(self, delivered, pieces):
        """See `_match_units`.

        :param delivered: result of `_get_delivered_units`
        :param pieces: equipment recorded of these moves
        """
        by_lot = defaultdict(list)
        for piece in pieces.filtered("lot_id"):
            by_lot[piece.lot_id].append(piece)
        units, loose = [], pieces.filtered(lambda piece: not piece.lot_id)
        gross = Counter()
        for move in self:
            gross += move._count_by_lot()
            for lot in delivered[move]:
                same = by_lot.get(lot)
                # Its piece came back, and was not taken up again.
                if same and (piece := same.pop()) and _takes_unit(piece):
                    continue
                units.append((move, lot))
        # A piece with another lot than any of these was recorded with a wrong one.
        for lot, rest in by_lot.items():
            if lot not in gross:
                loose = loose.union(*rest)
        without = gross[self.env["stock.lot"]] - sum(
            not lot for move in self for lot in delivered[move]
        )
        return units, loose, max(0, math.floor(without + 1e-6))

    def _get_units_left(self):
        """Tell which units that customers have are no equipment yet.

        :return: {move: list of lots, an empty one for a unit without}
        """
        left = defaultdict(list)
        for units, loose, returned in self._match_units():
            taken = loose._count_taken_units(returned)
            # Those without lot first: what has one is known by it.
            units = sorted(units, key=lambda unit: bool(unit[1]))
            for move, lot in units[taken:]:
                left[move.with_env(self.env)].append(lot)
        return left

    # -- Follow ------------------------------------------------------------------------

    def _action_done(self, cancel_backorder=False):
        done = super()._action_done(cancel_backorder=cancel_backorder)
        done._follow_customers()
        return done

    def _follow_customers(self):
        """Take equipment from customers who gave it back, and record what they got, as
        the company has it."""
        # Whoever works in Inventory need not change equipment.
        moves = self.sudo()
        moves.filtered(lambda move: move._takes_from_customer())._take_back_equipment()
        moves = moves.filtered(lambda move: move._brings_equipment_or_kits())
        for company, group in moves.grouped("company_id").items():
            group._tie_recorded_equipment()
            if company.installed_base_on_delivery == "create":
                group.with_company(company)._record_equipment()

    def _tie_recorded_equipment(self):
        """Give equipment that was recorded before its delivery the serial number that
        was delivered."""
        for units, loose, _returned in self._match_units():
            waiting = loose.filtered(
                lambda piece: piece.state == "installed" and not piece.serial_key
            )
            arrived = [
                (move, lot)
                for move, lot in units
                if move in self
                and lot
                and (lot._holds_many() or not lot.installed_base_ids)
            ]
            for piece, (move, lot) in zip(waiting, arrived, strict=False):
                piece.write(
                    {"lot_id": lot.id, "stock_move_ids": [Command.link(move.id)]}
                )

    def _record_equipment(self):
        """Record what these moves brought to customers as equipment, all in one; what
        was there before is assigned again. Somebody is asked about what cannot be."""
        units = [
            (move, lot._prepare_equipment_vals())
            for move, lots in self._get_units_left().items()
            if move in self and move.product_id.is_installed_base
            for lot in lots
        ]
        for line, number in self.sale_line_id._get_kits_left().items():
            move = self.filtered(lambda move, line=line: move.sale_line_id == line)[:1]
            vals = {"product_id": line.product_id.id, "serial_number": False}
            units += [(move, vals)] * number
        problems = defaultdict(list)
        if not units:
            return
        common = {move: move._prepare_equipment_vals() for move in self}
        vals_list = []
        for move, own in units:
            if not common[move].get("partner_id"):
                text = self.env._("It is not known which customer this is for.")
                problems[move].append(text)
                continue
            vals_list.append((move, {**common[move], **own}))
        for (move, _vals), message in self._create_equipment(vals_list):
            problems[move].append(message)
        self._ask_about_equipment(problems)

    def _create_equipment(self, rows):
        """Create or assign the equipment of rows.

        :param rows: pairs of a move and the values of a piece
        :return: pairs of a row that is left, and why
        """
        equipment = self.env["installed.base"].with_context(
            ownership_date=fields.Date.context_today(self),
            ownership_reason=self.env._("Delivered."),
            # A note per piece costs more than the piece; its transfers tell the same.
            tracking_disable=True,
        )
        dialog = equipment.env["installed.base.create"]
        vals_list = [vals for _move, vals in rows]
        known = dialog._find_unassigned(vals_list)
        conflicts = equipment._get_serial_conflicts(
            vals_list, equipment.union(*known.values())
        )
        there = equipment._tie_to_own(rows, conflicts)
        left = [
            (rows[index], conflicts[index])
            for index in sorted(conflicts.keys() - there)
        ]
        kept = [index for index in range(len(rows)) if index not in conflicts]
        try:
            with self.env.cr.savepoint():
                again = {
                    place: known[index]
                    for place, index in enumerate(kept)
                    if index in known
                }
                dialog._create_or_assign([vals_list[index] for index in kept], again)
                pieces = equipment.union(*again.values())
                pieces and pieces._message_log_batch(
                    {
                        piece.id: self.env._(
                            "Delivered to %s.", piece.partner_id.display_name
                        )
                        for piece in pieces
                    }
                )
        except UserError as error:
            # What was delivered is delivered, whatever is missing to record it.
            left += [(rows[index], str(error)) for index in kept]
        return left

    def _prepare_equipment_vals(self):
        """Return the values that all equipment of this move has."""
        self.ensure_one()
        order, company = self.sale_line_id.order_id, self.company_id
        address = self.picking_id.partner_id or self.partner_id
        customer, site = address.commercial_partner_id, address
        if order:
            vals = order._prepare_installed_base_wizard_vals()
            customer = customer.browse(vals["partner_id"])
            site = customer.browse(vals["site_id"])
        return {
            "company_id": company.id,
            "partner_id": customer.id,
            "site_id": customer._propose_site(site).id,
            "product_id": self.product_id.id,
            "model": False,
            "sale_date": fields.Date.context_today(self, self.date),
            "reseller_id": company.partner_id.id,
            "installer_id": company.partner_id.id,
            "sale_line_ids": [Command.set(self.sale_line_id.ids)],
            "stock_move_ids": [Command.link(self.id)],
        }

    def _take_back_equipment(self):
        """Take what these moves bring back from the customers who had it."""
        today = fields.Date.context_today(self)
        standing = self.env["installed.base"].search(
            [
                ("state", "=", "installed"),
                ("company_id", "in", self.company_id.ids),
                "|",
                ("lot_id", "in", self.move_line_ids.lot_id.ids),
                ("stock_move_ids", "in", self.origin_returned_move_id.ids),
            ]
        )
        problems = defaultdict(list)
        for move in self if standing else ():
            pieces, sure = move._choose_returned(standing)
            if sure:
                standing -= pieces
            problems[move] += move._unassign_equipment(pieces, today, sure)
        for line, number in self.sale_line_id._get_kits_left().items():
            if number < 0:
                move = self.filtered(lambda m, line=line: m.sale_line_id == line)[:1]
                pieces = line._filter_own_equipment(line.installed_base_ids)
                pieces = pieces.filtered(lambda piece: piece.state == "installed")
                # Those that are still to come may be recorded already.
                waiting = line.move_ids.filtered(
                    lambda move: move.state not in ("done", "cancel")
                )
                sure = len(pieces) <= -number and not waiting
                problems[move] += move._unassign_equipment(pieces, today, sure)
        self._ask_about_equipment(problems)

    def _choose_returned(self, standing):
        """Return which equipment this move brought back, and whether that is sure.

        :param standing: equipment of customers that it may be
        """
        amounts = self._count_by_lot()
        owner = (self.picking_id.partner_id or self.partner_id).commercial_partner_id
        found = standing.browse()
        mine = standing.filtered(lambda piece: piece.company_id == self.company_id)
        for lot, amount in amounts.items():
            count = math.floor(amount + 1e-6)
            same = mine.filtered(
                lambda piece, lot=lot: (
                    piece.lot_id == lot and piece.product_id == self.product_id
                )
            )
            if not lot or lot._holds_many():
                # One of many: of what was delivered then, if that is known.
                then = same.filtered(
                    lambda piece: self.origin_returned_move_id & piece.stock_move_ids
                )
                same = then or bool(lot) and same._filter_owned_by(owner) or then
            if len(same) > count:
                return same, False
            found |= same
        return found, True

    def _unassign_equipment(self, pieces, day, sure):
        """Take equipment from its customer.

        :param bool sure: whether all of it came back; else somebody chooses
        :return: what somebody is asked about it
        """
        if not pieces:
            return []
        if not sure:
            text = self.env._("Some of this equipment came back. Unassign it:")
            return [_join(text, pieces)]
        reason = self.env._("Returned by %s", self.picking_id.name or self.reference)
        notes = {
            piece.id: self.env._(
                "Returned by %(customer)s on %(day)s.",
                customer=piece.partner_id.display_name,
                day=format_date(self.env, day),
            )
            for piece in pieces
        }
        try:
            with self.env.cr.savepoint():
                pieces.with_context(
                    ownership_date=day,
                    ownership_reason=reason,
                    installed_base_holding=self.picking_id and HOLDING,
                )._log_change(
                    notes,
                    {
                        "partner_id": False,
                        "site_id": False,
                        "stock_move_ids": [Command.link(self.id)],
                    },
                )
        except UserError as error:
            # What came back is back, whatever its history says.
            return [_join(str(error), pieces)]
        self.picking_id._ask_what_becomes(pieces)
        return []

    def _ask_about_equipment(self, problems):
        """Ask about the equipment of each transfer, once.

        :param problems: {move: texts}
        """
        by_picking = defaultdict(list)
        for move, texts in problems.items():
            if texts and move.picking_id:
                by_picking[move.picking_id] += texts
        for picking, texts in by_picking.items():
            picking._ask_about_equipment(list(dict.fromkeys(texts)))


def _takes_unit(piece):
    """Tell whether a piece stands for a unit: it did not come back."""
    return piece.state != "unassigned" or not piece.was_delivered


def _join(text, pieces):
    """Return a text with links to equipment."""
    links = Markup(", ").join(
        piece._get_html_link(title=piece._get_label()) for piece in pieces
    )
    return Markup("%s %s") % (text, links)

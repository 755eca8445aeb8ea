from collections import defaultdict

from odoo import api, fields, models
from odoo.fields import Command


class InstalledBaseCreate(models.TransientModel):
    """Equipment from deliveries, and with the lots that were delivered."""

    _inherit = "installed.base.create"

    picking_id = fields.Many2one(
        comodel_name="stock.picking", string="Delivery", readonly=True
    )

    @api.model
    def _get_source_fields(self):
        return {"stock.picking": "picking_id", **super()._get_source_fields()}

    def _get_line_field(self):
        return "stock_move_id" if self.picking_id else super()._get_line_field()

    def _create_installed_base(self):
        lines = self._get_source_lines()
        moves = self._get_source_moves(lines)
        left = moves._get_units_left() if moves else {}
        equipment = super()._create_installed_base()
        self._tie_to_deliveries(equipment, left)
        return equipment

    @api.model
    def _get_source_moves(self, lines):
        """Return the stock moves of lines of an order, an invoice or a delivery."""
        # Whoever may create equipment of it need not work in Inventory.
        lines = lines.sudo()
        if lines._name == "stock.move":
            return lines
        if lines._name == "account.move.line":
            lines = lines.sale_line_ids
        return lines.move_ids

    def _tie_to_deliveries(self, equipment, left):
        """Let each piece have the lot and the delivery of its row.

        :param equipment: what was created, in the order of the rows
        :param left: units that were delivered, result of `_get_units_left`
        """
        units = [(move.sudo(), lot) for move, lots in left.items() for lot in lots]
        tied = defaultdict(self.env["installed.base"].browse)
        for row, piece in zip(self.line_ids, equipment, strict=True):
            moves = self._get_source_moves(row[self._get_line_field()])
            # As above.
            unit = self._choose_unit(units, moves, piece.sudo())
            if unit:
                units.remove(unit)
                move, lot = unit
                tied[move, lot if lot._holds_many() else lot.browse()] |= piece
        for (move, lot), pieces in tied.items():
            vals = {"stock_move_ids": [Command.link(move.id)]}
            if lot:
                vals["lot_id"] = lot.id
            pieces.sudo().write(vals)

    @api.model
    def _choose_unit(self, units, moves, piece):
        """Return which delivered unit a piece is: the one of its serial number, else
        one that has none, else any; None without.

        :param units: pairs of move and lot
        :param moves: those that the piece may come from
        """
        fitting = [
            (move, lot)
            for move, lot in units
            if move in moves and move.product_id == piece.product_id
        ]
        return min(
            fitting,
            key=lambda unit: (
                not unit[1] or unit[1] != piece.lot_id,
                bool(unit[1]) and not unit[1]._holds_many(),
            ),
            default=None,
        )

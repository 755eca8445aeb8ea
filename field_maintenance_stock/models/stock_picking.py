from odoo import api, fields, models
from odoo.fields import Command

from ..context import MOVED


class StockPicking(models.Model):
    """A transfer of what a visit used, or took out."""

    _name = "stock.picking"
    _inherit = ["stock.picking", "installed.base.guard.mixin"]

    visit_id = fields.Many2one(
        comodel_name="maintenance.visit",
        string="Maintenance Visit",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
        check_company=True,
        groups="field_installed_base.group_user",
    )

    @api.model
    def _transfer(self, transfers):
        """Create transfers and validate them as they are, also where the stock that is
        known falls short: what they move was moved by somebody already.

        :param transfers: list of values of a transfer, and values of its moves; see
            `stock.move._prepare_made_move`
        :return: the transfers
        """
        # They are done as soon as they are there: nobody follows them, and there is no
        # status to tell of.
        now = fields.Datetime.now()
        pickings = self.with_context(tracking_disable=True).create(
            [{**vals, "date_done": now} for vals, _moves in transfers]
        )
        pickings = pickings.with_env(self.env)
        prepared = [
            move | picking._prepare_made_lines(move)
            for picking, (_vals, moves) in zip(pickings, transfers, strict=True)
            for move in moves
        ]
        # Stock is looked up for all lines at once, as core does when it validates.
        lines = [vals for move in prepared for _c, _i, vals in move["move_line_ids"]]
        product_ids, lot_ids, place_ids = (
            {vals[name] for vals in lines if vals[name]}
            for name in ("product_id", "lot_id", "location_id")
        )
        known = self.env["stock.quant"]._get_quants_by_products_locations(
            self.env["product.product"].browse(product_ids),
            self.env["stock.location"].browse(place_ids),
            extra_domain=["|", ("lot_id", "in", list(lot_ids)), ("lot_id", "=", False)],
        )
        moving = self.with_context(stock_moving=MOVED)
        moves = moving.env["stock.move"].with_context(quants_cache=known)
        moves = moves.create(prepared).with_env(moving.env)
        for company, own in moves.grouped("company_id").items():
            # No customer is told of a delivery who has the technician in the house.
            own.with_company(company)._action_done()
        return pickings

    def _prepare_made_lines(self, move):
        """Return what ties the values of a move, and those of its lines, to this
        transfer."""
        self.ensure_one()
        return {
            "picking_id": self.id,
            "company_id": self.company_id.id,
            "picking_type_id": self.picking_type_id.id,
            "move_line_ids": [
                Command.create({**vals, "picking_id": self.id})
                for _command, _id, vals in move["move_line_ids"]
            ],
        }

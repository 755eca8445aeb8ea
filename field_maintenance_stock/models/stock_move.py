from odoo import api, fields, models
from odoo.fields import Command

from ..context import MOVED

# What a move was made for.
LINK = {
    "readonly": True,
    "copy": False,
    "index": "btree_not_null",
    "ondelete": "set null",
    "groups": "stock.group_stock_user",
    "export_string_translation": False,
}


class StockMove(models.Model):
    """What was used on a visit, or taken out there, as it left or entered the stock."""

    _name = "stock.move"
    _inherit = ["stock.move", "installed.base.guard.mixin"]

    service_line_id = fields.Many2one("service.line", "Part of a Visit", **LINK)
    removed_part_id = fields.Many2one("service.removed.part", "Part Taken Out", **LINK)
    loan_id = fields.Many2one("service.loan", **LINK)
    is_visit_removal = fields.Boolean(
        readonly=True,
        copy=False,
        groups="stock.group_stock_user",
        export_string_translation=False,
        help="It moved what was taken out on a visit.",
    )

    @api.model
    def _prepare_made_move(self, product, quantity, source, destination, lot=None):
        """Return the values of a move that was made already.

        :param product: what was moved
        :param float quantity: in the unit of the product
        :param source: the location from which
        :param destination: the location to which
        :param lot: the lot or serial number, if any
        """
        places = {"location_id": source.id, "location_dest_id": destination.id}
        return {
            "product_id": product.id,
            "product_uom": product.uom_id.id,
            "product_uom_qty": quantity,
            "picked": True,
            "state": "assigned",
            "move_line_ids": [
                Command.create(
                    {
                        "product_id": product.id,
                        "product_uom_id": product.uom_id.id,
                        "quantity": quantity,
                        "lot_id": lot.id if lot else False,
                        "picked": True,
                        **places,
                    }
                )
            ],
            **places,
        }

    def _should_bypass_reservation(self, forced_location=False):
        # What left already is not reserved first.
        return self._is_moved_already() or super()._should_bypass_reservation(
            forced_location
        )

    def _is_moved_already(self):
        """Tell whether `stock.picking._transfer` is moving this."""
        self.ensure_one()
        # What Odoo makes of these moves, as those that push them on, is reserved.
        return self.env.context.get("stock_moving") is MOVED and bool(
            self.service_line_id or self.removed_part_id or self.loan_id
        )

    def _is_installed_base_goods(self):
        # What is lent stays ours.
        return not self.sudo().loan_id and super()._is_installed_base_goods()

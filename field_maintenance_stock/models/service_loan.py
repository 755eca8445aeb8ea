from odoo import api, fields, models


class ServiceLoan(models.Model):
    """Equipment whose serial number is in Inventory leaves the stock when it is lent,
    and comes back into it."""

    _inherit = "service.loan"

    stock_move_ids = fields.One2many(
        comodel_name="stock.move",
        inverse_name="loan_id",
        string="Stock Moves",
        copy=False,
        groups="stock.group_stock_user",
    )

    @api.model_create_multi
    def create(self, vals_list):
        loans = super().create(vals_list)
        loans._update_stock()
        return loans

    def write(self, vals):
        result = super().write(vals)
        if "state" in vals:
            self._update_stock()
        return result

    def _update_stock(self):
        """Move the serial numbers of what is lent out of the stock, and those of what
        came back into it again."""
        # Whoever lends need not keep the stock.
        loans = self.sudo()
        warehouses = self.env["stock.warehouse"]._get_of_companies(loans.company_id)
        transfers = []
        for loan in loans:
            done = loan.stock_move_ids.filtered(lambda move: move.state == "done")
            out = done.filtered(lambda move: move.location_dest_usage == "customer")
            is_out = len(out) > len(done - out)
            lot = loan.installed_base_id.lot_id
            warehouse = warehouses[loan.company_id]
            if loan.state == "out" and not is_out and lot and warehouse:
                transfers.append(loan._prepare_transfer(lot, warehouse))
            elif loan.state == "returned" and is_out:
                transfers.append(loan._prepare_return(out.sorted("id")[-1:]))
        if transfers:
            self.env["stock.picking"].sudo()._transfer(transfers)

    def _prepare_transfer(self, lot, warehouse):
        """Return the transfer by which a serial number goes to the borrower: from where
        it is, else from the stock of a warehouse."""
        self.ensure_one()
        company = self.company_id
        held = lot.quant_ids.filtered(
            lambda quant: (
                quant.location_id.usage == "internal"
                and quant.company_id == company
                and quant.quantity > 0
            )
        )
        source = held[:1].location_id or warehouse.lot_stock_id
        borrower = (self.site_id or self.partner_id).with_company(company)
        place = borrower.property_stock_customer
        return self._prepare_picking(warehouse.out_type_id, lot, source, place)

    def _prepare_return(self, out):
        """Return the transfer that brings back what a move took.

        :param out: the move
        """
        self.ensure_one()
        kind = out.picking_type_id
        kind = kind.return_picking_type_id or kind.warehouse_id.in_type_id
        lot, places = out.move_line_ids.lot_id[:1], (out.location_dest_id,)
        vals, moves = self._prepare_picking(kind, lot, *places, out.location_id)
        moves[0]["origin_returned_move_id"] = out.id
        return vals, moves

    def _prepare_picking(self, kind, lot, source, destination):
        move = self.env["stock.move"]._prepare_made_move(
            lot.product_id, 1, source, destination, lot
        )
        vals = {
            "origin": self.name,
            "partner_id": (self.site_id or self.partner_id).id,
            "company_id": self.company_id.id,
            "picking_type_id": kind.id,
            "location_id": source.id,
            "location_dest_id": destination.id,
        }
        return vals, [{**move, "loan_id": self.id}]

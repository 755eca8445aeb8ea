from odoo.fields import Command
from odoo.tests import Form

from odoo.addons.field_installed_base.tests.common import InstalledBaseCase


class StockFixtures:
    """Stoves have serial numbers, boilers none; both are in the warehouse."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.warehouse = cls.env["stock.warehouse"].search(
            [("company_id", "=", cls.company.id)], limit=1
        )
        cls.customers = cls.env.ref("stock.stock_location_customers")
        cls.stove.write({"is_storable": True, "tracking": "serial"})
        cls.lots = cls._create_lots(cls.stove, "SN-1", "SN-2", "SN-3")

    @classmethod
    def _create_lots(cls, product, *names, quantity=1):
        """Create lots with stock of each."""
        lots = cls.env["stock.lot"].create(
            [{"name": name, "product_id": product.id} for name in names]
        )
        for lot in lots:
            cls.env["stock.quant"]._update_available_quantity(
                product, cls.warehouse.lot_stock_id, quantity, lot_id=lot
            )
        return lots

    @classmethod
    def _deliver(cls, picking, units):
        """Validate a transfer of {product: number or lots}, the rest waits.

        :return: what the button returned
        """
        picking.move_ids.move_line_ids.unlink()
        for move in picking.move_ids:
            units_of_move = units.get(move.product_id, 0)
            lots = [None]
            if not isinstance(units_of_move, int):
                lots = units_of_move
            move.move_line_ids = [
                Command.create(
                    {
                        "product_id": move.product_id.id,
                        "picking_id": picking.id,
                        "lot_id": lot and lot.id,
                        "quantity": 1 if lot else units_of_move,
                    }
                )
                for lot in lots
                if lot or units_of_move
            ]
            move.picked = bool(units_of_move)
        return picking.with_context(skip_backorder=True).button_validate()

    @classmethod
    def _return(cls, picking, units):
        """Return {product: number or lots} of a delivery.

        :return: the transfer that brought it back
        """
        wizard = cls.env["stock.return.picking"].create({"picking_id": picking.id})
        for line in wizard.product_return_moves:
            number = units.get(line.product_id, 0)
            line.quantity = number if isinstance(number, int) else len(number)
        back = wizard._create_return()
        cls._deliver(back, units)
        return back

    def _propose(self, source):
        """Return the dialog on an order, an invoice or a delivery."""
        wizard = self.env["installed.base.create"].with_context(
            active_model=source._name, active_ids=source.ids
        )
        return Form(wizard)

    def _get_proposed(self, source):
        """Return pairs of product and serial number that the dialog proposes."""
        wizard = self._propose(source).save()
        return [(row.product_id, row.serial_number) for row in wizard.line_ids]

    def _record(self, source):
        """Return the equipment that the dialog creates as it is proposed."""
        return self._propose(source).save()._create_installed_base()


class StockCase(StockFixtures, InstalledBaseCase):
    """Base class of the transaction tests."""

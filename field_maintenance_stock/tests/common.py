class StockFixtures:
    """A technician with a van: 10 seals, 2 boards with serial numbers. A warehouse with
    50 seals."""

    @classmethod
    def _set_up_stock(cls):
        cls.warehouse = cls.env["stock.warehouse"].search(
            [("company_id", "=", cls.company.id)], limit=1
        )
        cls.stock = cls.warehouse.lot_stock_id
        cls.technician.company_id.ensure_one()
        cls.technician.action_create_van()
        cls.van = cls.technician.van_location_id
        cls.seal, cls.board = cls.env["product.product"].create(
            [
                {
                    "name": "Door seal",
                    "is_storable": True,
                    "list_price": 20,
                    "standard_price": 8,
                    "taxes_id": False,
                    "invoice_policy": "delivery",
                },
                {
                    "name": "Control board",
                    "is_storable": True,
                    "tracking": "serial",
                    "list_price": 200,
                    "standard_price": 90,
                    "taxes_id": False,
                    "invoice_policy": "delivery",
                },
            ]
        )
        cls.first_board, cls.second_board = cls.env["stock.lot"].create(
            [
                {
                    "name": name,
                    "product_id": cls.board.id,
                    "company_id": cls.company.id,
                }
                for name in ("CB-1", "CB-2")
            ]
        )
        cls._put(cls.seal, 10, cls.van)
        cls._put(cls.seal, 50, cls.stock)
        cls._put(cls.board, 1, cls.van, cls.first_board)
        cls._put(cls.board, 1, cls.van, cls.second_board)

    @classmethod
    def _put(cls, product, quantity, location, lot=None):
        """Put some of a product in a location."""
        quants = cls.env["stock.quant"]
        quants._update_available_quantity(product, location, quantity, lot_id=lot)

    @classmethod
    def _use(cls, visit, product, quantity=1, **vals):
        """Enter a part on a visit."""
        return cls.env["service.line"].create(
            {
                "visit_id": visit.id,
                "product_id": product.id,
                "quantity": quantity,
                **vals,
            }
        )

    def _count(self, product, location, lot=None):
        """Return how many of a product are in a location."""
        domain = [("product_id", "=", product.id), ("location_id", "=", location.id)]
        if lot:
            domain.append(("lot_id", "=", lot.id))
        return sum(self.env["stock.quant"].search(domain).mapped("quantity"))

from odoo import models


class StockLocation(models.Model):
    _inherit = "stock.location"

    def _get_held(self, products):
        """Return how much of products these locations hold, with those within them.

        :return: {(id of location, id of product): quantity in the unit of the product}
        """
        return self._sum_held("product_id", products)

    def _get_held_lots(self, lots):
        """Return how much of lots and serial numbers these locations hold, with those
        within them.

        :return: {(id of location, id of lot): quantity in the unit of the product}
        """
        return self._sum_held("lot_id", lots)

    def _sum_held(self, name, records):
        if not self or not records:
            return {}
        # Whoever uses parts may know how many there are.
        quants = self.env["stock.quant"].sudo()
        groups = quants._read_group(
            [("location_id", "child_of", self.ids), (name, "in", records.ids)],
            ["location_id", name],
            ["quantity:sum"],
        )
        held = {}
        for place, record, quantity in groups:
            for location in self.sudo():
                if place.parent_path.startswith(location.parent_path):
                    key = (location.id, record.id)
                    held[key] = held.get(key, 0) + quantity
        return held

    def _get_carried(self, parts):
        """Return what phones show of parts in these vans.

        :param parts: list of dict with the `id` of a product
        :return: for every van, and for none, {(id of van, id of product): dict} with
            `van` (how many there are), `tracking`, and `lots` (`id` and `name` of the
            serial numbers there)
        """
        products = self.env["product.product"].browse({part["id"] for part in parts})
        company = self.company_id[:1] or self.env.company
        contents = products._get_contents(company)
        held = self._get_held(
            products.union(*(part for parts in contents.values() for part in parts))
        )
        # Whoever uses parts may know which there are.
        products = products.sudo()
        tracked = products.filtered(lambda product: product.tracking != "none")
        lots = {}
        if self and tracked:
            quants = self.env["stock.quant"].sudo()
            groups = quants._read_group(
                [
                    ("location_id", "in", self.ids),
                    ("product_id", "in", tracked.ids),
                    ("lot_id", "!=", False),
                    ("quantity", ">", 0),
                ],
                ["location_id", "product_id", "lot_id"],
            )
            for place, product, lot in groups:
                lots.setdefault((place.id, product.id), []).append(
                    {"id": lot.id, "name": lot.name}
                )
        return {
            (van, product.id): {
                "van": product._count_whole(
                    contents[product],
                    lambda part, van=van: held.get((van, part.id), 0),
                ),
                "tracking": product.tracking,
                "lots": list(lots.get((van, product.id), ())),
            }
            for van in (*self.ids, False)
            for product in products
        }

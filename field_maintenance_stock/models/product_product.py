import math

from odoo import models


class ProductProduct(models.Model):
    """How much is there, beside a product in the catalog of a visit, and what is
    carried of it."""

    _inherit = "product.product"

    def _get_contents(self, company):
        """Return what is carried of these products: themselves, and of a kit of
        Manufacturing its parts.

        :param company: whose kits
        :return: {product: {part: how many of one product, in the part's unit}}
        """
        contents = {product: {product: 1} for product in self}
        for kit, rows in self._get_kit_rows(company).items():
            contents[kit] = {}
            for line, number in rows:
                part = line.product_id.with_env(self.env)
                contents[kit][part] = contents[kit].get(part, 0) + number
        return contents

    def _count_whole(self, parts, held):
        """Return how many of this product there are.

        :param parts: its contents, see `_get_contents`
        :param held: function that says how many there are of a part
        """
        self.ensure_one()
        whole = min(
            (held(part) / number for part, number in parts.items() if part.is_storable),
            default=0,
        )
        # A dozen computed as 11.9999999 is twelve.
        return whole if self in parts else math.floor(whole + 1e-6)

    def _get_kit_rows(self, company):
        """Return {kit: list of pairs of a line of its bill of materials, and how many
        of that are in one kit, in the unit of what they are}."""
        # Nothing here depends on Manufacturing; where it is, its kits are no stock.
        if not self or "mrp.bom" not in self.env:
            return {}
        bills = self.env["mrp.bom"].sudo()
        found = bills._bom_find(self, company_id=company.id, bom_type="phantom")
        kits = {}
        for product in self.filtered(lambda product: found[product]):
            bill = found[product]
            made = bill.product_uom_id._compute_quantity(
                bill.product_qty, product.uom_id, round=False
            )
            kits[product] = [
                (
                    line,
                    line.product_uom_id._compute_quantity(
                        data["qty"], line.product_id.uom_id, round=False
                    )
                    / made,
                )
                for line, data in bill.explode(product, 1)[1]
                if line.product_id.type == "consu" and data["qty"]
            ]
        return kits

    def _compute_quantities_dict(
        self, lot_id, owner_id, package_id, from_date=False, to_date=False
    ):
        products = self
        # Whoever enters what was used may know how much is there, not the moves.
        if self.env.user.has_group("field_installed_base.group_user"):
            products = self.sudo()
        return super(ProductProduct, products)._compute_quantities_dict(
            lot_id, owner_id, package_id, from_date, to_date
        )

from odoo import models


class ProductProduct(models.Model):
    """How much is there, beside a product in the catalog of a visit."""

    _inherit = "product.product"

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

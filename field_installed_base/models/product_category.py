from odoo import fields, models


class ProductCategory(models.Model):
    _inherit = "product.category"

    installed_base_category_id = fields.Many2one(
        comodel_name="installed.base.category",
        string="Equipment Category",
        index="btree_not_null",
        ondelete="restrict",
        help="Default for products of this category. Products with an equipment "
        "category are equipment.",
    )

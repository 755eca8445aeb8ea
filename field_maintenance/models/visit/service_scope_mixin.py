import math

from odoo import api, fields, models
from odoo.fields import Domain


class ServiceScopeMixin(models.AbstractModel):
    """What is for equipment, a product or a category: the nearest applies."""

    _name = "service.scope.mixin"
    _description = "For Equipment of a Kind"

    installed_base_id = fields.Many2one(
        comodel_name="installed.base",
        string="Equipment",
        index="btree_not_null",
        ondelete="cascade",
        check_company=True,
    )
    product_id = fields.Many2one(
        comodel_name="product.product",
        string="Equipment Product",
        index="btree_not_null",
        ondelete="cascade",
        check_company=True,
        domain="[('is_installed_base', '=', True)]",
    )
    category_id = fields.Many2one(
        comodel_name="installed.base.category",
        string="Equipment Category",
        index="btree_not_null",
        ondelete="cascade",
        help="Equipment of this category, and of those below it.",
    )

    @api.model
    def _get_scope_domain(self, lines):
        """Return the domain of what may be for the equipment of some visit lines. Which
        of it is for which line, `_get_nearness` tells.

        :rtype: Domain
        """
        pieces = lines.installed_base_id
        products = pieces.product_id | lines.product_id
        return (
            Domain("installed_base_id", "in", [False, *pieces.ids])
            & Domain("product_id", "in", [False, *products.ids])
            & (
                Domain("category_id", "=", False)
                | Domain("category_id", "parent_of", pieces.category_id.ids)
            )
        )

    def _get_nearness(self, line):
        """Return how near this is to the equipment of a visit line: the piece is nearer
        than its product, and that nearer than its nearest category.

        :param line: the line, with all rights; none for a visit without equipment
        :return: the lower the nearer, infinite for what is for all equipment; None if
            it is for other equipment
        """
        self.ensure_one()
        piece = line.installed_base_id
        branch = piece.category_id._get_branch()
        own = {
            "installed_base_id": piece,
            "product_id": piece.product_id or line.product_id,
            "category_id": branch,
        }
        if any(self[name] not in known for name, known in own.items() if self[name]):
            return None
        if self.installed_base_id:
            return 0
        if self.product_id:
            return 1
        if self.category_id:
            return 2 + branch.ids.index(self.category_id.id)
        return math.inf

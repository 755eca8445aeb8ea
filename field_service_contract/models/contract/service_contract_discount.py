from odoo import api, fields, models

LINE_TYPES = [("part", "Parts"), ("labor", "Labor"), ("cost", "Costs")]


class ServiceContractDiscount(models.Model):
    """A discount on what a visit to covered equipment uses."""

    _name = "service.contract.discount"
    _inherit = ["installed.base.record.mixin"]
    _description = "Discount of a Service Contract"
    _order = "line_type, id"
    _rec_name = "line_type"

    contract_id = fields.Many2one(
        comodel_name="service.contract", index="btree_not_null", ondelete="cascade"
    )
    template_id = fields.Many2one(
        comodel_name="service.contract.template",
        index="btree_not_null",
        ondelete="cascade",
    )
    company_id = fields.Many2one(
        related="contract_id.company_id",
        store=True,
        precompute=True,
        index="btree_not_null",
    )
    line_type = fields.Selection(
        selection=LINE_TYPES, string="Applies To", required=True
    )
    product_id = fields.Many2one(
        comodel_name="product.product",
        index="btree_not_null",
        ondelete="restrict",
        domain="[('sale_ok', '=', True)]",
        help="A discount on a product goes before one on its category, which goes "
        "before one on all products.",
    )
    categ_id = fields.Many2one(
        comodel_name="product.category",
        string="Product Category",
        ondelete="restrict",
        help="Leave empty for all products.",
    )
    discount = fields.Float(
        string="Discount (%)", default=100, required=True, aggregator="avg"
    )

    _discount_range = models.Constraint(
        "CHECK (discount > 0 AND discount <= 100)",
        "The discount must be greater than 0 % and at most 100 %.",
    )
    _one_owner = models.Constraint(
        "CHECK (num_nonnulls(contract_id, template_id) = 1)",
        "A discount must belong to either a contract or a template.",
    )
    _one_scope = models.Constraint(
        "CHECK (num_nonnulls(product_id, categ_id) <= 1)",
        "A discount applies to a product or to a category. Remove one of them.",
    )
    _contract_unique = models.UniqueIndex(
        "(contract_id, line_type, COALESCE(categ_id, 0), COALESCE(product_id, 0)) "
        "WHERE contract_id IS NOT NULL",
        "The contract already has a discount for these.",
    )
    _template_unique = models.UniqueIndex(
        "(template_id, line_type, COALESCE(categ_id, 0), COALESCE(product_id, 0)) "
        "WHERE template_id IS NOT NULL",
        "The template already has a discount for these.",
    )

    @api.model
    def _get_bounds(self):
        return {
            **super()._get_bounds(),
            "discount": (0, 100),
        }

    def _prepare_vals_list(self):
        return [
            {
                "line_type": cut.line_type,
                "product_id": cut.product_id.id,
                "categ_id": cut.categ_id.id,
                "discount": cut.discount,
            }
            for cut in self
        ]

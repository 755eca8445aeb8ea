from odoo import api, fields, models


class ProductTemplate(models.Model):
    _name = "product.template"
    _inherit = [
        "product.template",
        "installed.base.company.mixin",
        "installed.base.plausible.mixin",
    ]

    is_installed_base = fields.Boolean(
        string="Is Equipment",
        compute="_compute_is_installed_base",
        store=True,
        readonly=False,
        precompute=True,
        help="Installed base records are proposed for sold units.",
    )
    installed_base_category_id = fields.Many2one(
        comodel_name="installed.base.category",
        string="Equipment Category",
        compute="_compute_installed_base_category_id",
        store=True,
        readonly=False,
        precompute=True,
        index="btree_not_null",
        ondelete="restrict",
    )
    warranty_months = fields.Integer(
        string="Parts Warranty",
        help="Parts warranty in months, for equipment created from now on.",
    )
    labor_warranty_months = fields.Integer(
        string="Labor Warranty",
        help="Labor warranty in months, for equipment created from now on.",
    )

    _warranty_months_positive = models.Constraint(
        "CHECK (warranty_months >= 0 AND labor_warranty_months >= 0)",
        "The warranty cannot be shorter than zero months.",
    )

    @api.model
    def _get_bounds(self):
        return {
            **super()._get_bounds(),
            "warranty_months": (0, 1200),
            "labor_warranty_months": (0, 1200),
        }

    @api.depends("categ_id.installed_base_category_id")
    def _compute_installed_base_category_id(self):
        for template in self:
            template.installed_base_category_id = (
                template.installed_base_category_id
                or template.categ_id.installed_base_category_id
            )

    @api.depends(
        "type",
        "product_brand_id",
        "installed_base_category_id",
        "warranty_months",
        "labor_warranty_months",
    )
    def _compute_is_installed_base(self):
        for template in self:
            template.is_installed_base = template.type == "consu" and bool(
                template.is_installed_base
                or template.product_brand_id
                or template.installed_base_category_id
                or template.warranty_months
                or template.labor_warranty_months
            )

    def _get_company_ties(self, company_id):
        return [
            *super()._get_company_ties(company_id),
            (
                "installed.base",
                [
                    ("company_id", "!=", company_id),
                    ("product_id.product_tmpl_id", "in", self.ids),
                ],
            ),
        ]

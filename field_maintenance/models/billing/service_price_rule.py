from odoo import api, fields, models

from ...engine import apply_price, spread

# How often a total with tax is brought closer to the price by what rounding left.
TRIES = 5


class ServicePriceRule(models.Model):
    """A price for a whole job: fixed, at most, or at least."""

    _name = "service.price.rule"
    _inherit = ["installed.base.company.mixin", "installed.base.record.mixin"]
    _description = "Job Price"
    _order = "sequence, id"
    _check_company_auto = True

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        comodel_name="res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )
    currency_id = fields.Many2one(
        comodel_name="res.currency",
        required=True,
        compute="_compute_currency_id",
        store=True,
        readonly=False,
        precompute=True,
    )
    kind = fields.Selection(
        selection=[
            ("fixed", "Fixed price"),
            ("maximum", "At most"),
            ("minimum", "At least"),
        ],
        string="Price",
        required=True,
        default="fixed",
    )
    amount = fields.Monetary(required=True)
    is_tax_included = fields.Boolean(
        string="Tax Included", help="The amount is what the customer pays with tax."
    )

    # For what
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
    )
    fault_area_id = fields.Many2one(
        comodel_name="service.fault.code",
        index="btree_not_null",
        ondelete="cascade",
        domain="[('kind', '=', 'area')]",
    )
    partner_category_id = fields.Many2one(
        comodel_name="res.partner.category",
        string="Customer Tag",
        index="btree_not_null",
        ondelete="cascade",
    )
    date_start = fields.Date(string="From")
    date_end = fields.Date(string="Until", help="Last day of the price.")

    # Of what
    has_parts = fields.Boolean(string="Parts", default=True)
    has_labor = fields.Boolean(string="Labor", default=True)
    has_costs = fields.Boolean(string="Costs", default=True)
    product_ids = fields.Many2many(
        comodel_name="product.product",
        string="Products",
        domain="[('sale_ok', '=', True)]",
        check_company=True,
        help="Only these products, and those of the categories. Leave empty for all.",
    )
    product_category_ids = fields.Many2many(
        comodel_name="product.category",
        string="Product Categories",
        help="Only products of these categories and those below, and the products "
        "above. Leave empty for all.",
    )

    _amount_positive = models.Constraint(
        "CHECK (amount >= 0)", "The price of a job must be zero or more."
    )
    _dates_ordered = models.Constraint(
        "CHECK (date_end >= date_start)", "A job price cannot end before it starts."
    )
    _takes_part = models.Constraint(
        "CHECK (has_parts OR has_labor OR has_costs)",
        "A job price must apply to parts, labor or costs.",
    )

    @api.depends("company_id")
    def _compute_currency_id(self):
        for rule in self:
            rule.currency_id = rule.currency_id or rule.company_id.currency_id

    def _get_company_ties(self, company_id):
        return [
            *super()._get_company_ties(company_id),
            (
                "service.line",
                [
                    ("company_id", "!=", company_id),
                    ("price_rule_id", "in", self.ids),
                ],
            ),
        ]

    def _takes(self, line):
        """Tell whether a line is part of the job that this is the price of."""
        self.ensure_one()
        kinds = {"part": "has_parts", "labor": "has_labor", "cost": "has_costs"}
        if not self[kinds[line.line_type]]:
            return False
        if not self.product_ids and not self.product_category_ids:
            return True
        product = line.product_id
        path = product.categ_id.parent_path or ""
        return product in self.product_ids or any(
            path.startswith(category.parent_path)
            for category in self.product_category_ids
        )

    def _get_shares(self, lines):
        """Return what each line costs by this price, in the mode of its taxes.

        :param lines: lines that take part, each of which weighs something
        :return: {line: amount}; nothing where they cost as much as they may already
        """
        self.ensure_one()
        weights = {line: line._get_job_weight() for line in lines}
        gross = list(weights.values())
        total = sum(gross)
        if self.is_tax_included:
            taxes = lines._get_order_taxes()
            factors = {
                line: self._get_tax_factor(line, weights[line], taxes[line])
                for line in lines
            }
            gross = [weights[line] * factors[line] for line in lines]
            total = lines._get_taxed_total(weights, taxes)
        wanted = apply_price(self.kind, self.amount, total)
        currency = self.currency_id
        if self.kind != "fixed" and not currency.compare_amounts(wanted, total):
            return {}
        parts = spread(wanted, gross, currency.rounding)
        shares = dict(zip(lines, parts, strict=True))
        if not self.is_tax_included:
            return shares
        # Rounding may leave a cent between the sum of the taxes and the tax of the sum.
        largest = max(lines, key=lambda line: shares[line])
        for _try in range(TRIES):
            amounts = {line: shares[line] / factors[line] for line in lines}
            left = currency.round(wanted - lines._get_taxed_total(amounts, taxes))
            if not left:
                break
            shares[largest] += left
        return {line: shares[line] / factors[line] for line in lines}

    def _get_tax_factor(self, line, weight, taxes):
        """Return what the customer pays of a line with tax, for each unit of money of
        its price."""
        details = taxes._get_tax_details(
            weight,
            1,
            precision_rounding=self.currency_id.rounding,
            rounding_method="round_globally",
            product=line.product_id.sudo(),
        )
        return details["total_included"] / weight

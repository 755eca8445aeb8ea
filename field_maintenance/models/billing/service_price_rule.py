from itertools import permutations

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain

from ...engine import apply_price, spread

# How often a total with tax is brought closer to the price by what rounding left, on
# how many lines, and of how many two together.
TRIES = 10
BEARERS = 5
PAIRED = 3
# By how many smallest units another line makes room then.
NUDGES = (1, -1)


class ServicePriceRule(models.Model):
    """A price for a whole job: fixed, at most, or at least."""

    _name = "service.price.rule"
    _inherit = [
        "installed.base.company.mixin",
        "installed.base.record.mixin",
        "service.scope.mixin",
    ]
    _description = "Job Price"
    _order = "sequence, id"
    _check_company_auto = True
    # Branches have the prices of their company, as they have its price lists.
    _check_company_domain = models.check_company_domain_parent_of

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

    # For what, beside the equipment
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

    @api.constrains("fault_area_id")
    def _check_fault_area_id(self):
        for rule in self:
            area = rule.fault_area_id
            if area and area.kind != "area":
                raise ValidationError(
                    self.env._(
                        "%s is not an area. Choose another code.", area.display_name
                    )
                )

    def _get_company_ties(self, company_id):
        return [
            *super()._get_company_ties(company_id),
            (
                "service.line",
                ~Domain("company_id", "child_of", company_id)
                & Domain("price_rule_id", "in", self.ids),
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
        taxes = lines._get_order_taxes()
        total = sum(weights.values())
        if self.is_tax_included:
            total = lines._get_taxed_total(weights, taxes)
        wanted = apply_price(self.kind, self.amount, total)
        if self.kind != "fixed" and not self.currency_id.compare_amounts(wanted, total):
            return {}
        if self.is_tax_included:
            return self._spread_with_tax(wanted, weights, taxes)
        return self._spread(wanted, weights)

    def _spread(self, amount, weights):
        parts = spread(amount, list(weights.values()), self.currency_id.rounding)
        return dict(zip(weights, parts, strict=True))

    def _spread_with_tax(self, amount, weights, taxes):
        """Share an amount out so that an order of these lines totals it with tax.

        The shares are whole amounts. Where none have this total, the largest is not:
        so the others, and what the order says without tax, stay as they are shown.
        Where no shares have it, as of a single line whose amount and tax are rounded
        up at the same cent, they have the nearest total: less rather than more, unless
        it is the least that a job costs.
        """
        factors = {
            line: self._get_tax_factor(line, weight, taxes[line])
            for line, weight in weights.items()
        }
        gross = sum(weights[line] * factors[line] for line in weights)
        whole = self._spread(amount * sum(weights.values()) / gross, weights)
        by_size = sorted(reversed(weights), key=lambda line: -whole[line])[:BEARERS]
        # Taxes of rounded lines jump: another one has what the largest cannot, or,
        # where each is rounded, both have it together.
        attempts = [(bearer, bearer, 0) for bearer in by_size]
        # The order's company: a branch may round otherwise.
        company = next(iter(weights)).company_id.sudo()
        method = company.tax_calculation_rounding_method
        if method == "round_per_line":
            unit = self.currency_id.rounding
            attempts += [
                (bearer, other, change * unit)
                for bearer, other in permutations(by_size[:PAIRED], 2)
                for change in NUDGES
                if whole[other] + change * unit >= 0
            ]
        found = None
        for bearer, other, change in attempts:
            shares = dict(whole)
            shares[other] = self.currency_id.round(shares[other] + change)
            left = self._bear_rest(bearer, shares, amount, taxes, factors)
            if self.currency_id.is_zero(left):
                return shares
            if not found or self._get_distance(left) < self._get_distance(found[0]):
                found = left, shares
        return found[1]

    def _get_distance(self, left):
        """Return how bad it is that so much is left of an amount, the best first."""
        is_wrong_side = left > 0 if self.kind == "minimum" else left < 0
        return self.currency_id.round(abs(left)), is_wrong_side

    def _bear_rest(self, bearer, shares, amount, taxes, factors):
        """Change the share of a line until an order totals an amount with tax, or as
        nearly as it can.

        :return: what is left, zero unless there is no such share
        """
        lines = bearer.union(*shares)
        step, before, best = 1, 0, None
        for _try in range(TRIES):
            left = amount - lines._get_taxed_total(shares, taxes)
            if best is None or self._get_distance(left) < self._get_distance(best[0]):
                best = left, shares[bearer]
            if self.currency_id.is_zero(left):
                break
            if left * before < 0:
                step /= 2
            change = step * left
            if not before:
                # What rounding took
                change = amount - sum(shares[one] * factors[one] for one in shares)
            before = left
            shares[bearer] = max(0, shares[bearer] + change / factors[bearer])
        left, shares[bearer] = best
        return left

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

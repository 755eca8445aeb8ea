"""What a contract line costs a year: value, cost, discount, amount and profit."""

from collections import defaultdict

from odoo import api, fields, models

from ...engine import Figures, to_decimal
from .service_contract import PRICE_GROUPS
from .service_contract_line import TYPED_FIGURES

# Where one of these changes, value and cost are proposed anew.
PROPOSING_FIELDS = frozenset({"installed_base_id", "product_id", "value_percent"})


class ServiceContractLine(models.Model):
    _inherit = "service.contract.line"

    price = fields.Monetary(
        compute="_compute_price",
        store=True,
        readonly=False,
        precompute=True,
        aggregator=None,
        groups=PRICE_GROUPS,
        help="Price of the equipment or product.",
    )
    price_cost = fields.Monetary(
        string="Cost Price",
        compute="_compute_price_cost",
        store=True,
        readonly=False,
        precompute=True,
        aggregator=None,
        groups=PRICE_GROUPS,
        help="Cost of the equipment or product.",
    )
    value_percent = fields.Float(
        string="Contract Value (%)",
        compute="_compute_value_percent",
        store=True,
        readonly=False,
        precompute=True,
        digits=(16, 2),
        aggregator=None,
        groups=PRICE_GROUPS,
    )
    value = fields.Monetary(
        compute="_compute_value",
        store=True,
        readonly=False,
        precompute=True,
        groups=PRICE_GROUPS,
        help="Contract value (%) of the price, or entered manually.",
    )
    cost = fields.Monetary(
        compute="_compute_cost",
        store=True,
        readonly=False,
        precompute=True,
        groups=PRICE_GROUPS,
        help="Contract value (%) of the cost, or entered manually.",
    )
    # What was proposed last: other figures were typed, and stand.
    proposed_value = fields.Monetary(
        compute="_compute_value",
        store=True,
        precompute=True,
        copy=True,
        groups=PRICE_GROUPS,
        export_string_translation=False,
    )
    proposed_cost = fields.Monetary(
        compute="_compute_cost",
        store=True,
        precompute=True,
        copy=True,
        groups=PRICE_GROUPS,
        export_string_translation=False,
    )
    # Kept as it follows from a typed amount, so that the amount comes back.
    discount = fields.Float(
        string="Discount (%)", copy=True, aggregator=None, groups=PRICE_GROUPS
    )
    discount_amount = fields.Monetary(
        compute="_compute_discount_amount",
        inverse="_inverse_discount_amount",
        store=True,
        precompute=True,
        groups=PRICE_GROUPS,
    )
    amount = fields.Monetary(
        compute="_compute_amount",
        inverse="_inverse_amount",
        store=True,
        precompute=True,
        groups=PRICE_GROUPS,
        help="Annual amount, tax included or excluded depending on the taxes of the "
        "line.",
    )
    profit = fields.Monetary(
        compute="_compute_profit",
        inverse="_inverse_profit",
        store=True,
        precompute=True,
        groups=PRICE_GROUPS,
    )

    _discount_range = models.Constraint(
        "CHECK (discount IS NULL OR (discount >= 0 AND discount <= 100))",
        "The discount must be between 0 and 100 %. Correct the discount or the amount.",
    )
    _value_percent_positive = models.Constraint(
        "CHECK (value_percent >= 0)",
        "The contract value must be zero percent or more.",
    )

    # -- Computes -----------------------------------------------------------------

    # Each figure has a compute of its own: one that is typed is not overwritten by
    # those that follow from it.

    @api.depends(
        "contract_id.is_rental", "installed_base_id", "product_id", "currency_id"
    )
    def _compute_price(self):
        for line in self:
            product = line._get_priced_product()
            line.price = (
                line._convert(
                    line._get_yearly_rent(product)
                    or product._get_service_list_price(
                        line._get_taxes(), line.company_id or self.env.company
                    ),
                    product.currency_id,
                )
                if product
                else line.price
            )

    def _get_yearly_rent(self, product):
        """Return what a year with the piece costs that this line rents out, 0 if it
        rents none or its product is not rented by the month."""
        return self._rents_out() and 12 * product.rental_price_month

    @api.depends("installed_base_id", "product_id", "currency_id")
    def _compute_price_cost(self):
        for line in self:
            product = line._get_priced_product()
            line.price_cost = (
                line._convert(product.standard_price, product.cost_currency_id)
                if product
                else line.price_cost
            )

    def _get_priced_product(self):
        """Return whose price the value is a percentage of."""
        self.ensure_one()
        product = self.installed_base_id.product_id or self.product_id
        return product.with_company(self.company_id or self.env.company)

    def _convert(self, price, currency):
        """Return a price in the currency of the contract, at its start."""
        self.ensure_one()
        day = self.contract_id.date_start or fields.Date.context_today(self)
        company = self.company_id or self.env.company
        return currency._convert(price, self.currency_id or currency, company, day)

    @api.depends(
        "contract_id.is_rental",
        "contract_id.template_id",
        "installed_base_id",
        "product_id",
    )
    def _compute_value_percent(self):
        for line in self:
            product = line.installed_base_id.product_id or line.product_id
            if line._get_yearly_rent(product):
                line.value_percent = 100
                continue
            line.value_percent = line.contract_id.template_id._get_value_percent(
                product, bool(line.installed_base_id)
            )

    @api.depends("price", "value_percent")
    def _compute_value(self):
        self._follow_proposal("value")

    @api.depends("price_cost", "value_percent")
    def _compute_cost(self):
        self._follow_proposal("cost")

    def _follow_proposal(self, name):
        """Set a figure to the proposed one where it is none of its own."""
        agreed = self.filtered("moved_in_line_id")
        for line in agreed:
            line[name] = line[name]
        own = self - agreed
        own.filtered(lambda line: line._follows(name))._propose(name)

    def _follows(self, name):
        """Tell whether a figure is the proposed one, of a line that is no promise yet:
        one that was typed stands, and those of a running contract are changed with a
        date."""
        self.ensure_one()
        if self._origin and self.contract_id.state != "draft":
            return False
        proposed = self[f"proposed_{name}"]
        return not self.currency_id.compare_amounts(self[name], proposed)

    def _propose(self, name):
        """Set a figure to the contract value (%) of price or cost. What was agreed in
        another program stays."""
        for line in self.filtered(lambda line: not line.moved_in_line_id):
            line[name] = line[f"proposed_{name}"] = line._get_proposal(name)

    def _get_proposal(self, name):
        self.ensure_one()
        price = self.price if name == "value" else self.price_cost
        return self._get_percentage(price, self[name])

    @api.onchange("installed_base_id", "product_id", "value_percent")
    def _propose_figures(self):
        """Propose value and cost anew: those that were typed were another product's,
        or a percentage was typed after them."""
        drafts = self.filtered(lambda line: line.contract_id.state == "draft")
        drafts._propose("value")
        drafts._propose("cost")

    def _get_percentage(self, price, typed):
        """Return the contract value (%) of a price, of a text what was typed."""
        self.ensure_one()
        if not self.installed_base_id and not self.product_id:
            return typed
        return self.currency_id.round(price * self.value_percent / 100)

    @api.depends("value", "discount", "currency_id")
    def _compute_amount(self):
        for line in self:
            rounding = line.currency_id._get_service_rounding()
            line.amount = float(line._get_figures().get_amount(rounding))

    @api.depends("value", "amount")
    def _compute_discount_amount(self):
        for line in self:
            line.discount_amount = line.currency_id.round(line.value - line.amount)

    @api.depends("amount", "cost", "product_id", "tax_ids")
    def _compute_profit(self):
        for line in self:
            line.profit = line._get_profit(line.amount)

    def _get_profit(self, amount):
        """Return what an annual amount earns: tax that it contains is passed on."""
        self.ensure_one()
        return self.currency_id.round(self._get_untaxed(amount) - self.cost)

    def _get_figures(self):
        self.ensure_one()
        return Figures(
            to_decimal(self.value), to_decimal(self.cost), to_decimal(self.discount)
        )

    # -- Figures that are typed ---------------------------------------------------

    @api.onchange("amount")
    def _inverse_amount(self):
        self._type_figure("amount")

    @api.onchange("discount_amount")
    def _inverse_discount_amount(self):
        self._type_figure("discount_amount")

    @api.onchange("profit")
    def _inverse_profit(self):
        self._type_figure("profit")

    def _type_figure(self, name):
        """Set the discount, and a value that is too low, by a figure that was typed."""
        for line in self:
            rounding = line.currency_id._get_service_rounding()
            before, figure = line._get_figures(), name
            typed = to_decimal(line.currency_id.round(line[name]))
            if name == "profit":
                # Typed as the amount that earns as much.
                if typed == to_decimal(line._get_profit(before.get_amount(rounding))):
                    continue
                taxed = line._get_taxed(float(typed) + line.cost)
                figure, typed = "amount", to_decimal(line.currency_id.round(taxed))
            getters = {
                "amount": before.get_amount,
                "discount_amount": before.get_discount_amount,
            }
            if typed == getters[figure](rounding):
                continue
            after = before.type_figures(**{figure: typed})
            line.update(
                {"value": float(after.value), "discount": float(after.discount)}
            )

    @api.model
    def _keep_one_figure(self, vals):
        """Leave only the typed figure that counts; it comes before a discount."""
        typed = [name for name in TYPED_FIGURES if name in vals]
        if not typed:
            return vals
        dropped = {*typed[1:], "discount"}
        return {name: value for name, value in vals.items() if name not in dropped}

    # -- Figures that are proposed ------------------------------------------------

    def _propose_beside(self, vals_list):
        """Note of new lines what is proposed where value or cost was given.

        :param vals_list: what each of them was created with
        """
        # Beside a figure that was given none was proposed: zero would seem to follow
        # it, and what is as proposed would not.
        proposals, free = defaultdict(list), []
        for line, vals in zip(self, vals_list, strict=True):
            for name in {"value", "cost"} & vals.keys():
                proposal = line._get_proposal(name)
                if proposal and line[name] in (0, proposal):
                    proposals[name, proposal].append(line.id)
                    free += [line.id] if not line[name] else []
        lines = self._as_own_code()
        for (name, proposal), ids in proposals.items():
            lines.browse(ids)[f"proposed_{name}"] = proposal
        # Before they were stored, their amounts followed the proposal.
        self.browse(set(free)).modified(["value", "cost"])

    def _get_lines_to_propose(self, vals):
        """Return the lines of which values change something that is proposed by."""
        names = PROPOSING_FIELDS & vals.keys()
        return self.filtered(
            lambda line: any(not line._has_value(name, vals[name]) for name in names)
        )

    def _propose_anew(self, vals):
        """Propose the figures of drafts that were not written themselves."""
        drafts = self.filtered(lambda line: line.contract_id.state == "draft")
        for name in {"value", "cost"} - vals.keys():
            # Typed figures follow from the value, too.
            if name == "cost" or not vals.keys() & {*TYPED_FIGURES}:
                drafts._propose(name)

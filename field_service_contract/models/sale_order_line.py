from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command

from .contract.service_contract import READER_GROUPS

# What was signed: on a confirmed order these belong to the contract.
SIGNED_FIELDS = frozenset(
    {
        "product_id",
        "product_uom_qty",
        "product_uom_id",
        "price_unit",
        "discount",
        "tax_ids",
        "service_is_contract",
        "service_installed_base_id",
    }
)
# What is proposed by the product, and by what a line begins to sell a contract.
PROPOSED_FIELDS = frozenset({"service_is_contract", "service_value_percent"})
PROPOSING_FIELDS = frozenset({"product_id", "service_is_contract", "display_type"})


class SaleOrderLine(models.Model):
    """A line that sells a service contract: its price is for a year, and the contract
    invoices it, never the order."""

    _name = "sale.order.line"
    _inherit = [
        "sale.order.line",
        "installed.base.guard.mixin",
        "installed.base.plausible.mixin",
    ]

    service_is_contract = fields.Boolean(
        string="Contract",
        compute="_compute_service_is_contract",
        store=True,
        readonly=False,
        precompute=True,
        help="The price is per year. Confirming the order creates a contract line, "
        "which is invoiced by the contract.",
    )
    service_installed_base_id = fields.Many2one(
        comodel_name="installed.base",
        string="Covered Equipment",
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
    )
    service_commercial_partner_id = fields.Many2one(
        related="order_id.partner_id.commercial_partner_id",
        string="Owner of Covered Equipment",
        export_string_translation=False,
    )
    service_value_percent = fields.Float(
        string="Contract Value (%)",
        compute="_compute_service_value_percent",
        store=True,
        readonly=False,
        precompute=True,
        digits=(16, 2),
        aggregator=None,
        groups="base.group_user",
        help="Value of one contract year, in percent of the price of the equipment "
        "or product.",
    )
    service_price_period = fields.Char(
        string="Per", compute="_compute_service_price_period"
    )
    service_visit_rule = fields.Char(
        string="Contract Visits",
        compute="_compute_service_visit_rule",
        groups="base.group_user",
        help="How often the contract visits the equipment of this line: rule of its "
        "product, or else of the contract template.",
    )
    service_contract_line_id = fields.Many2one(
        comodel_name="service.contract.line",
        string="Contract Line",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
        groups=READER_GROUPS,
    )

    @api.model
    def _get_bounds(self):
        return {
            **super()._get_bounds(),
            "service_value_percent": (0, 10_000),
        }

    # -- Computes ---------------------------------------------------------------------

    @api.depends("product_id")
    def _compute_service_is_contract(self):
        for line in self:
            line.service_is_contract = line.product_id.service_is_contract

    @api.depends(
        "product_id",
        "service_is_contract",
        "service_installed_base_id",
        "order_id.service_contract_template_id",
    )
    def _compute_service_value_percent(self):
        for line in self:
            template = line.order_id.service_contract_template_id
            product = line._get_service_priced_product()
            line.service_value_percent = line.service_is_contract and (
                template._get_value_percent(
                    product, bool(line._get_service_equipment())
                )
            )

    @api.depends("service_is_contract")
    @api.depends_context("lang")
    def _compute_service_price_period(self):
        for line in self:
            line.service_price_period = line.service_is_contract and self.env._("year")

    @api.depends(
        "service_is_contract",
        "service_installed_base_id",
        "product_id",
        "order_id.service_contract_template_id",
        "order_id.service_term_months",
    )
    @api.depends_context("lang")
    def _compute_service_visit_rule(self):
        # What is promised does not depend on what its user may read.
        rules = self.env["service.contract.visit.mixin"].sudo()
        for line in self:
            line.service_visit_rule = False
            if not line.service_is_contract or line.display_type:
                continue
            order = line.order_id.sudo()
            template = order.service_contract_template_id
            source = template._get_visit_source(
                line._get_service_equipment(), line.product_id.sudo()
            )
            if not source:
                continue
            rule = rules.new(source._get_rule_values())
            line.service_visit_rule = (
                rules._describe_spread(
                    rule.visit_count, bool(order.service_term_months)
                )
                if rule.mode == "spread"
                else rule.rule_summary
            )

    def _get_printed_visits(self):
        """Return what is visited and how often, in the language of the reader."""
        self.ensure_one()
        piece = self.service_installed_base_id
        return self.env._(
            "%(label)s: %(value)s",
            label=piece._get_document_name() if piece else self.product_id.name,
            value=self.service_visit_rule,
        )

    def _get_service_equipment(self):
        """Return the equipment that this line covers.

        What a contract covers does not depend on who may read equipment.
        """
        return self.sudo().service_installed_base_id

    def _get_service_priced_product(self):
        """Return the product whose price the value of the contract is a part of."""
        self.ensure_one()
        equipment = self._get_service_equipment()
        return equipment.product_id if equipment else self.product_id

    # -- Price ------------------------------------------------------------------------

    @api.depends(
        "service_is_contract", "service_installed_base_id", "service_value_percent"
    )
    def _compute_price_unit(self):
        return super()._compute_price_unit()

    def _get_display_price(self):
        price = super()._get_display_price()
        if not self.service_is_contract:
            return price
        if self._get_service_equipment():
            price = self._get_service_equipment_price()
        currency = self.currency_id or self.order_id.currency_id
        currency = currency or (self.company_id or self.env.company).currency_id
        return currency.round(price * self.service_value_percent / 100)

    def _get_service_equipment_price(self):
        """Return what the covered equipment costs, in the currency of the order."""
        self.ensure_one()
        company = self.company_id or self.env.company
        product = self._get_service_equipment().product_id.with_company(company)
        if not product:
            # Bought elsewhere: what it is worth is for the salesperson to say.
            return 0
        return product.currency_id._convert(
            self._get_service_list_price(product),
            self.currency_id or product.currency_id,
            company,
            fields.Date.context_today(self, self._get_order_date()),
        )

    def _get_service_list_price(self, product):
        """Return the list price of the product whose contract this line sells, with or
        without tax as what the line sells."""
        self.ensure_one()
        company = self.company_id or self.env.company
        taxes = self.product_id.taxes_id._filter_taxes_by_company(company)
        return product._get_service_list_price(taxes, company)

    @api.depends("service_installed_base_id")
    def _compute_name(self):
        return super()._compute_name()

    def _get_sale_order_line_multiline_description_sale(self):
        name = super()._get_sale_order_line_multiline_description_sale()
        equipment = self._get_service_equipment()
        if not self.service_is_contract or not equipment:
            return name
        return f"{name}\n{equipment._get_document_name()}"

    def _get_section_lines(self):
        """Leave contracts out of a section that sells other things as well: a sum of
        yearly and single amounts says nothing."""
        lines = super()._get_section_lines()
        others = lines.filtered(lambda line: not line.service_is_contract)
        return others or lines

    # -- Invoicing: the contract's, not the order's -----------------------------------

    @api.depends("service_is_contract")
    def _compute_qty_to_invoice(self):
        contracts = self.filtered("service_is_contract")
        contracts.qty_to_invoice = 0
        return super(SaleOrderLine, self - contracts)._compute_qty_to_invoice()

    @api.depends("service_is_contract")
    def _compute_invoice_status(self):
        contracts = self.filtered("service_is_contract")
        contracts.invoice_status = "no"
        return super(SaleOrderLine, self - contracts)._compute_invoice_status()

    @api.depends("service_is_contract")
    def _compute_untaxed_amount_to_invoice(self):
        contracts = self.filtered("service_is_contract")
        contracts.untaxed_amount_to_invoice = 0
        return super(
            SaleOrderLine, self - contracts
        )._compute_untaxed_amount_to_invoice()

    @api.depends("service_is_contract")
    def _compute_amount_to_invoice(self):
        contracts = self.filtered("service_is_contract")
        contracts.amount_to_invoice = 0
        return super(SaleOrderLine, self - contracts)._compute_amount_to_invoice()

    def _is_visited(self):
        # The rules of the contract say when its equipment is visited.
        return not self.service_is_contract and super()._is_visited()

    # -- Constraints ------------------------------------------------------------------

    @api.constrains("service_installed_base_id", "service_is_contract")
    def _check_service_equipment(self):
        for line in self:
            problems = line._get_service_equipment_problems()
            if problems:
                raise ValidationError("\n".join(problems))

    def _get_service_equipment_problems(self):
        """Return why a contract cannot cover the equipment of these lines, in words."""
        problems = []
        for line in self:
            equipment = line._get_service_equipment()
            if not equipment:
                continue
            customer = line.order_id.partner_id
            if not line.service_is_contract:
                problems.append(
                    self.env._(
                        "%s is on a line that does not sell a contract. Only "
                        "contract lines can cover equipment.",
                        equipment.display_name,
                    )
                )
            if equipment.state == "retired":
                problems.append(
                    self.env._(
                        "%s is retired. A contract can only cover equipment in "
                        "service. Remove it from the quotation.",
                        equipment.display_name,
                    )
                )
            if not equipment._stands_at(customer.commercial_partner_id):
                problems.append(
                    self.env._(
                        "%(equipment)s is not equipment of %(customer)s. Remove it "
                        "from the quotation, or move it to the customer first.",
                        equipment=equipment.display_name,
                        customer=customer.display_name,
                    )
                )
        return problems

    # -- CRUD -------------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines._check_service_in_time()
        lines._propose_service_template()
        return lines

    def _check_service_in_time(self):
        """Refuse to sell a contract with these lines if their order is confirmed.

        :raise UserError: naming the order
        """
        late = self.filtered(
            lambda line: line.service_is_contract and line.state == "sale"
        )
        if late:
            raise UserError(
                self.env._(
                    "%s is confirmed, so new lines are no longer added to its "
                    "contract. Add them to the contract itself, with a date, or "
                    "create a new quotation.",
                    late[0].order_id.display_name,
                )
            )

    def write(self, vals):
        self._check_service_signed(vals)
        plain = self.filtered(lambda line: not line.service_is_contract)
        result = True
        for kept, lines in self._group_by_typed(vals).items():
            result = super(SaleOrderLine, lines).write({**vals, **dict(kept)})
        if vals.keys() & {"product_id", "service_is_contract"}:
            plain._check_service_in_time()
        if PROPOSING_FIELDS & vals.keys():
            self._propose_service_template()
        return result

    def unlink(self):
        # What is no longer sold may cost a contract.
        visits = self._get_billed_visits()
        result = super().unlink()
        visits._update_costs()
        return result

    def _propose_service_template(self):
        """Choose the template of the orders that these lines make offer a contract."""
        self.filtered("service_is_contract").order_id._propose_service_template()

    def _group_by_typed(self, vals):
        """Return {values that stay: lines}: what was typed is not proposed anew
        because the same product is written once more."""
        if "product_id" not in vals:
            return {(): self}
        names = PROPOSED_FIELDS - vals.keys()
        return self.grouped(
            lambda line: (
                tuple((name, line.sudo()[name]) for name in sorted(names))
                if line.product_id.id == (vals["product_id"] or False)
                else ()
            )
        )

    def _check_service_signed(self, vals):
        """Refuse to change what the customer signed: the contract is changed.

        :raise UserError: naming order and contract
        """
        names = SIGNED_FIELDS & vals.keys()
        if not names:
            return
        # Whoever changes an order may be told the number of its contract.
        signed = self.sudo().filtered(
            lambda line: line.state == "sale" and line.service_contract_line_id
        )
        for line in signed:
            for name in names:
                field = self._fields[name]
                value = field.convert_to_cache(vals[name], line, validate=False)
                if value != field.convert_to_cache(line[name], line):
                    raise UserError(
                        self.env._(
                            "“%(line)s” of %(order)s was signed as contract "
                            "%(contract)s. Change the contract instead, with a date "
                            "and a reason.",
                            line=line.service_contract_line_id._get_label(),
                            order=line.order_id.display_name,
                            contract=line.service_contract_line_id.contract_id.name,
                        )
                    )

    # -- Contract ---------------------------------------------------------------------

    def _prepare_service_contract_line_vals(self):
        """Return the values of the contract line that was signed with this line."""
        self.ensure_one()
        position = self.order_id.fiscal_position_id
        usual = self.product_id.taxes_id._filter_taxes_by_company(self.company_id)
        total = self.price_unit * self.product_uom_qty
        is_mapped = self.tax_ids == position.map_tax(usual)
        if is_mapped:
            # The contract's amounts are in the mode of the product's taxes: who pays
            # for it may change.
            total = usual._get_price_before(self.tax_ids, total, self.product_id)
        value = self.currency_id.round(total)
        share = 1 - self.discount / 100
        vals = {
            "installed_base_id": self._get_service_equipment().id,
            "product_id": self.product_id.id,
            "name": self.name,
            "sequence": self.sequence,
            "value_percent": self.service_value_percent,
            "value": value,
            "discount": self.discount,
            **self._prepare_service_prices(),
        }
        amount = self.currency_id.round(total * share)
        if self.currency_id.compare_amounts(value * share, amount):
            # A price with more decimals than the currency: what was signed counts.
            vals["amount"] = amount
        if not is_mapped:
            vals["tax_ids"] = [Command.set(self.tax_ids.ids)]
        return vals

    def _prepare_service_prices(self):
        """Return price and cost of as many pieces as this line sells."""
        self.ensure_one()
        product = self._get_service_priced_product().with_company(self.company_id)
        if not product:
            return {"price": 0, "price_cost": 0}
        day = fields.Date.context_today(self)
        return {
            name: self.product_uom_qty
            * currency._convert(price, self.currency_id, self.company_id, day)
            for name, currency, price in (
                (
                    "price",
                    product.currency_id,
                    self._get_service_list_price(product),
                ),
                ("price_cost", product.cost_currency_id, product.standard_price),
            )
        }

    def _get_billed_visits(self):
        """Return the done visits of which these lines sell parts."""
        # What a visit costs does not depend on who sells.
        parts = self.env["service.line"].sudo()
        found = parts.search([("sale_line_id", "in", self.ids)]) if self else parts
        return found.visit_id._get_done()

from odoo import api, fields, models

from ...context import PriceRules


class ServiceLine(models.Model):
    """What a unit costs: by the customer's price list, as it was typed, or by a price
    for the whole job."""

    _inherit = "service.line"

    price_unit = fields.Float(
        compute="_compute_price_unit",
        store=True,
        readonly=False,
        precompute=True,
        min_display_digits="Product Price",
        aggregator=None,
    )
    proposed_price_unit = fields.Float(
        compute="_compute_price_unit",
        store=True,
        precompute=True,
        aggregator=None,
        copy=True,
        export_string_translation=False,
        help="The last proposed price, if another one was entered.",
    )
    pricelist_discount = fields.Float(
        string="Discount of the Pricelist (%)",
        compute="_compute_price_unit",
        store=True,
        precompute=True,
        copy=True,
        digits="Discount",
        aggregator=None,
        export_string_translation=False,
    )
    price_origin = fields.Selection(
        selection=[
            ("pricelist", "Pricelist"),
            ("typed", "Entered"),
            ("rule", "Job price"),
        ],
        compute="_compute_price_origin",
        store=True,
        precompute=True,
        copy=True,
        help="A price of the pricelist follows the quantity and the customer. An "
        "entered price and a job price stay.",
    )
    currency_id = fields.Many2one(
        comodel_name="res.currency",
        compute="_compute_currency_id",
        store=True,
        precompute=True,
        copy=True,
    )

    @api.depends("visit_id.partner_id", "visit_id.sale_order_id.pricelist_id")
    def _compute_currency_id(self):
        pricelists = self.visit_id._get_pricelists()
        for line in self:
            # Beside a typed price stands the currency in which it was typed.
            known = line._keeps_price() and line.currency_id
            proposed = line.visit_id and pricelists[line.visit_id].currency_id
            line.currency_id = known or proposed or line.visit_id.company_id.currency_id

    @api.depends(lambda self: self._get_price_depends())
    def _compute_price_unit(self):
        kept = self.filtered(lambda line: line.is_ordered)
        for line in kept:
            line.price_unit = line.price_unit
            line.proposed_price_unit = line.proposed_price_unit
            line.pricelist_discount = line.pricelist_discount
        (self - kept)._propose_prices()

    @api.model
    def _get_price_depends(self):
        """Return what proposed prices follow from."""
        return (
            "product_id",
            "quantity",
            "visit_id.partner_id",
            "visit_id.sale_order_id.pricelist_id",
        )

    @api.depends("price_unit", "proposed_price_unit", "job_price_unit")
    def _compute_price_origin(self):
        for line in self:
            line.price_origin = line._get_price_origin()

    @api.onchange("product_id")
    def _reset_price_unit(self):
        """Propose the price anew: what was typed was the price of another product."""
        self._propose_prices(anew=True)

    def _get_price_origin(self):
        """Tell where the price of this line comes from, by its price."""
        self.ensure_one()
        if self.price_rule_id and self.price_unit == self.job_price_unit:
            return "rule"
        return "pricelist" if self.price_unit == self.proposed_price_unit else "typed"

    def _keeps_price(self):
        """Tell whether the price of this line is no proposal, and stays."""
        self.ensure_one()
        return self.is_ordered or self._get_price_origin() != "pricelist"

    def _propose_prices(self, anew=False):
        """Set what the price lists say; what was typed stays.

        :param bool anew: unless it is about another product now
        """
        prices = self._get_pricelist_prices() if self else {}
        for line in self:
            stays = not anew and line._keeps_price()
            price, line.pricelist_discount = prices[line]
            line.price_unit = line.price_unit if stays else price
            line.proposed_price_unit = line.proposed_price_unit if stays else price

    def _note_proposed_prices(self):
        """Note what the price lists say beside prices that were given."""
        prices = self._get_pricelist_prices()
        for line in self:
            line.proposed_price_unit, line.pricelist_discount = prices[line]

    # -- Price lists -------------------------------------------------------------------

    def _get_pricelist_prices(self, caps=None):
        """Return what the price lists say of these lines, as an order of the customer
        would have it. The rules of each list are searched once.

        :param dict caps: the most that a unit of them costs; what `_get_price_caps`
            says if it is not given
        :return: {line: price of one unit in the line's currency, and the discount on it
            that the list shows, in percent}
        """
        pricelists = self.visit_id._get_pricelists()
        positions = self.visit_id._get_fiscal_positions()
        caps = self._get_price_caps() if caps is None else caps
        now = fields.Datetime.now()
        # Prices are the customer's, whoever may read products and taxes.
        rules = PriceRules(self.product_id.sudo())
        prices = {}
        for line in self:
            company = line.visit_id.company_id
            product = line.product_id.sudo().with_company(company)
            if not product or not line.visit_id:
                prices[line] = 0, 0
                continue
            options = {
                "quantity": line.quantity or 1.0,
                "currency": line.currency_id or company.currency_id,
                "uom": product.uom_id,
                "date": now,
            }
            pricelist = pricelists[line.visit_id].with_context(
                service_price_rules=rules
            )
            price, rule_id = pricelist._get_product_price_rule(product, **options)
            rule = pricelist.env["product.pricelist.item"].browse(rule_id)
            discount = 0
            if rule._show_discount():
                base = rule._compute_price_before_discount(product, **options)
                # A surcharge is part of the price.
                if base > price > 0 or 0 == price < base:
                    discount = (base - price) / base * 100
                    price = base
            price = product._get_tax_included_unit_price_from_price(
                price,
                product_taxes=product.taxes_id._filter_taxes_by_company(company),
                fiscal_position=positions[line.visit_id],
            )
            cap = caps.get(line)
            prices[line] = price if cap is None else min(price, cap), discount
        return prices

    def _get_price_caps(self):
        """Return {line: the most that a unit of it costs}, as far as something was
        agreed. The cap comes before any discount.

        :rtype: dict
        """
        return {}

    def _get_cap_savings(self):
        """Return {line: by how much its cap lowers the price of one unit, in the line's
        currency}, for those whose price is their cap.

        :rtype: dict
        """
        caps = self._get_price_caps()
        capped = self.filtered(
            lambda line: (
                line in caps
                and line._get_price_origin() == "pricelist"
                and line.currency_id.is_zero(line.price_unit - caps[line])
            )
        )
        full = capped._get_pricelist_prices(caps={}) if capped else {}
        return {
            line: price - line.price_unit
            for line, (price, _discount) in full.items()
            if price > line.price_unit
        }

    def _convert_price(self, currency, price=None):
        """Return the price of one unit in another currency, at the rate of today.

        :param float price: another one than that of the line, in its currency
        """
        self.ensure_one()
        price = self.price_unit if price is None else price
        if currency == self.currency_id:
            return price
        return self.currency_id._convert(
            price,
            currency,
            self.company_id,
            fields.Date.context_today(self),
            round=False,
        )

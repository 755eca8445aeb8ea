from odoo import api, models


class AccountTax(models.Model):
    _inherit = "account.tax"

    def _get_service_counterpart(self):
        """Return the tax on services that is as high as this one on goods, if the chart
        of accounts tells them apart."""
        self.ensure_one()
        if self.tax_scope != "consu":
            return self.browse()
        return self.search(
            [
                ("company_id", "=", self.company_id.id),
                ("country_id", "=", self.country_id.id),
                ("type_tax_use", "=", self.type_tax_use),
                ("tax_scope", "=", "service"),
                ("tax_group_id", "=", self.tax_group_id.id),
                ("amount_type", "=", self.amount_type),
                ("amount", "=", self.amount),
            ]
        ).filtered(lambda tax: tax.price_include == self.price_include)[:1]

    # What contracts cost is in the mode of their lines' taxes: with tax, if these are
    # part of the price. A fiscal position may put others in their place.

    def _includes_tax(self):
        """Tell whether a price with these taxes contains some of them."""
        return any(self.flatten_taxes_hierarchy().mapped("price_include"))

    def _get_untaxed_price(self, price, product):
        """Return a price with these taxes without those that it contains.

        Neither rounded, as Odoo's own conversions.
        """
        if not self._includes_tax():
            return price
        details = self._get_tax_details(
            price, 1.0, rounding_method="round_globally", product=product
        )
        return details["total_excluded"]

    def _get_taxed_price(self, price, product):
        """Return an untaxed price with those of these taxes that a price contains."""
        if not self._includes_tax():
            return price
        details = self._get_tax_details(
            price,
            1.0,
            rounding_method="round_globally",
            product=product,
            special_mode="total_excluded",
        )
        return price + sum(
            data["tax_amount"]
            for data in details["taxes_data"]
            if data["tax"].price_include
        )

    def _get_price_with(self, taxes, price, product):
        """Return the price with other taxes that is without tax what this one is."""
        if self == taxes:
            return price
        return taxes._get_taxed_price(self._get_untaxed_price(price, product), product)

    def _get_price_before(self, taxes, price, product):
        """Return the price with these taxes of which a fiscal position, which puts
        others in their place, makes this one: the way back of Odoo's
        `_adapt_price_unit_to_another_taxes`.

        :param taxes: the other taxes
        :param price: with the other taxes
        """
        if not all(self.mapped("price_include")):
            return price
        return taxes._get_price_with(self, price, product)

    # Down payments and discounts on a whole order are about what the order invoices.

    @api.model
    def _prepare_base_lines_for_down_payment(
        self, base_lines, company, exclude_function=None
    ):
        base_lines = self._drop_service_contracts(base_lines)
        return super()._prepare_base_lines_for_down_payment(
            base_lines, company, exclude_function=exclude_function
        )

    @api.model
    def _prepare_discountable_base_lines(
        self, base_lines, company, exclude_function=None
    ):
        base_lines = self._drop_service_contracts(base_lines)
        return super()._prepare_discountable_base_lines(
            base_lines, company, exclude_function=exclude_function
        )

    @api.model
    def _drop_service_contracts(self, base_lines):
        """Leave out the lines of orders that contracts will invoice."""
        return [
            base_line
            for base_line in base_lines
            if getattr(base_line.get("record"), "_name", None) != "sale.order.line"
            or not base_line["record"].service_is_contract
        ]

from odoo import models


class ProductProduct(models.Model):
    _inherit = "product.product"

    def _get_service_list_price(self, taxes, company):
        """Return the list price, with or without tax as a price with other taxes is.

        :param taxes: the other taxes
        :param company: whose price and taxes
        """
        self.ensure_one()
        product = self.with_company(company)
        own = product.taxes_id._filter_taxes_by_company(company)
        # Without taxes nothing says whether the price contains any.
        if not own:
            return product.lst_price
        return own._get_price_with(taxes, product.lst_price, product)

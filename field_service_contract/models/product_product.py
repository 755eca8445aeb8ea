from odoo import api, models


class ProductProduct(models.Model):
    _inherit = "product.product"

    @api.model_create_multi
    def create(self, vals_list):
        products = super().create(vals_list)
        # Their templates are given the default taxes as if somebody had chosen them.
        for product, vals in zip(products, vals_list, strict=True):
            is_new = "product_tmpl_id" not in vals and "taxes_id" not in vals
            if is_new and product.service_is_contract:
                product.product_tmpl_id._apply_service_taxes()
        return products

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

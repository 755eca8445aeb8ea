from odoo import models


class ProductPricelist(models.Model):
    _inherit = "product.pricelist"

    def _get_applicable_rules(self, products, date, **kwargs):
        """Search the rules of a list, and of those it is based on, once for all the
        products of a visit; which of them fits is decided for each product."""
        rules = self.env.context.get("service_price_rules")
        if rules is None:
            return super()._get_applicable_rules(products, date, **kwargs)
        if self not in rules.known:
            rules.known[self] = super()._get_applicable_rules(
                rules.products, date, **kwargs
            )
        return rules.known[self]

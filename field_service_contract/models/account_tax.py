from odoo import api, models


class AccountTax(models.Model):
    _inherit = "account.tax"

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

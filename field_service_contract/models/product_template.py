from odoo import api, fields, models


class ProductTemplate(models.Model):
    _inherit = "product.template"

    service_is_contract = fields.Boolean(
        string="Sold as Contract",
        help="The price is per year. Confirming an order creates a service contract, "
        "which is invoiced period by period.",
    )
    service_contract_template_id = fields.Many2one(
        comodel_name="service.contract.template",
        string="Contract Template",
        check_company=True,
        index="btree_not_null",
        ondelete="restrict",
        help="Template for contracts of this product. If empty, the first template.",
    )
    service_value_percent = fields.Float(
        string="Contract Value (%)",
        help="Value of one service contract year, in percent of the price. 0: the "
        "value of the contract template for equipment, 100 % for services.",
    )
    service_contract_product_id = fields.Many2one(
        comodel_name="product.product",
        string="Contract Product",
        domain="[('type', '=', 'service')]",
        check_company=True,
        index="btree_not_null",
        ondelete="restrict",
        help="Product invoiced for a contract that covers this equipment. If empty, "
        "the product of the contract template.",
    )

    _service_contract_is_service = models.Constraint(
        "CHECK (service_is_contract IS NOT TRUE OR type = 'service')",
        "Only services can be sold as contracts. Change the type of the product.",
    )
    _service_value_percent_positive = models.Constraint(
        "CHECK (service_value_percent >= 0)",
        "The contract value must be zero percent or more.",
    )

    @api.model_create_multi
    def create(self, vals_list):
        templates = super().create(vals_list)
        for template, vals in zip(templates, vals_list, strict=True):
            if template.service_is_contract and "taxes_id" not in vals:
                template._apply_service_taxes()
        return templates

    def _force_default_sale_tax(self, companies):
        result = super()._force_default_sale_tax(companies)
        self.filtered("service_is_contract")._apply_service_taxes(companies)
        return result

    def _apply_service_taxes(self, companies=None):
        """Put the tax on services in place of a company's default tax, where that is
        one on goods only.

        :param companies: whose taxes; by default all companies'
        """
        # The taxes of all companies, whichever the user works in.
        for template in self.sudo():
            for tax in template.taxes_id:
                company = tax.company_id
                if companies is not None and company not in companies:
                    continue
                service = tax._get_service_counterpart()
                if tax == company.account_sale_tax_id and service:
                    template.taxes_id += service - tax
                    template.taxes_id -= tax

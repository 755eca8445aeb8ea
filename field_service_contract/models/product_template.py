from odoo import api, fields, models


class ProductTemplate(models.Model):
    _inherit = "product.template"

    service_is_contract = fields.Boolean(
        string="Sold as Contract",
        help="The price is for a year. Confirming an order makes a service contract of "
        "it, which invoices it period by period.",
    )
    service_contract_template_id = fields.Many2one(
        comodel_name="service.contract.template",
        string="Contract Template",
        check_company=True,
        index="btree_not_null",
        ondelete="restrict",
        help="What contracts for this product start from. Empty: the first template.",
    )
    service_value_percent = fields.Float(
        string="Contract Value (%)",
        help="What a year of service contract is worth, in percent of the price. 0: "
        "what the template of the contract says for equipment, 100 % for services.",
    )
    service_contract_product_id = fields.Many2one(
        comodel_name="product.product",
        string="Contract Product",
        domain="[('type', '=', 'service')]",
        check_company=True,
        index="btree_not_null",
        ondelete="restrict",
        help="What is invoiced for a contract that covers this equipment. Empty: the "
        "one of the contract's template.",
    )

    _service_contract_is_service = models.Constraint(
        "CHECK (service_is_contract IS NOT TRUE OR type = 'service')",
        "Only services are sold as contracts: change the type of the product.",
    )
    _service_value_percent_positive = models.Constraint(
        "CHECK (service_value_percent >= 0)",
        "A year of contract is worth zero percent of the price or more.",
    )

    @api.model_create_multi
    def create(self, vals_list):
        templates = super().create(vals_list)
        for template, vals in zip(templates, vals_list, strict=True):
            if template.service_is_contract and "taxes_id" not in vals:
                template._take_service_taxes()
        return templates

    def _force_default_sale_tax(self, companies):
        result = super()._force_default_sale_tax(companies)
        self.filtered("service_is_contract")._take_service_taxes(companies)
        return result

    def _take_service_taxes(self, companies=None):
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

from odoo import fields, models


class ProductTemplate(models.Model):
    _inherit = "product.template"

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

    _service_value_percent_positive = models.Constraint(
        "CHECK (service_value_percent >= 0)",
        "A year of contract is worth zero percent of the price or more.",
    )

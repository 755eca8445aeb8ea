from odoo import api, fields, models
from odoo.fields import Command


class ServiceContractTemplate(models.Model):
    _name = "service.contract.template"
    _inherit = ["service.contract.settings"]
    _description = "Template of Service Contracts"
    _order = "sequence, name, id"
    _check_company_auto = True

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        comodel_name="res.company",
        index=True,
        default=lambda self: self.env.company,
        help="Empty: for all companies; accounts and journal are then theirs.",
    )
    value_percent = fields.Float(
        string="Contract Value (%)",
        aggregator=None,
        help="What a year of contract is worth, in percent of the price of the "
        "equipment or product. A percentage on the product comes first.",
    )
    product_id = fields.Many2one(
        comodel_name="product.product",
        string="Invoiced As",
        domain="[('type', '=', 'service')]",
        check_company=True,
        ondelete="restrict",
        help="What is invoiced for equipment whose product has no contract product.",
    )
    is_deferred = fields.Boolean(default=True)
    discount_ids = fields.One2many(
        comodel_name="service.contract.discount",
        inverse_name="template_id",
        string="Price Cuts",
        copy=True,
    )

    _value_percent_positive = models.Constraint(
        "CHECK (value_percent >= 0)",
        "A year of contract is worth zero percent of the price or more.",
    )

    @api.model
    def default_get(self, fields):
        defaults = self._get_settings()
        return {
            **{name: defaults[name] for name in fields if defaults.get(name)},
            **super().default_get(fields),
        }

    def _prepare_discount_commands(self):
        """Return the price cuts of the template as those of a contract."""
        self.ensure_one()
        return [Command.create(vals) for vals in self.discount_ids._prepare_vals_list()]

from odoo import api, fields, models
from odoo.exceptions import ValidationError


class ServiceContractTemplate(models.Model):
    """The visits that contracts promise by default."""

    _name = "service.contract.template"
    _inherit = ["service.contract.template", "service.contract.visit.mixin"]

    mode = fields.Selection(
        help="How often covered equipment is visited if its product has no visit "
        "rule. Lines without equipment follow the rule of their product, if any."
    )
    visit_type_id = fields.Many2one(index="btree_not_null")
    visits_required = fields.Boolean(
        help="A contract can only be activated if all covered equipment has a visit "
        "rule."
    )

    def _has_visit_term(self):
        return bool(self.term_months)

    def _get_visit_source(self, equipment, product):
        """Return what says how something is visited under a contract: the product of
        the equipment, else the sold product, else, for equipment, this template.

        :return: a product template or a contract template, empty for no visits
        """
        for own in (equipment.product_id, product):
            if own.service_mode:
                return own.product_tmpl_id
        return self if equipment and self.mode else self.browse()

    @api.constrains("mode", "visit_type_id")
    def _check_visit_type_id(self):
        for template in self:
            if template.mode and not template.visit_type_id:
                raise ValidationError(
                    self.env._(
                        "Choose the visit type for contracts from “%s”.",
                        template.display_name,
                    )
                )

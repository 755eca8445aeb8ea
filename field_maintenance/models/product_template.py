from odoo import api, fields, models
from odoo.exceptions import ValidationError


class ProductTemplate(models.Model):
    """What is sold or installed says how it is visited."""

    _name = "product.template"
    # The last one once more: those before it inherit from it too.
    _inherit = [
        "product.template",
        "maintenance.rule.mixin",
        "installed.base.plausible.mixin",
    ]

    visit_type_id = fields.Many2one(
        comodel_name="maintenance.visit.type",
        index="btree_not_null",
        ondelete="restrict",
        help="Orders of this product create visits of this type, also used for "
        "equipment of this product.",
    )
    mode = fields.Selection(
        default=None,
        help="How often equipment of this kind is visited. Confirming an order of "
        "this product creates a schedule with this rule, with as many visits as "
        "ordered units; without a rule, single visits.",
    )

    @api.constrains("mode", "visit_type_id")
    def _check_visit_type_id(self):
        for template in self:
            if template.mode and not template.visit_type_id:
                raise ValidationError(
                    self.env._(
                        "Choose the visit type for visits of %s.",
                        template.display_name,
                    )
                )

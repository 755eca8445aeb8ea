from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..engine import RuleError
from .schedule.maintenance_rule_mixin import MODES, PRODUCT_RULE, UNITS


class ProductTemplate(models.Model):
    """What is sold or installed says how it is visited."""

    _inherit = "product.template"

    visit_type_id = fields.Many2one(
        comodel_name="maintenance.visit.type",
        index="btree_not_null",
        ondelete="restrict",
        help="Orders of this product create visits of this type, also used for "
        "equipment of this product.",
    )
    service_mode = fields.Selection(
        selection=MODES,
        string="Rule",
        help="How often equipment of this kind is visited. Confirming an order of "
        "this product creates a schedule with this rule, with as many visits as "
        "ordered units; without a rule, single visits.",
    )
    service_interval_number = fields.Integer(
        string="Interval", default=1, aggregator=None
    )
    service_interval_unit = fields.Selection(
        selection=UNITS, string="Interval Unit", default="year"
    )
    service_visit_count = fields.Integer(
        string="Number of Visits",
        default=1,
        aggregator=None,
        help="Number of visits spread over the term.",
    )
    service_month_ids = fields.Many2many(
        comodel_name="maintenance.month", string="Months"
    )
    service_rule_summary = fields.Char(
        string="How Often", compute="_compute_service_rule_summary"
    )
    service_skill_requirement_ids = fields.One2many(
        comodel_name="service.skill.requirement",
        inverse_name="product_tmpl_id",
        string="Required Skills",
        groups="base.group_user",
        help="Skills required to work on equipment of this product, instead of those "
        "of its category.",
    )

    def copy(self, default=None):
        copies = super().copy(default)
        # Whoever duplicates a product need not say what work on it takes.
        for template, double in zip(self.sudo(), copies, strict=True):
            template.service_skill_requirement_ids.copy({"product_tmpl_id": double.id})
        return copies

    @api.model
    def _get_bounds(self):
        bounds = self.env["maintenance.rule.mixin"]._get_bounds()
        return {
            **super()._get_bounds(),
            **{
                own: bounds[name]
                for name, own in PRODUCT_RULE.items()
                if name in bounds
            },
        }

    @api.depends(*PRODUCT_RULE.values(), "service_month_ids.name")
    @api.depends_context("lang")
    def _compute_service_rule_summary(self):
        for template in self:
            template.service_rule_summary = template._get_visit_rule().rule_summary

    def _get_visit_rule(self):
        """Return the rule of this product, as a record that is not saved; it has no
        mode if there is no rule."""
        self.ensure_one()
        return self.env["maintenance.rule.mixin"].new(self._get_rule_values())

    def _get_rule_values(self):
        """Return the values of the rule of this product, by their names in rules."""
        self.ensure_one()
        return {name: self[own] for name, own in PRODUCT_RULE.items()}

    @api.constrains(*PRODUCT_RULE.values())
    def _check_service_rule(self):
        for template in self.filtered("service_mode"):
            rule = template._get_visit_rule()
            try:
                rule._check_rule_in_term()
            except RuleError as error:
                raise ValidationError(
                    rule._describe_rule_error(error, template.display_name)
                ) from error

    @api.constrains("service_mode", "visit_type_id")
    def _check_visit_type_id(self):
        for template in self:
            if template.service_mode and not template.visit_type_id:
                raise ValidationError(
                    self.env._(
                        "Choose the visit type for visits of %s.",
                        template.display_name,
                    )
                )

from odoo import api, fields, models


class SaleOrderLine(models.Model):
    """What a contract that is offered promises to visit."""

    _inherit = "sale.order.line"

    service_visit_rule = fields.Char(
        string="Contract Visits",
        compute="_compute_service_visit_rule",
        groups="base.group_user",
        help="How often the contract visits what this line covers: by the rule of its "
        "product, else of the contract template.",
    )

    @api.depends(
        "service_is_contract",
        "service_installed_base_id",
        "product_id",
        "order_id.service_contract_template_id",
        "order_id.service_term_months",
    )
    @api.depends_context("lang")
    def _compute_service_visit_rule(self):
        rules = self.env["service.contract.visit.mixin"]
        for line in self:
            line.service_visit_rule = False
            if not line.service_is_contract or line.display_type:
                continue
            # What is promised does not depend on what its user may read.
            order = line.order_id.sudo()
            template = order.service_contract_template_id
            rule = template._get_visit_rule(
                line._get_service_equipment(), line.product_id.sudo()
            ).with_context(lang=self.env.lang)
            if rule.mode == "spread":
                line.service_visit_rule = rules._describe_spread(
                    rule.visit_count, bool(order.service_term_months)
                )
            else:
                line.service_visit_rule = rule.rule_summary

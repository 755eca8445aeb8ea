from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command


class ServicePriceApply(models.TransientModel):
    """Shows what each line costs by the price of a job before it is applied."""

    _name = "service.price.apply"
    _description = "Apply a Job Price"

    visit_id = fields.Many2one(
        comodel_name="maintenance.visit", required=True, ondelete="cascade"
    )
    rule_id = fields.Many2one(
        comodel_name="service.price.rule",
        string="Job Price",
        required=True,
        ondelete="cascade",
    )
    currency_id = fields.Many2one(related="rule_id.currency_id")
    kind = fields.Selection(related="rule_id.kind")
    amount = fields.Monetary(related="rule_id.amount", string="Job Amount")
    line_ids = fields.One2many(
        comodel_name="service.price.apply.line", inverse_name="apply_id"
    )
    amount_before = fields.Monetary(string="Before", compute="_compute_amounts")
    amount_after = fields.Monetary(string="After", compute="_compute_amounts")
    taxed_total = fields.Monetary(readonly=True, export_string_translation=False)
    total_notice = fields.Char(
        compute="_compute_total_notice", export_string_translation=False
    )
    is_applied = fields.Boolean(
        compute="_compute_amounts",
        help="Some of these lines have a job price already.",
        export_string_translation=False,
    )
    is_changed = fields.Boolean(
        compute="_compute_amounts",
        help="Some of these lines were changed after their job price.",
        export_string_translation=False,
    )

    @api.depends("line_ids.before", "line_ids.after")
    def _compute_amounts(self):
        for apply in self:
            apply.amount_before = sum(apply.line_ids.mapped("before"))
            apply.amount_after = sum(apply.line_ids.mapped("after"))
            lines = apply.line_ids.service_line_id
            apply.is_applied = bool(lines.price_rule_id)
            apply.is_changed = any(lines.mapped("is_job_changed"))

    @api.depends("taxed_total", "rule_id")
    def _compute_total_notice(self):
        for apply in self:
            rule, currency = apply.rule_id, apply.currency_id
            if not rule.is_tax_included or not currency.compare_amounts(
                apply.taxed_total, rule.amount
            ):
                apply.total_notice = False
                continue
            apply.total_notice = self.env._(
                "With rounded taxes, an order cannot total %(amount)s. It totals "
                "%(total)s.",
                amount=currency.format(rule.amount),
                total=currency.format(apply.taxed_total),
            )

    def _get_shares(self):
        """Return {line of the visit: what it costs by the job price}.

        :raise UserError: if no line takes part, or the lines cost no more, or no less,
            than the price says
        """
        self.ensure_one()
        lines = self.visit_id._get_job_lines(self.rule_id)
        self.visit_id._check_job_lines(lines)
        shares = self.rule_id._get_shares(lines)
        if not shares:
            raise UserError(
                self.env._(
                    "The lines of visit %(visit)s are within job price %(rule)s "
                    "already: nothing changes.",
                    visit=self.visit_id.display_name,
                    rule=self.rule_id.display_name,
                )
            )
        return shares

    def _fill_lines(self):
        """Compute the preview.

        :raise UserError: as `_get_shares`
        """
        for apply in self:
            shares = apply._get_shares()
            lines = self.env["service.line"].union(*shares)
            apply.taxed_total = lines._get_taxed_total(shares, lines._get_order_taxes())
            apply.line_ids = [
                Command.clear(),
                *(
                    Command.create(
                        {
                            "service_line_id": line.id,
                            "before": line.price_subtotal,
                            "after": share,
                        }
                    )
                    for line, share in shares.items()
                ),
            ]

    def action_apply(self):
        """Let the lines cost what the preview shows; what changed meanwhile is computed
        anew.

        :raise UserError: if nothing is left to change
        """
        shares = self._get_shares()
        self.env["service.line"]._take_job_shares(self.rule_id, shares)
        return {"type": "ir.actions.act_window_close"}

from datetime import date

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain


class ServiceLine(models.Model):
    """The share of a line in the price of a job."""

    _inherit = "service.line"

    price_rule_id = fields.Many2one(
        comodel_name="service.price.rule",
        string="Job Price",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
        check_company=True,
    )
    job_price_unit = fields.Float(
        readonly=True, copy=False, aggregator=None, export_string_translation=False
    )
    job_amount = fields.Float(
        readonly=True, copy=False, aggregator=None, export_string_translation=False
    )
    job_weight_unit = fields.Float(
        readonly=True,
        copy=False,
        aggregator=None,
        export_string_translation=False,
        help="What a unit would cost without the job price.",
    )
    is_job_changed = fields.Boolean(
        string="Changed After the Job Price",
        compute="_compute_is_job_changed",
        help="Its amount is not its share of the job price any more.",
    )

    @api.depends("price_rule_id", "price_subtotal", "job_amount", "currency_id")
    def _compute_is_job_changed(self):
        for line in self:
            currency = line.currency_id or line.company_id.currency_id
            line.is_job_changed = bool(line.price_rule_id) and bool(
                currency.compare_amounts(line.price_subtotal, line.job_amount)
            )

    def _get_job_weight(self):
        """Return the weight of this line in the price of a job: what the customer would
        pay without one."""
        self.ensure_one()
        if self.price_origin != "rule":
            return self.price_subtotal
        return self.currency_id.round(self.quantity * self.job_weight_unit)

    def _get_order_taxes(self):
        """Return {line: taxes that an order line of it would have}."""
        positions = self.visit_id._get_fiscal_positions()
        found = {}
        for line in self:
            # What is to be paid does not depend on who may read taxes.
            taxes = line.product_id.sudo().taxes_id
            found[line] = positions[line.visit_id].map_tax(
                taxes._filter_taxes_by_company(line.visit_id.company_id)
            )
        return found

    def _get_taxed_total(self, amounts, line_taxes):
        """Return what an order of these lines totals with tax.

        :param dict amounts: {line: amount without or with tax, as its taxes have it}
        :param dict line_taxes: {line: its taxes}
        """
        taxes, company = self.env["account.tax"].sudo(), self.company_id[:1]
        base_lines = [
            taxes._prepare_base_line_for_taxes_computation(
                {},
                price_unit=amounts[line] / line.quantity,
                quantity=line.quantity,
                tax_ids=line_taxes[line],
                currency_id=line.currency_id,
                product_id=line.product_id.sudo(),
                partner_id=line.visit_id.partner_id.sudo(),
            )
            for line in self
        ]
        taxes._add_tax_details_in_base_lines(base_lines, company)
        taxes._round_base_lines_tax_details(base_lines, company)
        summary = taxes._get_tax_totals_summary(
            base_lines, self.currency_id[:1], company
        )
        return summary["total_amount_currency"]

    @api.model
    def _take_job_shares(self, rule, shares):
        """Let lines cost their share of the price of a job.

        :param dict shares: {line: amount}
        """
        for line, share in shares.items():
            price = share / line.quantity
            # A share is no price of somebody: the line says which job it belongs to.
            line._as_own_code().write(
                {
                    "price_unit": price,
                    "job_price_unit": price,
                    "job_weight_unit": line._get_job_weight() / line.quantity,
                    "job_amount": line.currency_id.round(share),
                    "price_rule_id": rule.id,
                }
            )


class MaintenanceVisit(models.Model):
    """The price of a whole job."""

    _inherit = "maintenance.visit"

    def action_apply_job_price(self):
        """Open the preview of what the lines of this visit cost by a job price.

        :raise UserError: if no rule fits, or no line takes part
        """
        self.ensure_one()
        rule = self._get_job_price_rule()
        apply = self.env["service.price.apply"].create(
            {"visit_id": self.id, "rule_id": rule.id}
        )
        apply._fill_lines()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Apply Job Price"),
            "res_model": apply._name,
            "views": [(False, "form")],
            "res_id": apply.id,
            "target": "new",
        }

    def _get_job_lines(self, rule=None):
        """Return the lines that a job price may change: what the customer pays, is on
        no order and costs something.

        :param rule: those that this rule takes
        """
        self.ensure_one()
        return self.service_line_ids.filtered(
            lambda line: (
                line.coverage == "billable"
                and not line.is_ordered
                and line.quantity > 0
                and line._get_job_weight() > 0
                and (not rule or rule._takes(line))
                and (not rule or line.currency_id == rule.currency_id)
            )
        )

    def _check_job_lines(self, lines):
        """Refuse a job price of this visit that no line takes part in."""
        if not lines:
            raise UserError(
                self.env._(
                    "No line of visit %s takes part in a job price: it must be paid by "
                    "the customer, cost something, and be on no order.",
                    self.display_name,
                )
            )

    def _get_job_price_rule(self):
        """Return the most specific job price of this visit: for its equipment, else its
        product, else the nearest category; then for a fault area, for a tag of the
        customer, with the latest start, by sequence. Branches have those of their
        company, too.

        :raise UserError: if there is none, or none in the currency of its lines
        """
        self.ensure_one()
        lines = self._get_job_lines()
        self._check_job_lines(lines)
        fitting = self._get_fitting_rules().filtered(
            lambda rule: any(
                rule._takes(line) and line.currency_id == rule.currency_id
                for line in lines
            )
        )
        if not fitting:
            raise UserError(
                self.env._(
                    "There is no job price in %(currency)s for visit %(visit)s. Create "
                    "one in Configuration → Job Prices.",
                    currency=", ".join(lines.currency_id.mapped("name")),
                    visit=self.display_name,
                )
            )
        return fitting[:1]

    def _get_fitting_rules(self):
        """Return the job prices for what this visit is about on its day, the most
        specific first."""
        self.ensure_one()
        lines = self.sudo().line_ids
        day = self._get_coverage_days()[self]
        tags = self.sudo().partner_id.category_id | (
            self.sudo().commercial_partner_id.category_id
        )
        rules = self.env["service.price.rule"]
        rules = rules.search(
            rules._get_scope_domain(lines)
            & Domain("company_id", "parent_of", self.company_id.ids)
            & Domain("fault_area_id", "in", [False, *lines.fault_area_id.ids])
            & Domain("partner_category_id", "in", [False, *tags.ids])
            & (Domain("date_start", "=", False) | Domain("date_start", "<=", day))
            & (Domain("date_end", "=", False) | Domain("date_end", ">=", day))
        )
        # Of a visit without equipment, those for all equipment.
        found = {}
        for rule in rules:
            near = [
                nearness
                for line in list(lines) or [lines]
                if not rule.fault_area_id or rule.fault_area_id == line.fault_area_id
                if (nearness := rule._get_nearness(line)) is not None
            ]
            if near:
                found[rule] = min(near)
        return rules.browse(rule.id for rule in found).sorted(
            lambda rule: (
                found[rule],
                not rule.fault_area_id,
                not rule.partner_category_id,
                -(rule.date_start or date.min).toordinal(),
                rule.sequence,
                # That of a branch before that of its company.
                -len(rule.company_id.sudo().parent_ids),
                rule.id,
            )
        )

from odoo import api, fields, models
from odoo.fields import Command, Domain

from .service_contract import PRICE_GROUPS, READER_GROUPS


class ServiceContractTemplate(models.Model):
    _name = "service.contract.template"
    _inherit = [
        "installed.base.company.mixin",
        "installed.base.record.mixin",
        "service.contract.terms.mixin",
    ]
    _description = "Template of Service Contracts"
    _order = "sequence, name, id"
    _check_company_auto = True
    # Branches use the templates of their company.
    _check_company_domain = models.check_company_domain_parent_of

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        comodel_name="res.company",
        index=True,
        default=lambda self: self.env.company,
        help="Leave empty for all companies, each with its own accounts and journal.",
    )
    value_percent = fields.Float(
        string="Contract Value (%)",
        aggregator=None,
        groups=PRICE_GROUPS,
        help="Value of one contract year, in percent of the price of the equipment "
        "or product. A percentage on the product takes precedence.",
    )
    product_id = fields.Many2one(
        comodel_name="product.product",
        string="Invoice Product",
        domain="[('type', '=', 'service')]",
        check_company=True,
        ondelete="restrict",
        help="Product invoiced for equipment whose product has no contract product.",
    )
    billing_anchor = fields.Selection(
        compute="_compute_billing_anchor", store=True, readonly=False, precompute=True
    )
    proposed_billing_anchor = fields.Char(
        compute="_compute_billing_anchor",
        store=True,
        precompute=True,
        export_string_translation=False,
    )
    is_deferred = fields.Boolean(default=True)
    deferral_warning = fields.Char(compute="_compute_deferral_warning")
    proposed_account_id = fields.Many2one(
        comodel_name="account.account",
        compute="_compute_deferral_warning",
        help="Deferred revenue account of the chart of accounts.",
    )
    discount_ids = fields.One2many(
        comodel_name="service.contract.discount",
        inverse_name="template_id",
        string="Discounts",
        copy=True,
        groups=READER_GROUPS,
    )

    _value_percent_positive = models.Constraint(
        "CHECK (value_percent >= 0)",
        "The contract value must be zero percent or more.",
    )

    @api.depends("is_deferred", "billing_timing", "deferred_account_id", "company_id")
    @api.depends_context("company")
    def _compute_deferral_warning(self):
        for template in self:
            company = template.company_id or self.env.company
            wanted = template.is_deferred and template.billing_timing == "prepaid"
            lacks = wanted and not template.deferred_account_id
            warning = lacks and company._get_service_deferral_warning()
            template.deferral_warning = warning
            template.proposed_account_id = (
                warning and company._get_chart_deferred_account()
            )

    def action_take_proposed_account(self):
        """Let the company defer to the account that its chart of accounts has."""
        self.ensure_one()
        self.check_access("write")
        company = self.company_id or self.env.company
        if self.proposed_account_id:
            # Whoever sets up contracts sets up their accounts as well.
            company.sudo().service_deferred_account_id = self.proposed_account_id
        return True

    @api.model
    def default_get(self, fields):
        defaults = self._get_settings()
        return {
            **{name: defaults[name] for name in fields if defaults.get(name)},
            **super().default_get(fields),
        }

    @api.depends("billing_months")
    def _compute_billing_anchor(self):
        for template in self:
            proposed = template._get_billing_anchor(template.billing_months)
            before = template.proposed_billing_anchor
            if template.billing_anchor in (False, before):
                template.billing_anchor = proposed
            template.proposed_billing_anchor = proposed

    def _get_company_ties(self, company_id):
        others = ~Domain("company_id", "child_of", company_id)
        return [
            *super()._get_company_ties(company_id),
            ("service.contract", others & Domain("template_id", "in", self.ids)),
            (
                "sale.order",
                others & Domain("service_contract_template_id", "in", self.ids),
            ),
        ]

    def _get_billing_anchor_of(self, months):
        """Return how periods of so many months begin: as this template says, if they
        are its own; else, and without template, by default."""
        if self and self.billing_months == months:
            return self.billing_anchor
        return self._get_billing_anchor(months)

    def _choose_billing_anchor(self, months, anchor, proposed):
        """Return how periods begin, and what is proposed for it, once their length or
        the template changed: this template, if it was chosen now, says so; else what
        was chosen by hand stays.

        :param int months: how long periods are now
        :param anchor: how they began until now
        :param proposed: what was proposed then
        """
        proposal = self._get_billing_anchor_of(months)
        is_chosen = anchor and anchor != proposed
        # Before there were proposals, nobody knew what was chosen.
        if is_chosen and (not proposed or months != self.billing_months):
            return anchor, proposal
        return proposal, proposal

    def _get_value_percent(self, product, is_equipment):
        """Return what a year of contract is worth, in percent of a price.

        :param product: the product whose price it is
        :param bool is_equipment: whether the contract covers a piece of it
        """
        return product.service_value_percent or (
            self.value_percent
            if is_equipment or product.is_installed_base
            # A product that is no equipment is the contract itself.
            else 100
        )

    @api.model
    def _get_default(self, company):
        """Return the template that quotations of a company start from, if any."""
        return self.search(
            Domain("company_id", "=", False)
            | Domain("company_id", "parent_of", company.id),
            limit=1,
        )

    def _prepare_discount_commands(self):
        """Return the discounts of the template as those of a contract."""
        self.ensure_one()
        return [Command.create(vals) for vals in self.discount_ids._prepare_vals_list()]

    def action_new_quotation(self):
        """Open a new quotation for a contract from this template."""
        self.ensure_one()
        return self._get_quotation_action()

    def _get_quotation_action(self, partner=None):
        """Return the action that opens a new quotation from this template.

        :param partner: for whom, if it is known
        """
        action = {
            "type": "ir.actions.act_window",
            "res_model": "sale.order",
            "view_mode": "form",
            "views": [(False, "form")],
            "context": {},
        }
        if partner:
            action = partner._get_new_document_action("quotation")
        lines = [
            Command.create(
                {
                    "product_id": product.id,
                    "product_uom_qty": 1,
                    "service_is_contract": True,
                }
            )
            for product in self.product_id
        ]
        return {
            **action,
            "name": self.env._("New Contract Quotation"),
            "context": {
                **action["context"],
                "default_service_contract_template_id": self.id,
                "default_order_line": lines,
            },
        }

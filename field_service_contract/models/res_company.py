from odoo import api, fields, models

from .contract.service_contract_settings import FIRST_PARTS


class ResCompany(models.Model):
    _inherit = "res.company"

    service_contract_journal_id = fields.Many2one(
        comodel_name="account.journal",
        string="Journal of Contract Invoices",
        domain="[('type', '=', 'sale')]",
        check_company=True,
        ondelete="restrict",
        help="Empty: the first journal of customer invoices.",
        groups="base.group_user",
    )
    service_deferred_account_id = fields.Many2one(
        comodel_name="account.account",
        string="Deferred Contract Revenue",
        domain="[('internal_group', '=', 'liability')]",
        check_company=True,
        ondelete="restrict",
        help="Contracts that are invoiced in advance book to this account and are "
        "recognised as revenue month by month. Empty: new contracts defer nothing.",
        groups="base.group_user",
    )
    service_deferral_journal_id = fields.Many2one(
        comodel_name="account.journal",
        string="Journal of Recognition",
        domain="[('type', '=', 'general')]",
        check_company=True,
        ondelete="restrict",
        help="Empty: the first journal of miscellaneous entries.",
        groups="base.group_user",
    )
    service_invoice_journal_id = fields.Many2one(
        comodel_name="account.journal",
        string="Journal That Contract Invoices Take",
        compute="_compute_service_journals",
        compute_sudo=True,
        groups="base.group_user",
    )
    service_entry_journal_id = fields.Many2one(
        comodel_name="account.journal",
        string="Journal That Recognition Takes",
        compute="_compute_service_journals",
        compute_sudo=True,
        groups="base.group_user",
    )
    service_analytic_plan_id = fields.Many2one(
        comodel_name="account.analytic.plan",
        groups="base.group_user",
        string="Analytic Plan of Contracts",
        default=lambda self: self._default_service_analytic_plan_id(),
        ondelete="restrict",
        help="Each contract gets an analytic account of this plan, for what it earns "
        "and costs. Empty: none, and what its visits cost is not counted.",
    )
    service_billing_first_part = fields.Selection(
        selection=FIRST_PARTS,
        string="First Part of Contracts",
        required=True,
        default="together",
        groups="base.group_user",
        help="How contracts in calendar months bill the days before their first whole "
        "month, unless template or contract say otherwise.",
    )
    service_invoice_automatically = fields.Boolean(
        string="Invoice Contracts Every Night",
        default=True,
        groups="base.group_user",
    )
    service_recognize_automatically = fields.Boolean(
        string="Recognise Revenue Every Month",
        help="At night, on the first days of a month, up to the end of the last one.",
        groups="base.group_user",
    )
    service_price_update_limit = fields.Float(
        string="Price Change to Confirm (%)",
        default=10,
        help="A price update above this is applied only after it is confirmed.",
        groups="base.group_user",
    )
    service_renewal_activity_days = fields.Integer(
        string="Remind of Renewals",
        default=30,
        help="Days before the last day of notice on which the responsible of a "
        "contract gets an activity; 0 for never.",
        groups="base.group_user",
    )
    service_renewal_mail_days = fields.Integer(
        string="Write to Customers",
        help="Days before the last day of notice on which the customer gets an "
        "e-mail; 0 for never.",
        groups="base.group_user",
    )

    @api.model
    def _get_bounds(self):
        return {
            **super()._get_bounds(),
            "service_price_update_limit": (0, 10_000),
            "service_renewal_activity_days": (0, 3660),
            "service_renewal_mail_days": (0, 3660),
        }

    @api.model
    def _default_service_analytic_plan_id(self):
        return self.env.ref("analytic.analytic_plan_projects", raise_if_not_found=False)

    @api.depends("service_contract_journal_id", "service_deferral_journal_id")
    def _compute_service_journals(self):
        for company in self:
            company.service_invoice_journal_id = (
                company.service_contract_journal_id
                or company._get_first_service_journal("sale")
            )
            company.service_entry_journal_id = (
                company.service_deferral_journal_id
                or company._get_first_service_journal("general")
            )

    def _take_service_accounts(self):
        """Let companies without contracts defer to the account that their chart of
        accounts has for it; the others have decided."""
        contracts = self.env["service.contract"].sudo().with_context(active_test=False)
        for company in self.filtered(lambda c: not c.service_deferred_account_id):
            if not contracts.search_count([("company_id", "=", company.id)], limit=1):
                account = company._get_chart_deferred_account()
                company.service_deferred_account_id = account

    def _get_service_deferral_warning(self):
        """Return that nothing can be deferred, in words, False if it can."""
        self.ensure_one()
        # Whether there is an account is no secret.
        if self.sudo().service_deferred_account_id:
            return False
        return self.env._(
            "%s has no account of deferred revenue: its contracts defer nothing, what "
            "is invoiced in advance is earned at once. Choose an account in the "
            "settings, or do not defer.",
            self.name,
        )

    def _get_chart_deferred_account(self):
        """Return the account of deferred revenue of the chart of accounts: the one that
        the chart names, else the one that is called so."""
        self.ensure_one()
        accounts = self.env["account.account"]
        # What a chart says is no secret.
        charts = self.env["account.chart.template"].sudo().with_company(self)
        if self.chart_template:
            data = charts._get_chart_template_data(self.chart_template)
            named = data["res.company"].get(self.id, {})
            if name := named.get("deferred_revenue_account_id"):
                accounts = charts.ref(name, raise_if_not_found=False) or accounts
        # Charts name accounts in English, whatever the languages of the company.
        return accounts or accounts.with_context(lang="en_US").search(
            [
                *accounts._check_company_domain(self),
                ("account_type", "=", "liability_current"),
                "|",
                ("name", "=ilike", "deferred revenue"),
                ("name", "=ilike", "deferred income"),
            ],
            limit=1,
        )

    def _get_first_service_journal(self, journal_type):
        journals = self.env["account.journal"]
        return journals.search(
            [
                *journals._check_company_domain(self),
                ("type", "=", journal_type),
            ],
            limit=1,
        )

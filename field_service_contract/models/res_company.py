from odoo import api, fields, models

from .contract.service_contract_terms_mixin import FIRST_PARTS


class ResCompany(models.Model):
    _inherit = "res.company"

    service_contract_journal_id = fields.Many2one(
        comodel_name="account.journal",
        string="Contract Invoice Journal",
        domain="[('type', '=', 'sale')]",
        check_company=True,
        ondelete="restrict",
        help="If empty, the first customer invoice journal.",
        groups="base.group_user",
    )
    service_deferred_account_id = fields.Many2one(
        comodel_name="account.account",
        string="Deferred Contract Revenue",
        domain="[('internal_group', '=', 'liability')]",
        check_company=True,
        ondelete="restrict",
        help="Amounts invoiced in advance are posted to this account and recognized "
        "as revenue month by month. If empty, new contracts defer nothing.",
        groups="base.group_user",
    )
    service_deferral_journal_id = fields.Many2one(
        comodel_name="account.journal",
        string="Revenue Recognition Journal",
        domain="[('type', '=', 'general')]",
        check_company=True,
        ondelete="restrict",
        help="If empty, the first miscellaneous journal.",
        groups="base.group_user",
    )
    service_invoice_journal_id = fields.Many2one(
        comodel_name="account.journal",
        string="Journal Used for Contract Invoices",
        compute="_compute_service_journals",
        compute_sudo=True,
        groups="base.group_user",
    )
    service_entry_journal_id = fields.Many2one(
        comodel_name="account.journal",
        string="Journal Used for Recognition",
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
        help="Each contract has an analytic account in this plan, for its revenue "
        "and costs. If empty, there is none, and the costs of its visits are not "
        "counted.",
    )
    service_billing_first_part = fields.Selection(
        selection=FIRST_PARTS,
        string="First Partial Period of Contracts",
        required=True,
        default="together",
        groups="base.group_user",
        help="How contracts in calendar months bill the days before their first full "
        "month, unless set otherwise on the template or the contract.",
    )
    service_invoice_automatically = fields.Boolean(
        string="Invoice Contracts Every Night",
        default=True,
        groups="base.group_user",
    )
    service_recognize_automatically = fields.Boolean(
        string="Recognize Revenue Every Month",
        help="At night, at the beginning of each month, up to the end of the "
        "previous month.",
        groups="base.group_user",
    )
    service_price_update_limit = fields.Float(
        string="Confirm Price Changes Above (%)",
        default=10,
        help="A price update above this percentage must be confirmed before it is "
        "applied.",
        groups="base.group_user",
    )
    service_renewal_activity_days = fields.Integer(
        string="Renewal Reminder (Days)",
        default=30,
        help="Number of days before the end of the notice period when the "
        "responsible of a contract gets an activity; 0 for never.",
        groups="base.group_user",
    )
    service_renewal_mail_days = fields.Integer(
        string="Renewal Email (Days)",
        help="Number of days before the end of the notice period when the customer "
        "receives an email; 0 for never.",
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

    def _apply_service_accounts(self):
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
            "%s has no deferred revenue account: what is invoiced in advance is "
            "recognized immediately instead of deferred. Choose an account in the "
            "settings, or disable deferral.",
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

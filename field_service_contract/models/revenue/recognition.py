"""What of a contract is earned, and what is still deferred."""

from odoo import api, fields, models
from odoo.fields import Domain

from ..contract.service_contract import PRICE_GROUPS

RECOGNITION_ACTIVITY = "field_service_contract.mail_activity_type_recognition_error"


class ServiceContract(models.Model):
    _inherit = "service.contract"

    deferral_ids = fields.One2many(
        comodel_name="service.contract.deferral",
        inverse_name="contract_id",
        copy=False,
        groups=PRICE_GROUPS,
    )
    invoiced_amount = fields.Monetary(
        string="Invoiced",
        currency_field="company_currency_id",
        compute="_compute_earned_amounts",
        groups=PRICE_GROUPS,
        help="Untaxed amount of posted invoices minus credit notes.",
    )
    earned_amount = fields.Monetary(
        string="Earned",
        currency_field="company_currency_id",
        compute="_compute_earned_amounts",
        groups=PRICE_GROUPS,
    )
    deferred_amount = fields.Monetary(
        string="Deferred",
        currency_field="company_currency_id",
        compute="_compute_earned_amounts",
        groups=PRICE_GROUPS,
    )
    recognition_error = fields.Text(
        copy=False,
        readonly=True,
        help="Why the last run could not recognize its earned revenue.",
    )

    # -- Computes -----------------------------------------------------------------

    @api.depends(
        "deferral_ids.amount", "deferral_ids.move_id", "deferral_ids.is_opening"
    )
    def _compute_earned_amounts(self):
        # Whoever may see what a contract earns need not read the accounts.
        lines = self.env["account.move.line"].sudo()
        invoiced = dict(
            lines._read_group(
                [
                    ("service_contract_id", "in", self.ids),
                    ("parent_state", "=", "posted"),
                    ("move_id.move_type", "in", ("out_invoice", "out_refund")),
                ],
                ["service_contract_id"],
                ["balance:sum"],
            )
        )
        deferred = self._sum_deferrals([("move_id", "=", False)])
        # What was invoiced elsewhere and still deferred counts as invoiced.
        openings = self._sum_deferrals([("is_opening", "=", True)])
        for contract in self:
            contract.invoiced_amount = openings.get(contract._origin, 0) - invoiced.get(
                contract._origin, 0
            )
            contract.deferred_amount = deferred.get(contract._origin, 0)
            contract.earned_amount = contract.invoiced_amount - contract.deferred_amount

    def _sum_deferrals(self, domain):
        """Return {contract: sum of its deferred amounts that a domain finds}."""
        rows = self.env["service.contract.deferral"].sudo()
        return dict(
            rows._read_group(
                Domain("contract_id", "in", self.ids) & Domain(domain),
                ["contract_id"],
                ["amount:sum"],
            )
        )

    # -- Deferral -----------------------------------------------------------------

    def _get_deferred_account(self):
        """Return the account of what is invoiced but not earned yet."""
        self.ensure_one()
        return self.deferred_account_id or self.company_id.service_deferred_account_id

    def _get_deferral_problems(self):
        self.ensure_one()
        account = self._get_deferred_account()
        if not account:
            return [
                self.env._(
                    "Its revenue is deferred, but there is no deferred revenue "
                    "account. Choose one on the contract or in the company settings."
                )
            ]
        problems = []
        if not self.company_id.service_entry_journal_id:
            problems.append(
                self.env._(
                    "Company %s has no journal for miscellaneous entries, which is "
                    "required to recognize deferred revenue. Create one.",
                    self.company_id.display_name,
                )
            )
        # The account carries what is not earned yet: it has no analytic distribution.
        plans = (
            self.env["account.analytic.plan"]
            .sudo()
            .with_company(self.company_id)
            .get_relevant_plans(
                company_id=self.company_id.id,
                account=account.id,
                business_domain="invoice",
            )
        )
        problems += [
            self.env._(
                "Analytic plan %(plan)s is mandatory on account %(account)s, on "
                "which deferred revenue is posted without analytic distribution.",
                plan=plan["name"],
                account=account.display_name,
            )
            for plan in plans
            if plan["applicability"] == "mandatory"
        ]
        return problems

    def _get_not_deferred(self):
        """Return that what is billed in advance is not deferred, if it should be."""
        self.ensure_one()
        wanted = self.template_id.is_deferred or not self.template_id
        asks = self.state == "draft" and self.billing_timing == "prepaid" and wanted
        # Of a month's invoice little or nothing is to be deferred.
        if not asks or self.billing_months < 2 or self._get_deferred_account():
            return []
        return [self.company_id._get_service_deferral_warning()]

    def _note_recognition(self, errors):
        """Write on contracts why their revenue was not recognised, with one activity
        each, and clear what was written before on the others.

        :param dict errors: {contract: reason}
        """
        # Whoever books revenue need not write contracts.
        contracts, today = self.sudo(), fields.Date.context_today(self)
        reasons = {c: errors[c] for c in contracts if c in errors}
        for contract, reason in reasons.items():
            contract.recognition_error = reason
        contracts._schedule_activities(
            RECOGNITION_ACTIVITY,
            {contract: (reason, today) for contract, reason in reasons.items()},
            contracts.browse(contract.id for contract in reasons)._get_repairers(),
        )
        cleared = contracts.filtered(
            lambda contract: contract.recognition_error and contract not in reasons
        )
        if cleared:
            cleared.recognition_error = False
            cleared.activity_unlink([RECOGNITION_ACTIVITY])

    # -- Actions ------------------------------------------------------------------

    def action_view_deferrals(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "field_service_contract.service_contract_deferral_action"
        )
        return {**action, "domain": [("contract_id", "=", self.id)], "context": {}}

"""Where what a contract earns and costs is counted."""

from odoo import fields, models


class ServiceContract(models.Model):
    _inherit = "service.contract"

    analytic_account_id = fields.Many2one(
        comodel_name="account.analytic.account",
        copy=False,
        check_company=True,
        index="btree_not_null",
        ondelete="restrict",
        groups="analytic.group_analytic_accounting",
        help="Revenue and costs of the contract are posted on it. Created when the "
        "contract is activated.",
    )

    def _create_analytic_accounts(self):
        # Who activates contracts need not manage analytic accounts.
        contracts = self.sudo().filtered(
            lambda contract: (
                not contract.analytic_account_id and contract._get_analytic_plan()
            )
        )
        accounts = self.env["account.analytic.account"].sudo()
        accounts = accounts.create(
            [contract._prepare_analytic_account_vals() for contract in contracts]
        )
        for contract, account in zip(contracts, accounts, strict=True):
            contract.analytic_account_id = account

    def _prepare_analytic_account_vals(self):
        self.ensure_one()
        return {
            "name": self.name,
            "partner_id": self.partner_id.id,
            "company_id": self.company_id.id,
            "plan_id": self._get_analytic_plan().id,
        }

    def _get_analytic_plan(self):
        self.ensure_one()
        return self.analytic_plan_id or self.company_id.service_analytic_plan_id

    def _get_analytic_distribution(self):
        """Return where the revenue of the contract is counted."""
        self.ensure_one()
        account = self.sudo().analytic_account_id
        return {str(account.id): 100} if account else False

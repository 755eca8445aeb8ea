"""What was invoiced elsewhere before a contract was kept here, and is still to earn."""

from odoo import fields, models
from odoo.tools import format_date

from ...engine import make_rows, to_decimal
from ..contract.service_contract import DAY, PRICE_GROUPS


class ServiceContract(models.Model):
    _inherit = "service.contract"

    opening_date = fields.Date(
        string="Earned Until",
        copy=False,
        help="Of what was invoiced elsewhere: last day that the books count as earned.",
    )

    def _get_opening_problems(self):
        """Return what is missing to defer what is still to earn, in words."""
        self.ensure_one()
        problems = []
        if not any(self.line_ids.mapped("opening_amount")):
            return problems
        if not self.is_deferred or self.billing_timing != "prepaid":
            problems.append(
                self.env._(
                    "A line has an amount to earn, but the contract defers nothing."
                )
            )
        if not self.opening_date:
            problems.append(
                self.env._("A line has an amount to earn: tell what is earned until.")
            )
        elif not self.invoiced_before or self.invoiced_before <= self.opening_date:
            problems.append(
                self.env._(
                    "A line has an amount to earn, but nothing was invoiced elsewhere "
                    "for days after %s.",
                    format_date(self.env, self.opening_date),
                )
            )
        return problems

    def _defer_openings(self):
        """Defer what was invoiced elsewhere and is still to earn."""
        rows = self.env["service.contract.deferral"].sudo()
        rows.create(
            [
                vals
                for contract in self
                for line in contract.line_ids
                for vals in line._prepare_opening_vals_list()
            ]
        )

    def _create_opening_entries(self, move_in):
        """Take from revenue what contracts that moved in have still to earn."""
        if not move_in.books_opening:
            return self.env["account.move"]
        # Administrators of contracts need not be accountants.
        rows = self.sudo().deferral_ids.filtered(
            lambda row: (
                row.is_opening
                and row.deferred_account_id == move_in.deferred_account_id
            )
        )
        return rows._create_opening_entries(
            move_in.opening_date, self.env._("Still to earn of contracts that moved in")
        )


class ServiceContractLine(models.Model):
    _inherit = "service.contract.line"

    company_currency_id = fields.Many2one(
        related="company_id.currency_id", string="Company Currency"
    )
    opening_amount = fields.Monetary(
        string="Still to Earn",
        currency_field="company_currency_id",
        copy=False,
        groups=PRICE_GROUPS,
        help="Of what was invoiced elsewhere, untaxed: it stands on the account of "
        "deferred revenue and is earned month by month.",
    )

    def _prepare_opening_vals_list(self):
        """Return the months in which what was invoiced elsewhere is earned."""
        self.ensure_one()
        contract, amount = self.contract_id, self.sudo().opening_amount
        if not amount:
            return []
        first = max(contract.opening_date + DAY, self.date_start or contract.date_start)
        ends = filter(
            None, (contract.invoiced_before, self.date_end, contract.date_end)
        )
        position = contract.fiscal_position_id
        coin = self.company_currency_id._get_service_coin()
        # Days that were never covered earn all of it at once.
        last = max(min(ends), first)
        return [
            {
                "contract_id": contract.id,
                "contract_line_id": self.id,
                "is_opening": True,
                "date": row.date,
                "amount": float(row.amount),
                "deferred_account_id": position.map_account(
                    contract._get_deferred_account()
                ).id,
                "revenue_account_id": position.map_account(
                    self._get_revenue_account()
                ).id,
            }
            for row in make_rows(first, last, to_decimal(amount), coin)
            if row.amount
        ]

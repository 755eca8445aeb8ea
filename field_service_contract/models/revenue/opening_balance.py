"""What was invoiced elsewhere before a contract was kept here, and is still to earn."""

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tools import split_every

from .service_contract_deferral import ENTRY_SIZE


class ServiceContractDeferral(models.Model):
    _inherit = "service.contract.deferral"

    is_opening = fields.Boolean(
        string="From Before",
        readonly=True,
        help="Invoiced before the contract was kept here.",
    )
    opening_move_id = fields.Many2one(
        comodel_name="account.move",
        string="Opening Entry",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        help="Took the amount from revenue. Empty: it stood on the deferred account.",
    )

    _invoiced_or_opening = models.Constraint(
        "CHECK (move_line_id IS NOT NULL OR is_opening)",
        "What is deferred comes from an invoice line or from before the contract was "
        "kept here.",
    )

    def _create_opening_entries(self, day, ref):
        """Take rows from revenue, where another program booked them, by posted
        entries.

        :param day: accounting date; the first open day if it is locked
        :param str ref: what the entries say
        :return: the entries
        """
        entries = self.env["account.move"]
        for ids in split_every(ENTRY_SIZE, self.ids):
            rows = self.browse(ids)
            entry = rows._create_transfer(day, ref, 1)
            rows.opening_move_id = entry
            entries |= entry
        return entries

    def _take_back_opening(self, day, ref):
        """Give rows back to revenue and forget them.

        :param day: accounting date; the first open day if it is locked
        :raise UserError: if some of it is recognised already
        """
        recognised = self.filtered("move_id")[:1]
        if recognised:
            raise UserError(
                self.env._(
                    "Revenue of contract %(contract)s from before was recognised by "
                    "%(entry)s: reset that entry to draft first.",
                    contract=recognised.contract_id.display_name,
                    entry=recognised.move_id.display_name,
                )
            )
        if booked := self.filtered("opening_move_id"):
            booked._create_transfer(day, ref, -1)
        self.unlink()

    def _create_transfer(self, day, ref, sign):
        """Post an entry from revenue to the deferred account, or back."""
        company = self.company_id
        journal = company.service_entry_journal_id
        entry = self.env["account.move"].create(
            {
                "move_type": "entry",
                "journal_id": journal.id,
                "company_id": company.id,
                "date": self._get_open_day(company, journal, day),
                "ref": ref,
                "line_ids": [
                    Command.create(vals) for vals in self._prepare_transfer_lines(sign)
                ],
            }
        )
        entry._post(soft=False)
        return entry

    def _prepare_transfer_lines(self, sign):
        """Return two lines per contract, pair of accounts and invoice line.

        Revenue loses its amount where the invoice counted it: with its analytic
        distribution, not with the contract's.
        """
        vals_list = []
        groups = self.grouped(
            lambda row: (
                row.contract_id,
                row.deferred_account_id,
                row.revenue_account_id,
                row.move_line_id,
            )
        )
        for (contract, deferred, revenue, line), rows in groups.items():
            currency = contract.company_currency_id
            amount = currency.round(sum(rows.mapped("amount")) * sign)
            base = {
                "name": contract.name,
                "partner_id": contract.invoice_partner_id.commercial_partner_id.id,
                "currency_id": currency.id,
            }
            vals_list += [
                {
                    **base,
                    "account_id": revenue.id,
                    "balance": amount,
                    "analytic_distribution": line.analytic_distribution,
                },
                {**base, "account_id": deferred.id, "balance": -amount},
            ]
        return vals_list

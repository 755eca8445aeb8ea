"""What was invoiced elsewhere before a contract was kept here, and is deferred."""

from dateutil.relativedelta import relativedelta

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tools import format_date, split_every

from ...engine import make_rows, to_decimal
from ..contract.service_contract import DAY, PRICE_GROUPS
from .service_contract_deferral import ENTRY_SIZE

# Whoever says that less of a contract is earned typed a wrong year.
MAX_MONTHS_BEFORE_START = 24
LONGEST_YEAR = 366


class ServiceContractDeferral(models.Model):
    _inherit = "service.contract.deferral"

    is_opening = fields.Boolean(
        string="Opening Balance",
        readonly=True,
        help="Invoiced before the contract was created here.",
    )
    opening_move_id = fields.Many2one(
        comodel_name="account.move",
        string="Opening Entry",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        help="Entry that moved the amount from revenue. Empty if it was already on "
        "the deferred account.",
    )

    _invoiced_or_opening = models.Constraint(
        "CHECK (move_line_id IS NOT NULL OR is_opening)",
        "Deferred revenue must come from an invoice line or from an opening balance.",
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

    def _undo_opening(self, day, ref):
        """Give rows back to revenue and forget them.

        :param day: accounting date; the first open day if it is locked
        :raise UserError: if some of it is recognised already
        """
        recognised = self.filtered("move_id")[:1]
        if recognised:
            raise UserError(
                self.env._(
                    "The opening revenue of contract %(contract)s was recognized by "
                    "%(entry)s. Reset that entry to draft first.",
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


class ServiceContract(models.Model):
    _inherit = "service.contract"

    opening_date = fields.Date(
        string="Recognized Until",
        copy=False,
        help="For amounts invoiced elsewhere: last day up to which revenue is "
        "recognized in the books.",
    )

    def _get_opening_problems(self):
        """Return what is missing to defer what is not earned yet, in words."""
        self.ensure_one()
        problems = []
        if not any(self.line_ids.mapped("opening_amount")):
            return problems
        if not self.is_deferred or self.billing_timing != "prepaid":
            problems.append(
                self.env._(
                    "A line has deferred revenue, but deferral is disabled on the "
                    "contract."
                )
            )
        if not self.opening_date:
            problems.append(
                self.env._(
                    "A line has deferred revenue. Enter the date until which revenue "
                    "is recognized."
                )
            )
        elif not self.invoiced_before or self.invoiced_before <= self.opening_date:
            problems.append(
                self.env._(
                    "A line has deferred revenue, but nothing was invoiced elsewhere "
                    "for days after %s.",
                    format_date(self.env, self.opening_date),
                )
            )
        return problems + self._get_implausible_openings()

    def _get_implausible_openings(self):
        """Return which opening balances can hardly be meant, in words."""
        self.ensure_one()
        problems = []
        lines = self.line_ids.sudo().filtered("opening_amount")
        opening, before = self.opening_date, self.invoiced_before
        earliest = self.date_start - relativedelta(months=MAX_MONTHS_BEFORE_START)
        if lines and opening and opening < earliest:
            problems.append(
                self.env._(
                    "Revenue is recognized until %(day)s, years before the contract "
                    "starts on %(start)s. Correct the year.",
                    day=format_date(self.env, opening),
                    start=format_date(self.env, self.date_start),
                )
            )
        first = max(filter(None, (opening, self.date_start - DAY)))
        days = (before - first).days if before else 0
        for line in lines:
            amount, currency = line.opening_amount, line.company_currency_id
            # What was invoiced may have had another price: a year's is never too low.
            most = max(abs(line.value), abs(line.amount))
            most *= max(1, -(-days // LONGEST_YEAR))
            is_positive = line.value >= 0
            if (amount > 0) != is_positive:
                problems.append(
                    self.env._(
                        "The deferred revenue of “%s” must have the same sign as its "
                        "value. Correct the amount.",
                        line._get_label(),
                    )
                )
            elif (
                most
                and currency == line.currency_id
                and currency.compare_amounts(abs(amount), most) > 0
            ):
                problems.append(
                    self.env._(
                        "The deferred revenue of “%(line)s” is %(amount)s, more than "
                        "the %(most)s that it can cost after the date until which "
                        "revenue is recognized. Correct the amount.",
                        line=line._get_label(),
                        amount=currency.format(amount),
                        most=currency.format(most),
                    )
                )
        return problems

    def _defer_openings(self):
        """Defer what was invoiced elsewhere and is not earned yet."""
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
        """Take from revenue what contracts that moved in still defer."""
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
            move_in.opening_date, self.env._("Deferred revenue of migrated contracts")
        )


class ServiceContractLine(models.Model):
    _inherit = "service.contract.line"

    company_currency_id = fields.Many2one(
        related="company_id.currency_id", string="Company Currency"
    )
    opening_amount = fields.Monetary(
        string="Deferred",
        currency_field="company_currency_id",
        copy=False,
        groups=PRICE_GROUPS,
        help="Untaxed part of the amount invoiced elsewhere that is on the deferred "
        "revenue account and recognized month by month.",
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
        rounding = self.company_currency_id._get_service_rounding()
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
            for row in make_rows(first, last, to_decimal(amount), rounding)
            if row.amount
        ]

import logging
from calendar import monthrange

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command, Domain
from odoo.tools import format_date, split_every

from odoo.addons.field_installed_base.jobs import CONCURRENCY_ERRORS, do_or_skip

_logger = logging.getLogger(__name__)

# A journal entry with more lines than this is slow to open and to post.
ENTRY_SIZE = 500


class ServiceContractDeferral(models.Model):
    """What an invoice line bills in advance, month by month until it is earned.

    In company currency, untaxed. A row without entry is still deferred.
    """

    _name = "service.contract.deferral"
    _inherit = ["installed.base.record.mixin"]
    _description = "Deferred Contract Revenue"
    _order = "date, id"
    _rec_name = "date"

    # An invoice of the former program, if it is known, is none of the contract's.
    move_line_id = fields.Many2one(
        comodel_name="account.move.line",
        string="Invoice Line",
        index=True,
        ondelete="restrict",
    )
    invoice_id = fields.Many2one(related="move_line_id.move_id", string="Invoice")
    contract_line_id = fields.Many2one(
        comodel_name="service.contract.line",
        required=True,
        index=True,
        ondelete="restrict",
    )
    contract_id = fields.Many2one(
        comodel_name="service.contract", required=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one(
        related="contract_id.company_id", store=True, precompute=True, index=True
    )
    company_currency_id = fields.Many2one(related="company_id.currency_id")
    partner_id = fields.Many2one(
        related="contract_id.partner_id",
        string="Customer",
        store=True,
        precompute=True,
        index="btree_not_null",
    )
    group_id = fields.Many2one(
        related="contract_id.group_id",
        store=True,
        precompute=True,
        index="btree_not_null",
    )
    date = fields.Date(
        string="Recognition Date",
        required=True,
        index=True,
        help="Last covered day of the month.",
    )
    amount = fields.Monetary(currency_field="company_currency_id", required=True)
    deferred_account_id = fields.Many2one(
        comodel_name="account.account", required=True, ondelete="restrict"
    )
    revenue_account_id = fields.Many2one(
        comodel_name="account.account", required=True, ondelete="restrict"
    )
    move_id = fields.Many2one(
        comodel_name="account.move",
        string="Recognized By",
        index="btree_not_null",
        ondelete="set null",
        help="Empty if still deferred.",
    )

    # What a recognition looks for, among everything that was ever earned.
    _to_earn_index = models.Index("(company_id, date) WHERE move_id IS NULL")

    @api.model
    def _prepare_vals_list(self, line):
        """Return the months in which a posted invoice line is earned.

        :param line: the account.move.line
        """
        return [
            {
                **self._prepare_row_vals(line),
                "date": row.date,
                "amount": float(row.amount),
            }
            for row in line._get_service_rows()
            if row.amount
        ]

    @api.model
    def _prepare_row_vals(self, line):
        return {
            "move_line_id": line.id,
            "contract_id": line.service_contract_id.id,
            "contract_line_id": line.service_contract_line_id.id,
            "deferred_account_id": line.account_id.id,
            "revenue_account_id": line.service_revenue_account_id.id,
        }

    # -- Recognition --------------------------------------------------------------

    @api.model
    def _get_due_domain(self, until, companies):
        return (
            Domain("move_id", "=", False)
            & Domain("date", "<=", until)
            & Domain("company_id", "in", companies.ids)
        )

    @api.model
    def _recognize(self, until, companies):
        """Book what is earned up to a day as revenue.

        Entries have at most `ENTRY_SIZE` rows, are dated by month and are committed
        one by one: a run that is killed goes on where it was. What cannot be booked is
        noted on its contract, the others go on.

        :param until: last day on which rows are earned
        :param companies: whose rows
        :return: the posted entries
        """
        for company in companies:
            self._get_entry_journal(company)
        entries = self.env["account.move"]
        days = {tuple(ids): day for day, ids in self._get_slices(until, companies)}

        def recognize(ids):
            nonlocal entries
            # Whoever books revenue need not change by hand what is deferred.
            entries |= self.sudo().browse(ids)._recognize_slice(days[ids])

        do_or_skip(self.env, days, recognize)
        return entries

    @api.model
    def _get_slices(self, until, companies):
        """Return [(accounting date, ids of rows)] of the entries to make: one company
        and month each, rows of a contract together."""
        groups = self.sudo()._read_group(
            self._get_due_domain(until, companies),
            ["company_id", "date:month", "contract_id"],
            ["id:array_agg"],
        )
        slices, last = [], None
        for company, month, _contract, ids in groups:
            end = month.replace(day=monthrange(month.year, month.month)[1])
            for part in split_every(ENTRY_SIZE, ids, list):
                if last != (company, month) or len(slices[-1][1] + part) > ENTRY_SIZE:
                    slices.append((min(end, until), []))
                slices[-1][1].extend(part)
                last = (company, month)
        return slices

    def _recognize_slice(self, day):
        """Book rows of one company by one entry, on error those of fewer contracts at
        a time, and note what happened."""
        # Somebody else may recognise the same rows right now.
        rows = self.try_lock_for_update().filtered(lambda row: not row.move_id)
        contracts, errors = rows.contract_id, {}
        entries = rows._try_entries(day, errors)
        contracts._note_recognition(errors)
        return entries

    def _try_entries(self, day, errors):
        """Book rows by one entry; if that fails, half of the contracts at a time, until
        it is clear whose fault it is.

        :param dict errors: {contract: reason}, to which those that fail are added
        :return: the posted entries
        """
        entries = self.env["account.move"]
        if not self:
            return entries
        contracts = self.contract_id
        try:
            with self.env.cr.savepoint():
                return self._create_entry(day)
        except CONCURRENCY_ERRORS:
            raise
        except Exception as error:
            if len(contracts) == 1:
                _logger.info("%s is not recognised: %s", contracts.name, error)
                errors[contracts] = f"{contracts.name}: {error}"
                return entries
        half = contracts[: len(contracts) // 2]
        first = self.filtered(lambda row: row.contract_id in half)
        entries |= first._try_entries(day, errors)
        return entries | (self - first)._try_entries(day, errors)

    @api.model
    def _get_entry_journal(self, company):
        """Return the journal of a company's recognition.

        :raise UserError: if it has none
        """
        journal = company.service_entry_journal_id
        if not journal:
            raise UserError(
                self.env._(
                    "Company %s has no journal for miscellaneous entries. Choose a "
                    "revenue recognition journal in the contract settings.",
                    company.display_name,
                )
            )
        return journal

    def _create_entry(self, day, ref=None):
        """Move the rows from deferred to revenue accounts by a posted entry.

        :param day: accounting date; the first open day if it is locked
        """
        company = self.company_id
        journal = self._get_entry_journal(company)
        entry = self.env["account.move"].create(
            {
                "move_type": "entry",
                "journal_id": journal.id,
                "company_id": company.id,
                "service_recognizes": True,
                "date": self._get_open_day(company, journal, day),
                "ref": ref
                or self.env._(
                    "Revenue of service contracts until %s", format_date(self.env, day)
                ),
                "line_ids": [
                    Command.create(vals) for vals in self._prepare_entry_lines()
                ],
            }
        )
        self.move_id = entry
        entry._post(soft=False)
        return entry

    @api.model
    def _get_open_day(self, company, journal, day):
        """Return the day, or the first one after what is locked."""
        locks = company._get_violated_lock_dates(day, False, journal)
        return fields.Date.add(locks[-1][0], days=1) if locks else day

    def _prepare_entry_lines(self):
        """Return the lines of an entry: two per contract and pair of accounts."""
        vals_list = []
        groups = self.grouped(
            lambda row: (
                row.contract_id,
                row.deferred_account_id,
                row.revenue_account_id,
            )
        )
        for (contract, deferred, revenue), rows in groups.items():
            amount = contract.company_currency_id.round(sum(rows.mapped("amount")))
            base = {
                "name": contract.name,
                "partner_id": contract.invoice_partner_id.commercial_partner_id.id,
                "currency_id": contract.company_currency_id.id,
            }
            distribution = contract._get_analytic_distribution()
            vals_list += [
                {**base, "account_id": deferred.id, "balance": amount},
                {
                    **base,
                    "account_id": revenue.id,
                    "balance": -amount,
                    "analytic_distribution": distribution,
                },
            ]
        return vals_list

    @api.model
    def _cron_recognize(self):
        """Recognise what was earned until the end of last month."""
        last_month = fields.Date.start_of(fields.Date.context_today(self), "month")
        until = fields.Date.subtract(last_month, days=1)
        companies = self.env["res.company"].search(
            [("service_recognize_automatically", "=", True)]
        )
        for company in companies:
            if company.service_entry_journal_id:
                continue
            _logger.warning("%s has no journal for recognition.", company.name)
        self._recognize(until, companies.filtered("service_entry_journal_id"))

from odoo import fields, models

from ...engine import Span
from ...engine.coverage import FOREVER
from ...models.contract.service_contract import DAY


class ServiceContractCancel(models.TransientModel):
    _name = "service.contract.cancel"
    _inherit = ["service.contract.visit.dialog"]
    _description = "Cancel Contracts"

    date = fields.Date(
        string="Last Covered Day",
        required=True,
        default=lambda self: fields.Date.context_today(self),
    )

    def _get_preview_fields(self):
        return ("date", "planned_visits")

    def _get_uncovered_days(self):
        return self.date and self.date + DAY, None

    def _is_ready(self):
        return super()._is_ready() and bool(self.date)

    def _get_preview(self, contracts):
        contracts._check_not_cancelled()
        contracts._check_running()
        contracts._check_end_after(self.date)
        credits = contracts._preview_credits(
            contracts._get_removed(Span(self.date + DAY, FOREVER))
        )
        visits = self._get_uncovered_visits()
        columns = [
            self.env._("Contract"),
            self.env._("Last covered day"),
            self.env._("Annual loss"),
            *self._get_credit_columns(),
            *self._get_visit_columns(),
        ]
        rows = [
            [
                contract.display_name,
                self._format_day(max(self.date, contract.date_start - DAY)),
                self._format_amount(contract.annual_amount, contract.currency_id),
                *self._get_credit_cells(contract, credits[contract]),
                *self._get_visit_cells(contract, visits),
            ]
            for contract in contracts
        ]
        notes = [*self._get_notes(contracts), *self._get_visit_notes(visits)]
        return self._prepare_table(columns, rows, notes)

    def _get_notes(self, contracts):
        """Return what else there is to know."""
        early = contracts.filtered(
            lambda contract: contract.notice_date and contract.notice_date >= self.date
        )
        # No credit note is made here of what was invoiced elsewhere.
        elsewhere = contracts.filtered(
            lambda contract: (
                contract.invoiced_before and contract.invoiced_before > self.date
            )
        )
        return [
            self.env._(
                "Contract %(contract)s: notice must be given by %(notice)s to end it "
                "on %(end)s.",
                contract=contract.name,
                notice=self._format_day(contract.notice_date),
                end=self._format_day(contract.date_end),
            )
            for contract in early
        ] + [
            self.env._(
                "Contract %(contract)s was invoiced elsewhere until %(day)s. Credit "
                "these days manually. Their deferred revenue remains: %(amount)s.",
                contract=contract.name,
                day=self._format_day(contract.invoiced_before),
                amount=contract.company_currency_id.format(contract.deferred_amount),
            )
            for contract in elsewhere
        ]

    def action_cancel(self):
        """Cancel the contracts and give back what was invoiced after."""
        self.ensure_one()
        self.contract_ids._cancel(
            self.date, self.reason, keeps_planned=self._keeps_planned_visits()
        )
        return self._close()

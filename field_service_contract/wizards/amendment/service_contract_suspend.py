from odoo import fields, models

from ...engine import Span
from ...engine.coverage import FOREVER


class ServiceContractSuspend(models.TransientModel):
    _name = "service.contract.suspend"
    _inherit = ["service.contract.visit.dialog"]
    _description = "Suspend Contracts"

    date_start = fields.Date(
        string="From",
        required=True,
        default=lambda self: fields.Date.context_today(self),
        help="First day not covered.",
    )
    date_end = fields.Date(
        string="To", help="Last day not covered; empty until resumed."
    )
    extends = fields.Boolean(
        string="Extend Contract",
        help="The contracts are extended by the suspended days.",
    )

    def _get_preview_fields(self):
        return ("date_start", "date_end", "extends", "planned_visits")

    def _get_uncovered_days(self):
        return self.date_start, self.date_end

    def _is_ready(self):
        return super()._is_ready() and bool(self.date_start)

    def _get_preview(self, contracts):
        contracts._check_suspendable(self.date_start, self.date_end, self.extends)
        span = Span(self.date_start, self.date_end or FOREVER)
        credits = contracts._preview_credits(contracts._get_removed(span))
        visits = self._get_uncovered_visits()
        columns = [
            self.env._("Contract"),
            self.env._("Suspended from"),
            self.env._("Suspended to"),
            self.env._("End"),
            self.env._("New end"),
            *self._get_credit_columns(),
            *self._get_visit_columns(),
        ]
        rows = [
            [
                contract.display_name,
                self._format_day(self.date_start),
                self._format_day(self.date_end) or self.env._("until resumed"),
                self._format_day(contract.date_end),
                self._get_new_end(contract),
                *self._get_credit_cells(contract, credits[contract]),
                *self._get_visit_cells(contract, visits),
            ]
            for contract in contracts
        ]
        return self._prepare_table(columns, rows, self._get_visit_notes(visits))

    def _get_new_end(self, contract):
        if not self.extends or not contract.date_end:
            return ""
        if not self.date_end:
            return self.env._("moves until resumed")
        days = (self.date_end - self.date_start).days + 1
        return self._format_day(fields.Date.add(contract.date_end, days=days))

    def action_suspend(self):
        """Cover nothing for these days and give back what was invoiced for them."""
        self.ensure_one()
        self.contract_ids._suspend(
            self.date_start,
            self.date_end,
            self.reason,
            self.extends,
            self._keeps_planned_visits(),
        )
        return self._close()

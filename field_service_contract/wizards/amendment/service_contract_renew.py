from odoo import api, fields, models

from ...engine import get_renewed_end
from ...models.contract.service_contract import DAY


class ServiceContractRenew(models.TransientModel):
    _name = "service.contract.renew"
    _inherit = ["service.contract.dialog"]
    _description = "Renew Contracts"

    reason = fields.Char(required=False)
    months = fields.Integer(
        string="Duration",
        compute="_compute_months",
        store=True,
        readonly=False,
        help="Duration of the new term in months; 0 for the duration set on each "
        "contract.",
    )

    @api.model
    def _get_bounds(self):
        return {
            **super()._get_bounds(),
            "months": (0, 1200),
        }

    @api.depends("contract_ids")
    def _compute_months(self):
        for dialog in self:
            lengths = set(dialog.contract_ids.mapped("term_months"))
            dialog.months = lengths.pop() if len(lengths) == 1 else 0

    def _get_preview_fields(self):
        return ("months",)

    def _get_preview(self, contracts):
        columns = [
            self.env._("Contract"),
            self.env._("End"),
            self.env._("Renewed from"),
            self.env._("New end"),
            self.env._("Annual amount"),
            self.env._("Until then"),
            self.env._("Lines not renewed"),
        ]
        rows = []
        for contract in contracts:
            months = self.months or contract.term_months
            contract._check_renewable(months)
            first = contract.date_end + DAY
            lines = contract._get_lines_on(first)
            before, annual = contract._get_renewal_amounts()
            changes = contract.currency_id.compare_amounts(before, annual)
            rows.append(
                [
                    contract.display_name,
                    self._format_day(contract.date_end),
                    self._format_day(first),
                    self._format_day(get_renewed_end(contract.date_end, months)),
                    self._format_amount(annual, contract.currency_id),
                    self._format_amount(before if changes else 0, contract.currency_id),
                    str((contract.line_count - len(lines)) or ""),
                ]
            )
        return self._prepare_table(columns, rows)

    def action_renew(self):
        """Begin another term of each contract on the day after its end."""
        self.ensure_one()
        self.contract_ids._renew(self.months, self.reason)
        return self._close()

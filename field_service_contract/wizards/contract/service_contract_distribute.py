from odoo import api, fields, models
from odoo.exceptions import UserError


class ServiceContractDistribute(models.TransientModel):
    _name = "service.contract.distribute"
    _inherit = ["service.contract.dialog"]
    _description = "Distribute an Annual Amount"

    reason = fields.Char(required=False)
    contract_state = fields.Selection(related="contract_ids.state")
    currency_id = fields.Many2one(related="contract_ids.currency_id")
    total = fields.Monetary(
        string="New Annual Amount",
        compute="_compute_total",
        store=True,
        readonly=False,
        required=True,
    )
    method = fields.Selection(
        selection=[
            ("amount", "By amount"),
            ("even", "Evenly"),
            ("profit", "By profit"),
        ],
        string="Distribute the Difference",
        default="amount",
        required=True,
    )
    date = fields.Date(
        string="From",
        default=lambda self: fields.Date.context_today(self),
        help="First day at the new price, within an active contract.",
    )

    @api.depends("contract_ids")
    def _compute_total(self):
        for dialog in self:
            dialog.total = dialog.contract_ids[:1].annual_amount

    def _get_preview_fields(self):
        return ("total", "method", "date")

    def _get_lines(self, contract):
        """Return the lines that share the amount."""
        if contract.state == "draft":
            return contract._get_offered_lines()[0]
        contract._check_running()
        if not self.date:
            raise UserError(self.env._("Choose the start date."))
        return contract._get_lines_on(self.date)

    def _get_contract(self, contracts):
        if len(contracts) != 1:
            raise UserError(
                self.env._("Distribute the annual amount of one contract at a time.")
            )
        return contracts

    def _get_preview(self, contracts):
        contract = self._get_contract(contracts)
        currency = contract.currency_id
        lines = self._get_lines(contract)
        amounts = contract._spread_annual_amount(lines, self.total, self.method)
        days = self._get_days(contract, lines)
        columns = [
            self.env._("Line"),
            self.env._("From"),
            self.env._("Before"),
            self.env._("After"),
            self.env._("Difference"),
        ]
        rows = [
            [
                line._get_label(),
                self._format_day(days.get(line)),
                currency.format(line.amount),
                currency.format(float(amount)),
                self._format_amount(float(amount) - line.amount, currency),
            ]
            for line, amount in zip(lines, amounts, strict=True)
        ]
        return self._prepare_table(columns, rows)

    def _get_days(self, contract, lines):
        """Return {line: first day at the new price} of a running contract."""
        if contract.state == "draft":
            return {}
        return lines._get_effective_days(dict.fromkeys(lines, self.date))

    def action_distribute(self):
        """Give the lines the amounts of the preview."""
        self.ensure_one()
        contract = self._get_contract(self.contract_ids)
        if contract.state == "draft":
            contract._distribute_annual_amount(self.total, self.method)
            return self._close()
        if not self.reason:
            raise UserError(self.env._("Enter the reason for the change."))
        lines = self._get_lines(contract)
        amounts = contract._spread_annual_amount(lines, self.total, self.method)
        lines._change_prices(
            {
                line: {"amount": float(amount)}
                for line, amount in zip(lines, amounts, strict=True)
            },
            self.date,
            self.reason,
        )
        return self._close()

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command

from ...models.contract.service_contract import DAY


class ServiceContractAmend(models.TransientModel):
    """Add, change and end lines of running contracts on one day for one reason."""

    _name = "service.contract.amend"
    _inherit = ["service.contract.dialog"]
    _description = "Change Contract Lines"

    date = fields.Date(
        string="From",
        required=True,
        default=lambda self: fields.Date.context_today(self),
        help="First day of new lines and prices, and first day without ended lines.",
    )
    line_ids = fields.One2many(
        comodel_name="service.contract.amend.line",
        inverse_name="amend_id",
        string="Lines",
    )
    contract_id = fields.Many2one(
        comodel_name="service.contract", compute="_compute_contract_id"
    )
    partner_ids = fields.Many2many(
        comodel_name="res.partner", compute="_compute_contract_id"
    )

    invoiced_note = fields.Char(compute="_compute_invoiced_note")

    @api.model
    def default_get(self, fields):
        """List the lines of the chosen contracts, or the chosen lines."""
        defaults = super().default_get(fields)
        lines = self._get_default_lines()
        if "line_ids" in fields:
            defaults["line_ids"] = [
                Command.create({"contract_id": line.contract_id.id, "line_id": line.id})
                for line in lines
            ]
        if not defaults.get("contract_ids"):
            defaults["contract_ids"] = [Command.set(lines.contract_id.ids)]
        return defaults

    @api.model
    def _get_default_lines(self):
        context = self.env.context
        model, ids = context.get("active_model"), context.get("active_ids")
        lines = self.env["service.contract.line"]
        today = fields.Date.context_today(self)
        if model == "service.contract":
            return self.env[model].browse(ids)._get_lines_on(today)
        if model == "service.contract.line":
            return lines.browse(ids).filtered(lambda line: not line.display_type)
        return lines

    @api.depends("contract_ids")
    def _compute_contract_id(self):
        for dialog in self:
            contracts = dialog.contract_ids._origin
            dialog.contract_id = contracts if len(contracts) == 1 else False
            dialog.partner_ids = contracts.commercial_partner_id

    @api.depends("date", "line_ids.operation", "line_ids.effective_date")
    def _compute_invoiced_note(self):
        for dialog in self:
            later = dialog.line_ids.filtered(
                lambda row, day=dialog.date: (
                    row.operation == "change" and day and row.effective_date > day
                )
            )
            dialog.invoiced_note = bool(later) and self.env._(
                "Invoiced days keep their price: new prices apply from the first day "
                "that is not invoiced."
            )

    def action_apply(self):
        """Do what the lines say.

        :raise UserError: if no line says anything
        """
        self.ensure_one()
        self.contract_ids._check_running()
        by_operation = self.line_ids.grouped("operation")
        by_operation.pop(False, None)
        if not by_operation:
            raise UserError(
                self.env._("Enter a new amount, select lines to end, or add a line.")
            )
        if changed := by_operation.get("change"):
            changed.line_id._change_prices(
                {row.line_id: row._prepare_figures() for row in changed},
                self.date,
                self.reason,
            )
        if ended := by_operation.get("end"):
            ended.line_id._end_with_credit(self.date - DAY, self.reason)
        if added := by_operation.get("add"):
            for contract, rows in added.grouped("contract_id").items():
                contract._add_lines(
                    [row._prepare_line_vals() for row in rows], self.date, self.reason
                )
        return self._close()

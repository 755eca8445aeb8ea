from odoo import api, fields, models
from odoo.exceptions import UserError

from ..engine import Span
from ..engine.coverage import FOREVER
from ..models.amendment.amend import CreditPreview
from ..models.contract.service_contract import DAY


class InstalledBaseRetire(models.TransientModel):
    _inherit = "installed.base.retire"

    service_contract_notice = fields.Boolean(compute="_compute_service_contracts")
    service_contract_preview = fields.Html(
        compute="_compute_service_contracts", sanitize=False
    )
    service_contract_choice = fields.Selection(
        selection=[
            ("successor", "Continue with the replacement at the same price"),
            ("end", "End them on this day, with credit"),
            ("keep", "Leave them unchanged"),
            ("ask", "Ask the responsible of the contract"),
        ],
        string="Contract Lines",
        compute="_compute_service_contract_choice",
        store=True,
        readonly=False,
    )

    @api.depends("installed_base_ids", "reason", "replaced_by_id", "is_handed_over")
    def _compute_service_contract_choice(self):
        """A successor goes on with what nobody decided otherwise about."""
        for wizard in self:
            if wizard._get_succeeded():
                choice = wizard.service_contract_choice or "successor"
            else:
                choice = wizard.service_contract_choice
                choice = choice if choice != "successor" else False
            wizard.service_contract_choice = choice

    @api.depends("service_contract_choice")
    def _compute_settlement_preview(self):
        return super()._compute_settlement_preview()

    def _get_settled(self):
        choice = self.service_contract_choice
        return [
            (pieces.with_context(service_contract_choice=choice), successor, hands_over)
            for pieces, successor, hands_over in super()._get_settled()
        ]

    @api.depends("installed_base_ids", "date", "service_contract_choice")
    def _compute_service_contracts(self):
        for wizard in self:
            lines = wizard._get_service_contract_lines()
            wizard.service_contract_notice = bool(lines)
            wizard.service_contract_preview = bool(lines) and self.env[
                "ir.qweb"
            ]._render(
                "field_service_contract.dialog_preview",
                {"error": None, **wizard._get_service_contract_table(lines)},
            )

    def _get_service_contract_lines(self):
        """Return the contract lines that cover the equipment after the day."""
        self.ensure_one()
        equipment = self.installed_base_ids._origin
        if not equipment or not self.date:
            return self.env["service.contract.line"]
        # Whoever retires equipment need not see the contracts that cover it.
        lines = equipment.sudo()._get_covering_contract_lines(self.date + DAY)
        return lines.with_env(self.env)

    def _get_service_contract_table(self, lines):
        """Return the values of the preview: contracts, and what they give back."""
        dialog = self.env["service.contract.dialog"]
        may_change = self.env.user.has_group("field_installed_base.group_manager")
        columns = [self.env._("Contract"), self.env._("Covered")]
        if may_change:
            columns += [self.env._("Annual loss"), *dialog._get_credit_columns()]
        lines = lines.sudo()
        ends = may_change and self.service_contract_choice == "end"
        credits = {}
        if ends:
            span = Span(self.date + DAY, FOREVER)
            removed = {line.id: [span] for line in lines}
            credits = lines.contract_id._preview_credits(removed)
        rows = []
        for contract, group in lines.grouped("contract_id").items():
            cells = [
                contract.display_name,
                ", ".join(line._get_label() for line in group),
            ]
            if may_change:
                annual = sum(line._get_annual(self.date) for line in group)
                cells += [
                    dialog._format_amount(annual if ends else 0, contract.currency_id),
                    *dialog._get_credit_cells(
                        contract, credits.get(contract, CreditPreview())
                    ),
                ]
            rows.append(cells)
        return dialog._prepare_table(columns, rows)

    def action_retire(self):
        """Settle the contract lines with the equipment."""
        lines = self._get_service_contract_lines()
        may_choose = self.env.user.has_group("field_installed_base.group_manager")
        choice = self.service_contract_choice
        if lines and may_choose and not choice:
            raise UserError(
                self.env._(
                    "Choose what to do with the contract lines:\n%s",
                    "\n".join(lines.sudo().mapped("display_name")),
                )
            )
        if choice == "successor" and not self._get_succeeded():
            raise UserError(
                self.env._(
                    "Choose a replacement with the same customer, or another option "
                    "for the contract lines."
                )
            )
        wizard = self.with_context(service_contract_choice=choice)
        return super(InstalledBaseRetire, wizard).action_retire()

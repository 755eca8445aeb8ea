from odoo import api, fields, models
from odoo.exceptions import UserError


class InstalledBaseAssign(models.TransientModel):
    _inherit = "installed.base.assign"

    service_contract_notice = fields.Text(compute="_compute_service_contract_notice")
    service_contract_choice = fields.Selection(
        selection=[
            ("end", "End them on the previous day, with credit"),
            ("transfer", "Transfer them to the new owner"),
            ("keep", "Leave them unchanged"),
            ("ask", "Ask the responsible of the contract"),
        ],
        string="Contract Lines",
    )

    @api.depends("mode", "installed_base_ids", "partner_id", "date")
    def _compute_service_contract_notice(self):
        for wizard in self:
            lines = wizard._get_service_contract_lines()
            wizard.service_contract_notice = bool(lines) and "\n".join(
                self.env._(
                    "%(equipment)s is covered by contract %(contract)s.",
                    equipment=line.installed_base_id.display_name,
                    contract=line.contract_id.display_name,
                )
                for line in lines
            )

    def _get_service_contract_lines(self):
        """Return the contract lines that the equipment leaves."""
        self.ensure_one()
        equipment = self.installed_base_ids._origin
        if (
            not equipment
            or not self.date
            or (self.mode != "unassign" and not self.partner_id)
        ):
            return self.env["service.contract.line"]
        owner = self.env["res.partner"] if self.mode == "unassign" else self.partner_id
        return equipment._get_left_contract_lines(self.date, owner)

    def _apply(self, vals):
        lines = self._get_service_contract_lines()
        may_choose = self.env.user.has_group("field_installed_base.group_manager")
        choice = self.service_contract_choice
        if lines and may_choose and not choice:
            raise UserError(
                self.env._(
                    "Choose what to do with the contract lines:\n%s",
                    self.service_contract_notice,
                )
            )
        if choice == "transfer" and self.mode == "unassign":
            raise UserError(
                self.env._(
                    "Without a new owner, contract lines can only be ended or kept."
                )
            )
        wizard = self.with_context(service_contract_choice=choice)
        return super(InstalledBaseAssign, wizard)._apply(vals)

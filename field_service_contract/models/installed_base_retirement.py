"""What becomes of contract lines when covered equipment is retired."""

from odoo import fields, models
from odoo.tools import format_date

from .service_contract_life import LIVING


class InstalledBase(models.Model):
    _inherit = "installed.base"

    def write(self, vals):
        serving = self.browse()
        if vals.get("retirement_date"):
            serving = self.filtered(lambda piece: not piece.retirement_date)
        result = super().write(vals)
        if serving:
            serving._settle_retired_contracts()
        return result

    def _settle_retired_contracts(self):
        """Decide what becomes of the contract lines of equipment that was retired.

        The context says it (`service_contract_choice`): ``end`` on that day, or
        ``keep``. Without it, as for imports and remote calls, or if the user may not
        change contracts, the responsible of the contract is asked by an activity.
        """
        may_change = self.env.su or self.env.user.has_group(
            "field_installed_base.group_manager"
        )
        choice = may_change and self.env.context.get("service_contract_choice")
        for day, equipment in self.grouped("retirement_date").items():
            # Whoever retires equipment need not see the contracts that cover it.
            lines = equipment.sudo()._get_covering_contract_lines(
                fields.Date.add(day, days=1)
            )
            lines = lines.with_env(self.env)
            if not lines:
                continue
            if choice == "end":
                lines._end_with_credit(day, self._get_retirement_text())
            elif choice == "keep":
                lines._log_retirement_kept(day)
            else:
                lines._ask_about_retirement(day)

    def _get_retirement_text(self):
        """Return why contract lines end, in words."""
        reasons = set(filter(None, self.mapped("retirement_reason")))
        text = self.env._("The equipment was retired.")
        return f"{text} {', '.join(sorted(reasons))}".strip()

    def _get_covering_contract_lines(self, day):
        """Return the living contract lines that cover this equipment on a day or
        later."""
        return self.env["service.contract.line"].search(
            [
                ("installed_base_id", "in", self.ids),
                ("contract_id.state", "in", LIVING),
                "|",
                ("date_end", "=", False),
                ("date_end", ">=", day),
                "|",
                ("contract_id.date_end", "=", False),
                ("contract_id.date_end", ">=", day),
            ]
        )


class ServiceContractLine(models.Model):
    _inherit = "service.contract.line"

    def _log_retirement_kept(self, day):
        """Note that lines go on though their equipment was retired."""
        self.contract_id._log_life(
            {
                contract: self.env._(
                    "Covered on though retired on %(day)s: %(lines)s.",
                    day=format_date(self.env, day),
                    lines=", ".join(line._get_label() for line in lines),
                )
                for contract, lines in self.grouped("contract_id").items()
            }
        )

    def _ask_about_retirement(self, day):
        """Ask the responsible of contracts what becomes of lines whose equipment was
        retired."""
        # Whoever retires equipment need not write contracts.
        for contract, lines in self.sudo().grouped("contract_id").items():
            note = self.env._(
                "%(lines)s retired on %(day)s. End the line, or leave it.",
                lines=", ".join(line._get_label() for line in lines),
                day=format_date(self.env, day),
            )
            contract.activity_schedule(
                "field_service_contract.mail_activity_type_retired",
                note=note,
                user_id=(contract.user_id or self.env.user).id,
            )

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date


class AccountMove(models.Model):
    _inherit = "account.move"

    service_contract_ids = fields.Many2many(
        comodel_name="service.contract",
        string="Service Contracts",
        compute="_compute_service_contract_ids",
    )
    service_contract_count = fields.Integer(compute="_compute_service_contract_ids")
    service_deferral_ids = fields.One2many(
        comodel_name="service.contract.deferral",
        inverse_name="move_id",
        string="Recognised Revenue",
        groups="account.group_account_invoice",
    )

    @api.depends("line_ids.service_contract_id")
    def _compute_service_contract_ids(self):
        for move in self:
            contracts = move.line_ids.service_contract_id
            move.service_contract_ids = contracts._filtered_access("read")
            move.service_contract_count = len(move.service_contract_ids)

    def action_view_service_contracts(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "field_service_contract.service_contract_action"
        )
        contracts = self.service_contract_ids
        if len(contracts) == 1:
            views = [(False, "form")]
            return {**action, "views": views, "res_id": contracts.id}
        return {**action, "domain": [("id", "in", contracts.ids)], "context": {}}

    # -- States -------------------------------------------------------------------

    def _post(self, soft=True):
        posted = super()._post(soft)
        posted.line_ids.filtered("service_contract_line_id")._defer_service_revenue()
        return posted

    def button_draft(self):
        lines = self.line_ids.filtered("service_contract_line_id")
        if lines:
            self._check_service_days_free(lines)
            lines._drop_service_deferrals()
        # A deferral row is earned by its entry: without it, it is to be earned again.
        # Whoever may reset the entry need not write what is deferred.
        self.sudo().service_deferral_ids.move_id = False
        return super().button_draft()

    def _check_service_days_free(self, lines):
        """Refuse to take up a cancelled invoice, or to take back a credit note, whose
        days were billed again."""
        again = lines.filtered(
            lambda line: (
                line.parent_state
                == ("posted" if line.service_credited_line_id else "cancel")
            )
        )
        live = self.env["account.move.line"].search(
            [
                ("service_contract_line_id", "in", again.service_contract_line_id.ids),
                ("service_is_live", "=", True),
                ("service_credited_line_id", "=", False),
            ]
        )
        for line in again:
            other = (live - line.service_credited_line_id).filtered(
                lambda other, line=line: (
                    other.service_contract_line_id == line.service_contract_line_id
                    and other.service_live_start <= line.service_period_end
                    and other.service_period_end >= line.service_period_start
                )
            )[:1]
            if other:
                raise UserError(
                    self.env._(
                        "%(move)s cannot be reset to draft: “%(line)s” was invoiced "
                        "again from %(day)s, by %(other)s. Cancel that one first.",
                        move=line.move_id.display_name,
                        line=line.service_contract_line_id.display_name,
                        day=format_date(self.env, other.service_live_start),
                        other=other.move_id._get_service_label(),
                    )
                )

    def _get_service_label(self):
        """Return how messages name a document that may have no number yet."""
        self.ensure_one()
        if self.name and self.name != "/":
            return self.display_name
        return f"{self.display_name} (id {self.id})"

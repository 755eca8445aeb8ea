from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from .installed_base import READER_GROUPS


class AccountMove(models.Model):
    _name = "account.move"
    _inherit = ["account.move", "installed.base.guard.mixin"]

    service_contract_ids = fields.Many2many(
        comodel_name="service.contract",
        string="Service Contracts",
        compute="_compute_service_contract_ids",
        groups=READER_GROUPS,
    )
    service_contract_count = fields.Integer(
        compute="_compute_service_contract_ids", groups=READER_GROUPS
    )
    service_recognizes = fields.Boolean(
        string="Recognises Contract Revenue",
        copy=False,
        readonly=True,
        help="Its rows of deferred revenue are earned by it, as long as it is posted.",
        groups="base.group_user",
    )
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
        self._check_service_recognition()
        posted = super()._post(soft)
        posted.line_ids.filtered("service_contract_line_id")._defer_service_revenue()
        posted.reversed_entry_id._release_service_rows()
        return posted

    def button_draft(self):
        lines = self.line_ids.filtered("service_contract_line_id")
        posted = lines.filtered(lambda line: line.parent_state == "posted")
        if lines:
            self._check_service_days_free(lines)
            lines._check_service_not_credited()
            lines._check_service_deferrals()
        self._check_service_recognition_resettable()
        self._release_service_rows()
        result = super().button_draft()
        posted._drop_service_deferrals()
        return result

    def _release_service_rows(self):
        """Let what entries earned be earned again: they are drafts, or reversed."""
        # Whoever may reset the entry need not write what is deferred.
        if rows := self.filtered("service_recognizes").sudo().service_deferral_ids:
            rows.move_id = False

    def _check_service_recognition(self):
        """Refuse to book again what is to be recognised by another entry, or to
        reverse a part of what was recognised: rows and entries agree."""
        for move in self:
            if move.service_recognizes and not move.sudo().service_deferral_ids:
                raise UserError(
                    self.env._(
                        "%s cannot be posted: what contracts earned by it is to be "
                        "recognised again. Delete or cancel it, and recognise the "
                        "revenue.",
                        move._get_service_label(),
                    )
                )
            entry = move.reversed_entry_id
            if not entry.service_recognizes:
                continue
            if not entry.sudo().service_deferral_ids:
                raise UserError(
                    self.env._(
                        "%(move)s cannot be posted: %(entry)s recognises nothing any "
                        "more. Delete this reversal.",
                        move=move._get_service_label(),
                        entry=entry.display_name,
                    )
                )
            if move._get_service_totals(-1) != entry._get_service_totals():
                raise UserError(
                    self.env._(
                        "%(move)s cannot be posted: what %(entry)s recognised can be "
                        "reversed only as a whole, with its accounts and amounts.",
                        move=move._get_service_label(),
                        entry=entry.display_name,
                    )
                )

    def _get_service_totals(self, sign=1):
        """Return {account: balance} of an entry."""
        self.ensure_one()
        currency = self.company_currency_id
        return {
            account: currency.round(sign * sum(lines.mapped("balance")))
            for account, lines in self.line_ids.grouped("account_id").items()
        }

    def _check_service_recognition_resettable(self):
        """Refuse to reset one of an entry that recognised revenue and its reversal:
        what they are about is to be recognised again."""
        for move in self.filtered(lambda move: move.state == "posted"):
            entry = move.reversed_entry_id
            if entry.service_recognizes:
                raise UserError(
                    self.env._(
                        "%(move)s cannot be reset to draft: it reverses %(entry)s. "
                        "Recognise the revenue again instead.",
                        move=move.display_name,
                        entry=entry.display_name,
                    )
                )
            if move.service_recognizes and not move.sudo().service_deferral_ids:
                reversals = move.reversal_move_ids
                raise UserError(
                    self.env._(
                        "%(move)s cannot be reset to draft: it was reversed by "
                        "%(reversals)s.",
                        move=move.display_name,
                        reversals=", ".join(reversals.mapped("display_name")),
                    )
                )

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

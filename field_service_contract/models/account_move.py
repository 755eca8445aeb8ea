from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command
from odoo.tools import format_date

from .contract.service_contract import READER_GROUPS

CREDIT_ACTIVITY = "field_service_contract.mail_activity_type_credit"


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
        string="Recognizes Contract Revenue",
        copy=False,
        readonly=True,
        help="Its deferred revenue is recognized by this entry as long as it is "
        "posted.",
        groups="base.group_user",
    )
    service_deferral_ids = fields.One2many(
        comodel_name="service.contract.deferral",
        inverse_name="move_id",
        string="Recognized Revenue",
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

    # -- What Odoo's own buttons do -----------------------------------------------

    @api.constrains("auto_post", "currency_id")
    def _check_service_document(self):
        for move in self:
            # Whoever writes invoices need not read contracts.
            contracts = move.sudo().line_ids.service_contract_id
            for contract in contracts:
                if move.currency_id != contract.currency_id:
                    raise ValidationError(
                        self.env._(
                            "%(move)s bills contract %(contract)s, whose prices are "
                            "in %(currency)s. Keep the invoice in that currency.",
                            move=move._get_service_label(),
                            contract=contract.name,
                            currency=contract.currency_id.name,
                        )
                    )
            if contracts and move.auto_post not in ("no", "at_date"):
                raise ValidationError(
                    self.env._(
                        "%(move)s bills a period of contract %(contract)s, which "
                        "creates its next invoices automatically. It cannot be made "
                        "recurring.",
                        move=move._get_service_label(),
                        contract=contracts[0].name,
                    )
                )

    def action_update_fpos_values(self):
        result = super().action_update_fpos_values()
        self.invoice_line_ids._update_service_position()
        return result

    def action_switch_move_type(self):
        for move in self:
            if contracts := move.line_ids.service_contract_id:
                raise UserError(
                    self.env._(
                        "%(move)s bills a period of contract %(contract)s, so its "
                        "type cannot be changed. To refund it, post it and create a "
                        "credit note.",
                        move=move._get_service_label(),
                        contract=contracts[0].name,
                    )
                )
        return super().action_switch_move_type()

    def _get_copy_message_content(self, default):
        content = super()._get_copy_message_content(default)
        contracts = self.line_ids.service_contract_id
        # A debit note of a credit note takes the credit back.
        is_debit = "debit_origin_id" in default and self.move_type != "out_refund"
        if not contracts or (
            self.env.context.get("include_business_fields") and not is_debit
        ):
            return content
        return (
            content
            + Markup("<br/>")
            + self.env._(
                "The copy does not bill any days of contract %s: its lines are "
                "recognized as revenue immediately.",
                ", ".join(contracts.mapped("name")),
            )
        )

    # -- Copies -------------------------------------------------------------------

    def copy_data(self, default=None):
        """Let a reversal give back what is left of contract lines, and the corrected
        invoice that follows it bill what the reversal gave back.

        A debit note, of the addon `account_debit_note`, asks for more on top of an
        invoice, whose days it does not bill once more.
        """
        if "debit_origin_id" in (default or {}):
            self = self.with_context(service_debits=True)
        vals_list = super().copy_data(default)
        if (
            self.env.context.get("include_business_fields")
            and "service_debits" not in self.env.context
        ):
            for move, vals in zip(self, vals_list, strict=True):
                move._keep_service_rests(vals)
        return vals_list

    def _keep_service_rests(self, vals):
        """Change the lines of a copy that bill, or credit, days of contract lines.

        :param dict vals: values of the copy
        """
        self.ensure_one()
        # Who reverses an invoice need not see its contracts, nor other credit notes.
        billed = self.sudo().invoice_line_ids.filtered(
            lambda line: (
                line.service_contract_line_id and not line.service_credited_line_id
            )
        )
        if not billed or not vals.get("line_ids"):
            return
        parts = billed._prepare_service_copies()
        lines, count = [], 0
        for command in vals["line_ids"]:
            own = command[2] if command[0] == Command.CREATE else {}
            key = (own.get("service_contract_line_id"), own.get("service_period_start"))
            copies = parts.get(key) if key[0] else None
            if copies is None:
                lines.append(command)
                count += own.get("display_type") == "product"
                continue
            lines += [Command.create({**own, **part}) for part in copies]
            count += len(copies)
        if not count:
            credits = billed.service_credit_line_ids.move_id
            credits |= self.sudo().reversal_move_ids
            raise UserError(
                self.env._(
                    "Nothing is left to credit on %(move)s. See %(credits)s.",
                    move=self.display_name,
                    credits=", ".join(
                        credit._get_service_label()
                        for credit in credits
                        if credit.state != "cancel"
                    ),
                )
            )
        vals["line_ids"] = lines

    # -- States -------------------------------------------------------------------

    def unlink(self):
        self._close_service_credits()
        return super().unlink()

    def _post(self, soft=True):
        self._check_service_recognition()
        posted = super()._post(soft)
        posted.line_ids.filtered("service_contract_line_id")._defer_service_revenue()
        posted.reversed_entry_id._release_service_rows()
        posted._close_service_credits()
        return posted

    def button_cancel(self):
        result = super().button_cancel()
        self._close_service_credits()
        return result

    def _close_service_credits(self):
        """Nobody need look at these credit notes any more."""
        # Who posts a credit note need not be the one who was asked to.
        if lines := self.line_ids.sudo().filtered("service_credited_line_id"):
            lines.move_id.activity_unlink([CREDIT_ACTIVITY])
            lines.service_contract_id.activity_unlink([CREDIT_ACTIVITY])

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
                        "%s cannot be posted because the revenue it recognized must "
                        "be recognized again. Delete or cancel it, and recognize the "
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
                        "%(move)s cannot be posted because %(entry)s no longer "
                        "recognizes any revenue. Delete this reversal.",
                        move=move._get_service_label(),
                        entry=entry.display_name,
                    )
                )
            if move._get_service_totals(-1) != entry._get_service_totals():
                raise UserError(
                    self.env._(
                        "%(move)s cannot be posted: the revenue recognized by "
                        "%(entry)s can only be reversed as a whole, with its "
                        "accounts and amounts.",
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
                        "%(move)s cannot be reset to draft because it reverses "
                        "%(entry)s. Recognize the revenue again instead.",
                        move=move.display_name,
                        entry=entry.display_name,
                    )
                )
            if move.service_recognizes and not move.sudo().service_deferral_ids:
                reversals = move.reversal_move_ids
                raise UserError(
                    self.env._(
                        "%(move)s cannot be reset to draft because it was reversed "
                        "by %(reversals)s.",
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
                        "%(move)s cannot be reset to draft because “%(line)s” was "
                        "invoiced again from %(day)s, by %(other)s. Cancel that "
                        "invoice first.",
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

"""Contracts that are cancelled, and those whose cancellation is taken back."""

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tools import format_date

from ...context import CHANGING
from ..contract.service_contract import DAY, RUNNING_STATES
from .renew import RENEWAL_ACTIVITY


class ServiceContract(models.Model):
    _inherit = "service.contract"

    cancellation_date = fields.Date(
        copy=False,
        readonly=True,
        tracking=True,
        index="btree_not_null",
        help="Last covered day of a cancelled contract.",
    )
    cancellation_reason = fields.Char(copy=False, readonly=True, tracking=True)

    def _cancel(
        self,
        last_day,
        reason,
        change_reason="cancelled",
        note=None,
        keeps_planned=False,
    ):
        """End contracts before their time; what was invoiced after is credited.

        :param last_day: last covered day; the day before the start if earlier
        :param str reason: in words
        :param str change_reason: of `service.contract.change`
        :param str note: kept with the loss; by default the reason
        :param bool keeps_planned: planned visits after it stay
        :return: the credit notes, as drafts
        """
        self._check_not_cancelled()
        self._check_running()
        self._check_end_after(last_day)
        # The history writes itself, here and below: nobody changes it by hand.
        gone = self.env["service.contract.change"].sudo()
        rows = self.env["service.contract.undo.line"]
        ends = {own: max(last_day, own.date_start - DAY) for own in self}
        before = {}
        for contract, end in ends.items():
            later = contract.line_ids.sudo().change_ids.filtered(
                lambda change, end=end: change.date > end
            )
            before[contract] = {
                "contract_id": contract.id,
                "kind": "cancellation",
                "date": end + DAY,
                "date_end": contract.date_end,
                "line_ids": rows._prepare_changes(later),
            }
            gone |= later
        gone.unlink()
        for end, contracts in self.grouped(lambda own: ends[own]).items():
            contracts._set_ends(ends, cancellation_date=end, cancellation_reason=reason)
        lines = self.line_ids.filtered(lambda line: not line.display_type)
        changes = lines._record_price(
            change_reason,
            {line: ends[line.contract_id] + DAY for line in lines},
            dict.fromkeys(lines, 0),
            note=note or reason,
        )
        credits = self._credit_uncovered(reason=reason)
        credited = credits.invoice_line_ids.grouped("service_contract_id")
        made = changes.grouped("contract_id")
        self.env["service.contract.undo"].sudo().create(
            [
                {
                    **vals,
                    "change_ids": [Command.set(made.get(contract, changes[:0]).ids)],
                    "credit_line_ids": [
                        Command.set(credited.get(contract, lines.browse()).ids)
                    ],
                }
                for contract, vals in before.items()
            ]
        )
        self._update_states()
        self._update_visits(reason, keeps_planned)
        self.activity_unlink([RENEWAL_ACTIVITY])
        self._log_life(
            {
                contract: self._with_reason(
                    self.env._(
                        "Cancelled: %s is the last covered day.",
                        format_date(self.env, contract.date_end),
                    ),
                    reason,
                )
                for contract in self
            }
        )
        return credits

    def _check_end_after(self, last_day):
        """Refuse an end later than the one that contracts have."""
        for contract in self:
            if contract.date_end and contract.date_end < last_day:
                raise UserError(
                    self.env._(
                        "Contract %(contract)s ends on %(end)s, before %(day)s.",
                        contract=contract.display_name,
                        end=format_date(self.env, contract.date_end),
                        day=format_date(self.env, last_day),
                    )
                )

    def action_undo_cancellation(self):
        """Take cancellations back, as long as no credit note of theirs is posted."""
        for contract in self:
            if not contract.cancellation_date:
                raise UserError(
                    self.env._("Contract %s was not cancelled.", contract.display_name)
                )
            contract._check_undoable()
        for contract in self.with_context(service_contract_change=CHANGING):
            undo = contract._get_cancellation_undo()
            undo._restore_changes()
            contract.write(
                {
                    "state": "active",
                    "date_end": undo.date_end,
                    "cancellation_date": False,
                    "cancellation_reason": False,
                }
            )
            undo.unlink()
        self._drop_covered_credits()
        self._update_states()
        self._update_visits(None)
        self._log_life(dict.fromkeys(self, self.env._("Cancellation undone.")))
        return True

    def _check_undoable(self):
        """Refuse to take a cancellation back that something was built on."""
        self.ensure_one()
        self._check_transfer_stands()
        undo = self._get_cancellation_undo()
        posted = undo.credit_line_ids.move_id.filtered(
            lambda move: move.state == "posted"
        )
        if posted:
            raise UserError(
                self.env._(
                    "The cancellation of contract %(contract)s cannot be undone "
                    "because credit note %(credit)s is posted. Reset it to draft "
                    "first.",
                    contract=self.display_name,
                    credit=", ".join(posted.mapped("display_name")),
                )
            )
        if self.cancellation_date != undo.date - DAY:
            raise UserError(
                self.env._(
                    "The cancellation of contract %s cannot be undone because "
                    "equipment came back later, and was billed until then. Create a "
                    "new contract instead.",
                    self.display_name,
                )
            )
        # Who took over some lines before does not depend on it.
        successor = undo.successor_id
        if successor.state in RUNNING_STATES:
            raise UserError(
                self.env._(
                    "Contract %(contract)s was transferred to %(successor)s. Cancel "
                    "that contract first.",
                    contract=self.display_name,
                    successor=successor.display_name,
                )
            )

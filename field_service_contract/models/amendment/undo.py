"""Renewals and transfers are taken back as long as nothing was invoiced since."""

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tools import format_date

from ...context import CHANGING
from ..contract.service_contract import DAY, PRICE_GROUPS, RUNNING_STATES

PRICE_REASONS = frozenset({"price_update", "manual"})


class ServiceContract(models.Model):
    _inherit = "service.contract"

    undo_ids = fields.One2many(
        comodel_name="service.contract.undo",
        inverse_name="contract_id",
        string="What Undoing Restores",
        readonly=True,
        groups=PRICE_GROUPS,
    )
    takeover_undo_ids = fields.One2many(
        comodel_name="service.contract.undo",
        inverse_name="successor_id",
        string="What Undoing the Transfer Restores",
        readonly=True,
        groups=PRICE_GROUPS,
    )
    can_undo_renewal = fields.Boolean(compute="_compute_can_undo")
    can_undo_transfer = fields.Boolean(compute="_compute_can_undo")

    @api.depends(
        "term_ids.reason",
        "cancellation_date",
        "state",
        "undo_ids.parent_id",
        "undo_ids.successor_id.state",
        "takeover_undo_ids",
    )
    def _compute_can_undo(self):
        for contract in self:
            is_there = contract.state in (*RUNNING_STATES, "closed")
            last_term = contract.term_ids.sorted("date_start")[-1:]
            contract.can_undo_renewal = (
                is_there
                and last_term.reason == "renewed"
                and not contract.cancellation_date
            )
            contract.can_undo_transfer = bool(contract._get_last_transfer())

    # -- Renewal ------------------------------------------------------------------

    def action_undo_renewal(self):
        """Take the last renewal of contracts back.

        :raise UserError: naming what was invoiced or changed of the days since
        """
        bodies = {}
        today = fields.Date.context_today(self)
        for contract in self.with_context(service_contract_change=CHANGING):
            term = contract._check_renewal_undoable()
            first = term.date_start
            # The history writes itself: nobody deletes in it.
            contract.line_ids.sudo().change_ids.filtered(
                lambda change, first=first: (
                    change.reason == "renewed" and change.date == first
                )
            ).unlink()
            term.sudo().unlink()
            contract.date_end = first - DAY
            body = self.env._(
                "Renewal undone: ends on %s.",
                format_date(self.env, contract.date_end),
            )
            if contract.renewal == "automatic" and contract.notice_date < today:
                # It would be renewed again tonight.
                contract.renewal = "manual"
                body += " " + self.env._("It is renewed manually from now on.")
            bodies[contract] = body
        self._update_states()
        self._update_visits(None)
        self._log_life(bodies)
        return True

    def _check_renewal_undoable(self):
        """Return the term that the last renewal began.

        :raise UserError: if there is none, or if something is invoiced or was
            changed of it
        """
        self.ensure_one()
        term = self.term_ids.sorted("date_start")[-1:]
        if not self.can_undo_renewal:
            self._check_not_cancelled()
            raise UserError(
                self.env._("Contract %s was not renewed.", self.display_name)
            )
        first = term.date_start
        self._check_not_invoiced(first)
        # The loss at either end follows from the terms.
        ends = (first, self.date_end + DAY)
        changes = self.line_ids.sudo().change_ids.filtered(
            lambda change: (
                change.date >= first
                and change.reason != "renewed"
                # Prices may be dated into a term that is still to come.
                and not (change.reason in PRICE_REASONS and self._is_renewable())
                and not (change.reason == "ended" and change.date in ends)
            )
        )
        changed = changes.contract_line_id
        if changed:
            raise UserError(
                self.env._(
                    "The renewal of contract %(contract)s from %(day)s cannot be "
                    "undone because %(lines)s changed in the meantime. Undo that "
                    "change first, or cancel the contract.",
                    contract=self.display_name,
                    day=format_date(self.env, first),
                    lines=", ".join(line._get_label() for line in changed),
                )
            )
        dated = (*self.suspension_ids, *self.payer_ids)
        if any(row.date_start >= first for row in dated):
            raise UserError(
                self.env._(
                    "The renewal of contract %(contract)s from %(day)s cannot be "
                    "undone because the contract is suspended or changes payer in "
                    "the new term.",
                    contract=self.display_name,
                    day=format_date(self.env, first),
                )
            )
        return term

    def _check_not_invoiced(self, first, taker=None, payer=None):
        """Refuse to take a renewal or a transfer back of which days are invoiced.

        :param first: first of these days
        :param taker: to whom the contract was transferred; a renewal without
        :param payer: only invoices to this payer count
        """
        self.ensure_one()
        # Whoever takes something back need not read invoices.
        lines = self.env["account.move.line"].sudo()
        domain = [
            ("service_contract_line_id", "in", self.line_ids.ids),
            ("service_is_live", "=", True),
            ("service_credited_line_id", "=", False),
            ("service_period_end", ">=", first),
        ]
        if payer:
            domain.append(("move_id.partner_id", "=", payer.id))
        moves = lines.search(domain).move_id
        if moves:
            names = {
                "contract": self.display_name,
                "invoice": ", ".join(move._get_service_label() for move in moves),
                "day": format_date(self.env, first),
            }
            if taker:
                raise UserError(
                    self.env._(
                        "The transfer of contract %(contract)s to %(taker)s cannot be "
                        "undone because %(invoice)s bills days from %(day)s. Delete "
                        "that draft or credit that invoice first.",
                        taker=taker.display_name,
                        **names,
                    )
                )
            raise UserError(
                self.env._(
                    "The renewal of contract %(contract)s cannot be undone because "
                    "%(invoice)s bills days from %(day)s. Delete that draft or credit "
                    "that invoice first.",
                    **names,
                )
            )
        if not payer and self.invoiced_before and self.invoiced_before >= first:
            names = {
                "contract": self.display_name,
                "day": format_date(self.env, self.invoiced_before),
            }
            if taker:
                raise UserError(
                    self.env._(
                        "The transfer of contract %(contract)s to %(taker)s cannot be "
                        "undone because the contract was invoiced elsewhere until "
                        "%(day)s.",
                        taker=taker.display_name,
                        **names,
                    )
                )
            raise UserError(
                self.env._(
                    "The renewal of contract %(contract)s cannot be undone because "
                    "the contract was invoiced elsewhere until %(day)s.",
                    **names,
                )
            )

    # -- Transfer -----------------------------------------------------------------

    def _get_cancellation_undo(self):
        """Return what undoing the cancellation puts back."""
        # Here and below: only the undo reads and writes what it puts back.
        return self.sudo().undo_ids.filtered(lambda undo: undo.kind == "cancellation")

    def _get_payer_undos(self):
        """Return what undoing transfers to other payers puts back, the latest last."""
        undos = self.sudo().undo_ids.sorted("id")
        return undos.filtered(lambda undo: undo.kind == "payer" and not undo.parent_id)

    def _get_last_transfer(self):
        """Return the latest transfer that can be taken back, of this contract or to
        it."""
        self.ensure_one()
        known = self.sudo()
        undos = self._get_payer_undos()
        undos |= (known.undo_ids | known.takeover_undo_ids).filtered(
            lambda undo: undo.successor_id.state in RUNNING_STATES
        )
        latest = undos.sorted("id")[-1:]
        if latest.kind == "payer" and self.state not in RUNNING_STATES:
            return latest.browse()
        return latest

    def action_undo_transfer(self):
        """Take the latest transfer of contracts back, to a payer or to a customer.

        :raise UserError: naming what was invoiced or posted since
        """
        for contract in self:
            undo = contract._get_last_transfer()
            if not undo:
                raise UserError(
                    self.env._(
                        "Contract %s has no transfer to undo.",
                        contract.display_name,
                    )
                )
            if undo.kind == "payer":
                contract._undo_payer(undo)
            else:
                undo.successor_id.with_env(self.env)._undo_successor(undo)
        return True

    def _prepare_payer_undos(self, day):
        """Return {contract: values of what undoing a transfer to another payer puts
        back}.

        :param day: first day that the other one pays
        """
        rows = self.env["service.contract.undo.line"]
        return {
            contract: {
                "contract_id": contract.id,
                "kind": "payer",
                "date": day,
                "payer_id": contract.invoice_partner_id.id,
                "line_ids": rows._prepare_payers(
                    contract.payer_ids.filtered(lambda row: row.date_start >= day)
                ),
                "child_ids": [
                    Command.link(undo.id)
                    for undo in contract._get_payer_undos()
                    if undo.date >= day
                ],
            }
            for contract in self
        }

    def _keep_payer_undos(self, before, credits):
        """Keep what undoing a transfer to another payer puts back.

        :param before: of `_prepare_payer_undos`
        :param credits: the credit notes of the transfer
        """
        credited = credits.invoice_line_ids.grouped("service_contract_id")
        self.env["service.contract.undo"].sudo().create(
            [
                {**vals, "credit_line_ids": [Command.set(credited[contract].ids)]}
                if contract in credited
                else vals
                for contract, vals in before.items()
            ]
        )

    def _undo_payer(self, undo):
        """Let those pay again who did before the latest payer."""
        self.ensure_one()
        row = self.payer_ids.filtered(lambda row: row.date_start == undo.date)
        payer = row.partner_id
        self._check_not_invoiced(row.date_start, payer, payer)
        self._check_not_posted(undo.credit_line_ids, payer)
        self._drop_draft_credits(undo.credit_line_ids)
        day = row.date_start
        # Payers write themselves: nobody changes them by hand.
        row.sudo().unlink()
        undo._restore_payers()
        today = fields.Date.context_today(self)
        payer_id = undo.payer_id.id
        undo.unlink()
        if rows := self.payer_ids:
            payer_id = self._get_payer(max(today, self.date_start)).id
        contract = self.with_context(service_contract_change=CHANGING)
        contract.invoice_partner_id = payer_id
        if len(rows) == 1 and not self._get_payer_undos() and not rows.is_pending:
            # They pay from the first day on, as without any row.
            rows.sudo().unlink()
        self._log_life(
            {
                self: self.env._(
                    "Transfer to %(payer)s from %(day)s undone.",
                    payer=payer.display_name,
                    day=format_date(self.env, day),
                )
            }
        )

    def _check_not_posted(self, lines, taker):
        """Refuse to take a transfer back whose credit notes are posted."""
        posted = lines.move_id.filtered(lambda move: move.state == "posted")
        if posted:
            raise UserError(
                self.env._(
                    "The transfer of contract %(contract)s to %(taker)s cannot be "
                    "undone because credit note %(credit)s is posted. Reset it to "
                    "draft first.",
                    taker=taker.display_name,
                    contract=self.display_name,
                    credit=", ".join(posted.mapped("display_name")),
                )
            )

    def _undo_successor(self, undo):
        """Give a contract back to the customer from whom it was taken over; the one
        of the new customer is cancelled, as never begun.

        :param undo: what is put back
        """
        self.ensure_one()
        former = self.predecessor_id
        self._check_not_invoiced(self.date_start, self.partner_id)
        former._check_not_posted(undo.credit_line_ids, self.partner_id)
        if undo.kind == "customer":
            # The rest of the contract was cancelled since.
            former._check_not_cancelled()
        reason = self.env._("Transfer undone.")
        self._return_visits()
        self._cancel(self.date_start - DAY, reason)
        self._return_equipment(undo, reason)
        undo.successor_id = False
        if undo.kind == "cancellation":
            former.action_undo_cancellation()
        else:
            former._restore_lines(undo)
        former._log_life(
            {
                former: self._with_reason(
                    reason,
                    self.env._(
                        "Contract %s ends before it starts.", self._get_html_link()
                    ),
                )
            }
        )

    def _restore_lines(self, undo):
        """Let lines go on that another contract had taken over."""
        self._drop_draft_credits(undo.credit_line_ids)
        undo._restore_changes()
        rows = undo.line_ids.filtered(lambda row: row.kind == "end")
        for row in rows:
            line = row.contract_line_id.with_env(self.env)
            line.with_context(service_contract_change=CHANGING).date_end = row.date
        undo.unlink()
        self._update_states()
        self._update_visits(None)

    def _return_equipment(self, undo, reason):
        """Give equipment back that was moved with its contract, unless somebody else
        has it by now."""
        for row in undo.line_ids.filtered(lambda row: row.kind == "equipment"):
            piece = row.installed_base_id.with_env(self.env)
            if piece.commercial_partner_id == self.commercial_partner_id:
                piece.with_context(
                    ownership_date=self.date_start,
                    ownership_reason=reason,
                    service_contract_choice="settled",
                ).write({"partner_id": row.partner_id.id, "site_id": row.site_id.id})

    def _check_transfer_stands(self):
        """Refuse to bring a transfer back by undoing the end of its contract."""
        self.ensure_one()
        if (
            self.predecessor_id.state in RUNNING_STATES
            and not self.sudo().takeover_undo_ids
        ):
            raise UserError(
                self.env._(
                    "The transfer to contract %(contract)s was undone. Transfer "
                    "%(former)s again instead.",
                    contract=self.display_name,
                    former=self.predecessor_id.display_name,
                )
            )


class ServiceContractLine(models.Model):
    _inherit = "service.contract.line"

    def _get_before_transfer(self):
        """Return what may change when other contracts take these lines over."""
        rows = self.env["service.contract.undo.line"]
        return {
            "ends": rows._prepare_ends(self),
            "changes": {
                change: rows._prepare_changes(change)
                for change in self.sudo().change_ids
            },
            "credits": self._get_service_credits(),
        }

    def _keep_transfer_undo(self, before, successor):
        """Keep what undoing the transfer of these lines puts back.

        :param before: of `_get_before_transfer`
        :param successor: the contract that took them over
        """
        changes = self.sudo().change_ids
        deleted = [
            command
            for change, commands in before["changes"].items()
            if change not in changes
            for command in commands
        ]
        made = changes.filtered(lambda change: change not in before["changes"])
        credits = self._get_service_credits() - before["credits"]
        # Nobody edits what an undo puts back.
        self.env["service.contract.undo"].sudo().create(
            {
                "contract_id": self.contract_id.id,
                "kind": "customer",
                "date": successor.date_start,
                "successor_id": successor.id,
                "change_ids": [Command.set(made.ids)],
                "credit_line_ids": [Command.set(credits.ids)],
                "line_ids": before["ends"] + deleted,
            }
        )

    def _get_service_credits(self):
        """Return what gives back days of these lines, drafts too."""
        return (
            self.env["account.move.line"]
            .sudo()
            .search(
                [
                    ("service_contract_line_id", "in", self.ids),
                    ("service_credited_line_id", "!=", False),
                ]
            )
        )

"""Renewals and transfers are taken back as long as nothing was invoiced since."""

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from ...context import CHANGING
from ..contract.service_contract import DAY, PRICE_GROUPS, RUNNING_STATES

PRICE_REASONS = frozenset({"price_update", "manual"})


class ServiceContract(models.Model):
    _inherit = "service.contract"

    # What undoing the transfer from the former customer puts back.
    transfer_data = fields.Json(copy=False, readonly=True, groups=PRICE_GROUPS)
    can_undo_renewal = fields.Boolean(compute="_compute_can_undo")
    can_undo_transfer = fields.Boolean(compute="_compute_can_undo")

    @api.depends("term_ids.reason", "cancellation_date", "state", "payer_ids")
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
        self._check_not_invoiced(first, self.env._("The renewal"))
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

    def _check_not_invoiced(self, first, what, payer=None):
        """Refuse to take something back of which days are invoiced.

        :param first: first of these days
        :param str what: is to be taken back
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
            raise UserError(
                self.env._(
                    "%(what)s of contract %(contract)s cannot be undone because "
                    "%(invoice)s bills days from %(day)s. Delete that draft or "
                    "credit that invoice first.",
                    what=what,
                    contract=self.display_name,
                    invoice=", ".join(move._get_service_label() for move in moves),
                    day=format_date(self.env, first),
                )
            )
        if not payer and self.invoiced_before and self.invoiced_before >= first:
            raise UserError(
                self.env._(
                    "%(what)s of contract %(contract)s cannot be undone because the "
                    "contract was invoiced elsewhere until %(day)s.",
                    what=what,
                    contract=self.display_name,
                    day=format_date(self.env, self.invoiced_before),
                )
            )

    # -- Transfer -----------------------------------------------------------------

    def _get_last_transfer(self):
        """Return the payer or the contract of the latest transfer that can be taken
        back, of this contract or to it."""
        self.ensure_one()
        known = self.sudo()
        payer = known.payer_ids.filtered("undo_data").sorted("id")[-1:]
        contracts = (known | known.successor_ids).filtered(
            lambda contract: contract.transfer_data and contract.state in RUNNING_STATES
        )
        latest = contracts.sorted("id")[-1:]
        if payer and (not latest or payer.create_date > latest.create_date):
            return payer if self.state in RUNNING_STATES else None
        return latest or None

    def action_undo_transfer(self):
        """Take the latest transfer of contracts back, to a payer or to a customer.

        :raise UserError: naming what was invoiced or posted since
        """
        for contract in self:
            last = contract._get_last_transfer()
            if not last:
                raise UserError(
                    self.env._(
                        "Contract %s has no transfer to undo.",
                        contract.display_name,
                    )
                )
            if last._name == "service.contract.payer":
                contract._undo_payer(last.with_env(self.env))
            else:
                last.with_env(self.env)._undo_successor()
        return True

    def _get_payers_to_restore(self, day):
        """Return {contract: what undoing a transfer to another payer puts back}.

        :param day: first day that the other one pays
        """
        return {
            contract: {
                "payer_id": contract.invoice_partner_id.id,
                "rows": contract.payer_ids.filtered(
                    lambda row: row.date_start >= day
                )._prepare_copy_vals_list(),
            }
            for contract in self
        }

    def _keep_payers_to_restore(self, before, day, credits):
        """Remember beside new payers what undoing their transfer puts back.

        :param before: of `_get_payers_to_restore`
        :param credits: the credit notes of the transfer
        """
        for contract, data in before.items():
            lines = credits.invoice_line_ids.filtered(
                lambda line, contract=contract: line.service_contract_id == contract
            )
            new = contract.payer_ids.filtered(lambda row: row.date_start == day)
            new.sudo().undo_data = {**data, "credit_line_ids": lines.ids}

    def _undo_payer(self, row):
        """Let those pay again who did before the latest payer."""
        self.ensure_one()
        what = self.env._("The transfer to %s", row.partner_id.display_name)
        self._check_not_invoiced(row.date_start, what, payer=row.partner_id)
        data = row.sudo().undo_data
        self._check_not_posted(data["credit_line_ids"], what)
        self._drop_draft_credits(data["credit_line_ids"])
        name, day = row.partner_id.display_name, row.date_start
        # Payers write themselves: nobody changes them by hand.
        row.sudo().unlink()
        self.payer_ids.sudo().create(data["rows"])
        today = fields.Date.context_today(self)
        payer_id = data["payer_id"]
        if rows := self.payer_ids:
            payer_id = self._get_payer(max(today, self.date_start)).id
        contract = self.with_context(service_contract_change=CHANGING)
        contract.invoice_partner_id = payer_id
        if len(rows) == 1 and not rows.sudo().undo_data and not rows.is_pending:
            # They pay from the first day on, as without any row.
            rows.sudo().unlink()
        self._log_life(
            {
                self: self.env._(
                    "Transfer to %(payer)s from %(day)s undone.",
                    payer=name,
                    day=format_date(self.env, day),
                )
            }
        )

    def _check_not_posted(self, line_ids, what):
        """Refuse to take something back whose credit notes are posted."""
        lines = self.env["account.move.line"].sudo().browse(line_ids).exists()
        posted = lines.move_id.filtered(lambda move: move.state == "posted")
        if posted:
            raise UserError(
                self.env._(
                    "%(what)s of contract %(contract)s cannot be undone because "
                    "credit note %(credit)s is posted. Reset it to draft first.",
                    what=what,
                    contract=self.display_name,
                    credit=", ".join(posted.mapped("display_name")),
                )
            )

    def _undo_successor(self):
        """Give a contract back to the customer from whom it was taken over; the one
        of the new customer is cancelled, as never begun."""
        self.ensure_one()
        former, data = self.predecessor_id, self.sudo().transfer_data
        what = self.env._("The transfer to %s", self.partner_id.display_name)
        self._check_not_invoiced(self.date_start, what)
        former._check_not_posted(data["credit_line_ids"], what)
        reason = self.env._("Transfer undone.")
        self._return_visits()
        self._cancel(self.date_start - DAY, reason)
        self.sudo().transfer_data = False
        self._return_equipment(data.get("equipment") or {}, reason)
        if former.cancellation_date:
            former.action_undo_cancellation()
        else:
            former._restore_lines(data)
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

    def _restore_lines(self, data):
        """Let lines go on that another contract had taken over."""
        self._drop_draft_credits(data["credit_line_ids"])
        changes = self.env["service.contract.change"].sudo()
        changes.browse(data["change_ids"]).exists().unlink()
        changes.create(data["changes"])
        for line in self.line_ids.with_context(service_contract_change=CHANGING):
            if str(line.id) in data["ends"]:
                line.date_end = data["ends"][str(line.id)]
        self._update_states()
        self._update_visits(None)

    def _return_equipment(self, before, reason):
        """Give equipment back that was moved with its contract, unless somebody else
        has it by now."""
        equipment = self.env["installed.base"].browse(map(int, before)).exists()
        own = equipment.filtered(
            lambda piece: piece.commercial_partner_id == self.commercial_partner_id
        )
        own = own.with_context(
            ownership_date=self.date_start,
            ownership_reason=reason,
            # It never was the other's.
            ownership_corrects=True,
            service_contract_choice="settled",
        )
        for piece in own:
            partner_id, site_id = before[str(piece.id)]
            piece.write({"partner_id": partner_id, "site_id": site_id})

    def _check_transfer_stands(self):
        """Refuse to bring a transfer back by undoing the end of its contract."""
        self.ensure_one()
        if (
            self.predecessor_id.state in RUNNING_STATES
            and not self.sudo().transfer_data
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

    def _get_transfer_to_restore(self):
        """Return what undoing a transfer of these lines puts back, as it is before."""
        changes = self.sudo().change_ids
        return {
            "ends": {
                str(line.id): line.date_end and fields.Date.to_string(line.date_end)
                for line in self
            },
            "changes": {
                change.id: change._prepare_copy_vals_list()[0] for change in changes
            },
            "credits": self._get_service_credits(),
        }

    def _keep_transfer_to_restore(self, before, successor):
        """Remember on the contract that took these lines over what undoing it puts
        back.

        :param before: of `_get_transfer_to_restore`
        """
        changes = self.sudo().change_ids.browse(before["changes"])
        kept = changes.exists()
        credits = self._get_service_credits() - before["credits"]
        successor.sudo().transfer_data = {
            "ends": before["ends"],
            "changes": [before["changes"][change.id] for change in changes - kept],
            "change_ids": (self.sudo().change_ids - kept).ids,
            "credit_line_ids": credits.ids,
        }

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

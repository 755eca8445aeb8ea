"""Contracts that somebody else pays for, or takes over."""

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tools import format_date

from ...context import CHANGING
from ...engine import Span
from ...engine.coverage import FOREVER
from ..contract.service_contract import DAY


class ServiceContract(models.Model):
    _inherit = "service.contract"

    payer_ids = fields.One2many(
        comodel_name="service.contract.payer",
        inverse_name="contract_id",
        string="Payers",
        copy=False,
        readonly=True,
    )
    predecessor_id = fields.Many2one(
        comodel_name="service.contract",
        string="Transferred From",
        copy=False,
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
    )
    successor_ids = fields.One2many(
        comodel_name="service.contract",
        inverse_name="predecessor_id",
        string="Transferred To",
    )
    successor_count = fields.Integer(compute="_compute_successor_count")

    # -- Computes -----------------------------------------------------------------

    @api.depends("successor_ids")
    def _compute_successor_count(self):
        for contract in self:
            contract.successor_count = len(contract.successor_ids)

    # -- Payers -------------------------------------------------------------------

    def _check_payer_kept(self, vals):
        """Refuse another payer for all days at once where payers are dated."""
        changing = self.env.context.get("service_contract_change") is CHANGING
        if "invoice_partner_id" not in vals or changing:
            return
        for contract in self:
            payer = vals["invoice_partner_id"]
            if contract.payer_ids and contract.invoice_partner_id.id != payer:
                raise UserError(
                    self.env._(
                        "The payers of contract %s have dates. Transfer it to "
                        "another payer from a given date.",
                        contract.display_name,
                    )
                )

    def _get_payer(self, day):
        """Return who pays for a day."""
        self.ensure_one()
        payer = self.invoice_partner_id
        if rows := self.payer_ids:
            before = rows.filtered(lambda row: row.date_start <= day)
            payer = (before.sorted("date_start")[-1:] or rows[:1]).partner_id
        return payer

    @api.model
    def _find_with_new_payer(self, today):
        """Return the contracts of which somebody else pays from today on."""
        rows = self.env["service.contract.payer"].search(
            [("is_pending", "=", True), ("date_start", "<=", today)]
        )
        return rows.contract_id

    def _transfer_to_payer(self, payer, day, reason):
        """Let another partner pay from a day on. What is invoiced of these days is
        credited and then invoiced to them.

        :param payer: contact
        :param day: first day they pay
        :return: the credit notes, as drafts
        """
        self._check_running()
        self._check_inside(day)
        # Payers write themselves, here and below: nobody changes them by hand.
        rows = self.env["service.contract.payer"].sudo()
        today = fields.Date.context_today(self)
        vals_list = []
        for contract in self:
            if contract._get_payer(day) == payer:
                raise UserError(
                    self.env._(
                        "%(payer)s already pays for contract %(contract)s on %(day)s.",
                        payer=payer.display_name,
                        contract=contract.display_name,
                        day=format_date(self.env, day),
                    )
                )
            if not contract.payer_ids and day > contract.date_start:
                vals_list.append(
                    {
                        "contract_id": contract.id,
                        "partner_id": contract.invoice_partner_id.id,
                        "date_start": contract.date_start,
                        "is_pending": False,
                    }
                )
            vals_list.append(
                {
                    "contract_id": contract.id,
                    "partner_id": payer.id,
                    "date_start": day,
                    "reason": reason,
                }
            )
        before = {contract: contract._get_payer(day) for contract in self}
        undo = self._prepare_payer_undos(day)
        # Who was to pay later does so no more.
        self.payer_ids.filtered(lambda row: row.date_start >= day).sudo().unlink()
        credits = self._plan_credits(self._get_removed(Span(day, FOREVER)))
        rows.create(vals_list)
        self._update_payers(today)
        self._log_life(
            {
                contract: self._with_reason(
                    self.env._(
                        "Paid by %(payer)s instead of %(before)s from %(day)s.",
                        payer=payer.display_name,
                        before=former.display_name,
                        day=format_date(self.env, day),
                    ),
                    reason,
                )
                for contract, former in before.items()
            }
        )
        credits = self._apply_credits(credits, reason=reason)
        self._keep_payer_undos(undo, credits)
        return credits

    def _get_removed(self, span):
        """Return {contract line id: spans} for days of all lines."""
        return {line.id: [span] for line in self.line_ids}

    def _update_payers(self, today):
        """Name the payers whose day has come in their contracts."""
        rows = self.payer_ids.filtered(
            lambda row: row.is_pending and row.date_start <= today
        )
        for row in rows.sorted("date_start"):
            contract = row.contract_id.with_context(service_contract_change=CHANGING)
            contract.invoice_partner_id = row.partner_id
        rows.sudo().is_pending = False

    # -- Transfer -----------------------------------------------------------------

    def _transfer_lines(self, lines, partner, day, reason, payer=None, site=None):
        """Let another customer take over lines of one contract, by a contract of their
        own with the same settings, prices and end.

        :param lines: contract lines, which end the day before
        :param partner: the new customer
        :param day: first day of the new contract
        :param payer: by default the customer's invoice address
        :param site: by default the customer's delivery address
        :return: the new contract
        """
        self.ensure_one()
        self._check_running()
        self._check_not_cancelled()
        self._check_inside(day)
        moved = self._get_lines_on(day)
        lines &= moved
        if not lines:
            raise UserError(
                self.env._(
                    "Contract %(contract)s has no covered lines to transfer on "
                    "%(day)s.",
                    contract=self.display_name,
                    day=format_date(self.env, day),
                )
            )
        # Those that begin later are taken over from their own first day.
        firsts = {line: max(day, line.date_start or day) for line in lines}
        lines._check_price_days(firsts)
        former = self.partner_id
        addresses = partner.address_get(["invoice", "delivery"])
        payer = payer or partner.browse(addresses["invoice"])
        end, planned = self.date_end, self.next_price_update_date
        contract = self.with_context(service_contract_change=False)
        successor = contract._as_own_code().copy(
            {
                "partner_id": partner.id,
                "invoice_partner_id": payer.id,
                "site_id": (site or partner.browse(addresses["delivery"])).id,
                "payment_term_id": payer.with_company(
                    self.company_id
                ).property_payment_term_id.id,
                "fiscal_position_id": False,
                # What was typed for, or about, the former customer stays with them.
                "note": self.template_id.note,
                "invoice_title": self.template_id.invoice_title,
                "date_start": day,
                "date_end": end,
                "line_ids": [
                    Command.create(vals) for vals in lines._prepare_successor_vals(day)
                ],
            }
        )
        successor.predecessor_id = self
        successor = successor.with_env(contract.env)
        successor.action_activate()
        self._hand_over_suspensions(successor, day)
        self._hand_over_visits(lines, successor, day)
        successor.next_price_update_date = planned
        note = self.env._("Transferred to %s", successor.display_name)
        last = day - DAY
        if lines == moved:
            self._cancel(last, reason, change_reason="ended", note=note)
            self._get_cancellation_undo().successor_id = successor
        else:
            before = lines._get_before_transfer()
            lines._end(last, note=note)
            self._credit_uncovered(reason=reason)
            self._update_visits(reason)
            lines._keep_transfer_undo(before, successor)
        self._log_life(
            {
                self: self._with_reason(
                    self.env._(
                        "%(lines)s transferred to contract %(contract)s from %(day)s.",
                        lines=", ".join(line._get_label() for line in lines),
                        contract=successor._get_html_link(),
                        day=format_date(self.env, day),
                    ),
                    reason,
                ),
                successor: self._with_reason(
                    self.env._(
                        "Transferred from %(customer)s, contract %(contract)s.",
                        customer=former.display_name,
                        contract=self._get_html_link(),
                    ),
                    reason,
                ),
            }
        )
        return successor

    def _hand_over_suspensions(self, successor, day):
        """Let a contract that takes this one over be suspended as it is.

        :param day: first day of the successor, which has the same end
        """
        rows = self.suspension_ids.filtered(lambda row: row._get_span().last >= day)
        # By the days before its own the end has moved, or is to move, as well.
        begun = {row: max(0, (day - row.date_start).days) for row in rows}
        # Suspensions write themselves: nobody changes them by hand.
        self.env["service.contract.suspension"].sudo().create(
            [
                {
                    "contract_id": successor.id,
                    "date_start": max(row.date_start, day),
                    "date_end": row.date_end,
                    "reason": row.reason,
                    "extends": row.extends,
                    "extension_days": row.extends and row.extension_days - begun[row],
                }
                for row in rows
            ]
        )
        successor._update_states()

    def action_view_successors(self):
        """Show the contracts that took this one over."""
        return self.successor_ids._get_records_action(name=self.env._("Transferred"))

    def _get_lines_on(self, day):
        """Return the lines that cover something on a day or later."""
        return self.line_ids.filtered(
            lambda line: (
                not line.display_type and (not line.date_end or line.date_end >= day)
            )
        )

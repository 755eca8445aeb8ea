"""What becomes of a living contract: lines, suspension, transfer, renewal, end."""

import logging
from collections import defaultdict
from typing import NamedTuple

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command, Domain
from odoo.tools import format_date

from ..engine import (
    AnniversaryMonths,
    PricedLine,
    Span,
    Step,
    cover,
    get_next_update,
    get_renewed_end,
    intersect,
    to_decimal,
)
from ..engine.coverage import FOREVER
from .service_contract import CHANGING, DAY, PRICE_GROUPS

_logger = logging.getLogger(__name__)

LIVING = ("active", "suspended")
RENEWAL_ACTIVITY = "field_service_contract.mail_activity_type_renewal"


class CreditPreview(NamedTuple):
    """What a contract gives back, in its currency and in the mode of its taxes."""

    deferred: float = 0
    revenue: float = 0
    drafts: float = 0

    @property
    def amount(self):
        """Return what credit notes give back; drafts are made smaller instead."""
        return self.deferred + self.revenue


class ServiceContract(models.Model):
    _inherit = "service.contract"

    next_price_update_date = fields.Date(
        compute="_compute_next_price_update_date",
        store=True,
        readonly=False,
        precompute=True,
    )
    cancellation_date = fields.Date(
        copy=False,
        readonly=True,
        tracking=True,
        index="btree_not_null",
        help="Last covered day of a contract that was cancelled.",
    )
    cancellation_reason = fields.Char(copy=False, readonly=True, tracking=True)
    # What undoing the cancellation puts back.
    cancellation_data = fields.Json(copy=False, readonly=True, groups=PRICE_GROUPS)
    payer_ids = fields.One2many(
        comodel_name="service.contract.payer",
        inverse_name="contract_id",
        string="Payers",
        copy=False,
        readonly=True,
    )
    predecessor_id = fields.Many2one(
        comodel_name="service.contract",
        string="Taken Over From",
        copy=False,
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
    )
    successor_ids = fields.One2many(
        comodel_name="service.contract",
        inverse_name="predecessor_id",
        string="Taken Over By",
    )
    successor_count = fields.Integer(compute="_compute_successor_count")
    renewal_activity_end = fields.Date(
        copy=False, readonly=True, help="End of which the responsible was reminded."
    )
    renewal_mail_end = fields.Date(
        copy=False, readonly=True, help="End of which the customer was reminded."
    )

    # -- Computes -----------------------------------------------------------------

    @api.depends("date_start", "price_update_months")
    def _compute_next_price_update_date(self):
        for contract in self:
            months, start = contract.price_update_months, contract.date_start
            planned = contract.next_price_update_date
            if contract.state == "draft":
                due = AnniversaryMonths(start).get_first(months) if start else False
                contract.next_price_update_date = months and due
            else:
                contract.next_price_update_date = planned

    @api.depends("successor_ids")
    def _compute_successor_count(self):
        for contract in self:
            contract.successor_count = len(contract.successor_ids)

    # -- CRUD ---------------------------------------------------------------------

    def _check_guarded(self, vals):
        super()._check_guarded(vals)
        changing = self.env.context.get("service_contract_change") is CHANGING
        if "invoice_partner_id" not in vals or changing:
            return
        for contract in self:
            payer = vals["invoice_partner_id"]
            if contract.payer_ids and contract.invoice_partner_id.id != payer:
                raise UserError(
                    self.env._(
                        "The payers of contract %s are dated: transfer it to another "
                        "payer from a day on.",
                        contract.display_name,
                    )
                )

    # -- Checks -------------------------------------------------------------------

    def _check_living(self):
        """Refuse what can only be done to contracts that live."""
        for contract in self:
            if contract.state not in LIVING:
                states = dict(self._fields["state"]._description_selection(self.env))
                raise UserError(
                    self.env._(
                        "Contract %(contract)s is %(state)s: only active and suspended "
                        "contracts can be changed like this.",
                        contract=contract.display_name,
                        state=states[contract.state].lower(),
                    )
                )

    def _check_not_cancelled(self):
        for contract in self:
            if contract.cancellation_date:
                raise UserError(
                    self.env._(
                        "Contract %(contract)s is cancelled as of %(day)s. Undo the "
                        "cancellation first.",
                        contract=contract.display_name,
                        day=format_date(self.env, contract.cancellation_date),
                    )
                )

    def _log_life(self, bodies):
        """Leave a note on contracts.

        :param dict bodies: {contract: text}
        """
        contracts = self.browse(contract.id for contract in bodies)
        contracts._message_log_batch(
            {contract.id: body for contract, body in bodies.items()}
        )

    def _with_reason(self, text, reason):
        return Markup("%s<br/>%s") % (text, reason) if reason else text

    # -- Credits ------------------------------------------------------------------

    def _preview_credits(self, removed):
        """Return {contract: what it gives back} if days were no longer covered.

        :param dict removed: {contract line id: spans}
        """
        amounts = self._get_credit_amounts(removed)
        by_contract = defaultdict(lambda: [0, 0, 0])
        for line, parts in amounts.items():
            own = by_contract[line.contract_id.id]
            own[:] = map(sum, zip(own, parts, strict=True))
        return {
            contract: CreditPreview(
                *map(contract.currency_id.round, by_contract[contract.id])
            )
            for contract in self
        }

    def _get_credit_amounts(self, removed):
        """Return {contract line: [not earned yet, from revenue, off drafts]} of what is
        given back if days were no longer covered.

        :param dict removed: {contract line id: spans}
        """
        amounts = defaultdict(lambda: [0, 0, 0])
        credits = self._plan_credits(removed)
        for line, group in self._group_by_line(credits).items():
            own = amounts[line.service_contract_line_id]
            sign = -1 if line.move_id.move_type == "out_refund" else 1
            if line.parent_state == "draft":
                own[2] += sign * sum(credit.amount for credit in group)
                continue
            for vals in line._prepare_service_credit_lines(group):
                is_revenue = vals["account_id"] == line.service_revenue_account_id.id
                is_deferred = line._is_service_deferred() and not is_revenue
                own[0 if is_deferred else 1] += sign * vals["price_unit"]
        return amounts

    # -- Lines --------------------------------------------------------------------

    def _add_lines(self, vals_list, day, reason):
        """Add lines to one living contract.

        :param vals_list: values of the lines
        :param day: first covered day
        :param str reason: kept with the gain
        :return: the lines
        """
        self.ensure_one()
        self._check_living()
        self._check_inside(day)
        lines = (
            self.env["service.contract.line"]
            .with_context(service_contract_change=CHANGING)
            .create(
                [
                    {**vals, "contract_id": self.id, "date_start": day}
                    for vals in vals_list
                ]
            )
            .with_env(self.env)
        )
        if problems := lines._get_activation_problems():
            raise UserError("\n".join(problems))
        lines._record_price("line_added", note=reason)
        self._update_visits(reason)
        self._log_life(
            {
                self: self._with_reason(
                    self.env._(
                        "Added from %(day)s: %(lines)s.",
                        day=format_date(self.env, day),
                        lines=", ".join(line._get_priced_label() for line in lines),
                    ),
                    reason,
                )
            }
        )
        return lines

    def _check_inside(self, day):
        """Refuse a day on which a contract does not run."""
        for contract in self:
            end = contract.date_end
            if day < contract.date_start or (end and day > end):
                raise UserError(
                    self.env._(
                        "%(day)s lies outside contract %(contract)s, which runs from "
                        "%(start)s to %(end)s.",
                        day=format_date(self.env, day),
                        contract=contract.display_name,
                        start=format_date(self.env, contract.date_start),
                        end=format_date(self.env, end) if end else "…",
                    )
                )

    def _get_added_amount(self, amount, day):
        """Return what the next run bills at once for a line added from a day on: the
        days for which the other lines are invoiced.

        :param amount: annual amount
        """
        self.ensure_one()
        upto = self.invoiced_until
        first = max(day, self.date_start)
        if self.invoiced_before:
            first = max(first, self.invoiced_before + DAY)
        if not upto or upto < first or not self.billing_months:
            return 0
        priced = PricedLine(
            cover(
                first,
                None,
                self._get_terms(),
                [row._get_span() for row in self.suspension_ids],
            ),
            [Step(first, to_decimal(amount))],
            self._get_months(),
            (),
            self.currency_id._get_service_coin(),
        )
        return float(priced.get_amount(first, upto))

    # -- Suspension ---------------------------------------------------------------

    def _suspend(self, first, last, reason, extends=False):
        """Cover nothing for some days; what was invoiced for them is credited.

        :param first: first suspended day
        :param last: last suspended day; empty until resumed
        :param bool extends: the end moves by as many days
        :return: the credit notes, as drafts
        """
        self._check_suspendable(first, last, extends)
        rows = self.env["service.contract.suspension"].create(
            [
                {
                    "contract_id": contract.id,
                    "date_start": first,
                    "date_end": last,
                    "reason": reason,
                    "extends": extends and bool(contract.date_end),
                }
                for contract in self
            ]
        )
        rows._extend()
        return self._after_suspension(
            reason,
            {
                contract: self.env._(
                    "Suspended from %(start)s to %(end)s.",
                    start=format_date(self.env, first),
                    end=format_date(self.env, last) if last else "…",
                )
                for contract in self
            },
        )

    def _check_suspendable(self, first, last, extends):
        """Refuse to suspend what does not run then, or is suspended already."""
        self._check_living()
        self._check_inside(first)
        if extends:
            self._check_not_cancelled()
        span = Span(first, last or FOREVER)
        for contract in self:
            for row in contract.suspension_ids:
                if intersect([row._get_span()], span):
                    raise UserError(
                        self.env._(
                            "Contract %(contract)s is suspended from %(start)s to "
                            "%(end)s already. Resume it first, or choose other days.",
                            contract=contract.display_name,
                            start=format_date(self.env, row.date_start),
                            end=format_date(self.env, row.date_end) or "…",
                        )
                    )

    def _resume(self, day, reason):
        """Cover contracts again from a day on, before their suspension ends.

        :param day: first covered day
        """
        rows = self._check_resumable(day)
        rows._end_before(day)
        return self._after_suspension(
            reason,
            dict.fromkeys(
                self, self.env._("Resumed on %s.", format_date(self.env, day))
            ),
        )

    def _check_resumable(self, day):
        """Return the suspensions that end if contracts are covered from a day on.

        :raise UserError: if a contract has none
        """
        self._check_living()
        for contract in self:
            if not contract._get_suspensions_to_end(day):
                raise UserError(
                    self.env._(
                        "Contract %(contract)s is not suspended on %(day)s or later.",
                        contract=contract.display_name,
                        day=format_date(self.env, day),
                    )
                )
        return self._get_suspensions_to_end(day)

    def _get_suspensions_to_end(self, day):
        """Return the suspensions that last until a day or begin after it."""
        return self.suspension_ids.filtered(lambda row: row._get_span().last >= day)

    def _after_suspension(self, reason, bodies):
        credits = self._credit_uncovered(reason=reason)
        self._update_states()
        self._update_visits(reason)
        self._log_life(
            {
                contract: self._with_reason(body, reason)
                for contract, body in bodies.items()
            }
        )
        return credits

    def _move_end(self, days):
        """Move the end, and that of the last term, by some days."""
        self.ensure_one()
        if not self.date_end or not days:
            return
        term = self.term_ids.sorted("date_start")[-1:]
        if term.date_end:
            term.date_end = fields.Date.add(term.date_end, days=days)
        if self.cancellation_date:
            # It ends when it was cancelled; what moves is the end before that.
            data = self.sudo().cancellation_data
            if end := fields.Date.to_date(data["date_end"]):
                end = fields.Date.to_string(fields.Date.add(end, days=days))
                self.sudo().cancellation_data = {**data, "date_end": end}
            return
        # What counts as lost since the end that was is lost only after the new one.
        lines = self.line_ids.filtered(
            lambda line: not line.date_end or line.date_end > self.date_end
        )
        lines.sudo().change_ids.filtered(
            lambda change: (
                change.reason == "ended" and change.date == self.date_end + DAY
            )
        ).unlink()
        contract = self.with_context(service_contract_change=CHANGING)
        contract.date_end = fields.Date.add(self.date_end, days=days)

    def _is_end_open(self):
        """Tell whether the end is still to move: by a renewal that nobody has to ask
        for, or by a suspension that prolongs it and lasts."""
        self.ensure_one()
        if self.cancellation_date:
            return False
        is_renewed = self.renewal == "automatic" and self.term_months
        return bool(is_renewed) or any(
            row.extends and not row.date_end for row in self.suspension_ids
        )

    # -- Transfer -----------------------------------------------------------------

    def _get_payer(self, day):
        """Return who pays for a day."""
        self.ensure_one()
        payer = self.invoice_partner_id
        if rows := self.payer_ids:
            before = rows.filtered(lambda row: row.date_start <= day)
            payer = (before.sorted("date_start")[-1:] or rows[:1]).partner_id
        return payer

    def _transfer_to_payer(self, payer, day, reason):
        """Let another partner pay from a day on. What is invoiced of these days is
        credited and then invoiced to him.

        :param payer: contact
        :param day: first day he pays
        :return: the credit notes, as drafts
        """
        self._check_living()
        self._check_inside(day)
        rows = self.env["service.contract.payer"]
        today = fields.Date.context_today(self)
        vals_list = []
        for contract in self:
            if contract._get_payer(day) == payer:
                raise UserError(
                    self.env._(
                        "%(payer)s pays for contract %(contract)s on %(day)s already.",
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
        # Who was to pay later does so no more.
        self.payer_ids.filtered(lambda row: row.date_start >= day).unlink()
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
        return self._give_back(credits, reason=reason)

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
        rows.is_pending = False

    def _transfer_lines(self, lines, partner, day, reason, payer=None, site=None):
        """Let another customer take over lines of one contract, by a contract of his
        own with the same settings, prices and end.

        :param lines: contract lines, which end the day before
        :param partner: the new customer
        :param day: first day of the new contract
        :param payer: by default the customer's invoice address
        :param site: by default the customer's delivery address
        :return: the new contract
        """
        self.ensure_one()
        self._check_living()
        self._check_not_cancelled()
        self._check_inside(day)
        moved = self._get_lines_on(day)
        lines &= moved
        if not lines:
            raise UserError(
                self.env._(
                    "Contract %(contract)s covers nothing on %(day)s that could be "
                    "taken over.",
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
        successor = contract.copy(
            {
                "partner_id": partner.id,
                "invoice_partner_id": payer.id,
                "site_id": (site or partner.browse(addresses["delivery"])).id,
                "payment_term_id": payer.with_company(
                    self.company_id
                ).property_payment_term_id.id,
                "fiscal_position_id": False,
                "date_start": day,
                "date_end": end,
                "predecessor_id": self.id,
                "line_ids": [
                    Command.create(vals) for vals in lines._prepare_successor_vals(day)
                ],
            }
        )
        successor.action_activate()
        self._hand_over_suspensions(successor, day)
        self._hand_over_visits(lines, successor, day)
        successor.next_price_update_date = planned
        note = self.env._("Taken over by %s", successor.display_name)
        last = day - DAY
        if lines == moved:
            self._cancel(last, reason, change_reason="ended", note=note)
        else:
            lines._end(last, note=note)
            self._credit_uncovered(reason=reason)
            self._update_visits(reason)
        self._log_life(
            {
                self: self._with_reason(
                    self.env._(
                        "%(lines)s taken over by contract %(contract)s from %(day)s.",
                        lines=", ".join(line._get_label() for line in lines),
                        contract=successor._get_html_link(),
                        day=format_date(self.env, day),
                    ),
                    reason,
                ),
                successor: self._with_reason(
                    self.env._(
                        "Taken over from %(customer)s, contract %(contract)s.",
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
        self.env["service.contract.suspension"].create(
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
        return self.successor_ids._get_records_action(name=self.env._("Taken Over"))

    def _get_lines_on(self, day):
        """Return the lines that cover something on a day or later."""
        return self.line_ids.filtered(
            lambda line: (
                not line.display_type and (not line.date_end or line.date_end >= day)
            )
        )

    @api.model
    def _find_to_update(self, today):
        rows = self.env["service.contract.payer"].search(
            [("is_pending", "=", True), ("date_start", "<=", today)]
        )
        return super()._find_to_update(today) | rows.contract_id

    def _bring_up_to_date(self, today):
        # Those pay whose day has come, before anything else.
        self._update_payers(today)
        return super()._bring_up_to_date(today)

    # -- Renewal ------------------------------------------------------------------

    def _renew(self, months=None, reason=None):
        """Begin another term on the day after the end.

        :param int months: length; by default as the contract says
        :raise UserError: if a contract has no end, or was cancelled
        """
        for contract in self:
            contract._check_renewable(months or contract.term_months)
        bodies, vals_list, ends = {}, [], {}
        lines = self.line_ids.filtered(
            lambda line: (
                not line.display_type
                and (not line.date_end or line.date_end > line.contract_id.date_end)
            )
        )
        days = {line: line.contract_id.date_end + DAY for line in lines}
        annuals = {line: line._get_annual(day - DAY) for line, day in days.items()}
        for contract in self:
            length = months or contract.term_months
            first = contract.date_end + DAY
            ends[contract] = end = get_renewed_end(contract.date_end, length)
            vals_list.append(
                {
                    "contract_id": contract.id,
                    "date_start": first,
                    "date_end": end,
                    "reason": "renewed",
                }
            )
            bodies[contract] = self._with_reason(
                self.env._(
                    "Renewed from %(start)s to %(end)s.",
                    start=format_date(self.env, first),
                    end=format_date(self.env, end),
                ),
                reason,
            )
        self._set_ends(ends)
        # Lost already if the renewal comes after the end.
        lines._record_price("renewed", days, annuals, note=reason)
        self.env["service.contract.term"].create(vals_list)
        self.filtered(lambda contract: contract.state == "closed")._set_state("active")
        self._update_states()
        self._update_visits(reason)
        self.activity_feedback([RENEWAL_ACTIVITY], feedback=self.env._("Renewed"))
        self._log_life(bodies)

    def _set_ends(self, ends, **vals):
        """Write the last covered days of contracts, those of one day at once.

        :param dict ends: {contract: last covered day}
        :param vals: more values
        """
        contracts = self.with_context(service_contract_change=CHANGING)
        for end, group in contracts.grouped(lambda own: ends[own]).items():
            group.write({"date_end": end, **vals})

    def _check_renewable(self, months):
        self.ensure_one()
        problem = None
        if self.cancellation_date:
            problem = self.env._("it was cancelled. Undo the cancellation first.")
        elif self.state not in (*LIVING, "closed"):
            problem = self.env._("it is no active, suspended or closed contract.")
        elif not self.date_end:
            problem = self.env._("it has no end.")
        elif months < 1:
            problem = self.env._("tell for how many months.")
        elif any(row.extends and not row.date_end for row in self.suspension_ids):
            problem = self.env._("it is suspended and its end is to move: resume it.")
        if problem:
            raise UserError(
                self.env._(
                    "Contract %(contract)s cannot be renewed: %(problem)s",
                    contract=self.display_name,
                    problem=problem,
                )
            )

    @api.model
    def _get_renewal_domain(self, today):
        """Return which contracts are to be renewed by themselves: their last day of
        notice has passed and nobody gave it."""
        return (
            Domain("renewal", "=", "automatic")
            & Domain("term_months", ">", 0)
            & Domain("state", "in", LIVING)
            & Domain("cancellation_date", "=", False)
            & Domain("notice_date", "<", today)
        )

    @api.model
    def _cron_renew(self):
        """Renew what is renewed by itself, for as long as it was; all that is due is
        caught up. One that cannot be renewed waits, with an activity."""
        today = fields.Date.context_today(self)
        self.search(self._get_renewal_domain(today))._do_in_slices(
            lambda contracts: contracts._renew_due(today),
            lambda contract, error: contract._schedule_activities(
                RENEWAL_ACTIVITY, {contract: (str(error), today)}
            ),
        )

    def _renew_due(self, today):
        """Renew contracts until their last day of notice lies ahead."""
        due = self
        while due := due.filtered(lambda own: own.notice_date < today):
            due._renew()

    @api.model
    def _cron_remind_renewals(self):
        """Tell responsible and customer in time that a contract ends or is renewed."""
        today = fields.Date.context_today(self)
        for name, told, remind in (
            (
                "service_renewal_activity_days",
                "renewal_activity_end",
                "_remind_responsible",
            ),
            ("service_renewal_mail_days", "renewal_mail_end", "_remind_customer"),
        ):
            companies = self.env["res.company"].search([(name, ">", 0)])
            for company in companies:
                until = fields.Date.add(today, days=company[name])
                found = self.search_fetch(
                    self._get_reminder_domain(company, today, until),
                    ["date_end", told],
                )
                due = found.filtered(lambda own, told=told: own[told] != own.date_end)
                has_time = due._do_in_slices(
                    lambda contracts, remind=remind: getattr(contracts, remind)()
                )
                if not has_time:
                    return

    @api.model
    def _get_reminder_domain(self, company, today, until):
        """Return which contracts are to end, and may still be given notice of."""
        return (
            Domain("company_id", "=", company.id)
            & Domain("state", "in", LIVING)
            & Domain("cancellation_date", "=", False)
            & Domain("notice_date", ">=", today)
            & Domain("notice_date", "<=", until)
        )

    def _remind_responsible(self):
        """Leave the responsible of contracts an activity about their end."""
        due = self.filtered(lambda own: own.renewal_activity_end != own.date_end)
        due._schedule_activities(
            RENEWAL_ACTIVITY,
            {own: (own._get_renewal_text(), own.notice_date) for own in due},
        )
        for end, contracts in due.grouped("date_end").items():
            contracts.renewal_activity_end = end

    def _remind_customer(self):
        """Write to customers about the end of their contracts."""
        due = self.filtered(
            lambda own: own.renewal_mail_end != own.date_end and own.partner_id.email
        )
        template = self.env.ref("field_service_contract.mail_template_renewal")
        template.send_mail_batch(due.ids)
        for end, contracts in due.grouped("date_end").items():
            contracts.renewal_mail_end = end

    def _get_renewal_text(self):
        """Return what becomes of the contract at its end, in the user's words."""
        self.ensure_one()
        end = format_date(self.env, self.date_end)
        notice = format_date(self.env, self.notice_date)
        if self.renewal == "automatic":
            return self.env._(
                "Ends on %(end)s and is renewed by itself for %(months)s months, "
                "unless notice is given until %(notice)s.",
                end=end,
                months=self.term_months,
                notice=notice,
            )
        return self.env._(
            "Ends on %(end)s: renew it, or leave it to end. Notice until %(notice)s.",
            end=end,
            notice=notice,
        )

    # -- Cancellation -------------------------------------------------------------

    def _cancel(self, last_day, reason, change_reason="cancelled", note=None):
        """End contracts before their time; what was invoiced after is credited.

        :param last_day: last covered day; the day before the start if earlier
        :param str reason: in words
        :param str change_reason: of `service.contract.change`
        :param str note: kept with the loss; by default the reason
        :return: the credit notes, as drafts
        """
        self._check_not_cancelled()
        self._check_living()
        self._check_end_after(last_day)
        data, gone = {}, self.env["service.contract.change"].sudo()
        ends = {own: max(last_day, own.date_start - DAY) for own in self}
        for contract, end in ends.items():
            later = contract.line_ids.sudo().change_ids.filtered(
                lambda change, end=end: change.date > end
            )
            data[contract] = {
                "date_end": fields.Date.to_string(contract.date_end),
                "changes": later._prepare_copy_vals_list(),
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
        for contract, own in data.items():
            made = changes.filtered(lambda c, own=contract: c.contract_id == own)
            own["change_ids"] = made.ids
        credits = self._credit_uncovered(reason=reason)
        for contract, own in data.items():
            lines = credits.invoice_line_ids.filtered(
                lambda line, contract=contract: line.service_contract_id == contract
            )
            contract.sudo().cancellation_data = {**own, "credit_line_ids": lines.ids}
        self._update_states()
        self._update_visits(reason)
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
        changes = self.env["service.contract.change"].sudo()
        for contract in self.with_context(service_contract_change=CHANGING):
            data = contract.cancellation_data
            contract._drop_draft_credits(data["credit_line_ids"])
            changes.browse(data["change_ids"]).exists().unlink()
            changes.create(data["changes"])
            contract.write(
                {
                    "state": "active",
                    "date_end": data["date_end"],
                    "cancellation_date": False,
                    "cancellation_reason": False,
                    "cancellation_data": False,
                }
            )
        self._update_states()
        self._update_visits(None)
        self._log_life(dict.fromkeys(self, self.env._("Cancellation taken back.")))
        return True

    def _check_undoable(self):
        self.ensure_one()
        lines = self.env["account.move.line"].sudo()
        lines = lines.browse(self.cancellation_data["credit_line_ids"]).exists()
        posted = lines.move_id.filtered(lambda move: move.state == "posted")
        if posted:
            raise UserError(
                self.env._(
                    "The cancellation of contract %(contract)s cannot be taken back: "
                    "credit note %(credit)s is posted. Reset it to draft first.",
                    contract=self.display_name,
                    credit=", ".join(posted.mapped("display_name")),
                )
            )
        living = self.successor_ids.filtered(lambda contract: contract.state in LIVING)
        if living:
            raise UserError(
                self.env._(
                    "Contract %(contract)s was taken over by %(successor)s: cancel "
                    "that one first.",
                    contract=self.display_name,
                    successor=", ".join(living.mapped("display_name")),
                )
            )

    def _drop_draft_credits(self, line_ids):
        """Delete lines of credit notes that are no longer due, and what has none."""
        # Who may take back a cancellation need not be an accountant.
        lines = self.env["account.move.line"].sudo().browse(line_ids).exists()
        moves = lines.move_id
        lines.unlink()
        empty = moves.filtered(lambda move: not move.invoice_line_ids)
        empty.filtered("posted_before").button_cancel()
        empty.filtered(lambda move: not move.posted_before).unlink()

    # -- Price updates ------------------------------------------------------------

    def _step_price_update(self, done):
        """Plan the next price update after the one that counts from a day.

        :param done: first day of the update
        """
        for contract in self:
            planned = contract.next_price_update_date
            if planned and contract.price_update_months:
                contract.next_price_update_date = get_next_update(
                    contract.date_start, planned, contract.price_update_months, done
                )

    def _prepare_price_notes(self, bill):
        """Return what an invoice says about the price updates that begin in the days
        of its bill, in the payer's language."""
        self.ensure_one()
        first, last = bill.period[:2]
        changes = self.line_ids.change_ids.filtered(
            lambda change: (
                change.reason == "price_update" and first <= change.date <= last
            )
        )
        ends = {}
        for part in bill.lines:
            ends[part.key.id] = max(part.last, ends.get(part.key.id, part.last))
        told = {
            (change.price_update_id, change.date)
            for change in changes
            if change.price_update_id.is_announced
            and change.date <= ends.get(change.contract_line_id.id, change.date.min)
        }
        lang = self._get_payer(first).lang
        return [
            {"display_type": "line_note", "name": update._get_sentence(day, lang)}
            for update, day in sorted(told, key=lambda pair: pair[1])
        ]

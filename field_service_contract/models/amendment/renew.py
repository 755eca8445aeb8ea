"""Contracts that go on for another term, and who is reminded of it."""

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import format_date

from ...context import CHANGING
from ...engine import get_renewed_end
from ..contract.service_contract import DAY, RUNNING_STATES

RENEWAL_ACTIVITY = "field_service_contract.mail_activity_type_renewal"


class ServiceContract(models.Model):
    _inherit = "service.contract"

    renewal_activity_end = fields.Date(
        string="Last Renewal Activity For",
        copy=False,
        readonly=True,
        help="Contract end for which the responsible was reminded.",
        export_string_translation=False,
    )
    renewal_mail_end = fields.Date(
        string="Last Renewal Email For",
        copy=False,
        readonly=True,
        help="Contract end for which the customer was reminded.",
        export_string_translation=False,
    )

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
        # What was dated later into this term counts again.
        lines.filtered(lambda line: not line.date_end).sudo().change_ids.filtered(
            lambda change: (
                change.reason == "ended" and change.date > days[change.contract_line_id]
            )
        ).unlink()
        annuals = {line: line._get_renewed_annual(day) for line, day in days.items()}
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
        self._set_ends(ends, rental_until=False)
        # Lost already if the renewal comes after the end.
        lines._record_price("renewed", days, annuals, note=reason)
        # Terms write themselves: nobody changes them by hand.
        self.env["service.contract.term"].sudo().create(vals_list)
        self.filtered(lambda contract: contract.state == "closed")._set_state("active")
        self._update_states()
        self._update_visits(reason)
        self.activity_feedback([RENEWAL_ACTIVITY], feedback=self.env._("Renewed"))
        self._log_life(bodies)

    def _is_renewable(self):
        """Tell whether another term is to follow, by itself or by hand."""
        self.ensure_one()
        return bool(
            self.date_end and self.renewal != "none" and not self.cancellation_date
        )

    def _get_renewal_amounts(self):
        """Return what the contract costs a year at its end and when it is renewed."""
        self.ensure_one()
        first = self.date_end + DAY
        # Whoever is told of the end is told of the price.
        lines = self._get_lines_on(first).sudo()
        return (
            sum(line._get_renewed_annual(self.date_end) for line in lines),
            sum(line._get_renewed_annual(first) for line in lines),
        )

    def _get_renewal_price_text(self):
        """Return the price of the next term in words, nothing if it stays."""
        self.ensure_one()
        if not self._is_renewable():
            return ""
        before, after = self._get_renewal_amounts()
        if not self.currency_id.compare_amounts(before, after):
            return ""
        return self.env._(
            "From %(day)s, it costs %(after)s per year instead of %(before)s.",
            day=format_date(self.env, self.date_end + DAY),
            after=self.currency_id.format(after),
            before=self.currency_id.format(before),
        )

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
            problem = self.env._(
                "Contract %s was cancelled. Undo the cancellation before you renew it."
            )
        elif self.state not in (*RUNNING_STATES, "closed"):
            problem = self.env._(
                "Contract %s cannot be renewed: only active, suspended and closed "
                "contracts can."
            )
        elif not self.date_end:
            problem = self.env._("Contract %s has no end, so it cannot be renewed.")
        elif months < 1:
            problem = self.env._(
                "Contract %s has no duration. Enter for how many months to renew it."
            )
        elif any(row.extends and not row.date_end for row in self.suspension_ids):
            problem = self.env._(
                "Contract %s is suspended and its end moves until it is resumed. "
                "Resume it before you renew it."
            )
        if problem:
            raise UserError(problem % self.display_name)

    @api.model
    def _get_renewal_domain(self, today):
        """Return which contracts are to be renewed by themselves: their last day of
        notice has passed and nobody gave it."""
        return (
            Domain("renewal", "=", "automatic")
            & Domain("term_months", ">", 0)
            & Domain("state", "in", RUNNING_STATES)
            & Domain("cancellation_date", "=", False)
            & Domain("notice_date", "<", today)
        )

    @api.model
    def _cron_renew(self):
        """Renew what renews automatically, for as long as it was; all that is due is
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
            & Domain("state", "in", RUNNING_STATES)
            & Domain("cancellation_date", "=", False)
            & Domain("notice_date", ">=", today)
            & Domain("notice_date", "<=", until)
        )

    def _remind_responsible(self):
        """Leave the responsible of contracts an activity about their end."""
        due = self.filtered(lambda own: own.renewal_activity_end != own.date_end)
        due._read_prices_at_once()
        due._schedule_activities(
            RENEWAL_ACTIVITY,
            {own: (own._get_renewal_text(), own.notice_date) for own in due},
        )
        for end, contracts in due.grouped("date_end").items():
            contracts._as_own_code().renewal_activity_end = end

    def _remind_customer(self):
        """Write to customers about the end of their contracts."""
        due = self.filtered(
            lambda own: own.renewal_mail_end != own.date_end and own.partner_id.email
        )
        due._read_prices_at_once()
        template = self.env.ref("field_service_contract.mail_template_renewal")
        template.send_mail_batch(due.ids)
        for end, contracts in due.grouped("date_end").items():
            contracts._as_own_code().renewal_mail_end = end

    def _read_prices_at_once(self):
        """Read the price histories of contracts, at which each of them looks alone."""
        # As where they are looked at.
        self.line_ids.sudo().change_ids.fetch(["date", "amount", "reason"])

    def _get_renewal_text(self):
        """Return what becomes of the contract at its end, in the user's words."""
        self.ensure_one()
        texts = (self._describe_renewal(), self._get_renewal_price_text())
        return " ".join(filter(None, texts))

    def _describe_renewal(self):
        end = format_date(self.env, self.date_end)
        notice = format_date(self.env, self.notice_date)
        if self.renewal == "automatic":
            return self.env._(
                "Ends on %(end)s and renews automatically for %(months)s months, "
                "unless notice is given by %(notice)s.",
                end=end,
                months=self.term_months,
                notice=notice,
            )
        return self.env._(
            "Ends on %(end)s: renew it, or let it end. Notice by %(notice)s.",
            end=end,
            notice=notice,
        )

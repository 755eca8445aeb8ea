"""What contract lines cost from when on: their prices change, and they end, with a date
and a reason."""

from itertools import accumulate

from markupsafe import Markup

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from ...context import CHANGING
from ...engine import Step, to_decimal
from ..contract.service_contract import DAY, PRICE_GROUPS
from .service_contract_change import ENDING_REASONS


class ServiceContractLine(models.Model):
    _inherit = "service.contract.line"

    change_ids = fields.One2many(
        comodel_name="service.contract.change",
        inverse_name="contract_line_id",
        string="Price History",
        copy=False,
        groups=PRICE_GROUPS,
    )

    # -- History ------------------------------------------------------------------

    def _record_price(self, reason, days=None, annuals=None, **vals):
        """Add what the lines gain or lose from a day on to their price history.

        :param str reason: of `service.contract.change`
        :param dict days: {line: first effective day}; by default, and at the
            earliest, the first of the line
        :param dict annuals: {line: annual amount from then on}; by default the line's
            amount
        :param vals: more values of the changes
        """
        days, annuals = days or {}, annuals or {}
        vals_list = []
        for line in self.filtered(lambda line: not line.display_type):
            first = line.date_start or line.contract_id.date_start
            start = max(days.get(line, first), first)
            new = annuals.get(line, line.amount)
            gain = line.currency_id.round(new - line._get_annual(start))
            if gain:
                line._balance_end(start, gain)
                vals_list.append(
                    {
                        **vals,
                        "contract_line_id": line.id,
                        "date": start,
                        "reason": reason,
                        "amount": gain,
                    }
                )
        # The history writes itself: nobody types in it.
        return self.env["service.contract.change"].sudo().create(vals_list)

    def _record_signed_prices(self):
        """Begin the price histories of lines, with their ends as far as they have one
        of their own."""
        self._record_price("signed")
        ending = self.filtered("date_end")
        ending._record_price(
            "ended",
            {line: line.date_end + DAY for line in ending},
            dict.fromkeys(ending, 0),
        )

    def _balance_end(self, day, gain):
        """Let the end of a line that is known already lose as much more."""
        self.ensure_one()
        ends = self.sudo().change_ids.filtered(
            lambda change: change.date > day and change.reason in ENDING_REASONS
        )
        if ends:
            ends[0].amount -= gain

    def _get_annual(self, day):
        """Return what the line costs a year on a day."""
        self.ensure_one()
        changes = self.sudo().change_ids.filtered(lambda change: change.date <= day)
        return self.currency_id.round(sum(changes.mapped("amount")))

    def _get_annuals_today(self, begun=True):
        """Return {line: what it costs a year today}; before the start of the contract,
        on its first day.

        :param bool begun: whether a line that begins later costs nothing yet, else
            what it costs on its first day
        """
        today, annuals = fields.Date.context_today(self), {}
        for contract, lines in self.grouped("contract_id").items():
            if contract.state == "draft" or not contract.term_ids:
                offered, _day = contract._get_offered_lines()
                if not begun:
                    ended = lines.filtered(
                        lambda line: line.date_end and line.date_end < today
                    )
                    offered |= lines - ended
                annuals.update(
                    {line: line.amount if line in offered else 0 for line in lines}
                )
                continue
            for line in lines:
                day = max(today, contract.date_start)
                if not begun and line.date_start:
                    day = max(day, line.date_start)
                annuals[line] = line._get_annual(day)
        return annuals

    def _get_renewed_annual(self, first):
        """Return what the line costs a year when the contract is renewed: what was in
        force, or a price that was dated into the new term before.

        :param first: first day of the new term
        """
        self.ensure_one()
        lost = self.sudo().change_ids.filtered(
            lambda change: change.date == first and change.reason == "ended"
        )
        return self.currency_id.round(
            self._get_annual(first) - sum(lost.mapped("amount"))
        )

    def _balance_later(self, ends):
        """Let prices that were dated into a term that never began cost nothing.

        :param dict ends: {line: last covered day}
        """
        vals_list = []
        for line in self:
            later = line.sudo().change_ids.filtered(
                lambda change, last=ends[line] + DAY: change.date > last
            )
            for day, changes in later.grouped("date").items():
                if gain := line.currency_id.round(sum(changes.mapped("amount"))):
                    vals_list.append(
                        {
                            "contract_line_id": line.id,
                            "date": day,
                            "reason": "ended",
                            "amount": -gain,
                        }
                    )
        # The history writes itself: nobody types in it.
        self.env["service.contract.change"].sudo().create(vals_list)

    def _get_steps(self, agreed=False):
        """Return the price history as annual amounts by first effective day.

        :param agreed: whether the last price goes on after the end of the line
        """
        self.ensure_one()
        changes = self.change_ids.sorted(lambda change: (change.date, change.id))
        while agreed and changes and changes[-1].reason in ENDING_REASONS:
            changes = changes[:-1]
        totals = accumulate(to_decimal(change.amount) for change in changes)
        return [
            Step(change.date, total)
            for change, total in zip(changes, totals, strict=True)
        ]

    # -- Changes ------------------------------------------------------------------

    def _change_prices(self, figures, day, note, reason="manual"):
        """Change the figures of lines of running contracts from a day on, each its own.

        :param dict figures: {line: new figures}
        :param day: first effective day; days that are invoiced keep their price
        :param str note: why, in words
        :return: the changes of annual amount
        """
        self.contract_id._check_running()
        days = self._get_effective_days(dict.fromkeys(self, day))
        self._check_price_days(days)
        before = {line: line.amount for line in self}
        changing = self.with_context(service_contract_change=CHANGING)
        # Lines that get the same figures are written at once.
        for group in changing.grouped(
            lambda line: tuple(sorted(figures[line].items()))
        ).values():
            group.write(figures[group[0]])
        self.contract_id._log_life(
            {
                contract: contract._with_reason(
                    lines._get_price_text(before, days), note
                )
                for contract, lines in self.grouped("contract_id").items()
            }
        )
        return self._record_price(reason, days, note=note)

    def _get_price_text(self, before, days):
        """Return in words what lines cost from when on.

        :param dict before: {line: annual amount until now}
        :param dict days: {line: first effective day}
        """
        return Markup("<br/>").join(
            self.env._(
                "%(line)s: %(before)s → %(after)s from %(day)s.",
                line=line._get_label(),
                before=line.currency_id.format(before[line]),
                after=line.currency_id.format(line.amount),
                day=format_date(self.env, days[line]),
            )
            for line in self
        )

    def _check_price_days(self, days):
        """Refuse changes that could have no effect, or that lie before others.

        :param dict days: {line: first effective day}
        """
        problems = [
            problem for line in self if (problem := line._get_price_problem(days[line]))
        ]
        if problems:
            raise UserError("\n".join(problems))

    def _get_price_problem(self, day):
        """Return why the price of one line cannot change on a day, in words."""
        self.ensure_one()
        later = self.sudo().change_ids.filtered(
            lambda change: change.date > day and change.reason not in ENDING_REASONS
        )
        ends = [self.date_end]
        if not self.contract_id._is_renewable():
            ends.append(self.contract_id.date_end)
        end = min(filter(None, ends), default=False)
        if end and end < day:
            return self.env._(
                "%(line)s: the change would take effect on %(day)s, but the last "
                "covered day is %(end)s and the contract is not renewed.",
                line=self.display_name,
                day=format_date(self.env, day),
                end=format_date(self.env, end),
            )
        if later:
            return self.env._(
                "%(line)s: its price already changes on %(later)s. Choose that date "
                "or a later one, or undo that change first.",
                line=self.display_name,
                later=format_date(self.env, max(later.mapped("date"))),
            )
        return None

    # -- Ends ---------------------------------------------------------------------

    def _end(self, last_day, reason="line_removed", note=None):
        """End lines of running contracts.

        :param last_day: last covered day; the day before the first of a line if it
            was never covered
        """
        lines = self.filtered(lambda line: not line.display_type)
        ends = {}
        for line in lines:
            first = line.date_start or line.contract_id.date_start
            ends[line] = max(last_day, first - DAY)
        changing = lines.with_context(service_contract_change=CHANGING)
        for end, group in changing.grouped(lambda line: ends[line]).items():
            group.date_end = end
        # What was to change later does so no more.
        lines.sudo().change_ids.filtered(
            lambda change: change.date > ends[change.contract_line_id]
        ).unlink()
        days = {line: end + DAY for line, end in ends.items()}
        lines._record_price(reason, days, dict.fromkeys(lines, 0), note=note)

    def _end_with_credit(self, last_day, reason):
        """End lines of running contracts and give back what was billed for later days.

        :param last_day: last covered day
        :return: the credit notes, as drafts
        """
        contracts = self.contract_id
        contracts._check_running()
        for line in self:
            if line.date_end and line.date_end <= last_day:
                raise UserError(
                    self.env._(
                        "%(line)s already ends on %(end)s.",
                        line=line.display_name,
                        end=format_date(self.env, line.date_end),
                    )
                )
        self._end(last_day, note=reason)
        credits = contracts._credit_uncovered(reason=reason)
        contracts._update_visits(reason)
        contracts._log_life(
            {
                contract: contract._with_reason(
                    self.env._(
                        "Ended on %(day)s: %(lines)s.",
                        day=format_date(self.env, last_day),
                        lines=", ".join(line._get_label() for line in lines),
                    ),
                    reason,
                )
                for contract, lines in self.grouped("contract_id").items()
            }
        )
        return credits

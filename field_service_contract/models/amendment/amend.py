"""What all changes of running contracts share; lines that are added, price updates."""

from collections import defaultdict
from typing import NamedTuple

from markupsafe import Markup

from odoo import models
from odoo.exceptions import UserError
from odoo.tools import format_date

from ...context import CHANGING
from ...engine import (
    PricedLine,
    Step,
    to_decimal,
)
from ..contract.service_contract import DAY, RUNNING_STATES


class CreditPreview(NamedTuple):
    """What a contract gives back, in its currency and in the mode of its taxes."""

    deferred: float = 0
    revenue: float = 0
    drafts: float = 0
    # What was given back before of the invoice lines that are about these days.
    before: float = 0

    @property
    def amount(self):
        """Return what credit notes give back; drafts are made smaller instead."""
        return self.deferred + self.revenue


class ServiceContract(models.Model):
    _inherit = "service.contract"

    # -- Checks -------------------------------------------------------------------

    def _check_running(self):
        """Refuse what can only be done to contracts that live."""
        for contract in self:
            if contract.state not in RUNNING_STATES:
                states = dict(self._fields["state"]._description_selection(self.env))
                raise UserError(
                    self.env._(
                        "Contract %(contract)s cannot be changed like this: its status "
                        "is “%(state)s”. Only active and suspended contracts can.",
                        contract=contract.display_name,
                        state=states[contract.state],
                    )
                )

    def _check_not_cancelled(self):
        for contract in self:
            if contract.cancellation_date:
                raise UserError(
                    self.env._(
                        "Contract %(contract)s is cancelled from %(day)s. Undo the "
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
        by_contract = defaultdict(lambda: [0, 0, 0, 0])
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
        """Return {contract line: [not earned yet, from revenue, off drafts, before]} of
        what is given back if days were no longer covered, and of what was before.

        :param dict removed: {contract line id: spans}
        """
        amounts = defaultdict(lambda: [0, 0, 0, 0])
        credits = self._plan_credits(removed)
        for line, group in self._group_by_line(credits).items():
            own = amounts[line.service_contract_line_id]
            sign = line._get_service_sign()
            own[3] += line._get_service_given_before()
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
        """Add lines to one running contract.

        :param vals_list: values of the lines
        :param day: first covered day
        :param str reason: kept with the gain
        :return: the lines
        """
        self.ensure_one()
        self._check_running()
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
        lines._reserve_rentals()
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
                        "%(day)s is outside contract %(contract)s, which runs from "
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
        line = self.env["service.contract.line"].new(
            {"contract_id": self.id, "date_start": first}
        )
        priced = PricedLine(
            line._get_covered_spans(),
            [Step(first, to_decimal(amount))],
            self._get_months(),
            (),
            self.currency_id._get_service_rounding(),
        )
        return float(priced.get_amount(first, upto))

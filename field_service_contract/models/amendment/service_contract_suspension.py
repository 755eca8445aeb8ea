"""Days on which a contract covers nothing: suspended and resumed."""

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from ...context import CHANGING
from ...engine import Span, intersect
from ...engine.coverage import FOREVER
from ..contract.service_contract import DAY


class ServiceContractSuspension(models.Model):
    """Days of a contract that are not covered, both ends included."""

    _name = "service.contract.suspension"
    _inherit = ["installed.base.record.mixin"]
    _description = "Suspension of a Service Contract"
    _order = "date_start desc, id desc"
    _rec_name = "reason"

    contract_id = fields.Many2one(
        comodel_name="service.contract", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        related="contract_id.company_id", store=True, precompute=True, index=True
    )
    date_start = fields.Date(
        string="From",
        required=True,
        index=True,
        default=lambda self: fields.Date.context_today(self),
    )
    date_end = fields.Date(string="To", help="Last suspended day; empty until resumed.")
    reason = fields.Char(required=True)
    extends = fields.Boolean(
        string="Extend Contract", help="The contract is extended by the suspended days."
    )
    extension_days = fields.Integer(
        aggregator=None,
        readonly=True,
        help="Number of days by which the end was postponed.",
    )

    _dates_ordered = models.Constraint(
        "CHECK (date_end IS NULL OR date_end >= date_start)",
        "A suspension cannot end before it starts.",
    )

    def _get_span(self):
        """Return the suspended days."""
        self.ensure_one()
        return Span(self.date_start, self.date_end or FOREVER)

    def _extend(self):
        """Move the ends of contracts by the suspended days, as far as they are known
        and were not counted before."""
        for row in self.filtered("extends"):
            days = row._count_days(row.date_end) if row.date_end else 0
            row.contract_id._move_end(days - row.extension_days)
            # Suspensions write themselves, here and below.
            row.sudo().extension_days = days

    def _count_days(self, last):
        """Return how many days are suspended if it ends on a day."""
        self.ensure_one()
        return max(0, (last - self.date_start).days + 1)

    def _get_days_moved_by_end(self, day):
        """Return by how many days the contract's end moves, backwards if negative, if
        it is covered again from a day on."""
        self.ensure_one()
        last = fields.Date.subtract(day, days=1)
        return self._count_days(last) - self.extension_days if self.extends else 0

    def _end_before(self, day):
        """Let suspensions end the day before; forget those that have not begun."""
        begun = self.filtered(lambda row: row.date_start < day)
        begun.sudo().date_end = fields.Date.subtract(day, days=1)
        begun._extend()
        for row in self - begun:
            row.contract_id._move_end(-row.extension_days)
        (self - begun).sudo().unlink()


class ServiceContract(models.Model):
    _inherit = "service.contract"

    def _suspend(self, first, last, reason, extends=False, keeps_planned=False):
        """Cover nothing for some days; what was invoiced for them is credited.

        :param first: first suspended day
        :param last: last suspended day; empty until resumed
        :param bool extends: the end moves by as many days
        :param bool keeps_planned: planned visits on these days stay
        :return: the credit notes, as drafts
        """
        self._check_suspendable(first, last, extends)
        # Suspensions write themselves: nobody changes them by hand.
        rows = self.env["service.contract.suspension"].sudo()
        rows = rows.create(
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
            keeps_planned,
        )

    def _check_suspendable(self, first, last, extends):
        """Refuse to suspend what does not run then, or is suspended already."""
        self._check_running()
        self._check_inside(first)
        if extends:
            self._check_not_cancelled()
        span = Span(first, last or FOREVER)
        for contract in self:
            for row in contract.suspension_ids:
                if intersect([row._get_span()], span):
                    raise UserError(
                        self.env._(
                            "Contract %(contract)s is already suspended from "
                            "%(start)s to %(end)s. Resume it first, or choose other "
                            "dates.",
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
        self._check_running()
        for contract in self:
            if not contract._get_suspensions_to_end(day):
                raise UserError(
                    self.env._(
                        "Contract %(contract)s is not suspended on or after %(day)s.",
                        contract=contract.display_name,
                        day=format_date(self.env, day),
                    )
                )
        return self._get_suspensions_to_end(day)

    def _get_suspensions_to_end(self, day):
        """Return the suspensions that last until a day or begin after it."""
        return self.suspension_ids.filtered(lambda row: row._get_span().last >= day)

    def _after_suspension(self, reason, bodies, keeps_planned=False):
        credits = self._credit_uncovered(reason=reason)
        self._update_states()
        self._update_visits(reason, keeps_planned)
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
            # The agreed end moves along; nobody changes terms by hand.
            term.sudo().date_end = fields.Date.add(term.date_end, days=days)
        if self.cancellation_date:
            # It ends when it was cancelled; what moves is the end before that.
            undo = self._get_cancellation_undo()
            if undo.date_end:
                undo.date_end = fields.Date.add(undo.date_end, days=days)
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

"""What of a contract is invoiced, and what is due when: planned by the engine."""

from collections import defaultdict
from datetime import date, timedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ...engine import (
    AnniversaryMonths,
    CalendarMonths,
    LineToBill,
    Periods,
    PricedLine,
    Span,
    intersect,
    merge,
    plan_bills,
    subtract,
)
from ...engine.coverage import FOREVER

# As a constraint says; more would lead out of the calendar.
MOST_DAYS_AHEAD = 366
BEGINNING = date.min
# What decides about the days that are billed, when, and at which price.
BILLING_TERMS = (
    "date_start",
    "date_end",
    "billing_months",
    "billing_timing",
    "billing_anchor",
    "billing_first_part",
    "currency_id",
    "invoiced_before",
    "term_ids.date_start",
    "term_ids.date_end",
    "suspension_ids.date_start",
    "suspension_ids.date_end",
    "line_ids.date_start",
    "line_ids.date_end",
    "line_ids.change_ids.date",
    "line_ids.change_ids.amount",
    "line_ids.move_line_ids.service_is_live",
    "line_ids.move_line_ids.service_live_start",
    "line_ids.move_line_ids.service_period_start",
    "line_ids.move_line_ids.service_period_end",
    "line_ids.move_line_ids.service_credited_days",
)


class ServiceContract(models.Model):
    _inherit = "service.contract"

    invoiced_before = fields.Date(
        string="Invoiced Elsewhere Until",
        copy=False,
        tracking=True,
        help="Last day invoiced elsewhere, before the contract was created here.",
    )
    next_invoice_date = fields.Date(
        string="Next Invoice",
        compute="_compute_next_invoice_date",
        store=True,
        index="btree_not_null",
        help="Due date of the earliest covered day that is not invoiced.",
    )
    next_run_date = fields.Date(
        compute="_compute_next_run_date",
        store=True,
        index="btree_not_null",
        help="Day from which the next invoice can be created.",
    )
    invoiced_until = fields.Date(
        compute="_compute_next_invoice_date",
        store=True,
        index="btree_not_null",
        help="Day before the earliest covered day that is not invoiced.",
    )

    # -- Computes -----------------------------------------------------------------

    @api.depends(*BILLING_TERMS)
    def _compute_next_invoice_date(self):
        invoiced = self._get_invoiced_spans()
        for contract in self:
            bill = next(contract._plan_bills(invoiced), None)
            contract.next_invoice_date = bill and bill.due
            if bill:
                first = min(line.first for line in bill.lines if line.amount)
                contract.invoiced_until = first - timedelta(days=1)
            else:
                lasts = [
                    spans[-1].last
                    for line in contract.line_ids
                    if (spans := invoiced.get(line.id))
                    and (spans := contract._cut_to_end(spans))
                ]
                contract.invoiced_until = max(lasts, default=False)

    @api.depends("next_invoice_date", "invoice_ahead_days")
    def _compute_next_run_date(self):
        for contract in self:
            day = contract.next_invoice_date
            contract.next_run_date = day and day - timedelta(
                days=min(contract.invoice_ahead_days, MOST_DAYS_AHEAD)
            )

    def _check_invoiced_before(self, vals):
        """Refuse another last day invoiced elsewhere once something was invoiced here:
        days would be billed twice, or never."""
        if "invoiced_before" not in vals:
            return
        day = fields.Date.to_date(vals["invoiced_before"]) or False
        changed = self.filtered(lambda contract: contract.invoiced_before != day)
        billed = (
            self.env["account.move.line"]
            .sudo()
            .search([("service_contract_id", "in", changed.ids)], limit=1)
        )
        if billed:
            raise ValidationError(
                self.env._(
                    "Contract %(contract)s was already invoiced here (%(invoice)s), "
                    "so its last day invoiced elsewhere cannot be changed.",
                    contract=billed.service_contract_id.display_name,
                    invoice=billed.move_id._get_service_label(),
                )
            )

    # -- Terms --------------------------------------------------------------------

    def _cut_to_end(self, spans, expected=()):
        last = self._get_last_day(expected) or FOREVER
        return intersect(spans, Span(BEGINNING, last))

    def _get_last_day(self, expected=()):
        """Return the last day that is billed, None without end."""
        self.ensure_one()
        return expected[-1].last if expected else self.date_end or None

    def _get_term_spans(self, expected=()):
        """Return the days of the terms as agreed."""
        self.ensure_one()
        return [*(term._get_span() for term in self.term_ids), *expected]

    def _get_months(self):
        """Return how months are counted for this contract."""
        self.ensure_one()
        if self.billing_anchor == "anniversary":
            return AnniversaryMonths(self.date_start)
        return CalendarMonths()

    def _get_terms(self, expected=()):
        """Return the days of the terms, cut at the contract's end."""
        self.ensure_one()
        return self._cut_to_end(self._get_term_spans(expected), expected)

    # -- What is covered, invoiced and due ----------------------------------------

    def _get_priced_lines(self, agreed=False, expected=()):
        """Return {contract line: its covered days with their prices}.

        :param agreed: whether prices go on after the ends of lines
        """
        self.ensure_one()
        terms = self._get_term_spans(expected)
        months = self._get_months()
        rounding = self.currency_id._get_service_rounding()
        return {
            line: PricedLine(covered, line._get_steps(agreed), months, terms, rounding)
            for line, covered in self._get_covered_spans(expected).items()
        }

    def _get_covered_spans(self, expected=()):
        """Return {contract line: its covered days, as spans in order}."""
        self.ensure_one()
        terms = self._get_terms(expected)
        return {
            line: line._get_covered_spans(terms)
            for line in self.line_ids
            if not line.display_type
        }

    def _get_invoiced_spans(self):
        """Return {contract line id: its invoiced days, as spans in order}.

        Days of live invoice lines without the credited ones, and everything up to
        the last day invoiced elsewhere.
        """
        invoiced = defaultdict(list)
        moves = self.env["account.move.line"].sudo()
        query = moves._search(
            [
                ("service_contract_line_id", "in", self.line_ids._origin.ids),
                ("service_is_live", "=", True),
                ("service_credited_line_id", "=", False),
            ],
            order="id",
        )
        names = (
            "service_contract_line_id",
            "service_period_start",
            "service_period_end",
            "service_credited_days",
        )
        moves.flush_model(names)
        columns = (moves._field_to_sql(moves._table, name, query) for name in names)
        rows = self.env.execute_query(query.select(*columns))
        for line_id, first, last, credited in rows:
            holes = [Span(*map(date.fromisoformat, days)) for days in credited or ()]
            invoiced[line_id] += subtract([Span(first, last)], holes)
        for contract in self.filtered("invoiced_before"):
            for line in contract.line_ids:
                invoiced[line.id].append(Span(BEGINNING, contract.invoiced_before))
        return defaultdict(
            list, {line_id: merge(spans) for line_id, spans in invoiced.items()}
        )

    def _plan_bills(self, invoiced, until=None, cuts=(), expected=()):
        """Yield the bills of a contract that are not made yet, see the engine.

        :param invoiced: of `_get_invoiced_spans`
        :param until: last due date; None: all
        :param cuts: days on which another bill begins; they change nothing else
        """
        self.ensure_one()
        terms = self._get_terms(expected)
        if not terms or not self.billing_months:
            return iter(())
        return plan_bills(
            [
                LineToBill(
                    line,
                    priced,
                    open_days := subtract(priced.covered, invoiced[line.id]),
                    line._get_rests(open_days, invoiced[line.id]),
                )
                for line, priced in self._get_priced_lines(expected=expected).items()
            ],
            Periods(
                terms,
                self.billing_months,
                self.billing_anchor,
                self.billing_first_part == "together",
            ),
            self.billing_timing,
            until,
            cuts,
        )

    def _get_due_bills(self, until):
        """Return {contract: its bills that are due up to a day and wait for nothing}.

        Contracts without any are left out. Each contract also bills what is due
        within the days that its invoices are made ahead.
        """
        return {
            contract: released
            for contract, (released, _waiting, _visits) in self._split_by_service(
                self._plan_due_bills(until)
            ).items()
            if released
        }

    def _plan_due_bills(self, until, expects_renewals=False):
        """Return {contract: its bills that are due up to a day}, whatever they wait
        for; contracts without any are left out.

        :param bool expects_renewals: whether to bill terms that are only expected, too
        """
        # What is billed does not depend on what its user may see of it.
        contracts = self.sudo()
        invoiced = contracts._get_invoiced_spans()
        bills = {
            contract.with_env(self.env): list(
                contract._plan_bills(
                    invoiced,
                    until + timedelta(days=contract.invoice_ahead_days),
                    contract.payer_ids.mapped("date_start"),
                    contract._get_expected_terms(until) if expects_renewals else (),
                )
            )
            for contract in contracts
        }
        return {contract: found for contract, found in bills.items() if found}

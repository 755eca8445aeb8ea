"""Contracts of OCA's addon `contract` as service contracts: the mapping."""

from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from markupsafe import Markup

from odoo import models
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tools import format_date

from ...engine import (
    BILLED_MONTHS,
    Periods,
    Span,
    continues,
    fit_start,
    make_rows,
    to_decimal,
    walk_back,
)
from ...engine.coverage import FOREVER
from ..contract.service_contract import DAY

OCA_MODEL = "contract.contract"
# Months of OCA's units; days and weeks have none.
MONTHS = {
    "monthly": 1,
    "monthlylastday": 1,
    "quarterly": 3,
    "semesterly": 6,
    "yearly": 12,
}
TIMINGS = {"pre-paid": "prepaid", "post-paid": "arrears"}


class Renewal(NamedTuple):
    """How lines are renewed at their common end."""

    kind: str = "none"
    months: int = 0
    notice: int = 0
    end: date | None = None


@dataclass
class Group:
    """Lines of one OCA contract that are billed together: one contract here."""

    months: int
    timing: str
    anchor: str
    renewal: Renewal
    last: date | None
    following: date
    lines: list = field(default_factory=list)

    def takes(self, other: "Group") -> bool:
        """Tell whether the lines of another group can be billed with these."""
        if (self.months, self.timing, self.anchor, self.renewal) != (
            other.months,
            other.timing,
            other.anchor,
            other.renewal,
        ):
            return False
        if other.last:
            return self.last == other.last
        return continues(self.following, other.following, self.months, self.anchor)


class Opening(NamedTuple):
    """A month that was invoiced before and is still deferred."""

    line: models.BaseModel
    move_line: models.BaseModel
    date: date
    amount: float


@dataclass
class Plan:
    """A contract to be made of lines of one OCA contract."""

    source: models.BaseModel
    lines: models.BaseModel
    vals: dict
    group_name: str | None
    analytic_account_id: int | None
    openings: list
    next_date: date | bool
    annual: float
    notes: list
    # What must be mended before it can move in, in words.
    errors: list


class LeftOut(NamedTuple):
    """What stays where it is, and why."""

    source: models.BaseModel
    line: models.BaseModel | None
    reason: str


class ServiceContractOca(models.AbstractModel):
    """Reads the contracts of OCA's addon, on which this one does not depend.

    To be extended where other addons of OCA put more on these contracts.
    """

    _name = "service.contract.oca"
    _description = "OCA Contracts to Migrate"

    def _get_model(self):
        """Return the model of OCA's contracts.

        :raise UserError: if OCA's addon is not installed in this database
        """
        if OCA_MODEL not in self.env:
            raise UserError(
                self.env._(
                    "The OCA addon “contract” is not installed in this database, so "
                    "there is nothing to migrate. Import a spreadsheet instead."
                )
            )
        # Administrators of contracts need not have the rights of OCA's addon; of it
        # they see what the preview shows.
        return self.env[OCA_MODEL].sudo()

    def _get_sources(self, move_in):
        """Return the OCA contracts that an assistant is about, archived ones too."""
        domain = [("company_id", "=", move_in.company_id.id)]
        if move_in.name_filter:
            name = move_in.name_filter
            domain += ["|", ("name", "ilike", name), ("code", "ilike", name)]
        return self._get_model().with_context(active_test=False).search(domain)

    # -- Plan ---------------------------------------------------------------------

    def _plan(self, sources, move_in):
        """Say what becomes of OCA contracts.

        :param sources: OCA contracts, of one company
        :param move_in: `service.contract.move.in`
        :return: plans, and what is left out
        :rtype: tuple[list[Plan], list[LeftOut]]
        """
        lines = sources.contract_line_ids
        moved = (
            self.env["service.contract.line"]
            .sudo()
            .with_context(active_test=False)
            .search_fetch([("moved_in_line_id", "in", lines.ids)], ["moved_in_line_id"])
        )
        done = set(moved.mapped("moved_in_line_id"))
        billed = self._get_billed(lines)
        plans, left_out = [], []
        for source in sources:
            if not source.active and done.intersection(source.contract_line_ids.ids):
                # It was archived because nothing of it went on.
                continue
            if reason := self._get_source_obstacle(source):
                left_out.append(LeftOut(source, None, reason))
                continue
            groups = self._group_lines(source, done, move_in.today, left_out)
            plans += [
                self._plan_group(source, group, billed, move_in) for group in groups
            ]
        return plans, left_out

    def _get_billed(self, lines):
        """Return {OCA line: what it was invoiced by, the latest first}."""
        moves = self.env["account.move.line"].sudo()
        found = moves.search(
            [
                ("contract_line_id", "in", lines.ids),
                ("parent_state", "!=", "cancel"),
                ("move_id.move_type", "=", "out_invoice"),
            ],
            order="date desc, id desc",
        )
        return found.grouped("contract_line_id")

    def _get_source_obstacle(self, source):
        """Return why an OCA contract cannot move in, in words."""
        if not source.active:
            return self.env._("It is archived.")
        if source.contract_type != "sale":
            return self.env._("It is a supplier contract.")
        if source.generation_type != "invoice":
            return self.env._("It creates documents other than invoices.")
        return None

    def _get_line_obstacle(self, line, today):
        """Return why an OCA line cannot move in, in words."""
        if line.is_canceled:
            return self.env._("It is cancelled.")
        if not line.date_start:
            return self.env._("It has no start date.")
        end, last = self._get_end(line), line.last_date_invoiced
        if end and end < line.date_start:
            return self.env._(
                "It starts after the end of the contract on %s.",
                format_date(self.env, end),
            )
        if end and end < today and (self._is_cut(line) or (last and last >= end)):
            return self.env._("It ended on %s.", format_date(self.env, end))
        if "qty_type" in line._fields and line.qty_type == "variable":
            return self.env._(
                "Its quantity is a formula, but contracts here have an annual amount."
            )
        if line.recurring_rule_type not in MONTHS:
            return self.env._("It is invoiced by days or weeks.")
        if self._get_months(line) not in BILLED_MONTHS:
            return self.env._(
                "It is invoiced every %s months; only 1, 2, 3, 6 or 12 are possible "
                "here.",
                self._get_months(line),
            )
        return None

    def _get_end(self, line):
        """Return the last covered day of an OCA line: its own, or that of the contract,
        after which OCA's job invoices nothing, if that comes first."""
        ends = [day for day in (line.date_end, line.contract_id.date_end) if day]
        if not ends:
            return False
        # What is invoiced beyond the end of the contract is covered all the same.
        return max(min(ends), line.last_date_invoiced or min(ends))

    def _is_cut(self, line):
        """Tell whether OCA's job invoices the line no more, as its contract ends."""
        source = line.contract_id
        return bool(
            source.date_end
            and line.recurring_next_date
            and source.date_end < line.recurring_next_date
        )

    def _get_months(self, line):
        return MONTHS[line.recurring_rule_type] * line.recurring_interval

    def _group_lines(self, source, done, today, left_out):
        """Return the lines of an OCA contract in groups that are billed together.

        :param done: ids of lines that have moved in already
        :param left_out: to which lines that cannot move in are added
        """
        own = []
        for line in source.contract_line_ids:
            if line.display_type or line.id in done:
                continue
            if reason := self._get_line_obstacle(line, today):
                left_out.append(LeftOut(source, line, reason))
                continue
            own.append(self._prepare_group(line))
        # What was invoiced comes first: what is new begins with one of its periods.
        own.sort(key=lambda group: (group.last is None, group.following))
        groups = []
        for group in own:
            home = next((known for known in groups if known.takes(group)), None)
            if home:
                home.lines += group.lines
            else:
                groups.append(group)
        return groups

    def _prepare_group(self, line):
        last = line.last_date_invoiced or None
        following = last + DAY if last else line.date_start
        is_calendar = following.day == 1 or line.recurring_rule_type == "monthlylastday"
        return Group(
            self._get_months(line),
            TIMINGS[line.recurring_invoicing_type],
            "calendar" if is_calendar else "anniversary",
            self._get_renewal(line),
            last,
            following,
            [line],
        )

    def _get_renewal(self, line):
        """Return how a line is renewed, of OCA's addon `contract_line_successor`."""
        if "is_auto_renew" not in line._fields or not line.is_auto_renew:
            return Renewal()
        if not line.date_end or self._get_end(line) != line.date_end:
            return Renewal()
        months = {"monthly": 1, "yearly": 12}.get(line.auto_renew_rule_type, 0)
        notice = line.termination_notice_interval
        if line.termination_notice_rule_type != "monthly":
            # Whole months are what there is: rather too early than too late.
            days = {"daily": 1, "weekly": 7}[line.termination_notice_rule_type]
            notice = -(-notice * days // 30)
        return Renewal(
            "automatic" if months else "manual",
            months * line.auto_renew_interval,
            notice,
            line.date_end,
        )

    def _plan_group(self, source, group, billed, move_in):
        """Return the contract that a group of lines becomes."""
        by_id = {line.id for line in group.lines}
        lines = source.contract_line_ids.filtered(lambda line: line.id in by_id)
        first = min(lines.mapped("date_start"))
        ends = [self._get_end(line) for line in lines]
        end = max(ends) if all(ends) else False
        start = first
        if not end or group.following <= end:
            following = max(group.following, first)
            start = fit_start(first, following, group.months, group.anchor)
        notes = self._get_notes(source, group, lines, first, start)
        notes += self._get_part_notes(group, lines, start)
        errors = self._get_errors(source)
        next_date = self._get_next_date(group, start, end)
        planned = min(filter(None, lines.mapped("recurring_next_date")), default=None)
        if planned and next_date and not next_date <= planned <= next_date + DAY:
            notes.append(
                self.env._(
                    "The next invoice was planned for %(planned)s; here it is due on "
                    "%(next)s.",
                    planned=format_date(self.env, planned),
                    next=format_date(self.env, next_date),
                )
            )
        openings = []
        if group.timing == "prepaid" and move_in.deferred_account_id:
            for line in lines:
                openings += self._get_openings(
                    line, group, billed.get(line, ()), move_in, notes, errors
                )
        vals = self._prepare_contract_vals(source, group, start, end, move_in)
        taxes = {
            line: self._get_other_taxes(line, billed.get(line, ()), notes)
            for line in lines
        }
        commands = self._prepare_lines(source, lines, group, start, end, taxes)
        tags = source.tag_ids.sorted("name").mapped("name")
        if tags[1:]:
            notes.append(self.env._("Only its first tag is kept: %s.", ", ".join(tags)))
        account, is_kept = self._get_analytic_account(lines)
        if not is_kept:
            notes.append(self.env._("Its analytic distribution is lost."))
        return Plan(
            source,
            lines,
            {**vals, "line_ids": commands},
            tags[0] if tags else None,
            account,
            openings,
            next_date,
            sum(
                self._get_figures(line, group.months)[2]
                for line in self._get_lines_in_force(lines, move_in.today)
            ),
            notes,
            errors,
        )

    def _get_lines_in_force(self, lines, today):
        """Return the lines whose prices count on a day, or on the first one on which
        there is any: a line and its successor are not counted both."""
        day = max(today, min(lines.mapped("date_start")))
        return lines.filtered(
            lambda line: (
                line.date_start <= day
                and (not self._get_end(line) or self._get_end(line) >= day)
            )
        )

    def _get_errors(self, source):
        """Return what must be mended in Odoo before a contract can move in, in words.

        OCA's addon invoices archived contacts, and here nobody would.
        """
        return [
            self.env._(
                "%s is archived. Unarchive it, or archive this contract.",
                record.display_name,
            )
            for record in (
                source.partner_id,
                source.invoice_partner_id,
                source.journal_id,
                source.currency_id,
                source.payment_term_id,
                source.fiscal_position_id,
            )
            if record and not record.active
        ]

    def _get_part_notes(self, group, lines, start):
        """Return which parts of a period are billed by their days from now on, in
        words: OCA's addon bills them like whole ones."""
        notes = []
        periods = Periods([Span(start, FOREVER)], group.months, group.anchor)
        for line in lines:
            begin, end = max(group.following, line.date_start), self._get_end(line)
            if end and begin > end:
                continue
            for day in sorted({begin, end or begin}):
                period = periods.at(day)
                first = max(period.first, line.date_start)
                last = min(period.last, end or FOREVER)
                if (first, last) == period[:2] and not period.is_starting:
                    continue
                notes.append(
                    self.env._(
                        "“%(line)s”: %(first)s to %(last)s is not a full period. "
                        "Only its days are billed here; OCA contracts bill the price "
                        "of a full period.",
                        line=self._get_title(line),
                        first=format_date(self.env, first),
                        last=format_date(self.env, last),
                    )
                )
        return notes

    def _get_title(self, line):
        return (line.name or "").split("\n")[0]

    def _get_other_taxes(self, line, moves, notes):
        """Return the taxes that an OCA line was invoiced with, where they are not those
        that it would get here.

        Odoo takes the product's, else those of the income account, and none of a
        company's defaults.

        :param moves: what invoiced the line, the latest first
        :param list notes: to which a line that was invoiced without taxes is added
        """
        company = line.contract_id.company_id
        product = line.product_id.with_company(company)
        own = product.taxes_id._filter_taxes_by_company(company)
        account = (
            (moves and moves[0].account_id)
            or (product and product.product_tmpl_id.get_product_accounts()["income"])
            or line.contract_id.journal_id.default_account_id
        )
        before = own or account.tax_ids.filtered(
            lambda tax: tax.type_tax_use == "sale"
        )._filter_taxes_by_company(company)
        here = own if product else company.account_sale_tax_id
        if before == here:
            return self.env["account.tax"]
        if not before:
            notes.append(
                self.env._(
                    "“%(line)s” was invoiced without tax and gets %(taxes)s here. "
                    "Set another tax on the contract if this is wrong.",
                    line=self._get_title(line),
                    taxes=", ".join(here.mapped("name")),
                )
            )
        return before

    def _get_notes(self, source, group, lines, first, start):
        """Return what to know about a contract before it moves in, in words."""
        notes = []
        if start != first:
            notes.append(
                self.env._(
                    "It starts on %(start)s instead of %(first)s, so that its "
                    "periods stay the same.",
                    start=format_date(self.env, start),
                    first=format_date(self.env, first),
                )
            )
        if lines.filtered("automatic_price"):
            notes.append(self.env._("Prices from the pricelist are kept as of today."))
        if group.renewal.kind == "manual":
            notes.append(
                self.env._(
                    "It is renewed by days or weeks; here it is renewed manually."
                )
            )
        if source.contract_line_ids.filtered("is_recurring_note"):
            notes.append(self.env._("Recurring notes stay with the preceding line."))
        return notes

    def _get_next_date(self, group, start, end):
        """Return the due date of the first period that is not invoiced, if any."""
        periods = Periods([Span(start, end or FOREVER)], group.months, group.anchor)
        day = max(group.following, start)
        if end and day > end:
            return False
        return periods.at(day).get_due_date(group.timing)

    # -- Values -------------------------------------------------------------------

    def _prepare_contract_vals(self, source, group, start, end, move_in):
        vals = {
            "company_id": source.company_id.id,
            "template_id": move_in.template_id.id,
            "partner_id": source.partner_id.id,
            "invoice_partner_id": source.invoice_partner_id.id,
            "user_id": source.user_id.filtered("active").id or self.env.uid,
            "journal_id": source.journal_id.id,
            "currency_id": source.currency_id.id,
            "fiscal_position_id": source.fiscal_position_id.id,
            "customer_reference": source.code,
            "date_start": start,
            "date_end": group.renewal.end or end,
            "renewal": group.renewal.kind,
            "term_months": group.renewal.months,
            "notice_months": group.renewal.notice,
            "billing_period": str(group.months),
            "billing_timing": group.timing,
            "billing_anchor": group.anchor,
            "billing_first_part": "alone",
            "invoiced_before": group.last,
            "is_deferred": group.timing == "prepaid"
            and bool(move_in.deferred_account_id),
            "moved_in_id": source.id,
            "moved_in_name": " ".join(filter(None, (source.code, source.name))),
        }
        if vals["is_deferred"]:
            vals["deferred_account_id"] = move_in.deferred_account_id.id
        if not vals["invoice_partner_id"]:
            del vals["invoice_partner_id"]
        # Without terms of its own an OCA contract takes those of the payer.
        if source.payment_term_id:
            vals["payment_term_id"] = source.payment_term_id.id
        return vals

    def _prepare_lines(self, source, lines, group, start, end, taxes):
        """Return the lines with the sections and notes that belong to them, in
        order.

        :param dict taxes: {line: taxes that are not the usual ones}
        """
        commands, texts, section = [], [], None
        is_in = False
        for line in source.contract_line_ids.sorted(lambda ln: (ln.sequence, ln.id)):
            if line.display_type == "line_section":
                section = line
            elif line.display_type and line.note_invoicing_mode == "with_next_line":
                texts.append(line)
            elif line.display_type:
                if is_in:
                    commands.append(self._prepare_text_vals(line))
            else:
                is_in = line in lines
                if is_in:
                    heads = [section] if section else []
                    commands += [self._prepare_text_vals(text) for text in heads]
                    commands += [self._prepare_text_vals(text) for text in texts]
                    vals = self._prepare_line_vals(line, group, start, end)
                    if taxes[line]:
                        vals["tax_ids"] = [Command.set(taxes[line].ids)]
                    commands.append(vals)
                    section = None
                texts = []
        return [
            Command.create({"sequence": 10 * number, **vals})
            for number, vals in enumerate(commands, 1)
        ]

    def _prepare_text_vals(self, line):
        return {"display_type": line.display_type, "name": line.name}

    def _prepare_line_vals(self, line, group, start, end):
        value, discount, amount = self._get_figures(line, group.months)
        currency = line.contract_id.currency_id
        vals = {
            "moved_in_line_id": line.id,
            "product_id": line.product_id.id,
            "name": self._get_text(line),
            "value": value,
            "discount": discount,
            "cost": self._get_cost(line, group.months),
            "date_start": line.date_start > start and line.date_start,
            "date_end": self._get_end(line) != end and self._get_end(line),
        }
        if currency.compare_amounts(amount, value * (1 - discount / 100)):
            vals["amount"] = amount
        # OCA's price is in the mode of the taxes on its invoices.
        contract = line.contract_id
        usual = line.product_id.taxes_id._filter_taxes_by_company(contract.company_id)
        mapped = contract.fiscal_position_id.map_tax(usual)
        if usual._includes_tax() and mapped and mapped != usual:
            vals["tax_ids"] = [Command.set(mapped.ids)]
        return vals

    def _get_text(self, line):
        """Return the text of a line, with what invoices here do not show: its quantity
        and its discount, in the customer's language."""
        text = line.name
        if line.quantity != 1:
            text = f"{line.quantity:g} {line.uom_id.name or ''} × {text}".replace(
                "  ", " "
            )
        if 0 < line.discount < 100:
            lang = line.contract_id.partner_id.lang or self.env.lang
            head, *rest = text.split("\n")
            head = self.with_context(lang=lang).env._(
                "%(text)s (discount %(percent)s %%)",
                text=head,
                percent=f"{line.discount:g}",
            )
            text = "\n".join([head, *rest])
        return text

    def _get_figures(self, line, months):
        """Return value and amount of a year, and the discount.

        A period costs to the cent what it did.

        :rtype: tuple[float, float, float]
        """
        currency, times = line.contract_id.currency_id, 12 // months
        gross = line.quantity * line.price_unit
        net = currency.round(gross * (1 - line.discount / 100))
        amount = currency.round(net * times)
        if not 0 <= line.discount <= 100 or gross < 0:
            return amount, 0, amount
        value = currency.round(currency.round(gross) * times)
        return max(value, amount), line.discount, amount

    def _get_cost(self, line, months):
        """Return what a year costs, in the currency of the contract."""
        contract = line.contract_id
        product = line.product_id.with_company(contract.company_id)
        cost = product.standard_price * line.quantity * 12 / months
        own = product.cost_currency_id or contract.company_id.currency_id
        return own._convert(
            cost, contract.currency_id, contract.company_id, line.date_start
        )

    def _get_analytic_account(self, lines):
        """Return the id of the one analytic account on which lines are counted in
        full, and whether nothing else is lost.

        :rtype: tuple[int | None, bool]
        """
        distributions = [line.analytic_distribution or {} for line in lines]
        first = distributions[0]
        if any(own != first for own in distributions):
            return None, False
        if not first:
            return None, True
        (key, share), *others = first.items()
        if others or not key.isdigit() or share != 100:
            return None, False
        return int(key), True

    # -- What is still deferred ---------------------------------------------------

    def _get_openings(self, line, group, moves, move_in, notes, errors):
        """Return the months of a line that were invoiced and are earned after the
        day until which the books count everything as earned.

        :param moves: what invoiced the line, the latest first
        """
        openings = []
        if not group.last:
            return openings
        rounding = move_in.company_id.currency_id._get_service_rounding()
        moves = iter(moves)
        for span in walk_back(line.date_start, group.last, group.months):
            if span.last <= move_in.opening_date:
                break
            move_line = next(moves, self.env["account.move.line"])
            amount = self._get_invoiced_amount(line, move_line, span, notes, errors)
            openings += [
                Opening(line, move_line, row.date, float(row.amount))
                for row in make_rows(*span, to_decimal(amount), rounding)
                if row.date > move_in.opening_date and row.amount
            ]
        return openings

    def _get_invoiced_amount(self, line, move_line, span, notes, errors):
        """Return what a period was invoiced at, untaxed and in company currency."""
        move = move_line.move_id
        if move.payment_state == "reversed":
            notes.append(
                self.env._(
                    "%s was fully credited: none of its revenue is deferred.",
                    move.display_name,
                )
            )
            return 0
        if move_line:
            if move.state == "draft":
                errors.append(
                    self.env._(
                        "%s is still a draft. Post it before you migrate.",
                        move._get_service_label(),
                    )
                )
            return -move_line.balance
        notes.append(
            self.env._(
                "The invoice for %(first)s to %(last)s was not found: deferred "
                "revenue is computed from the price.",
                first=format_date(self.env, span.first),
                last=format_date(self.env, span.last),
            )
        )
        contract, company = line.contract_id, line.contract_id.company_id
        taxes = contract.fiscal_position_id.map_tax(
            line.product_id.taxes_id._filter_taxes_by_company(company)
        )
        amount = self._get_figures(line, self._get_months(line))[2]
        amount *= self._get_months(line) / 12
        untaxed = taxes.compute_all(amount, contract.currency_id)["total_excluded"]
        return contract.currency_id._convert(
            untaxed, company.currency_id, company, span.first
        )

    # -- Conversion ---------------------------------------------------------------

    def _convert(self, plan, move_in):
        """Make the contract of a plan, with what is still deferred of it, and stop the
        lines that it was.

        :return: the contract
        """
        group = self.env["service.contract.group"]
        if plan.group_name:
            group = group.search([("name", "=ilike", plan.group_name)], limit=1)
            group = group or group.create({"name": plan.group_name})
        contracts = self.env["service.contract"]
        contract = contracts._as_own_code().create(
            {**plan.vals, **({"group_id": group.id} if group else {})}
        )
        contract = contract.with_env(self.env)
        if plan.analytic_account_id:
            # Who keeps contracts need not manage analytic accounts.
            contract.sudo().analytic_account_id = plan.analytic_account_id
        self._create_openings(plan, contract, move_in)
        if move_in.activates:
            contract.action_activate()
        self._stop(plan.lines)
        self._log(plan, contract)
        return contract

    def _create_openings(self, plan, contract, move_in):
        by_source = contract.line_ids.grouped("moved_in_line_id")
        position = contract.fiscal_position_id
        vals_list = []
        for opening in plan.openings:
            line, move_line = by_source[opening.line.id], opening.move_line
            deferred = move_in.deferred_account_id
            revenue = position.map_account(line._get_revenue_account())
            if move_line.account_id.internal_group == "income":
                revenue = move_line.account_id
            elif move_line:
                # It waits on an account of its own already.
                deferred = move_line.account_id
            vals_list.append(
                {
                    "contract_id": contract.id,
                    "contract_line_id": line.id,
                    "move_line_id": move_line.id,
                    "is_opening": True,
                    "date": opening.date,
                    "amount": opening.amount,
                    "deferred_account_id": deferred.id,
                    "revenue_account_id": revenue.id,
                }
            )
        # Deferred revenue writes itself: nobody types in it.
        return self.env["service.contract.deferral"].sudo().create(vals_list)

    def _stop(self, lines):
        """Let OCA's addon invoice lines no more: by its own mark, which undoing
        takes away. A contract of which nothing goes on is archived."""
        vals = {"is_canceled": True}
        if "is_auto_renew" in lines._fields:
            # A cancelled line is not renewed, says that addon.
            vals["is_auto_renew"] = False
        lines.write(vals)
        for source in lines.contract_id:
            going_on = source.contract_line_ids.filtered(
                lambda line: (
                    not line.display_type
                    and not line.is_canceled
                    and line.recurring_next_date
                )
            )
            if not going_on:
                source.active = False

    def _read_stored(self, source):
        """Return {record: {field: value}} of an OCA contract and its lines, in what
        stopping them may change, as JSON can keep it: what OCA computes anew, such as
        the end of the contract, may have been typed."""
        values = {}
        for record in (source, *source.contract_line_ids):
            names = [
                name
                for name, field in record._fields.items()
                if field.store
                and field.column_type
                and not field.related
                and field.type not in ("json", "binary")
                and name not in models.MAGIC_COLUMNS
            ]
            (read,) = record.read(names, load=None)
            values[record] = {
                name: str(value) if isinstance(value, date) else value
                for name, value in read.items()
                if name != "id"
            }
        return values

    def _restore(self, source, rows):
        """Let OCA's addon invoice lines again, with all that stopping them changed.

        :param source: the OCA contract
        :param rows: `service.contract.move.in.line` of that contract
        """
        kept, lines = {}, source.contract_line_ids
        for row in rows:
            before = row.source_values or row._get_source_values()
            kept.update(before["contract"])
            for line in lines:
                if vals := before["lines"].get(str(line.id)):
                    line.write(vals)
        # What the lines make OCA's addon compute comes before what stood there.
        source.env.flush_all()
        source.write(kept)

    def _log(self, plan, contract):
        """Name each contract in the other one's history, with internal notes."""
        source = plan.source
        body = self.env._("Migrated from OCA contract %s.", source._get_html_link())
        if source.note:
            body += Markup("<br/>%s") % source.note
        contract._log_life({contract: body})
        source._message_log(
            body=self.env._(
                "Migrated to service contract %(contract)s: %(lines)s.",
                contract=contract._get_html_link(),
                lines=", ".join(self._get_title(line) for line in plan.lines),
            )
        )

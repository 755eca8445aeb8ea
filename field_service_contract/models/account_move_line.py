from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command
from odoo.tools import format_date

from ..engine import (
    Span,
    get_credited,
    get_last_day,
    get_month,
    get_share,
    intersect,
    make_rows,
    share_out,
    subtract,
    to_decimal,
)

# Which days of which contract line are billed.
DAY_FIELDS = frozenset(
    {"service_contract_line_id", "service_period_end", "service_period_start"}
)


class AccountMoveLine(models.Model):
    _name = "account.move.line"
    _inherit = ["account.move.line", "installed.base.guard.mixin"]

    service_contract_line_id = fields.Many2one(
        comodel_name="service.contract.line",
        index="btree_not_null",
        ondelete="restrict",
        copy=False,
    )
    service_contract_id = fields.Many2one(
        related="service_contract_line_id.contract_id",
        store=True,
        precompute=True,
        index="btree_not_null",
    )
    service_period_start = fields.Date(
        copy=False, help="First covered day that is billed or credited."
    )
    service_period_end = fields.Date(
        copy=False, help="Last covered day that is billed or credited."
    )
    service_revenue_account_id = fields.Many2one(
        comodel_name="account.account",
        copy=False,
        ondelete="restrict",
        help="Where deferred revenue goes once earned. Empty: it is not deferred.",
        groups="base.group_user",
    )
    service_credited_line_id = fields.Many2one(
        comodel_name="account.move.line",
        string="Credits",
        index="btree_not_null",
        copy=False,
        ondelete="set null",
        help="The invoice line whose days are given back.",
        groups="base.group_user",
    )
    service_credit_line_ids = fields.One2many(
        comodel_name="account.move.line",
        inverse_name="service_credited_line_id",
        string="Credited By",
        copy=False,
        groups="base.group_user",
    )
    service_is_live = fields.Boolean(
        compute="_compute_service_is_live",
        store=True,
        copy=False,
        help="Its days count as billed: not cancelled, nor credited in full. Of a "
        "credit: its days count as credited.",
        groups="base.group_user",
    )
    service_live_start = fields.Date(
        compute="_compute_service_is_live",
        store=True,
        copy=False,
        help="First billed day that is not credited.",
        groups="base.group_user",
    )
    service_credited_days = fields.Json(
        compute="_compute_service_is_live",
        store=True,
        copy=False,
        help="First and last days of what is credited of the billed days.",
        groups="base.group_user",
    )
    service_deferral_ids = fields.One2many(
        comodel_name="service.contract.deferral",
        inverse_name="move_line_id",
        copy=False,
        groups="account.group_account_invoice",
    )

    _service_days_unique = models.UniqueIndex(
        "(service_contract_line_id, service_live_start) "
        "WHERE service_is_live AND service_credited_line_id IS NULL "
        "AND service_contract_line_id IS NOT NULL",
        "These days of the contract line are invoiced already.",
    )

    @api.depends(
        "service_contract_line_id",
        "service_period_start",
        "service_period_end",
        "service_credited_line_id",
        "move_id.state",
        "service_credit_line_ids.move_id.state",
        "service_credit_line_ids.price_subtotal",
        "service_credit_line_ids.service_period_start",
        "service_credit_line_ids.service_period_end",
        "service_credit_line_ids.service_credit_line_ids.move_id.state",
    )
    def _compute_service_is_live(self):
        ours = self.filtered("service_contract_line_id")
        (self - ours).update(
            {
                "service_is_live": False,
                "service_live_start": False,
                "service_credited_days": False,
            }
        )
        for line in ours:
            if line.service_credited_line_id:
                credited, counts = [], line._gives_service_days_back("posted")
            else:
                credited = line._get_service_credited_spans("posted")
                counts = line.move_id.state != "cancel"
            left = line._get_service_spans(credited) if counts else []
            line.service_is_live = bool(left)
            line.service_live_start = left[0].first if left else False
            line.service_credited_days = [
                [day.isoformat() for day in span] for span in credited
            ] or False

    def write(self, vals):
        result = super().write(vals)
        if DAY_FIELDS & vals.keys():
            self._check_service_days()
        return result

    def _check_service_days(self):
        """Refuse days of a contract line that another document bills already.

        Documents that Odoo makes bill the days of those that they replace: there the
        unique index is enough.
        """
        # Whoever bills need not see the documents of other companies.
        bills = self.sudo().filtered(
            lambda line: line.service_is_live and not line.service_credited_line_id
        )
        if not bills:
            return
        others = bills.search(
            [
                ("service_contract_line_id", "in", bills.service_contract_line_id.ids),
                ("service_is_live", "=", True),
                ("service_credited_line_id", "=", False),
                ("service_period_end", ">=", min(bills.mapped("service_period_start"))),
                ("service_period_start", "<=", max(bills.mapped("service_period_end"))),
            ]
        ).grouped("service_contract_line_id")
        for line in bills:
            for other in others.get(line.service_contract_line_id, bills) - line:
                for span in other._get_service_live_spans():
                    if common := intersect(line._get_service_live_spans(), span):
                        raise ValidationError(
                            self.env._(
                                "%(move)s cannot bill “%(line)s” on %(day)s: "
                                "%(other)s bills that day already.",
                                move=line.move_id._get_service_label(),
                                line=line.service_contract_line_id.display_name,
                                day=format_date(self.env, common[0].first),
                                other=other.move_id._get_service_label(),
                            )
                        )

    def _get_service_live_spans(self):
        """Return the billed days that no posted credit note gives back."""
        self.ensure_one()
        return self._get_service_spans(
            Span(*map(fields.Date.to_date, days))
            for days in self.service_credited_days or ()
        )

    def _get_service_spans(self, credited=()):
        """Return the billed days, without those that are credited."""
        self.ensure_one()
        if not self.service_period_start or not self.service_period_end:
            return []
        days = Span(self.service_period_start, self.service_period_end)
        return subtract([days], credited)

    def _get_service_credited_spans(self, *states):
        """Return which days of a billed line are credited in full.

        A credit that was made smaller by hand gives money back, but no days.

        :param states: of the credit notes that count
        """
        self.ensure_one()
        credits = self.service_credit_line_ids.filtered(
            lambda credit: credit._gives_service_days_back(*states)
        )
        groups = credits.grouped(
            lambda credit: (
                credit.move_id,
                Span(credit.service_period_start, credit.service_period_end),
            )
        )
        return [
            span
            for (_move, span), group in groups.items()
            if self._is_service_credit_whole(span, sum(group.mapped("price_subtotal")))
        ]

    def _gives_service_days_back(self, *states):
        """Tell whether a line is a credit that counts and was not reversed itself."""
        self.ensure_one()
        reversals = self.service_credit_line_ids
        return (
            self.move_id.state in states
            and bool(self.service_period_start and self.service_period_end)
            and "posted" not in reversals.move_id.mapped("state")
        )

    def _is_service_credit_whole(self, span, subtotal):
        """Tell whether an untaxed amount is what these days were billed at."""
        self.ensure_one()
        share = self._get_service_share(self.price_subtotal, span)
        # Tax that is part of the price is rounded apart on either document.
        tolerance = 2 * self.currency_id.rounding
        return abs(subtotal) + tolerance > abs(share)

    def _get_service_share(self, amount, span, currency=None):
        """Return what some days of the line are worth of an amount that is the
        line's.

        :param currency: of the amount; by default the line's
        """
        self.ensure_one()
        currency = currency or self.currency_id
        whole = Span(self.service_period_start, self.service_period_end)
        share = get_share(
            to_decimal(amount),
            whole,
            span,
            self.service_contract_id._get_months(),
            currency._get_service_coin(),
        )
        return float(share)

    def _copy_data_extend_business_fields(self, values):
        super()._copy_data_extend_business_fields(values)
        if not self.service_contract_line_id:
            return
        values.update(
            {
                "service_contract_line_id": self.service_contract_line_id.id,
                "service_period_start": self.service_period_start,
                "service_period_end": self.service_period_end,
                "service_revenue_account_id": self.service_revenue_account_id.id,
            }
        )
        # A reversal says in its context that it is one; a corrected copy of what was
        # reversed bills the days again.
        if "move_reverse_cancel" in self.env.context:
            values["service_credited_line_id"] = self.id

    def _is_installed_base_goods(self):
        # A contract covers equipment, it does not sell it.
        return not self.service_contract_line_id and super()._is_installed_base_goods()

    # -- Deferral -----------------------------------------------------------------

    def _is_service_deferred(self):
        self.ensure_one()
        revenue = self.service_revenue_account_id
        return bool(
            self.service_contract_line_id and revenue and self.account_id != revenue
        )

    def _defer_service_revenue(self):
        """Spread what posted contract lines bill in advance over its months, and take
        back what credits give back."""
        deferred = self.filtered(lambda line: line._is_service_deferred())
        credits = deferred.filtered("service_credited_line_id")
        # Who posts an invoice need not write what is deferred.
        rows = self.env["service.contract.deferral"].sudo()
        rows.create(
            [
                vals
                for line in deferred - credits
                for vals in rows._prepare_vals_list(
                    line,
                    line.service_period_start,
                    line.service_period_end,
                    -line.balance,
                )
            ]
        )
        for move, lines in credits.grouped("move_id").items():
            lines._undo_service_deferral(move)

    def _undo_service_deferral(self, move):
        """Take out of what is still to earn of the credited days what credits give
        back, and reverse the rest, which is earned already; the other way round if a
        credit is reversed itself."""
        rows = self.env["service.contract.deferral"].sudo()
        vals_list = []
        for credit in self:
            billed, is_credit = credit._get_service_billed_line()
            if is_credit:
                missing = -billed._drop_service_rows(credit, credit.balance)
            else:
                before = credit.service_credited_line_id
                missing = billed._restore_service_rows(before, credit, -credit.balance)
            if not credit.company_currency_id.is_zero(missing):
                vals_list.append(
                    {
                        **rows._prepare_row_vals(credit),
                        "date": move.date,
                        "amount": missing,
                    }
                )
        if vals_list:
            reversed_rows = rows.create(vals_list)
            reversed_rows._create_entry(
                move.date, ref=self.env._("Earned revenue given back by %s", move.name)
            )

    def _check_service_not_credited(self):
        """Refuse to reset documents of which credit notes give days back: what is
        posted again, or changed, would no longer be what was credited."""
        # Who resets an invoice need not see the credit notes of other companies.
        credits = self.sudo().service_credit_line_ids
        for credit in credits.filtered(lambda line: line.parent_state != "cancel"):
            raise UserError(
                self.env._(
                    "%(move)s cannot be reset to draft: %(credit)s gives days of it "
                    "back. Cancel that one first.",
                    move=credit.service_credited_line_id.move_id.display_name,
                    credit=credit.move_id._get_service_label(),
                )
            )

    def _check_service_deferrals(self):
        """Refuse to reset lines of which something is recognised as revenue already."""
        recognised = self.sudo().service_deferral_ids.filtered("move_id")[:1]
        if not recognised:
            return
        line, entry = recognised.move_line_id, recognised.move_id
        vals = {
            "move": line.move_id.display_name,
            "contract": recognised.contract_id.name,
            "entry": entry.display_name,
        }
        if line.service_credited_line_id:
            raise UserError(
                self.env._(
                    "%(move)s cannot be reset to draft: earned revenue of contract "
                    "%(contract)s that it gives back was recognised by %(entry)s. "
                    "Reset that entry to draft first.",
                    **vals,
                )
            )
        raise UserError(
            self.env._(
                "%(move)s cannot be reset to draft: what contract %(contract)s "
                "earned of it was recognised by %(entry)s. Make a credit note.",
                **vals,
            )
        )

    def _drop_service_deferrals(self):
        """Forget what lines defer that were posted and are drafts again; what credits
        took out of it is to be earned again."""
        for credit in self.filtered("service_credited_line_id"):
            if credit._is_service_deferred():
                billed, is_credit = credit._get_service_billed_line()
                if is_credit:
                    billed._restore_service_rows(credit, credit, credit.balance)
                else:
                    credit._drop_service_restored(billed)
        self.sudo().service_deferral_ids.unlink()

    def _drop_service_restored(self, billed):
        """Take back what the reversal of a credit let be earned again.

        :raise UserError: if some of it is recognised already
        """
        self.ensure_one()
        at_once = sum(self.sudo().service_deferral_ids.mapped("amount"))
        missing = billed._drop_service_rows(self, -self.balance - at_once)
        if not self.company_currency_id.is_zero(missing):
            raise UserError(
                self.env._(
                    "%(move)s cannot be reset to draft: contract %(contract)s has "
                    "earned days that it bills. Make a credit note.",
                    move=self.move_id.display_name,
                    contract=self.service_contract_id.display_name,
                )
            )

    def _get_service_billed_line(self):
        """Return the invoice line whose days are given back in the end, and whether
        they are: a reversed credit bills them again."""
        self.ensure_one()
        # Who posts or resets a credit note need not see the documents before it.
        line, is_credit = self.sudo().service_credited_line_id, True
        while line.service_credited_line_id:
            line, is_credit = line.service_credited_line_id, not is_credit
        return line, is_credit

    def _drop_service_rows(self, credit, amount):
        """Take an amount out of what is still to earn of the credited days.

        :param credit: the line that gives it back
        :param amount: in company currency, of the sign of the rows
        :return: what was not found, because it is earned already
        """
        self.ensure_one()
        amount = to_decimal(self.company_currency_id.round(amount))
        room = self._get_service_room()
        credited = self._get_service_credited_months(credit)
        parts = share_out(amount, credited, room)
        self._change_service_rows({month: -part for month, part in parts.items()})
        return float(amount - sum(parts.values()))

    def _restore_service_rows(self, credit, taker, amount):
        """Let an amount that a credit took out be earned again in its months.

        :param credit: the line that gave it back
        :param taker: the line that takes it back: the credit itself, or its reversal
        :param amount: in company currency, of the sign of the rows
        :return: what the credit had not taken out, because it was earned already
        """
        self.ensure_one()
        amount = self.company_currency_id.round(amount)
        # What was earned already was reversed on the day of the credit.
        at_once = sum(credit.sudo().service_deferral_ids.mapped("amount"))
        taken_out = self.company_currency_id.round(credit.balance + at_once)
        dropped = to_decimal(min(amount, taken_out, key=abs))
        whole = make_rows(
            self.service_period_start,
            self.service_period_end,
            to_decimal(-self.balance),
            self.company_currency_id._get_service_coin(),
        )
        room = {get_month(row.date): row.amount for row in whole}
        for row in self.sudo().service_deferral_ids:
            month = get_month(row.date)
            room[month] = room.get(month, Decimal(0)) - to_decimal(row.amount)
        credited = self._get_service_credited_months(taker)
        parts = share_out(dropped, credited, room)
        # What other credits of these months have changed since.
        if left := dropped - sum(parts.values()):
            last = get_month(taker.service_period_end)
            parts[last] = parts.get(last, Decimal(0)) + left
        self._change_service_rows(parts)
        return float(to_decimal(amount) - dropped)

    def _get_service_credited_months(self, credit):
        """Return {first day of a month: amount} of what a credit, or its reversal, is
        about: all of it on its document, be it still to earn or revenue.

        :param credit: a line that gives days of this line back
        """
        self.ensure_one()
        days = Span(credit.service_period_start, credit.service_period_end)
        same = credit.move_id.line_ids.filtered(
            lambda line: (
                line.service_credited_line_id == credit.service_credited_line_id
                and days == (line.service_period_start, line.service_period_end)
            )
        )
        _billed, is_credit = credit._get_service_billed_line()
        total = sum(same.mapped("balance")) * (1 if is_credit else -1)
        currency = self.company_currency_id
        return get_credited(
            to_decimal(-self.balance),
            Span(self.service_period_start, self.service_period_end),
            days,
            to_decimal(currency.round(total)),
            currency._get_service_coin(),
        )

    def _get_service_room(self):
        """Return what is still to earn of a billed line, by month."""
        self.ensure_one()
        rows = self.sudo().service_deferral_ids.filtered(lambda row: not row.move_id)
        return {
            month: to_decimal(
                self.company_currency_id.round(sum(group.mapped("amount")))
            )
            for month, group in rows.grouped(lambda row: get_month(row.date)).items()
        }

    def _change_service_rows(self, parts):
        """Change what is still to earn of a billed line, a row for each month.

        Rows are dated on the last day of their month that is not credited.

        :param dict parts: {first day of a month: amount to add}
        """
        self.ensure_one()
        rows = self.env["service.contract.deferral"].sudo()
        whole = self._get_service_spans()
        live = self._get_service_spans(self._get_service_credited_spans("posted"))
        open_rows = self.sudo().service_deferral_ids.filtered(
            lambda row: not row.move_id
        )
        by_month = open_rows.grouped(lambda row: get_month(row.date))
        room, vals_list = self._get_service_room(), []
        for month, part in parts.items():
            amount = room.get(month, Decimal(0)) + part
            own = by_month.get(month, rows)
            if not amount:
                own.unlink()
                continue
            vals = {
                "date": get_last_day(month, live) or get_last_day(month, whole),
                "amount": float(amount),
            }
            if own:
                own[0].write(vals)
                own[1:].unlink()
            else:
                vals_list.append({**rows._prepare_row_vals(self), **vals})
        rows.create(vals_list)

    # -- Credit -------------------------------------------------------------------

    def _get_service_amount(self, span):
        """Return what some billed days cost, in the mode of the line's taxes."""
        self.ensure_one()
        whole = self.price_unit * self.quantity * (1 - self.discount / 100)
        return self._get_service_share(self.currency_id.round(whole), span)

    def _get_service_headings(self):
        """Return the titles and texts above these lines that stand above no other.

        A title begins a part of the document that lasts until the next one.
        """
        headings = self.browse()
        for move in self.move_id:
            part = self.browse()
            ordered = move.invoice_line_ids.sorted(lambda ln: (ln.sequence, ln.id))
            for line in [*ordered, self.browse()]:
                if not line or line.display_type == "line_section":
                    products = part.filtered(lambda ln: ln.display_type == "product")
                    if products and products <= self:
                        headings |= part - products
                    part = self.browse()
                part |= line
        return headings

    def _split_service_days(self, spans):
        """Let a draft line bill some of its days only.

        :param spans: the days that stay; each is a line of its own
        """
        self.ensure_one()
        parts = [
            {
                "quantity": 1,
                "discount": 0,
                "price_unit": self._get_service_amount(span),
                "name": self._get_service_text(span),
                "service_period_start": span.first,
                "service_period_end": span.last,
            }
            for span in spans
        ]
        copies = self.with_context(include_business_fields=True).copy_data()
        self.write(parts[0])
        self.move_id.write(
            {
                "invoice_line_ids": [
                    Command.create({**copies[0], **part}) for part in parts[1:]
                ]
            }
        )

    def _get_service_text(self, span):
        """Return the text of the contract line for these days."""
        self.ensure_one()
        line, day = self.service_contract_line_id, self.move_id.invoice_date
        text = line._get_invoice_text(*span, day or fields.Date.context_today(self))
        # Where contracts are combined each line may name its own.
        title = f"{line.contract_id.name}: "
        return title + text if (self.name or "").startswith(title) else text

    def _prepare_service_credit_lines(self, credits):
        """Return the lines that give back days of this line, with its own taxes and
        accounts: first what is still to earn, the rest from revenue.

        :param credits: of `service.contract._plan_credits`
        """
        self.ensure_one()
        vals_list = []
        room = self._get_service_room()
        for credit in credits:
            amount, parts = credit.amount, []
            if self._is_service_deferred():
                deferred = self._take_service_deferred(credit, room)
                parts.append((deferred, self.account_id, self.analytic_distribution))
                parts.append(
                    (
                        amount - deferred,
                        self.service_revenue_account_id,
                        self.service_contract_id._get_analytic_distribution(),
                    )
                )
            else:
                parts.append((amount, self.account_id, self.analytic_distribution))
            for own, account, distribution in parts:
                if not self.currency_id.is_zero(own):
                    vals_list.append(
                        {
                            **self._prepare_service_credit_vals(credit.span),
                            "price_unit": self.currency_id.round(own),
                            "account_id": account.id,
                            "analytic_distribution": distribution,
                        }
                    )
        return vals_list

    def _take_service_deferred(self, credit, room):
        """Return how much of a credit is still to earn, in the mode of the line's taxes
        and in its currency.

        :param credit: of `service.contract._plan_credits`
        :param dict room: what is still to earn by month; what is found is taken off
        """
        self.ensure_one()
        currency = self.company_currency_id
        total = to_decimal(
            self._get_service_share(-self.balance, credit.span, currency)
        )
        whole = Span(self.service_period_start, self.service_period_end)
        credited = get_credited(
            to_decimal(-self.balance),
            whole,
            credit.span,
            total,
            currency._get_service_coin(),
        )
        parts = share_out(total, credited, room)
        for month, part in parts.items():
            room[month] -= part
        found = sum(parts.values())
        if found == total:
            return credit.amount
        return min(self._from_service_balance(float(found)), credit.amount, key=abs)

    def _prepare_service_credit_vals(self, span):
        self.ensure_one()
        return {
            "display_type": "product",
            "product_id": self.product_id.id,
            "name": self._get_service_text(span),
            "quantity": 1,
            "tax_ids": [Command.set(self.tax_ids.ids)],
            "service_contract_line_id": self.service_contract_line_id.id,
            "service_period_start": span.first,
            "service_period_end": span.last,
            "service_revenue_account_id": self.service_revenue_account_id.id,
            "service_credited_line_id": self.id,
        }

    def _from_service_balance(self, balance):
        """Return a part of the line's untaxed amount in company currency as a part of
        its price."""
        self.ensure_one()
        whole = self.price_unit * self.quantity * (1 - self.discount / 100)
        share = balance / -self.balance if self.balance else 0
        return self.currency_id.round(whole * share)

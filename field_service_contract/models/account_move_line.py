from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command

from ..engine import Span, get_share, subtract, to_decimal


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

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
        groups="base.group_user",
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

    def _get_service_share(self, amount, span):
        """Return what some days of the line are worth of an amount that is the
        line's."""
        self.ensure_one()
        whole = Span(self.service_period_start, self.service_period_end)
        share = get_share(
            to_decimal(amount),
            whole,
            span,
            self.service_contract_id._get_months(),
            self.currency_id._get_service_coin(),
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
        """Drop what is still to earn of the credited days, reverse what was earned."""
        rows = self.env["service.contract.deferral"].sudo()
        vals_list = []
        for credit in self:
            billed = credit.service_credited_line_id.sudo()
            first, last = credit.service_period_start, credit.service_period_end
            is_tail = last >= billed.service_period_end
            month_end = fields.Date.end_of(last, "month")
            open_rows = billed.service_deferral_ids.filtered(
                lambda row, first=first, last=month_end: (
                    not row.move_id and first <= row.date <= last
                )
            )
            missing = open_rows._drop(
                credit.balance,
                fields.Date.subtract(first, days=1) if is_tail else month_end,
            )
            if not credit.company_currency_id.is_zero(missing):
                vals_list.append(
                    {
                        **rows._prepare_row_vals(credit),
                        "date": move.date,
                        "amount": -missing,
                    }
                )
        if vals_list:
            reversed_rows = rows.create(vals_list)
            reversed_rows._create_entry(
                move.date, ref=self.env._("Earned revenue given back by %s", move.name)
            )

    def _drop_service_deferrals(self):
        """Forget what posted lines defer, before they are drafts again.

        :raise UserError: if some of it is recognised as revenue already
        """
        rows = self.sudo().service_deferral_ids
        recognised = rows.filtered("move_id")[:1]
        if recognised:
            raise UserError(
                self.env._(
                    "%(move)s cannot be reset to draft: what contract %(contract)s "
                    "earned of it was recognised by %(entry)s. Make a credit note.",
                    move=recognised.move_line_id.move_id.display_name,
                    contract=recognised.contract_id.name,
                    entry=recognised.move_id.display_name,
                )
            )
        rows.unlink()
        vals_list = []
        for credit in self.filtered(
            lambda line: line.parent_state == "posted" and line.service_credited_line_id
        ):
            if credit._is_service_deferred():
                # What the credit dropped is to be earned again.
                billed = credit.service_credited_line_id
                vals_list += rows._prepare_vals_list(
                    billed,
                    credit.service_period_start,
                    credit.service_period_end,
                    credit.balance,
                )
        rows.create(vals_list)

    # -- Credit -------------------------------------------------------------------

    def _get_service_amount(self, span):
        """Return what some billed days cost, in the mode of the line's taxes."""
        self.ensure_one()
        whole = self.price_unit * self.quantity * (1 - self.discount / 100)
        return self._get_service_share(self.currency_id.round(whole), span)

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
        return line._get_invoice_text(*span, day or fields.Date.context_today(self))

    def _prepare_service_credit_lines(self, credits):
        """Return the lines that give back days of this line, with its own taxes and
        accounts: first what is still to earn, the rest from revenue.

        :param credits: of `service.contract._plan_credits`
        """
        self.ensure_one()
        vals_list = []
        rows = self.sudo().service_deferral_ids.filtered(lambda row: not row.move_id)
        # In the mode of the line's taxes and in its currency, as the credits are.
        left = self._from_service_balance(sum(rows.mapped("amount")))
        for credit in credits:
            amount, parts = credit.amount, []
            if self._is_service_deferred():
                deferred = min(amount, left, key=abs) if left * amount > 0 else 0
                left -= deferred
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

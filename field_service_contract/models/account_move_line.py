from decimal import Decimal
from fractions import Fraction

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command
from odoo.tools import float_round, format_date

from ..engine import (
    BilledDays,
    CalendarMonths,
    Pricing,
    Rest,
    Span,
    clear_over,
    get_credited,
    get_last_day,
    get_month,
    get_reserve,
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
        help="Account for deferred revenue once it is earned. Empty if it is not "
        "deferred.",
        groups="base.group_user",
    )
    service_credited_line_id = fields.Many2one(
        comodel_name="account.move.line",
        string="Credits",
        index="btree_not_null",
        copy=False,
        ondelete="set null",
        help="The invoice line whose days are credited.",
        groups="base.group_user",
    )
    service_credit_line_ids = fields.One2many(
        comodel_name="account.move.line",
        inverse_name="service_credited_line_id",
        string="Credited By",
        copy=False,
        groups="base.group_user",
    )
    service_pricing = fields.Json(
        compute="_compute_service_pricing",
        store=True,
        precompute=True,
        copy=False,
        help="Prices of the billed days, as of the time of billing.",
        groups="base.group_user",
        export_string_translation=False,
    )
    service_gives_days = fields.Boolean(
        string="Credits Days",
        copy=False,
        help="For a credit note: its days are credited, even if its amount is "
        "changed. Other credit notes do so if they are worth all their days; "
        "otherwise they lower the price of all their days equally.",
        groups="base.group_user",
        export_string_translation=False,
    )
    service_is_live = fields.Boolean(
        compute="_compute_service_is_live",
        store=True,
        copy=False,
        help="The days count as billed: neither cancelled nor fully credited. For a "
        "credit note, its days count as credited.",
        groups="base.group_user",
    )
    service_live_start = fields.Date(
        compute="_compute_service_is_live",
        store=True,
        copy=False,
        help="First billed day that is not credited.",
        groups="base.group_user",
        export_string_translation=False,
    )
    service_credited_days = fields.Json(
        compute="_compute_service_is_live",
        store=True,
        copy=False,
        help="First and last credited days of the billed period.",
        groups="base.group_user",
        export_string_translation=False,
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
        "These days of the contract line are already invoiced.",
    )

    @api.depends(
        "service_contract_line_id",
        "service_period_start",
        "service_period_end",
        "service_credited_line_id",
        "move_id.state",
        "service_credit_line_ids.move_id.state",
        "service_credit_line_ids.price_subtotal",
        "service_credit_line_ids.service_gives_days",
        "service_credit_line_ids.service_period_start",
        "service_credit_line_ids.service_period_end",
        "service_credit_line_ids.service_credit_line_ids.move_id.state",
        "service_credit_line_ids.service_credit_line_ids.price_subtotal",
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
                                "%(move)s cannot bill “%(line)s” on %(day)s because "
                                "%(other)s already bills that day.",
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

    # -- Prices of the billed days ------------------------------------------------

    @api.depends(
        "service_contract_line_id", "service_period_start", "service_period_end"
    )
    def _compute_service_pricing(self):
        """Keep the prices of the days as they are now: what is billed is shared by
        them, whatever becomes of the contract."""
        ours = self.filtered(
            lambda line: (
                line.service_contract_line_id
                and line.service_period_start
                and line.service_period_end
                and not line.service_credited_line_id
            )
        )
        (self - ours).service_pricing = False
        priced = {}
        for contract in ours.service_contract_line_id.contract_id:
            priced.update(contract._get_priced_lines(agreed=True))
        for line in ours:
            pricing = priced[line.service_contract_line_id].get_pricing(
                line._get_service_span()
            )
            line.service_pricing = self._pack_service_pricing(pricing)

    @api.model
    def _pack_service_pricing(self, pricing):
        """Return the prices of some days as they are stored."""
        return {
            "steps": [[day.isoformat(), str(cents)] for day, cents in pricing.steps],
            "carry": str(pricing.carry),
            "extra": str(pricing.extra),
        }

    def _get_service_span(self):
        self.ensure_one()
        return Span(self.service_period_start, self.service_period_end)

    def _get_service_billed_days(self, months=None, currency=None):
        """Return the billed days with their prices, for the engine.

        :param months: how they are counted; by default as the contract does
        :param currency: in which amounts are rounded; by default the line's
        """
        self.ensure_one()
        span, packed = self._get_service_span(), self.service_pricing
        pricing = Pricing(((span.first, 0),))
        if packed:
            pricing = Pricing(
                tuple(
                    (fields.Date.to_date(day), Fraction(cents))
                    for day, cents in packed["steps"]
                ),
                Fraction(packed["carry"]),
                Fraction(packed["extra"]),
            )
        months = months or self.service_contract_id._get_months()
        rounding = (currency or self.currency_id)._get_service_rounding()
        return BilledDays(span, pricing, months, rounding)

    def _get_service_sign(self):
        """Return -1 if amounts of the document are the other way round than prices."""
        self.ensure_one()
        return -1 if self.move_id.move_type == "out_refund" else 1

    def _get_service_price(self):
        """Return the amount of the line in the mode of its taxes."""
        self.ensure_one()
        whole = self.price_unit * self.quantity * (1 - self.discount / 100)
        return self.currency_id.round(whole)

    # -- What was given back ------------------------------------------------------

    def _get_service_rest(self, *states, without=None):
        """Return what is left of a billed line after credits, whoever made them: in
        the mode of its taxes and its currency, of the sign of its prices.

        :param states: of the credit notes that count
        :param without: credit notes that do not
        """
        self.ensure_one()
        rest, _credits = self._subtract_service_credits(states, without)
        return rest

    def _get_service_earnings(self, *states, without=None):
        """Return the same of what is earned: untaxed, in company currency and by the
        months of the calendar."""
        self.ensure_one()
        currency = self.company_currency_id
        earnings = Rest(
            self._get_service_billed_days(CalendarMonths(), currency),
            to_decimal(currency.round(-self.balance)),
        )
        _rest, credits = self._subtract_service_credits(states, without)
        for lines, span, is_whole in credits:
            amount = sum(line._get_service_given("balance") for line in lines)
            earnings.give_back(span, to_decimal(currency.round(amount)), is_whole)
        return earnings

    def _get_service_given_before(self):
        """Return what credit notes give back of a billed line, drafts too."""
        self.ensure_one()
        rest = self._get_service_rest("draft", "posted")
        return self._get_service_sign() * self._get_service_price() - float(rest.amount)

    def _subtract_service_credits(self, states, without):
        """Return what is left of a line, and [(credit lines, days, whether they are
        given back)] in the order in which credits count: posted ones before drafts."""
        sign, given = self._get_service_sign(), []
        rest = Rest(
            self._get_service_billed_days(),
            to_decimal(sign * self._get_service_price()),
        )
        # What was given back does not depend on who looks at it.
        line = self.sudo()
        moves = line.service_credit_line_ids.move_id
        if "draft" in states or line.service_credit_line_ids:
            moves |= line.move_id.reversal_move_ids
        moves = moves.filtered(lambda move: move.state in states)
        if without:
            moves -= without
        for move in moves.sorted(lambda move: (move.state == "draft", move.id)):
            credits = line.service_credit_line_ids.filtered(
                lambda credit, move=move: (
                    credit.move_id == move and credit._gives_service_days_back(*states)
                )
            )
            for span, group in credits.grouped(
                lambda credit: credit._get_service_span()
            ).items():
                is_whole = line._is_service_credit_whole(rest, span, group)
                amount = sum(own._get_service_given("price") for own in group)
                amount = self.currency_id.round(sign * amount)
                rest.give_back(span, to_decimal(amount), is_whole)
                given.append((group, span, is_whole))
            goodwill = sign * line._get_service_goodwill(move)
            if not self.currency_id.is_zero(goodwill):
                rest.give_back(rest.billed.span, to_decimal(goodwill), False)
        return rest, given

    def _is_service_credit_whole(self, rest, span, credits):
        """Tell whether credits give all of some days back.

        :param rest: what is left of the billed line without them
        """
        self.ensure_one()
        if any(credits.mapped("service_gives_days")):
            return True
        amount = sum(credit._get_service_given("price") for credit in credits)
        # Tax that is part of the price is rounded apart on either document.
        tolerance = 2 * self.currency_id.rounding
        return abs(amount) + tolerance > abs(float(rest.get_worth([span])))

    def _gives_service_days_back(self, *states):
        """Tell whether a line is a credit that counts and was not reversed itself."""
        self.ensure_one()
        if self.move_id.state not in states:
            return False
        if not self.service_period_start or not self.service_period_end:
            return False
        reversals = self.service_credit_line_ids
        if "posted" not in reversals.move_id.mapped("state"):
            return True
        return not self.currency_id.is_zero(self._get_service_given("price"))

    def _get_service_given(self, kind):
        """Return what a credit gives back, less what was reversed of it.

        :param kind: ``price``: in the mode of the billed line's taxes and in its
            currency; ``balance``: untaxed in company currency
        """
        self.ensure_one()
        amount = self.balance if kind == "balance" else self._get_service_given_price()
        for reversal in self.service_credit_line_ids:
            if reversal.parent_state == "posted":
                own = reversal._get_service_given(kind)
                amount += own if kind == "balance" else -own
        return amount

    def _get_service_given_price(self):
        """Return the amount of a credit in the mode and currency of what it credits,
        be it that somebody changed its taxes or currency."""
        self.ensure_one()
        billed = self.service_credited_line_id
        if self.currency_id != billed.currency_id:
            share = -self.balance / billed.balance if billed.balance else 0
            return billed._get_service_price() * share
        if self.tax_ids != billed.tax_ids:
            share = self.price_subtotal / (billed.price_subtotal or 1)
            return billed._get_service_price() * share
        return self._get_service_price()

    def _get_service_goodwill(self, credit_note):
        """Return what a credit note of the line's invoice gives back of the line
        without naming it, in the mode of its taxes: what somebody typed there that is
        nothing else of the invoice is spread over all that it bills for contracts."""
        self.ensure_one()
        if credit_note.reversed_entry_id != self.move_id:
            return 0
        products = self.move_id.invoice_line_ids.filtered(
            lambda line: line.display_type == "product"
        )
        ours = products.filtered("service_contract_line_id").sorted("id")
        others = {line.product_id or line.name for line in products - ours}
        typed = credit_note.invoice_line_ids.filtered(
            lambda line: (
                line.display_type == "product"
                and not line.service_credited_line_id
                and (line.product_id or line.name) not in others
            )
        )
        total, whole = (sum(own.mapped("price_subtotal")) for own in (typed, ours))
        if not typed or not whole:
            return 0
        before = ours.filtered(lambda line: line.id < self.id)
        upto = [sum(own.mapped("price_subtotal")) for own in (before, before | self)]
        currency = self.currency_id
        earlier, later = (currency.round(total * own / whole) for own in upto)
        if not self.price_subtotal:
            return 0
        share = self._get_service_price() / self.price_subtotal
        return currency.round((later - earlier) * share)

    def _get_service_credited_spans(self, *states):
        """Return the days that credit notes in some states give back."""
        self.ensure_one()
        if not self.service_credit_line_ids:
            return []
        rest = self._get_service_rest(*states)
        return subtract([rest.billed.span], rest.days)

    # -- What Odoo computes anew --------------------------------------------------

    # Price, taxes and account follow from the contract, not from the product. They
    # change with the fiscal position only, all together, when somebody asks for it.

    def _get_service_priced(self):
        """Return the lines that bill or credit days of a contract."""
        return self.filtered(
            lambda line: (
                line.service_contract_line_id and line.display_type == "product"
            )
        )

    def _compute_account_id(self):
        ours = self._get_service_priced()
        # First the others: a changed account makes Odoo write lines of tax anew.
        result = super(AccountMoveLine, self - ours)._compute_account_id()
        ours._set_service_accounts()
        return result

    def _compute_price_unit(self):
        ours = self._get_service_priced()
        return super(AccountMoveLine, self - ours)._compute_price_unit()

    def _compute_tax_ids(self):
        ours = self._get_service_priced()
        return super(AccountMoveLine, self - ours)._compute_tax_ids()

    def _get_computed_taxes(self):
        if self._get_service_priced():
            return self.tax_ids
        return super()._get_computed_taxes()

    def _compute_analytic_distribution(self):
        ours = self._get_service_priced()
        return super(AccountMoveLine, self - ours)._compute_analytic_distribution()

    def _set_service_accounts(self):
        """Book what bills days to the accounts of its contract, through the fiscal
        position of the document. A credit keeps those of what it gives back."""
        for line in self.filtered(lambda line: not line.service_credited_line_id):
            position = line.move_id.fiscal_position_id
            # Whoever writes invoices need not read contracts.
            contract_line = line.service_contract_line_id.sudo()
            revenue = position.map_account(contract_line._get_revenue_account())
            account = revenue
            if line.service_revenue_account_id:
                deferred = contract_line.contract_id._get_deferred_account()
                account = position.map_account(deferred)
                line.service_revenue_account_id = revenue
            line.account_id = account or line.account_id

    def _update_service_position(self):
        """Convert what bills days to the taxes that the fiscal position of its document
        makes of those of the contract. A credit keeps what it gives back."""
        ours = self._get_service_priced().filtered(
            lambda line: not line.service_credited_line_id
        )
        # As above.
        for contract, lines in ours.grouped(
            lambda line: line.service_contract_id.sudo()
        ).items():
            priced = contract._get_priced_lines()
            for line in lines:
                contract_line = line.service_contract_line_id.sudo()
                own = contract_line._get_taxes()
                taxes = line.move_id.fiscal_position_id.map_tax(own)
                days = (line.service_period_start, line.service_period_end)
                amount = float(priced[contract_line].get_amount(*days))
                if line.move_id.move_type == "out_refund":
                    amount = -amount
                billed = contract_line._get_price(amount, line.tax_ids)
                if line.currency_id.compare_amounts(billed, line.price_unit):
                    # Somebody has changed the price.
                    amount = own._get_price_before(
                        line.tax_ids, line.price_unit, contract_line.product_id
                    )
                line.price_unit = contract_line._get_price(amount, taxes)
                line.tax_ids = taxes

    def copy_data(self, default=None):
        vals_list = super().copy_data(default)
        keeps = self.env.context.get("include_business_fields")
        for line, vals in zip(self, vals_list, strict=True):
            if line._is_service_deferred() and (not keeps or line._is_service_debit()):
                # A copy bills no days: what it defers nothing would ever earn.
                contract = line.sudo().service_contract_id
                vals["account_id"] = line.service_revenue_account_id.id
                vals["analytic_distribution"] = contract._get_analytic_distribution()
        return vals_list

    def _copy_data_extend_business_fields(self, values):
        super()._copy_data_extend_business_fields(values)
        if not self.service_contract_line_id or self._is_service_debit():
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
        # reversed bills, or credits, the days again.
        credited = self.service_credited_line_id
        context = self.env.context
        if "move_reverse_cancel" in context or "service_debits" in context:
            values["service_credited_line_id"] = self.id
        elif credited:
            values["service_credited_line_id"] = credited.id
            values["service_gives_days"] = self.service_gives_days

    def _is_service_debit(self):
        """Tell whether a copy of the line only asks for more than it bills. Days that a
        credit gave back are billed again."""
        self.ensure_one()
        debits = "service_debits" in self.env.context
        return debits and not self.service_credited_line_id

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
                for vals in rows._prepare_vals_list(line)
            ]
        )
        for move, lines in credits.grouped("move_id").items():
            lines._undo_service_deferral(move)

    def _undo_service_deferral(self, move):
        """Take out of what is deferred of the credited days what credits give
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
                move.date, ref=self.env._("Earned revenue credited by %s", move.name)
            )

    def _check_service_not_credited(self):
        """Refuse to reset documents of which credit notes give days back: what is
        posted again, or changed, would no longer be what was credited."""
        # Who resets an invoice need not see the credit notes of other companies.
        credits = self.sudo().service_credit_line_ids
        for credit in credits.filtered(lambda line: line.parent_state != "cancel"):
            raise UserError(
                self.env._(
                    "%(move)s cannot be reset to draft because %(credit)s credits "
                    "days of it. Cancel that credit note first.",
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
                    "%(move)s cannot be reset to draft because %(entry)s recognized "
                    "the earned revenue of contract %(contract)s that it credits. "
                    "Reset that entry to draft first.",
                    **vals,
                )
            )
        raise UserError(
            self.env._(
                "%(move)s cannot be reset to draft because %(entry)s recognized its "
                "revenue of contract %(contract)s. Create a credit note instead.",
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
                    "%(move)s cannot be reset to draft because contract %(contract)s "
                    "has earned revenue it bills. Create a credit note instead.",
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
        """Take an amount out of what is still deferred of the credited days.

        :param credit: the line that gives it back
        :param amount: in company currency, of the sign of the rows
        :return: what was not found, because it is earned already
        """
        self.ensure_one()
        amount = to_decimal(self.company_currency_id.round(amount))
        room = self._get_service_room()
        credited = self._get_service_credited_months(credit)
        days = self._get_service_spans(self._get_service_credited_spans("posted"))
        reserve = get_reserve(room, credit._get_service_span(), days)
        parts = share_out(amount, credited, room, reserve)
        parts = clear_over(parts, room, days)
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
        room = {get_month(row.date): row.amount for row in self._get_service_rows()}
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
        about: all of it on its document, be it still deferred or revenue.

        :param credit: a line that gives days of this line back
        """
        self.ensure_one()
        days = credit._get_service_span()
        same = credit.move_id.line_ids.filtered(
            lambda line: (
                line.service_credited_line_id == credit.service_credited_line_id
                and days == line._get_service_span()
            )
        )
        _billed, is_credit = credit._get_service_billed_line()
        own = same if is_credit else credit.service_credited_line_id
        total = sum(same.mapped("balance")) * (1 if is_credit else -1)
        without = credit.move_id | credit.service_credited_line_id.move_id
        rest = self._get_service_rest("posted", without=without)
        return self._get_service_taken(
            days,
            to_decimal(self.company_currency_id.round(total)),
            self._get_service_earnings("posted", without=without),
            self._is_service_credit_whole(rest, days, own),
        )

    def _get_service_taken(self, days, total, earnings, is_whole=True):
        """Return {first day of a month: amount} of what a credit takes from what a
        billed line earns.

        :param days: that are credited
        :param total: in company currency
        :param earnings: what the line earns without the credit
        :param is_whole: whether the days are given back; else they only cost less
        """
        self.ensure_one()
        return get_credited(
            earnings.amount,
            self._get_service_span(),
            days,
            total,
            self.company_currency_id._get_service_rounding(),
            earnings,
            is_whole,
        )

    def _get_service_rows(self):
        """Return what a billed line earns in each month, whatever was credited."""
        self.ensure_one()
        earnings = self._get_service_earnings()
        return make_rows(
            *earnings.billed.span, earnings.amount, earnings.billed.rounding, earnings
        )

    def _get_service_room(self):
        """Return what is still deferred of a billed line, by month."""
        self.ensure_one()
        rows = self.sudo().service_deferral_ids.filtered(lambda row: not row.move_id)
        return {
            month: to_decimal(
                self.company_currency_id.round(sum(group.mapped("amount")))
            )
            for month, group in rows.grouped(lambda row: get_month(row.date)).items()
        }

    def _change_service_rows(self, parts):
        """Change what is still deferred of a billed line, a row for each month.

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
        rest = self._get_service_rest()
        for gone in subtract([rest.billed.span], spans):
            rest.give_back(gone, rest.get_worth([gone]), is_whole=True)
        parts = self._prepare_service_parts(rest)
        copies = self.with_context(include_business_fields=True).copy_data()
        self.write(parts[0])
        self.move_id.write(
            {
                "invoice_line_ids": [
                    Command.create({**copies[0], **part}) for part in parts[1:]
                ]
            }
        )

    def _prepare_service_parts(self, rest):
        """Return the values of lines that bill, or credit, what is left of this one,
        each some days that touch.

        :param rest: of `_get_service_rest`
        """
        self.ensure_one()
        sign = self._get_service_sign()
        return [
            {
                "quantity": 1,
                "discount": 0,
                "price_unit": float(sign * amount),
                "name": self._get_service_text(span),
                "service_period_start": span.first,
                "service_period_end": span.last,
                "service_pricing": self._pack_service_pricing(pricing),
            }
            for span, amount, pricing in rest.get_parts()
        ]

    def _prepare_service_copies(self):
        """Return {(contract line id, first day): values of the lines that copies of
        these have in their place}, of those that are not copied as they are.

        A reversal credits what is left; a corrected invoice, made after its reversal,
        bills what that gave back.
        """
        copies = {}
        is_reversal = "move_reverse_cancel" in self.env.context
        for line in self:
            key = (line.service_contract_line_id.id, line.service_period_start)
            rest = line._get_service_rest()
            if is_reversal:
                before = rest.amount
                rest = line._get_service_rest("draft", "posted")
                if rest.days != [rest.billed.span] or rest.amount != before:
                    copies[key] = line._prepare_service_parts(rest)
                    for vals in copies[key]:
                        del vals["service_pricing"]
                continue
            last = line.move_id.reversal_move_ids.sorted("id")[-1:]
            if last.state != "posted":
                continue
            spans = [
                credit._get_service_span()
                for credit in line.service_credit_line_ids
                if credit.move_id == last
            ]
            for span in subtract(rest.days, spans):
                rest.give_back(span, rest.get_worth([span]), is_whole=True)
            if rest.days != [rest.billed.span]:
                copies[key] = line._prepare_service_parts(rest)
        return copies

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
        accounts: first what is still deferred, the rest from revenue.

        :param credits: of `service.contract._plan_credits`
        """
        self.ensure_one()
        vals_list = []
        room = self._get_service_room()
        earnings = self._get_service_earnings("draft", "posted")
        for credit in credits:
            amount, parts = credit.amount, []
            if self._is_service_deferred():
                deferred = self._apply_service_deferred(credit, room, earnings)
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

    def _apply_service_deferred(self, credit, room, earnings):
        """Return how much of a credit is deferred, in the mode of the line's taxes
        and in its currency.

        :param credit: of `service.contract._plan_credits`
        :param dict room: what is still deferred by month; what is found is taken off
        :param earnings: what the line still earns; the days of the credit are taken off
        """
        self.ensure_one()
        total = earnings.get_worth([credit.span])
        credited = self._get_service_taken(credit.span, total, earnings)
        earnings.give_back(credit.span, total, is_whole=True)
        reserve = get_reserve(room, credit.span, earnings.days)
        parts = share_out(total, credited, room, reserve)
        for month, part in parts.items():
            room[month] -= part
        found = sum(parts.values())
        if found == total:
            return credit.amount
        # Less than the smallest amount of the currency is not earned: nothing of days
        # that are all given back stays deferred.
        earned = float_round(
            credit.amount * float((total - found) / total),
            precision_rounding=self.currency_id.rounding,
            rounding_method="DOWN",
        )
        return self.currency_id.round(credit.amount - earned)

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
            "service_gives_days": True,
        }

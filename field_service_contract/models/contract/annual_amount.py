"""What a contract costs a year."""

from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import UserError

from ...engine import distribute, to_decimal
from .service_contract import DAY, PRICE_GROUPS


class ServiceContract(models.Model):
    _inherit = "service.contract"

    change_ids = fields.One2many(
        comodel_name="service.contract.change",
        inverse_name="contract_id",
        string="Gain and Loss",
        copy=False,
        groups=PRICE_GROUPS,
    )
    annual_amount = fields.Monetary(
        compute="_compute_annual_amount",
        inverse="_inverse_annual_amount",
        store=True,
        groups=PRICE_GROUPS,
        help="Annual cost of the lines today; before the start, on the first day.",
    )
    annual_untaxed = fields.Monetary(
        string="Untaxed Annual Amount",
        compute="_compute_annual_untaxed",
        store=True,
        groups=PRICE_GROUPS,
        help="Annual amount without the included taxes.",
    )
    tax_mode = fields.Char(
        string="Taxes",
        compute="_compute_tax_mode",
        compute_sudo=True,
        groups=PRICE_GROUPS,
        help="Whether the amounts of the contract include tax.",
    )
    tax_totals = fields.Binary(
        string="Totals per Year",
        compute="_compute_tax_totals",
        compute_sudo=True,
        exportable=False,
        groups=PRICE_GROUPS,
        help="Annual amount for the current payer.",
    )
    amount_per_period = fields.Monetary(
        compute="_compute_amount_per_period",
        store=True,
        groups=PRICE_GROUPS,
        aggregator=None,
        help="Annual amount for a full billing period.",
    )
    next_change_date = fields.Date(
        compute="_compute_annual_amount",
        store=True,
        index="btree_not_null",
        help="Next day on which the annual amount changes.",
        export_string_translation=False,
    )

    # -- Computes -----------------------------------------------------------------

    @api.depends(
        "state",
        "date_start",
        "line_ids.amount",
        "line_ids.date_start",
        "line_ids.date_end",
        "line_ids.change_ids.amount",
        "line_ids.change_ids.date",
    )
    def _compute_annual_amount(self):
        """Sum what is in force today; a nightly job computes it again on the next
        day on which it changes."""
        for contract in self:
            if contract.state == "draft" or not contract.term_ids:
                lines, contract.next_change_date = contract._get_offered_lines()
                contract.annual_amount = sum(lines.mapped("amount"))
                continue
            today = fields.Date.context_today(contract)
            day = max(today, contract.date_start)
            changes = contract.line_ids.change_ids
            later = changes.filtered(lambda change, day=day: change.date > day)
            contract.annual_amount = sum((changes - later).mapped("amount"))
            contract.next_change_date = min(later.mapped("date"), default=False)

    def _get_offered_lines(self):
        """Return the lines of a draft that count today, or on the first day on which
        any does, and the next day on which others do: a line and the one that goes on
        with it are not counted both.

        :rtype: tuple[service.contract.line, date | False]
        """
        self.ensure_one()
        lines = self.line_ids.filtered(lambda line: not line.display_type)
        today = fields.Date.context_today(self)
        start = self.date_start or today
        firsts = {line: line.date_start or start for line in lines}
        day = max(today, min(firsts.values(), default=today))
        offered = lines.filtered(
            lambda line: (
                firsts[line] <= day and (not line.date_end or line.date_end >= day)
            )
        )
        later = [first for first in firsts.values() if first > day]
        later += [line.date_end + DAY for line in offered if line.date_end]
        return offered, min(later, default=False)

    @api.depends("annual_amount", "line_ids.product_id", "line_ids.tax_ids")
    def _compute_annual_untaxed(self):
        for contract in self:
            lines = contract.line_ids
            if any(line._get_taxes()._includes_tax() for line in lines):
                contract.annual_untaxed = sum(
                    line._get_untaxed(annual)
                    for line, annual in lines._get_annuals_today().items()
                )
            else:
                contract.annual_untaxed = contract.annual_amount

    @api.depends("line_ids.product_id", "line_ids.tax_ids", "company_id")
    @api.depends_context("lang")
    def _compute_tax_mode(self):
        for contract in self:
            contract.tax_mode = contract._get_tax_mode()

    @api.depends(
        "annual_amount",
        "currency_id",
        "fiscal_position_id",
        "invoice_partner_id",
        "site_id",
        "line_ids.product_id",
        "line_ids.tax_ids",
    )
    @api.depends_context("lang")
    def _compute_tax_totals(self):
        for contract in self:
            contract.tax_totals = contract._get_tax_totals()

    def _inverse_annual_amount(self):
        """Spread the difference over the lines, by amount."""
        for contract in self:
            contract._distribute_annual_amount(contract.annual_amount, "amount")

    @api.depends("annual_amount", "billing_months")
    def _compute_amount_per_period(self):
        for contract in self:
            contract.amount_per_period = contract.currency_id.round(
                contract.annual_amount / 12 * contract.billing_months
            )

    # -- Changed as a whole -------------------------------------------------------

    def _distribute_annual_amount(self, total, method):
        """Give the lines of drafts amounts that sum to a new annual amount.

        :param str method: ``even``, ``amount`` or ``profit``
        :raise UserError: if the contract lives, has no lines or nothing to go by
        """
        for contract in self:
            if contract.state != "draft":
                raise UserError(
                    self.env._(
                        "The annual amount of contract %s can only be edited while "
                        "it is a draft. Change the price of an active contract with "
                        "a date and a reason.",
                        contract.display_name,
                    )
                )
            lines, _day = contract._get_offered_lines()
            amounts = contract._spread_annual_amount(lines, total, method)
            for line, amount in zip(lines, amounts, strict=True):
                line.amount = float(amount)

    def _spread_annual_amount(self, lines, total, method):
        """Return the amounts of lines that sum to a new total, as decimals."""
        self.ensure_one()
        amounts = [to_decimal(line.amount) for line in lines]
        bases = {
            "even": [Decimal(1)] * len(lines),
            "amount": amounts,
            "profit": [to_decimal(line.profit) for line in lines],
        }[method]
        try:
            return distribute(
                to_decimal(total),
                amounts,
                bases,
                self.currency_id._get_service_rounding(),
            )
        except ValueError as error:
            raise UserError(
                self.env._(
                    "The annual amount of contract %s cannot be distributed: it "
                    "needs lines whose amounts, or profits, are not zero.",
                    self.display_name,
                )
            ) from error

    # -- Taxes --------------------------------------------------------------------

    def _get_tax_mode(self):
        """Return whether the amounts of the contract contain tax, in words.

        What the payer is asked for may be without: see `_get_tax_totals`.
        """
        self.ensure_one()
        lines = self.line_ids.filtered(lambda line: not line.display_type)
        taxes = [own for line in lines if (own := line._get_taxes())]
        if not taxes:
            return ""
        included = {own._includes_tax() for own in taxes}
        if included == {True}:
            return self.env._("tax included")
        if included == {False}:
            return self.env._("plus tax")
        return self.env._("partly tax included")

    def _format_with_tax_mode(self, amount):
        """Return an amount of the contract in words, with whether it contains tax."""
        self.ensure_one()
        text = self.currency_id.format(amount)
        # Who reads amounts need not read taxes.
        mode = self.sudo()._get_tax_mode()
        return f"{text} ({mode})" if mode else text

    def _get_current_positions(self):
        """Return {contract: (who pays for it today, fiscal position)}."""
        today, current, known = fields.Date.context_today(self), {}, {}
        for contract in self:
            payer = contract._get_payer(max(today, contract.date_start or today))
            position, site = contract.fiscal_position_id, contract.site_id
            if payer and not position:
                key = (contract.company_id, payer, site)
                if key not in known:
                    model = position.with_company(contract.company_id)
                    known[key] = model._get_fiscal_position(payer, delivery=site)
                position = known[key]
            current[contract] = payer, position
        return current

    def _prepare_base_lines(self, begun=True, current=None):
        """Return {line: base line}, as Odoo computes taxes, of what lines cost a year
        who pays for them today.

        :param bool begun: of `_get_annuals_today`
        :param current: of `_get_current_positions`, where it is known
        """
        self.ensure_one()
        # What is printed and shown to customers does not depend on who prints it.
        contract = self.sudo()
        company = contract.company_id or self.env.company
        taxes = contract.env["account.tax"]
        payer, position = current or contract._get_current_positions()[contract]
        base_lines = {}
        lines = contract.line_ids.filtered(lambda line: not line.display_type)
        for line, annual in lines._get_annuals_today(begun).items():
            mapped = position.map_tax(line._get_taxes())
            base_lines[line] = taxes._prepare_base_line_for_taxes_computation(
                line,
                tax_ids=mapped,
                price_unit=line._get_price(annual, mapped),
                quantity=1,
                discount=0,
                currency_id=contract.currency_id or company.currency_id,
                partner_id=payer,
            )
        taxes._add_tax_details_in_base_lines(list(base_lines.values()), company)
        taxes._round_base_lines_tax_details(list(base_lines.values()), company)
        return base_lines

    def _get_tax_totals(self, current=None):
        """Return what a year costs who pays today, as `tax_totals` of a quotation.

        :param current: of `_get_current_positions`, where it is known
        """
        self.ensure_one()
        company = self.company_id or self.env.company
        # As above.
        taxes = self.env["account.tax"].sudo()
        return taxes._get_tax_totals_summary(
            base_lines=list(self._prepare_base_lines(current=current).values()),
            currency=self.currency_id or company.currency_id,
            company=company,
        )

    def _get_annual_totals(self):
        """Return {contract: what a year costs who pays today, with tax}."""
        # As above.
        contracts = self.sudo()
        # Lines without texts are read by themselves, contract by contract: read those
        # of all contracts before.
        contracts.line_ids.mapped("tax_ids")
        contracts.line_ids.product_id.mapped("taxes_id")
        contracts.line_ids.change_ids.mapped("amount")
        contracts.mapped("term_ids")
        return {
            contract: contract._get_tax_totals(current)["total_amount_currency"]
            for contract, current in contracts._get_current_positions().items()
        }

    def _get_printed_amounts(self):
        """Return {line: what it costs a year}, with or without tax as invoices of the
        company show their lines.

        :raise AccessError: for whoever may not read prices
        """
        self.ensure_one()
        self._check_field_access(self._fields["annual_amount"], "read")
        includes = self.company_id.account_price_include == "tax_included"
        name = "total_included_currency" if includes else "total_excluded_currency"
        return {
            line: base_line["tax_details"][name]
            for line, base_line in self._prepare_base_lines(begun=False).items()
        }

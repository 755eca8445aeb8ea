"""How contract lines are invoiced: taxes, accounts, texts."""

from odoo import fields, models
from odoo.fields import Command

from ..contract.service_contract import DAY, PRICE_GROUPS


class ServiceContractLine(models.Model):
    _inherit = "service.contract.line"

    tax_ids = fields.Many2many(
        comodel_name="account.tax",
        relation="service_contract_line_tax_rel",
        column1="line_id",
        column2="tax_id",
        string="Other Taxes",
        check_company=True,
        domain="[('type_tax_use', '=', 'sale')]",
        context={"active_test": False},
        groups=PRICE_GROUPS,
        help="If empty, the taxes of the product on the invoice date.",
    )
    move_line_ids = fields.One2many(
        comodel_name="account.move.line",
        inverse_name="service_contract_line_id",
        string="Invoice Lines",
        copy=False,
        groups="account.group_account_invoice",
    )

    # -- Taxes and accounts -------------------------------------------------------

    def _get_taxes(self):
        """Return the taxes of the line before the fiscal position maps them.

        Of a line without product and without taxes of its own: the company's.
        """
        self.ensure_one()
        taxes = self.tax_ids
        if not taxes and self.product_id:
            taxes = self.product_id.taxes_id._filter_taxes_by_company(self.company_id)
        elif not taxes:
            taxes = self.company_id.account_sale_tax_id
        return taxes

    def _get_untaxed(self, amount):
        """Return an amount of the line without the taxes that it contains."""
        self.ensure_one()
        untaxed = self._get_taxes()._get_untaxed_price(float(amount), self.product_id)
        return self.currency_id.round(untaxed)

    def _get_taxed(self, untaxed):
        """Return the amount of the line that is this one without its taxes."""
        self.ensure_one()
        return self._get_taxes()._get_taxed_price(untaxed, self.product_id)

    def _get_price(self, amount, taxes):
        """Return an amount of the line as the price of an invoice line, as Odoo's own
        orders and invoices convert it.

        :param amount: in the mode of the taxes of this line
        :param taxes: what the fiscal position makes of these
        """
        self.ensure_one()
        own = self._get_taxes()
        price = own._adapt_price_unit_to_another_taxes(
            float(amount), self.product_id, own, taxes
        )
        return self.currency_id.round(price)

    def _get_revenue_account(self):
        """Return the income account before the fiscal position maps it."""
        self.ensure_one()
        contract = self.contract_id
        product = self.product_id.with_company(self.company_id)
        income = product and product.product_tmpl_id.get_product_accounts()["income"]
        return (
            contract.revenue_account_id
            or income
            or contract._get_journal().default_account_id
        )

    # -- What is invoiced ---------------------------------------------------------

    def _get_rests(self, open_days, invoiced):
        """Return what is left of the invoice lines of this one if days that were given
        back are to be billed again, or were rounded among those that stay.

        :param open_days: covered days that are not invoiced, as spans in order
        :param invoiced: the others, as spans in order
        """
        self.ensure_one()
        if not open_days or not invoiced:
            return []
        is_ahead = open_days[0].first > invoiced[-1].last
        if is_ahead and not self.contract_id.suspension_ids:
            return []
        # What is billed does not depend on who bills.
        return [
            line._get_service_rest("posted")
            for line in self.sudo().move_line_ids
            if line.service_is_live and not line.service_credited_line_id
        ]

    def _get_effective_days(self, days):
        """Return {line: when a change takes effect}: on its day, or on the first day
        after it that is not invoiced.

        :param dict days: {line: day of the change}
        """
        invoiced = self.contract_id._get_invoiced_spans()
        effective = dict(days)
        for line in self:
            for span in invoiced[line._origin.id]:
                if span.first <= days[line] <= span.last:
                    effective[line] = span.last + DAY
        return effective

    # -- Invoices -----------------------------------------------------------------

    def _get_invoicing_problems(self):
        """Return what keeps a line from being invoiced, in words."""
        self.ensure_one()
        label, problems = self._get_label(), []
        problems += [
            self.env._(
                "Tax %(tax)s of “%(line)s” is archived. Choose another one.",
                tax=tax.name,
                line=label,
            )
            for tax in self._get_taxes()
            if not tax.active
        ]
        accounts = self._get_revenue_account()
        if not accounts:
            problems.append(self.env._("“%s” has no income account.", label))
        if self.contract_id.is_deferred:
            accounts |= self.contract_id._get_deferred_account()
        problems += [
            self.env._(
                "Account %(account)s of “%(line)s” is archived. Choose another one.",
                account=account.display_name,
                line=label,
            )
            for account in accounts
            if not account.active
        ]
        return problems

    def _prepare_text_vals(self, bill, day):
        """Return a section or note as it is on an invoice."""
        self.ensure_one()
        contract = self.contract_id
        first, last = bill.period[:2]
        lang = contract._get_payer(first).lang
        # Below the title of a contract its own sections are subsections.
        has_title = contract.invoice_detail == "contract" or contract.invoice_title
        kind = self.display_type
        if kind == "line_section" and has_title:
            kind = "line_subsection"
        return {
            "display_type": kind,
            "name": contract._fill_markers(self.name, first, last, day, lang),
        }

    def _get_invoice_text(self, first, last, day):
        """Return the text of the line for the billed days, in the payer's language."""
        self.ensure_one()
        contract, text = self.contract_id, self.name or ""
        if "#START#" not in text and "#END#" not in text:
            text = f"{text}\n#START# – #END#".lstrip()
        lang = contract._get_payer(first).lang
        return contract._fill_markers(text, first, last, day, lang)

    def _prepare_invoice_line_vals(self, part, bill, day, sign, position):
        """Return the invoice line that bills some days of this line.

        :param part: the billed days with their amount
        :param bill: the bill it belongs to
        :param day: date of the document
        :param int sign: -1 on a credit note
        :param position: fiscal position of the document
        """
        self.ensure_one()
        contract = self.contract_id
        revenue = position.map_account(self._get_revenue_account())
        # The starting period is earned at once.
        defers = (
            contract.is_deferred
            and contract.billing_timing == "prepaid"
            and not bill.period.is_starting
        )
        account = revenue
        if defers:
            account = position.map_account(contract._get_deferred_account())
        distribution = False if defers else contract._get_analytic_distribution()
        taxes = position.map_tax(self._get_taxes())
        price = self._get_price(part.amount * sign, taxes)
        vals = {
            "display_type": "product",
            "product_id": self.product_id.id,
            "name": self._get_invoice_text(part.first, part.last, day),
            "quantity": 1,
            "price_unit": price,
            "tax_ids": [Command.set(taxes.ids)],
            "account_id": account.id,
            "analytic_distribution": distribution,
            "service_contract_line_id": self.id,
            "service_period_start": part.first,
            "service_period_end": part.last,
            "service_pricing": self.env["account.move.line"]._pack_service_pricing(
                part.pricing
            ),
            "service_revenue_account_id": revenue.id if defers else False,
        }
        if self.installed_base_id:
            vals["installed_base_ids"] = [Command.set(self.installed_base_id.ids)]
        if self._is_billed_untaxed(taxes):
            # Revenue, on an invoice as on a credit note. Given with its balance, Odoo
            # need not write the new line once more to find it.
            balance = -price * sign
            vals.update({"balance": balance, "amount_currency": balance})
        return vals

    def _is_billed_untaxed(self, taxes):
        """Tell whether the billed price is the untaxed one in company currency."""
        self.ensure_one()
        is_own_currency = self.currency_id == self.company_id.currency_id
        return is_own_currency and not taxes._includes_tax()

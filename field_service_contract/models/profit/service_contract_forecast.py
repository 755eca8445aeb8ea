"""What contracts will be invoiced: planned by the engine that also bills."""

from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain

from ...engine import Span, get_renewed_end
from ..billing.due import BILLING_TERMS
from ..contract.service_contract import DAY, PRICE_GROUPS, RUNNING_STATES

# From today on; the month in which they end is forecast as a whole.
FORECAST_MONTHS = 12


class ServiceContractForecast(models.Model):
    """An invoice that a contract will bring, untaxed, if nothing changes."""

    _name = "service.contract.forecast"
    _inherit = ["installed.base.guard.mixin"]
    _description = "Forecast of Contract Invoices"
    _order = "date, id"
    _rec_name = "contract_id"

    contract_id = fields.Many2one(
        comodel_name="service.contract", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        related="contract_id.company_id", store=True, precompute=True, index=True
    )
    currency_id = fields.Many2one(
        related="contract_id.currency_id", store=True, precompute=True
    )
    company_currency_id = fields.Many2one(
        related="company_id.currency_id",
        string="Company Currency",
        store=True,
        precompute=True,
    )
    partner_id = fields.Many2one(
        related="contract_id.partner_id",
        string="Customer",
        store=True,
        precompute=True,
        index="btree_not_null",
    )
    group_id = fields.Many2one(
        related="contract_id.group_id",
        store=True,
        precompute=True,
        index="btree_not_null",
    )
    date = fields.Date(
        string="Invoice Date",
        required=True,
        index=True,
        help="Date of the expected invoice.",
    )
    kind = fields.Selection(
        selection=[("agreed", "Agreed"), ("renewal", "Expected renewal")],
        required=True,
        default="agreed",
        help="Expected renewal: days after the end of a contract that renews "
        "automatically unless notice is given.",
    )
    amount = fields.Monetary(
        string="Amount in Contract Currency",
        required=True,
        aggregator=None,
        groups=PRICE_GROUPS,
        help="Untaxed.",
    )
    company_amount = fields.Monetary(
        string="Amount",
        currency_field="company_currency_id",
        required=True,
        groups=PRICE_GROUPS,
        help="Untaxed, at the exchange rate of the date of the forecast.",
    )


class ServiceContract(models.Model):
    _inherit = "service.contract"

    forecast_ids = fields.One2many(
        comodel_name="service.contract.forecast",
        inverse_name="contract_id",
        copy=False,
        groups=PRICE_GROUPS,
    )
    forecast_until = fields.Date(
        copy=False,
        readonly=True,
        index="btree_not_null",
        help="Last day up to which invoices are forecast.",
    )
    forecast_is_stale = fields.Boolean(
        compute="_compute_forecast_is_stale",
        store=True,
        help="Changed after its invoices were forecast.",
    )

    _forecast_stale_index = models.Index("(id) WHERE forecast_is_stale")

    @api.depends(
        # Whatever changes what is to be billed changes the forecast.
        *BILLING_TERMS,
        "renewal",
        "term_months",
        "cancellation_date",
        "invoice_dating",
        "invoice_ahead_days",
        "fiscal_position_id",
        "payer_ids.date_start",
        "payer_ids.partner_id",
        "line_ids.product_id",
        "line_ids.tax_ids",
    )
    def _compute_forecast_is_stale(self):
        self.forecast_is_stale = True

    # -- Expected renewals --------------------------------------------------------

    def _get_expected_terms(self, until):
        """Return the terms that follow up to a day if nobody gives notice."""
        self.ensure_one()
        if not self._is_renewal_expected():
            return []
        terms, end = [], self.date_end
        while end < until:
            first, end = end + DAY, get_renewed_end(end, self.term_months)
            terms.append(Span(first, end))
        return terms

    def _is_renewal_expected(self):
        """Tell whether the contract is renewed without anybody doing anything."""
        self.ensure_one()
        return bool(
            self.date_end
            and self.renewal == "automatic"
            and self.term_months
            and self.state in RUNNING_STATES
            and not self.cancellation_date
        )

    # -- Forecast -----------------------------------------------------------------

    @api.model
    def _get_forecast_end(self, today):
        """Return the last day that is forecast."""
        return fields.Date.end_of(
            fields.Date.add(today, months=FORECAST_MONTHS), "month"
        )

    @api.model
    def _get_forecast_domain(self, until):
        """Return which contracts are to be forecast again: what changed since, and
        what lives on into days that were too far away."""
        lives = Domain("state", "in", RUNNING_STATES) | Domain(
            "next_invoice_date", "!=", False
        )
        is_short = Domain("forecast_until", "<", until)
        return Domain("forecast_is_stale", "=", True) | (is_short & lives)

    @api.model
    def _cron_update_forecasts(self):
        """Forecast what changed again, every night, slice by slice."""
        until = self._get_forecast_end(fields.Date.context_today(self))
        # What ended and was archived since has no forecast any more.
        due = self.with_context(active_test=False).search(
            self._get_forecast_domain(until)
        )
        # One that cannot be forecast stays as it is and is tried again the next night.
        due._do_in_slices(lambda contracts: contracts._update_forecast(until))

    def _update_forecast(self, until):
        """Write down the invoices that contracts will bring.

        :param until: last day of an invoice
        """
        # What will be billed does not depend on who looks at it.
        contracts = self.sudo().with_context(active_test=False)
        vals_list = contracts._prepare_forecast_vals_list(until)
        contracts.forecast_ids.unlink()
        contracts.env["service.contract.forecast"].create(vals_list)
        contracts.write({"forecast_is_stale": False, "forecast_until": until})

    def _prepare_forecast_vals_list(self, until):
        """Return the values of the forecast, a row for each period and contract."""
        # A forecast waits for no visits: they are what is expected.
        planned = self._plan_due_bills(until, expects_renewals=True)
        taxes = self._get_forecast_taxes(planned)
        today = fields.Date.context_today(self)
        rates = {
            (currency, company): currency._get_conversion_rate(
                currency, company.currency_id, company, today
            )
            for currency, company in self.grouped(
                lambda contract: (contract.currency_id, contract.company_id)
            )
        }
        vals_list = []
        for contract, bills in planned.items():
            company = contract.company_id
            rate = rates[contract.currency_id, company]
            for bill in bills:
                amount = contract._get_untaxed_bill(bill, taxes)
                vals_list.append(
                    {
                        "contract_id": contract.id,
                        "date": contract._get_forecast_date(bill, today),
                        "kind": contract._get_forecast_kind(bill),
                        "amount": amount,
                        "company_amount": company.currency_id.round(amount * rate),
                    }
                )
        return vals_list

    def _get_forecast_date(self, bill, today):
        """Return the date of the invoice that a run every day will make of a bill."""
        self.ensure_one()
        if self.invoice_dating == "run":
            return max(today, bill.due - timedelta(days=self.invoice_ahead_days))
        return bill.date

    def _get_forecast_kind(self, bill):
        self.ensure_one()
        is_renewal = self.date_end and bill.period.first > self.date_end
        return "renewal" if is_renewal else "agreed"

    def _get_forecast_taxes(self, planned):
        """Return {(contract line, payer): its taxes}, where an invoice may contain
        some; the amount of the others is untaxed already."""
        # A fiscal position may put taxes that are part of the price in place of others.
        usable = self.env["account.tax"].with_context(active_test=True)
        companies = usable.search(
            [("type_tax_use", "=", "sale"), ("price_include", "=", True)]
        ).company_id
        included = {}
        for contract, bills in planned.items():
            lines = {part.key for bill in bills for part in bill.lines}
            for line in lines:
                taxes = line._get_taxes()
                if taxes and (taxes._includes_tax() or taxes.company_id & companies):
                    included.setdefault(contract, []).append(line)
        positions = self._get_fiscal_positions(
            {contract: planned[contract] for contract in included}
        )
        taxes = {}
        for contract, lines in included.items():
            for payer in {
                contract._get_payer(bill.period.first) for bill in planned[contract]
            }:
                key = (contract.company_id, payer, contract.site_id)
                position = contract.fiscal_position_id or positions[key]
                for line in lines:
                    own = line._get_taxes()
                    mapped = position.map_tax(own)
                    if (own | mapped)._includes_tax():
                        taxes[line, payer] = mapped
        return taxes

    def _get_untaxed_bill(self, bill, taxes):
        """Return what a bill comes to without taxes.

        :param taxes: of `_get_forecast_taxes`
        """
        self.ensure_one()
        payer = self._get_payer(bill.period.first)
        total = 0
        for part in bill.lines:
            amount = float(part.amount)
            mapped = taxes.get((part.key, payer))
            if mapped is not None:
                price = part.key._get_price(amount, mapped)
                amount = mapped.compute_all(
                    price, currency=self.currency_id, product=part.key.product_id
                )["total_excluded"]
            total += amount
        return self.currency_id.round(total)

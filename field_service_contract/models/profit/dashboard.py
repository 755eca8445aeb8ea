"""Where the contracts stand: figures that open the records behind them."""

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.fields import Domain
from odoo.tools import SQL, date_utils, format_amount, format_date

from ..contract.service_contract import READER_GROUPS, RUNNING_STATES

# How many of the contracts with the lowest margin are named.
LOWEST_MARGINS = 5


class ServiceContract(models.Model):
    _inherit = "service.contract"

    was_visited = fields.Boolean(
        compute="_compute_was_visited",
        search="_search_was_visited",
        groups=READER_GROUPS,
        help="A visit of the contract was done.",
    )

    def _compute_was_visited(self):
        visits = self._get_done_contract_visits(
            [("service_contract_id", "in", self.ids)]
        )
        visited = {contract.id for [contract] in visits}
        for contract in self:
            contract.was_visited = contract._origin.id in visited

    def _search_was_visited(self, operator, value):
        if operator != "in":
            return NotImplemented
        visits = self.env["maintenance.visit"]
        visits.flush_model(["service_contract_id", "state"])
        # Asks for each contract: there may be millions of visits.
        return Domain.custom(
            to_sql=lambda _model, alias, _query: SQL(
                "(SELECT TRUE FROM maintenance_visit visit "
                "WHERE visit.service_contract_id = %s AND visit.state = 'done' "
                "LIMIT 1) IS TRUE",
                SQL.identifier(alias, "id"),
            ),
            predicate=lambda contract: contract.was_visited,
        )

    def _get_done_contract_visits(self, domain):
        # Whether anybody was there is no secret, whoever went.
        visits = self.env["maintenance.visit"].sudo()
        return visits._read_group(
            Domain(domain) & Domain("state", "=", "done"), ["service_contract_id"]
        )

    # -- Dashboard ----------------------------------------------------------------

    @api.model
    @api.readonly
    def get_dashboard(self, period="month"):
        """Return the figures of the dashboard, ready to be shown.

        :param str period: ``month``, ``quarter`` or ``year``, of today, in which
            gains and losses are counted
        :return: ``figures``, each with label, value, note, tone and the action behind
            it, and ``margins``, the contracts with the lowest margin of the last
            twelve months, for those who may see margins
        :rtype: dict
        """
        if not self.env["service.contract.change"].has_access("read"):
            raise AccessError(
                self.env._(
                    "You need access to contract prices to see contract revenue."
                )
            )
        today = fields.Date.context_today(self)
        figures = [
            self._get_recurring_figure(),
            *self._get_change_figures(today, period),
            *self._get_attention_figures(),
            self._get_forecast_figure(today),
        ]
        lowest = []
        profit = self.env["service.contract.profit"]
        if profit.has_access("read"):
            totals, margins = profit._get_lowest_margins(
                self._get_margin_domain(today), LOWEST_MARGINS
            )
            figures.append(self._get_margin_figure(totals, today))
            lowest = [self._describe_margin(*margin) for margin in margins]
        return {"figures": figures, "margins": lowest}

    @api.model
    def _get_recurring_figure(self):
        running = Domain("state", "in", RUNNING_STATES)
        annual = self._sum_in_company_currency(self, running, "annual_untaxed")
        return self._prepare_figure(
            "annual",
            self.env._("Annual recurring revenue"),
            self._format_figure(annual),
            self.env._(
                "%(amount)s per month, %(count)s contracts, untaxed",
                amount=self._format_figure(annual / 12),
                count=self.search_count(running),
            ),
            self._get_dashboard_action(
                "service_contract_action", search_default_live=1
            ),
        )

    @api.model
    def _get_change_figures(self, today, period):
        first = date_utils.start_of(today, period)
        last = date_utils.end_of(today, period)
        days = Domain("date", ">=", first) & Domain("date", "<=", last)
        note = f"{format_date(self.env, first)} – {format_date(self.env, last)}"
        changes = self.env["service.contract.change"]
        figures = []
        for name, label, sign, tone in (
            ("gain", self.env._("Gains"), Domain("amount", ">", 0), "success"),
            ("loss", self.env._("Losses"), Domain("amount", "<", 0), "danger"),
        ):
            amount = self._sum_in_company_currency(
                changes, days & sign, "amount_untaxed"
            )
            action = self._get_dashboard_action(
                "service_contract_change_action", days & sign
            )
            figures.append(
                self._prepare_figure(
                    name,
                    label,
                    self._format_figure(amount),
                    note,
                    action,
                    tone if amount else "",
                )
            )
        return figures

    @api.model
    def _get_attention_figures(self):
        return [
            self._prepare_count(
                "to_renew",
                self._get_to_renew_domain(),
                label=self.env._("Renewals due"),
                note=self.env._("notice deadline within 60 days"),
            ),
            self._prepare_count(
                "ending",
                self._get_ending_domain(),
                label=self.env._("Ending"),
                note=self.env._("within 60 days"),
            ),
            self._prepare_count(
                "never_visited",
                self._get_never_visited_domain(),
                label=self.env._("Never visited"),
                note=self.env._("active contracts that have started"),
            ),
            *self._get_credit_figures(),
        ]

    @api.model
    def _get_credit_figures(self):
        # Nothing to credit is as it should be.
        domain = Domain("credit_due_amount", "!=", 0)
        if not self.search_count(domain, limit=1):
            return []
        return [
            self._prepare_count(
                "credit_due",
                domain,
                label=self.env._("To credit"),
                note=self.env._("invoiced days that are no longer covered"),
            )
        ]

    # The same as the filters of these names.

    @api.model
    def _get_to_renew_domain(self):
        return (
            Domain("state", "in", RUNNING_STATES)
            & Domain("renewal", "!=", "none")
            & Domain("cancellation_date", "=", False)
            & Domain("notice_date", "<=", "today +60d")
        )

    @api.model
    def _get_ending_domain(self):
        return (
            Domain("state", "in", RUNNING_STATES)
            & Domain("date_end", ">=", "today")
            & Domain("date_end", "<=", "today +60d")
        )

    @api.model
    def _get_never_visited_domain(self):
        return (
            Domain("state", "in", RUNNING_STATES)
            & Domain("date_start", "<=", "today")
            & Domain("was_visited", "=", False)
        )

    @api.model
    def _get_forecast_figure(self, today):
        forecasts = self.env["service.contract.forecast"]
        until = fields.Date.add(today, months=12)
        amount = self._sum_in_company_currency(
            forecasts, Domain("date", "<", until), "company_amount"
        )
        return self._prepare_figure(
            "forecast",
            self.env._("To be invoiced"),
            self._format_figure(amount),
            self.env._("overdue and in the next 12 months, untaxed"),
            self._get_dashboard_action(
                "service_contract_forecast_action", search_default_next_year=1
            ),
        )

    @api.model
    def _get_margin_figure(self, totals, today):
        """Return the figure of all margins.

        :param totals: {currency: (margin, number of contracts that lose money)}
        """
        company = self.env.company
        total = sum(
            currency._convert(margin, company.currency_id, company, today)
            for currency, (margin, _losing) in totals.items()
        )
        losing = sum(losing for _margin, losing in totals.values())
        return self._prepare_figure(
            "margin",
            self.env._("Margin"),
            self._format_figure(total),
            self.env._("last 12 months; contracts that lose money: %s", losing),
            self._get_dashboard_action(
                "service_contract_profit_action", search_default_last_year=1
            ),
            "danger" if company.currency_id.compare_amounts(total, 0) < 0 else "",
        )

    @api.model
    def _describe_margin(self, contract, currency, earned, cost, margin):
        return {
            "id": contract.id,
            "name": contract.display_name,
            "earned": format_amount(self.env, earned, currency),
            "cost": format_amount(self.env, cost, currency),
            "margin": format_amount(self.env, margin, currency),
            "percent": f"{margin / earned:.0%}" if earned else "",
            "is_loss": currency.compare_amounts(margin, 0) < 0,
        }

    @api.model
    def _get_margin_domain(self, today):
        first = fields.Date.subtract(today, months=12)
        return Domain("date", ">", first) & Domain("date", "<=", today)

    # -- Helpers ------------------------------------------------------------------

    @api.model
    def _sum_in_company_currency(self, model, domain, name):
        """Return the sum of an amount over records whose currencies differ, at the
        rates of today."""
        company = self.env.company
        today = fields.Date.context_today(self)
        currency_field = model._fields[name].get_currency_field(model)
        return sum(
            currency._convert(amount, company.currency_id, company, today)
            for currency, amount in model._read_group(
                domain, [currency_field], [f"{name}:sum"]
            )
        )

    @api.model
    def _format_figure(self, amount):
        # Coins do not matter on a dashboard.
        return format_amount(
            self.env,
            float(round(amount)),
            self.env.company.currency_id,
            trailing_zeroes=False,
        )

    @api.model
    def _get_dashboard_action(self, name, domain=None, **context):
        """Return an action of the addon with only these filters."""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            f"field_service_contract.{name}"
        )
        if domain is not None:
            action["domain"] = list(domain)
        return {**action, "context": context}

    @api.model
    def _prepare_count(self, name, domain, label, note):
        """Return a figure that asks for attention unless it is zero.

        :param str name: of the filter that finds the same contracts
        """
        count = self.search_count(domain)
        action = self._get_dashboard_action(
            "service_contract_action", **{f"search_default_{name}": 1}
        )
        tone = "warning" if count else ""
        return self._prepare_figure(name, label, str(count), note, action, tone)

    @api.model
    def _prepare_figure(self, name, label, value, note, action, tone=""):
        return {
            "name": name,
            "label": label,
            "value": value,
            "note": note,
            "action": action,
            "tone": tone,
        }

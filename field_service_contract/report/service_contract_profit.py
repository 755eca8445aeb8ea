from itertools import chain

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..context import get_live_months, get_only_fact, with_only_fact


class ServiceContractProfit(models.Model):
    """What contracts invoice, earn and cost, in company currency and without taxes.

    A row is one of: a posted invoice line of a contract line; a month of what such a
    line defers; a cost on the contract's analytic account. What a visit costs without
    being about one piece of equipment is spread evenly over those of the visit.
    """

    _name = "service.contract.profit"
    _description = "Profit and Loss of Service Contracts"
    _auto = False
    _order = "date desc, id desc"
    _rec_name = "contract_id"

    date = fields.Date(readonly=True)
    source = fields.Selection(
        selection=[
            ("invoice", "Invoices"),
            ("deferral", "Deferred revenue"),
            ("visit", "Visits"),
            ("other", "Other costs"),
        ],
        readonly=True,
    )
    contract_id = fields.Many2one(comodel_name="service.contract", readonly=True)
    contract_line_id = fields.Many2one(
        comodel_name="service.contract.line", readonly=True
    )
    installed_base_id = fields.Many2one(
        comodel_name="installed.base", string="Equipment", readonly=True
    )
    category_id = fields.Many2one(
        comodel_name="installed.base.category",
        string="Equipment Category",
        readonly=True,
    )
    group_id = fields.Many2one(comodel_name="service.contract.group", readonly=True)
    partner_id = fields.Many2one(
        comodel_name="res.partner", string="Customer", readonly=True
    )
    company_id = fields.Many2one(comodel_name="res.company", readonly=True)
    currency_id = fields.Many2one(comodel_name="res.currency", readonly=True)
    move_id = fields.Many2one(
        comodel_name="account.move", string="Invoice", readonly=True
    )
    visit_id = fields.Many2one(comodel_name="maintenance.visit", readonly=True)
    invoiced = fields.Monetary(readonly=True)
    earned = fields.Monetary(readonly=True)
    deferred = fields.Monetary(readonly=True, help="Invoiced and not recognized yet.")
    cost = fields.Monetary(readonly=True)
    margin = fields.Monetary(readonly=True, help="Earned revenue minus costs.")
    margin_percent = fields.Float(
        string="Margin (%)",
        readonly=True,
        aggregator="avg",
        help="Margin relative to earned revenue.",
    )

    _depends = {
        "account.move.line": [
            "account_id",
            "balance",
            "date",
            "move_id",
            "parent_state",
            "service_contract_id",
            "service_contract_line_id",
            "service_revenue_account_id",
        ],
        "service.contract.deferral": [
            "amount",
            "contract_id",
            "contract_line_id",
            "date",
            "move_id",
            "move_line_id",
        ],
        "account.analytic.line": [
            "amount",
            "date",
            "general_account_id",
            "service_contract_id",
            "service_line_id",
            "service_visit_id",
        ],
        "account.account": ["account_type"],
        "service.line": ["visit_line_id"],
        "maintenance.visit.line": ["installed_base_id", "visit_id"],
        "service.contract": [
            "analytic_account_id",
            "company_id",
            "group_id",
            "partner_id",
        ],
        "service.contract.line": ["contract_id", "installed_base_id"],
        "installed.base": ["category_id"],
        "res.company": ["currency_id"],
    }

    @property
    def _table_query(self) -> SQL:
        live = get_live_months(self.env)
        if live is not None:
            return self._select_months(live)
        # LEFT JOIN where every row has its partner, too: PostgreSQL leaves such tables
        # out if nobody asks for their columns. Categories are joined in each of the
        # facts: joined here, the equipment would be read whether asked for or not.
        return SQL(
            """
            SELECT fact.*,
                   fact.earned - fact.cost AS margin,
                   (fact.earned - fact.cost) / NULLIF(fact.earned, 0)
                       AS margin_percent,
                   contract.group_id,
                   contract.partner_id,
                   contract.company_id,
                   company.currency_id
              FROM %s
              JOIN service_contract contract ON contract.id = fact.contract_id
         LEFT JOIN res_company company ON company.id = contract.company_id
            """,
            self._get_facts_table(),
        )

    @api.model
    def _get_facts_table(self):
        """Return the rows that are counted as a table `fact`."""
        return SQL(
            """
            (%s) AS fact (
                 id, date, source, contract_id, contract_line_id,
                 installed_base_id, category_id, move_id, visit_id,
                 invoiced, earned, deferred, cost
            )
            """,
            SQL(" UNION ALL ").join(self._get_chosen_facts()),
        )

    @api.model
    def _get_chosen_facts(self):
        """Return the queries of all facts, or of the only kind that is looked at."""
        facts = self._get_facts()
        chosen = get_only_fact(self.env)
        return facts if chosen is None else [facts[chosen]]

    @api.model
    def _get_facts(self):
        """Return the queries whose rows are counted, all with the same columns."""
        plans = self.env["account.analytic.plan"].sudo()
        project_plan, other_plans = plans._get_all_plans()
        return [
            self._select_invoiced(),
            self._select_deferred(),
            self._select_visit_costs(),
            *(
                self._select_other_costs(plan._column_name())
                for plan in project_plan + other_plans
            ),
        ]

    @api.model
    def _select_invoiced(self):
        return SQL(
            """
            SELECT line.id::bigint * 4,
                   line.date,
                   'invoice',
                   line.service_contract_id,
                   line.service_contract_line_id,
                   contract_line.installed_base_id,
                   equipment.category_id,
                   line.move_id,
                   NULL::integer,
                   -line.balance,
                   CASE WHEN line.service_revenue_account_id <> line.account_id
                        THEN 0 ELSE -line.balance END,
                   0::numeric,
                   0::numeric
              FROM account_move_line line
         LEFT JOIN service_contract_line contract_line
                ON contract_line.id = line.service_contract_line_id
         LEFT JOIN installed_base equipment
                ON equipment.id = contract_line.installed_base_id
             WHERE line.parent_state = 'posted'
               AND line.service_contract_line_id IS NOT NULL
            """
        )

    @api.model
    def _select_deferred(self):
        return SQL(
            """
            SELECT deferral.id::bigint * 4 + 1,
                   deferral.date,
                   'deferral',
                   deferral.contract_id,
                   deferral.contract_line_id,
                   contract_line.installed_base_id,
                   equipment.category_id,
                   line.move_id,
                   NULL::integer,
                   0::numeric,
                   CASE WHEN deferral.move_id IS NULL THEN 0 ELSE deferral.amount END,
                   CASE WHEN deferral.move_id IS NULL THEN deferral.amount ELSE 0 END,
                   0::numeric
              FROM service_contract_deferral deferral
         LEFT JOIN service_contract_line contract_line
                ON contract_line.id = deferral.contract_line_id
         LEFT JOIN installed_base equipment
                ON equipment.id = contract_line.installed_base_id
         LEFT JOIN account_move_line line ON line.id = deferral.move_line_id
            """
        )

    @api.model
    def _select_visit_costs(self):
        # A piece of a visit is the one of the part, else each one that it is about.
        return SQL(
            """
            SELECT (cost.id::bigint * 65536 + COALESCE(piece.number, 0)) * 4 + 2,
                   cost.date,
                   'visit',
                   cost.service_contract_id,
                   (
                       SELECT contract_line.id
                         FROM service_contract_line contract_line
                        WHERE contract_line.installed_base_id = piece.installed_base_id
                          AND contract_line.contract_id = cost.service_contract_id
                     ORDER BY contract_line.id DESC
                        LIMIT 1
                   ),
                   piece.installed_base_id,
                   equipment.category_id,
                   NULL::integer,
                   cost.service_visit_id,
                   0::numeric,
                   0::numeric,
                   0::numeric,
                   -cost.amount * COALESCE(piece.share, 1)
              FROM account_analytic_line cost
         LEFT JOIN service_line part ON part.id = cost.service_line_id
         LEFT JOIN LATERAL (
                       SELECT visit_line.installed_base_id,
                              ROW_NUMBER() OVER (ORDER BY visit_line.id) AS number,
                              1.0 / COUNT(*) OVER () AS share
                         FROM maintenance_visit_line visit_line
                        WHERE visit_line.visit_id = cost.service_visit_id
                          AND visit_line.installed_base_id IS NOT NULL
                          AND (
                              part.visit_line_id IS NULL
                              OR part.visit_line_id = visit_line.id
                          )
                   ) AS piece ON TRUE
         LEFT JOIN installed_base equipment ON equipment.id = piece.installed_base_id
             WHERE cost.service_contract_id IS NOT NULL
            """
        )

    @api.model
    def _select_other_costs(self, column):
        """Return what else is booked on the analytic accounts of one plan.

        :param str column: where analytic lines have the accounts of the plan
        """
        return SQL(
            """
            SELECT cost.id::bigint * 4 + 3,
                   cost.date,
                   'other',
                   contract.id,
                   NULL::integer,
                   NULL::integer,
                   NULL::integer,
                   entry.move_id,
                   NULL::integer,
                   0::numeric,
                   0::numeric,
                   0::numeric,
                   -cost.amount
              FROM account_analytic_line cost
              JOIN service_contract contract
                ON contract.analytic_account_id = %(column)s
         LEFT JOIN account_account account ON account.id = cost.general_account_id
         LEFT JOIN account_move_line entry ON entry.id = cost.move_line_id
             WHERE cost.service_contract_id IS NULL
               AND (account.id IS NULL OR account.account_type LIKE 'expense%%')
            """,
            column=SQL.identifier("cost", column),
        )

    @api.model
    def _search(self, domain, offset=0, limit=None, order=None, **kwargs):
        """Look for a page by date among the days that it shows: to sort everything
        for it would take as much longer as there are more rows."""
        is_page = limit and order and order.lower().startswith("date desc")
        if is_page and get_only_fact(self.env) is None:
            # What it asks of other tables is asked once.
            domain = Domain(domain).optimize_full(self)
            first = self._get_first_day(domain, (offset or 0) + limit, **kwargs)
            if first:
                domain = Domain(domain) & Domain("date", ">=", first)
        return super()._search(domain, offset, limit, order, **kwargs)

    @api.model
    def _get_first_day(self, domain, count, **kwargs):
        """Return the latest day from which on one kind of fact alone has as many rows,
        None if no kind has as many.

        :param domain: which rows are counted
        """
        # Each kind is found by an index of its dates, latest first.
        days = []
        for chosen in range(len(self._get_facts())):
            facts = with_only_fact(self, chosen)
            query = facts._search(domain, count - 1, 1, "date desc", **kwargs)
            if query.is_empty():
                return None
            day = facts._field_to_sql(self._table, "date", query)
            days.append(SQL("(%s)", query.select(day)))
        latest = SQL("SELECT GREATEST(%s)", SQL(", ").join(days))
        return self.env.execute_query(latest)[0][0]

    @api.model
    def _read_group(
        self,
        domain,
        groupby=(),
        aggregates=(),
        having=(),
        offset=0,
        limit=None,
        order=None,
    ):
        """Answer by the sums of months what they know."""
        records = self
        if not having:
            records = self._with_months(domain, [*groupby, *aggregates], order)
        rows = super(ServiceContractProfit, records)._read_group(
            domain, groupby, aggregates, having, offset, limit, order
        )
        return self._from_months(rows)

    @api.model
    def _read_grouping_sets(self, domain, grouping_sets, aggregates=(), order=None):
        """Answer by the sums of months what they know."""
        specs = [*chain.from_iterable(grouping_sets), *aggregates]
        records = self._with_months(domain, specs, order)
        answers = super(ServiceContractProfit, records)._read_grouping_sets(
            domain, grouping_sets, aggregates, order
        )
        return [self._from_months(rows) for rows in answers]

    def _read_group_select(self, aggregate_spec, query):
        """A ratio of sums, whatever is grouped."""
        if aggregate_spec == "__count" and get_live_months(self.env) is not None:
            facts = SQL.identifier(self._table, "facts")
            return SQL("COALESCE(SUM(%s), 0)::bigint", facts)
        if aggregate_spec != "margin_percent:avg":
            return super()._read_group_select(aggregate_spec, query)
        return SQL(
            "SUM(%(margin)s) / NULLIF(SUM(%(earned)s), 0)",
            margin=self._field_to_sql(self._table, "margin", query),
            earned=self._field_to_sql(self._table, "earned", query),
        )

    @api.model
    def _get_lowest_margins(self, domain, limit):
        """Return the totals of all contracts, and which have the lowest margins, in one
        pass over what may be millions of rows.

        :param domain: which rows are counted
        :return: ``{currency: (margin, number of contracts that lose money)}``, and
            the lowest ``[(contract, currency, earned, cost, margin)]``
        :rtype: tuple[dict, list]
        """
        query = self._search(domain)
        rows = self.env.execute_query(
            SQL(
                """
                WITH balance AS MATERIALIZED (
                    SELECT %(contract)s AS contract_id,
                           %(currency)s AS currency_id,
                           SUM(%(earned)s) AS earned,
                           SUM(%(cost)s) AS cost,
                           SUM(%(earned)s) - SUM(%(cost)s) AS margin
                      FROM %(from)s
                     WHERE %(where)s
                  GROUP BY 1, 2
                )
                SELECT NULL, balance.currency_id, NULL, NULL, SUM(margin),
                       -- Less than half a cent is no loss.
                       COUNT(*) FILTER (WHERE ROUND(margin / currency.rounding) < 0)
                  FROM balance
                  JOIN res_currency currency ON currency.id = balance.currency_id
              GROUP BY balance.currency_id
             UNION ALL (
                SELECT contract_id, currency_id, earned, cost, margin, NULL
                  FROM balance
              ORDER BY margin, contract_id DESC
                 LIMIT %(limit)s
                )
                """,
                **{
                    name: self._field_to_sql(self._table, f"{name}_id", query)
                    for name in ("contract", "currency")
                },
                **{
                    name: self._field_to_sql(self._table, name, query)
                    for name in ("earned", "cost")
                },
                **{
                    "from": query.from_clause,
                    "where": query.where_clause or SQL("TRUE"),
                },
                limit=limit,
            )
        )
        currencies = self.env["res.currency"]
        totals = {
            currencies.browse(currency): (float(margin), losing)
            for contract, currency, _earned, _cost, margin, losing in rows
            if contract is None
        }
        contracts = self.env["service.contract"].browse(
            contract for contract, *_amounts in rows if contract is not None
        )
        # In the order of the rows; browsed together, their names are read together.
        lowest = [row for row in rows if row[0] is not None]
        return totals, [
            (contract, currencies.browse(currency), *map(float, amounts))
            for contract, (_id, currency, *amounts, _losing) in zip(
                contracts, lowest, strict=True
            )
        ]

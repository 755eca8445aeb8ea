"""The sums of profit and loss by month that are kept, and how they never lie.

The table has the sums of each month, and beside them marks: a mark says that something
of a month changed since its sums were made. PostgreSQL adds marks in the transaction
of the change, whoever changes what is counted: a button, a job, another addon or a
deletion that follows from another. Nothing is updated and no row is locked, so that two
bills of one contract never wait for each other. Readers count months with a mark from
what is booked, the others by their sums; a job makes sums again and takes away the
marks that it saw.
"""

from datetime import date

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL, date_utils

from ..context import get_only_fact, with_live_months

# Statements about tables and functions take no parameters; their names are ours.
# pylint: disable=sql-injection

TABLE = "service_contract_profit_month"
MEASURES = ("invoiced", "earned", "deferred", "cost", "margin")
# What the sums are kept by, and the parts of a date that a month has.
KEPT_BY = ("source", "company_id", "currency_id", "group_id")
PARTS = ("year_number", "quarter_number", "month_number")
# What may be asked of the sums.
SUMMED = {
    "__count",
    "margin_percent:avg",
    *(f"{name}:{way}" for name in MEASURES for way in ("sum", "sum_currency")),
    *KEPT_BY,
    *(f"{name}:array_agg_distinct" for name in KEPT_BY),
    *(f"{name}:count_distinct" for name in KEPT_BY),
    *(f"date:{part}" for part in ("month", "quarter", "year", *PARTS)),
}
CONDITIONS = {"date", *KEPT_BY, *(f"date.{part}" for part in PARTS)}
# What the database calls everything that adds marks.
PREFIX = "service_contract_profit_mark_"

_CREATE_TABLE = """
    CREATE TABLE IF NOT EXISTS service_contract_profit_month (
        date date,
        is_stale boolean NOT NULL DEFAULT FALSE,
        company_id integer,
        group_id integer,
        source varchar,
        invoiced numeric,
        earned numeric,
        deferred numeric,
        cost numeric,
        facts bigint
    )
"""
_MARK_ALL = f"INSERT INTO {TABLE} (is_stale) SELECT TRUE"
# What the rows are called that a statement changes, as they were and are.
_ROWS = {
    "INSERT": "NEW TABLE AS after",
    "UPDATE": "OLD TABLE AS before NEW TABLE AS after",
    "DELETE": "OLD TABLE AS before",
}


def _select_changed(columns, condition="TRUE"):
    """Return queries of the rows that a statement changes, as they were and are.

    :param columns: what of them is counted; None if anything may be
    :param str condition: which rows are counted
    """
    columns = columns and ", ".join(f"{{row}}.{column}" for column in columns)
    row = f"ROW({columns})" if columns else "{row}.*"
    old, new = (row.format(row=name) for name in ("before", "after"))
    differs = f"{old} IS DISTINCT FROM {new}"
    joined = f"before JOIN after ON after.id = before.id AND {differs}"
    return {
        "INSERT": f"SELECT after.* FROM after WHERE {condition}",
        "DELETE": f"SELECT before.* FROM before WHERE {condition}",
        "UPDATE": f"SELECT * FROM (SELECT before.* FROM {joined}"
        f" UNION ALL SELECT after.* FROM {joined}) AS seen WHERE {condition}",
    }


def _mark_own_month(changed):
    """Return what marks the months of changed rows."""
    return {
        event: f"INSERT INTO {TABLE} (date, is_stale) SELECT DISTINCT "
        f"date_trunc('month', changed.date)::date, TRUE FROM ({rows}) AS changed;"
        for event, rows in changed.items()
    }


def _mark_costs(changed, condition):
    """Return what marks the months of the costs that changed rows are about.

    :param str condition: which analytic line `cost` a row `changed` is about
    """
    return {
        event: f"INSERT INTO {TABLE} (date, is_stale) SELECT DISTINCT "
        f"date_trunc('month', cost.date)::date, TRUE FROM ({rows}) AS changed "
        f"JOIN account_analytic_line cost ON {condition};"
        for event, rows in changed.items()
    }


def _mark_contracts():
    """Return what marks the months of contracts that are counted elsewhere now."""
    changed = _select_changed(("company_id", "group_id", "analytic_account_id"))
    return {
        event: f"""
            SELECT array_agg(changed.id), array_agg(changed.analytic_account_id)
              INTO contracts, accounts
              FROM ({rows}) AS changed;
            IF contracts IS NULL THEN
                RETURN NULL;
            END IF;
            INSERT INTO {TABLE} (date, is_stale)
            SELECT DISTINCT date_trunc('month', booked.date)::date, TRUE
              FROM (
                  SELECT date FROM account_move_line
                   WHERE service_contract_id = ANY (contracts)
                     AND service_contract_line_id IS NOT NULL
               UNION ALL
                  SELECT date FROM service_contract_deferral
                   WHERE contract_id = ANY (contracts)
               UNION ALL
                  SELECT date FROM account_analytic_line
                   WHERE service_contract_id = ANY (contracts)
              ) AS booked;
            -- Each analytic plan has a column of its own.
            FOR plan IN
                SELECT attname FROM pg_attribute
                 WHERE attrelid = 'account_analytic_line'::regclass
                   AND attname ~ '^(account_id|x_plan[0-9]+_id)$'
            LOOP
                EXECUTE format(
                    'INSERT INTO {TABLE} (date, is_stale) '
                    'SELECT DISTINCT date_trunc(''month'', date)::date, TRUE '
                    'FROM account_analytic_line WHERE %I = ANY ($1)', plan
                ) USING accounts;
            END LOOP;
        """
        for event, rows in changed.items()
    }


def _get_marks():
    """Return {table: {event: what adds its marks}}."""
    types = _select_changed(("account_type",))["UPDATE"]
    plans = _select_changed(("parent_id",))["UPDATE"]
    parts = {"UPDATE": _select_changed(("visit_line_id",))["UPDATE"]}
    return {
        "account_move_line": _mark_own_month(
            _select_changed(
                (
                    "date",
                    "parent_state",
                    "balance",
                    "account_id",
                    "service_contract_id",
                    "service_contract_line_id",
                    "service_revenue_account_id",
                ),
                "parent_state = 'posted' AND service_contract_line_id IS NOT NULL",
            )
        ),
        "service_contract_deferral": _mark_own_month(
            _select_changed(("date", "contract_id", "amount", "move_id"))
        ),
        # Which of its columns name accounts depends on the plans of the company.
        "account_analytic_line": _mark_own_month(_select_changed(None)),
        "service_contract": _mark_contracts(),
        # One cost is a row for each piece of equipment.
        "maintenance_visit_line": _mark_costs(
            _select_changed(("visit_id", "installed_base_id")),
            "cost.service_visit_id = changed.visit_id",
        ),
        "service_line": _mark_costs(parts, "cost.service_line_id = changed.id"),
        # What is an expense from now on may be of any month, as may what is another
        # plan's.
        "account_account": {"UPDATE": f"{_MARK_ALL} WHERE EXISTS ({types});"},
        "account_analytic_plan": {
            "UPDATE": f"{_MARK_ALL} WHERE EXISTS ({plans});",
            "DELETE": f"{_MARK_ALL};",
        },
    }


def create_table(cr):
    """Create the table and what marks its months. All are stale: another version may
    count otherwise."""
    cr.execute(_CREATE_TABLE)
    cr.execute(_MARK_ALL)
    drop_marks(cr)
    for table, events in _get_marks().items():
        for event, body in events.items():
            name = f"{PREFIX}{table}_{event.lower()}"
            cr.execute(
                f"""
                CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $mark$
                DECLARE
                    contracts integer[];
                    accounts integer[];
                    plan name;
                BEGIN
                    {body}
                    RETURN NULL;
                END
                $mark$
                """
            )
            cr.execute(
                f"CREATE TRIGGER {name} AFTER {event} ON {table} "
                f"REFERENCING {_ROWS[event]} "
                f"FOR EACH STATEMENT EXECUTE FUNCTION {name}()"
            )


def drop_marks(cr):
    """Let nothing mark months any more."""
    cr.execute(
        "SELECT oid::regprocedure::text FROM pg_proc "
        "WHERE starts_with(proname, %s) "
        "AND pronamespace = current_schema::regnamespace",
        [PREFIX],
    )
    for (function,) in cr.fetchall():
        cr.execute(f"DROP FUNCTION {function} CASCADE")


def drop_table(cr):
    """Leave nothing of the sums behind."""
    drop_marks(cr)
    cr.execute(f"DROP TABLE IF EXISTS {TABLE}")


class ServiceContractProfit(models.Model):
    _inherit = "service.contract.profit"

    def init(self):
        create_table(self.env.cr)

    @api.model
    def _get_stale_months(self):
        """Return the first days of the months whose sums are not up to date, and None
        among them if no sum is.

        :rtype: set
        """
        for name, names in self._depends.items():
            self.env[name].flush_model(names)
        rows = self.env.execute_query(
            SQL(
                "SELECT DISTINCT date FROM %s WHERE is_stale",
                SQL.identifier(TABLE),
            )
        )
        return {month for (month,) in rows}

    @api.model
    def _cron_update_months(self):
        """Make the sums again of what changed since."""
        self._update_months()

    @api.model
    def _rebuild_months(self):
        """Make all sums again, from what is booked."""
        self.env.cr.execute(_MARK_ALL)
        self._update_months()

    @api.model
    def _update_months(self):
        """Sum up the months with a mark. What changes meanwhile, in transactions that
        this one does not see, leaves marks that stay."""
        months = self._get_stale_months()
        if not months:
            return
        table = SQL.identifier(TABLE)
        chosen = kept = SQL("TRUE")
        if None not in months:
            chosen = self._get_months_condition(SQL.identifier("fact", "date"), months)
            kept = self._get_months_condition(SQL.identifier("date"), months)
        self.env.cr.execute(SQL("DELETE FROM %s WHERE is_stale OR %s", table, kept))
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO %(table)s (
                       date, source, company_id, group_id,
                       invoiced, earned, deferred, cost, facts)
                SELECT date_trunc('month', fact.date)::date,
                       fact.source, contract.company_id, contract.group_id,
                       SUM(fact.invoiced), SUM(fact.earned), SUM(fact.deferred),
                       SUM(fact.cost), COUNT(*)
                  FROM %(facts)s
                  JOIN service_contract contract ON contract.id = fact.contract_id
                 WHERE %(chosen)s
              GROUP BY 1, 2, 3, 4
                """,
                table=table,
                facts=self._get_facts_table(),
                chosen=chosen,
            )
        )

    @api.model
    def _get_months_condition(self, day, months):
        """Return the SQL that tells whether a day is in one of some months.

        :param SQL day: of a date
        :param months: the first days
        """
        spans = []
        for month in sorted(months):
            following = fields.Date.add(month, months=1)
            if spans and spans[-1][1] == month:
                spans[-1] = (spans[-1][0], following)
            else:
                spans.append((month, following))
        return SQL(
            "(%s)",
            SQL(" OR ").join(
                SQL(
                    "(%(day)s >= %(first)s AND %(day)s < %(end)s)",
                    day=day,
                    first=first,
                    end=end,
                )
                for first, end in spans
            )
            or SQL("FALSE"),
        )

    @api.model
    def _select_months(self, live):
        """Return the query of what is counted: the sums of most months, and the facts
        of the others.

        :param live: the first days of these others
        """
        parts = [
            SQL(
                """
                SELECT date, source, company_id, group_id,
                       invoiced, earned, deferred, cost, facts
                  FROM %s
                 WHERE NOT is_stale AND NOT %s
                """,
                SQL.identifier(TABLE),
                self._get_months_condition(SQL.identifier("date"), live),
            )
        ]
        if live:
            parts.append(
                SQL(
                    """
                    SELECT fact.date, fact.source, contract.company_id,
                           contract.group_id, fact.invoiced, fact.earned,
                           fact.deferred, fact.cost, 1
                      FROM %s
                      JOIN service_contract contract ON contract.id = fact.contract_id
                     WHERE %s
                    """,
                    self._get_facts_table(),
                    self._get_months_condition(SQL.identifier("fact", "date"), live),
                )
            )
        return SQL(
            """
            SELECT total.*,
                   total.earned - total.cost AS margin,
                   company.currency_id
              FROM (%s) AS total
         LEFT JOIN res_company company ON company.id = total.company_id
            """,
            SQL(" UNION ALL ").join(parts),
        )

    @api.model
    def _with_months(self, domain, specs, order):
        """Return the report such that a question is answered by the sums of months, if
        they know the answer.

        :param domain: which rows are asked for
        :param specs: the groups and aggregates that are asked for
        :param str order: of groups, or None
        """
        ordered = [part.split()[0] for part in (order or "").split(",") if part.strip()]
        asked = {*specs, *ordered}
        if get_only_fact(self.env) is not None or not asked <= SUMMED:
            return self
        domain = Domain(domain)
        if not self.env.su:
            domain &= self.env["ir.rule"]._compute_domain(self._name, "read")
        split = self._get_split_months(domain)
        stale = self._get_stale_months() if split is not None else {None}
        return self if None in stale else with_live_months(self, stale | split)

    @api.model
    def _get_split_months(self, domain):
        """Return the first days of the months of which a domain has a part only, None
        if it asks for what the sums do not know.

        :rtype: set | None
        """
        full = domain.optimize_full(self)
        conditions = [*domain.iter_conditions(), *full.iter_conditions()]
        if not all(condition.field_expr in CONDITIONS for condition in conditions):
            return None
        months = set()
        for condition in full.iter_conditions():
            if condition.field_expr != "date":
                continue
            value = condition.value
            for day in value if condition.operator in ("in", "not in") else [value]:
                if isinstance(day, date):
                    months.add(date_utils.start_of(day, "month"))
                elif day:
                    return None
        return months

    @api.model
    def _from_months(self, rows):
        """Return what the sums answered, without a trace of where it is from."""
        return [
            tuple(
                value.with_env(self.env)
                if isinstance(value, models.BaseModel)
                else value
                for value in row
            )
            for row in rows
        ]

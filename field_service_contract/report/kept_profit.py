"""The rows of profit and loss, kept so that nobody waits for them.

They are copies of what is computed, in a table of their own. Whatever changes what they
are made of marks the contracts concerned, in the same transaction. A marked contract is
computed whenever it is read, the others are read as they are kept: both are the truth
at every moment. A job keeps marked contracts again.

Triggers of PostgreSQL set the marks: what is counted also changes by SQL, by cascades
and in stored computed fields, where no method is called that could be overridden.
"""

from odoo import api, models
from odoo.tools import SQL, split_every

from odoo.addons.field_installed_base.jobs import do_or_skip

KEPT = "service_contract_profit_kept"
MARKS = "service_contract_profit_mark"
# How a trigger knows a row after and before its change.
ROWS = ("NEW", "OLD")
# Contracts that are kept and committed together.
SLICE = 500
# {table: (events, what is counted of it, contracts that a row changes)}. A row whose
# counted columns stay the same marks nothing; without such columns each change does.
SOURCES = {
    "account_move_line": (
        "INSERT OR UPDATE OR DELETE",
        (
            "account_id",
            "balance",
            "date",
            "parent_state",
            "service_contract_id",
            "service_contract_line_id",
            "service_revenue_account_id",
        ),
        "SELECT {row}.service_contract_id",
    ),
    "service_contract_deferral": (
        "INSERT OR UPDATE OR DELETE",
        ("amount", "contract_id", "contract_line_id", "date", "move_id"),
        "SELECT {row}.contract_id",
    ),
    # Which columns have analytic accounts depends on the plans that there are.
    "account_analytic_line": (
        "INSERT OR UPDATE OR DELETE",
        (),
        """
        SELECT {row}.service_contract_id
         UNION
        SELECT contract.id
          FROM jsonb_each_text(to_jsonb({row})) AS plan
          JOIN service_contract contract
            ON contract.analytic_account_id = CASE
                   WHEN plan.key ~ '^(account|x_plan\\d+)_id$' THEN plan.value::integer
               END
        """,
    ),
    "service_contract": (
        "INSERT OR UPDATE",
        ("analytic_account_id", "company_id", "group_id", "partner_id"),
        "SELECT {row}.id",
    ),
    "service_contract_line": (
        "INSERT OR UPDATE OR DELETE",
        ("contract_id", "installed_base_id"),
        "SELECT {row}.contract_id",
    ),
    "maintenance_visit_line": (
        "INSERT OR UPDATE OR DELETE",
        ("installed_base_id", "visit_id"),
        """
        SELECT cost.service_contract_id
          FROM account_analytic_line cost
         WHERE cost.service_visit_id = {row}.visit_id
        """,
    ),
    "service_line": (
        "UPDATE",
        ("visit_line_id",),
        """
        SELECT cost.service_contract_id
          FROM account_analytic_line cost
         WHERE cost.service_line_id = {row}.id
        """,
    ),
    "account_account": (
        "UPDATE",
        ("account_type",),
        "SELECT id FROM service_contract WHERE analytic_account_id IS NOT NULL",
    ),
}


class ServiceContractProfit(models.Model):
    _inherit = "service.contract.profit"

    def init(self):
        # Two transactions never make the same mark, and so never wait for each other.
        self.env.cr.execute(
            f"""
            CREATE TABLE IF NOT EXISTS {KEPT} (
                id bigint PRIMARY KEY,
                date date,
                source varchar NOT NULL,
                contract_id integer NOT NULL
                    REFERENCES service_contract ON DELETE CASCADE,
                contract_line_id integer,
                installed_base_id integer,
                move_id integer,
                visit_id integer,
                group_id integer,
                partner_id integer,
                company_id integer,
                invoiced double precision NOT NULL,
                earned double precision NOT NULL,
                deferred double precision NOT NULL,
                cost double precision NOT NULL
            );
            CREATE INDEX IF NOT EXISTS {KEPT}_contract_idx ON {KEPT} (contract_id);
            CREATE INDEX IF NOT EXISTS {KEPT}_order_idx ON {KEPT} (date DESC, id DESC);
            CREATE TABLE IF NOT EXISTS {MARKS} (
                contract_id integer NOT NULL,
                transaction bigint NOT NULL,
                PRIMARY KEY (contract_id, transaction)
            );
            """
        )
        for table, (events, columns, contracts) in SOURCES.items():
            self._create_trigger(table, events, columns, contracts)
        # What is computed may be something else from now on.
        self._rebuild()

    @api.model
    def _create_trigger(self, table, events, columns, contracts):
        new, old = (", ".join(f"{row}.{name}" for name in columns) for row in ROWS)
        same = columns and f"({new}) IS NOT DISTINCT FROM ({old})" or "FALSE"
        mark_new, mark_old = (
            f"""
            INSERT INTO {MARKS} (contract_id, transaction)
                 SELECT DISTINCT changed.id, txid_current()
                   FROM ({contracts.format(row=row)}) AS changed (id)
                  WHERE changed.id IS NOT NULL
            ON CONFLICT DO NOTHING;
            """
            for row in ROWS
        )
        name = f"{MARKS}_{table}"
        self.env.cr.execute(
            f"""
            CREATE OR REPLACE FUNCTION {name}() RETURNS trigger AS $$
            BEGIN
                IF TG_OP = 'UPDATE' THEN
                    IF {same} THEN
                        RETURN NULL;
                    END IF;
                END IF;
                IF TG_OP <> 'DELETE' THEN
                    {mark_new}
                END IF;
                IF TG_OP <> 'INSERT' THEN
                    {mark_old}
                END IF;
                RETURN NULL;
            END
            $$ LANGUAGE plpgsql;
            DROP TRIGGER IF EXISTS {name} ON {table};
            CREATE TRIGGER {name} AFTER {events} ON {table}
                FOR EACH ROW EXECUTE FUNCTION {name}();
            """
        )

    @api.model
    def _rebuild(self):
        """Distrust everything that is kept: it is computed until it is kept again."""
        self.env.cr.execute(
            f"""
            INSERT INTO {MARKS} (contract_id, transaction)
                 SELECT id, txid_current() FROM service_contract
            ON CONFLICT DO NOTHING
            """
        )

    @api.model
    def _cron_keep(self):
        """Keep what is marked, slice by slice."""
        self.env.cr.execute(f"SELECT DISTINCT contract_id FROM {MARKS} ORDER BY 1")
        marked = [contract_id for [contract_id] in self.env.cr.fetchall()]
        do_or_skip(self.env, split_every(SLICE, marked), self._keep)

    @api.model
    def _keep(self, contract_ids):
        """Write down the rows of contracts, and that they are no longer marked.

        A mark that is set meanwhile is not seen here, and stays.

        :param contract_ids: ids, also of contracts that are no more
        """
        self.env.flush_all()
        ids = list(contract_ids)
        for query in (
            SQL(
                "DELETE FROM %s WHERE contract_id = ANY(%s)", SQL.identifier(KEPT), ids
            ),
            SQL(
                "INSERT INTO %s %s",
                SQL.identifier(KEPT),
                self._select_computed(SQL("%s", ids)),
            ),
            SQL(
                "DELETE FROM %s WHERE contract_id = ANY(%s)", SQL.identifier(MARKS), ids
            ),
        ):
            self.env.cr.execute(query)


def forget_profit(env):
    """Remove what `init` made, which Odoo does not know."""
    for table in SOURCES:
        env.cr.execute(f"DROP FUNCTION IF EXISTS {MARKS}_{table}() CASCADE")
    env.cr.execute(f"DROP TABLE IF EXISTS {KEPT}, {MARKS}")

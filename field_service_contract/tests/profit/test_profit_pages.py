"""How profit and loss is read among many rows: what a test database is too small for is
asked with nothing else to choose from."""

import random
from unittest.mock import patch

from lxml import etree

from odoo import fields
from odoo.fields import Domain
from odoo.tests import tagged
from odoo.tools import SQL

from .test_profit import ProfitCase


@tagged("post_install", "-at_install")
class TestProfitPages(ProfitCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        lines = [
            {"value": 1200, "installed_base_id": piece.id}
            for piece in (cls.piece, cls.other_piece)
        ]
        cls.contracts = cls._create_year(lines=lines) | cls._create_year()
        cls.contracts |= cls._create_contract()
        visit = cls._create_contract_visit(cls.contracts[0], cls.piece, cls.other_piece)
        draw = random.Random(26)
        cls.env["account.analytic.line"].create(
            [
                {
                    "name": f"Cost {number}",
                    "amount": -draw.randint(1, 900),
                    # Many on the same days.
                    "date": fields.Date.add(
                        cls._day("2025-12-01"), days=draw.randint(0, 40)
                    ),
                    cls.plan._column_name(): contract.analytic_account_id.id,
                    **(
                        {"service_contract_id": contract.id}
                        | {"service_visit_id": visit.id}
                        if contract == cls.contracts[0] and draw.random() < 0.6
                        else {}
                    ),
                }
                for number in range(60)
                for contract in [draw.choice(cls.contracts[:2])]
            ]
        )
        cls.env.flush_all()
        cls.profit = cls.env["service.contract.profit"]

    def test_pages_are_parts_of_the_whole(self):
        own = Domain("contract_id", "in", self.contracts.ids)
        for domain in (
            own,
            own & Domain("date", "<=", "2026-01-05"),
            own & Domain("source", "in", ("visit", "deferral")),
            own & Domain("category_id", "=", self.boilers.id),
            own & Domain("contract_id", "=", self.contracts[1].id),
            own & Domain("contract_id.state", "=", "closed"),
        ):
            rows = self.profit.search_read(domain, ["date"], load=None)
            whole = sorted(rows, key=lambda row: (row["date"], row["id"]), reverse=True)
            self.assertEqual(rows, whole)
            ids = [row["id"] for row in whole]
            self.assertEqual(self.profit.search_count(domain), len(ids))
            for limit in (1, 7, len(ids) or 1, 500):
                for offset in (0, 1, 40, len(ids) + 3):
                    with self.subTest(domain, limit=limit, offset=offset):
                        page = self.profit.search(domain, offset=offset, limit=limit)
                        self.assertEqual(page.ids, ids[offset : offset + limit])
            page = self.profit.search(domain, limit=5, order="contract_id, id")
            self.assertEqual(
                page.ids,
                self.profit.search(domain, order="contract_id, id").ids[:5],
            )

    def test_first_page_is_found_by_dates(self):
        plan = self._explain_each(
            lambda: self.profit.search([("date", "<=", "2026-12-31")], limit=3),
            "GREATEST",
        )
        for index in (
            "account_move_line_date_name_id_idx",
            "service_contract_deferral__date_index",
            "account_analytic_line__date_index",
        ):
            self.assertRegex(plan, rf"Index (Only )?Scan (Backward )?using {index}")

    def test_list_reads_its_rows_once(self):
        """What the rights of its user ask for is read with them."""
        profit = self._as("accountant", self.profit)
        view = profit.get_view(view_type="list")
        names = set(etree.fromstring(view["arch"]).xpath("//list/field/@name"))
        many = {name for name in names if profit._fields[name].relational}
        run, asked = type(self.env.cr).execute, []

        def execute(cursor, query, *args, **kwargs):
            if "UNION ALL" in str(query):
                asked.append(query)
            return run(cursor, query, *args, **kwargs)

        with patch.object(type(self.env.cr), "execute", execute):
            page = profit.web_search_read(
                [],
                {
                    name: {"fields": {"display_name": {}}} if name in many else {}
                    for name in names
                },
                limit=3,
                count_limit=10_001,
            )
        self.assertEqual(len(page["records"]), 3)
        # The page, and how many rows there are.
        self.assertEqual(len(asked), 2)

    def test_nothing_is_joined_unasked(self):
        """Equipment and lines of contracts are read where they are asked for."""
        read = self.profit._read_group

        def explain(name):
            return self._explain_each(
                lambda: read([], [name], ["margin:sum"]), "UNION ALL"
            )

        for name in ("contract_id", "group_id", "date:month"):
            plan = explain(name)
            self.assertIn(" on service_contract_deferral ", plan)
            self.assertNotIn(" on service_contract_line ", plan)
            self.assertNotIn(" on installed_base ", plan)
        self.assertIn(" on installed_base ", explain("category_id"))

    def _explain_each(self, function, part):
        """Return the plans of the queries with a part that a function makes, with
        indexes only and without sorting."""
        run, plans = type(self.env.cr).execute, []

        def execute(cursor, query, *args, **kwargs):
            if part in str(query):
                run(cursor, SQL("EXPLAIN %s", query), *args, **kwargs)
                plans.extend(row[0] for row in cursor.fetchall())
            return run(cursor, query, *args, **kwargs)

        with self.env.cr.savepoint() as savepoint:
            self.env.cr.execute("SET LOCAL enable_seqscan = off")
            self.env.cr.execute("SET LOCAL enable_sort = off")
            with patch.object(type(self.env.cr), "execute", execute):
                function()
            savepoint.rollback()
        return "\n".join(plans)

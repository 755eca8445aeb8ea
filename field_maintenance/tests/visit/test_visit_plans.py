"""How PostgreSQL finds visits among many: what a test database is too small for is
asked with nothing else to choose from."""

from unittest.mock import patch

from odoo import fields
from odoo.fields import Command, Domain
from odoo.tests import tagged
from odoo.tools import SQL

from ..common import ExecutionCase


@tagged("post_install", "-at_install")
class TestVisitPlans(ExecutionCase):
    def _explain_with(self, query, *indexes):
        """Return the plan of a query where the table has only its key and these
        indexes."""
        self.env.flush_all()
        others = self.env.execute_query(
            SQL(
                "SELECT indexrelid::regclass::text FROM pg_index "
                "WHERE indrelid = 'maintenance_visit'::regclass AND NOT indisprimary "
                "AND indexrelid::regclass::text NOT IN %s",
                indexes,
            )
        )
        with self.env.cr.savepoint() as savepoint:
            for (name,) in others:
                self.env.cr.execute(SQL("DROP INDEX %s", SQL.identifier(name)))
            self.env.cr.execute("SET LOCAL enable_seqscan = off")
            self.env.cr.execute("SET LOCAL enable_sort = off")
            rows = self.env.execute_query(SQL("EXPLAIN %s", query.select()))
            savepoint.rollback()
        return "\n".join(row[0] for row in rows)

    def _search(self, domain, limit=None):
        return self._as("technician", self.env["maintenance.visit"])._search(
            domain, limit=limit, order="date_start, due_date, id"
        )

    def test_few_visits_of_a_technician_are_found_by_who_goes(self):
        """No visit of others is looked at."""
        self.env["service.team"].create(
            {"name": "Mine", "member_ids": [Command.set(self.technician.ids)]}
        )
        plan = self._explain_with(
            self._search([]),
            "maintenance_visit__technician_id_index",
            "maintenance_visit__team_id_index",
        )
        for index in ("_technician_id_index", "_team_id_index", "pkey"):
            self.assertIn(f"maintenance_visit_{index}", plan)
        self.assertIn("BitmapOr", plan)

    def test_lists_are_read_in_their_order(self):
        for index, domain in (
            ("maintenance_visit_order_index", []),
            ("maintenance_visit_open_order_index", [("state", "=", "planned")]),
        ):
            with self.subTest(index):
                plan = self._explain_with(self._search(domain, limit=80), index)
                self.assertIn(f" using {index} on", plan)
                self.assertNotIn("Sort", plan)
        visits = self.env["maintenance.visit"]
        index = "maintenance_visit_to_plan_order_index"
        query = visits._search(
            [("state", "=", "to_plan"), ("company_id", "=", self.env.company.id)],
            limit=80,
            order="due_date, id",
        )
        plan = self._explain_with(query, index)
        self.assertIn(f" using {index} on", plan)
        self.assertNotIn("Sort", plan)

    def test_backlog_is_found_by_its_opening(self):
        visits = self.env["maintenance.visit"]
        today = fields.Date.to_date("2026-06-01")
        domain = visits._get_opening_domain(today)
        index = "maintenance_visit_backlog_opening_index"
        domain &= Domain("company_id", "=", self.env.company.id)
        domain &= Domain("state", "=", "to_plan")
        plan = self._explain_with(visits._search(domain), index)
        self.assertRegex(plan, rf"using {index}.*\n *Index Cond: .*COALESCE")
        opened = self._create_visit(window_start="2026-06-01", window_end="2026-06-09")
        later = self._create_visit(window_start="2026-06-02", window_end="2026-06-09")
        anytime = self._create_visit()
        anytime.write({"window_start": False, "window_end": False})
        among = opened | later | anytime
        self.assertEqual(
            visits.search(domain & Domain("id", "in", among.ids)),
            opened | anytime,
        )
        self.assertEqual(among.filtered_domain(domain), opened | anytime)

    def test_late_visits_are_found_by_their_deadline(self):
        index = "maintenance_visit_overdue_index"
        visits = self.env["maintenance.visit"]
        for domain in ([("is_overdue", "=", True)], [("lateness", "=", "late")]):
            with self.subTest(domain):
                plan = self._explain_with(visits._search(domain), index)
                self.assertRegex(plan, rf"{index}.*\n *Index Cond: .*COALESCE")

    def test_visits_of_few_in_a_week_are_joined(self):
        """Who goes is not asked visit by visit."""
        visits = self.env["maintenance.visit"]
        days = (fields.Datetime.to_datetime(f"2026-06-0{day}") for day in (1, 8))
        query = visits._search(
            visits._get_overlap_domain(*days, None)
            & visits._get_crew_domain(self.technician)
        )
        self.assertNotIn("SubPlan", self._explain(query))

    def test_lines_are_found_by_their_equipment(self):
        """Registered equipment by its text, other lines among those without."""
        equipment = self._create_equipment(serial_number="PLAN-4711")
        visit = self._create_visit(installed_base_ids=equipment.ids)
        lines = self.env["maintenance.visit.line"]
        typed = lines.create({"visit_id": visit.id, "serial_number": "PLAN-4711-B"})
        other = self._create_visit(installed_base_ids=equipment.ids).line_ids
        found = [line_id for line_id, _name in lines.name_search("plan-4711")]
        self.assertEqual(found, [other.id, typed.id, visit.line_ids[0].id])
        found = [line_id for line_id, _name in lines.name_search("plan-4711", limit=2)]
        self.assertEqual(found, [other.id, typed.id])
        searches = []
        run = type(self.env.cr).execute

        def execute(cursor, query, *args, **kwargs):
            if "maintenance_visit_line" in str(query) and "LIMIT" in str(query):
                searches.append(query)
            return run(cursor, query, *args, **kwargs)

        with patch.object(type(self.env.cr), "execute", execute):
            lines.name_search("plan-4711", limit=2)
        registered, unregistered = map(self._explain, searches)
        self.assertIn("maintenance_visit_line__installed_base_id_index", registered)
        self.assertIn("maintenance_visit_line_unregistered_index", unregistered)

    def test_whose_visits_there_are(self):
        """Search and field agree: who leads, who goes along, whose team it is; of who
        is archived, too."""
        boss = self.env["hr.employee"].create({"name": "Boss"})
        team, led = self.env["service.team"].create(
            [
                {"name": "Mine", "member_ids": [Command.set(self.technician.ids)]},
                {"name": "Led", "leader_id": self.technician.id},
            ]
        )
        visits = (
            self._create_planned_visit(),
            self._create_planned_visit(
                technician_id=boss.id,
                technician_ids=[Command.set((boss | self.technician).ids)],
            ),
            self._create_visit(team_id=team.id),
            self._create_visit(team_id=led.id),
            self._create_planned_visit(technician_id=boss.id),
            self._create_visit(),
        )
        among = self.env["maintenance.visit"].union(*visits)
        led.active = False
        for active in (True, False):
            self.technician.active = active
            self.env.flush_all()
            for role, expected in (("technician", visits[:4]), ("dispatcher", ())):
                with self.subTest(role=role, active=active):
                    mine = self._as(role, among).sudo()
                    self.assertEqual(
                        tuple(mine.filtered("is_own").ids),
                        tuple(visit.id for visit in expected),
                    )
                    for value in (True, False):
                        own = Domain("is_own", "=", value)
                        found = mine.search(own & Domain("id", "in", among.ids))
                        self.assertEqual(found, mine.filtered_domain(own).sorted())

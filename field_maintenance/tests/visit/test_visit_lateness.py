from datetime import date

from freezegun import freeze_time
from lxml import etree

from odoo.fields import Command, Domain
from odoo.tests import tagged
from odoo.tools.safe_eval import safe_eval

from ..common import MaintenanceCase


@tagged("post_install", "-at_install")
@freeze_time("2026-06-16 10:00:00")
class TestVisitLateness(MaintenanceCase):
    """Lateness and counts are the same in Python, in searches and in groups."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        stove = cls._create_equipment()
        boiler = cls._create_equipment(product_id=cls.boiler.id)
        cls.by_lateness = {
            "late": cls._create_visit(installed_base_ids=stove.ids)
            | cls._create_planned_visit("2026-06-16 07:00:00"),
            "due": cls._create_visit(
                due_date="2026-06-20", installed_base_ids=(boiler | stove).ids
            )
            | cls._create_visit(due_date=False, state="to_plan"),
            "ahead": cls._create_visit(due_date="2026-09-01")
            | cls._create_planned_visit("2026-06-18 07:00:00"),
            "closed": cls._create_planned_visit("2026-06-02 07:00:00"),
        }
        cls.by_lateness["closed"]._finish()
        cls.visits = cls.env["maintenance.visit"].union(*cls.by_lateness.values())
        cls.ours = [("id", "in", cls.visits.ids)]

    def _group(self, groupby, *aggregates):
        return self.env["maintenance.visit"]._read_group(
            self.ours, [groupby], ["id:recordset", *aggregates]
        )

    def test_lateness(self):
        for lateness, visits in self.by_lateness.items():
            with self.subTest(lateness=lateness):
                self.assertEqual(set(visits.mapped("lateness")), {lateness})
                found = visits.search(
                    Domain("lateness", "=", lateness) & Domain(self.ours)
                )
                self.assertEqual(found, visits.sorted())
        self.assertEqual(dict(self._group("lateness")), self.by_lateness)

    def test_breakdowns_are_due_on_their_day(self):
        visit = self._create_visit(visit_type_id=self.repair.id, due_date="2026-06-15")
        self.assertEqual((visit.window_start, visit.window_end), 2 * (visit.due_date,))
        self.assertEqual(visit.lateness, "late")
        visit.maintenance_type = "unscheduled"
        self.assertEqual(visit.window_end, date(2026, 6, 29))
        visit.visit_type_id = self.cleaning
        self.assertEqual(visit.window_start, date(2026, 6, 8))

    def test_window_without_type(self):
        """Without a window of its own, a visit is due on its due date."""
        visit = self._create_visit(visit_type_id=False, due_date="2026-06-17")
        visit.window_start = False
        self.assertEqual(visit.lateness, "ahead")
        visit.due_date = "2026-06-16"
        visit.window_start = False
        self.assertEqual(visit.lateness, "due")
        self.assertIn(visit, visit.search([("lateness", "=", "due")]))

    def test_groups_begin_with_what_is_late(self):
        groups = self.visits._read_group(self.ours, ["lateness"])
        self.assertEqual([key for (key,) in groups], ["late", "due", "ahead", "closed"])
        found = self.visits.web_read_group(
            self.ours, ["lateness"], ["__count"], auto_unfold=True
        )
        self.assertEqual(
            [group["lateness"] for group in found["groups"]],
            ["late", "due", "ahead", "closed"],
        )

    def test_order_by_lateness(self):
        ordered = self.visits.search(self.ours, order="is_overdue DESC, id")
        self.assertEqual(ordered[:2], self.by_lateness["late"].sorted("id"))

    def test_counts(self):
        [row] = self.env["maintenance.visit"]._read_group(
            self.ours,
            [],
            ["to_plan_count:sum", "planned_count:sum", "done_count:sum"]
            + ["late_count:sum"],
        )
        self.assertEqual(row, (4, 2, 1, 2))
        names = ("to_plan_count", "planned_count", "done_count", "late_count")
        self.assertEqual(row, tuple(sum(self.visits.mapped(name)) for name in names))

    def test_measures_of_the_pivot(self):
        described = self.env["maintenance.visit"].fields_get(
            ["late_count", "lateness", "equipment_product_id", "is_overdue"]
        )
        self.assertEqual(described["late_count"]["aggregator"], "sum")
        for name in ("lateness", "equipment_product_id", "is_overdue"):
            self.assertTrue(described[name]["groupable"], name)

    def test_product_of_first_equipment(self):
        late, due = self.by_lateness["late"], self.by_lateness["due"]
        self.assertEqual(late[0].equipment_product_id, self.stove)
        self.assertEqual(due[0].equipment_product_id, self.boiler)
        groups = dict(self._group("equipment_product_id"))
        self.assertEqual(groups[self.stove], late[0])
        self.assertEqual(groups[self.boiler], due[0])
        found = self.visits.search(
            [("equipment_product_id", "=", self.boiler.id), *self.ours]
        )
        self.assertEqual(found, due[0])

    def test_product_of_several_pieces_is_counted_once(self):
        late = self.by_lateness["late"][0]
        late.line_ids = [
            Command.create({"product_id": self.boiler.id, "sequence": 99}),
            Command.create({"product_id": self.boiler.id, "sequence": 98}),
        ]
        groups = self.env["maintenance.visit"]._read_group(
            [("id", "=", late.id)], ["equipment_product_id"], ["__count"]
        )
        self.assertEqual(groups, [(self.stove, 1)])

    def test_filters_by_week(self):
        """Monday to Sunday in the user's time zone: 15 to 21 June."""
        view = self.env.ref("field_maintenance.maintenance_visit_view_search")
        arch = self.env["maintenance.visit"].get_view(view.id, "search")["arch"]
        visits = self.env["maintenance.visit"].with_context(tz="Europe/Brussels")
        filters = etree.fromstring(arch).iter("filter")
        domains = {
            node.get("name"): node.get("domain") for node in filters if node.get("name")
        }
        early = self._create_planned_visit("2026-06-14 22:00:00")
        before = self._create_planned_visit("2026-06-14 21:59:00")
        following = self._create_planned_visit("2026-06-21 22:00:00")
        self.ours = [("id", "in", (self.visits | early | before | following).ids)]
        this_week = visits.search(safe_eval(domains["this_week"]) + self.ours)
        self.assertEqual(
            this_week,
            (
                early
                | self.by_lateness["late"][1]
                | self.by_lateness["due"][0]
                | self.by_lateness["ahead"][1]
            ).sorted(),
        )
        next_week = visits.search(safe_eval(domains["next_week"]) + self.ours)
        self.assertEqual(next_week, following)
        month = visits.search(safe_eval(domains["this_month"]) + self.ours)
        self.assertNotIn(self.by_lateness["ahead"][0], month)
        self.assertIn(date(2026, 6, 1), month.mapped("due_date"))

import re
import sys
from collections import Counter
from datetime import datetime, timedelta
from unittest.mock import patch

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError
from odoo.tests import HttpCase, tagged

from odoo.addons.field_installed_base.tests.common import ROLES

from ...exceptions import VisitChangedError
from ...models.dispatch import board as board_module
from ..common import MaintenanceCase, MaintenanceFixtures

WEEK = ("2026-05-31 22:00:00", "2026-06-07 22:00:00")


class DispatchFixtures(MaintenanceFixtures):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["service.team"].search([]).active = False
        cls.env["service.zone"].search([]).active = False
        cls.team = cls.env["service.team"].create(
            {
                "name": "Boiler team",
                "company_id": cls.company.id,
                "member_ids": (cls.technician | cls.colleague).ids,
            }
        )
        cls.board = cls._as("dispatcher", cls.env["maintenance.visit"])

    def _get_board(self, start=WEEK[0], end=WEEK[1], **kwargs):
        return self.board.get_dispatch_board(start, end, **kwargs)


@tagged("post_install", "-at_install")
@freeze_time("2026-06-16 10:00:00")
class TestDispatchBoard(DispatchFixtures, MaintenanceCase):
    def _ids(self, rows):
        return [row["id"] for row in rows]

    # -- What the board shows ----------------------------------------------------------

    def test_rows(self):
        """Every technician has a row, with or without visits."""
        board = self._get_board()
        self.assertEqual(
            self._ids(board["technicians"]), [self.colleague.id, self.technician.id]
        )
        self.assertEqual(board["technicians"][0]["team_ids"], self.team.ids)
        self.assertFalse(board["has_more_technicians"])

    def test_rows_of_teams_and_zones(self):
        zone = self.env["service.zone"].create(
            {
                "name": "North",
                "company_id": self.company.id,
                "technician_ids": self.technician.ids,
            }
        )
        board = self._get_board(team_ids=[], zone_ids=zone.ids)
        self.assertEqual(self._ids(board["technicians"]), self.technician.ids)
        self.assertEqual(board["zone_ids"], zone.ids)
        board = self._get_board(team_ids=self.team.ids, zone_ids=zone.ids)
        self.assertEqual(len(board["technicians"]), 2)
        self.assertEqual(board["zones"], [{"id": zone.id, "name": "North"}])

    def test_rows_of_chosen_technicians(self):
        """Whoever is chosen has a row, besides teams and zones, with or without
        visits."""
        third = self.env["hr.employee"].create(
            {"name": "Third", "company_id": self.company.id}
        )
        board = self._get_board(technician_ids=third.ids)
        self.assertEqual(self._ids(board["technicians"]), third.ids)
        self.assertEqual(board["technician_ids"], third.ids)
        board = self._get_board(team_ids=self.team.ids, technician_ids=third.ids)
        self.assertEqual(
            self._ids(board["technicians"]),
            [self.colleague.id, third.id, self.technician.id],
        )
        foreigner = self.env["hr.employee"].create(
            {"name": "Foreigner", "company_id": self.other_company.id}
        )
        third.active = False
        board = self._get_board(technician_ids=(foreigner | third).ids)
        self.assertEqual(board["technician_ids"], [], "Neither is there any more")
        self.assertEqual(len(board["technicians"]), 2)

    def test_people_to_choose_from(self):
        people = self.board.get_dispatch_people()
        self.assertEqual(self._ids(people), [self.colleague.id, self.technician.id])
        with self.assertRaises(AccessError):
            self._as("employee", self.board).get_dispatch_people()

    def test_own_teams_by_default(self):
        dispatcher = self.env["hr.employee"].create(
            {"name": "Dora", "user_id": self.users["dispatcher"].id}
        )
        stoves = self.env["service.team"].create(
            {
                "name": "Stove team",
                "company_id": self.company.id,
                "leader_id": dispatcher.id,
                "member_ids": self.colleague.ids,
            }
        )
        board = self._get_board()
        self.assertEqual(board["team_ids"], stoves.ids)
        self.assertEqual(self._ids(board["technicians"]), self.colleague.ids)
        board = self._get_board(team_ids=[], zone_ids=[])
        self.assertEqual(len(board["technicians"]), 2)

    def test_rows_without_teams(self):
        """Before anything is configured, all employees are there."""
        self.team.active = False
        rows = self._ids(self._get_board()["technicians"])
        self.assertIn(self.technician.id, rows)
        foreigner = self.env["hr.employee"].create(
            {"name": "Foreigner", "company_id": self.other_company.id}
        )
        self.assertNotIn(foreigner.id, self._ids(self._get_board()["technicians"]))

    def test_only_technicians_have_rows(self):
        """Who is in a team or zone, uses visits, or went to one."""
        self.team.active = False
        clerk, veteran = self.env["hr.employee"].create(
            [
                {"name": "Clerk", "company_id": self.company.id},
                {"name": "Veteran", "company_id": self.company.id},
            ]
        )
        boss = self.env["hr.employee"].create(
            {"name": "Dora", "user_id": self.users["dispatcher"].id}
        )
        self._create_planned_visit("2025-06-01 07:00:00", technician_id=veteran.id)
        people = self._ids(self.board.get_dispatch_people())
        self.assertIn(self.technician.id, people)
        self.assertIn(veteran.id, people)
        self.assertFalse({clerk.id, boss.id, self.colleague.id} & {*people})

    def test_equipment_is_named(self):
        pieces = self._create_equipment(serial_number="S1") | self._create_equipment()
        visit = self._create_visit(installed_base_ids=pieces.ids)
        [row] = self._get_board()["backlog"]
        name = visit.line_ids[0]._get_equipment_name()
        self.assertEqual(row["equipment"], f"{name} S1 + 1")

    @freeze_time("2026-05-30 10:00:00")
    def test_conflicts_stay_visible(self):
        self.technician.resource_calendar_id.tz = "Europe/Brussels"
        fine, first, second, away, evening, met = (
            self._create_planned_visit(start)
            for start in (
                "2026-06-01 07:00:00",
                "2026-06-02 07:00:00",
                "2026-06-02 08:00:00",
                "2026-06-03 07:00:00",
                "2026-06-04 20:00:00",
                "2026-06-05 07:00:00",
            )
        )
        self.env["resource.calendar.leaves"].create(
            {
                "resource_id": self.technician.resource_id.id,
                "calendar_id": self.technician.resource_calendar_id.id,
                "date_from": "2026-06-03 00:00:00",
                "date_to": "2026-06-03 12:00:00",
            }
        )
        self.env["calendar.event"].create(
            {
                "name": "Dentist",
                "start": "2026-06-05 08:00:00",
                "stop": "2026-06-05 09:00:00",
                "partner_ids": self.technician._get_calendar_partners().ids,
            }
        )
        self.env.flush_all()
        self.env.invalidate_all()
        rows = {row["id"]: row["has_conflict"] for row in self._get_board()["visits"]}
        conflicts = first | second | away | evening | met
        self.assertEqual(rows, {fine.id: False, **dict.fromkeys(conflicts.ids, True)})
        self.assertEqual(
            self.board.search([("has_conflict", "=", True), ("id", "in", list(rows))]),
            conflicts,
        )
        self.assertEqual(
            self.board.search([("has_conflict", "=", False), ("id", "in", list(rows))]),
            fine,
        )

    def test_limits(self):
        visits = self.env["maintenance.visit"].create(
            [
                {
                    "partner_id": self.customer.id,
                    "due_date": "2026-06-01",
                    "visit_type_id": self.cleaning.id,
                }
                for _number in range(3)
            ]
        )
        planned = self._create_planned_visit() | self._create_planned_visit()
        with (
            patch.object(board_module, "BACKLOG_LIMIT", 2),
            patch.object(board_module, "VISIT_LIMIT", 1),
            patch.object(board_module, "TECHNICIAN_LIMIT", 1),
        ):
            board = self._get_board()
        self.assertEqual(self._ids(board["backlog"]), visits[:2].ids)
        self.assertTrue(board["has_more_backlog"])
        self.assertEqual(self._ids(board["technicians"]), self.colleague.ids)
        self.assertTrue(board["has_more_technicians"])
        self.assertFalse(board["visits"], "The technician of both is not shown")
        with patch.object(board_module, "VISIT_LIMIT", 1):
            board = self._get_board()
        self.assertEqual(self._ids(board["visits"]), planned[:1].ids)
        self.assertTrue(board["has_more_visits"])

    def test_window(self):
        """What overlaps the window is there, what touches it is not."""
        before = self._create_planned_visit("2026-05-31 20:30:00")
        self.assertEqual(before.date_end, datetime(2026, 5, 31, 22))
        over = self._create_planned_visit("2026-05-31 21:00:00")
        inside = self._create_planned_visit("2026-06-03 07:00:00")
        long = self._create_planned_visit("2026-05-01 07:00:00", duration=24 * 60)
        after = self._create_planned_visit("2026-06-07 22:00:00")
        cancelled = self._create_planned_visit("2026-06-03 09:00:00")
        cancelled._cancel("No")
        done = self._create_planned_visit("2026-06-04 09:00:00")
        done._finish()
        shown = self._ids(self._get_board()["visits"])
        self.assertEqual(shown, (long | over | inside | done).ids)
        domain = self.board._get_overlap_domain(
            datetime(2026, 5, 31, 22), datetime(2026, 6, 7, 22)
        )
        everything = before | over | inside | long | after
        self.assertEqual(
            everything.filtered_domain(domain),
            over | inside | long,
            "In Python as in SQL",
        )

    def test_window_is_refused(self):
        for start, end in (WEEK[::-1], (WEEK[0], WEEK[0]), (WEEK[0], "2026-08-01")):
            with self.assertRefused("1 to 42 days", UserError):
                self._get_board(start, end)

    def test_nobody_and_two(self):
        """A visit is on each of its technicians' rows, or on nobody's."""
        both = self._create_planned_visit(
            technician_ids=(self.technician | self.colleague).ids
        )
        nobody = self._create_planned_visit(technician_id=False)
        stranger = self.env["hr.employee"].create(
            {"name": "Stranger", "company_id": self.company.id}
        )
        elsewhere = self._create_planned_visit(technician_id=stranger.id)
        by_id = {
            row["id"]: row for row in self._get_board(team_ids=self.team.ids)["visits"]
        }
        self.assertEqual(set(by_id), {both.id, nobody.id})
        self.assertEqual(
            set(by_id[both.id]["technician_ids"]),
            {self.technician.id, self.colleague.id},
        )
        self.assertEqual(by_id[nobody.id]["technician_ids"], [])
        board = self._get_board()
        self.assertIn(elsewhere.id, self._ids(board["visits"]))
        self.assertIn(stranger.id, self._ids(board["technicians"]))

    def test_search_marks_visits_and_narrows_the_backlog(self):
        planned = self._create_planned_visit()
        other = self._create_planned_visit(
            "2026-06-02 07:00:00", partner_id=self.neighbour.id
        )
        to_plan = self._create_visit()
        self._create_visit(partner_id=self.neighbour.id)
        board = self._get_board(domain=[("partner_id", "=", self.customer.id)])
        self.assertEqual(
            {row["id"]: row["is_match"] for row in board["visits"]},
            {planned.id: True, other.id: False},
        )
        self.assertEqual(self._ids(board["backlog"]), to_plan.ids)

    def test_backlog(self):
        """Late ones first, then by priority and due date, up to what opens in time."""
        late = self._create_visit(due_date="2026-05-20")
        soon = self._create_visit(due_date="2026-06-14")
        self._create_visit(due_date="2026-06-15")
        urgent = self._create_visit(due_date="2026-06-10", priority="2")
        undated = self._create_visit(due_date=False, state="to_plan")
        absorbed = self._create_visit()
        absorbed.merged_into_id = late
        board = self._get_board()
        self.assertEqual(
            self._ids(board["backlog"]), (late | urgent | soon | undated).ids
        )
        self.assertEqual(board["backlog"][0]["lateness"], "late")

    def test_backlog_of_teams_and_zones(self):
        zone = self.env["service.zone"].create(
            {"name": "North", "company_id": self.company.id, "zip_prefixes": "4000"}
        )
        other_team = self.team.copy({"name": "Other", "company_id": self.company.id})
        visits = (
            self._create_visit(team_id=self.team.id)
            | self._create_visit(team_id=other_team.id)
            | self._create_visit()
        )
        self.assertEqual(visits.zone_id, zone)
        elsewhere = self._create_visit(partner_id=self.neighbour.id)
        board = self._get_board(team_ids=self.team.ids)
        self.assertEqual(
            set(self._ids(board["backlog"])),
            {*(visits[0] | visits[2]).ids, elsewhere.id},
        )
        board = self._get_board(team_ids=[], zone_ids=zone.ids)
        self.assertEqual(set(self._ids(board["backlog"])), set(visits.ids))

    def test_working_hours(self):
        """In UTC, with time off taken out; summer and winter time make a difference."""
        self.env["resource.calendar.leaves"].create(
            {
                "resource_id": self.technician.resource_id.id,
                "calendar_id": self.technician.resource_calendar_id.id,
                "date_from": "2026-06-02 00:00:00",
                "date_to": "2026-06-03 00:00:00",
            }
        )
        self.technician.resource_calendar_id.tz = "Europe/Brussels"
        rows = {row["id"]: row["working"] for row in self._get_board()["technicians"]}
        free, off = rows[self.colleague.id], rows[self.technician.id]
        self.assertEqual(free[0], ["2026-06-01 06:00:00", "2026-06-01 10:00:00"])
        self.assertEqual(len(free), 10)
        self.assertEqual(len(off), 8)
        winter = self._get_board("2026-12-06 23:00:00", "2026-12-13 23:00:00")
        self.assertEqual(
            winter["technicians"][0]["working"][0],
            ["2026-12-07 07:00:00", "2026-12-07 11:00:00"],
        )

    def test_two_companies(self):
        foreigner = self.env["hr.employee"].create(
            {"name": "Foreigner", "company_id": self.other_company.id}
        )
        customer = self.env["res.partner"].create({"name": "Elsewhere"})
        visits = self.env["maintenance.visit"].create(
            [
                {
                    "partner_id": customer.id,
                    "company_id": self.other_company.id,
                    "date_start": "2026-06-02 07:00:00",
                    "technician_id": foreigner.id,
                },
                {
                    "partner_id": customer.id,
                    "company_id": self.other_company.id,
                    "due_date": "2026-06-02",
                },
            ]
        )
        board = self._get_board()
        self.assertFalse(board["visits"])
        self.assertFalse(board["backlog"])
        self.assertNotIn(foreigner.id, self._ids(board["technicians"]))
        self.users["dispatcher"].company_ids |= self.other_company
        board = self.board.with_context(
            allowed_company_ids=(self.company | self.other_company).ids
        ).get_dispatch_board(*WEEK)
        self.assertEqual(self._ids(board["visits"]), visits[:1].ids)
        self.assertEqual(self._ids(board["backlog"]), visits[1:].ids)
        self.assertIn(foreigner.id, self._ids(board["technicians"]))
        with self.assertRefused("belongs to another company", UserError):
            visits[0].dispatch("2026-06-02 08:00:00", technician_id=self.technician.id)

    def test_technician_sees_his_own(self):
        mine = self._create_planned_visit()
        theirs = self._create_planned_visit(technician_id=self.colleague.id)
        board = self._as("technician", self.board).get_dispatch_board(*WEEK)
        self.assertEqual(self._ids(board["visits"]), mine.ids)
        theirs.team_id = self.team
        board = self._as("technician", self.board).get_dispatch_board(*WEEK)
        self.assertEqual(set(self._ids(board["visits"])), {mine.id, theirs.id})
        with self.assertRaises(AccessError):
            self._as("employee", self.board).get_dispatch_board(*WEEK)

    @freeze_time("2026-05-30 10:00:00")
    def test_queries_of_conflicts(self):
        """What is still to come is compared with calendars, too."""
        self.test_queries()

    def test_queries(self):
        """As many for fifty technicians as for five, at most three for each model."""
        self._make_crew(5)
        few = self._count_queries()
        self._make_crew(45)
        many = self._count_queries()
        self.assertEqual(len(many), len(few))
        # What a relation costs is counted as its own.
        tables = Counter(
            (
                re.search(r'JOIN "?(\w+_rel)"?', query)
                or re.search(r'FROM "(\w+)"', query)
                or re.search(r"JOIN (\w+)", query)
            )[1]
            for query in many
        )
        self.assertIn("maintenance_visit", tables)
        for table, number in tables.items():
            self.assertLessEqual(number, 3, table)

    @freeze_time("2026-05-30 10:00:00")
    def test_queries_of_thousands(self):
        """Nor are there more where Odoo reads some of the visits at a time."""
        some = "odoo.orm.{}.PREFETCH_MAX"
        with patch(some.format("fields"), 60), patch(some.format("models"), 60):
            self.test_queries()

    def _make_crew(self, size):
        crew = self.env["hr.employee"].create(
            [
                {"name": f"Technician {number}", "company_id": self.company.id}
                for number in range(size)
            ]
        )
        self.team.member_ids |= crew
        customers = self.env["res.partner"].create(
            [{"name": f"Customer {number}", "zip": "4000"} for number in range(size)]
        )
        values = [
            {"partner_id": customer.id, "visit_type_id": self.cleaning.id}
            for customer in customers
        ]
        self.env["maintenance.visit"].create(
            [
                {**vals, "date_start": "2026-06-02 07:00:00", "technician_id": who.id}
                for vals, who in zip(values, crew, strict=True)
            ]
            + [{**vals, "due_date": "2026-06-02"} for vals in values]
        )

    def _count_queries(self):
        """Return the queries of a board that nobody has looked at before."""
        self.env.flush_all()
        self._get_board(domain=[("priority", "=", "0")])
        self.env.invalidate_all()
        queries = []
        execute = self.env.cr.__class__.execute

        def log(cursor, query, *args, **kwargs):
            queries.append(getattr(query, "code", query))
            return execute(cursor, query, *args, **kwargs)

        with patch.object(self.env.cr.__class__, "execute", log):
            board = self._get_board(domain=[("priority", "=", "0")])
        self.assertTrue(board["visits"])
        return queries

    # -- What is dropped on it ---------------------------------------------------------

    def test_plan(self):
        visit = self._as("dispatcher", self._create_visit())
        warnings = visit.dispatch(
            "2026-06-03 07:00:00", technician_id=self.technician.id
        )
        self.assertEqual(warnings, [])
        self.assertEqual(visit.state, "planned")
        self.assertEqual(visit.technician_ids, self.technician)
        self.assertEqual(visit.date_end, datetime(2026, 6, 3, 8, 30))
        self.assertEqual(visit.calendar_event_id.start, visit.date_start)
        self.assertEqual(str(visit.due_date), "2026-06-01", "It keeps its due date")

    def test_few_methods_write(self):
        """Planning and moving pass few methods `write` of ours, each in its file."""
        written = []

        def note(frame, event, _argument):
            code = frame.f_code
            if event == "call" and code.co_name == "write":
                if "/field_" in code.co_filename:
                    written.append(code.co_filename)

        visit = self._create_visit()
        # A move writes the appointment and who is invited, too.
        for start in ("2026-06-03 07:00:00", "2026-06-04 09:00:00"):
            self.env.flush_all()
            written.clear()
            sys.setprofile(note)
            try:
                visit.dispatch(start, technician_id=self.technician.id)
                self.env.flush_all()
            finally:
                sys.setprofile(None)
            self.assertEqual(str(visit.calendar_event_id.start), start)
            self.assertIn(len(written), range(1, 15), written)
            self.assertLessEqual(len(set(written)), 8, written)

    def test_plan_replaces_the_preferred_technician(self):
        visit = self._create_visit(technician_id=self.colleague.id)
        visit.dispatch("2026-06-03 07:00:00", technician_id=self.technician.id)
        self.assertEqual(visit.technician_ids, self.technician)
        self.assertEqual(visit.technician_id, self.technician)

    def test_resize(self):
        visit = self._create_planned_visit()
        visit.dispatch(
            "2026-06-01 07:00:00",
            "2026-06-01 10:15:00",
            self.technician.id,
            self.technician.id,
        )
        self.assertEqual(visit.duration, 3.25)
        self.assertEqual(visit.calendar_event_id.stop, datetime(2026, 6, 1, 10, 15))
        self.assertEqual(visit.technician_ids, self.technician)

    def test_move_to_another_technician(self):
        third = self.env["hr.employee"].create(
            {"name": "Third", "company_id": self.company.id}
        )
        visit = self._create_planned_visit(
            technician_ids=(self.technician | self.colleague).ids
        )
        start = "2026-06-01 07:00:00"
        visit.dispatch(
            start, technician_id=third.id, from_technician_id=self.colleague.id
        )
        self.assertEqual(visit.technician_ids, self.technician | third)
        self.assertEqual(visit.technician_id, self.technician, "They still lead")
        visit.dispatch(
            start,
            technician_id=self.colleague.id,
            from_technician_id=self.technician.id,
        )
        self.assertEqual(visit.technician_ids, self.colleague | third)
        self.assertEqual(visit.technician_id, self.colleague, "They lead instead")
        visit.dispatch(start, technician_id=third.id, from_technician_id=third.id)
        self.assertEqual(visit.technician_ids, self.colleague | third)
        visit.dispatch(start, from_technician_id=third.id)
        self.assertEqual(visit.technician_ids, self.colleague)
        visit.dispatch(start, from_technician_id=self.colleague.id)
        self.assertFalse(visit.technician_ids)
        self.assertFalse(visit.technician_id)
        visit.dispatch(start, technician_id=third.id)
        self.assertEqual(visit.technician_id, third)

    def test_refused(self):
        visit = self._create_planned_visit()
        with self.assertRefused("cannot end before it starts", UserError):
            visit.dispatch("2026-06-03 07:00:00", "2026-06-03 07:00:00")
        visit._finish()
        with self.assertRefused("cannot move .*“Done”", UserError):
            visit.dispatch("2026-06-03 07:00:00", technician_id=self.technician.id)
        self.assertEqual(visit.date_start, datetime(2026, 6, 1, 7))

    def test_conflict_warns_or_refuses(self):
        first = self._create_planned_visit("2026-06-03 08:00:00")
        second = self._create_planned_visit("2026-06-04 08:00:00")
        text = f"Tom Technician has visit {first.name}"
        drop = ("2026-06-03 08:30:00", None, self.technician.id)
        (warning,) = second.dispatch(*drop)
        self.assertIn(text, warning)
        second.dispatch("2026-06-04 08:00:00", None, self.technician.id)
        self.company.blocks_visit_conflicts = True
        with self.assertRefused(text):
            second.dispatch(*drop)
        self.assertEqual(second.date_start, datetime(2026, 6, 4, 8))

    def test_nobody_overwrites_what_they_did_not_see(self):
        visit = self._as(
            "dispatcher", self._create_planned_visit("2026-06-03 08:00:00")
        )
        [known] = [
            {
                "state": row["state"],
                "date_start": str(row["date_start"]),
                "date_end": str(row["date_end"]),
                "technician_ids": row["technician_ids"],
            }
            for row in self._get_board()["visits"]
        ]
        other = self._as("administrator", visit)
        other.dispatch(
            "2026-06-04 08:00:00", None, self.colleague.id, self.technician.id
        )
        with self.assertRefused(
            "changed visit .* 06/04/2026 .*Technicians: Carla Colleague",
            VisitChangedError,
        ):
            visit.dispatch("2026-06-05 08:00:00", known=known)
        with self.assertRefused("in the meantime", VisitChangedError):
            visit.undispatch(known=known)
        self.assertEqual(visit.date_start, datetime(2026, 6, 4, 8))
        # As the form asks, which knows who leads.
        seen = {"date_start": "2026-06-04 08:00:00", "technician_id": self.colleague.id}
        self.assertFalse(visit.get_news_since(seen))
        # A replica that lags behind would know of nothing.
        self.assertFalse(hasattr(type(visit).get_news_since, "_readonly"))
        self.assertTrue(type(visit).get_dispatch_board._readonly)
        seen["technician_id"] = self.technician.id
        self.assertIn("Carla Colleague", visit.get_news_since(seen))
        # Who was asked and means it, or says nothing of what they know, changes it.
        visit.dispatch(
            "2026-06-05 08:00:00", None, self.colleague.id, self.colleague.id
        )
        self.assertEqual(visit.date_start, datetime(2026, 6, 5, 8))
        known |= {
            "date_start": "2026-06-05 08:00:00",
            "date_end": "2026-06-05 09:30:00",
            "technician_ids": self.colleague.ids,
        }
        visit.undispatch(known=known)
        self.assertEqual(visit.state, "to_plan")

    def test_technician_cannot_dispatch_others_visits(self):
        theirs = self._create_planned_visit(technician_id=self.colleague.id)
        with self.assertRaises(AccessError):
            self._as("technician", theirs).dispatch(
                "2026-06-03 07:00:00", technician_id=self.technician.id
            )
        for role in ("salesperson", "accountant", "employee"):
            with self.subTest(role=role), self.assertRaises(AccessError):
                self._as(role, theirs).dispatch("2026-06-03 07:00:00")
        mine = self._as("technician", self._create_planned_visit())
        mine.dispatch("2026-06-03 07:00:00", technician_id=self.technician.id)
        self.assertEqual(mine.date_start, datetime(2026, 6, 3, 7))


@tagged("post_install", "-at_install")
class TestDispatchBoardTour(DispatchFixtures, HttpCase):
    browser_size = "1366x768"

    def test_plan_by_dragging(self):
        user = self._create_user("ib_tour_board", ROLES["dispatcher"])
        self.company.resource_calendar_id.tz = "Europe/Brussels"
        self.neighbour.name = "Peeters Ltd"
        self._create_visit(partner_id=self.neighbour.id, due_date="2026-05-01")
        visit = self._create_visit(agreed_from=14, agreed_until=16)
        done = self._create_planned_visit(
            "2026-06-01 06:00:00", partner_id=self.neighbour.id
        )
        done._finish()
        self.start_tour(
            "/odoo/dispatch-board", "dispatch_board", login=user.login, timeout=90
        )
        self.assertEqual(visit.state, "planned")
        self.assertEqual(visit.technician_ids, self.colleague)
        self.assertEqual(visit.date_start, datetime(2026, 6, 1, 13, 30))
        self.assertEqual(done.date_start, datetime(2026, 6, 1, 6))
        self.assertEqual(done.technician_ids, self.technician)
        choice = user.res_users_settings_id.dispatch_board_choice
        self.assertEqual(choice[str(user.company_id.id)]["scale"], "day")

    def test_opens_on_its_window(self):
        """What is dragged first lands where the pointer is."""
        user = self._create_user("ib_board_window", ROLES["dispatcher"])
        # The browser has its own clock.
        self._create_planned_visit(datetime.now().replace(microsecond=0))
        self.browser_js(
            "/odoo/dispatch-board",
            """
            const find = (node) => node.component.timeline ? node.component
                : Object.values(node.children).map(find).find(Boolean);
            const board = find(odoo.__WOWL_DEBUG__.root.__owl__);
            const opened = JSON.stringify(board.timeline.getWindow());
            board.on_data_loaded();
            const chosen = JSON.stringify(board.timeline.getWindow());
            if (opened === chosen) {
                console.log("test successful");
            } else {
                console.error(`It is open on ${opened}, not on ${chosen}`);
            }
            """,
            "Boolean(document.querySelector('.vis-timeline .o_dispatch_visit'))",
            login=user.login,
            timeout=90,
        )

    def test_nights_of_a_visit_of_several_days(self):
        """Nobody works then: they count for no hours, and are hidden as ever."""
        self.company.resource_calendar_id.tz = "Europe/Brussels"
        self.technician.resource_calendar_id = self.company.resource_calendar_id
        user = self._create_user("ib_board_days", ROLES["dispatcher"])
        # The browser has its own clock, and a week that begins on Sunday.
        now = datetime.now()
        tuesday = now - timedelta(days=(now.weekday() + 1) % 7 - 2)
        visit = self._create_visit(duration=16)
        visit.dispatch(
            tuesday.strftime("%Y-%m-%d 08:00:00"), technician_id=self.technician.id
        )
        self.assertGreater(visit.date_end - visit.date_start, timedelta(days=1))
        self.browser_js(
            "/odoo/dispatch-board",
            f"""
            const find = (node) => node.component.timeline ? node.component
                : Object.values(node.children).map(find).find(Boolean);
            const {{ model }} = find(odoo.__WOWL_DEBUG__.root.__owl__);
            const technicianId = {self.technician.id};
            const row = model.rows.find((one) => one.technicianId === technicianId);
            const visit = model.board.visits.find((one) => one.id === {visit.id});
            const nights = model.hiddenStretches.filter(
                ([from, to]) =>
                    from > visit.start && to < visit.end && to - from > 12 * 3600000
            ).length;
            if (row.hours === 16 && nights === 2) {{
                console.log("test successful");
            }} else {{
                console.error(`${{row.hours}} hours, ${{nights}} hidden stretches`);
            }}
            """,
            "Boolean(document.querySelector('.vis-timeline .o_dispatch_visit'))",
            login=user.login,
            timeout=90,
        )

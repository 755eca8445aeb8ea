from datetime import datetime
from urllib.parse import parse_qs, urlsplit

from freezegun import freeze_time

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import HttpCase, tagged

from odoo.addons.field_installed_base.tests.common import ROLES

from ..common import ExecutionFixtures, MaintenanceCase

# Monday 1 June 2026 in Brussels
DAY = ("2026-05-31 22:00:00", "2026-06-01 22:00:00")


@tagged("post_install", "-at_install")
@freeze_time("2026-06-01 05:00:00")
class TestMyDay(MaintenanceCase):
    def _get_day(self, role="technician", day=DAY):
        visits = self._as(role, self.env["maintenance.visit"])
        return visits.get_my_day(*day)

    def _ids(self, rows):
        return [row["id"] for row in rows]

    def test_route_order(self):
        """By route, then by time; the colleague's are not there, shared ones are."""
        late = self._create_planned_visit("2026-06-01 13:00:00")
        early = self._create_planned_visit("2026-06-01 07:00:00")
        shared = self._create_planned_visit(
            "2026-06-01 09:00:00",
            technician_ids=(self.colleague | self.technician).ids,
        )
        self._create_planned_visit(technician_id=self.colleague.id)
        self.assertEqual(
            self._ids(self._get_day()["visits"]), (early | shared | late).ids
        )
        mine = self._as("technician", late | early | shared)
        mine.web_resequence({}, field_name="route_sequence")
        rows = self._get_day()["visits"]
        self.assertEqual(self._ids(rows), (late | early | shared).ids)
        self.assertEqual(rows[2]["colleagues"], [self.colleague.name])

    def test_day_in_local_time(self):
        first = self._create_planned_visit("2026-05-31 22:00:00")
        last = self._create_planned_visit("2026-06-01 21:30:00")
        tomorrow = self._create_planned_visit("2026-06-01 22:00:00")
        self._create_planned_visit("2026-05-31 20:00:00")
        self.assertEqual(self._ids(self._get_day()["visits"]), (first | last).ids)
        day = self._get_day(day=("2026-06-01 22:00:00", "2026-06-02 22:00:00"))
        # The one over midnight is on both days.
        self.assertEqual(self._ids(day["visits"]), (last | tomorrow).ids)

    def test_states(self):
        done = self._create_planned_visit("2026-06-01 07:00:00")
        done.action_start()
        done._finish()
        cancelled = self._create_planned_visit("2026-06-01 09:00:00")
        cancelled._cancel("No")
        absorbed = self._create_planned_visit("2026-06-01 11:00:00")
        absorbed.merged_into_id = done
        self.assertEqual(self._ids(self._get_day()["visits"]), done.ids)
        self.assertFalse(self._get_day()["routes"], "Nowhere left to go")

    def test_late(self):
        undone = self._create_planned_visit("2026-05-28 07:00:00")
        due = self._create_visit(
            due_date="2026-05-01", technician_id=self.technician.id
        )
        self._create_visit(due_date="2026-05-01", technician_id=self.colleague.id)
        self._create_visit(technician_id=self.technician.id)
        today = self._create_planned_visit("2026-06-01 02:00:00")
        self.assertTrue(today.is_overdue)
        day = self._get_day()
        self.assertEqual(self._ids(day["late"]), (due | undone).ids)
        self.assertEqual(self._ids(day["visits"]), today.ids, "It is of today")

    def test_visits_of_the_team(self):
        """Those that nobody has yet; who starts one has it."""
        team = self.env["service.team"].create(
            {
                "name": "Boiler team",
                "company_id": self.company.id,
                "member_ids": self.technician.ids,
            }
        )
        free = self._create_planned_visit(team_id=team.id, technician_id=False)
        self._create_planned_visit(team_id=team.id, technician_id=self.colleague.id)
        [row] = self._get_day()["visits"]
        self.assertEqual(row["id"], free.id)
        self.assertFalse(row["has_technician"])
        self._as("technician", free).action_start_work()
        [row] = self._get_day()["visits"]
        self.assertTrue(row["has_technician"])
        self.assertEqual((row["state"], row["clock"]), ("in_progress", "work"))

    def test_what_he_needs_to_know(self):
        self.workshop.service_access = "Ring twice"
        piece = self._create_equipment(site_id=self.workshop.id)
        self._create_planned_visit(description="It smells")
        [row] = self._get_day()["visits"]
        self.assertEqual(row["customer"], self.customer.display_name)
        self.assertEqual(row["phone"], "+32 4 000 00 02")
        self.assertEqual(row["access"], "Ring twice")
        self.assertEqual(row["equipment"], [piece.display_name])
        self.assertEqual(row["description"], "It smells")
        self.assertIn("Quay 5", row["address"])
        query = parse_qs(urlsplit(row["map_url"]).query)
        self.assertEqual(query["destination"], ["Quay 5, 4000 Liège"])
        self.assertNotIn("waypoints", query)

    def test_route(self):
        """Ten stops in one address, each place once, none without an address."""
        sites = self.env["res.partner"].create(
            [
                {
                    "name": f"Site {number}",
                    "parent_id": self.customer.id,
                    "type": "delivery",
                    "street": f"Street {number}",
                    "city": "Ghent",
                }
                for number in range(12)
            ]
        )
        nowhere = self.env["res.partner"].create({"name": "Nowhere"})
        for hour, site in enumerate([*sites[:1], *sites]):
            self._create_planned_visit(f"2026-06-01 {hour + 4:02}:00", site_id=site.id)
        self._create_planned_visit(partner_id=nowhere.id)
        routes = self._get_day()["routes"]
        self.assertEqual(
            [(route["first"], route["last"]) for route in routes], [(1, 10), (11, 12)]
        )
        first, second = (parse_qs(urlsplit(route["url"]).query) for route in routes)
        self.assertEqual(len(first["waypoints"][0].split("|")), 9)
        self.assertEqual(first["waypoints"][0].split("|")[0], "Street 0, Ghent")
        self.assertEqual(first["destination"], ["Street 9, Ghent"])
        self.assertEqual(second["waypoints"], ["Street 10, Ghent"])
        self.assertEqual(second["destination"], ["Street 11, Ghent"])

    def test_user_without_employee(self):
        self._create_planned_visit()
        day = self._get_day("dispatcher")
        self.assertEqual(
            day,
            {
                "technicians": [],
                "technician_id": False,
                "visits": [],
                "late": [],
                "routes": [],
                "driving": False,
            },
        )
        self.technician.user_id = False
        self.assertFalse(self._get_day()["technicians"])

    def test_two_companies(self):
        """An employee of two companies has the visits of the selected ones."""
        user = self.users["technician"]
        user.company_ids = [Command.link(self.other_company.id)]
        double = self.env["hr.employee"].create(
            {
                "name": "Tom too",
                "user_id": user.id,
                "company_id": self.other_company.id,
            }
        )
        here = self._create_planned_visit()
        there = self.env["maintenance.visit"].create(
            {
                "partner_id": self.env["res.partner"].create({"name": "There"}).id,
                "company_id": self.other_company.id,
                "date_start": "2026-06-01 10:00:00",
                "technician_id": double.id,
            }
        )
        self.assertEqual(self._ids(self._get_day()["visits"]), here.ids)
        day = (
            self.env["maintenance.visit"]
            .with_user(user)
            .with_context(allowed_company_ids=(self.company | self.other_company).ids)
            .get_my_day(*DAY)
        )
        self.assertEqual(self._ids(day["visits"]), (here | there).ids)

    def test_rights(self):
        theirs = self._create_planned_visit(technician_id=self.colleague.id)
        with self.assertRaises(AccessError):
            self._as("technician", theirs).web_resequence(
                {}, field_name="route_sequence"
            )
        self.env["hr.employee"].create(
            {"name": "Clerk", "user_id": self.users["employee"].id}
        ).company_id = self.company
        with self.assertRaises(AccessError):
            self._get_day("employee")

    def test_queries(self):
        """The number of queries does not grow with the visits of a day."""
        numbers = []
        for hours in (range(4, 7), range(7, 16)):
            for hour in hours:
                self._create_planned_visit(
                    f"2026-06-01 {hour:02}:00:00",
                    partner_id=self.env["res.partner"]
                    .create({"name": f"Customer {hour}", "street": f"Street {hour}"})
                    .id,
                )
            self.env.flush_all()
            self._get_day()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self._get_day()
            numbers.append(self.env.cr.sql_log_count - before)
        self.assertEqual(*numbers)


@tagged("post_install", "-at_install")
class TestMyDayTour(ExecutionFixtures, HttpCase):
    browser_size = "390x844"
    touch_enabled = True

    def test_day_of_a_technician(self):
        user = self._create_user("ib_tour_day", ROLES["technician"])
        self.technician.user_id = user
        self.checklist.question_ids[1:].unlink()
        # The first one of the catalog.
        self.pellets.is_favorite = True
        self._add_checklist()
        self.workshop.service_access = "Ring twice"
        self.company.visit_report_at_done = True
        visit = self._create_planned_visit(
            "2026-06-01 07:00:00", contact_id=self.workshop.id
        )
        self._create_planned_visit("2026-06-01 09:00:00", partner_id=self.neighbour.id)
        self.start_tour("/odoo/my-day", "my_day", login=user.login, timeout=120)
        self.assertEqual(visit.state, "done")
        self.assertEqual(visit.date_start, datetime(2026, 6, 1, 7))
        self.assertEqual(visit.service_line_ids.product_id, self.pellets)
        self.assertEqual(set(visit.time_ids.mapped("time_type")), {"travel", "work"})
        self.assertFalse(visit.time_ids.filtered(lambda time: not time.date_end))
        self.assertEqual(visit.checklist_state, "done")
        self.assertTrue(visit.signature)
        self.assertTrue(visit.message_ids.attachment_ids, "The report was sent")

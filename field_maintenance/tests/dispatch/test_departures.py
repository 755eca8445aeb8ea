from datetime import date

from freezegun import freeze_time

from odoo.fields import Command
from odoo.tests import tagged

from ..common import MaintenanceCase


@tagged("post_install", "-at_install")
@freeze_time("2026-01-01 08:00:00")
class TestDepartures(MaintenanceCase):
    """Who or what is archived or goes to another company while visits are made."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.piece = cls._create_equipment()
        cls.team = cls.env["service.team"].create(
            {"name": "North", "member_ids": [Command.set(cls.technician.ids)]}
        )
        cls.schedule = cls._create_schedule(
            {"installed_base_id": cls.piece.id, "technician_id": cls.technician.id},
            team_id=cls.team.id,
            user_id=cls.users["dispatcher"].id,
        )
        cls.line = cls.schedule.line_ids
        visits = cls.schedule.visit_ids.sorted("occurrence_date")
        cls.planned, cls.touched, cls.rest = visits[0], visits[1], visits[2:]
        cls.planned.date_start = "2026-02-02 08:00:00"
        cls.touched.note = "Bring the ladder"
        cls.env.flush_all()

    def _get_board(self, **vals):
        return self.env["maintenance.visit"].get_dispatch_board(
            "2026-02-01 00:00:00", "2026-02-08 00:00:00", **vals
        )

    def _leave(self, how):
        if how == "archived":
            self.technician.active = False
        else:
            self.technician.company_id = self.other_company
        self.env.invalidate_all()

    def test_technician_leaves(self):
        for how in ("archived", "another company"):
            with self.subTest(how), self.env.cr.savepoint() as savepoint:
                self._leave(how)
                self.assertFalse(self.rest.technician_ids | self.rest.technician_id)
                self.assertFalse(self.rest._filter_touched(), "Nobody did anything")
                self.assertEqual(self.planned.technician_id, self.technician)
                self.assertEqual(self.touched.technician_id, self.technician)
                self.assertEqual(
                    self.env["maintenance.visit"].search(
                        [
                            ("has_left_technician", "=", True),
                            ("schedule_id", "=", self.schedule.id),
                        ]
                    ),
                    self.planned | self.touched,
                )
                self.assertEqual(
                    self.schedule.visit_ids.filtered("has_left_technician"),
                    self.planned | self.touched,
                )
                activity = self.planned.activity_ids | self.touched.activity_ids
                self.assertEqual(activity.summary, "Find another technician")
                self.assertEqual(activity.user_id, self.users["dispatcher"])
                self.assertIn(self.planned.name, activity.note)
                self.assertEqual(
                    self.schedule.activity_ids.summary, "Choose another technician"
                )
                self.assertIn("no longer works here", self.line.warning)
                self.assertIn("no longer works here", self.planned.planning_warning)
                with freeze_time("2026-02-02"):
                    new = self.schedule._generate_visits()
                self.assertEqual(len(new), 1)
                self.assertFalse(new.technician_id)
                savepoint.rollback()
            self.env.invalidate_all()

    def test_resource_archived(self):
        """Whatever archives who goes: their resource, or they."""
        self.technician.resource_id.active = False
        self.env.invalidate_all()
        self.assertFalse(self.technician.active)
        self.assertFalse(self.rest.technician_ids)
        self.assertEqual(
            self.schedule.visit_ids.filtered("has_left_technician"),
            self.planned | self.touched,
        )
        activity = self.planned.activity_ids | self.touched.activity_ids
        self.assertEqual(activity.summary, "Find another technician")
        self.assertEqual(
            self.schedule.activity_ids.summary, "Choose another technician"
        )
        self.technician.resource_id.action_unarchive()
        self.assertEqual(self.rest.technician_id, self.technician)
        self.assertFalse(self.planned.has_left_technician)

    def test_follow_up_goes_to_nobody(self):
        """What is left to do of a visit that was under way is planned anew."""
        for visit in self.planned | self.touched:
            with self.subTest(visit.state):
                visit.technician_id = self.technician
                visit.action_start()
                self.technician.active = False
                self.assertTrue(visit.has_left_technician)
                visit._finish(
                    {
                        "completion": "partial",
                        "incomplete_reason": "No part",
                        "follow_up_date": date(2026, 3, 1),
                    }
                )
                self.assertEqual(visit.technician_id, self.technician)
                follow_up = visit.follow_up_ids
                self.assertEqual(len(follow_up), 1)
                self.assertFalse(follow_up.technician_id | follow_up.technician_ids)
                self.assertFalse(follow_up.has_left_technician)
                self.technician.active = True

    def test_series_of_who_left(self):
        """Visits of a series in the calendar stay as they are and are named; the series
        is planned anew only with who is here."""
        events = self._as("dispatcher", self.env["calendar.event"])
        crew = self.technician | self.colleague
        event = events.create(
            {
                "is_service_visit": True,
                "service_partner_id": self.customer.id,
                "service_visit_type_id": self.cleaning.id,
                "service_technician_ids": [Command.set(crew.ids)],
                "start": "2026-02-03 09:00:00",
                "event_tz": "Europe/Brussels",
                "service_repeat": "week",
            }
        )
        series = event.recurrence_id.calendar_event_ids.sorted("start")
        visits = series.sudo()._get_visits()
        before = visits.filtered("has_left_technician")
        self.assertFalse(before)
        self.technician.active = False
        self.env.invalidate_all()
        self.assertEqual(visits.filtered("has_left_technician"), visits)
        self.assertEqual(
            (visits | self.planned | self.touched).activity_ids.mapped("summary"),
            ["Find another technician"],
        )
        second = series[1]
        with self.assertRefused("no longer works here"):
            second.write(
                {"recurrence_update": "future_events", "service_repeat": "year"}
            )

    def test_technician_comes_back(self):
        self.technician.active = False
        self.technician.active = True
        self.assertEqual(self.rest.technician_id, self.technician)
        self.assertEqual(self.rest.technician_ids, self.technician)
        self.assertFalse(self.planned.has_left_technician)

    def test_planning_refuses_who_left(self):
        self.colleague.active = False
        for visit, vals in (
            (self.touched, {"date_start": "2026-02-03 08:00:00"}),
            (self.planned, {}),
        ):
            with self.assertRefused("no longer works here"):
                visit.write({"technician_id": self.colleague.id, **vals})
        with self.assertRefused("no longer works here"):
            self.env["maintenance.visit"]._plan(
                {self.touched: ("2026-02-03 08:00:00", None, self.colleague)}
            )
        self.touched.date_start = "2026-02-03 08:00:00"
        self.assertEqual(self.touched.state, "planned")

    def test_what_is_past_is_corrected(self):
        past = self._create_planned_visit("2025-12-01 08:00:00")
        self.technician.active = False
        past.date_start = "2025-12-01 09:00:00"
        past.action_start()
        past.write({"state": "done", "completion": "full"})
        self.assertEqual(past.technician_id, self.technician)
        self.assertFalse(past.has_left_technician)

    def test_copies_go_to_nobody(self):
        both = self._create_planned_visit(
            technician_ids=[Command.set((self.technician | self.colleague).ids)]
        )
        self.technician.active = False
        self.assertFalse(self.planned.copy().technician_ids)
        copy = both.copy()
        self.assertEqual(copy.technician_id, self.colleague)
        self.assertEqual(copy.technician_ids, self.colleague)

    def test_equipment_moves_after_its_technician_left(self):
        """A visit of its own at the same time, without who cannot go."""
        other = self._create_equipment()
        visit = self._create_planned_visit(installed_base_ids=(self.piece | other).ids)
        self.technician.active = False
        other.partner_id = self.neighbour
        new = self.env["maintenance.visit"].search(
            [("partner_id", "=", self.neighbour.id)]
        )
        self.assertEqual(new.date_start, visit.date_start)
        self.assertFalse(new.technician_id)

    def test_board(self):
        elsewhere = self.env["service.team"].create(
            {"name": "South", "member_ids": [Command.set(self.colleague.ids)]}
        )
        self._leave("archived")
        for vals in ({"team_ids": self.team.ids}, {}):
            board = self._get_board(**vals)
            self.assertIn(self.planned.id, [v["id"] for v in board["visits"]])
            names = {row["id"]: row["name"] for row in board["technicians"]}
            self.assertEqual(names[self.technician.id], "Tom Technician (left)")
        board = self._get_board(team_ids=elsewhere.ids)
        self.assertNotIn(self.planned.id, [v["id"] for v in board["visits"]])

    def test_equipment_archived(self):
        self.piece.active = False
        self.assertFalse(self.rest.exists())
        self.assertEqual(self.planned.state, "planned")
        self.assertIn("is archived", self.planned.planning_warning)
        self.assertIn("is archived", self.line.warning)
        self.assertIn("is archived", self.schedule.message_ids[0].body)
        activity = self.planned.activity_ids | self.touched.activity_ids
        self.assertEqual(activity.summary, "Check open visits")
        with freeze_time("2026-03-02"):
            self.assertFalse(self.schedule._generate_visits())
            self.line.interval_number = 2
            self.assertFalse(self.line.visit_ids - self.planned - self.touched)
            self.line.interval_number = 1
        self.piece.active = True
        self.assertEqual(len(self.schedule.visit_ids), 12)
        self.assertFalse(self.line.warning)

    def test_customer_or_site_archived(self):
        self.schedule.site_id = self.workshop
        self.piece.site_id = self.workshop
        for place in (self.customer, self.workshop):
            with self.subTest(place.name):
                self.assertEqual(len(self.schedule.visit_ids), 12)
                place.action_archive()
                self.assertEqual(self.schedule.visit_ids, self.planned | self.touched)
                self.assertEqual(self.schedule.state, "active")
                activities = self.planned.activity_ids | self.touched.activity_ids
                self.assertIn("Check open visits", activities.mapped("summary"))
                with freeze_time("2026-03-02"):
                    self.assertFalse(self.schedule._generate_visits())
                place.action_unarchive()
        self.assertEqual(len(self.schedule.visit_ids), 12)

    def _get_stopped(self, schedules=None):
        return (schedules or self.schedule).activity_ids.filtered(
            lambda activity: activity.summary == "Check stopped schedules"
        )

    def test_responsible_hears_what_stopped(self):
        """Also where nothing is planned: nobody would ask why no visit comes."""
        self.schedule.visit_ids.filtered("date_start").date_start = False
        self.schedule.site_id = self.workshop
        for record in (self.customer, self.workshop, self.piece):
            with self.subTest(record), self.env.cr.savepoint() as savepoint:
                name = record.display_name
                record.active = False
                activity = self._get_stopped()
                self.assertEqual(len(activity), 1)
                self.assertEqual(activity.user_id, self.users["dispatcher"])
                self.assertIn(f"while this is archived: {name}", activity.note)
                self.assertIn(self.schedule.display_name, activity.note)
                # What had stopped stops no more.
                for other in (self.customer, self.piece, self.workshop):
                    other.active = False
                record.active = True
                self.assertEqual(self._get_stopped(), activity)
                savepoint.rollback()
            self.env.invalidate_all()

    def test_only_what_stopped_is_told(self):
        other = self.env["res.partner"].create({"name": "Mills"})
        piece = self._create_equipment(partner_id=other.id)
        draft, over, suspended = (
            self._create_schedule(
                {"installed_base_id": piece.id},
                partner_id=other.id,
                **vals,
            )
            for vals in (
                {"activate": False},
                {"date_start": "2025-01-01", "date_end": "2025-12-31"},
                {},
            )
        )
        suspended.action_suspend()
        self.assertEqual(over.state, "active")
        schedules = draft | over | suspended
        piece.active = False
        other.active = False
        self.assertFalse(self._get_stopped(schedules))
        self.assertFalse(self._get_stopped())

    def test_many_that_stop_are_one_note(self):
        counts = []
        for size in (2, 12):
            pieces = self._create_equipment()
            for _number in range(size - 1):
                pieces |= self._create_equipment()
            schedules = self.schedule.browse()
            for piece in pieces:
                schedules |= self._create_schedule(
                    {"installed_base_id": piece.id, "interval_unit": "year"},
                    user_id=self.users["dispatcher"].id,
                )
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            pieces.active = False
            self.env.flush_all()
            counts.append(self.env.cr.sql_log_count - before)
            self.assertEqual(len(self._get_stopped(schedules)), 1)
        self.assertLessEqual(counts[1] - counts[0], 10)

    def test_visit_type_archived(self):
        """What was agreed goes on; its responsible may choose another type."""
        self.cleaning.active = False
        self.assertEqual(
            self.schedule.activity_ids.summary, "Choose another visit type"
        )
        self.assertEqual(self.schedule.activity_ids.user_id, self.users["dispatcher"])
        with freeze_time("2026-02-02"):
            self.assertEqual(len(self.schedule._generate_visits()), 1)

    def test_product_archived(self):
        """What is sold no more is looked after all the same."""
        self.piece.product_id.active = False
        self.piece.product_id.product_tmpl_id.active = False
        with freeze_time("2026-02-02"):
            self.assertEqual(len(self.schedule._generate_visits()), 1)

    def test_team_archived(self):
        south = self.env["service.team"].create({"name": "South"})
        self.team.active = False
        self.assertEqual(self.schedule.activity_ids.summary, "Choose another team")
        with freeze_time("2026-02-02"):
            self.assertFalse(self.schedule._generate_visits().team_id)
        due = self._create_visit(team_id=self.team.id, due_date="2026-02-03")
        board = self._get_board(team_ids=south.ids)
        self.assertIn(due.id, [v["id"] for v in board["backlog"]])

    def test_zone_archived(self):
        zones = self.env["service.zone"]
        narrow, wide = zones.create(
            [{"name": "N", "zip_prefixes": "40"}, {"name": "W", "zip_prefixes": "4"}]
        )
        self.customer.zip = "4000"
        chosen = zones.create({"name": "Chosen"})
        visit = self._create_visit(site_id=self.customer.id)
        self.assertEqual(visit.zone_id, narrow)
        narrow.active = False
        self.assertEqual(visit.zone_id, wide)
        self.customer.service_zone_id = chosen
        late = self._create_visit(site_id=self.customer.id)
        self.assertEqual(late.zone_id, chosen)
        chosen.active = False
        self.assertEqual(self.customer.service_zone_id, wide)
        self.assertFalse(self.customer.service_zone_is_chosen)
        self.assertEqual(late.zone_id, wide)

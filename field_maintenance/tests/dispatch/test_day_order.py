from datetime import datetime

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from ...exceptions import VisitChangedError
from .test_find_slot import SlotCase

# Monday, 1 June 2026, in Brussels
DAY = ("2026-05-31 22:00:00", "2026-06-01 22:00:00")


@tagged("post_install", "-at_install")
@freeze_time("2026-06-01 04:00:00")
class TestDayOrder(SlotCase):
    """Three visits on a road to the north, planned criss-cross: 10, 30 and 20 km from
    where the day begins."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.places = cls.env["res.partner"].create(
            [
                {
                    "name": name,
                    "partner_latitude": 50 + kilometres / 111.19508,
                    "partner_longitude": 4,
                }
                for name, kilometres in (("Near", 10), ("Far", 30), ("Middle", 20))
            ]
        )
        cls.near, cls.far, cls.middle = (
            cls._create_planned_visit(
                f"2026-06-01 {hour:02}:00:00", duration=1, partner_id=place.id
            )
            for hour, place in zip((7, 9, 13), cls.places, strict=True)
        )
        cls.day = cls.near | cls.far | cls.middle
        # 21 minutes for 10 km, 37 for 20 km, 52 for 30 km
        cls.env.flush_all()

    def _get(self, visit_ids=None, role="dispatcher", person=None):
        visits = self._as(role, self.env["maintenance.visit"])
        return visits.get_day_order((person or self.technician).id, *DAY, visit_ids)

    def _apply(self, preview, role="dispatcher"):
        moves = [
            {name: row[name] for name in ("id", "start", "known")}
            for row in preview["visits"]
            if row["start"] != row["former"]
        ]
        visits = self._as(role, self.env["maintenance.visit"])
        return visits.apply_day_order(self.technician.id, *DAY, moves)

    def _starts(self):
        return [visit.date_start.strftime("%H:%M") for visit in self.day]

    def test_least_travel(self):
        preview = self._get()
        self.assertEqual(preview["travel_before"], 21 + 37 + 21 + 37)
        self.assertEqual(preview["travel_after"], 21 + 21 + 21 + 52)
        self.assertTrue(preview["is_changed"])
        self.assertEqual(preview["left"], [])
        self.assertEqual(self._starts(), ["07:00", "09:00", "13:00"], "A preview only")
        self.assertEqual(
            (preview["home"]["latitude"], preview["home"]["longitude"]), (50, 4)
        )

    def test_apply(self):
        preview = self._get()
        self.assertEqual(self._apply(preview), [])
        starts = {row["id"]: row["start"] for row in preview["visits"]}
        for visit in self.day:
            self.assertEqual(visit.date_start, datetime.fromisoformat(starts[visit.id]))
            self.assertEqual(visit.calendar_event_id.start, visit.date_start)
        ordered = self.day.sorted("route_sequence")
        self.assertEqual(ordered, self.day.sorted("date_start"))
        again = self._get()
        self.assertEqual(again["travel_before"], preview["travel_after"])
        self.assertFalse(again["is_changed"])

    def test_what_the_customer_was_told_stays(self):
        self.middle.told_start = self.middle.date_start
        preview = self._get()
        rows = {row["id"]: row for row in preview["visits"]}
        self.assertTrue(rows[self.middle.id]["is_fixed"])
        self.assertEqual(rows[self.middle.id]["start"], "2026-06-01 13:00:00")
        # Within agreed hours it may move.
        self.middle.write({"agreed_from": 14, "agreed_until": 16})
        rows = {row["id"]: row for row in self._get()["visits"]}
        self.assertFalse(rows[self.middle.id]["is_fixed"])
        self.assertIn(rows[self.middle.id]["start"][11:13], ("12", "13"))

    def test_what_has_begun_or_is_done_with_others_stays(self):
        self.near.action_start()
        self.far.technician_ids |= self.colleague
        rows = {row["id"]: row for row in self._get()["visits"]}
        self.assertEqual(
            [rows[visit.id]["is_fixed"] for visit in self.day], [True, True, False]
        )

    def test_in_the_order_of_the_technician(self):
        preview = self._get((self.middle | self.near | self.far).ids, "technician")
        self.assertEqual(
            [(row["customer"], row["start"][11:16]) for row in preview["visits"]],
            # 8:00 and 37 minutes, 21 on, 37 on, each on the full five minutes
            [("Middle", "06:40"), ("Near", "08:05"), ("Far", "09:45")],
        )
        self._apply(preview, "technician")
        self.assertEqual(self._starts(), ["08:05", "09:45", "06:40"])

    def test_what_does_not_fit_keeps_its_time(self):
        self.middle.duration = 7
        self.far.duration = 3
        preview = self._get(self.day.ids)
        self.assertEqual(preview["left"], ["Middle"])
        rows = {row["id"]: row for row in preview["visits"]}
        self.assertEqual(rows[self.middle.id]["start"], "2026-06-01 13:00:00")
        self.assertEqual(rows[self.far.id]["start"], "2026-06-01 08:00:00")

    def test_nothing_before_now(self):
        with freeze_time("2026-06-01 08:00:00"):
            starts = [row["start"] for row in self._get()["visits"]]
        self.assertEqual(min(starts), "2026-06-01 08:25:00")

    def test_changed_meanwhile(self):
        preview = self._get()
        moved = next(
            self.day.browse(row["id"])
            for row in preview["visits"]
            if row["start"] != row["former"]
        )
        moved.date_start = "2026-06-01 14:00:00"
        with self.assertRaises(VisitChangedError):
            self._apply(preview)

    def test_only_what_belongs_to_the_day(self):
        other = self._create_planned_visit("2026-06-02 07:00:00")
        visits = self._as("dispatcher", self.env["maintenance.visit"])
        move = {"id": other.id, "start": "2026-06-01 07:00:00", "known": {}}
        with self.assertRaises(AccessError):
            visits.apply_day_order(self.technician.id, *DAY, [move])
        move = {"id": self.near.id, "start": "2026-06-03 07:00:00", "known": {}}
        with self.assertRaises(AccessError):
            visits.apply_day_order(self.technician.id, *DAY, [move])

    def test_no_day(self):
        visits = self._as("technician", self.env["maintenance.visit"])
        for start, end in (
            ("2026-06-02 00:00:00", "2026-06-01 00:00:00"),
            ("2026-06-01 00:00:00", "2026-06-01 00:00:00"),
            ("2000-01-01 00:00:00", "2030-01-01 00:00:00"),
            ("9999-12-31 00:00:00", "9999-12-31 23:00:00"),
            ("today", "tomorrow"),
            (False, False),
        ):
            with self.subTest(start):
                with self.assertRefused("Choose one day", UserError):
                    visits.get_day_order(self.technician.id, start, end)
                with self.assertRefused("Choose one day", UserError):
                    visits.apply_day_order(self.technician.id, start, end, [])
        # The day on which clocks go back has 25 hours.
        long = ("2026-10-24 22:00:00", "2026-10-25 23:00:00")
        self.assertEqual(visits.get_day_order(self.technician.id, *long)["visits"], [])

    def test_whose_day(self):
        self.assertTrue(self._get(role="technician")["visits"])
        for role, person in (
            ("technician", self.colleague),
            ("salesperson", self.technician),
            ("portal", self.technician),
        ):
            with self.subTest(role), self.assertRaises(AccessError):
                self._get(role=role, person=person)

    def test_places_without_coordinates(self):
        preview = self._get()
        self.assertEqual(preview["unlocated"], [])
        self._place(self.places[1], 0)
        self.places[1].partner_longitude = 0
        self.company.service_unknown_travel_minutes = 20
        preview = self._get()
        self.assertEqual(preview["unlocated"], [self.places[1].display_name])
        self.assertEqual(preview["unknown_minutes"], 20)
        self.assertEqual(preview["travel_before"], 21 + 20 + 20 + 37)
        # Where the day begins, too; of days in which nothing is, nothing is said.
        self.home.write({"partner_latitude": 0, "partner_longitude": 0})
        preview = self._get(role="technician")
        self.assertEqual(
            set(preview["unlocated"]),
            {self.home.display_name, self.places[1].display_name},
        )
        self.assertEqual(self._get(person=self.colleague)["unlocated"], [])

    def test_nothing_planned(self):
        preview = self._get(person=self.colleague)
        self.assertEqual((preview["visits"], preview["is_changed"]), ([], False))

    def test_driving_on_my_day(self):
        day = self._as("technician", self.env["maintenance.visit"]).get_my_day(*DAY)
        driving = day["driving"]
        rows = [0, *(driving["places"][visit["id"]] for visit in day["visits"])]
        ways = [
            driving["minutes"][here][there]
            for here, there in zip(rows, rows[1:], strict=False)
        ]
        self.assertEqual(ways, [21, 37, 21])
        self.assertEqual(driving["unknown"], [])

    # -- The board ---------------------------------------------------------------------

    def _get_drives(self, start, end, reader="dispatcher"):
        board = self._as(reader, self.env["maintenance.visit"])
        rows = board.get_dispatch_board(start, end, team_ids=[], zone_ids=[])["visits"]
        return {row["id"]: row["driving"] for row in rows}

    def test_driving_on_the_board(self):
        """From the visit before it, for each who goes there; a day begins at home."""
        person, colleague = self.technician, self.colleague
        self.near.technician_ids = person | colleague
        next_day = self._create_planned_visit(
            "2026-06-02 07:00:00", duration=1, partner_id=self.places[1].id
        )
        nowhere = self._create_planned_visit(
            "2026-06-01 14:30:00",
            duration=1,
            partner_id=self.env["res.partner"].create({"name": "Nowhere"}).id,
        )
        self.env.flush_all()
        drives = self._get_drives("2026-05-31 22:00:00", "2026-06-07 22:00:00")
        self.assertEqual(
            drives[self.near.id],
            {person.id: (21, False), colleague.id: (21, False)},
        )
        self.assertEqual(drives[self.far.id], {person.id: (37, False)})
        self.assertEqual(drives[self.middle.id], {person.id: (21, False)})
        self.assertEqual(drives[nowhere.id], {person.id: (30, True)})
        self.assertEqual(drives[next_day.id], {person.id: (52, False)})
        # How far away a colleague lives is for dispatchers alone.
        self.everybody.member_ids = person | colleague
        drives = self._get_drives(
            "2026-05-31 22:00:00", "2026-06-07 22:00:00", "technician"
        )
        self.assertEqual(drives[self.near.id], {person.id: (21, False)})
        # Nobody looks at drives among the bars of a month.
        drives = self._get_drives("2026-05-31 22:00:00", "2026-06-30 22:00:00")
        self.assertEqual(set(map(str, drives.values())), {"{}"})

    def test_driving_on_the_day_of_the_reader(self):
        """Somebody far away sees other days."""
        self.users["dispatcher"].tz = "Pacific/Auckland"
        drives = self._get_drives("2026-05-31 12:00:00", "2026-06-07 12:00:00")
        # There it is Tuesday, 1:00, when the last one begins.
        self.assertEqual(drives[self.middle.id], {self.technician.id: (37, False)})

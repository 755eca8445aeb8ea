from datetime import date, datetime, timedelta

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import Form, tagged

from ..common import MaintenanceCase

# So far north lies 40 km away.
FORTY_KM = 40 / 111.19508


class SlotCase(MaintenanceCase):
    """Two technicians of Brussels, who begin at their company at eight, and whom it
    takes 68 minutes to the customer. Monday, 1 June 2026."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        calendar = cls.company.resource_calendar_id
        calendar.tz = "Europe/Brussels"
        cls.people = cls.technician | cls.colleague
        cls.people.resource_calendar_id = calendar
        cls.home = cls.company.partner_id
        cls.people.address_id = cls.home
        cls._place(cls.home, 50)
        cls._place(cls.workshop, 50 + FORTY_KM)
        cls._place(cls.neighbour, 50 + FORTY_KM)
        cls.visit = cls._create_visit(duration=2, site_id=cls.workshop.id)
        cls.everybody = cls.env["service.team"].create(
            {"name": "Everybody", "member_ids": cls.people.ids}
        )

    @classmethod
    def _place(cls, partner, latitude):
        partner.write({"partner_latitude": latitude, "partner_longitude": 4})

    def _find(self, visit=None, first=date(2026, 6, 1), last=None, **kwargs):
        """Return (name of the lead, start, score) of each slot."""
        slots = (visit or self.visit)._find_slots(first, last or first, **kwargs)
        return [(s.crew[0].name, s.start, s.score) for s in slots]


@tagged("post_install", "-at_install")
@freeze_time("2026-06-01 04:00:00")
class TestFindSlot(SlotCase):
    def test_travel_within_working_hours(self):
        # 8:00 in Brussels is 6:00; on the quarter of an hour after 68 minutes.
        self.assertEqual(
            self._find(),
            [
                ("Carla Colleague", datetime(2026, 6, 1, 7, 15), 136),
                ("Tom Technician", datetime(2026, 6, 1, 7, 15), 136),
                # After the break, which begins at eleven at the earliest.
                ("Carla Colleague", datetime(2026, 6, 1, 10, 0), 136),
                ("Tom Technician", datetime(2026, 6, 1, 10, 0), 136),
            ],
        )

    def test_part_of_the_day(self):
        morning = self._find(part="morning")
        # None is two hours later: the one an hour later then.
        self.assertEqual(
            {start for _who, start, _score in morning},
            {datetime(2026, 6, 1, 7, 15), datetime(2026, 6, 1, 8, 15)},
        )
        afternoon = self._find(part="afternoon")
        self.assertEqual(
            {start for _who, start, _score in afternoon},
            {datetime(2026, 6, 1, 10, 0), datetime(2026, 6, 1, 11, 0)},
        )

    def test_preferred_technician(self):
        self.visit.technician_id = self.technician
        self.assertEqual(
            [(who, score) for who, _start, score in self._find()],
            [("Tom Technician", 136)] * 2 + [("Carla Colleague", 166)] * 2,
        )
        slots = self.visit._find_slots(date(2026, 6, 1), date(2026, 6, 1))
        self.assertEqual(
            slots[0].reasons, ["136 min of extra travel", "Preferred technician"]
        )
        self.assertEqual(
            slots[2].reasons,
            ["136 min of extra travel", "Not Tom Technician, who is preferred"],
        )

    def test_who_looks_after_the_equipment_is_preferred(self):
        piece = self._create_equipment(technician_id=self.colleague.id)
        self.visit.installed_base_ids = piece
        self.assertEqual(self._find()[0][0], "Carla Colleague")

    def test_zone_and_days_of_waiting(self):
        zone = self.env["service.zone"].create(
            {
                "name": "North",
                "company_id": self.company.id,
                "technician_ids": self.colleague.ids,
            }
        )
        self.visit.zone_id = zone
        found = self._find(last=date(2026, 6, 3))
        self.assertEqual(
            {(who, start.day): score for who, start, score in found},
            {
                ("Carla Colleague", 1): 136,
                ("Carla Colleague", 2): 141,
                ("Carla Colleague", 3): 146,
                ("Tom Technician", 1): 151,
                ("Tom Technician", 2): 156,
                ("Tom Technician", 3): 161,
            },
        )
        last = self.visit._find_slots(date(2026, 6, 1), date(2026, 6, 3))[-1]
        self.assertEqual(
            last.reasons,
            [
                "136 min of extra travel",
                "Outside their zone, in North",
                "2 days of waiting",
            ],
        )

    def test_near_another_visit(self):
        # The neighbour is at the same place: nothing to drive in addition.
        self._create_planned_visit(
            "2026-06-01 08:00:00", duration=1, partner_id=self.neighbour.id
        )
        who, start, score = self._find()[0]
        self.assertEqual(
            (who, start, score), ("Tom Technician", datetime(2026, 6, 1, 9, 0), 0)
        )
        [slot, *_others] = self.visit._find_slots(date(2026, 6, 1), date(2026, 6, 1))
        self.assertEqual(slot.reasons, ["On the way"])

    def test_busy_and_away(self):
        self.env["calendar.event"].create(
            {
                "name": "Dentist",
                "start": "2026-06-01 06:00:00",
                "stop": "2026-06-01 15:00:00",
                "partner_ids": [Command.set(self.technician.work_contact_id.ids)],
            }
        )
        self.env["resource.calendar.leaves"].create(
            {
                "name": "Ill",
                "resource_id": self.colleague.resource_id.id,
                "calendar_id": self.company.resource_calendar_id.id,
                "date_from": "2026-06-01 04:00:00",
                "date_to": "2026-06-01 20:00:00",
            }
        )
        self.assertEqual(self._find(), [])

    def test_window(self):
        self.visit.write({"window_start": "2026-06-03", "window_end": "2026-06-04"})
        days = {s.day for _who, s, _score in self._find(last=date(2026, 6, 10))}
        self.assertEqual(days, {3, 4})
        self.assertEqual(
            self.visit._get_slot_days(), (date(2026, 6, 3), date(2026, 6, 4))
        )

    def test_window_that_is_over(self):
        self.visit.write({"window_start": "2026-05-01", "window_end": "2026-05-04"})
        self.assertEqual(
            self.visit._get_slot_days(), (date(2026, 6, 1), date(2026, 6, 7))
        )
        self.assertTrue(self._find())

    def test_nothing_in_the_past(self):
        with freeze_time("2026-06-01 08:50:00"):
            starts = [start for _who, start, _score in self._find()]
        # 68 minutes and an hour of break, which begins by one o'clock.
        self.assertEqual(min(starts), datetime(2026, 6, 1, 11, 0))

    def test_agreed_hours(self):
        self.visit.write({"agreed_from": 10, "agreed_until": 11})
        starts = {start for _who, start, _score in self._find()}
        self.assertEqual(
            starts, {datetime(2026, 6, 1, 8, 0), datetime(2026, 6, 1, 9, 0)}
        )

    def test_team(self):
        team = self.env["service.team"].create(
            {"name": "North", "member_ids": self.colleague.ids}
        )
        self.visit.team_id = team
        self.assertEqual({who for who, *_rest in self._find()}, {"Carla Colleague"})
        self.assertEqual(self._find(technicians=self.technician), [])
        self.assertEqual(
            self.visit._describe_no_slot(self.technician),
            "None of these technicians is in team North. Add technicians to the team, "
            "or choose another one on the visit.",
        )

    def test_whole_crew(self):
        self.visit.technician_ids = self.people
        self.visit.technician_id = self.colleague
        self._create_planned_visit("2026-06-01 07:00:00", duration=4)
        slot, later = self.visit._find_slots(date(2026, 6, 1), date(2026, 6, 1))
        # Tom is at the customer's until 13:00.
        self.assertEqual(slot.start, datetime(2026, 6, 1, 11, 0))
        self.assertEqual(slot.crew, self.colleague | self.technician)
        self.assertEqual(slot.extra, 136, "Carla comes and goes, Tom is there already")
        self.assertEqual(later.start, datetime(2026, 6, 1, 11, 30), "The last two")

    def test_crew_of_which_somebody_left(self):
        third = self.env["hr.employee"].create(
            {
                "name": "Theo Third",
                "company_id": self.company.id,
                "resource_calendar_id": self.company.resource_calendar_id.id,
                "address_id": self.home.id,
            }
        )
        self.visit.technician_ids = self.people | third
        day = date(2026, 6, 1)
        left = "Without Theo Third, who no longer works here"
        [slot, *_rest] = self.visit._find_slots(day, day)
        self.assertEqual(slot.crew, self.people | third)
        self.assertNotIn(left, slot.reasons)
        third.active = False
        [slot, *_rest] = self.visit._find_slots(day, day)
        self.assertEqual(slot.crew, self.people)
        self.assertIn(left, slot.reasons)
        self.colleague.active = False
        for slot in self.visit._find_slots(day, day):
            self.assertEqual(slot.crew, self.technician)
            self.assertTrue(
                {
                    "Without Carla Colleague and Theo Third, who no longer works here",
                    "Without Theo Third and Carla Colleague, who no longer works here",
                }
                & set(slot.reasons)
            )

    def test_crew_of_another_team(self):
        """Chosen by hand, it goes before the team, and the offer says so."""
        self.visit.team_id = self.env["service.team"].create(
            {"name": "North", "member_ids": self.colleague.ids}
        )
        self.visit.technician_ids = self.people
        day = date(2026, 6, 1)
        [slot, *_rest] = self.visit._find_slots(day, day)
        self.assertEqual(slot.crew, self.people)
        self.assertIn("Tom Technician: not in team North", slot.reasons)
        self.visit.team_id = self.everybody
        [slot, *_rest] = self.visit._find_slots(day, day)
        self.assertFalse([text for text in slot.reasons if "team" in text])

    def test_crew_among_chosen_technicians(self):
        """It goes whole or not at all, and the dialog says so."""
        self.visit.technician_ids = self.people
        third = self.env["hr.employee"].create(
            {"name": "Theo Third", "company_id": self.company.id}
        )
        self.assertTrue(self._find(technicians=self.people))
        self.assertTrue(self._find(technicians=self.people | third))
        for chosen in (self.technician, self.colleague | third, third):
            self.assertEqual(self._find(technicians=chosen), [])
            self.assertIn(
                self.visit._describe_no_slot(chosen),
                {
                    f"This visit is for {names} together. Choose all of them, or "
                    "nobody."
                    for names in (
                        "Tom Technician and Carla Colleague",
                        "Carla Colleague and Tom Technician",
                    )
                },
            )
        # One alone is who is preferred, no crew.
        self.visit.technician_ids = self.technician
        self.assertTrue(self._find(technicians=self.colleague))

    def test_own_appointment_is_not_in_the_way(self):
        planned = self._create_planned_visit("2026-06-01 07:00:00", duration=6)
        found = self._find(planned, technicians=self.technician)
        self.assertTrue(found)
        self.assertEqual(self._find(technicians=self.technician), [])

    def test_without_coordinates(self):
        self.workshop.write({"partner_latitude": 0, "partner_longitude": 0})
        [slot, *_rest] = self.visit._find_slots(date(2026, 6, 1), date(2026, 6, 1))
        self.assertEqual(slot.extra, 60)
        self.assertIn("Travel unknown: the site is not on the map", slot.reasons)

    def test_way_without_coordinates(self):
        """Said of the offers whose way is not known, and of no others."""
        day = date(2026, 6, 1)
        start = "Travel unknown: the start place of Tom Technician is not on the map"
        near = "Travel unknown: what is before or after is not on the map"
        nowhere = self.env["res.partner"].create({"name": "Nowhere"})
        self.technician.service_start_id = nowhere

        def get_notes():
            return {
                (slot.crew.name, slot.start.hour, text)
                for slot in self.visit._find_slots(day, day)
                for text in slot.reasons
                if "unknown" in text
            }

        self.assertEqual(
            {note[::2] for note in get_notes()}, {("Tom Technician", start)}
        )
        self.technician.service_start_id = self.home
        self.assertEqual(get_notes(), set())
        # Carla is there until two o'clock, then at a place that nobody knows.
        self._create_planned_visit(
            "2026-06-01 11:00:00",
            duration=1,
            partner_id=nowhere.id,
            technician_id=self.colleague.id,
        )
        self.assertEqual(
            {note[::2] for note in get_notes()}, {("Carla Colleague", near)}
        )
        # Of a crew, one is enough.
        self.visit.technician_ids = self.people
        self.visit.technician_id = self.technician
        [slot, *_rest] = self.visit._find_slots(day, day)
        self.assertIn(near, slot.reasons)
        # What is said of the site is enough.
        self.workshop.write({"partner_latitude": 0, "partner_longitude": 0})
        self.assertEqual(
            {
                tuple(text for text in slot.reasons if "unknown" in text)
                for slot in self.visit._find_slots(day, day)
            },
            {("Travel unknown: the site is not on the map",)},
        )

    def test_over_several_days(self):
        """Sixteen hours of work, without breaks and nights."""
        self.visit.duration = 16
        self.visit.window_end = False
        found = self._find(last=date(2026, 6, 2))
        self.assertEqual(
            [(who, start.day, start.hour) for who, start, _score in found[:2]],
            [("Carla Colleague", 1, 7), ("Tom Technician", 1, 7)],
        )
        [slot, *_rest] = self.visit._find_slots(date(2026, 6, 1), date(2026, 6, 1))
        # From 9:15 on Monday to 9:15 on Wednesday in Brussels: 6:45, 8:00 and 1:15.
        self.assertEqual(slot.start, datetime(2026, 6, 1, 7, 15))
        self.assertEqual(slot.end, datetime(2026, 6, 3, 7, 15))
        self.assertEqual(slot.extra, 136)
        self.assertIn("several days", " ".join(slot.reasons))

    def test_several_days_that_are_free(self):
        self.visit.duration = 16
        self.visit.window_end = False
        calendar = self.company.resource_calendar_id
        # Carla is away on Tuesday, Tom is busy on Wednesday evening, Thursday is off.
        self.env["resource.calendar.leaves"].create(
            [
                {
                    "name": "Ill",
                    "resource_id": self.colleague.resource_id.id,
                    "calendar_id": calendar.id,
                    "date_from": "2026-06-02 06:00:00",
                    "date_to": "2026-06-02 15:00:00",
                },
                {
                    "name": "Day off",
                    "calendar_id": calendar.id,
                    "date_from": "2026-06-11 00:00:00",
                    "date_to": "2026-06-11 21:00:00",
                },
            ]
        )
        self._create_planned_visit("2026-06-03 17:00:00", duration=1)
        starts = {
            (slot.crew.name, slot.start.day)
            for slot in self.visit._find_slots(date(2026, 6, 1), date(2026, 6, 10))
        }
        self.assertEqual(
            {day for name, day in starts if name == "Carla Colleague"}, {3, 4, 5, 8}
        )
        self.assertEqual(
            {day for name, day in starts if name == "Tom Technician"}, {1, 4, 5, 8}
        )
        # Whoever goes with whom: both have to be free, over the weekend too.
        self.visit.technician_ids = self.people
        slots = self.visit._find_slots(date(2026, 6, 1), date(2026, 6, 10))
        self.assertEqual({slot.start.day for slot in slots}, {4, 5, 8})
        friday = next(slot for slot in slots if slot.start.day == 5)
        self.assertEqual(friday.end, datetime(2026, 6, 9, 7, 15))
        self.visit.window_end = "2026-06-08"
        slots = self.visit._find_slots(date(2026, 6, 1), date(2026, 6, 10))
        self.assertEqual({slot.start.day for slot in slots}, {4})

    def test_over_several_days_of_which_one_is_longer(self):
        """Clocks go back in between; hours are those of the clock on the wall."""
        self.visit.write({"duration": 16, "window_end": False})
        with freeze_time("2026-10-23 04:00:00"):
            day = date(2026, 10, 23)
            [slot, *_rest] = self.visit._find_slots(day, day)
        self.assertEqual(
            (slot.start, slot.end),
            (datetime(2026, 10, 23, 7, 15), datetime(2026, 10, 27, 8, 15)),
        )

    def test_no_days_for_so_much_work(self):
        self.visit.write({"duration": 90, "window_end": "2026-06-04"})
        self.assertEqual(self._find(last=date(2026, 6, 4)), [])
        self.assertEqual(
            self.visit._describe_no_slot(),
            "Nobody is free for 90:00 hours of work on consecutive working days, "
            "without time off or holidays in between. Choose more days, or other "
            "technicians.",
        )
        self.visit.write({"duration": 24 * 366, "window_end": False})
        self.assertEqual(self._find(last=date(2026, 6, 4)), [])

    def test_over_half_a_day_on_one_day(self):
        """What a day of work has room for takes one day, over its break."""
        self.visit.duration = 6
        [slot, *_rest] = self.visit._find_slots(date(2026, 6, 1), date(2026, 6, 1))
        self.assertEqual(slot.end - slot.start, timedelta(hours=6))

    def test_skills(self):
        kind = self.env["hr.skill.type"].create(
            {
                "name": "Certificates",
                "skill_ids": [Command.create({"name": "Gas appliances"})],
                "skill_level_ids": [
                    Command.create(
                        {
                            "name": "Certified",
                            "level_progress": 100,
                            "default_level": True,
                        }
                    )
                ],
            }
        )
        skill, level = kind.skill_ids, kind.skill_level_ids
        self.env["service.skill.requirement"].create(
            {
                "skill_id": skill.id,
                "skill_level_id": level.id,
                "visit_type_id": self.cleaning.id,
            }
        )
        # Until Tuesday
        self.env["hr.employee.skill"].create(
            {
                "employee_id": self.colleague.id,
                "skill_id": skill.id,
                "skill_level_id": level.id,
                "skill_type_id": kind.id,
                "valid_from": "2026-01-01",
                "valid_to": "2026-06-02",
            }
        )
        self.company.service_skill_policy = "block"
        found = self._find(last=date(2026, 6, 4))
        self.assertEqual(
            {(who, start.day) for who, start, _score in found},
            {("Carla Colleague", 1), ("Carla Colleague", 2)},
        )
        self.assertEqual(
            self.visit._describe_no_slot(self.technician),
            "No technician has Gas appliances (Certified).",
        )
        self.company.service_skill_policy = "warn"
        slots = self.visit._find_slots(date(2026, 6, 3), date(2026, 6, 3))
        self.assertEqual(len(slots), 4)
        self.assertIn("Lacks Gas appliances (Certified)", slots[0].reasons)
        self.company.service_skill_policy = "ignore"
        [slot, *_rest] = self.visit._find_slots(date(2026, 6, 3), date(2026, 6, 3))
        self.assertEqual(slot.reasons, ["136 min of extra travel"])

        # Each has one of two skills, nobody both.
        welding = self.env["hr.skill"].create(
            {"name": "Welding", "skill_type_id": kind.id}
        )
        self.env["service.skill.requirement"].create(
            {"skill_id": welding.id, "visit_type_id": self.cleaning.id}
        )
        self.env["hr.employee.skill"].create(
            {
                "employee_id": self.technician.id,
                "skill_id": welding.id,
                "skill_level_id": level.id,
                "skill_type_id": kind.id,
                "valid_from": "2026-01-01",
            }
        )
        self.company.service_skill_policy = "block"
        self.assertEqual(
            self.visit._describe_no_slot(),
            "No technician has Gas appliances (Certified) and Welding.",
        )

    def test_who_may_work_at_any_time_is_not_sent_by_night(self):
        self.colleague.resource_calendar_id = False
        starts = [
            start for _who, start, _score in self._find(technicians=self.colleague)
        ]
        self.assertEqual(
            starts, [datetime(2026, 6, 1, 7, 15), datetime(2026, 6, 1, 9, 15)]
        )

    def test_twenty_at_most(self):
        found = self._find(last=date(2026, 6, 14))
        self.assertEqual(len(found), 20)

    def test_queries(self):
        more = self.env["hr.employee"].create(
            [{"name": f"{n}", "tz": "Europe/Brussels"} for n in range(10)]
        )
        for number, person in enumerate(self.people | more):
            self._create_planned_visit(
                f"2026-06-0{number % 5 + 1} 08:00:00", technician_id=person.id
            )

        def count(people, days):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            self.assertTrue(self._find(last=date(2026, 6, days), technicians=people))
            return self.cr.sql_log_count - before

        count(self.people, 1)
        self.assertEqual(count(self.people | more, 10), count(self.people, 1))


@tagged("post_install", "-at_install")
@freeze_time("2026-06-01 04:00:00")
class TestSlotDialog(SlotCase):
    def setUp(self):
        super().setUp()
        self.dispatcher = self.users["dispatcher"]

    def _open(self, record):
        action = record.with_user(self.dispatcher).action_find_slot()
        model = self.env[action["res_model"]].with_user(self.dispatcher)
        return model.browse(action["res_id"])

    def test_three_clicks(self):
        self.visit.window_end = "2026-06-02"
        search = self._open(self.visit)
        self.assertEqual(
            (search.date_from, search.date_to), (date(2026, 6, 1), date(2026, 6, 2))
        )
        self.assertEqual(search.window, "05/25/2026 – 06/02/2026")
        self.assertEqual(len(search.offer_ids), 8)
        offer = search.offer_ids[1]
        self.assertEqual(offer.technician_id.name, "Tom Technician")
        self.assertEqual(offer.reason, "136 min of extra travel")
        self.assertEqual((offer.score, offer.extra_minutes), (136, 136))
        offer.action_plan()
        self.assertEqual(self.visit.state, "planned")
        self.assertEqual(self.visit.date_start, datetime(2026, 6, 1, 7, 15))
        self.assertEqual(self.visit.technician_ids, self.technician)
        self.assertTrue(self.visit.calendar_event_id)
        self.assertFalse(self.visit.told_start)

    def test_over_several_days(self):
        """Planned as offered, offered again as planned, and put back as it was."""
        self.visit.write({"duration": 16, "window_end": False})
        search = self._open(self.visit)
        offer = search.offer_ids[0]
        self.assertEqual(offer.date_end, datetime(2026, 6, 3, 7, 15))
        self.assertIn("Until ", offer.reason)
        offer.action_plan()
        self.assertEqual(
            (self.visit.date_start, self.visit.date_end),
            (offer.date_start, offer.date_end),
        )
        self.assertEqual(self.visit.calendar_event_id.stop, offer.date_end)
        self.assertEqual(self.visit._get_planning_conflicts()[self.visit], [])
        again = self._open(self.visit).offer_ids[0]
        self.assertEqual(
            (again.date_start, again.date_end), (offer.date_start, offer.date_end)
        )
        self.visit.state = "to_plan"
        self.assertEqual(self.visit.duration, 16)
        self.assertEqual(self._open(self.visit).offer_ids[0].date_end, offer.date_end)

    def test_several_days_of_which_one_is_taken(self):
        self.visit.write({"duration": 16, "window_end": False})
        offer = self._open(self.visit).offer_ids.filtered(
            lambda offer: offer.technician_id == self.technician
        )[0]
        self._create_planned_visit("2026-06-02 07:00:00", duration=1)
        with self.assertRaisesRegex(UserError, "This slot is no longer free"):
            offer.action_plan()

    def test_long_visits_put_back(self):
        """By a number of queries that does not depend on how many."""
        visits = [
            self._create_planned_visit(
                f"2026-06-{day:02} 07:00:00",
                duration=33,
                technician_id=person.id,
            )
            for day in (1, 8, 15)
            for person in self.people
        ]
        visits = self.visit.union(*visits) - self.visit

        def put_back(chosen):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            chosen.state = "to_plan"
            self.env.flush_all()
            return self.cr.sql_log_count - before

        put_back(visits[:1])
        few = put_back(visits[1:2])
        # Each is written, and its appointment archived.
        self.assertLess(put_back(visits[2:]), few + 4 * 12)
        # Nine to five, and nine to six.
        self.assertEqual(set(visits.mapped("duration")), {15})

    def test_told_on_the_phone(self):
        search = self._open(self.visit)
        search.telling = "phone"
        search.offer_ids[0].action_plan()
        self.assertEqual(self.visit.told_start, self.visit.date_start)

    def test_told_by_email(self):
        self.customer.email = "bakery@example.com"
        search = self._open(self.visit)
        search.telling = "email"
        before = self.env["mail.mail"].search_count([])
        search.offer_ids[0].action_plan()
        self.assertEqual(self.visit.told_start, self.visit.date_start)
        self.assertEqual(self.env["mail.mail"].search_count([]), before + 1)

    def test_other_criteria(self):
        search = self._open(self.visit)
        with Form(search) as form:
            form.part = "afternoon"
            form.technician_ids.add(self.colleague)
            self.assertTrue(form.is_stale)
        search.action_search()
        self.assertFalse(search.is_stale)
        self.assertEqual(search.offer_ids.technician_id, self.colleague)
        self.assertEqual(min(search.offer_ids.mapped("date_start")).hour, 10)

    def test_days(self):
        search = self._open(self.visit)
        for first, last, text in (
            ("2026-06-02", "2026-06-01", "Choose the first and the last day."),
            ("2026-05-01", "2026-05-02", "05/02/2026 is in the past."),
            ("2026-06-01", "2026-06-29", "Choose 28 days at most."),
        ):
            search.write({"date_from": first, "date_to": last})
            with self.assertRaisesRegex(UserError, text):
                search.action_search()

    def test_nothing_free(self):
        search = self._open(self.visit)
        search.write({"date_from": "2026-06-06", "date_to": "2026-06-07"})
        search.action_search()
        self.assertFalse(search.offer_ids)
        self.assertEqual(
            search.message,
            "Nobody has enough free time on these days. Choose more days, or other "
            "technicians.",
        )

    def test_taken_meanwhile(self):
        search = self._open(self.visit)
        self._create_planned_visit("2026-06-01 07:00:00", duration=1)
        offer = search.offer_ids.filtered(lambda o: o.technician_id == self.technician)
        with self.assertRaisesRegex(UserError, "This slot is no longer free"):
            offer[0].action_plan()

    def test_request_without_a_visit(self):
        request = self.env["service.request"].create(
            {
                "subject": "No hot water",
                "partner_id": self.customer.id,
                "visit_type_id": self.repair.id,
            }
        )
        search = self._open(request)
        self.assertFalse(request.visit_ids)
        self.assertEqual(search.subject, "Claes Bakery, Liège, Test repair")
        search.offer_ids[0].action_plan()
        visit = request.visit_ids
        self.assertEqual(len(visit), 1)
        self.assertEqual((visit.state, visit.duration), ("planned", 2))
        self.assertEqual(visit.date_start, datetime(2026, 6, 1, 7, 15))
        with self.assertRaises(UserError):
            search.offer_ids[0].with_context(x=1).action_plan()

    def test_response_date(self):
        self.company.service_response_hours = 4
        self.company.service_calendar_id = self.company.resource_calendar_id
        request = self.env["service.request"].create(
            {
                "subject": "No hot water",
                "partner_id": self.customer.id,
                "visit_type_id": self.repair.id,
                "request_date": "2026-06-01 04:00:00",
            }
        )
        # Four hours after eight: at noon, before the break.
        self.assertEqual(request.response_due, datetime(2026, 6, 1, 10, 0))
        search = self._open(request)
        self.assertEqual(
            (search.date_from, search.date_to), (date(2026, 6, 1), date(2026, 6, 1))
        )
        self.assertEqual(search.response_due, request.response_due)
        self.assertEqual(set(search.offer_ids.mapped("response")), {"kept"})
        search.date_to = "2026-06-02"
        search.action_search()
        late = search.offer_ids.filtered(lambda offer: offer.response == "late")
        self.assertEqual(
            {offer.date_start.date() for offer in late}, {date(2026, 6, 2)}
        )

    def test_request_with_a_visit_to_plan(self):
        request = self.env["service.request"].create(
            {"subject": "No hot water", "partner_id": self.customer.id}
        )
        self.visit.request_id = request
        self._open(request).offer_ids[0].action_plan()
        self.assertEqual(request.visit_ids, self.visit)
        self.assertEqual(self.visit.state, "planned")

    def test_what_is_done_is_not_planned(self):
        visit = self._create_planned_visit("2026-06-01 07:00:00")
        visit.action_start()
        with self.assertRaisesRegex(UserError, "its status is “In progress”"):
            self._open(visit)

    def test_technicians_do_not_plan_so(self):
        with self.assertRaises(AccessError):
            self._as("technician", self.visit).action_find_slot()


@tagged("post_install", "-at_install")
@freeze_time("2026-06-01 04:00:00")
class TestSeveralDaysOnTheBoard(SlotCase):
    """What takes several days takes the same ones wherever it is planned: sixteen
    hours of work from nine on Monday are 7, 8 and 1."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.visit.write({"duration": 16, "window_end": False})

    def _drop(self, start, end=None, person=None, former=None):
        """Drop it on the board; return its end."""
        self.visit.dispatch(
            start,
            end,
            technician_id=(person or self.technician).id,
            from_technician_id=former and former.id,
        )
        self.env.flush_all()
        self.env.invalidate_all()
        return self.visit.date_end

    def test_dropped(self):
        self.assertEqual(self._drop("2026-06-01 07:00:00"), datetime(2026, 6, 3, 7, 0))
        self.assertEqual(self.visit.calendar_event_id.stop, self.visit.date_end)
        self.assertFalse(self.visit._get_time_conflicts()[self.visit])
        # Moved, also to somebody else, it takes the same hours: over a weekend.
        self.assertEqual(
            self._drop("2026-06-05 07:00:00", None, self.colleague, self.technician),
            datetime(2026, 6, 9, 7, 0),
        )
        # Who drags its end says how long.
        end = datetime(2026, 6, 8, 15, 0)
        self.assertEqual(
            self._drop("2026-06-05 07:00:00", end, self.colleague, self.colleague), end
        )
        self.visit.undispatch()
        self.assertEqual(self.visit.duration, 15)

    def test_dropped_where_nobody_works(self):
        """It counts from when they do: after the break, the next day, on Monday."""
        for start, end in (
            ("2026-06-01 10:15:00", datetime(2026, 6, 3, 10, 0)),
            ("2026-06-01 18:00:00", datetime(2026, 6, 3, 15, 0)),
            ("2026-06-06 07:00:00", datetime(2026, 6, 9, 15, 0)),
        ):
            with self.subTest(start):
                self.assertEqual(self._drop(start), end)
                self.visit.undispatch()
                self.assertEqual(self.visit.duration, 16)

    def test_dropped_on_nobody(self):
        """On nobody's row, and of who does not work for days, by the clock."""
        self.visit.technician_ids = False
        self.visit.dispatch("2026-06-01 07:00:00")
        self.assertEqual(self.visit.date_end, datetime(2026, 6, 1, 23, 0))
        self._add_days_off(date(2026, 6, 2), date(2026, 6, 8))
        self.assertEqual(self._drop("2026-06-02 07:00:00"), datetime(2026, 6, 2, 23, 0))
        self.visit.undispatch()
        self.assertEqual(self.visit.duration, 16)

    def test_flexible_hours(self):
        """Eight hours a day whenever: put back, it takes as many as before."""
        self.people.resource_calendar_id = self.env["resource.calendar"].create(
            {
                "name": "Flexible",
                "company_id": self.company.id,
                "flexible_hours": True,
                "hours_per_day": 8,
                "tz": "Europe/Brussels",
            }
        )
        for hour in (5, 7, 12, 20):
            with self.subTest(hour):
                self._drop(f"2026-06-01 {hour:02}:00:00")
                self.visit.undispatch()
                self.assertEqual(self.visit.duration, 16)

    def test_what_fits_into_a_long_day(self):
        """Twelve hours are by the clock, whatever the hours of who goes."""
        self.visit.duration = 12
        self.assertEqual(self._drop("2026-06-01 07:00:00"), datetime(2026, 6, 1, 19, 0))

    def test_planned_over_a_night(self):
        """Ten hours are longer than a day here: moved, they stay ten hours of work."""
        self.visit.duration = 10
        [slot, *_rest] = self.visit._find_slots(date(2026, 6, 1), date(2026, 6, 1))
        self.assertEqual(slot.end, datetime(2026, 6, 2, 9, 15))
        self._drop(slot.start, slot.end)
        self.assertEqual(
            self._drop("2026-06-05 07:00:00", None, self.technician, self.technician),
            datetime(2026, 6, 8, 9, 0),
        )
        self.visit.undispatch()
        self.assertEqual(self.visit.duration, 10)

    def test_dropped_over_days_off(self):
        """It goes on after them, and says that they are in between."""
        self._add_days_off(date(2026, 6, 2), date(2026, 6, 2))
        self.assertEqual(self._drop("2026-06-01 07:00:00"), datetime(2026, 6, 4, 7, 0))
        self.assertTrue(self.visit._get_time_conflicts()[self.visit])

    def test_many_at_once(self):
        """By a number of queries that does not depend on how many."""

        def plan(count):
            visits = self.visit.union(
                *(
                    self._create_visit(duration=16, site_id=self.workshop.id)
                    for _number in range(count)
                )
            )
            visits -= self.visit
            starts = {
                visit: (datetime(2026, 6, 1 + number, 7, 0), None, self.people)
                for number, visit in enumerate(visits)
            }
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            hours = visits._get_hours_of_work()
            visits._get_ends_of_work(
                {visit: moment for visit, (moment, *_rest) in starts.items()},
                dict.fromkeys(visits, self.people),
                hours,
            )
            count = self.cr.sql_log_count - before
            visits._plan(starts)
            return visits, count

        # Afterwards there is something in their way.
        plan(1)
        _visits, few = plan(1)
        visits, many = plan(3)
        self.assertEqual(many, few)
        self.assertEqual(
            visits.mapped("date_end"),
            [datetime(2026, 6, day, 7, 0) for day in (3, 4, 5)],
        )

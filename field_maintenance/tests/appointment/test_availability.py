from datetime import date, datetime

from freezegun import freeze_time

from odoo import fields
from odoo.fields import Command
from odoo.tests import tagged

from ..common import MaintenanceCase


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 06:00:00")
class TestAvailability(MaintenanceCase):
    """When technicians work, and when they are busy. Monday, 2 March 2026."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.calendar = cls.company.resource_calendar_id
        cls.calendar.tz = "Europe/Brussels"
        cls.people = cls.technician | cls.colleague
        for person in cls.people:
            person.resource_calendar_id = cls.calendar

    def _get_service_time(self, **kwargs):
        """Return (working, busy) of the technician and of the colleague."""
        self.env.flush_all()
        found = self.people._get_service_time(
            datetime(2026, 3, 3), datetime(2026, 3, 5), **kwargs
        )
        self.assertEqual(found.keys(), set(self.people))
        return [found[person][:2] for person in self.people]

    def _meet(self, start, stop, **vals):
        return self.env["calendar.event"].create(
            {
                "name": "Dentist",
                "start": start,
                "stop": stop,
                "partner_ids": [Command.set(self.technician.work_contact_id.ids)],
                **vals,
            }
        )

    def _day(self, day, *hours):
        return [
            (datetime(2026, 3, day, start), datetime(2026, 3, day, end))
            for start, end in hours
        ]

    def test_hours_and_time_off(self):
        # 8:00 to 12:00 and 13:00 to 17:00 in Brussels.
        whole = ((7, 11), (12, 16))
        self.env["resource.calendar.leaves"].create(
            {
                "name": "Ill",
                "resource_id": self.technician.resource_id.id,
                "calendar_id": self.calendar.id,
                "date_from": "2026-03-04 06:00:00",
                "date_to": "2026-03-04 11:00:00",
            }
        )
        mine, others = self._get_service_time()
        self.assertEqual(mine, (self._day(3, *whole) + self._day(4, (12, 16)), []))
        self.assertEqual(others, (self._day(3, *whole) + self._day(4, *whole), []))

    def test_without_hours(self):
        self.colleague.resource_calendar_id = False
        _mine, others = self._get_service_time()
        self.assertEqual(others, ([(datetime(2026, 3, 3), datetime(2026, 3, 5))], []))

    def test_busy(self):
        planned = self._create_planned_visit("2026-03-03 08:00:00", duration=2)
        self._create_planned_visit(
            "2026-03-04 08:00:00", duration=1, technician_id=self.colleague.id
        )
        self._meet("2026-03-03 13:00:00", "2026-03-03 14:00:00")
        self._meet("2026-03-03 15:00:00", "2026-03-03 16:00:00", show_as="free")
        declined = self._meet("2026-03-03 15:00:00", "2026-03-03 16:00:00")
        declined.attendee_ids.state = "declined"
        self._meet(
            "2026-03-04 08:00:00",
            "2026-03-04 18:00:00",
            allday=True,
            start_date="2026-03-04",
            stop_date="2026-03-04",
        )
        mine, others = self._get_service_time()
        # The whole day is one of the technician's clock.
        wednesday = (datetime(2026, 3, 3, 23), datetime(2026, 3, 4, 23))
        meeting = self._day(3, (13, 14))
        self.assertEqual(mine[1], [*self._day(3, (8, 10)), *meeting, wednesday])
        self.assertEqual(others[1], self._day(4, (8, 9)))
        mine, _others = self._get_service_time(without=planned)
        self.assertEqual(mine[1], [*meeting, wednesday])

    def test_what_events_are_called(self):
        """Private ones show times only, unless the reader takes part; who declined has
        none of them."""
        self._meet("2026-03-03 13:00:00", "2026-03-03 14:00:00")
        private = self._meet(
            "2026-03-03 15:00:00", "2026-03-03 16:00:00", privacy="private"
        )
        declined = self._meet("2026-03-04 08:00:00", "2026-03-04 09:00:00")
        declined.attendee_ids.state = "declined"
        window = datetime(2026, 3, 3), datetime(2026, 3, 5)
        afternoon, evening = self._day(3, (13, 14), (15, 16))

        def read(role):
            self.env.flush_all()
            return self._as(role, self.technician)._get_busy_events(*window)

        events = read("dispatcher")[self.technician]
        self.assertEqual(events, [(*afternoon, "Dentist"), (*evening, "")])
        private.partner_ids += self.users["dispatcher"].partner_id
        events = read("dispatcher")[self.technician]
        self.assertEqual(events, [(*afternoon, "Dentist"), (*evening, "Dentist")])
        rows = self._as("dispatcher", self.env["maintenance.visit"])._get_board_rows(
            self.technician.sudo(), self.env["service.team"], *window
        )
        self.assertEqual(
            rows[0]["busy"][0],
            {
                "start": "2026-03-03 13:00:00",
                "end": "2026-03-03 14:00:00",
                "name": "Dentist",
            },
        )

    def test_hours_of_a_contract(self):
        """Whoever works by other hours from a day on does so everywhere."""
        late = self.calendar.copy({"name": "Late"})
        late.attendance_ids.unlink()
        late.attendance_ids = [
            Command.create(
                {
                    "name": "Late",
                    "dayofweek": str(day),
                    "hour_from": 14,
                    "hour_to": 22,
                    "day_period": "afternoon",
                }
            )
            for day in range(5)
        ]
        self.technician.version_id.write(
            {"contract_date_start": "2026-01-01", "contract_date_end": "2026-03-03"}
        )
        self.technician.create_version(
            {
                "date_version": "2026-03-04",
                "contract_date_start": "2026-03-04",
                "contract_date_end": "2026-03-10",
                "resource_calendar_id": late.id,
            }
        )
        mine, _others = self._get_service_time()
        self.assertEqual(
            mine[0], self._day(3, (7, 11), (12, 16)) + self._day(4, (13, 21))
        )
        for start, is_odd in (
            ("2026-03-03 08:00:00", False),
            ("2026-03-03 18:00:00", True),
            ("2026-03-04 08:00:00", True),
            ("2026-03-04 18:00:00", False),
            ("2026-03-11 18:00:00", True),
        ):
            visit = self._create_planned_visit(start, duration=1)
            self.assertEqual(
                visit._get_planning_conflicts()[visit],
                ["Tom Technician does not work at this time."] if is_odd else [],
                start,
            )
            visit.action_put_back()

    def test_conflicts_and_free_time_agree(self):
        """Hour by hour: what is not free is a conflict, but for the lunch break, which
        is the technician's to arrange. Board and batch dialog say the same."""
        self._create_planned_visit("2026-03-03 08:00:00", duration=2)
        self._meet("2026-03-03 13:00:00", "2026-03-03 14:00:00")
        self._meet("2026-03-03 15:00:00", "2026-03-03 16:00:00", show_as="free")
        self.env["resource.calendar.leaves"].create(
            {
                "name": "Ill",
                "resource_id": self.technician.resource_id.id,
                "calendar_id": self.calendar.id,
                "date_from": "2026-03-04 06:00:00",
                "date_to": "2026-03-04 11:00:00",
            }
        )
        self._meet(
            "2026-03-05 08:00:00",
            "2026-03-05 18:00:00",
            allday=True,
            start_date="2026-03-05",
            stop_date="2026-03-05",
        )
        mine = self.technician._get_service_time(
            datetime(2026, 3, 3), datetime(2026, 3, 6)
        )[self.technician]
        visit = self._create_planned_visit("2026-03-09 08:00:00", duration=1)
        shown = self._get_shown_as_free(visit)
        batch = self.env["maintenance.visit.batch"].new({"date": date(2026, 3, 3)})
        lunch = 11
        for day in (3, 4, 5):
            for hour in range(5, 19):
                start, end = (
                    datetime(2026, 3, day, hour),
                    datetime(2026, 3, day, hour + 1),
                )
                visit.date_start = start
                is_free = any(
                    first <= start and end <= last for first, last in mine.working
                ) and not any(first < end and last > start for first, last in mine.busy)
                has_conflict = bool(visit._get_planning_conflicts()[visit])
                self.assertEqual(shown(start, end), is_free, start)
                found = batch._get_free_time(self.technician, visit)[self.technician]
                fitting = found.take(end - start, [start])
                if hour != lunch:
                    self.assertEqual(fitting, start if is_free else None)
                self.assertEqual(visit._filter_conflicting(), visit[:has_conflict])
                if hour == lunch and day != 5:
                    self.assertEqual((is_free, has_conflict), (False, False))
                else:
                    self.assertEqual(is_free, not has_conflict, start)

    def _get_shown_as_free(self, visit):
        """Return a function that tells whether the board shows these days of the
        technician as free, whatever becomes of a visit."""
        board = self.env["maintenance.visit"].get_dispatch_board(
            "2026-03-03 00:00:00",
            "2026-03-06 00:00:00",
            team_ids=[],
            zone_ids=[],
            technician_ids=self.technician.ids,
        )
        [row] = [row for row in board["technicians"] if row["id"] == self.technician.id]

        def read(start, end):
            return tuple(map(fields.Datetime.to_datetime, (start, end)))

        working = [read(*span) for span in row["working"]]
        busy = [read(one["start"], one["end"]) for one in row["busy"]]
        busy += [
            read(one["date_start"], one["date_end"])
            for one in board["visits"]
            if one["id"] != visit.id and self.technician.id in one["technician_ids"]
        ]
        return lambda start, end: (
            any(first <= start and end <= last for first, last in working)
            and not any(first < end and last > start for first, last in busy)
        )

    def test_next_free_time_is_not_a_meeting(self):
        self._meet("2026-03-03 07:00:00", "2026-03-03 09:00:00")
        visit = self._create_visit(
            due_date="2026-03-03", technician_id=self.technician.id
        )
        self.env["maintenance.visit.batch"].create(
            {
                "action": "plan",
                "date": date(2026, 3, 3),
                "visit_ids": [Command.set(visit.ids)],
            }
        ).action_apply()
        self.assertEqual(visit.date_start, datetime(2026, 3, 3, 9, 0))

    def test_queries(self):
        people = self.env["hr.employee"].create(
            [{"name": f"{n}", "tz": "Europe/Brussels"} for n in range(12)]
        )

        def count(group):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            group._get_service_time(datetime(2026, 3, 3), datetime(2026, 3, 5))
            return self.cr.sql_log_count - before

        count(people[:1])
        self.assertEqual(count(people[:2]), count(people))

from datetime import date, datetime

from freezegun import freeze_time

from odoo.fields import Command
from odoo.tests import Form, tagged

from ...context import PLANNING
from ..common import MaintenanceCase


@tagged("post_install", "-at_install")
@freeze_time("2026-01-10 10:00:00")
class TestCalendarSeriesDays(MaintenanceCase):
    """On which days the visits of a series in the calendar fall."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        (cls.technician | cls.colleague).company_id = cls.company
        cls.events = cls._as("dispatcher", cls.env["calendar.event"])

    def _create_event(self, start, **vals):
        return self.events.create(
            {
                "is_service_visit": True,
                "service_partner_id": self.customer.id,
                "service_visit_type_id": self.cleaning.id,
                "service_technician_ids": [Command.set(self.technician.ids)],
                "start": start,
                "event_tz": "Europe/Brussels",
                **vals,
            }
        )

    def _get_days(self, event, count):
        series = event.recurrence_id.calendar_event_ids.sorted("start")
        return [str(start.date()) for start in series.mapped("start")[:count]]

    def test_days_come_back(self):
        self.company.visit_horizon_months = 84
        for repeat, start, days in (
            (
                "month_date",
                "2026-01-31 09:00:00",
                ["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31"],
            ),
            (
                "month_date",
                "2026-01-30 09:00:00",
                ["2026-01-30", "2026-02-28", "2026-03-30", "2026-04-30", "2026-05-30"],
            ),
            (
                "month_date",
                "2027-12-29 09:00:00",
                ["2027-12-29", "2028-01-29", "2028-02-29", "2028-03-29"],
            ),
            (
                "year",
                "2028-02-29 09:00:00",
                ["2028-02-29", "2029-02-28", "2030-02-28", "2031-02-28", "2032-02-29"],
            ),
            ("year", "2026-03-31 08:00:00", ["2026-03-31", "2027-03-31"]),
            (
                "week",
                "2026-01-31 09:00:00",
                ["2026-01-31", "2026-02-07", "2026-02-14", "2026-02-21", "2026-02-28"],
            ),
            # In Brussels it is the 1st already.
            (
                "month_date",
                "2026-01-31 23:30:00",
                ["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30"],
            ),
        ):
            with self.subTest(f"{repeat} {start}"):
                event = self._create_event(start, service_repeat=repeat)
                self.assertEqual(self._get_days(event, len(days)), days)

    def test_each_has_its_visit(self):
        self.company.visit_horizon_months = 6
        event = self._create_event("2026-01-31 09:00:00", service_repeat="month_date")
        visits = event.recurrence_id.calendar_event_ids._get_visits()
        self.assertEqual(
            sorted(visit.date_start.date() for visit in visits),
            [
                date(2026, 1, 31),
                date(2026, 2, 28),
                date(2026, 3, 31),
                date(2026, 4, 30),
                date(2026, 5, 31),
                date(2026, 6, 30),
            ],
        )

    def test_every_second_month_by_odoo_s_own_options(self):
        self.company.visit_horizon_months = 24
        event = self._create_event(
            "2026-12-31 09:00:00",
            recurrency=True,
            rrule_type_ui="custom",
            rrule_type="monthly",
            month_by="date",
            day=31,
            interval=2,
            end_type="count",
            count=4,
        )
        self.assertEqual(
            self._get_days(event, 5),
            ["2026-12-31", "2027-02-28", "2027-04-30", "2027-06-30"],
        )
        self.assertIn("or the last day of shorter months", event.recurrence_id.name)
        self.assertIn("BYMONTHDAY=28,29,30,31", event.recurrence_id.rrule)

    def test_event_that_becomes_recurrent(self):
        event = self._create_event("2026-01-31 09:00:00")
        event.write(
            {
                "recurrency": True,
                "rrule_type_ui": "monthly",
                "rrule_type": "monthly",
                "month_by": "date",
                "day": 31,
                "interval": 1,
                "end_type": "count",
                "count": 3,
            }
        )
        self.assertEqual(
            self._get_days(event, 4), ["2026-01-31", "2026-02-28", "2026-03-31"]
        )

    def test_meetings_are_odoo_s(self):
        meeting = self.events.create(
            {
                "name": "Meeting",
                "start": "2026-01-31 09:00:00",
                "stop": "2026-01-31 10:00:00",
                "event_tz": "Europe/Brussels",
                "recurrency": True,
                "rrule_type": "monthly",
                "rrule_type_ui": "monthly",
                "month_by": "date",
                "day": 31,
                "interval": 1,
                "end_type": "count",
                "count": 3,
            }
        )
        self.assertEqual(
            self._get_days(meeting, 4), ["2026-01-31", "2026-03-31", "2026-05-31"]
        )

    def test_part_of_a_series_keeps_the_day(self):
        event = self._create_event("2026-01-31 09:00:00", service_repeat="month_date")
        series = event.recurrence_id.calendar_event_ids.sorted("start")
        february = series[1]
        february.write(
            {
                "recurrence_update": "future_events",
                "start": "2026-02-28 11:00:00",
                "stop": "2026-02-28 12:30:00",
            }
        )
        self.assertEqual(
            self._get_days(february, 3), ["2026-02-28", "2026-03-31", "2026-04-30"]
        )
        self.assertEqual(self._get_days(event, 3), ["2026-01-31"])
        # Moved to another day it falls on that one.
        february.write(
            {
                "recurrence_update": "future_events",
                "start": "2026-02-27 11:00:00",
                "stop": "2026-02-27 12:30:00",
            }
        )
        self.assertEqual(
            self._get_days(february, 3), ["2026-02-27", "2026-03-27", "2026-04-27"]
        )

    def test_all_of_a_series_keeps_the_day(self):
        event = self._create_event("2026-01-31 09:00:00", service_repeat="month_date")
        last = event.recurrence_id.calendar_event_ids.sorted("start")[1]
        last.write(
            {
                "recurrence_update": "all_events",
                "start": "2026-02-28 11:00:00",
                "stop": "2026-02-28 12:30:00",
            }
        )
        series = self.env["calendar.event"].search(
            [("visit_template_id.partner_id", "=", self.customer.id)]
        )
        starts = sorted(series.mapped("start"))
        self.assertEqual(
            starts[:3],
            [
                datetime(2026, 1, 31, 11),
                datetime(2026, 2, 28, 11),
                datetime(2026, 3, 31, 10),
            ],
        )

    def test_moving_all_of_days_of_a_month(self):
        """Later or earlier, each month keeps its visit."""
        self.company.visit_horizon_months = 6
        for day, start, vals in (
            ("2026-01-31", "2026-02-01 11:00:00", {"end_type": "forever"}),
            ("2026-01-31", "2026-01-30 11:00:00", {"end_type": "forever"}),
            ("2026-01-31", "2026-02-01 11:00:00", {"until": "2026-07-31"}),
            ("2026-01-29", "2026-01-31 11:00:00", {"until": "2026-06-29"}),
        ):
            with self.subTest(f"{day} {start} {vals}"):
                event = self._create_event(
                    f"{day} 09:00:00",
                    stop=f"{day} 10:00:00",
                    recurrency=True,
                    rrule_type_ui="monthly",
                    rrule_type="monthly",
                    month_by="date",
                    day=int(day[-2:]),
                    **{"end_type": "end_date", **vals},
                )
                visits = event.recurrence_id.calendar_event_ids._get_visits()
                event.write(
                    {
                        "recurrence_update": "all_events",
                        "start": start,
                        "stop": start.replace("11:", "12:"),
                    }
                )
                self.assertEqual(
                    set(visits.mapped("state")),
                    {"planned"},
                    visits.mapped("date_start"),
                )
                days = sorted(visits.mapped("date_start"))
                self.assertEqual(days[0], datetime.fromisoformat(start))
                months = [12 * day.year + day.month for day in days]
                self.assertEqual(
                    months, list(range(months[0], months[0] + len(visits)))
                )

    def test_rule_of_another_calendar(self):
        event = self._create_event("2026-01-31 09:00:00", service_repeat="month_date")
        recurrence = event.recurrence_id
        values = recurrence._rrule_parse(recurrence.rrule, recurrence.dtstart)
        self.assertEqual(values["day"], 31)
        self.assertEqual(values["rrule_type"], "monthly")

    def test_series_of_a_former_version(self):
        event = self._create_event("2025-12-31 09:00:00", service_repeat="month_date")
        series = event.recurrence_id.sudo()
        later = self._create_event("2026-02-15 09:00:00", service_repeat="month_date")
        # As it was: without the shorter months.
        gone = series.calendar_event_ids.filtered(lambda e: e.start.day < 31)
        gone.with_context(visit_planning=PLANNING).unlink()
        (series | later.recurrence_id).write(
            {"service_keeps_month_day": False, "service_visits_until": False}
        )
        untouched = len(later.recurrence_id.calendar_event_ids)
        series._compute_rrule()
        self.assertNotIn("28", series.rrule)
        with freeze_time("2026-03-10 10:00:00"):
            series._repair_series_of_visits()
            series.invalidate_recordset()
            self.assertEqual(
                self._get_days(event, 5),
                ["2025-12-31", "2026-01-31", "2026-03-31", "2026-04-30", "2026-05-31"],
            )
            events = series.calendar_event_ids
            self.assertEqual(events.visit_template_id, event.visit_template_id)
            self.assertEqual(len(later.recurrence_id.calendar_event_ids), untouched)
            events._create_series_visits()
            april = events.filtered(lambda e: str(e.start.date()) == "2026-04-30")
            self.assertEqual(april._get_visits().partner_id, self.customer)

    # -- What the form says ------------------------------------------------------------

    def test_note(self):
        for view in (
            "calendar.view_calendar_event_form",
            "calendar.view_calendar_event_form_quick_create",
        ):
            with self.subTest(view):
                form = Form(self.events, view)
                form.is_service_visit = True
                form.service_partner_id = self.customer
                form.start = datetime(2026, 1, 31, 9)
                self.assertFalse(form.service_repeat_note)
                form.service_repeat = "month_date"
                self.assertIn(
                    "On 01/31/2026, 02/28/2026, 03/31/2026, 04/30/2026 and so on.",
                    form.service_repeat_note,
                )
                self.assertIn(
                    "In months without this day, on the last day of the month",
                    form.service_repeat_note,
                )
                self.assertEqual(form.service_past_count, 0)
                form.service_repeat = "week"
                self.assertNotIn(
                    "In months without this day, on the last day of the month",
                    form.service_repeat_note,
                )
                form.start = datetime(2026, 2, 28, 9)
                form.service_repeat = "month_date"
                self.assertNotIn(
                    "In months without this day, on the last day of the month",
                    form.service_repeat_note,
                )

    def test_begin_today(self):
        form = Form(self.events, "calendar.view_calendar_event_form")
        form.is_service_visit = True
        form.service_partner_id = self.customer
        form.service_visit_type_id = self.cleaning
        form.start = datetime(2025, 8, 31, 9)
        form.service_repeat = "month_date"
        self.assertEqual(form.service_past_count, 5)
        self.assertIn("5 of the visits are before today", form.service_repeat_note)
        form.service_begins_today = True
        self.assertIn("01/31/2026, 02/28/2026", form.service_repeat_note)
        event = form.save()
        self.assertEqual(
            self._get_days(event, 3), ["2026-01-31", "2026-02-28", "2026-03-31"]
        )
        self.assertEqual(event.maintenance_visit_id.date_end, event.stop)

    def test_begin_today_keeps_hour_and_day(self):
        # At nine in Brussels, in summer and winter; today is a month without the day.
        with freeze_time("2026-02-10 10:00:00"):
            event = self._create_event(
                "2025-08-31 07:00:00",
                service_repeat="month_date",
                service_begins_today=True,
            )
            starts = sorted(event.recurrence_id.calendar_event_ids.mapped("start"))
            self.assertEqual(
                starts[:3],
                [
                    datetime(2026, 2, 28, 8),
                    datetime(2026, 3, 31, 7),
                    datetime(2026, 4, 30, 7),
                ],
            )
            weekly = self._create_event(
                "2025-08-26 07:00:00",
                service_repeat="week",
                service_begins_today=True,
                service_technician_ids=[Command.clear()],
            )
            self.assertEqual(weekly.start, datetime(2026, 2, 10, 8))

    def test_past_series_is_made_unless_told(self):
        event = self._create_event("2025-10-31 08:00:00", service_repeat="month_date")
        self.assertEqual(event.start, datetime(2025, 10, 31, 8))
        self.assertEqual(
            self._get_days(event, 3), ["2025-10-31", "2025-11-30", "2025-12-31"]
        )

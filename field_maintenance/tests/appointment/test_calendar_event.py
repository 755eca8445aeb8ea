from datetime import date, datetime, timedelta
from unittest.mock import patch

from freezegun import freeze_time

from odoo.exceptions import AccessError, RedirectWarning, UserError
from odoo.fields import Command
from odoo.tests import Form, tagged

from ...context import PLANNING
from ..common import MaintenanceCase

EVENT_FORM = "calendar.view_calendar_event_form"
TIMES = {"start": "2026-06-02 07:00:00", "stop": "2026-06-02 08:00:00"}
QUICK_FORM = "calendar.view_calendar_event_form_quick_create"


@tagged("post_install", "-at_install")
@freeze_time("2026-05-20 10:00:00")
class TestCalendarEvent(MaintenanceCase):
    """Visits made and changed in Odoo's calendar, one by one and as a series."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.visit_dispatcher_id = cls.users["dispatcher"]
        (cls.technician | cls.colleague).company_id = cls.company
        cls.customer.tz = cls.workshop.tz = "Europe/Brussels"
        cls.events = cls._as("dispatcher", cls.env["calendar.event"])

    def _create_event(self, **vals):
        vals = {
            "is_service_visit": True,
            "service_partner_id": self.customer.id,
            "service_visit_type_id": self.cleaning.id,
            "service_technician_ids": [Command.set(self.technician.ids)],
            "start": "2026-06-02 07:00:00",
            **vals,
        }
        return self.events.create(vals)

    def _create_series(self, count=5, **vals):
        """Every Tuesday from 2 June 2026, at 9 o'clock in Brussels."""
        vals = {
            "recurrency": True,
            "rrule_type_ui": "weekly",
            "rrule_type": "weekly",
            "tue": True,
            "end_type": "count",
            "count": count,
            "event_tz": "Europe/Brussels",
            **vals,
        }
        return self._create_event(**vals)

    def _create_former_series(self, count):
        """A series of a former version, with events beyond its horizon."""
        event = self._create_series(count)
        series = event.recurrence_id.sudo().with_context(visit_planning=PLANNING)
        series.service_visits_until = False
        series._apply_recurrence()
        self.assertEqual(len(series.calendar_event_ids), count)
        return event

    def _run_job(self):
        """Run the nightly job as the scheduler does, committing into the test."""
        self.env.flush_all()
        with self.enter_registry_test_mode():
            self.env.ref(
                "field_maintenance.ir_cron_make_series_visits"
            ).method_direct_trigger()
        self.env.invalidate_all()

    def _get_series_visits(self, event):
        events = self.env["calendar.event"].with_context(active_test=False)
        template = event.sudo().visit_template_id
        return (
            events.sudo()
            .search([("visit_template_id.partner_id", "=", template.partner_id.id)])
            ._get_visits()
            .sorted("date_start")
        )

    # -- One visit ---------------------------------------------------------------------

    def test_create(self):
        piece = self._create_equipment(site_id=self.workshop.id)
        mails = self.env["mail.mail"].search_count([])
        event = self._create_event()
        visit = event.maintenance_visit_id
        self.assertEqual(visit.state, "planned")
        self.assertTrue(visit.name)
        self.assertEqual(visit.partner_id, self.customer)
        self.assertEqual(visit.site_id, self.workshop)
        self.assertEqual(visit.installed_base_ids, piece)
        self.assertEqual(visit.technician_id, self.technician)
        self.assertEqual(visit.date_start, datetime(2026, 6, 2, 7))
        self.assertEqual(visit.duration, 1.5, "as the type has it")
        self.assertEqual(visit.due_date, date(2026, 6, 2))
        self.assertEqual(event.name, "Test cleaning - Claes Bakery")
        self.assertIn("Quay 5", event.location)
        self.assertEqual(event.privacy, "confidential")
        self.assertEqual(event.partner_ids, self.technician.work_contact_id)
        self.assertEqual(event.user_id, self.users["technician"])
        self.assertFalse(event.res_model)
        self.assertEqual(self.env["mail.mail"].search_count([]), mails)

    def test_create_with_other_events(self):
        events = self.events.create(
            [
                {"name": "Before", **TIMES},
                {
                    "name": "Boiler at Claes",
                    "is_service_visit": True,
                    "service_partner_id": self.customer.id,
                    "start": "2026-06-02 07:00:00",
                    "stop": "2026-06-02 11:00:00",
                    "partner_ids": [
                        Command.set(
                            (
                                self.colleague.work_contact_id
                                | self.contact
                                | self.users["dispatcher"].partner_id
                            ).ids
                        )
                    ],
                },
                {"name": "After", **TIMES},
            ]
        )
        names = events.mapped("name")
        self.assertEqual(names, ["Before", "Boiler at Claes", "After"])
        visit = events.maintenance_visit_id
        self.assertEqual(visit.calendar_event_id, events[1])
        self.assertEqual(visit.duration, 4)
        self.assertEqual(visit.technician_ids, self.colleague)
        # Neither the customer, who could read it, nor who planned it.
        self.assertEqual(events[1].partner_ids, self.colleague.work_contact_id)

    def test_customer_is_needed(self):
        with self.assertRefused("Choose the customer", UserError):
            self._create_event(service_partner_id=False)

    def test_rights(self):
        vals = {
            "is_service_visit": True,
            "service_partner_id": self.customer.id,
            "start": "2026-06-02 07:00:00",
        }
        for role in ("salesperson", "employee"):
            with self.subTest(role), self.assertRaises(AccessError):
                self._as(role, self.env["calendar.event"]).create(dict(vals))
        event = self._as("technician", self.env["calendar.event"]).create(dict(vals))
        self.assertEqual(event.maintenance_visit_id.technician_ids, self.technician)
        plain = self._as("employee", event)
        self.assertFalse(plain.maintenance_visit_id)
        self.assertFalse(plain.installed_base_count)
        self.assertEqual(plain.name, event.name)

    def test_form(self):
        piece = self._create_equipment(site_id=self.workshop.id)
        other = self._create_equipment(site_id=self.customer.id)
        for view in (EVENT_FORM, QUICK_FORM):
            with self.subTest(view):
                form = Form(self.events, view)
                form.is_service_visit = True
                form.start = datetime(2026, 6, 2, 7)
                form.service_visit_type_id = self.repair
                self.assertEqual(form.stop, datetime(2026, 6, 2, 9))
                form.service_partner_id = self.customer
                self.assertFalse(form.service_site_id, "one of two is to be chosen")
                form.service_site_id = self.workshop
                self.assertEqual(form.service_equipment_ids[:], piece)
                if view == EVENT_FORM:
                    self.assertEqual(form.service_equipment_count, 2)
                form.service_equipment_ids.add(other)
                form.service_site_id = self.customer
                self.assertEqual(form.service_equipment_ids[:], piece | other)
                event = form.save()
                visit = event.maintenance_visit_id
                self.assertEqual(visit.installed_base_ids, piece | other)
                self.assertEqual(visit.site_id, self.customer)
                self.assertEqual(visit.date_end, datetime(2026, 6, 2, 9))
                self.assertFalse(visit.technician_ids, "Who plans does not go")

    def test_form_with_defaults(self):
        """As "More Options" opens it."""
        piece = self._create_equipment()
        self._create_equipment()
        events = self.events.with_context(
            default_is_service_visit=True,
            default_service_partner_id=self.customer.id,
            default_service_site_id=self.workshop.id,
            default_service_visit_type_id=self.repair.id,
            default_service_equipment_ids=piece.ids,
            default_service_technician_ids=self.colleague.ids,
            default_service_repeat="month_weekday",
            # What core hands over of the event.
            default_name="Boiler",
            default_duration=8,
            default_description="<p>Contact details</p>",
        )
        form = Form(events, EVENT_FORM)
        self.assertEqual(form.service_equipment_count, 2)
        form.start = datetime(2026, 6, 2, 7)
        event = form.save()
        visit = event.maintenance_visit_id
        self.assertEqual(visit.installed_base_ids, piece)
        self.assertEqual(visit.site_id, self.workshop)
        self.assertEqual(visit.visit_type_id, self.repair)
        self.assertEqual(visit.technician_ids, self.colleague)
        self.assertTrue(event.recurrence_id)
        self.assertEqual(event.name, "Boiler")
        self.assertNotEqual(visit.name, "Boiler")
        self.assertFalse(visit.description)
        self.assertEqual(visit.date_end, event.stop)

    def test_form_clears_the_equipment_of_another_customer(self):
        self._create_equipment()
        form = Form(self.events, EVENT_FORM)
        form.is_service_visit = True
        form.service_partner_id = self.customer
        self.assertEqual(len(form.service_equipment_ids), 1)
        form.service_partner_id = self.neighbour
        self.assertFalse(form.service_equipment_ids[:])
        self.assertEqual(form.service_site_id, self.neighbour)

    def test_form_of_a_visit(self):
        event = self._create_event()
        visit = event.maintenance_visit_id
        event.invalidate_recordset()
        form = Form(event, EVENT_FORM)
        self.assertTrue(form.is_service_visit)
        self.assertEqual(form.service_partner_id, self.customer)
        self.assertEqual(form.service_visit_type_id, self.cleaning)
        form.service_visit_type_id = self.repair
        form.service_technician_ids.add(self.colleague)
        form.save()
        self.assertEqual(visit.visit_type_id, self.repair)
        self.assertEqual(visit.technician_ids, self.technician | self.colleague)
        self.assertEqual(event.name, "Test repair - Claes Bakery")
        self.assertEqual(len(event.partner_ids), 2)
        self.assertEqual(visit.duration, 1.5, "The appointment says how long")

    def test_existing_event_becomes_a_visit(self):
        event = self.events.create(
            {
                "name": "Look at the boiler",
                "start": "2026-06-02 07:00:00",
                "stop": "2026-06-02 10:00:00",
                "description": "<p>Agreed on the phone</p>",
            }
        )
        event.write(
            {
                "is_service_visit": True,
                "service_partner_id": self.customer.id,
                "service_technician_ids": self.technician.ids,
            }
        )
        visit = event.maintenance_visit_id
        self.assertEqual(visit.duration, 3)
        self.assertEqual(event.name, "Look at the boiler")
        self.assertEqual(event.partner_ids, self.technician.work_contact_id)
        self.assertIn("Agreed", event.description)

    def test_what_is_said_holds_for_events_that_were_visits(self):
        """Ticking several events at once changes those that are visits already."""
        plain = self.events.create({"name": "Look at the boiler", **TIMES})
        event = self._create_event()
        (plain | event).write(
            {
                "is_service_visit": True,
                "service_partner_id": self.customer.id,
                "service_visit_type_id": self.repair.id,
            }
        )
        self.assertEqual(plain.maintenance_visit_id.visit_type_id, self.repair)
        self.assertEqual(event.maintenance_visit_id.visit_type_id, self.repair)

    def test_all_day(self):
        self.company.resource_calendar_id.tz = "Europe/Brussels"
        event = self._create_event(
            allday=True,
            start="2026-06-02 00:00:00",
            start_date="2026-06-02",
            stop_date="2026-06-03",
        )
        visit = event.maintenance_visit_id
        self.assertEqual(visit.date_start, datetime(2026, 6, 2, 6))
        self.assertEqual(visit.date_end, datetime(2026, 6, 3, 15))

    def test_other_company(self):
        user = self._create_user(
            "cal_two",
            "field_installed_base.group_dispatcher",
            company_ids=[Command.set((self.company | self.other_company).ids)],
        )
        events = self.env["calendar.event"].with_user(user)
        vals = {
            "is_service_visit": True,
            "service_partner_id": self.customer.id,
            "start": "2026-06-02 07:00:00",
        }
        both = [self.other_company.id, self.company.id]
        event = events.with_context(allowed_company_ids=both).create(vals)
        self.assertEqual(event.maintenance_visit_id.company_id, self.other_company)
        # Who works in the first company only sees an event and no visit.
        event.invalidate_recordset()
        self.assertFalse(self._as("dispatcher", event).maintenance_visit_id)

    # -- A series ----------------------------------------------------------------------

    def test_series(self):
        piece = self._create_equipment()
        event = self._create_series()
        visits = self._get_series_visits(event)
        self.assertEqual(len(visits), 5)
        self.assertEqual(visits.installed_base_ids, piece)
        self.assertEqual(len(set(visits.mapped("name"))), 5)
        self.assertEqual(visits.technician_id, self.technician)
        self.assertEqual(
            visits.mapped("date_start"),
            [datetime(2026, 6, 2, 7) + timedelta(weeks=n) for n in range(5)],
        )
        self.assertEqual(
            visits.mapped("due_date"),
            [date(2026, 6, 2) + timedelta(weeks=n) for n in range(5)],
        )

    def test_series_across_the_change_of_clocks(self):
        for tz, start, hours in (
            ("Europe/Brussels", datetime(2026, 10, 13, 7), [7, 7, 8, 8]),
            ("America/New_York", datetime(2026, 10, 20, 13), [13, 13, 14, 14]),
        ):
            with self.subTest(tz):
                partner = self.env["res.partner"].create({"name": tz, "tz": tz})
                event = self._create_series(
                    4, start=start, event_tz=tz, service_partner_id=partner.id
                )
                visits = self._get_series_visits(event)
                self.assertEqual([v.date_start.hour for v in visits], hours)

    def test_visit_of_nobody_stays_with_who_made_it(self):
        user = self.users["dispatcher"]
        planner = self.env["hr.employee"].create({"name": "Dora", "user_id": user.id})
        event = self._as("dispatcher", self.events).create(
            {
                "start": "2026-06-02 07:00:00",
                "is_service_visit": True,
                "service_partner_id": self.customer.id,
            }
        )
        visit = event.maintenance_visit_id
        self.assertFalse(visit.technician_ids)
        self.assertEqual(event.partner_ids, user.partner_id)
        # They invite somebody else, and do not go themselves for that.
        guest = self.env["res.partner"].create({"name": "Caretaker"})
        event.partner_ids |= guest
        self.assertFalse(visit.technician_ids)
        visit.date_start = "2026-06-03 07:00:00"
        self.assertEqual(event.partner_ids, user.partner_id | guest)
        visit.technician_id = self.technician
        self.assertEqual(event.partner_ids, self.technician.work_contact_id | guest)
        self.assertNotIn(planner, visit.technician_ids)

    def test_technician_is_shown_in_the_calendar_of_who_made_it(self):
        user = self.users["dispatcher"]
        self._as("dispatcher", self.events).create(
            {
                "start": "2026-06-02 07:00:00",
                "is_service_visit": True,
                "service_partner_id": self.customer.id,
                "service_technician_ids": self.technician.ids,
            }
        )
        shown = self.env["calendar.filters"].search([("user_id", "=", user.id)])
        self.assertEqual(shown.partner_id, self.technician.work_contact_id)

    def test_repeat(self):
        for repeat, days in (
            ("week", ["2026-06-02", "2026-06-09", "2026-06-16"]),
            ("month_weekday", ["2026-06-02", "2026-07-07", "2026-08-04"]),
            ("month_date", ["2026-06-02", "2026-07-02", "2026-08-02"]),
            ("month_2", ["2026-06-02", "2026-08-04", "2026-10-06"]),
            ("month_3", ["2026-06-02", "2026-09-01", "2026-12-01"]),
            ("month_6", ["2026-06-02", "2026-12-01"]),
            ("year", ["2026-06-02"]),
        ):
            with self.subTest(repeat):
                partner = self.env["res.partner"].create({"name": repeat})
                event = self._create_event(
                    service_repeat=repeat, service_partner_id=partner.id
                )
                series = event.recurrence_id.calendar_event_ids.sorted("start")
                self.assertEqual(
                    [str(start.date()) for start in series.mapped("start")[:3]], days
                )
                visits = self._get_series_visits(event)
                self.assertEqual(visits.mapped("date_start"), series.mapped("start"))
                self.assertLess(series[-1].start, datetime(2027, 5, 20, 10))
                self.assertEqual(event.recurrence_id.end_type, "forever")

    def test_repeat_on_the_fourth_or_last_weekday(self):
        for start, days in (
            ("2026-06-22 07:00:00", ["2026-06-22", "2026-07-27", "2026-08-24"]),
            ("2026-06-29 07:00:00", ["2026-06-29", "2026-07-27", "2026-08-31"]),
        ):
            event = self._create_event(service_repeat="month_weekday", start=start)
            series = event.recurrence_id.calendar_event_ids.sorted("start")
            self.assertEqual(
                [str(start.date()) for start in series.mapped("start")[:3]], days
            )

    def test_repeat_in_form(self):
        for view in (EVENT_FORM, QUICK_FORM):
            with self.subTest(view):
                form = Form(self.events, view)
                form.is_service_visit = True
                form.start = datetime(2026, 6, 2, 7)
                form.service_partner_id = self.customer
                form.service_repeat = "month_weekday"
                event = form.save()
                series = event.recurrence_id.calendar_event_ids.sorted("start")
                self.assertEqual(len(series), 12, "until the horizon")
                self.assertEqual(series[-1].start, datetime(2027, 5, 4, 7))

    def test_forever_stops_at_the_horizon(self):
        self.company.visit_horizon_months = 2
        event = self._create_series(end_type="forever")
        recurrence = event.recurrence_id
        self.assertEqual(len(recurrence.calendar_event_ids), 7)
        visits = self._get_series_visits(event)
        self.assertEqual(len(visits), 7, "until 20 July")
        self._run_job()
        self.assertEqual(len(self._get_series_visits(event)), 7)
        with freeze_time("2026-06-03 02:00:00"):
            self._create_equipment()
            visits[0].description = "Check the flue too"
            self._run_job()
            self._run_job()
        visits = self._get_series_visits(event)
        self.assertEqual(len(visits), 9, "until 3 August")
        self.assertEqual(recurrence.calendar_event_ids, visits.calendar_event_id)
        self.assertEqual(recurrence.service_visits_until, datetime(2026, 8, 3, 2))
        self.assertEqual(visits[-1].description, "Check the flue too")
        self.assertEqual(visits[-1].technician_id, self.technician)

    def test_many_stop_at_the_horizon(self):
        self.company.visit_horizon_months = 1
        for ends, last in (
            ({"count": 400}, date(2034, 1, 24)),
            ({"end_type": "end_date", "until": "2026-12-24"}, date(2026, 12, 24)),
        ):
            with self.subTest(**ends):
                event = self._create_series(**ends)
                series = event.recurrence_id
                self.assertEqual(len(series.calendar_event_ids), 3, "until 20 June")
                self.assertEqual((series.end_type, series.until), ("end_date", last))
        few = self._create_series(3).recurrence_id
        self.assertEqual((few.end_type, few.count), ("count", 3))
        self.assertFalse(few.service_visits_until)

    def test_first_one_beyond_the_horizon(self):
        self.company.visit_horizon_months = 1
        event = self._create_series(end_type="forever", start="2026-09-01 07:00:00")
        self.assertEqual(len(event.recurrence_id.calendar_event_ids), 1)
        with freeze_time("2026-08-20 02:00:00"):
            self._run_job()
        days = event.recurrence_id.calendar_event_ids.sorted("start").mapped("start")
        self.assertEqual([day.day for day in days], [1, 8, 15])

    def test_end_of_many(self):
        self.company.visit_horizon_months = 1
        event = self._create_series(12)
        visits = self._get_series_visits(event)
        second = visits[1].calendar_event_id.with_env(event.env)
        event.unlink()
        self._change(
            second,
            "future_events",
            service_technician_ids=[Command.set(self.colleague.ids)],
        )
        series = second.recurrence_id
        self.assertEqual(series.until, date(2026, 8, 18))
        for night, count in (("2026-06-20", 6), ("2026-07-20", 11), ("2026-07-21", 11)):
            with self.subTest(night), freeze_time(f"{night} 02:00:00"):
                self._run_job()
                events = second.recurrence_id.calendar_event_ids
                self.assertEqual(len(events), count)
                self.assertEqual(len(set(events.mapped("start"))), count)
        self.assertEqual(max(events.mapped("start")), datetime(2026, 8, 18, 7))
        self.assertEqual(events._get_visits().technician_id, self.colleague)
        self.assertFalse(second.recurrence_id.service_visits_until)

    def test_change_what_ends_within_the_horizon(self):
        self.company.visit_horizon_months = 1
        event = self._create_series(12)
        second = event.recurrence_id.calendar_event_ids.sorted("start")[1]
        with freeze_time("2026-07-25 02:00:00"):
            self._change(
                second,
                "future_events",
                service_technician_ids=[Command.set(self.colleague.ids)],
            )
            self._run_job()
            starts = second.recurrence_id.calendar_event_ids.mapped("start")
        self.assertEqual(len(starts), 11)
        self.assertEqual(len(set(starts)), 11)

    def test_a_failing_series_does_not_stop_the_others(self):
        self.company.visit_horizon_months = 1
        good = self._create_series(end_type="forever")
        bad = self._create_series(
            end_type="forever", service_partner_id=self.neighbour.id
        )
        template = bad.maintenance_visit_id
        create = type(self.env["maintenance.visit"]).create

        refusal = "This one cannot be made."

        def refuse(records, vals_list):
            if any(vals["partner_id"] == self.neighbour.id for vals in vals_list):
                raise UserError(refusal)
            return create(records, vals_list)

        with (
            freeze_time("2026-06-20 02:00:00"),
            patch.object(type(self.env["maintenance.visit"]), "create", refuse),
        ):
            for _night in range(2):
                self._run_job()
        self.assertEqual(len(self._get_series_visits(good)), 7)
        todo = template.sudo().activity_ids
        self.assertEqual(len(todo), 1)
        self.assertIn(refusal, todo.note)

    def test_equipment_of_a_series_is_read_once(self):
        """The number of its events costs no further looks."""
        equipment = type(self.env["installed.base"])
        search, looks = equipment.search, []

        def count(records, *args, **kwargs):
            looks.append(args)
            return search(records, *args, **kwargs)

        self._create_equipment()
        numbers = []
        for size in (3, 9):
            looks.clear()
            with patch.object(equipment, "search", count):
                self._create_series(size)
            numbers.append(len(looks))
        self.assertEqual(*numbers)

    def test_series_follows_equipment_that_moves(self):
        self.company.visit_horizon_months = 1
        piece = self._create_equipment()
        event = self._create_series(end_type="forever")
        piece.partner_id = self.neighbour
        with freeze_time("2026-06-10 02:00:00"):
            self._run_job()
        later = self._get_series_visits(event)[-1]
        self.assertEqual(later.installed_base_ids, piece)
        self.assertEqual(later.partner_id, self.neighbour)

    def test_visit_becomes_a_series(self):
        event = self._create_event()
        event.write(
            {
                "recurrency": True,
                "rrule_type_ui": "weekly",
                "rrule_type": "weekly",
                "tue": True,
                "end_type": "count",
                "count": 3,
                "event_tz": "Europe/Brussels",
            }
        )
        self.assertEqual(len(self._get_series_visits(event)), 3)

    def _change(self, event, update, **vals):
        event.write({**vals, "recurrence_update": update})
        self.env.flush_all()
        self.env.invalidate_all()

    def test_change_this(self):
        event = self._create_series()
        visits = self._get_series_visits(event)
        second = visits[1].calendar_event_id.with_env(event.env)
        self._change(
            second,
            "self_only",
            start="2026-06-10 12:00:00",
            stop="2026-06-10 13:00:00",
        )
        self.assertEqual(visits[1].date_start, datetime(2026, 6, 10, 12))
        self.assertEqual(visits[1].due_date, date(2026, 6, 9))
        self.assertEqual(visits[2].date_start, datetime(2026, 6, 16, 7))
        self.assertEqual(set(visits.mapped("state")), {"planned"})

    def test_change_this_and_following(self):
        event = self._create_series()
        visits = self._get_series_visits(event)
        names = visits.mapped("name")
        third = visits[2].calendar_event_id.with_env(event.env)
        self._change(
            third,
            "future_events",
            start="2026-06-17 12:00:00",
            stop="2026-06-17 13:30:00",
            wed=True,
            tue=False,
        )
        self.assertEqual(
            visits.mapped("date_start"),
            [
                datetime(2026, 6, 2, 7),
                datetime(2026, 6, 9, 7),
                datetime(2026, 6, 17, 12),
                datetime(2026, 6, 24, 12),
                datetime(2026, 7, 1, 12),
            ],
        )
        self.assertEqual(visits.mapped("name"), names)
        self.assertEqual(set(visits.mapped("state")), {"planned"})
        self.assertTrue(all(event.active for event in visits.calendar_event_id))
        self.assertEqual(
            visits.mapped("due_date"),
            [date(2026, 6, 2) + timedelta(weeks=n) for n in range(5)],
        )
        self.assertEqual(len(self._get_series_visits(event)), 5)

    def test_change_all(self):
        event = self._create_series()
        visits = self._get_series_visits(event)
        mails = self.env["mail.mail"].search_count([])
        self._change(
            event,
            "all_events",
            start="2026-06-02 12:00:00",
            stop="2026-06-02 14:00:00",
        )
        self.assertEqual(
            visits.mapped("date_start"),
            [datetime(2026, 6, 2, 12) + timedelta(weeks=n) for n in range(5)],
        )
        self.assertEqual(set(visits.mapped("duration")), {2})
        self.assertEqual(set(visits.mapped("state")), {"planned"})
        self.assertEqual(self.env["mail.mail"].search_count([]), mails)

    def _move_all(self, event, days, hours=0, update="all_events"):
        """Move a series, and return its visits and dates before and after it."""
        series = event.recurrence_id.calendar_event_ids
        visits = series._get_visits().sorted("date_start")
        before = visits.mapped("date_start")
        delta = timedelta(days=days, hours=hours)
        start, stop = event.start + delta, event.stop + delta
        self._change(event, update, start=start, stop=stop)
        return visits, before, visits.mapped("date_start")

    def test_moving_all_loses_none_at_the_horizon(self):
        # Up to 2 February 2027 at 2 o'clock; the last one is on a Tuesday before it.
        self.company.visit_horizon_months = 8
        for name, vals in (
            ("without end", {"end_type": "forever"}),
            ("400 times", {"count": 400}),
            ("until 2030", {"end_type": "end_date", "until": "2030-01-01"}),
        ):
            for days, hours in ((1, 0), (6, 0), (0, 3), (-1, 0)):
                with self.subTest(f"{name} {days} {hours}"):
                    event = self._create_series(**vals)
                    visits, before, after = self._move_all(event, days, hours)
                    # Clocks change in between.
                    self.assertEqual(
                        [start.date() for start in after],
                        [start.date() + timedelta(days=days) for start in before],
                    )
                    self.assertEqual(set(visits.mapped("state")), {"planned"})
                    last = visits[-1].date_start
                    # The job goes on after it.
                    with freeze_time("2026-07-01 02:00:00"):
                        self._run_job()
                    series = visits[-1].calendar_event_id.recurrence_id
                    starts = series.calendar_event_ids.sorted("start").mapped("start")
                    later = [start for start in starts if start > last]
                    self.assertEqual((later[0] - last).days, 7)
                    self.assertEqual(len(starts), len(set(starts)))

    def test_moving_all_loses_none_at_the_last_day(self):
        for until, days in (
            ("2026-06-30", 1),
            ("2026-07-02", 3),
            ("2026-06-30", -1),
            ("2026-07-06", 6),
        ):
            with self.subTest(f"{until} {days}"):
                event = self._create_series(end_type="end_date", until=until)
                visits, before, after = self._move_all(event, days)
                self.assertEqual(len(visits), 5)
                self.assertEqual(after, [s + timedelta(days=days) for s in before])
                self.assertEqual(set(visits.mapped("state")), {"planned"})
                series = visits.calendar_event_id.recurrence_id
                self.assertEqual(len(series), 1)
                self.assertEqual(len(series.calendar_event_ids), 5)

    def test_moving_the_following_loses_none(self):
        for vals in (
            {"end_type": "end_date", "until": "2026-06-30"},
            {"end_type": "forever"},
        ):
            with self.subTest(vals["end_type"]):
                event = self._create_series(**vals)
                series = event.recurrence_id.calendar_event_ids
                visits = series._get_visits().sorted("date_start")
                third = visits[2].calendar_event_id.with_env(event.env)
                before = visits.mapped("date_start")
                self._move_all(third, 1, update="future_events")
                self.assertEqual(set(visits.mapped("state")), {"planned"})
                self.assertEqual(
                    visits.mapped("date_start"),
                    before[:2] + [start + timedelta(days=1) for start in before[2:]],
                )

    def test_moving_all_of_two_days_a_week(self):
        event = self._create_series(
            thu=True, end_type="end_date", until="2026-06-25", count=0
        )
        visits = self._get_series_visits(event)
        self.assertEqual(len(visits), 8)
        self._move_all(event, 0, 3)
        self.assertEqual(set(visits.mapped("state")), {"planned"})
        self.assertEqual(visits[-1].date_start, datetime(2026, 6, 25, 10))
        self.assertEqual(len(self._get_series_visits(visits.calendar_event_id[:1])), 8)

    def test_fewer_days_are_fewer_visits(self):
        """What is meant to be less is not made more again."""
        event = self._create_series(
            thu=True, end_type="end_date", until="2026-06-25", count=0
        )
        visits = self._get_series_visits(event)
        self._change(
            event,
            "all_events",
            start=event.start + timedelta(hours=1),
            stop=event.stop + timedelta(hours=1),
            thu=False,
        )
        self.assertEqual(
            sorted(visits.mapped("state")), ["planned"] * 4 + ["to_plan"] * 4
        )

    def test_all_never_touches_what_was_started_or_done(self):
        event = self._create_series()
        visits = self._get_series_visits(event)
        visits[0].write({"state": "done"})
        visits[1].action_start()
        before = {visit: visit.calendar_event_id for visit in visits[:2]}
        self._change(
            visits[3].calendar_event_id.with_env(event.env),
            "all_events",
            start="2026-06-23 12:00:00",
            stop="2026-06-23 14:00:00",
        )
        for visit, event in before.items():
            self.assertEqual(visit.calendar_event_id, event)
            self.assertTrue(event.active)
            self.assertEqual(event.start, visit.date_start)
            self.assertEqual(visit.duration, 1.5)
        self.assertEqual(
            visits.mapped("date_start"),
            [
                datetime(2026, 6, 2, 7),
                datetime(2026, 6, 9, 7),
                datetime(2026, 6, 16, 12),
                datetime(2026, 6, 23, 12),
                datetime(2026, 6, 30, 12),
            ],
        )
        self.assertEqual(visits.mapped("state")[2:], ["planned"] * 3)
        # Five visits were wanted, five there are.
        self.assertEqual(len(self._get_series_visits(visits[3].calendar_event_id)), 5)

    def test_all_from_one_that_is_done(self):
        event = self._create_series()
        visits = self._get_series_visits(event)
        visits[0].write({"state": "done"})
        self._change(
            event,
            "all_events",
            start="2026-06-02 08:00:00",
            stop="2026-06-02 09:30:00",
        )
        self.assertEqual(visits[0].date_start, datetime(2026, 6, 2, 7))
        self.assertEqual(visits[1].date_start, datetime(2026, 6, 9, 8))
        self.assertEqual(visits[4].date_start, datetime(2026, 6, 30, 8))

    def test_shorter_series_returns_visits_to_plan(self):
        event = self._create_series()
        visits = self._get_series_visits(event)
        self._change(event, "all_events", count=3)
        self.assertEqual(visits.mapped("state"), ["planned"] * 3 + ["to_plan"] * 2)
        self.assertFalse(visits[3:].calendar_event_id)
        todo = visits.activity_ids
        self.assertEqual(len(todo), 1, "one for all of them")
        self.assertEqual(todo.user_id, self.users["dispatcher"])
        self.assertEqual(visits[3].due_date, date(2026, 6, 23))

    def test_longer_series_makes_visits(self):
        event = self._create_series()
        visits = self._get_series_visits(event)
        self._change(event, "all_events", count=7)
        self.assertEqual(len(self._get_series_visits(event)), 7)
        self.assertLess(visits, self._get_series_visits(event))

    def test_no_series_any_more(self):
        event = self._create_series()
        visits = self._get_series_visits(event)
        self._change(event, "all_events", recurrency=False)
        self.assertEqual(visits.mapped("state"), ["planned"] + ["to_plan"] * 4)
        self.assertEqual(visits[0].calendar_event_id, event)

    def test_change_what_of_all(self):
        event = self._create_series()
        visits = self._get_series_visits(event)
        visits[0].write({"state": "done"})
        self._change(
            visits[1].calendar_event_id.with_env(event.env),
            "all_events",
            service_visit_type_id=self.repair.id,
            service_technician_ids=[Command.set(self.colleague.ids)],
        )
        self.assertEqual(visits[0].visit_type_id, self.cleaning)
        self.assertEqual(visits[1:].visit_type_id, self.repair)
        self.assertEqual(visits[1:].technician_id, self.colleague)
        self.assertEqual(
            visits[1:].calendar_event_id.partner_ids, self.colleague.work_contact_id
        )
        self.assertEqual(
            set(visits[1:].calendar_event_id.mapped("name")),
            {"Test repair - Claes Bakery"},
        )

    def test_what_of_one_stays_its_own(self):
        event = self._create_series()
        visits = self._get_series_visits(event)
        visits[2].technician_ids = self.colleague
        self._change(
            event,
            "all_events",
            start="2026-06-02 12:00:00",
            stop="2026-06-02 14:00:00",
        )
        self.assertEqual(visits[2].technician_ids, self.colleague)
        self.assertEqual(
            visits[2].calendar_event_id.partner_ids, self.colleague.work_contact_id
        )
        self.assertEqual(
            visits[3].calendar_event_id.partner_ids, self.technician.work_contact_id
        )

    def test_change_what_beyond_the_horizon(self):
        self.company.visit_horizon_months = 1
        event = self._create_former_series(20)
        visits = self._get_series_visits(event)
        self.assertEqual(len(visits), 3)
        series = event.recurrence_id.calendar_event_ids.sorted("start")
        self._change(series[10], "self_only", service_visit_type_id=self.repair.id)
        visit = series[10].maintenance_visit_id
        self.assertEqual(visit.visit_type_id, self.repair)
        self._change(
            series[12],
            "future_events",
            service_technician_ids=[Command.set(self.colleague.ids)],
        )
        self.assertEqual(visits.technician_id, self.technician)
        with freeze_time("2026-09-20 02:00:00"):
            self._run_job()
        visits = self._get_series_visits(event)
        self.assertEqual(len(visits), 20)
        self.assertEqual(visits[:12].technician_id, self.technician)
        self.assertEqual(visits[12:].technician_id, self.colleague)
        self.assertEqual(
            visits - visits[10],
            visits.filtered(lambda v: v.visit_type_id == self.cleaning),
        )

    def test_rights_beyond_the_horizon(self):
        self.company.visit_horizon_months = 1
        event = self._create_former_series(20)
        last = event.recurrence_id.calendar_event_ids.sorted("start")[-1]
        for change in (
            {"start": "2027-06-02 12:00:00", "stop": "2027-06-02 14:00:00"},
            {"service_visit_type_id": self.repair.id},
        ):
            with self.assertRefused("is the appointment of visit", AccessError):
                self._as("employee", last).write(change)
        with self.assertRefused("is the appointment of visit", AccessError):
            self._as("employee", last).unlink()

    def test_copy_is_no_visit(self):
        event = self._create_series()
        copy = event.copy()
        self.assertFalse(copy.is_service_visit)

    def test_delete_series(self):
        event = self._create_series()
        visits = self._get_series_visits(event)
        visits[0].write({"state": "done"})
        event.action_mass_deletion("all_events")
        self.env.invalidate_all()
        self.assertEqual(visits.mapped("state"), ["done"] + ["to_plan"] * 4)
        self.assertEqual(visits[0].date_start, datetime(2026, 6, 2, 7))
        self.assertEqual(len(visits.activity_ids), 1)

    def test_archive_following(self):
        event = self._create_series()
        visits = self._get_series_visits(event)
        third = visits[2].calendar_event_id.with_env(event.env)
        third.action_mass_archive("future_events")
        self.assertEqual(visits.mapped("state"), ["planned"] * 2 + ["to_plan"] * 3)

    def test_series_rights(self):
        event = self._create_series()
        visits = self._get_series_visits(event)
        outsider = self._as("employee", event)
        for update in ("future_events", "all_events"):
            with self.assertRefused("is the appointment of visit", AccessError):
                outsider.write(
                    {
                        "start": "2026-06-02 12:00:00",
                        "stop": "2026-06-02 14:00:00",
                        "recurrence_update": update,
                    }
                )
        self.assertEqual(visits[0].date_start, datetime(2026, 6, 2, 7))

    def test_outlook_leads_to_a_schedule(self):
        with (
            patch.object(
                type(self.env["calendar.event"]),
                "_check_microsoft_sync_status",
                lambda events: True,
                create=True,
            ),
            self.assertRefused(
                "Your calendar is synchronized with Outlook, which does not "
                "support recurring events created in Odoo",
                RedirectWarning,
            ) as caught,
        ):
            self._create_series()
        action = self.env.ref("field_maintenance.maintenance_schedule_action")
        self.assertEqual(caught.exception.args[1], action.id)
        self.assertEqual(
            caught.exception.args[3], {"default_partner_id": self.customer.id}
        )
        self.assertTrue(self._create_event(), "One visit is no series")

    # -- What stands there -------------------------------------------------------------

    def test_installed_base_of_a_meeting(self):
        piece = self._create_equipment(
            serial_number="A-1",
            installation_date="2023-05-01",
            site_id=self.workshop.id,
        )
        self._create_equipment(partner_id=self.neighbour.id)
        visit = self._create_planned_visit(
            "2026-04-07 08:00:00", installed_base_ids=piece.ids
        )
        visit.write({"state": "done"})
        meeting = self._as("salesperson", self.env["calendar.event"]).create(
            {
                "name": "A cup of coffee",
                "start": "2026-06-02 07:00:00",
                "stop": "2026-06-02 08:00:00",
                "partner_ids": [
                    Command.set(
                        (self.contact | self.users["salesperson"].partner_id).ids
                    )
                ],
            }
        )
        self.assertEqual(meeting.installed_base_count, 1)
        summary = meeting.get_visit_summary()
        self.assertFalse(summary["visit"])
        self.assertEqual(summary["count"], 1)
        row = summary["equipment"][0]
        self.assertIn("A-1", row["name"])
        self.assertEqual(row["age"], "3 years")
        self.assertEqual(row["warranty"], "05/01/2025")
        self.assertEqual(row["warranty_state"], "expired")
        self.assertEqual(row["last_visit"], "04/07/2026")
        self.assertEqual(meeting.action_view_installed_base()["res_id"], piece.id)
        stranger = self._as("employee", meeting)
        self.assertEqual(stranger.get_visit_summary()["count"], 0)
        alone = self.events.create({"name": "Alone", **TIMES})
        self.assertEqual(alone.get_visit_summary()["count"], 0)

    def test_installed_base_of_a_visit(self):
        self._create_equipment(site_id=self.customer.id)
        here = self._create_equipment(site_id=self.workshop.id)
        event = self._create_event(service_site_id=self.workshop.id)
        summary = event.get_visit_summary()
        self.assertEqual(summary["visit"]["id"], event.maintenance_visit_id.id)
        self.assertEqual(summary["count"], 2)
        self.assertEqual(summary["equipment"][0]["id"], here.id, "What is there first")

from datetime import date, datetime, timedelta

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import tagged

from ..common import MaintenanceCase


@tagged("post_install", "-at_install")
@freeze_time("2026-05-20 10:00:00")
class TestVisitAppointment(MaintenanceCase):
    """A visit and its event in Odoo's calendar."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.visit_dispatcher_id = cls.users["dispatcher"]
        cls.company.resource_calendar_id.tz = "Europe/Brussels"
        (cls.technician | cls.colleague).company_id = cls.company
        cls.visits = cls.env["maintenance.visit"]

    def _count_mails(self):
        return self.env["mail.mail"].search_count([])

    def _get_todos(self, visit):
        return visit.activity_ids.filtered(
            lambda activity: activity.user_id == self.users["dispatcher"]
        )

    # -- The event ---------------------------------------------------------------------

    def test_event(self):
        alarm = self.env["calendar.alarm"].create(
            {"name": "An hour", "alarm_type": "notification", "duration": 1}
        )
        self.cleaning.alarm_ids = alarm
        visit = self._create_planned_visit(
            site_id=self.workshop.id,
            technician_ids=(self.technician | self.colleague).ids,
            note="<p>The dog bites</p>",
        )
        event = visit.calendar_event_id
        self.assertEqual(event.name, "Test cleaning - Claes Bakery")
        self.assertIn("Quay 5", event.location)
        self.assertEqual(
            event.partner_ids, (self.technician | self.colleague).work_contact_id
        )
        self.assertEqual(event.user_id, self.users["technician"])
        self.assertEqual(event.alarm_ids, alarm)
        self.assertEqual(event.privacy, "confidential")
        self.assertFalse(event.res_model or event.res_id)
        self.assertFalse(event.activity_ids)
        self.assertNotIn("dog", f"{event.description}{event.notes}")
        self.assertIn(
            "maintenance.visit",
            self.env["calendar.event"]._get_activity_excluded_models(),
        )

    def test_event_is_about_no_record_of_the_screen(self):
        """What a visit is planned from gets no meeting to be done."""
        request = self.env["service.request"].create(
            {"subject": "Cold", "partner_id": self.customer.id}
        )
        for record in (self.customer, self._create_equipment(), request):
            known = record.activity_ids
            for context in (
                {"active_model": record._name, "active_id": record.id},
                {"default_res_model": record._name, "default_res_id": record.id},
            ):
                with self.subTest(record=record._name, context=context):
                    visit = self.visits.with_context(**context).create(
                        {
                            "partner_id": self.customer.id,
                            "date_start": datetime(2026, 6, 9, 8),
                            "technician_id": self.technician.id,
                        }
                    )
                    event = visit.calendar_event_id
                    self.assertFalse(event.res_model or event.res_id)
                    self.assertFalse(event.activity_ids)
                    self.assertEqual(record.activity_ids, known)

    def test_organiser_is_the_planner_without_user(self):
        visit = self._create_planned_visit(technician_id=self.colleague.id)
        self.assertEqual(visit.calendar_event_id.user_id, self.env.user)
        visit.technician_id = self.technician
        self.assertEqual(visit.calendar_event_id.user_id, self.users["technician"])
        self.assertEqual(
            visit.calendar_event_id.partner_ids, self.technician.work_contact_id
        )

    def test_guests_stay(self):
        visit = self._create_planned_visit()
        event = visit.calendar_event_id
        event.partner_ids |= self.users["salesperson"].partner_id
        visit.technician_id = self.colleague
        self.assertEqual(
            event.partner_ids,
            self.colleague.work_contact_id | self.users["salesperson"].partner_id,
        )

    def test_event_follows(self):
        visit = self._create_planned_visit()
        event = visit.calendar_event_id
        visit.write({"date_start": "2026-06-02 08:00:00", "duration": 3})
        self.assertEqual(event.start, datetime(2026, 6, 2, 8))
        self.assertEqual(event.stop, datetime(2026, 6, 2, 11))
        visit.visit_type_id = self.repair
        self.assertEqual(event.name, "Test repair - Claes Bakery")
        self.assertEqual(visit.duration, 3, "the appointment says how long")
        visit.site_id = self.workshop
        self.assertIn("Quay 5", event.location)

    # -- Many at once ------------------------------------------------------------------

    def _create_due(self, count):
        return self.visits.create(
            [
                {
                    "partner_id": self.customer.id,
                    "visit_type_id": self.cleaning.id,
                    "technician_id": self.technician.id,
                    "due_date": "2026-06-01",
                }
                for _number in range(count)
            ]
        )

    def _plan(self, visits, technicians=None, hour=7):
        start = datetime(2026, 6, 1, hour)
        return visits.browse()._plan(
            {
                visit: (start + timedelta(days=number), None, technicians)
                for number, visit in enumerate(visits)
            }
        )

    def test_plan_many(self):
        visits = self._create_due(3)
        mails = self._count_mails()
        self._plan(visits, self.colleague)
        self.env.flush_all()
        self.assertEqual(set(visits.mapped("state")), {"planned"})
        self.assertEqual(len(set(visits.mapped("name"))), 3)
        self.assertEqual(len(visits.calendar_event_id), 3)
        self.assertEqual(visits.technician_ids, self.colleague)
        self.assertEqual(visits.technician_id, self.colleague)
        self.assertEqual(
            visits.calendar_event_id.partner_ids, self.colleague.work_contact_id
        )
        self.assertEqual(visits[2].date_start, datetime(2026, 6, 3, 7))
        self.assertEqual(visits[2].date_end, datetime(2026, 6, 3, 8, 30))
        self.assertEqual(set(visits.mapped("due_date")), {date(2026, 6, 1)})
        self.assertIn(
            "Carla Colleague instead of Tom Technician", visits[0].message_ids[0].body
        )
        self.assertEqual(visits.planned_by_id, self.env.user)
        self.assertEqual(
            visits.mapped("planned_on"), visits.calendar_event_id.mapped("create_date")
        )
        self.assertEqual(self._count_mails(), mails)

    def test_plan_many_as_they_are(self):
        visits = self._create_due(2)
        messages = visits.message_ids
        self._plan(visits)
        self.assertEqual(visits.technician_ids, self.technician)
        self.assertEqual(visits.message_ids, messages, "Nothing was replaced")

    def test_move_many(self):
        visits = self._create_due(2)
        self._plan(visits)
        numbers, events = visits.mapped("name"), visits.calendar_event_id
        self._plan(visits, self.colleague | self.technician, hour=12)
        self.assertEqual(visits.mapped("name"), numbers)
        self.assertEqual(visits.calendar_event_id, events)
        self.assertEqual(events[1].start, datetime(2026, 6, 2, 12))
        self.assertEqual(visits.technician_id, self.colleague)
        self.assertEqual(len(events[0].partner_ids), 2)
        self.assertEqual(set(visits.mapped("due_date")), {date(2026, 6, 1)})
        self.assertIn("Moved from", visits[0].message_ids[0].body)
        messages = len(visits.message_ids)
        self._plan(visits, self.colleague | self.technician, hour=12)
        self.assertEqual(len(visits.message_ids), messages, "nothing has changed")

    def test_plan_refuses(self):
        done = self._create_planned_visit(state="done")
        with self.assertRefused("its status is “Done”", UserError):
            self._plan(done)
        visit = self._create_due(1)
        with self.assertRefused("cannot end before it starts"):
            self.visits._plan(
                {visit: ("2026-06-01 08:00:00", "2026-06-01 07:00:00", None)}
            )
        with self.assertRaises(AccessError):
            self._plan(self._as("salesperson", visit))
        foreign = self._create_due(1)
        foreign.technician_id = self.colleague
        with self.assertRaises(AccessError):
            self._as("technician", self.visits)._plan(
                {self._as("technician", foreign): ("2026-06-01 08:00:00", None, None)}
            )
        self.assertEqual(foreign.state, "to_plan")

    def test_technician_plans_own(self):
        visit = self._create_due(1)
        self._plan(self._as("technician", visit))
        self.assertEqual(visit.state, "planned")

    def test_query_count(self):
        def count(size, technicians=None, fresh=True):
            visits = self._create_due(size)
            if not fresh:
                self._plan(visits)
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            self._plan(visits, technicians, hour=9)
            self.env.flush_all()
            return self.cr.sql_log_count - before

        count(2)
        self.assertEqual(count(60), count(5))
        both = self.technician | self.colleague
        # Attendees and allocations are inserted a hundred at a time.
        self.assertLess(count(60, both) - count(5, both), 55 * 0.06)
        few, many = count(5, fresh=False), count(60, fresh=False)
        # Core writes events one by one if their times differ.
        self.assertLess(many - few, 55 * 7)

    def test_query_count_of_conflicts(self):
        self.company.blocks_visit_conflicts = True

        def count(size):
            visits = self._create_due(size)
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            start = datetime(2030, 1, 7, 8) + timedelta(weeks=100 * size)
            self.visits._plan(
                {
                    visit: (start + timedelta(weeks=number), None, None)
                    for number, visit in enumerate(visits)
                }
            )
            self.env.flush_all()
            return self.cr.sql_log_count - before

        count(2)
        self.assertEqual(count(30), count(5))

    # -- Changed in the calendar -------------------------------------------------------

    def test_resize(self):
        visit = self._create_planned_visit()
        visit.calendar_event_id.stop = "2026-06-01 10:00:00"
        self.assertEqual(visit.date_end, datetime(2026, 6, 1, 10))
        self.assertEqual(visit.duration, 3)
        self.assertEqual(visit.due_date, date(2026, 6, 1))

    def test_drag_keeps_due_date(self):
        visit = self._create_planned_visit(due_date="2026-05-25")
        dispatcher = self._as("dispatcher", visit.calendar_event_id)
        dispatcher.write(
            {"start": "2026-06-08 07:00:00", "stop": "2026-06-08 08:30:00"}
        )
        self.assertEqual(visit.date_start, datetime(2026, 6, 8, 7))
        self.assertEqual(visit.due_date, date(2026, 5, 25))

    def test_actual_times_never_move(self):
        visit = self._create_planned_visit()
        visit.action_start()
        clock = self.env["maintenance.visit.time"].create(
            {
                "visit_id": visit.id,
                "technician_id": self.technician.id,
                "date_start": "2026-06-01 07:05:00",
                "date_end": "2026-06-01 08:10:00",
            }
        )
        visit.calendar_event_id.write(
            {"start": "2026-06-03 07:00:00", "stop": "2026-06-03 08:00:00"}
        )
        self.assertEqual(visit.date_start, datetime(2026, 6, 3, 7))
        self.assertEqual(clock.date_start, datetime(2026, 6, 1, 7, 5))
        visit.state = "done"
        visit.calendar_event_id.write(
            {"start": "2026-06-05 07:00:00", "stop": "2026-06-05 08:00:00"}
        )
        self.assertEqual(visit.date_start, datetime(2026, 6, 3, 7), "It is over")

    def _check_back_to_plan(self, visit, text):
        self.assertEqual(visit.state, "to_plan")
        self.assertFalse(visit.date_start)
        self.assertFalse(visit.calendar_event_id)
        self.assertEqual(visit.due_date, date(2026, 6, 1))
        todo = self._get_todos(visit)
        self.assertEqual(len(todo), 1)
        self.assertIn(text, todo.note)

    def test_archive(self):
        mails = self._count_mails()
        visit = self._create_planned_visit(due_date="2026-06-01")
        visit.duration = 4
        event = visit.calendar_event_id
        self._as("dispatcher", event).action_archive()
        self._check_back_to_plan(visit, "removed from the calendar")
        self.assertFalse(event.active)
        self.assertEqual(visit.duration, 4)
        self.assertEqual(visit.technician_id, self.technician)
        self.assertEqual(self._count_mails(), mails)

    def test_delete(self):
        visit = self._create_planned_visit(due_date="2026-06-01")
        visit.duration = 4
        self._as("dispatcher", visit.calendar_event_id).unlink()
        self._check_back_to_plan(visit, "deleted from the calendar")
        self.assertEqual(visit.duration, 4)

    def test_delete_after_start(self):
        for state in ("in_progress", "done"):
            with self.subTest(state):
                visit = self._create_planned_visit()
                visit.duration = 5
                visit.write({"state": state})
                event = visit.calendar_event_id
                event.action_archive()
                event.unlink()
                self.env.flush_all()
                self.env.invalidate_all()
                self.assertEqual(visit.state, state)
                self.assertEqual(visit.date_start, datetime(2026, 6, 1, 7))
                self.assertEqual(visit.date_end, datetime(2026, 6, 1, 12))
                self.assertFalse(self._get_todos(visit))

    def test_decline(self):
        visit = self._create_planned_visit(due_date="2026-06-01")
        event = visit.calendar_event_id
        event.with_user(self.users["technician"]).change_attendee_status(
            "declined", False
        )
        self._check_back_to_plan(visit, "Tom Technician declined")
        self.assertFalse(visit.technician_ids)
        self.assertFalse(event.active)

    def test_decline_of_one_of_two(self):
        visit = self._create_planned_visit(
            technician_ids=(self.technician | self.colleague).ids
        )
        event = visit.calendar_event_id
        attendee = event.attendee_ids.filtered(
            lambda a: a.partner_id == self.technician.work_contact_id
        )
        attendee.do_decline()
        self.assertEqual(visit.state, "planned")
        self.assertEqual(visit.technician_ids, self.colleague)
        self.assertEqual(visit.technician_id, self.colleague)
        self.assertEqual(event.partner_ids, self.colleague.work_contact_id)
        self.assertIn("Tom Technician declined", self._get_todos(visit).note)

    def test_decline_of_a_guest(self):
        visit = self._create_planned_visit()
        event = visit.calendar_event_id
        event.partner_ids |= self.neighbour
        event.attendee_ids.filtered(
            lambda a: a.partner_id == self.neighbour
        ).do_decline()
        self.assertEqual(visit.state, "planned")
        self.assertFalse(self._get_todos(visit))

    def test_attendees_go(self):
        visit = self._create_planned_visit()
        event = visit.calendar_event_id
        event.partner_ids = [
            Command.link(self.colleague.work_contact_id.id),
            Command.link(self.users["salesperson"].partner_id.id),
        ]
        self.assertEqual(visit.technician_ids, self.technician | self.colleague)
        event.partner_ids = [Command.unlink(self.technician.work_contact_id.id)]
        self.assertEqual(visit.technician_ids, self.colleague)
        self.assertEqual(visit.technician_id, self.colleague)

    def test_who_is_told(self):
        schedule = self.env["maintenance.schedule"].create(
            {"partner_id": self.customer.id, "user_id": self.users["salesperson"].id}
        )
        team = self.env["service.team"].create(
            {"name": "North", "leader_id": self.technician.id}
        )
        visit = self._create_visit()
        self.assertEqual(visit._get_dispatcher(), self.users["dispatcher"])
        visit.team_id = team
        self.assertEqual(visit._get_dispatcher(), self.users["technician"])
        line = self.env["maintenance.schedule.line"].create(
            {"schedule_id": schedule.id, "visit_type_id": self.cleaning.id}
        )
        visit.write({"schedule_line_id": line.id, "occurrence_date": "2026-06-01"})
        self.assertEqual(visit._get_dispatcher(), self.users["salesperson"])
        schedule.user_id = False
        visit.team_id = False
        self.company.visit_dispatcher_id = False
        # OdooBot, who made it, dispatches nothing.
        self.assertEqual(visit._get_dispatcher(), self.users["dispatcher"])
        imported = self._as("administrator", self.visits).create(
            {"partner_id": self.customer.id, "due_date": "2026-06-01"}
        )
        self.assertEqual(imported._get_dispatcher(), self.users["dispatcher"])
        own = self._as("dispatcher", self.visits).create(
            {"partner_id": self.customer.id, "due_date": "2026-06-01"}
        )
        self.assertEqual(own._get_dispatcher(), self.users["dispatcher"])

    # -- Rights ------------------------------------------------------------------------

    def test_rights(self):
        visit = self._create_planned_visit()
        event = visit.calendar_event_id
        move = {"start": "2026-06-03 07:00:00", "stop": "2026-06-03 08:30:00"}
        for role in ("salesperson", "employee"):
            with self.subTest(role):
                outsider = self._as(role, event)
                self.assertFalse(outsider.user_can_edit)
                for change in (
                    lambda event: event.write(dict(move)),
                    lambda event: event.action_archive(),
                    lambda event: event.unlink(),
                ):
                    with self.assertRefused(
                        "is the appointment of visit.*ask ib_dispatcher", AccessError
                    ):
                        change(outsider)
        self.assertEqual(visit.date_start, datetime(2026, 6, 1, 7))
        dispatcher = self._as("dispatcher", event)
        self.assertTrue(dispatcher.user_can_edit)
        self.assertEqual(dispatcher.name, event.name)
        dispatcher.write(dict(move))
        self.assertEqual(visit.date_start, datetime(2026, 6, 3, 7))
        technician = self._as("technician", event)
        self.assertTrue(technician.user_can_edit)
        technician.write({"stop": "2026-06-03 09:00:00"})
        self.assertEqual(visit.duration, 2)
        other = self._create_planned_visit(technician_id=self.colleague.id)
        event = self._as("technician", other.calendar_event_id)
        self.assertFalse(event.user_can_edit)
        with self.assertRefused("ask ib_dispatcher", AccessError):
            event.write(dict(move))

    def test_rights_of_another_company(self):
        visit = self._create_planned_visit()
        user = self._create_user(
            "cal_abroad",
            "field_installed_base.group_dispatcher",
            company_id=self.other_company.id,
            company_ids=[Command.set(self.other_company.ids)],
        )
        event = visit.calendar_event_id.with_user(user).with_context(
            allowed_company_ids=self.other_company.ids
        )
        self.assertFalse(event.user_can_edit)
        with self.assertRaises(AccessError):
            event.start = "2026-06-03 07:00:00"

    # -- Mail --------------------------------------------------------------------------

    def test_no_mail_unless_wanted(self):
        self.technician.work_contact_id.email = "tom@example.com"
        mails = self._count_mails()
        visit = self._create_planned_visit()
        move = {"start": "2026-06-03 07:00:00", "stop": "2026-06-03 08:30:00"}
        self._as("dispatcher", visit.calendar_event_id).write(dict(move))
        visit.date_start = "2026-06-04 07:00:00"
        visit.technician_id = self.colleague
        visit._cancel("No time")
        self.assertEqual(self._count_mails(), mails)

    def test_mail_if_wanted(self):
        self.company.sends_visit_invitations = True
        self.technician.work_contact_id.email = "tom@example.com"
        messages = self.env["mail.message"]

        def count():
            return messages.search_count(
                [
                    ("model", "=", "calendar.event"),
                    ("partner_ids", "in", self.technician.work_contact_id.ids),
                ]
            )

        before = count()
        visit = self._create_planned_visit()
        self.assertEqual(count(), before + 1)
        visit.date_start = "2026-06-04 07:00:00"
        self.assertEqual(count(), before + 2)

    def test_reminder_is_sent(self):
        alarm = self.env["calendar.alarm"].create(
            {
                "name": "A day",
                "alarm_type": "email",
                "duration": 1,
                "interval": "days",
                "mail_template_id": self.env.ref(
                    "calendar.calendar_template_meeting_reminder"
                ).id,
            }
        )
        self.cleaning.alarm_ids = alarm
        self.technician.work_contact_id.email = "tom@example.com"
        event = self._create_planned_visit().calendar_event_id
        before = len(event.sudo().message_ids)
        with freeze_time("2026-05-31 08:00:00"):
            self.env["calendar.alarm_manager"]._send_reminder()
        self.assertEqual(
            self.env["mail.message"].search_count(
                [
                    ("model", "=", "calendar.event"),
                    ("res_id", "=", event.id),
                    ("partner_ids", "in", self.technician.work_contact_id.ids),
                ]
            ),
            1,
            before,
        )

    # -- Time zones --------------------------------------------------------------------

    def _create_all_day(self, day, last=None, **vals):
        visit = self._create_planned_visit(f"{day} 07:00:00", **vals)
        visit.calendar_event_id.write(
            {"allday": True, "start_date": day, "stop_date": last or day}
        )
        return visit

    def test_all_day_is_the_working_day(self):
        self.customer.tz = self.workshop.tz = "Europe/Brussels"
        visit = self._create_all_day("2026-06-02")
        self.assertTrue(visit.is_all_day)
        self.assertEqual(visit.date_start, datetime(2026, 6, 2, 6))
        self.assertEqual(visit.date_end, datetime(2026, 6, 2, 15))
        visit.technician_id = self.colleague
        self.assertTrue(visit.calendar_event_id.allday, "It was not moved")
        visit.date_start = "2026-06-03 08:00:00"
        self.assertFalse(visit.calendar_event_id.allday)
        self.assertEqual(visit.calendar_event_id.start, datetime(2026, 6, 3, 8))

    def test_all_day_across_the_change_of_clocks(self):
        for tz, day, start in (
            ("Europe/Brussels", "2026-03-27", datetime(2026, 3, 27, 7)),
            ("Europe/Brussels", "2026-03-30", datetime(2026, 3, 30, 6)),
            ("Europe/Brussels", "2026-10-26", datetime(2026, 10, 26, 7)),
            ("America/New_York", "2026-03-06", datetime(2026, 3, 6, 13)),
            ("America/New_York", "2026-03-09", datetime(2026, 3, 9, 12)),
            ("America/New_York", "2026-11-02", datetime(2026, 11, 2, 13)),
        ):
            with self.subTest(tz=tz, day=day):
                self.customer.tz = self.workshop.tz = tz
                visit = self._create_all_day(day)
                self.assertEqual(visit.date_start, start)
                self.assertEqual(visit.date_end, start + timedelta(hours=9))

    def test_all_day_over_several_days(self):
        self.customer.tz = self.workshop.tz = "Europe/Brussels"
        visit = self._create_all_day("2026-03-27", "2026-03-30")
        self.assertEqual(visit.date_start, datetime(2026, 3, 27, 7))
        self.assertEqual(visit.date_end, datetime(2026, 3, 30, 15))

    def test_all_day_hours_are_the_technicians(self):
        self.customer.tz = self.workshop.tz = "Europe/Brussels"
        self.colleague.resource_calendar_id = self.env["resource.calendar"].create(
            {
                "name": "Afternoons",
                "tz": "Europe/Brussels",
                "attendance_ids": [
                    Command.create(
                        {
                            "name": "Tuesday",
                            "dayofweek": "1",
                            "hour_from": 13.5,
                            "hour_to": 18,
                            "day_period": "afternoon",
                        }
                    )
                ],
            }
        )
        visit = self._create_all_day("2026-06-02", technician_id=self.colleague.id)
        self.assertEqual(visit.date_start, datetime(2026, 6, 2, 11, 30))
        self.assertEqual(visit.date_end, datetime(2026, 6, 2, 16))
        # Nobody works on Sunday: core's hours of an all-day event.
        visit = self._create_all_day("2026-06-07", technician_id=self.colleague.id)
        self.assertEqual(visit.date_start, datetime(2026, 6, 7, 6))
        self.assertEqual(visit.date_end, datetime(2026, 6, 7, 16))

    # -- Conflicts ---------------------------------------------------------------------

    def test_overlap_warns_by_name(self):
        first = self._create_planned_visit("2026-06-01 08:00:00")
        second = self._create_planned_visit("2026-06-01 09:00:00")
        self.assertIn(f"Tom Technician has visit {first.name}", second.planning_warning)
        second.date_start = "2026-06-01 09:30:00"
        self.assertFalse(second.planning_warning, "One ends when the other starts")
        second.technician_id = self.colleague
        second.date_start = "2026-06-01 08:00:00"
        self.assertNotIn(first.name, second.planning_warning)

    def test_time_off_and_holidays_warn(self):
        leaves = self.env["resource.calendar.leaves"]
        leaves.create(
            {
                "name": "Secret reason",
                "resource_id": self.technician.resource_id.id,
                "date_from": "2026-06-02 00:00:00",
                "date_to": "2026-06-02 23:00:00",
                "company_id": self.company.id,
            }
        )
        leaves.create(
            {
                "name": "National day",
                "date_from": "2026-06-03 00:00:00",
                "date_to": "2026-06-03 21:00:00",
                "company_id": self.company.id,
            }
        )
        visit = self._create_planned_visit("2026-06-02 08:00:00")
        warning = self._as("dispatcher", visit).planning_warning
        self.assertIn("Tom Technician is away", warning)
        self.assertNotIn("Secret", warning)
        visit.date_start = "2026-06-03 08:00:00"
        self.assertIn(
            "Tom Technician does not work on National day", visit.planning_warning
        )
        visit.company_id.resource_calendar_id.tz = "Europe/Brussels"
        visit.date_start = "2026-06-04 18:00:00"
        self.assertIn("does not work at this time", visit.planning_warning)
        visit.date_start = "2026-06-06 08:00:00"
        self.assertIn("does not work at this time", visit.planning_warning, "Saturday")

    def test_gaps_warn(self):
        nowhere = self.env["res.partner"].create({"name": "Nowhere"})
        visit = self._create_planned_visit(
            "2026-06-01 08:00:00",
            partner_id=nowhere.id,
            technician_id=self.colleague.id,
        )
        self.assertIn("Carla Colleague has no user", visit.planning_warning)
        self.assertIn("Nowhere has no address", visit.planning_warning)

    def test_conflicts_are_refused_on_every_way(self):
        self.company.blocks_visit_conflicts = True
        first = self._create_planned_visit("2026-06-01 08:00:00")
        second = self._create_planned_visit("2026-06-02 08:00:00")
        text = f"Tom Technician has visit {first.name}"
        overlap = {"start": "2026-06-01 08:30:00", "stop": "2026-06-01 09:30:00"}
        for change in (
            lambda: self._create_planned_visit("2026-06-01 08:00:00"),
            lambda: second.write({"date_start": "2026-06-01 09:00:00"}),
            lambda: (second.calendar_event_id.write(overlap), self.env.flush_all()),
            lambda: self.visits._plan({second: ("2026-06-01 08:00:00", None, None)}),
            lambda: self._create_visit(technician_id=self.technician.id).write(
                {"date_start": "2026-06-01 08:00:00"}
            ),
        ):
            with self.assertRefused(text, ValidationError):
                change()
        self.assertEqual(second.date_start, datetime(2026, 6, 2, 8))
        other = self._create_planned_visit(
            "2026-06-01 08:00:00", technician_id=self.colleague.id
        )
        with self.assertRefused(text, ValidationError):
            other.technician_ids |= self.technician

    def test_two_planned_at_once_conflict(self):
        self.company.blocks_visit_conflicts = True
        visits = self._create_due(2)
        with self.assertRefused("Tom Technician has visit"):
            self.visits._plan(
                {visit: (datetime(2026, 6, 1, 8), None, None) for visit in visits}
            )
        self.assertEqual(set(visits.mapped("state")), {"to_plan"})

    def test_query_count_of_warnings(self):
        def count(size):
            visits = self._create_due(size)
            self._plan(visits, self.technician | self.colleague)
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            visits.mapped("planning_warning")
            return self.cr.sql_log_count - before

        count(2)
        self.assertEqual(count(40), count(5))

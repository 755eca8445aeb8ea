from freezegun import freeze_time

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from .common import MaintenanceCase


@tagged("post_install", "-at_install")
@freeze_time("2026-01-01 08:00:00")
class TestRemoteCalls(MaintenanceCase):
    """What a remote call may not do, whatever context and values it sends."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.visit = cls._create_planned_visit(technician_id=cls.colleague.id)
        cls.event = cls.visit.calendar_event_id
        cls.own = cls._create_planned_visit("2026-06-03 07:00:00")

    # -- Context -----------------------------------------------------------------------

    def test_planning_flag_moves_no_foreign_appointment(self):
        event = self._as("employee", self.event).with_context(visit_planning=True)
        with self.assertRefused("is the appointment of visit", AccessError):
            event.write({"start": "2026-06-09 07:00:00", "stop": "2026-06-09 08:00:00"})
        with self.assertRefused("is the appointment of visit", AccessError):
            event.unlink()

    def test_planning_flag_does_not_skip_conflicts(self):
        self.company.blocks_visit_conflicts = True
        with self.assertRefused("Choose another time or technician", ValidationError):
            self._as("dispatcher", self.visit).with_context(visit_planning=True).write(
                {"date_start": "2026-06-03 07:00", "technician_id": self.technician.id}
            )

    def test_planning_flag_leaves_no_appointment_behind(self):
        visit = self._as("dispatcher", self.visit).with_context(visit_planning=True)
        visit.write({"date_start": "2026-06-09 07:00:00"})
        self.assertEqual(self.event.start, self.visit.date_start)

    def test_generation_flag_deletes_no_occurrence(self):
        visit = self._create_schedule().visit_ids[0]
        flagged = self._as("dispatcher", visit).with_context(visit_generation=True)
        with self.assertRefused("belongs to a schedule", UserError):
            flagged.unlink()
        flagged.write({"description": "Bring a ladder"})
        self.assertTrue(visit.is_touched)

    def test_generation_flag_does_not_skip_companies(self):
        team = self.env["service.team"].create(
            {"name": "Team abroad", "company_id": self.other_company.id}
        )
        with self.assertRefused("Team abroad", UserError):
            self.own.with_context(visit_generation=True).team_id = team

    def test_generation_flag_lets_visits_follow_their_rule(self):
        schedule = self._create_schedule()
        line = self._as("dispatcher", schedule.line_ids)
        line.with_context(visit_generation=True).write({"interval_number": 2})
        self.assertEqual(len(schedule.visit_ids), 6)

    # -- Links -------------------------------------------------------------------------

    def test_appointment_is_not_given(self):
        meeting = self.env["calendar.event"].create(
            {"name": "Board", "start": "2026-06-05 08:00", "stop": "2026-06-05 09:00"}
        )
        for role in ("technician", "dispatcher"):
            own = self._as(role, self.own)
            values = {
                "partner_id": self.customer.id,
                "technician_id": self.technician.id,
            }
            for refused in (
                lambda own=own: own.write({"calendar_event_id": meeting.id}),
                lambda own=own: own.write({"calendar_event_id": False}),
                lambda own=own, values=values: own.create(
                    {**values, "calendar_event_id": meeting.id}
                ),
                lambda own=own, values=values: own.with_context(
                    default_calendar_event_id=meeting.id
                ).create(values),
            ):
                with (
                    self.subTest(role),
                    self.assertRefused(
                        "“Appointment” .* cannot be set manually", AccessError
                    ),
                ):
                    refused()
        self.assertEqual(str(meeting.start), "2026-06-05 08:00:00")

    def test_main_visit_is_not_given(self):
        mine = self._create_visit(technician_id=self.technician.id)
        foreign = self._create_visit(technician_id=self.colleague.id)
        technician = self._as("technician", mine)
        values = {"partner_id": self.customer.id, "technician_id": self.technician.id}
        for refused in (
            lambda: technician.write({"merged_into_id": foreign.id}),
            lambda: technician.write({"merged_ids": [Command.link(self.own.id)]}),
            lambda: technician.create({**values, "merged_into_id": foreign.id}),
            lambda: technician.with_context(default_merged_into_id=foreign.id).create(
                values
            ),
        ):
            with self.assertRefused("cannot be set manually", AccessError):
                refused()
        # The button does it.
        (technician | self._as("technician", self.own)).action_do_together()
        self.assertEqual(mine.merged_into_id, self.own)

    def test_due_date_and_order_are_not_given(self):
        line = self._create_schedule().line_ids
        day = line.visit_ids[0].occurrence_date
        for role in ("technician", "dispatcher"):
            own = self._as(role, self.own)
            values = {
                "partner_id": self.customer.id,
                "technician_id": self.technician.id,
            }
            for refused in (
                {"schedule_line_id": line.id, "occurrence_date": day},
                {"follow_up_of_id": self.visit.id},
                {"sale_line_ids": [Command.clear()]},
            ):
                with (
                    self.subTest(role, values=refused),
                    self.assertRefused("cannot be set manually", AccessError),
                ):
                    own.write(refused)
            with self.assertRefused("cannot be set manually", AccessError):
                own.create({**values, "follow_up_of_id": self.visit.id})
            with self.assertRefused("cannot be set manually", AccessError):
                own.with_context(default_schedule_line_id=line.id).create(
                    {**values, "occurrence_date": "2026-01-15"}
                )
        # The dialog makes follow-ups, with what they follow.
        visit = line.visit_ids[0]
        visit.write({"technician_id": self.technician.id, "date_start": "2026-06-04"})
        follow_up = self._as("technician", visit)._finish(
            {
                "completion": "partial",
                "incomplete_reason": "Part missing",
                "follow_up_date": "2026-06-20",
            }
        )
        self.assertEqual(follow_up.schedule_line_id, line)
        self.assertEqual(follow_up.follow_up_of_id, visit)

    def test_nothing_goes_over_to_a_foreign_visit(self):
        own = self._as("technician", self.own)
        line = own.line_ids.create({"visit_id": own.id, "description": "Boiler"})
        part = own.env["service.line"].create(
            {"visit_id": own.id, "product_id": self.stove.id}
        )
        time = own.env["maintenance.visit.time"].create(
            {"visit_id": own.id, "technician_id": self.technician.id}
        )
        other = self._create_planned_visit("2026-06-05 07:00:00")
        for record in (line, part, time):
            with self.subTest(record._name), self.assertRaises(AccessError):
                record.write({"visit_id": self.visit.id})
            record.write({"visit_id": other.id})
            self.assertEqual(record.visit_id, other)

    def test_template_of_a_series_is_the_users_own(self):
        for role in ("employee", "technician"):
            events = self._as(role, self.env["calendar.event"])
            vals = {
                "name": "Meeting",
                "start": "2026-06-05 08:00:00",
                "stop": "2026-06-05 09:00:00",
            }
            meeting = events.create(vals)
            for refused in (
                lambda meeting=meeting: meeting.write(
                    {"visit_template_id": self.visit.id}
                ),
                lambda events=events, vals=vals: events.create(
                    {**vals, "visit_template_id": self.visit.id}
                ),
                lambda events=events, vals=vals: events.with_context(
                    default_visit_template_id=self.visit.id
                ).create(vals),
            ):
                with self.subTest(role), self.assertRaises(AccessError):
                    refused()
        meeting.write({"visit_template_id": self.own.id})
        self.assertEqual(meeting.visit_template_id, self.own)

    # -- States ------------------------------------------------------------------------

    def test_visit_put_back_has_no_time(self):
        main, absorbed = self.own, self._create_visit()
        main._absorb(absorbed)
        event = main.calendar_event_id
        main.action_start()
        self._as("dispatcher", main).write({"state": "to_plan"})
        self.env.flush_all()
        for visit in main | absorbed:
            self.assertEqual((visit.state, visit.date_start), ("to_plan", False))
        self.assertFalse(main.calendar_event_id)
        self.assertFalse(event.active)

    def test_state_of_a_schedule_is_not_written(self):
        schedule = self._create_schedule(activate=False)
        dispatcher = self._as("dispatcher", schedule)
        with self.assertRefused("cannot be edited directly", UserError):
            dispatcher.write({"state": "active"})
        with self.assertRefused("cannot be edited directly", UserError):
            dispatcher.create({"partner_id": self.customer.id, "state": "active"})
        dispatcher.action_activate()
        with self.assertRefused("cannot be edited directly", UserError):
            dispatcher.write({"state": "closed"})
        self.assertEqual(len(schedule.visit_ids), 12)
        dispatcher.action_close()
        self.assertFalse(schedule.visit_ids)

    # -- Rights ------------------------------------------------------------------------

    def test_who_tells_the_customer(self):
        self.customer.email = "bakery@example.com"
        self.own.contact_id = self.customer
        mails = self.env["mail.mail"].search([])
        for role in ("salesperson", "accountant"):
            with self.subTest(role), self.assertRaises(AccessError):
                self._as(role, self.own).action_notify_customer()
        with self.assertRaises(AccessError):
            self._as("technician", self.visit).action_notify_customer()
        self.assertEqual(self.env["mail.mail"].search([]), mails)
        self._as("technician", self.own).action_notify_customer()
        self.assertEqual(self.own.told_start, self.own.date_start)

    def test_customers_read_no_office_matters(self):
        for name in ("planning_warning", "calendar_event_id"):
            with self.subTest(name), self.assertRaises(AccessError):
                self._as("portal", self.visit).read([name])
        (values,) = self._as("portal", self.visit).read(["date_start", "duration"])
        self.assertEqual(values["date_start"], self.visit.date_start)

    def test_customers_read_appointments_like_other_events(self):
        """They may be guests of any event, and learn nothing of visits there."""
        portal = self.users["portal"]
        self.event.partner_ids += portal.partner_id
        self.env.flush_all()
        self.env.invalidate_all()
        event = self._as("portal", self.event)
        with self.assertRaises(AccessError):
            event.read(["visit_template_id"])
        (values,) = event.read(["maintenance_visit_id", "service_partner_id"])
        self.assertFalse(values["maintenance_visit_id"])
        self.assertFalse(values["service_partner_id"])
        found = self._as("portal", self.env["calendar.event"]).search(
            [("maintenance_visit_id", "=", self.visit.id)]
        )
        self.assertFalse(found)

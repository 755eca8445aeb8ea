from freezegun import freeze_time

from odoo.fields import Command
from odoo.tests import tagged

from ..common import MaintenanceCase


@tagged("post_install", "-at_install")
@freeze_time("2026-05-04 08:00:00")
class TestAfterPlanning(MaintenanceCase):
    """What changes after a visit was planned: appointment, warning and dispatcher
    follow."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.visit_dispatcher_id = cls.users["dispatcher"]
        cls.calendar = cls.env["resource.calendar"].create(
            {"name": "Field", "tz": "Europe/Brussels", "company_id": cls.company.id}
        )
        cls.technician.resource_calendar_id = cls.calendar
        cls.technician.company_id = cls.company
        # Monday 1 June, 9:00 to 10:30 in Brussels.
        cls.visit = cls._create_planned_visit(site_id=cls.workshop.id)
        cls.event = cls.visit.calendar_event_id
        cls.late = cls._create_planned_visit("2026-06-08 07:00:00")
        cls.env.flush_all()

    def _get_notes(self):
        activities = (self.visit | self.late).activity_ids
        self.assertLessEqual(
            set(activities.mapped("summary")), {"Check planned visits"}
        )
        self.assertLessEqual(activities.user_id, self.users["dispatcher"])
        return activities.mapped("note")

    # -- Contacts ----------------------------------------------------------------------

    def test_address_and_name(self):
        mails = self.env["mail.mail"].search_count([])
        self.workshop.write({"street": "New street 7", "city": "Namur"})
        self.assertIn("New street 7", self.event.location)
        self.assertIn("Namur", self.visit.site_address)
        self.customer.name = "Bakery of the corner"
        self.assertEqual(self.event.name, "Test cleaning - Bakery of the corner")
        self.workshop.phone = "+32 4 999"
        self.assertEqual(self.late.phone, "+32 4 999")
        self.cleaning.name = "Great cleaning"
        self.assertEqual(self.event.name, "Great cleaning - Bakery of the corner")
        self.assertEqual(self.env["mail.mail"].search_count([]), mails)
        self.assertFalse(self._get_notes())

    def test_name_of_the_company_of_a_site(self):
        visit = self._create_planned_visit(
            "2026-06-15 07:00:00", partner_id=self.contact.id
        )
        self.customer.name = "Bakery of the corner"
        self.assertIn("Bakery of the corner", visit.calendar_event_id.name)

    def test_name_of_the_company_in_the_address_of_a_site(self):
        for name in ("Bakery of the corner", "Bakery of the square"):
            self.assertTrue(self.event.location)
            self.customer.name = name
            self.assertEqual(
                self.event.location, f"{name}, Quay 5, Liège  4000", "Each time"
            )

    def test_done_visits_keep_their_appointment(self):
        self.visit.action_start()
        self.visit.write({"state": "done", "completion": "full"})
        before = self.event.location
        self.workshop.street = "New street 7"
        self.assertEqual(self.event.location, before)

    def test_many_contacts_are_few_queries(self):
        counts = []
        for size in (2, 12):
            partners = self.env["res.partner"].create(
                [{"name": f"P{number}"} for number in range(size)]
            )
            self.env["maintenance.visit"].create(
                [
                    {
                        "partner_id": partner.id,
                        "date_start": "2026-06-01 07:00:00",
                        "visit_type_id": self.cleaning.id,
                    }
                    for partner in partners
                ]
            )
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            partners.write({"street": "Same street"})
            self.env.flush_all()
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(counts[1] - counts[0], 10)

    def test_merged_contacts(self):
        former = self.env["res.partner"].create(
            {"name": "Bakery Old", "street": "Old street 1", "email": "b@example.com"}
        )
        schedule = self._create_schedule(
            {}, partner_id=former.id, date_start="2026-05-01"
        )
        visit = self._create_planned_visit("2026-06-16 07:00:00", partner_id=former.id)
        piece = self._create_equipment(partner_id=former.id)
        self.customer.email = "b@example.com"
        self.env.flush_all()
        self.env["base.partner.merge.automatic.wizard"]._merge(
            (former | self.customer).ids, self.customer
        )
        self.env.invalidate_all()
        self.assertFalse(former.exists())
        for record in visit | self.visit:
            self.assertEqual(record.commercial_partner_id, self.customer)
        self.assertEqual(schedule.commercial_partner_id, self.customer)
        self.assertEqual(piece.commercial_partner_id, self.customer)
        self.assertIn(self.customer.name, visit.calendar_event_id.name)
        for event in (visit | self.late).calendar_event_id:
            visit = event.maintenance_visit_id
            self.assertEqual(event.location, visit.site_id.contact_address_inline)
        self.assertTrue(schedule.visit_ids)

    def test_merged_into_another_name(self):
        """What nobody named is called after who is left, where it stands too."""
        person = self.contact
        unnamed, named = (
            self._create_schedule({}, site_id=self.workshop.id, **vals)
            for vals in ({}, {"name": "Ovens of Claes Bakery"})
        )
        of_person = self._create_schedule({}, partner_id=person.id)
        at_site = self._create_planned_visit(
            "2026-06-15 07:00:00", partner_id=person.id, site_id=self.workshop.id
        )
        self.assertEqual(unnamed.name, "Maintenance of Claes Bakery")
        self.assertEqual(of_person.name, f"Maintenance of {person.display_name}")
        left = self.env["res.partner"].create({"name": "Mills", "is_company": True})
        self.env.flush_all()
        self.env["base.partner.merge.automatic.wizard"]._merge(
            (left | self.customer).ids, left
        )
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertFalse(self.customer.exists())
        self.assertEqual(unnamed.name, "Maintenance of Mills")
        self.assertEqual(of_person.name, f"Maintenance of Mills, {person.name}")
        self.assertEqual(named.name, "Ovens of Claes Bakery")
        self.assertEqual(self.event.name, "Test cleaning - Mills")
        for event in self.event | at_site.calendar_event_id:
            self.assertEqual(event.location, "Mills, Quay 5, Liège  4000")
        self.assertIn("Mills", at_site.calendar_event_id.name)
        # What is left can be renamed in turn.
        left.name = "Mills of Ghent"
        self.assertEqual(unnamed.name, "Maintenance of Mills of Ghent")
        self.assertEqual(named.name, "Ovens of Claes Bakery")

    # -- Time off ----------------------------------------------------------------------

    def _grant(self, first="2026-06-01", last="2026-06-01", **vals):
        leave = self._add_days_off(
            first,
            last,
            resource_id=self.technician.resource_id.id,
            calendar_id=self.calendar.id,
            **vals,
        )
        # A form that is opened afterwards reads it anew.
        self.env.invalidate_all()
        return leave

    def test_time_off_granted_later(self):
        self.assertFalse(self.visit.planning_warning)
        leave = self._grant()
        self.assertIn("Tom Technician is away", self.visit.planning_warning)
        (note,) = self._get_notes()
        self.assertIn(self.visit.name, note)
        self.assertIn("Tom Technician is away", note)
        self.assertNotIn(self.late.name, note)
        leave.name = "Something else"
        self.assertEqual(len(self._get_notes()), 1)
        leave.write({"date_from": "2026-06-08 00:00:00", "date_to": "2026-06-08 22:00"})
        self.assertEqual(len(self._get_notes()), 2)
        self.assertIn(self.late.name, self.late.activity_ids.note)

    def test_time_off_of_many_visits_is_one_note(self):
        self._grant("2026-06-01", "2026-06-10")
        (note,) = self._get_notes()
        self.assertIn(self.visit.name, note)
        self.assertIn(self.late.name, note)

    def test_time_off_of_others_or_past(self):
        self._add_days_off(
            "2026-06-01", "2026-06-01", resource_id=self.colleague.resource_id.id
        )
        with freeze_time("2026-06-20"):
            self._grant()
        self.assertFalse(self._get_notes())

    def test_public_holiday(self):
        self._add_days_off("2026-06-01", "2026-06-01")
        self.assertIn("does not work on Closed", self.visit.planning_warning)
        (note,) = self._get_notes()
        self.assertIn(self.visit.name, note)

    # -- Meetings ----------------------------------------------------------------------

    def _meet(self, start="2026-06-01 07:30:00", stop="2026-06-01 08:00:00", **vals):
        vals = {
            "name": "Dentist",
            "start": start,
            "stop": stop,
            "partner_ids": [Command.set(self.technician.user_id.partner_id.ids)],
            **vals,
        }
        return self.env["calendar.event"].create(vals)

    def test_meeting_of_the_technician(self):
        event = self._meet()
        self.assertIn(
            "Tom Technician has another appointment from", self.visit.planning_warning
        )
        self.assertNotIn("Dentist", self.visit.planning_warning)
        (note,) = self._get_notes()
        self.assertIn(self.visit.name, note)
        self.assertNotIn("Dentist", note)
        event.write({"start": "2026-06-08 07:30:00", "stop": "2026-06-08 08:00:00"})
        self.env.invalidate_all()
        self.assertFalse(self.visit.planning_warning)
        self.assertIn("another appointment", self.late.planning_warning)
        self.assertEqual(len(self._get_notes()), 2)

    def test_meetings_that_are_in_nobodys_way(self):
        self._meet(show_as="free")
        self._meet("2026-06-01 08:30:00", "2026-06-01 09:00:00")
        self._meet(partner_ids=[Command.set(self.customer.ids)])
        declined = self._meet()
        (self.visit | self.late).activity_ids.unlink()
        declined.attendee_ids.state = "declined"
        self.env.invalidate_all()
        self.assertFalse(self.visit.planning_warning)
        self.assertFalse(self.late.planning_warning)
        self.assertFalse(self._get_notes())

    def test_all_day_meeting(self):
        self._meet(
            "2026-06-01",
            "2026-06-01",
            allday=True,
            start_date="2026-06-01",
            stop_date="2026-06-01",
        )
        self.assertIn("another appointment on", self.visit.planning_warning)

    def test_meeting_forbids_where_the_company_does(self):
        self._meet("2026-06-02 07:00:00", "2026-06-02 09:00:00")
        self.company.blocks_visit_conflicts = True
        with self.assertRefused("another appointment"):
            self.visit.date_start = "2026-06-02 08:00:00"

    def test_visits_are_no_meetings(self):
        """An appointment of a visit is told as that visit."""
        other = self._create_planned_visit("2026-06-01 07:30:00")
        self.assertIn(f"has visit {other.name}", self.visit.planning_warning)
        self.assertNotIn("another appointment", self.visit.planning_warning)

    # -- Working hours -----------------------------------------------------------------

    def test_hours_change(self):
        mornings = self.calendar.attendance_ids.filtered(
            lambda hours: hours.dayofweek == "0"
        )
        self.assertTrue(mornings)
        self.calendar.write(
            {"attendance_ids": [Command.delete(hours.id) for hours in mornings]}
        )
        self.assertIn("does not work at this time", self.visit.planning_warning)
        (note,) = self._get_notes()
        self.assertIn(self.visit.name, note)
        self.assertIn(self.late.name, note)
        # What was outside before is told once.
        self.calendar.attendance_ids.filtered(lambda h: h.dayofweek == "1").unlink()
        self.assertEqual(len(self._get_notes()), 1)

    def test_hours_of_an_attendance(self):
        hours = self.calendar.attendance_ids.filtered(
            lambda hours: hours.dayofweek == "0" and hours.hour_from < 10
        )
        hours.hour_from = 10
        self.assertEqual(len(self._get_notes()), 1)

    def test_other_hours_of_the_technician(self):
        afternoons = self.calendar.copy()
        afternoons.attendance_ids.filtered(lambda hours: hours.hour_from < 12).unlink()
        self.assertFalse(self._get_notes(), "Nobody works by them")
        self.technician.resource_calendar_id = afternoons
        self.env.flush_all()
        self.assertEqual(len(self._get_notes()), 1)

    def test_queries_of_time_off(self):
        counts = []
        for size in (2, 20):
            start = f"2026-07-{size:02} 07:00:00"
            self.env["maintenance.visit"].create(
                [
                    {
                        "partner_id": self.customer.id,
                        "date_start": start,
                        "technician_id": self.technician.id,
                    }
                    for _number in range(size)
                ]
            )
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self._grant(start[:10], start[:10])
            self.env.flush_all()
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(counts[1] - counts[0], 5)

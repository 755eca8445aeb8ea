from datetime import datetime
from unittest.mock import patch

import vobject
from freezegun import freeze_time

from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..common import MaintenanceCase


@tagged("post_install", "-at_install")
class TestVisitNotice(MaintenanceCase):
    """What customers are told of visits by e-mail."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.write(
            {
                "email": "service@hearth.example.com",
                "visit_notice_delay": 15,
            }
        )
        cls.visits = cls.env["maintenance.visit"]
        cls.workshop.write(
            {"email": "Workshop@claes.example.com", "tz": "Europe/Brussels"}
        )
        cls.planned = cls.env.ref("field_maintenance.notice_type_visit_planned")

    def _switch_on(self, **vals):
        with freeze_time("2026-05-19 10:00:00"):
            self.company.write(
                {"visit_notice_planned": True, "visit_notice_changed": True, **vals}
            )
            self.env.flush_all()

    def _create_event_at(self, moment, **vals):
        """Plan a visit at a moment, as the database dates it."""
        with freeze_time(moment):
            visit = self._create_planned_visit(site_id=self.workshop.id, **vals)
            self._date(visit, moment)
        return visit

    def _date(self, visit, moment):
        """Let this have been the moment of the last change: the clock of a transaction
        does not go on."""
        self.env.flush_all()
        for records in filter(None, (visit, visit.calendar_event_id)):
            self.env.cr.execute(
                f"UPDATE {records._table} SET write_date = %s, create_date = "
                "LEAST(create_date, %s) WHERE id = %s",
                [moment, moment, records.id],
            )
        self.env.invalidate_all()

    def _run(self, moment):
        before = self.env["mail.mail"].search([])
        self.env.flush_all()
        with freeze_time(moment), self.enter_registry_test_mode():
            self.env.ref(
                "field_maintenance.ir_cron_tell_customers"
            ).method_direct_trigger()
        self.env.invalidate_all()
        return self.env["mail.mail"].search([]) - before

    def _get_file(self, mail):
        attachment = mail.attachment_ids
        self.assertEqual(attachment.mimetype, "text/calendar")
        return vobject.readOne(attachment.raw.decode())

    def test_agreed_hours(self):
        """Customers expect the visit between two hours, and hear of it only when it
        leaves them."""
        self._switch_on()
        visit = self._create_event_at(
            "2026-05-20 10:00:00", agreed_from=8, agreed_until=10
        )
        mail = self._run("2026-05-20 10:30:00")
        self.assertIn("between 8:00 AM and 10:00 AM", mail.body_html)
        event = self._get_file(mail).vevent
        self.assertEqual(event.dtstart.value.isoformat(), "2026-06-01T06:00:00+00:00")
        self.assertEqual(event.dtend.value.isoformat(), "2026-06-01T09:30:00+00:00")
        visit.date_start = "2026-06-01 07:45:00"
        self._date(visit, "2026-05-20 11:00:00")
        self.assertFalse(self._run("2026-05-20 11:30:00"))
        self.assertEqual(visit.told_start, datetime(2026, 6, 1, 7, 45))
        visit.date_start = "2026-06-01 09:00:00"
        self._date(visit, "2026-05-20 12:00:00")
        mail = self._run("2026-05-20 12:30:00")
        self.assertEqual(len(mail), 1)
        self.assertNotIn("between", mail.body_html)

    def test_nothing_unless_switched_on(self):
        visit = self._create_event_at("2026-05-20 10:00:00")
        self.assertFalse(self._run("2026-05-20 12:00:00"))
        self.assertFalse(visit.told_start)

    def test_planned(self):
        self._switch_on()
        piece = self._create_equipment(serial_number="A-1", site_id=self.workshop.id)
        visit = self._create_event_at(
            "2026-05-20 10:00:00",
            installed_base_ids=piece.ids,
            note="<p>The dog bites</p>",
        )
        self.assertFalse(self._run("2026-05-20 10:10:00"), "It may still change")
        mail = self._run("2026-05-20 10:20:00")
        self.assertEqual(mail.recipient_ids, self.workshop)
        self.assertEqual(mail.state, "outgoing")
        self.assertIn("service@hearth.example.com", mail.email_from)
        for text in ("Claes Workshop", "June 1, 2026", "9:00", "Test cleaning", "A-1"):
            self.assertIn(text, mail.body_html)
        self.assertIn("Tom Technician", mail.body_html)
        self.assertNotIn("dog", mail.body_html)
        self.assertIn("One-Click", mail.headers)
        calendar = self._get_file(mail)
        event = calendar.vevent
        self.assertEqual(calendar.method.value, "PUBLISH")
        self.assertEqual(event.dtstart.value.replace(tzinfo=None), visit.date_start)
        self.assertEqual(event.dtend.value.replace(tzinfo=None), visit.date_end)
        self.assertIn("Quay 5", event.location.value)
        self.assertNotIn("dog", event.description.value)
        self.assertNotIn("attendee", event.contents)
        self.assertIn("Visit planned", visit.message_ids[0].body)
        self.assertTrue(visit.message_ids[0].is_internal)
        self.assertFalse(self._run("2026-05-20 10:40:00"), "once")
        self.assertFalse(visit.calendar_event_id.partner_ids & self.workshop)

    def test_changed(self):
        self._switch_on()
        visit = self._create_event_at("2026-05-20 10:00:00")
        first = self._get_file(self._run("2026-05-20 10:20:00")).vevent
        with freeze_time("2026-05-21 09:00:00"):
            event = visit.calendar_event_id
            event.write({"start": "2026-06-02 07:00:00", "stop": "2026-06-02 08:00:00"})
            self._date(visit, "2026-05-21 09:00:00")
        self.assertFalse(self._run("2026-05-21 09:05:00"))
        with freeze_time("2026-05-21 09:10:00"):
            visit.date_start = "2026-06-03 07:00:00"
            self._date(visit, "2026-05-21 09:10:00")
        mail = self._run("2026-05-21 09:30:00")
        self.assertEqual(len(mail), 1, "one mail for two moves")
        self.assertIn("has been changed", mail.subject)
        self.assertIn("June 3, 2026", mail.body_html)
        self.assertIn("Monday, June 1, 2026", mail.body_html)
        second = self._get_file(mail).vevent
        self.assertEqual(second.uid.value, first.uid.value)
        self.assertGreater(int(second.sequence.value), int(first.sequence.value))
        self.assertFalse(self._run("2026-05-21 10:00:00"))

    def test_moved_back_is_no_change(self):
        self._switch_on()
        visit = self._create_event_at("2026-05-20 10:00:00")
        self._run("2026-05-20 10:20:00")
        visit.date_start = "2026-06-02 07:00:00"
        visit.date_start = "2026-06-01 07:00:00"
        self._date(visit, "2026-05-21 09:10:00")
        self.assertFalse(self._run("2026-05-21 10:00:00"))

    def test_called_off(self):
        self._switch_on()
        visit = self._create_event_at("2026-05-20 10:00:00")
        self._run("2026-05-20 10:20:00")
        with freeze_time("2026-05-21 09:00:00"):
            visit.calendar_event_id.unlink()
            self._date(visit, "2026-05-21 09:00:00")
        mail = self._run("2026-05-21 10:00:00")
        self.assertIn("will not take place", mail.body_html)
        self.assertIn("another date", mail.body_html)
        self.assertEqual(self._get_file(mail).method.value, "CANCEL")
        self.assertFalse(visit.told_start)
        self.assertFalse(self._run("2026-05-21 11:00:00"))

    def test_known_before_it_was_switched_on(self):
        old = self._create_event_at("2026-05-10 10:00:00")
        self.assertEqual(old.calendar_event_id.create_date, datetime(2026, 5, 10, 10))
        self._switch_on()
        self.assertFalse(self._run("2026-05-20 12:00:00"))

    def test_reminder(self):
        self.company.visit_reminder_days = 3
        visit = self._create_event_at("2026-05-20 10:00:00")
        self.assertFalse(self._run("2026-05-28 06:00:00"))
        mail = self._run("2026-05-29 10:00:00")
        self.assertIn("remind", mail.body_html)
        self.assertTrue(mail.attachment_ids)
        self.assertFalse(self._run("2026-05-30 10:00:00"), "once")
        visit.date_start = "2026-06-05 07:00:00"
        self._date(visit, "2026-05-30 10:00:00")
        self.assertFalse(self._run("2026-05-31 10:00:00"))
        self.assertTrue(self._run("2026-06-03 10:00:00"), "It was moved")

    def test_one_that_fails_stops_no_other(self):
        self._switch_on()
        good = self._create_event_at("2026-05-20 10:00:00")
        bad = self._create_event_at("2026-05-20 10:00:00", technician_id=False)
        describe = type(bad)._describe_to_customer

        def refuse(visit, contact):
            if visit == bad:
                raise ValueError("No words for it")
            return describe(visit, contact)

        with (
            patch.object(type(bad), "_describe_to_customer", refuse),
            mute_logger("odoo.addons.field_installed_base.jobs"),
        ):
            mail = self._run("2026-05-20 10:20:00")
            self.assertFalse(self._run("2026-05-20 10:30:00"))
        self.assertEqual(len(mail), 1)
        self.assertEqual(good.told_start, good.date_start)
        self.assertFalse(bad.told_start)
        (todo,) = bad.activity_ids
        self.assertEqual(todo.summary, "The customer could not be notified")
        self.assertIn("No words for it", todo.note)

    def test_no_reminder_of_what_was_just_told(self):
        self._switch_on(visit_reminder_days=3)
        self._create_event_at("2026-05-30 10:00:00")
        self.assertEqual(len(self._run("2026-05-30 12:00:00")), 1)
        self.assertFalse(self._run("2026-05-31 12:00:00"))

    def test_who_is_told(self):
        self._switch_on()
        visit = self._create_event_at("2026-05-20 10:00:00")

        def told():
            return self.planned._notify_of_visits(visit).recipient_ids

        self.assertEqual(told(), self.workshop)
        self.contact.write(
            {
                "email": "anna@claes.example.com",
                "service_notice_type_ids": [(4, self.planned.id)],
            }
        )
        self.assertEqual(told(), self.workshop | self.contact, "She chose it")
        self.env["mail.blacklist"]._add("workshop@claes.example.com")
        self.assertEqual(told(), self.contact)
        self.env["mail.blacklist"]._remove("workshop@claes.example.com")
        self.planned._opt_out(self.workshop)
        self.planned._opt_out(self.workshop)
        self.assertEqual(told(), self.contact)
        self.assertIn(
            "Unsubscribed from the notification “", self.workshop.message_ids[0].body
        )
        self.planned._opt_out(self.contact)
        self.assertFalse(told())
        self.workshop.service_refused_notice_type_ids = False
        self.planned.active = False
        self.assertFalse(told())

    def test_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.workshop.lang = "fr_FR"
        self.cleaning.with_context(lang="fr_FR").name = "Nettoyage"
        template = self.planned.template_id.with_context(lang="fr_FR")
        template.subject = "Notre visite"
        visit = self._create_event_at("2026-05-20 10:00:00")
        mail = self.planned._notify_of_visits(visit)
        self.assertEqual(mail.subject, "Notre visite")
        self.assertIn("1 juin 2026", mail.body_html)
        self.assertIn("Nettoyage", mail.body_html)

    def test_tell_now(self):
        visit = self._create_event_at("2026-05-20 10:00:00")
        dispatcher = self._as("dispatcher", visit)
        before = self.env["mail.mail"].search([])
        dispatcher.action_notify_customer()
        mail = self.env["mail.mail"].search([]) - before
        self.assertEqual(mail.recipient_ids, self.workshop)
        self.assertEqual(visit.told_start, visit.date_start)
        self.workshop.email = False
        with self.assertRefused(
            "its contact has no email address or has unsubscribed, or the "
            "notification is disabled under Configuration > Notifications",
            UserError,
        ):
            dispatcher.action_notify_customer()

    def test_companies(self):
        self._switch_on()
        self.other_company.email = "abroad@boilers.example.com"
        visit = self._create_event_at(
            "2026-05-20 10:00:00",
            company_id=self.other_company.id,
            technician_id=False,
        )
        self.assertFalse(self._run("2026-05-20 12:00:00"), "not switched on there")
        self.other_company.visit_reminder_days = 30
        mail = self._run("2026-05-20 12:00:00")
        self.assertIn("abroad@boilers.example.com", mail.email_from)
        self.assertEqual(visit.reminded_start, visit.date_start)

from datetime import datetime
from zoneinfo import ZoneInfo

from freezegun import freeze_time
from lxml import etree
from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, ValidationError
from odoo.fields import Command
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import mute_logger
from odoo.tools.safe_eval import safe_eval

from .test_service_request import RequestCase

OFFICE = [(8, 17)]
SPLIT = [(8, 12), (13, 17)]
# The day of each name, in the week of Monday, 1 June 2026 and the one after.
DAYS = {
    **{name: day for day, name in enumerate("Mon Tue Wed Thu Fri Sat Sun".split(), 1)},
    **{f"next {name}": day for day, name in enumerate("Mon Tue Wed".split(), 8)},
}


def at(text, zone="Europe/Brussels"):
    """Return a moment in UTC: `at("Fri 15:30")` by the clock of Brussels."""
    day, clock = text.rsplit(" ", 1)
    hour, minute = map(int, clock.split(":"))
    local = datetime(2026, 6, DAYS[day], hour, minute, tzinfo=ZoneInfo(zone))
    return local.astimezone(ZoneInfo("UTC")).replace(tzinfo=None)


class ServiceLevelCase(RequestCase):
    """Requests in the week of Monday, 1 June 2026, answered from 8 to 17 in Brussels
    within 4 hours."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.office = cls._create_hours(OFFICE)
        (cls.customer | cls.workshop).tz = "Europe/Brussels"
        cls.company.write(
            {
                "service_response_hours": 4,
                "service_calendar_id": cls.office.id,
                "service_first_alert": 2,
                "service_second_alert": 1,
                "service_last_alert": 0,
            }
        )

    @classmethod
    def _create_hours(cls, shifts, days="01234", **vals):
        return cls.env["resource.calendar"].create(
            {
                "name": "Service",
                "tz": "Europe/Brussels",
                "company_id": cls.company.id,
                "attendance_ids": [
                    Command.clear(),
                    *(
                        Command.create(
                            {
                                "name": f"{day} {start}",
                                "dayofweek": day,
                                "hour_from": start,
                                "hour_to": end,
                                "day_period": "morning",
                            }
                        )
                        for day in days
                        for start, end in shifts
                    ),
                ],
                **vals,
            }
        )

    @classmethod
    def _request_at(cls, text, **vals):
        """Create a request at a moment of Brussels, seen then."""
        moment = at(text)
        with freeze_time(moment):
            request = cls._create_request(request_date=moment, **vals)
            request.flush_recordset()
        return request

    def _move_to(self, request, stage, text):
        with freeze_time(at(text)):
            request.stage_id = stage
            self.env.flush_all()

    def _begin_work(self, request, text):
        """Let the technician begin on a visit for a request."""
        visit = self._create_planned_visit("2026-06-02 07:00:00", request_id=request.id)
        with freeze_time(at(text)):
            visit.action_start()
            self.env.flush_all()
        return visit


@tagged("post_install", "-at_install")
class TestResponseDue(ServiceLevelCase):
    def test_dates(self):
        split = self._create_hours(SPLIT)
        for calendar, text, hours, expected in (
            (self.office, "Fri 15:30", 8, "next Mon 14:30"),
            (self.office, "Sat 10:00", 4, "next Mon 12:00"),
            (self.office, "Mon 08:00", 9, "Mon 17:00"),
            (split, "Thu 11:15", 3, "Thu 15:15"),
        ):
            with self.subTest(text):
                self.company.service_calendar_id = calendar
                self.company.service_response_hours = hours
                request = self._request_at(text)
                self.assertEqual(request.response_due, at(expected))
                self.assertEqual(request.response_hours, hours)
                self.assertFalse(request.response_warning)

    def test_holiday(self):
        self.company.service_response_hours = 2
        request = self._request_at("Tue 16:00")
        self.assertEqual(request.response_due, at("Wed 09:00"))
        holiday = self._add_days_off("2026-06-03", "2026-06-03")
        self.assertEqual(request.response_due, at("Thu 09:00"))
        self.company.service_on_holidays = True
        self.assertEqual(request.response_due, at("Wed 09:00"))
        self.company.service_on_holidays = False
        holiday.unlink()
        self.assertEqual(request.response_due, at("Wed 09:00"))
        # Of all companies, together with one of another
        common = self._add_days_off("2026-06-03", "2026-06-03")
        common.company_id = False
        self.assertEqual(request.response_due, at("Thu 09:00"))
        others = self._add_days_off("2026-06-04", "2026-06-04", self.other_company)
        (common | others).unlink()
        self.assertEqual(request.response_due, at("Wed 09:00"))
        # Of another company, or of a person
        self._add_days_off("2026-06-03", "2026-06-03", company=self.other_company)
        self._add_days_off(
            "2026-06-03", "2026-06-03", resource_id=self.technician.resource_id.id
        )
        self.assertEqual(request.response_due, at("Wed 09:00"))

    def test_clock_of_the_site(self):
        """8 to 17 is by the clock where the equipment stands; so are holidays."""
        self.workshop.tz = "Asia/Tokyo"
        self._add_days_off("2026-06-03", "2026-06-03")
        request = self._request_at("Tue 02:00")
        self.assertEqual(request.response_due, at("Tue 13:00", "Asia/Tokyo"))
        later = self._request_at("Tue 09:00")
        # 16:00 in Tokyo: an hour is left, Wednesday is off.
        self.assertEqual(later.response_due, at("Thu 11:00", "Asia/Tokyo"))
        for partner in self.workshop | self.customer:
            partner.tz = False
        self.assertEqual(later.response_due, at("Tue 13:00"))
        unknown = self._request_at("Tue 10:00")
        self.assertEqual(unknown.response_due, at("Tue 14:00"), "The calendar's")

    def test_changes_of_clocks(self):
        self.company.service_response_hours = 2
        for day, before, after in (
            ("2026-03-27", "15:00:00", "2026-03-30 07:00:00"),
            ("2026-10-23", "14:00:00", "2026-10-26 08:00:00"),
        ):
            # Friday 16:00, by the clock of that day
            with freeze_time(f"{day} {before}"):
                request = self._create_request(request_date=f"{day} {before}")
                self.assertEqual(str(request.response_due), after)
        night = self._create_hours([(0, 24)], days="0123456")
        self.company.service_calendar_id = night
        self.company.service_response_hours = 6
        with freeze_time("2026-03-29 00:30:00"):
            request = self._create_request(request_date="2026-03-29 00:30:00")
            self.assertEqual(str(request.response_due), "2026-03-29 06:30:00")

    def test_whose_hours_count(self):
        """The first that has some: equipment, category, those above it, company."""
        family = self.env["installed.base.category"].create({"name": "Heating"})
        kind = self.piece.category_id
        kind.parent_id = family
        request = self._request_at("Mon 08:00")
        for record, hours, expected in (
            (family, 3, "Mon 11:00"),
            (kind, 2, "Mon 10:00"),
            (self.piece, 1, "Mon 09:00"),
            (self.piece, 0, "Mon 10:00"),
            (kind, 0, "Mon 11:00"),
            (family, 0, "Mon 12:00"),
        ):
            record.response_hours = hours
            self.assertEqual(request.response_due, at(expected))
        kind.parent_id = False
        self.company.service_response_hours = 0
        self.assertFalse(request.response_due)
        self.assertFalse(request.next_alert)
        self.assertFalse(request.response_state)
        self.assertFalse(request.response_warning)

    def test_negative_hours_are_refused(self):
        for record, name in (
            (self.piece, "response_hours"),
            (self.piece.category_id, "response_hours"),
            (self.company, "service_response_hours"),
        ):
            with self.assertRaises(ValidationError):
                record[name] = -1

    def test_earliest_of_several_pieces(self):
        other = self._create_equipment(product_id=self.boiler.id)
        other.response_hours = 2
        request = self._request_at(
            "Mon 08:00", installed_base_ids=(self.piece | other).ids
        )
        self.assertEqual(request.response_due, at("Mon 10:00"))
        self.assertEqual(request.response_hours, 2)
        self.assertEqual(request.response_category_id, other.category_id)
        request.installed_base_ids = self.piece
        self.assertEqual(request.response_due, at("Mon 12:00"))
        self.assertEqual(request.response_category_id, self.piece.category_id)

    def test_unknown_sender(self):
        request = self._request_at("Mon 08:00", partner_id=False)
        self.assertEqual(request.response_due, at("Mon 12:00"))

    def test_whose_calendar(self):
        own = self._create_hours([(10, 12)])
        self.company.service_calendar_id = False
        self.company.resource_calendar_id = own
        request = self._request_at("Mon 08:00")
        self.assertEqual(request.response_due, at("Tue 12:00"))
        self.company.resource_calendar_id = False
        request = self._request_at("Sat 23:00")
        self.assertEqual(request.response_due, at("Sun 03:00"), "Round the clock")

    def test_never(self):
        """Nobody serves so long: the request says so."""
        self.company.service_calendar_id = self._create_hours([(8, 9)], days="0")
        self.company.service_response_hours = 60
        request = self._request_at("Mon 08:00")
        self.assertFalse(request.response_due)
        self.assertFalse(request.next_alert)
        self.assertIn("60:00 service hours", request.response_warning)
        self.assertIn("“Service”", request.response_warning)
        self.company.service_response_hours = 52
        self.assertTrue(request.response_due)
        self.assertFalse(request.response_warning)

    def test_hours_that_change(self):
        request = self._request_at("Mon 08:00")
        morning = self.office.attendance_ids.filtered(lambda a: a.dayofweek == "0")
        morning.hour_from = 9
        self.assertEqual(request.response_due, at("Mon 13:00"))
        morning.unlink()
        self.assertEqual(request.response_due, at("Tue 12:00"))

    def test_follows_until_work_begins(self):
        request = self._request_at("Tue 10:00")
        request.request_date = at("Tue 11:00")
        self.assertEqual(request.response_due, at("Tue 15:00"))
        self._begin_work(request, "Tue 12:00")
        self.piece.response_hours = 1
        self.company.service_response_hours = 8
        other = self._create_equipment(product_id=self.boiler.id)
        request.installed_base_ids |= other
        request.request_date = at("Mon 08:00")
        self.assertEqual(request.response_due, at("Tue 15:00"))
        self.assertEqual(request.response_hours, 4)

    def test_work_that_was_taken_back(self):
        request = self._request_at("Tue 10:00")
        visit = self._begin_work(request, "Tue 12:00")
        self.assertEqual(request.response_state, "met")
        visit.state = "planned"
        self.assertFalse(request.response_date)
        self.piece.response_hours = 1
        self.assertEqual(request.response_due, at("Tue 11:00"))

    def test_form(self):
        """The date is there while the customer is on the phone."""
        with freeze_time(at("Mon 08:00")):
            requests = self._as("dispatcher", self.env["service.request"])
            form = Form(requests)
            form.partner_id = self.customer
            self.assertEqual(form.response_due, at("Mon 12:00"))
            self.assertEqual(form.response_state, "open")

    def test_nobody_writes_it(self):
        request = self._request_at("Mon 08:00")
        for name, value in (
            ("response_due", "2026-06-30"),
            ("response_level", "0"),
            ("next_alert", False),
            ("response_pauses", []),
            ("response_result", "met"),
            ("response_activity_id", False),
        ):
            with self.assertRaises(AccessError):
                self._as("administrator", request).write({name: value})

    def test_portal(self):
        """What was promised to oneself alone is nothing that customers see."""
        portal = new_test_user(
            self.env,
            "anna",
            groups="base.group_portal",
            partner_id=self.contact.id,
        )
        request = self._request_at("Mon 08:00").with_user(portal)
        self.assertTrue(request.subject)
        for name in ("response_due", "response_level", "response_result"):
            with self.assertRaises(AccessError):
                request.read([name])

    def test_queries(self):
        """As many for thousands of dates as for a few."""
        calendars = self.office | self._create_hours(SPLIT)
        pieces = self.piece | self._create_equipment()
        requests = self.env["service.request"].create(
            [
                {
                    "subject": "x",
                    "partner_id": self.customer.id,
                    "request_date": at("Mon 08:00"),
                    "installed_base_ids": pieces[number % 2].ids,
                }
                for number in range(60)
            ]
        )
        self.env.flush_all()

        def count(some):
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            some.modified(["request_date"])
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        self.assertTrue(calendars)
        count(requests[:2])
        few = count(requests[:3])
        self.assertEqual(count(requests), few)


@tagged("post_install", "-at_install")
class TestWaiting(ServiceLevelCase):
    def test_clock_stands(self):
        request = self._request_at("Tue 10:00")
        self.assertEqual(request.response_due, at("Tue 14:00"))
        self._move_to(request, self.waiting, "Tue 11:00")
        self.assertFalse(request.response_due)
        self.assertFalse(request.next_alert)
        self.assertEqual(request.response_state, "waiting")
        self.assertFalse(request.response_warning)
        self._move_to(request, self.progress, "Wed 09:30")
        self.assertEqual(request.response_due, at("Wed 12:30"))
        self._move_to(request, self.waiting, "Wed 10:00")
        self._move_to(request, self.progress, "Thu 10:00")
        self.assertEqual(request.response_due, at("Thu 12:30"))

    def test_late_already(self):
        """Waiting is no excuse for what was late before."""
        request = self._request_at("Tue 10:00")
        self._move_to(request, self.waiting, "Tue 15:00")
        self.assertEqual(request.response_due, at("Tue 14:00"))
        self._move_to(request, self.progress, "Thu 10:00")
        self.assertEqual(request.response_due, at("Tue 14:00"))
        self.assertEqual(request.response_result, "late")

    def test_begun_while_waiting(self):
        request = self._request_at("Tue 10:00")
        self._move_to(request, self.waiting, "Tue 11:00")
        self._begin_work(request, "Wed 09:30")
        self.assertEqual(request.response_due, at("Wed 12:30"))
        self.assertEqual(request.response_time, 1)
        self.assertEqual(request.response_result, "met")

    def test_closed_and_reopened(self):
        """Nobody owes an answer while a request is closed."""
        request = self._request_at("Tue 10:00")
        self._move_to(request, self.done, "Tue 11:00")
        self.assertEqual(request.response_state, "met")
        self.assertEqual(request.response_time, 1)
        self.assertEqual(request.service_time, 1)
        self._move_to(request, self.progress, "Wed 09:30")
        self.assertEqual(request.response_due, at("Wed 12:30"))
        self.assertFalse(request.response_date)
        self.assertFalse(request.response_result)

    def test_stage_that_becomes_waiting(self):
        request = self._request_at("Tue 10:00")
        self._move_to(request, self.progress, "Tue 10:30")
        with freeze_time(at("Tue 11:00")):
            self.progress.is_waiting = True
            self.assertFalse(request.response_due)
        with freeze_time(at("Wed 09:30")):
            self.progress.is_waiting = False
            self.assertEqual(request.response_due, at("Wed 12:30"))


@tagged("post_install", "-at_install")
class TestResponseTimes(ServiceLevelCase):
    def test_to_first_work_and_to_closing(self):
        request = self._request_at("Tue 10:00")
        visit = self._begin_work(request, "Wed 09:00")
        self.assertEqual(request.response_date, at("Wed 09:00"))
        self.assertEqual(request.response_technician_id, self.technician)
        self.assertEqual(request.response_time, 8)
        self.assertEqual(request.response_result, "late")
        self.assertEqual(request.response_state, "missed")
        self.assertEqual(request.service_time, 0)
        self._begin_work(request, "Wed 12:00")
        with freeze_time(at("Thu 09:00")):
            request.visit_ids.write({"state": "done", "completion": "full"})
            self.env.flush_all()
        self.assertTrue(request.is_closed)
        self.assertEqual(request.response_date, visit.actual_start, "The first")
        self.assertEqual(request.service_time, 17)
        self._move_to(request, self.progress, "Thu 10:00")
        self._move_to(request, self.done, "Thu 12:00")
        self.assertEqual(request.service_time, 19)
        self.assertEqual(request.response_time, 8)

    def test_cancelled_request(self):
        """Who cancels a request has not answered it, unless somebody was there."""
        cancelled = self.env.ref("field_maintenance.service_request_stage_cancelled")
        analysis = self.env.ref("field_maintenance.service_request_response_action")
        domain = safe_eval(analysis.domain)
        request, begun, closed = (self._request_at("Tue 10:00") for _one in range(3))
        self._begin_work(begun, "Tue 11:00")
        self._move_to(request | begun, cancelled, "Wed 09:00")
        self._move_to(closed, self.done, "Tue 11:00")
        self.assertEqual(
            [one.response_date for one in (request, begun, closed)],
            [False, at("Tue 11:00"), at("Tue 11:00")],
        )
        self.assertEqual(
            [one.response_result for one in (request, begun, closed)],
            [False, "met", "met"],
        )
        self.assertFalse(request.response_state)
        self.assertFalse(request.next_alert)
        self.assertEqual(
            (request | begun | closed).filtered_domain(domain), begun | closed
        )
        self._move_to(request, self.progress, "Wed 10:00")
        self.assertFalse(request.response_date)
        self.assertEqual(request.filtered_domain(domain), request)

    def test_analysis(self):
        """Met and late of this quarter, by team and customer, at one click from the
        menu."""
        requests = self.env["service.request"]
        action = self.env["ir.actions.actions"]._for_xml_id(
            "field_maintenance.service_request_response_action"
        )
        context = safe_eval(action["context"])
        views = requests.get_views(
            [[view_id, kind] for view_id, kind in action["views"]]
            + [[action["search_view_id"] and action["search_view_id"][0], "search"]]
        )["views"]
        self.assertEqual(action["views"][0][1], "pivot", "What opens first")
        fields = {
            (node.get("type"), node.get("name"))
            for node in etree.fromstring(views["pivot"]["arch"]).iter("field")
        }
        self.assertLessEqual(
            {
                ("row", "team_id"),
                ("row", "commercial_partner_id"),
                ("col", "response_result"),
            },
            fields,
        )
        chosen = etree.fromstring(views["search"]["arch"]).xpath(
            "//filter[@name='this_quarter']"
        )
        self.assertEqual(context["search_default_this_quarter"], 1)
        self.assertIn("request_date", chosen[0].get("domain"))
        menus = self.env["ir.ui.menu"].search([("action", "like", ",%")])
        mine = menus.filtered(lambda menu: menu.action.id == action["id"])
        self.assertEqual(mine.mapped("name"), ["Response Times"])

    def test_exactly_in_time(self):
        request = self._request_at("Tue 10:00")
        self._begin_work(request, "Tue 14:00")
        self.assertEqual(request.response_result, "met")

    def test_clock_of_the_technician(self):
        """What the clock says goes before when somebody noted it."""
        request = self._request_at("Tue 10:00")
        visit = self._begin_work(request, "Tue 15:00")
        self.assertEqual(request.response_result, "late")
        self.env["maintenance.visit.time"].create(
            {
                "visit_id": visit.id,
                "technician_id": self.technician.id,
                "date_start": at("Tue 13:00"),
                "date_end": at("Tue 15:00"),
            }
        )
        self.assertEqual(request.response_date, at("Tue 13:00"))
        self.assertEqual(request.response_result, "met")

    def test_cancelled_visit(self):
        request = self._request_at("Tue 10:00")
        visit = self._begin_work(request, "Tue 11:00")
        with freeze_time(at("Tue 15:00")):
            visit.write({"state": "cancelled", "cancel_reason": "Wrong customer"})
            self.assertFalse(request.response_date)
            self.assertEqual(request.response_result, "late")

    def test_without_promise(self):
        """Times are measured, nothing is met or late."""
        self.company.service_response_hours = 0
        request = self._request_at("Tue 10:00")
        self._begin_work(request, "Tue 12:00")
        self.assertEqual(request.response_time, 2)
        self.assertFalse(request.response_result)

    def test_met_and_late_by_technician(self):
        for text in ("Tue 12:00", "Tue 13:00", "Wed 12:00"):
            self._begin_work(self._request_at("Tue 10:00"), text)
        requests = self._as("dispatcher", self.env["service.request"])
        groups = requests._read_group(
            [("company_id", "=", self.company.id)],
            ["response_technician_id", "response_category_id", "response_result"],
            ["__count", "response_time:avg"],
        )
        kind = self.piece.category_id
        self.assertCountEqual(
            groups,
            [
                (self.technician, kind, "met", 2, 2.5),
                (self.technician, kind, "late", 1, 11),
            ],
        )

    def test_averages(self):
        """What nobody has answered yet is not answered within no time."""
        self._begin_work(self._request_at("Tue 10:00"), "Tue 12:00")
        self._request_at("Tue 10:00")
        own = [("company_id", "=", self.company.id)]
        requests = self.env["service.request"]
        groups = requests._read_group(
            own, [], ["response_time:avg", "service_time:avg", "__count"]
        )
        self.assertEqual(groups, [(2, False, 2)])
        self.assertEqual(sorted(requests.search(own).mapped("response_time")), [0, 2])


@tagged("post_install", "-at_install")
class TestAlerts(ServiceLevelCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.handler = cls.users["dispatcher"]
        cls.handler.tz = "Europe/Brussels"
        cls.request = cls._request_at("Mon 08:00", user_id=cls.handler.id)

    def _raise_at(self, text):
        """Run the job at a moment, and return the emails that it sends."""
        before = self.env["mail.mail"].search([])
        self.env.flush_all()
        with freeze_time(at(text)), self.enter_registry_test_mode():
            self.env.ref(
                "field_maintenance.ir_cron_raise_alerts"
            ).method_direct_trigger()
        self.env.invalidate_all()
        return self.env["mail.mail"].search([]) - before

    def _get_todos(self):
        return self.request.activity_ids.filtered(
            lambda activity: activity.summary.startswith("Response due")
        )

    def test_levels(self):
        """Later than the date minus the hours; each rise is told once."""
        request = self.request
        self.assertEqual(request.next_alert, at("Mon 10:00"))
        for text, level, following, mails in (
            ("Mon 10:00", "0", "Mon 10:00", 0),
            ("Mon 10:01", "1", "Mon 11:00", 1),
            ("Mon 10:06", "1", "Mon 11:00", 0),
            ("Mon 11:05", "2", "Mon 12:00", 1),
            ("Mon 12:00", "2", "Mon 12:00", 0),
            ("Mon 12:01", "3", False, 1),
            ("Mon 12:06", "3", False, 0),
        ):
            with self.subTest(text):
                sent = self._raise_at(text)
                self.assertEqual(len(sent), mails)
                self.assertEqual(request.response_level, level)
                self.assertEqual(request.next_alert, following and at(following))
                todos = self._get_todos()
                self.assertEqual(len(todos), level != "0")
                if sent:
                    self.assertEqual(sent.recipient_ids, self.handler.partner_id)
                    self.assertIn("12:00", sent.subject)
                    self.assertEqual(todos.user_id, self.handler)
        self.assertEqual(request.response_result, "late")

    def test_several_at_once(self):
        """A job that did not run for hours tells once."""
        self.assertEqual(len(self._raise_at("Mon 16:00")), 1)
        self.assertEqual(self.request.response_level, "3")
        self.assertEqual(len(self._get_todos()), 1)

    def test_todo_that_was_done(self):
        self._raise_at("Mon 10:01")
        self._get_todos().action_done()
        self._raise_at("Mon 11:01")
        self.assertEqual(len(self._get_todos()), 1)

    def test_until_work_begins(self):
        self._raise_at("Mon 10:01")
        visit = self._begin_work(self.request, "Mon 10:30")
        self.assertFalse(self._get_todos())
        self.assertFalse(self.request.next_alert)
        self.assertFalse(self._raise_at("Mon 16:00"))
        self.assertEqual(self.request.response_level, "1")
        with freeze_time(at("Mon 10:40")):
            visit.state = "planned"
            self.env.flush_all()
        self.assertEqual(len(self._raise_at("Mon 11:01")), 1)

    def test_waiting_and_closed(self):
        self._raise_at("Mon 11:01")
        for stage in self.waiting | self.done:
            self._move_to(self.request, stage, "Mon 11:10")
            self.assertFalse(self._get_todos())
            self.assertFalse(self.request.next_alert)
            self.assertFalse(self._raise_at("Mon 16:00"))
        self._move_to(self.request, self.progress, "Tue 08:00")
        # 50 minutes are left.
        self.assertEqual(self.request.response_due, at("Tue 08:50"))
        self.assertEqual(len(self._raise_at("Tue 08:01")), 1)

    def test_late_before_the_last_alert(self):
        """Whoever is told before is not told again, but it is late."""
        self.company.service_last_alert = 0.5
        self.assertEqual(len(self._raise_at("Mon 11:31")), 1)
        self.assertEqual(self.request.response_level, "3")
        self.assertEqual(self.request.next_alert, at("Mon 12:00"))
        self.assertFalse(self.request.response_result)
        self.assertFalse(self._raise_at("Mon 12:01"))
        self.assertEqual(self.request.response_result, "late")
        self.assertFalse(self.request.next_alert)

    def test_alerts_that_change(self):
        self.company.service_first_alert = 3
        self.assertEqual(self.request.next_alert, at("Mon 09:00"))
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError):
            self.company.service_second_alert = 4
            self.env.flush_all()

    def test_date_that_is_put_off(self):
        """A level falls with its date, and rises again."""
        self._raise_at("Mon 11:01")
        with freeze_time(at("Mon 11:10")):
            self.company.service_response_hours = 8
            self.assertEqual(self.request.response_level, "0")
            self.assertEqual(self.request.next_alert, at("Mon 11:10"), "The To-Do")
        self.assertFalse(self._raise_at("Mon 11:11"), "Nothing rose")
        self.assertIn("4:00 PM", self._get_todos().summary.replace("\u202f", " "))
        self.assertEqual(self.request.next_alert, at("Mon 14:00"))
        self.assertEqual(len(self._raise_at("Mon 14:01")), 1)
        self.assertEqual(len(self._get_todos()), 1)

    def test_todo_of_another_day(self):
        """A To-Do has the day of the date that it names."""
        self._raise_at("Mon 11:01")
        with freeze_time(at("Mon 11:10")):
            self.request.request_date = at("Tue 08:00")
            self.env.flush_all()
        self._raise_at("Mon 11:11")
        todo = self._get_todos()
        self.assertEqual(todo.date_deadline, at("Tue 12:00").date())
        self.assertEqual(self.request.next_alert, at("Tue 10:00"))

    def test_todo_without_date(self):
        """Nothing is promised any more: nothing is to be done by then."""
        self._raise_at("Mon 11:01")
        with freeze_time(at("Mon 11:10")):
            self.company.service_response_hours = 0
            self.env.flush_all()
        self.assertFalse(self._raise_at("Mon 11:11"))
        self.assertFalse(self._get_todos())
        self.assertFalse(self.request.next_alert)

    def test_another_responsible(self):
        """What is to be done goes to who handles it now, in their words and hours."""
        self._raise_at("Mon 11:01")
        request, other = self.request, self.users["technician"]
        other.tz = "UTC"
        first = self.handler
        request.activity_schedule(
            "mail.mail_activity_data_call", summary="By hand", user_id=first.id
        ).automated = False
        request._schedule_once("The customer replied", "Please call")
        mails = self.env["mail.mail"].search([])
        with freeze_time(at("Mon 11:10")):
            request.user_id = other
            self.env.flush_all()
        todos = request.activity_ids
        self.assertEqual(
            {todo.summary.split(" due")[0]: todo.user_id for todo in todos},
            {"Response": other, "By hand": first, "The customer replied": other},
        )
        self.assertIn("10:00", self._get_todos().summary)
        sent = self.env["mail.mail"].search([]) - mails
        self.assertLessEqual(len(sent), 1, "They are told that it is theirs, once")
        self.assertFalse(self._raise_at("Mon 11:11"))
        # Nobody: the dispatcher of the company.
        with freeze_time(at("Mon 11:20")):
            request.user_id = False
            self.env.flush_all()
        dispatcher = self.company._get_dispatchers()[:1]
        self.assertEqual(self._get_todos().user_id, dispatcher)
        # The first who leads a team that was given it.
        request.user_id = first
        self.assertEqual(self._get_todos().user_id, first)

    def test_responsible_who_left(self):
        left = self.users["technician"]
        self.request.user_id = left
        left.sudo().active = False
        self.assertEqual(
            self._raise_at("Mon 10:01").recipient_ids,
            self.company._get_dispatchers()[:1].partner_id,
        )

    def test_nobody_to_tell(self):
        self.request.user_id = False
        self.assertEqual(
            self._raise_at("Mon 10:01").recipient_ids,
            self.company._get_dispatchers()[:1].partner_id,
        )

    def test_filters(self):
        requests = self.env["service.request"]
        domain = [("response_due", "<", "now"), ("response_date", "=", False)]
        own = [("company_id", "=", self.company.id)]
        with freeze_time(at("Mon 13:00")):
            self.assertEqual(requests.search(domain + own), self.request)
            self.assertEqual(self.request.response_state, "late")
        with freeze_time(at("Mon 11:00")):
            self.assertFalse(requests.search(domain + own))

    def test_queries_of_the_job(self):
        """Nothing due: no more than one look, however many requests there are."""
        self.env.flush_all()
        with freeze_time(at("Mon 09:00")):
            self.env["service.request"]._cron_raise_alerts()
            with self.assertQueryCount(3):
                self.env["service.request"]._cron_raise_alerts()

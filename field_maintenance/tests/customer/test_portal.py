# What people write is not translated.
# pylint: disable=translation-required
import re
from unittest.mock import patch

from freezegun import freeze_time

from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from odoo.addons.field_installed_base.models.problem import (
    installed_base_problem_report,
)

from ...controllers.portal import VisitPortal
from ..common import MaintenanceFixtures


class PortalCase(MaintenanceFixtures, HttpCase):
    """Two customers with a portal user each; the visit is the first one's."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.piece = cls._create_equipment(serial_number="SN-1")
        cls.visit = cls._create_planned_visit(
            "2027-06-01 07:00:00", due_date="2027-06-01"
        )
        cls.foreign = cls._create_visit(partner_id=cls.neighbour.id)
        cls.address = f"/my/visits/{cls.visit.id}"

    def _login(self, role):
        login = self.users[role].login if role else None
        self.authenticate(login, login)

    def _get(self, address, status=200, **params):
        response = self.url_open(address, allow_redirects=False, **params)
        self.assertEqual(response.status_code, status, address)
        return response

    def _ask(self, address, status=303, **data):
        """Send the form of the visit's page, to this address."""
        form = self.url_open(self.address).text
        token = form.partition('csrf_token: "')[2].partition('"')[0]
        response = self.url_open(
            address, data={"csrf_token": token, **data}, allow_redirects=False
        )
        self.assertEqual(response.status_code, status)
        return response


@tagged("post_install", "-at_install")
class TestPortal(PortalCase):
    def test_access_url(self):
        self.assertEqual(self.visit.access_url, self.address)

    def test_list(self):
        done = self._create_visit(due_date="2026-01-05")
        self._create_visit(visit_type_id=self.repair.id)._cancel("No longer needed")
        self._login("portal")
        text = self._get("/my/visits").text
        self.assertIn(self.visit.name, text)
        self.assertIn(f"/my/visits/{done.id}", text)
        self.assertIn("Pellet stove Lesse", text)
        self.assertNotIn(f"/my/visits/{self.foreign.id}", text)
        self.assertNotIn("Test repair", text, "Cancelled visits are hidden")
        self.assertNotIn(
            f"/my/visits/{self.visit.id}", self._get("/my/visits?filterby=done").text
        )
        self.assertIn('"visit_count"', self._get("/my/home").text.replace("'", '"'))

    @freeze_time("2027-05-10 10:00:00")
    def test_next_comes_first(self):
        """Appointments, what is due, what is due next year or later, what is over."""
        former, latest = (
            self._create_visit(due_date=day) for day in ("2026-01-05", "2027-05-02")
        )
        (former | latest).state = "done"
        far, near = (
            self._create_visit(due_date=day) for day in ("2028-01-05", "2027-06-02")
        )
        # Due long ago, but the customer expects it on this day.
        moved = self._create_planned_visit("2027-07-01 07:00:00", due_date="2026-02-01")
        listed = (self.visit, moved, near, far, latest, former)
        self._login("portal")

        def read(address):
            found = re.findall(r'/my/visits/(\d+)"', self._get(address).text)
            return [int(number) for number in found]

        self.assertEqual(read("/my/visits"), [visit.id for visit in listed])
        with patch.object(VisitPortal, "_items_per_page", 3):
            for page, visits in ((1, listed[:3]), (2, listed[3:])):
                self.assertEqual(
                    read(f"/my/visits/page/{page}"), [visit.id for visit in visits]
                )
        text = self._get("/my/visits").text
        folded = text.partition('id="later_visits"')[2].partition("</tbody>")[0]
        self.assertIn('class="collapse"', folded)
        self.assertEqual(re.findall(r"/my/visits/(\d+)", folded), [str(far.id)])
        # Its report is one click away, and the list says what stands where.
        self.assertIn(f"/my/visits/{latest.id}/report", text)
        self.assertIn("Pellet stove Lesse SN-1", text)
        self.assertIn(self.visit.site_id.display_name, text)
        self.assertNotIn("later_visits", self._get("/my/visits?sortby=newest").text)

    @freeze_time("2027-05-10 10:00:00")
    def test_home(self):
        """The next appointment of one's company stands on top, also for the portal
        users of its other contacts, and nobody else's does."""
        self._create_planned_visit("2027-05-01 07:00:00")
        self._login("portal")
        text = self._get("/my").text.partition('name="next_visit"')[2]
        self.assertIn(f'href="{self.address}"', text.partition("</a>")[0])
        self.assertIn("/my/requests/new?about=appointment", text)
        self._login("other portal")
        self.assertNotIn("next_visit", self._get("/my").text)
        self.visit._cancel("No longer needed")
        self._login("portal")
        self.assertNotIn("next_visit", self._get("/my").text)

    def test_hostile_lists(self):
        self._login("portal")
        for query in (
            "page=99",
            "sortby=id",
            "filterby=%00",
            "filterby=coming&filterby=done",
            "sortby[]=next&search=%00",
        ):
            self._get(f"/my/visits?{query}")
        self._get("/my/visits/page/99999999999999999999999")

    def test_page(self):
        ordered = self.env.ref("field_maintenance.repair_status_part_ordered")
        self.visit.line_ids.repair_status_id = ordered
        self._login("portal")
        text = self._get(self.address).text
        self.assertIn("Test cleaning", text)
        self.assertIn("Tom Technician", text)
        self.assertIn("SN-1", text)
        self.assertIn("A part is on order", text)
        self.assertNotIn("Part ordered", text, "The words of colleagues")
        self.assertNotIn("Colleague", text)

    def test_page_of_the_equipment(self):
        self._login("portal")
        text = self._get(f"/my/equipment/{self.piece.id}").text
        self.assertIn(self.address, text)

    def test_others_are_not_found(self):
        cancelled = self._create_visit()
        cancelled._cancel("No longer needed")
        self._login("portal")
        with mute_logger("odoo.http"):
            for visit_id in (self.foreign.id, cancelled.id, 2**31 - 1):
                self._get(f"/my/visits/{visit_id}", 404)
                self._get(f"/my/visits/{visit_id}?access_token=x", 404)
        self._login(None)
        self.assertIn("/web/login", self._get(self.address, 303).headers["Location"])

    @freeze_time("2027-05-01 10:00:00")
    def test_ask_for_another_date(self):
        leader = self.env["hr.employee"].create(
            {"name": "Lea", "user_id": self.users["dispatcher"].id}
        )
        self.visit.team_id = self.env["service.team"].create(
            {"name": "North", "leader_id": leader.id}
        )
        self._login("portal")
        self._ask(self.address, day="2027-06-08", wish="<b>Not</b> before nine")
        self._ask(self.address, wish="Or on Friday")
        (activity,) = self.visit.activity_ids
        self.assertEqual(activity.user_id, self.users["dispatcher"])
        self.assertIn("06/08/2027", activity.note)
        self.assertIn("&lt;b&gt;Not", activity.note)
        self.assertIn("Or on Friday", activity.note)
        self.assertEqual(len(self.visit.message_ids.filtered("author_id")), 3)
        self.assertEqual(str(self.visit.date_start), "2027-06-01 07:00:00")

    @freeze_time("2027-05-01 10:00:00")
    def test_wishes_that_are_none(self):
        self._login("portal")
        self.assertIn("Choose a date", self._ask(self.address, 400).text)
        text = self._ask(self.address, 400, day="2027-13-45", wish="Soon").text
        self.assertIn("Enter the date", text)
        text = self._ask(self.address, 400, day="2027-04-30").text
        self.assertIn("not in the past", text)
        # What was typed is still there, and so is the box to write in.
        self.assertRegex(text, r'name="day" value="2027-04-30"')
        self.assertRegex(text, r'<textarea[^>]* name="wish"')
        with mute_logger("odoo.http"):
            self._ask(f"/my/visits/{self.foreign.id}", 404, wish="Soon")
        self.assertFalse(self.visit.activity_ids)
        self.visit.action_start()
        text = self._ask(self.address, 400, wish="Soon").text
        self.assertIn("The visit has started, so its date can no longer be", text)

    @freeze_time("2027-05-01 10:00:00")
    def test_hostile_requests(self):
        done = self._create_visit()
        done.state = "done"
        self.env.flush_all()
        self._login("portal")
        for query in ("page=abc", "page=99999999999999999999", "sortby=%00"):
            self._get(f"/my/visits?{query}")
        with mute_logger("odoo.http"):
            for number in (2**31, 10**30):
                self._get(f"/my/visits/{number}", 404)
                self._get(f"/my/visits/{number}/report", 404)
        for day in ("0001-01-01", "9999-12-31", "10000-01-01", "x"):
            self._ask(self.address, 400, day=day)
        form = self.url_open(self.address).text
        token = form.partition('csrf_token: "')[2].partition('"')[0]
        for address, name in (
            (self.address, "wish"),
            (self.address, "day"),
            (f"/my/visits/{done.id}/rate", "rate"),
        ):
            response = self.url_open(
                address,
                data={"csrf_token": token},
                files=[(name, ("a.txt", b"file"))],
            )
            self.assertEqual(response.status_code, 400, name)
        self._ask(f"/my/visits/{done.id}/rate", rate="1", feedback="a\x00b")
        self.assertFalse(self.visit.activity_ids)

    @freeze_time("2027-05-01 10:00:00")
    def test_flood(self):
        done = self._create_visit()
        done.state = "done"
        self.env.flush_all()
        self._login("portal")
        limits = installed_base_problem_report
        with patch.object(limits, "REPORTS_PER_PIECE", 2):
            self._ask(self.address, wish="Soon")
            self._ask(self.address, wish="Later")
            self.assertIn("Too many", self._ask(self.address, 429, wish="Now").text)
            for _time in range(2):
                self._ask(f"/my/visits/{done.id}/rate", rate="1")
            self._ask(f"/my/visits/{done.id}/rate", 429, rate="1")
        with patch.object(limits, "REPORTS_PER_ADDRESS", 4):
            self._ask(self.address, 429, wish="Now")
        (activity,) = self.visit.activity_ids
        self.assertIn("Later", activity.note)
        self.assertNotIn("Now", activity.note)
        self.assertEqual(len(done.activity_ids), 1)

    def test_employees_do_not_speak_for_customers(self):
        self.visit.state = "done"
        self._login("dispatcher")
        with mute_logger("odoo.http"):
            self._ask(f"{self.address}/rate", 404, rate="1")
            self._ask(self.address, 404, wish="Soon")
        self.assertFalse(self.visit.rating_ids.filtered("consumed"))
        self.assertFalse(self.visit.activity_ids)

    def test_messages_stay_among_colleagues(self):
        self.visit.message_post(
            body="He never pays",
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
        )
        messages = self._as("portal", self.visit.message_ids)
        self.assertFalse(messages.search([("id", "in", messages.ids)]))
        self._login("portal")
        result = self.make_jsonrpc_request(
            "/mail/thread/messages",
            {"thread_model": "maintenance.visit", "thread_id": self.visit.id},
        )
        self.assertNotIn("He never pays", str(result))

    def test_report_and_rating(self):
        address = f"{self.address}/report"
        self._login("portal")
        with mute_logger("odoo.http"):
            self._get(address, 404)
        self.visit.state = "done"
        self.env.flush_all()
        response = self._get(address)
        self.assertEqual(response.headers["Content-Type"], "application/pdf")
        # Tests render the page that becomes the PDF file.
        self.assertIn(self.visit.name, response.text)
        self.assertRegex(
            self._get(self.address).text, r'<textarea[^>]* name="feedback"[^>]*></'
        )
        self._ask(f"{self.address}/rate", rate="3")
        self.assertIn("<strong>Neutral</strong>", self._get(self.address).text)
        self._ask(f"{self.address}/rate", rate="1", feedback="<b>Dirt</b>")
        text = self._get(self.address).text
        self.assertIn("&lt;b&gt;Dirt&lt;/b&gt;</textarea>", text)
        self.assertEqual(self.visit.rating_value, 1)
        self.assertIn("Unhappy customer", self.visit.activity_ids.mapped("summary"))
        # Who thinks better of it corrects what they said.
        self._ask(f"{self.address}/rate", rate="5")
        self.visit.invalidate_recordset()
        self.assertEqual(self.visit.rating_value, 5)
        # Nobody needs to call them any more.
        self.assertFalse(self.visit.activity_ids)
        given = self.visit._search_given_ratings([("res_id", "=", self.visit.id)])
        self.assertEqual(len(given), 1)
        self._ask(f"{self.address}/rate", 400, rate="9")
        self._login("other portal")
        with mute_logger("odoo.http"):
            self._get(address, 404)
            self._ask(f"{self.address}/rate", 404, rate="5")

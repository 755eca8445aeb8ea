# What people write is not translated.
# pylint: disable=translation-required
import base64
from unittest.mock import patch

from odoo.tests import HttpCase, JsonRpcException, tagged
from odoo.tools import html2plaintext, mute_logger

from odoo.addons.field_installed_base.models.problem import (
    installed_base_problem_report,
)

from ..common import MaintenanceFixtures

PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAA"
    "AABJRU5ErkJggg=="
)


@tagged("post_install", "-at_install")
class TestRequestPortal(MaintenanceFixtures, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.piece = cls._create_equipment(serial_number="SN-1")
        cls.strange_piece = cls._create_equipment(
            partner_id=cls.neighbour.id, serial_number="FOREIGN-1"
        )
        cls.request, cls.foreign = cls.env["service.request"].create(
            [
                {
                    "subject": "No hot water",
                    "partner_id": cls.customer.id,
                    # What is reported now is something else.
                    "request_date": "2026-01-05 08:00:00",
                },
                {"subject": "Smells of gas", "partner_id": cls.neighbour.id},
            ]
        )
        cls.address = f"/my/requests/{cls.request.id}"

    def _login(self, role):
        login = self.users[role].login if role else None
        self.authenticate(login, login)

    def _get(self, address, status=200, **params):
        response = self.url_open(address, allow_redirects=False, **params)
        self.assertEqual(response.status_code, status, address)
        return response

    def _send(self, status=303, pictures=(), **data):
        form = self.url_open("/my/requests/new").text
        token = form.partition('name="csrf_token" value="')[2].partition('"')[0]
        data = {"csrf_token": token, "description": "It leaks", **data}
        files = [("pictures", (name, content)) for name, content in pictures]
        response = self.url_open(
            "/my/requests/new", data=data, files=files or None, allow_redirects=False
        )
        self.assertEqual(response.status_code, status)
        return response

    def _get_new(self):
        known = self.request | self.foreign
        return self.env["service.request"].search([("id", ">", max(known.ids))])

    def _say(self, request_id, body="Hello", **params):
        """Post a message as the chatter of the page does."""
        return self.make_jsonrpc_request(
            "/mail/message/post",
            {
                "thread_model": "service.request",
                "thread_id": request_id,
                "post_data": {
                    "body": body,
                    "message_type": "comment",
                    "subtype_xmlid": "mail.mt_comment",
                },
                **params,
            },
        )

    # -- Reading -----------------------------------------------------------------------

    def test_access_url(self):
        self.assertEqual(self.request.access_url, self.address)

    def test_list(self):
        self._login("portal")
        text = self._get("/my/requests").text
        self.assertIn("No hot water", text)
        self.assertIn(self.request.name, text)
        # "Open" alone is what a button does, in other languages.
        self.assertIn("Open requests", text)
        self.assertNotIn("Smells of gas", text)
        self.assertNotIn("No hot water", self._get("/my/requests?filterby=closed").text)
        self.assertIn('"request_count"', self._get("/my/home").text.replace("'", '"'))

    def test_page(self):
        visit = self._create_planned_visit(
            "2099-06-01 07:00:00", request_id=self.request.id
        )
        ordered = self.env.ref("field_maintenance.repair_status_part_ordered")
        visit.line_ids.repair_status_id = ordered
        self.request.message_post(body="SECRET-NOTE")
        self._login("portal")
        text = self._get(self.address).text
        self.assertNotIn("Part ordered", text, "The words of colleagues")
        for shown in (
            self.request.name,
            "In progress",
            "Next appointment",
            "2099",
            "Tom Technician",
            "Pellet stove Lesse",
            "A part is on order",
            f"/my/visits/{visit.id}",
        ):
            self.assertIn(shown, text)
        self.assertNotIn("SECRET-NOTE", text)
        self.assertIn(self.address, self._get(f"/my/equipment/{self.piece.id}").text)

    def test_others_are_not_found(self):
        self._login("portal")
        with mute_logger("odoo.http"):
            for number in (self.foreign.id, 2**31, 10**30, self.foreign.id + 10**6):
                self._get(f"/my/requests/{number}", 404)
        self._login(None)
        response = self._get(self.address, 303)
        self.assertIn("/web/login", response.headers["Location"])

    def test_link_of_a_mail(self):
        """Whoever has it reads this request, and no other."""
        token = self.request._portal_ensure_token()
        self._login(None)
        self.assertIn(
            "No hot water", self._get(f"{self.address}?access_token={token}").text
        )
        self._get(f"/my/requests/{self.foreign.id}?access_token={token}", 303)
        self._get(f"{self.address}?access_token=x", 303)

    # -- New ---------------------------------------------------------------------------

    def test_new(self):
        self._login("portal")
        response = self._send(
            pictures=[("a.png", PICTURE)],
            equipment=str(self.piece.id),
            subject="Leak",
            description="It <b>leaks</b>",
        )
        new = self._get_new()
        self.assertIn(f"/my/requests/{new.id}?created", response.headers["Location"])
        self.assertIn("Thank you", self.url_open(response.headers["Location"]).text)
        self.assertEqual(new.subject, "Leak")
        self.assertEqual(new.channel, "portal")
        self.assertEqual(new.partner_id, self.customer)
        self.assertEqual(new.contact_id, self.contact)
        self.assertEqual(new.installed_base_ids, self.piece)
        self.assertIn("&lt;b&gt;leaks", new.description)
        said = new.message_ids.filtered(lambda m: m.message_type == "comment")
        self.assertEqual(said.author_id, self.contact)
        self.assertEqual(said.attachment_ids.mimetype, "image/jpeg")
        # The same problem again joins it.
        self._send(equipment=str(self.piece.id))
        self.assertEqual(self._get_new(), new)

    def test_picture_says_it_all(self):
        """A problem needs three taps: the button, the picture and Send."""
        self._login("portal")
        form = self.url_open("/my/requests/new").text
        self.assertNotIn("required=", form)
        self._send(pictures=[("a.png", PICTURE)], description=" ")
        new = self._get_new()
        self.assertEqual(new.subject, "See the picture.")
        self.assertEqual(len(new.message_ids.attachment_ids), 1)
        # A day for an appointment nobody sees in a picture.
        response = self._send(
            400, [("a.png", PICTURE)], description=" ", about="appointment"
        )
        self.assertIn("Describe in a few words", response.text)
        self.assertIn('required="required"', response.text)
        response = self._send(400, [("a.txt", b"no picture")], description=" ")
        self.assertNotIn("See the picture", response.text)
        self.assertEqual(self._get_new(), new)

    def test_writing_begins_at_once(self):
        """Unless there is equipment to choose from."""
        self._login("portal")
        focus = 'autofocus="autofocus"'
        self.assertIn(focus, self._get("/my/requests/new").text)
        self._create_equipment(partner_id=self.customer.id)
        self.assertNotIn(focus, self._get("/my/requests/new").text)
        chosen = f"/my/requests/new?equipment={self.piece.id}"
        self.assertIn(focus, self._get(chosen).text)

    def test_new_without_equipment(self):
        self._login("portal")
        self._send(description="Please call me\nabout an offer")
        new = self._get_new()
        self.assertEqual(new.subject, "Please call me")
        self.assertEqual(new.company_id, self.company)

    def test_description_that_is_the_subject(self):
        """Said once on the page, and to the technician; whatever says more stays."""
        self._login("portal")
        request = self.request
        request.subject = "The pump drips"
        for description, shown in (
            ("<p>The pump drips</p>", 1),
            ("<p>the  pump drips.</p>", 1),
            ("<p>The pump drips since Monday</p>", 2),
            ("<p>Since Monday</p>", 1),
            ("<p><br></p>", 1),
        ):
            with self.subTest(description):
                request.description = description
                self.env.flush_all()
                # The breadcrumb and the title of the page have no part in it.
                page = html2plaintext(self._get(self.address).text.partition("<h3")[2])
                page = page.partition("Messages")[0]
                self.assertEqual(page.count("drips"), shown)
                text = request._get_plain_description()
                self.assertEqual(text.lower().count("pump"), 1, text)
        self.assertEqual(text, "The pump drips")

    def test_subject_of_what_is_reported_again(self):
        """It joins the request of the same day, with its subject."""
        self._login("portal")
        self._send(equipment=str(self.piece.id), subject="Leak", description="It drips")
        request = self._get_new()
        self._send(
            equipment=str(self.piece.id), subject="Noise", description="It howls"
        )
        self._send(
            equipment=str(self.piece.id), subject="Smoke", description="Smoke, too"
        )
        self.assertEqual(self._get_new(), request)
        said = request.message_ids.filtered(lambda m: m.message_type == "comment")
        self.assertEqual(
            [html2plaintext(body) for body in said.sorted("id").mapped("body")],
            ["It drips", "Noise\nIt howls", "Smoke, too"],
        )

    def test_appointment(self):
        """An appointment is asked for without a visit, also from a piece's page."""
        self._login("portal")
        piece_page = self._get(f"/my/equipment/{self.piece.id}").text
        link = f"/my/requests/new?about=appointment&amp;equipment={self.piece.id}"
        self.assertIn(link, piece_page)
        form = self._get(link.replace("&amp;", "&")).text
        self.assertIn("when does it suit you", form)
        self.assertRegex(form, rf'<option value="{self.piece.id}"[^>]* selected="')
        self._send(description="The yearly cleaning, in May", about="appointment")
        new = self._get_new()
        self.assertEqual(new.subject, "Appointment")
        self.assertEqual(new.partner_id, self.customer)
        response = self._send(400, description=" ", about="appointment")
        self.assertIn("when does it suit you", response.text)
        with mute_logger("odoo.http"):
            for number in (self.strange_piece.id, 2**31, "x", "%00x"):
                self._get(f"/my/requests/new?equipment={number}", 404)

    def test_refused(self):
        self._login("portal")
        response = self._send(400, description=" ", subject="</title><script>")
        self.assertIn("Describe in a few words", response.text)
        self.assertIn("&lt;/title&gt;&lt;script&gt;", response.text)
        response = self._send(400, [("a.txt", b"no picture")])
        self.assertIn("not a readable picture", response.text)
        with mute_logger("odoo.http"):
            for number in (self.strange_piece.id, 2**31, "x", "-1"):
                self._send(404, equipment=str(number))
        self.assertFalse(self._get_new())

    def test_flood(self):
        self._login("portal")
        with patch.object(installed_base_problem_report, "REPORTS_PER_PIECE", 2):
            self._send()
            self._send()
            self.assertIn("Too many", self._send(429).text)
        self.assertEqual(len(self._get_new()), 2)

    def test_report_from_the_page_of_equipment(self):
        self._login("portal")
        page = f"/my/equipment/{self.piece.id}"
        token = (
            self.url_open(page)
            .text.partition('name="csrf_token" value="')[2]
            .partition('"')[0]
        )
        response = self.url_open(
            page,
            data={"csrf_token": token, "description": "It leaks"},
            allow_redirects=False,
        )
        self.assertIn(
            f"/my/requests/{self._get_new().id}", response.headers["Location"]
        )

    def test_label(self):
        """A visitor learns the number, and nothing else of the request."""
        self.piece._ensure_qr_tokens()
        label = f"/equipment/{self.piece.qr_token}"
        self._login(None)
        page = self.url_open(label).text
        token = page.partition('name="csrf_token" value="')[2].partition('"')[0]
        response = self.url_open(
            label,
            data={
                "csrf_token": token,
                "description": "It leaks",
                "contact": "piet@example.com",
            },
        )
        new = self._get_new()
        self.assertEqual(new.channel, "label")
        self.assertEqual(new.email_from, "piet@example.com")
        self.assertIn(new.name, response.text)
        self._login("portal")
        text = self._get(f"/my/requests/{new.id}").text
        self.assertNotIn("piet@example.com", text)

    # -- Conversation ------------------------------------------------------------------

    def test_reply(self):
        done = self.request._get_stages()["done"]
        self.request.stage_id = done
        self._login("portal")
        self._say(self.request.id)
        self.request.invalidate_recordset()
        self.assertFalse(self.request.is_closed)
        self.assertEqual(self.request.activity_ids.summary, "The customer replied")

    def test_reply_elsewhere(self):
        self._login("portal")
        with mute_logger("odoo.http"), self.assertRaises(JsonRpcException):
            self._say(self.foreign.id)
        self.assertFalse(
            self.foreign.message_ids.filtered(lambda m: "Hello" in (m.body or ""))
        )

    def test_flood_of_replies(self):
        self._login("portal")
        with patch.object(installed_base_problem_report, "REPORTS_PER_PIECE", 2):
            self._say(self.request.id)
            self._say(self.request.id)
            with mute_logger("odoo.http"), self.assertRaises(JsonRpcException):
                self._say(self.request.id, context={"field_keeping": True})
        said = self.request.message_ids.filtered(lambda m: "Hello" in (m.body or ""))
        self.assertEqual(len(said), 2)

# What people write is not translated.
# pylint: disable=translation-required
import ast
import base64
import io
import re
from datetime import timedelta
from unittest.mock import patch

from freezegun import freeze_time
from lxml import etree
from PIL import Image

from odoo import fields
from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import HttpCase, tagged
from odoo.tests.common import JsonRpcException
from odoo.tools import html2plaintext, mute_logger

from ...controllers import problem_form
from ...models.problem import (
    installed_base_problem_report,
)
from ..common import InstalledBaseCase, InstalledBaseFixtures


def picture(image_format="JPEG", size=(40, 30), **params):
    """Return the bytes of a picture."""
    stream = io.BytesIO()
    Image.new("RGB", size, (200, 40, 40)).save(stream, image_format, **params)
    return stream.getvalue()


class PortalCase(InstalledBaseFixtures, HttpCase):
    """Two customers with a portal user each; the piece is the first one's."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_users()
        cls.employee = cls.env["hr.employee"].create({"name": "Tom Maes"})
        cls.piece = cls._create_equipment(
            serial_number="SN-1",
            sale_date="2025-02-01",
            installation_date="2025-03-01",
            technician_id=cls.employee.id,
        )
        cls.foreign = cls._create_equipment(
            partner_id=cls.neighbour.id, serial_number="FOREIGN-1"
        )
        cls.shared, cls.internal = cls.env["ir.attachment"].create(
            [
                {
                    "name": name,
                    "raw": name.encode(),
                    "res_model": "installed.base",
                    "res_id": cls.piece.id,
                }
                for name in ("manual.txt", "margin.txt")
            ]
        )
        cls.piece.document_ids = cls.shared

    def setUp(self):
        super().setUp()
        self.address = f"/my/equipment/{self.piece.id}"
        messages = self.env["mail.message"]
        self.last_message = messages.search([], order="id desc", limit=1)

    def _login(self, role):
        login = self.users[role].login if role else None
        self.authenticate(login, login)

    def _get(self, address, status=200, **params):
        response = self.url_open(address, allow_redirects=False, **params)
        self.assertEqual(response.status_code, status, address)
        return response

    def _report(self, address, status=303, pictures=(), **data):
        """Send the form of a page as a browser does."""
        form = self.url_open(address).text
        token = form.partition('name="csrf_token" value="')[2].partition('"')[0]
        data = {"csrf_token": token, "description": "It leaks", **data}
        files = [("pictures", (name, content)) for name, content in pictures]
        response = self.url_open(
            address, data=data, files=files or None, allow_redirects=False
        )
        self.assertEqual(response.status_code, status)
        return response

    def _get_notes(self):
        """Return the messages that hold what was reported: on the equipment, or on what
        an addon above makes of reports."""
        return self.env["mail.message"].search(
            [
                ("id", ">", self.last_message.id),
                ("message_type", "=", "comment"),
            ]
        )

    def _get_told(self):
        """Return who was given what was reported."""
        note = self._get_notes()[:1]
        record = self.env[note.model].browse(note.res_id)
        record.invalidate_recordset()
        told = record.activity_ids.user_id
        # Reports on the equipment itself have nobody of their own.
        return told | record.user_id if "user_id" in record else told


@tagged("post_install", "-at_install")
class TestPortalList(PortalCase):
    def test_own_equipment_only(self):
        self._login("portal")
        text = self._get("/my/equipment").text
        self.assertIn("SN-1", text)
        self.assertIn("Pellet stove Lesse", text)
        self.assertNotIn("FOREIGN-1", text)

    def test_search(self):
        """Every word somewhere in what the owner knows; never what is another's."""
        self._create_equipment(product_id=self.boiler.id, serial_number="SN-2")
        self._login("portal")
        for words, found in (
            ("lesse", {"SN-1"}),
            ("ARDENNE sn-1", {"SN-1"}),
            ("semois liege", {"SN-2"}),
            ("sn", {"SN-1", "SN-2"}),
            ("foreign", set()),
            ("'; DROP TABLE x --", set()),
        ):
            with self.subTest(words=words):
                text = self._get(f"/my/equipment?search={words}").text
                for serial in ("SN-1", "SN-2", "FOREIGN-1"):
                    self.assertEqual(f">{serial}<" in text, serial in found)

    def test_sort_group_and_pager(self):
        boilers = self.env["installed.base"].create(
            [
                {
                    "product_id": self.boiler.id,
                    "partner_id": self.customer.id,
                    "site_id": self.customer.id,
                    "serial_number": f"B-{number:03}",
                    "installation_date": "2020-01-01",
                }
                for number in range(100)
            ]
        )
        self.assertEqual(len(boilers), 100)
        self._login("portal")
        first = self._get("/my/equipment?sortby=serial").text
        self.assertIn(">B-000<", first)
        self.assertNotIn(">SN-1<", first)
        second = self._get("/my/equipment/page/2?sortby=serial").text
        self.assertIn(">SN-1<", second)
        self.assertNotIn(">B-000<", second)
        for sortby in ("date", "product", "warranty"):
            self._get(f"/my/equipment?sortby={sortby}")
        grouped = self._get("/my/equipment?groupby=category&sortby=serial").text
        self.assertIn("Test boilers", grouped)
        grouped = self._get("/my/equipment/page/2?groupby=site").text
        self.assertIn("Claes Workshop", grouped)

    def test_nonsense_in_the_address(self):
        """What nobody offers is answered with what is offered by default."""
        self._login("portal")
        for query in (
            "sortby=partner_id",
            "groupby=note",
            "sortby=id;drop",
            "page=x",
            "search=%00",
        ):
            with self.subTest(query):
                self.assertIn("SN-1", self._get(f"/my/equipment?{query}").text)
        self._get("/my/equipment/page/999")

    def test_archived_and_retired(self):
        self._create_equipment(serial_number="GONE-1", active=False)
        self._create_equipment(serial_number="OLD-1", retirement_date="2026-01-01")
        self._login("portal")
        text = self._get("/my/equipment").text
        self.assertNotIn("GONE-1", text)
        self.assertIn("OLD-1", text)
        self.assertIn("Retired", text)

    def test_empty_list(self):
        self.foreign.active = False
        self._login("other portal")
        self.assertIn(
            "There is no equipment for your company yet",
            self._get("/my/equipment").text,
        )
        text = self._get("/my/equipment?search=sn-1").text
        self.assertIn("No equipment matches", text)

    def test_counter(self):
        for role, count in (
            ("portal", 1),
            ("other portal", 1),
            ("technician", 0),
            ("employee", 0),
        ):
            with self.subTest(role):
                self._login(role)
                counters = self.make_jsonrpc_request(
                    "/my/counters", {"counters": ["equipment_count"]}
                )
                self.assertEqual(counters, {"equipment_count": count})
        self._login("portal")
        self.assertIn("/my/equipment", self._get("/my").text)

    def test_who_may_not(self):
        self._login("employee")
        self._get("/my/equipment", 404)
        self._login(None)
        self.assertIn("/web/login", self._get("/my/equipment", 303).headers["Location"])

    def test_query_count(self):
        """A list of eighty costs no query more than one of ten."""
        self._login("portal")
        queries = []
        for count in (9, 60):
            self.env["installed.base"].create(
                [{"model": "Stove", "partner_id": self.customer.id}] * count
            )
            self._get("/my/equipment?groupby=category")
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self._get("/my/equipment?groupby=category")
            queries.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(queries[1], queries[0])


@tagged("post_install", "-at_install")
class TestPortalPage(PortalCase):
    def test_page(self):
        self._login("portal")
        text = self._get(self.address).text
        for expected in (
            "SN-1",
            "Pellet stove Lesse",
            "Ardenne",
            "Claes Workshop",
            "Tom Maes",
            "03/01/2027",
            "03/01/2026",
            "manual.txt",
        ):
            with self.subTest(expected):
                self.assertIn(expected, text)
        self.assertNotIn("margin.txt", text)
        self.assertNotIn("LESSE-8", text)

    def test_others_get_the_same_answer(self):
        """Somebody else's, archived, without number: one answer, with any token."""
        archived = self._create_equipment(active=False)
        token = self.piece._portal_ensure_token()
        nothing = self.piece.search([], order="id desc", limit=1).id + 1000
        addresses = [
            f"/my/equipment/{self.foreign.id}",
            f"/my/equipment/{self.foreign.id}?access_token={token}",
            f"/my/equipment/{archived.id}",
            f"/my/equipment/{nothing}",
            f"/my/equipment/{2**40}",
        ]
        self._login("portal")
        for address in addresses:
            with self.subTest(address):
                self._get(address, 404)
                self._report(self.address)
        self._login("other portal")
        own_token = self.foreign._portal_ensure_token()
        for query in ("", f"?access_token={token}", f"?access_token={own_token}"):
            with self.subTest(query):
                self._get(self.address + query, 404)
        self._login("employee")
        self._get(f"{self.address}?access_token={token}", 404)
        self._login(None)
        for query in ("", f"?access_token={token}"):
            location = self._get(self.address + query, 303).headers["Location"]
            self.assertIn("/web/login", location)

    def test_employees_see_the_page_as_a_preview(self):
        self._login("technician")
        self.assertIn("SN-1", self._get(self.address).text)

    def test_remote_calls(self):
        """What the pages hide, remote calls hide too."""
        own, foreign = self.piece, self.foreign
        as_owner = self._as("portal", own)
        self.assertEqual(as_owner.search([]), own)
        elsewhere = self._create_equipment(company_id=self.other_company.id)
        for piece in (foreign, elsewhere):
            with self.assertRaises(AccessError):
                self._as("portal", piece).read(["serial_number"])
        for name in ("note", "technician_id", "message_ids"):
            with self.subTest(name), self.assertRaises(AccessError):
                as_owner.read([name])
        for domain in (
            [("message_ids.body", "ilike", "x")],
            [("website_message_ids.body", "ilike", "x")],
            [("technician_id.name", "ilike", "x")],
        ):
            with self.subTest(domain), self.assertRaises(AccessError):
                as_owner.search(domain)
        for method in ("_report_problem", "_get_portal_values"):
            self._login("portal")
            with (
                self.subTest(method),
                mute_logger("odoo.http"),
                self.assertRaises(JsonRpcException),
            ):
                self.make_jsonrpc_request(
                    "/web/dataset/call_kw",
                    {
                        "model": "installed.base",
                        "method": method,
                        "args": [own.ids],
                        "kwargs": {},
                    },
                )

    def test_two_companies(self):
        """Equipment of a company that the user is not in is not theirs to see."""
        piece = self._create_equipment(
            model="Stove", product_id=False, company_id=self.other_company.id
        )
        self._login("portal")
        self._get(f"/my/equipment/{piece.id}", 404)
        self.users["portal"].company_ids |= self.other_company
        self._get(f"/my/equipment/{piece.id}")

    def test_former_owner(self):
        self.piece.partner_id = self.neighbour
        document = f"{self.address}/document/{self.shared.id}"
        for role, status in (("portal", 404), ("other portal", 200)):
            with self.subTest(role):
                self._login(role)
                self._get(self.address, status)
                self._get(document, 404)
        text = self._get(self.address).text
        self.assertNotIn("03/01/2025 ", text.split("History")[-1])
        self.assertNotIn("Liège", text)

    def test_former_owner_by_remote_call(self):
        """After their period former owners read nothing, by whatever model they ask."""
        self.piece.message_post(body="A word", subtype_xmlid="mail.mt_comment")
        messages = self.piece.message_ids
        lines = self.piece.ownership_ids
        with freeze_time("2026-06-15"):
            self.piece.partner_id = self.neighbour
        self.piece.document_ids = self.internal
        self._login("portal")

        def read(model, ids, names):
            with mute_logger("odoo.http"):
                return self.make_jsonrpc_request(
                    "/web/dataset/call_kw",
                    {
                        "model": model,
                        "method": "read",
                        "args": [ids, names],
                        "kwargs": {},
                    },
                )

        for model, ids, names in (
            ("installed.base", self.piece.ids, ["serial_number"]),
            ("mail.message", messages.ids, ["body"]),
            ("ir.attachment", (self.shared | self.internal).ids, ["raw"]),
            (
                "installed.base.ownership",
                (self.piece.ownership_ids - lines).ids,
                ["site_address"],
            ),
        ):
            with self.subTest(model):
                self.assertTrue(ids)
                with self.assertRaises(JsonRpcException):
                    read(model, ids, names)
        [own] = read("installed.base.ownership", lines.ids, ["date_to"])
        self.assertEqual(own["date_to"], "2026-06-14", "their own period stays")

    def test_badge(self):
        """Page and list show the state of a piece by the same badge."""
        self._login("portal")
        for vals, badge in (
            ({"warranty_end_date": "2020-01-31"}, "Expired"),
            ({"warranty_end_date": "2099-01-31"}, "Under warranty"),
            ({"retirement_date": "2026-01-31"}, "Retired"),
        ):
            self.piece.write(vals)
            with self.subTest(badge):
                for address in ("/my/equipment?search=SN-1", self.address):
                    badges = re.findall(
                        r'<span[^>]*class="badge [^>]*>\s*([\w ]+?)\s*<',
                        self._get(address).text,
                    )
                    self.assertEqual(badges, [badge], address)

    def test_history_of_the_own_period(self):
        """Who gets a piece back sees their two periods, not the one between."""
        with freeze_time("2026-06-15"):
            self.piece.partner_id = self.neighbour
        with freeze_time("2026-07-10"):
            self.piece.partner_id = self.customer
        self._login("portal")
        history = self._get(self.address).text.partition("portal_equipment_history")[2]
        self.assertIn("03/01/2025", history)
        self.assertIn("06/14/2026", history)
        self.assertIn("07/10/2026", history)
        self.assertNotIn("06/15/2026", history)
        self.assertNotIn("Namur", history)

    def test_picture(self):
        self.piece.image_1920 = base64.b64encode(picture("PNG"))
        self._login("portal")
        self.assertIn("data:image/png;base64,", self._get(self.address).text)
        image = f"/web/image/installed.base/{self.piece.id}/image_512"
        own = self._get(image).content
        self._login("other portal")
        token = self.piece._portal_ensure_token()
        for query in ("", f"?access_token={token}"):
            self.assertNotEqual(self._get(image + query).content, own)

    def test_arrows(self):
        """The arrows follow the list and carry no token."""
        second = self._create_equipment(serial_number="SN-2")
        self._login("portal")
        self._get("/my/equipment?sortby=serial")
        text = self._get(self.address).text
        self.assertIn(f'href="/my/equipment/{second.id}"', text)
        self.assertNotIn("access_token", text)

    def test_access_url(self):
        self.assertEqual(self.piece.access_url, self.address)


@tagged("post_install", "-at_install")
class TestPortalDocuments(PortalCase):
    def test_shared_documents(self):
        shared = f"{self.address}/document/{self.shared.id}"
        internal = f"{self.address}/document/{self.internal.id}"
        self._login("portal")
        response = self._get(shared)
        self.assertEqual(response.content, b"manual.txt")
        self.assertIn("attachment", response.headers["Content-Disposition"])
        self._get(internal, 404)
        for role in ("other portal", "employee"):
            self._login(role)
            self._get(shared, 404)
        self._login(None)
        self.assertIn("/web/login", self._get(shared, 303).headers["Location"])

    def test_no_longer_shared(self):
        self.piece.document_ids = [Command.clear()]
        self._login("portal")
        self._get(f"{self.address}/document/{self.shared.id}", 404)

    def test_attachment_addresses(self):
        """Odoo's own addresses of attachments stay closed."""
        for role in ("portal", "other portal", None):
            self._login(role)
            for attachment in (self.shared, self.internal):
                with self.subTest(role=role, attachment=attachment.name):
                    response = self.url_open(f"/web/content/{attachment.id}")
                    self.assertNotIn(attachment.raw, response.content)

    def test_document_of_another_piece(self):
        """A number of one's own piece opens no document of another."""
        document = self.shared.copy({"res_id": self.foreign.id})
        self.foreign.document_ids = document
        self._login("portal")
        self._get(f"{self.address}/document/{document.id}", 404)


@tagged("post_install", "-at_install")
class TestPortalConversation(PortalCase):
    """What is said about equipment is said among colleagues."""

    def test_fetching_messages(self):
        self.piece.message_post(body="A word", subtype_xmlid="mail.mt_comment")
        token = self.piece._portal_ensure_token()
        for role in ("portal", "other portal", None):
            self._login(role)
            for key in (token, "anything", False):
                with self.subTest(role=role, token=key), mute_logger("odoo.http"):
                    try:
                        answer = self.make_jsonrpc_request(
                            "/mail/chatter_fetch",
                            {
                                "thread_model": "installed.base",
                                "thread_id": self.piece.id,
                                "token": key,
                            },
                        )
                    except JsonRpcException as error:
                        answer = str(error)
                    self.assertNotIn("A word", str(answer))

    def test_posting_messages(self):
        token = self.piece._portal_ensure_token()
        for role in ("portal", None):
            self._login(role)
            with (
                self.subTest(role),
                mute_logger("odoo.http"),
                self.assertRaises(JsonRpcException),
            ):
                self.make_jsonrpc_request(
                    "/mail/message/post",
                    {
                        "thread_model": "installed.base",
                        "thread_id": self.piece.id,
                        "post_data": {"body": "Spam"},
                        "token": token,
                    },
                )
        self.assertFalse(self.piece.message_ids.filtered(lambda m: "Spam" in m.body))

    def test_colleagues_talk(self):
        note = self._as("technician", self.piece).message_post(body="Seen")
        self.assertIn("Seen", self._as("dispatcher", note).body)


@tagged("post_install", "-at_install")
class TestPortalProblem(PortalCase):
    def test_report(self):
        dispatcher = self.users["dispatcher"]
        self.customer.user_id = dispatcher
        self._login("portal")
        raw = picture(exif=b"Exif\x00\x00SECRET-PLACE")
        response = self._report(
            self.address,
            pictures=[("a.jpg", raw), ("b.png", picture("PNG", (3000, 1000)))],
            description="It <b>leaks</b>\r\nsince Monday",
        )
        self.assertIn("Thank you", self.url_open(response.headers["Location"]).text)
        note = self._get_notes()
        self.assertEqual(note.author_id, self.contact)
        self.assertIn("&lt;b&gt;leaks", note.body)
        self.assertIn("<br>since Monday", note.body)
        self.assertEqual(len(note.attachment_ids), 2)
        for attachment in note.attachment_ids:
            self.assertEqual(attachment.res_model, note.model)
            self.assertEqual(attachment.res_id, note.res_id)
            self.assertEqual(attachment.mimetype, "image/jpeg")
            self.assertNotIn(b"SECRET-PLACE", attachment.raw)
            self.assertLessEqual(max(Image.open(io.BytesIO(attachment.raw)).size), 1920)
        self.assertEqual(self.piece.document_ids, self.shared)
        self.assertNotIn(self.contact, self.piece.message_partner_ids)
        self.assertEqual(self._get_told(), dispatcher)
        # Pictures of a problem are no documents of the equipment, and nobody else's.
        for attachment in note.attachment_ids:
            self._get(f"{self.address}/document/{attachment.id}", 404)
        self._report(self.address, description="Still")
        self.assertEqual(self._get_told(), dispatcher)
        self.assertEqual(len(self._get_notes()), 2)
        self._login("other portal")
        for attachment in note.attachment_ids:
            self.assertNotEqual(
                self.url_open(f"/web/content/{attachment.id}").content, attachment.raw
            )

    def test_responsible(self):
        """The company's recipient, if they may read the piece, else the salesperson,
        else every dispatcher of the company."""
        # They dispatch, too: elsewhere others handle what is reported.
        self.customer.user_id = self.users["administrator"]
        for role, expected in (
            ("dispatcher", "dispatcher"),
            ("employee", "administrator"),
            ("other company", "administrator"),
        ):
            with self.subTest(role):
                self.company.service_problem_user_id = self.users[role]
                user = self.piece._get_problem_responsibles()
                self.assertEqual(user, self.users[expected])
        self.company.service_problem_user_id = False
        self.customer.user_id = False
        self.assertEqual(
            self.piece._get_problem_responsibles(),
            self.users["dispatcher"] | self.users["administrator"],
        )

    def test_subject_is_said_once(self):
        """Before what is reported, unless that begins with it."""
        stray = self._create_equipment(partner_id=False)
        for subject, words, told in (
            ("Leak", "It drips", ["Leak", "It drips"]),
            ("It drips", "it drips.", ["it drips."]),
            ("It drips", "It drips: since Monday", ["It drips: since Monday"]),
            ("Leak", "Leaking since Monday", ["Leak", "Leaking since Monday"]),
            (None, "It drips", ["It drips"]),
        ):
            with self.subTest(words):
                note = stray._report_problem(words, subject=subject)
                self.assertEqual(
                    html2plaintext(note.body).splitlines(), ["Problem reported", *told]
                )

    def test_every_dispatcher_has_a_todo(self):
        """Of what nobody owns there is a note, and a To-Do for each, once."""
        stray = self._create_equipment(partner_id=False)
        for words in ("It leaks", "It still leaks"):
            note = stray._report_problem(words, visitor="piet@example.com")
            self.assertTrue(note.subtype_id.internal)
            self.assertEqual(note.res_id, stray.id)
        self.assertEqual(
            stray.activity_ids.mapped("user_id"),
            self.users["dispatcher"] | self.users["administrator"],
        )
        self.assertEqual(len(stray.activity_ids), 2)
        # They are listed until somebody did something about them.
        view = self.env.ref("field_installed_base.installed_base_view_search")
        wanted = etree.fromstring(view.arch).find(".//filter[@name='reported']")
        domain = ast.literal_eval(wanted.get("domain"))
        pieces = stray | self.piece
        self.assertEqual(pieces.filtered_domain(domain), stray)
        for role, count in (("dispatcher", 1), ("technician", 1), ("employee", 0)):
            model = self._as(role, self.env["installed.base"])
            self.assertEqual(model.get_reported_count(), count)
        stray.activity_ids._action_done()
        self.assertFalse(pieces.filtered_domain(domain))
        self.assertFalse(self._as("dispatcher", stray).get_reported_count())

    def test_picture_says_it_all(self):
        self._login("portal")
        self.assertNotIn("required=", self.url_open(self.address).text)
        self._report(self.address, pictures=[("a.jpg", picture())], description=" ")
        note = self._get_notes()
        self.assertIn("See the picture.", note.body)
        self.assertEqual(len(note.attachment_ids), 1)

    def test_refused(self):
        big = b"x" * (problem_form.MAX_PICTURE_BYTES + 1)
        jpeg = picture()
        script = b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>"
        self._login("portal")
        for pictures, description, message in (
            ((), "  \x00 ", "Describe the problem"),
            ([("a.txt", b"no picture")], "x", "a.txt is not a readable picture"),
            ([("a.svg", script)], "x", "a.svg is not a readable picture"),
            ([("a.jpg", jpeg[:-80])], "x", "a.jpg is not a readable picture"),
            (
                [("a.webp", b"RIFF\x00\x00\x00\x00WEBPVP8 ")],
                "x",
                "is not a readable picture",
            ),
            ([("a.pdf", b"%PDF-1.4")], "x", "is not a readable picture"),
            ([("<i>.jpg", b"x")], "x", "&lt;i&gt;.jpg is not a readable picture"),
            ([("a.jpg", big)], "x", "a.jpg is too large"),
            ([("a.jpg", jpeg)] * 4, "x", "at most 3 pictures"),
        ):
            with self.subTest(message):
                self.env["installed.base.problem.report"].search([]).unlink()
                response = self._report(
                    self.address, 400, pictures, description=description
                )
                self.assertIn(message, response.text)
                self.assertFalse(self._get_notes())

    def test_too_many_pixels(self):
        self._login("portal")
        with patch.object(problem_form, "IMAGE_MAX_RESOLUTION", 1000):
            response = self._report(self.address, 400, [("a.jpg", picture())])
        self.assertIn("50 megapixels", response.text)

    def test_formats(self):
        self._login("portal")
        for image_format in ("PNG", "GIF", "BMP"):
            with self.subTest(image_format):
                self._report(self.address, pictures=[("a", picture(image_format))])
        self.assertEqual(
            set(self._get_notes().attachment_ids.mapped("mimetype")), {"image/jpeg"}
        )

    def test_what_was_typed_comes_back(self):
        self._login("portal")
        response = self._report(
            self.address, 400, [("a", b"x")], description="</textarea><script>"
        )
        self.assertIn("&lt;/textarea&gt;&lt;script&gt;", response.text)

    def test_without_csrf_token(self):
        self._login("portal")
        with mute_logger("odoo.http"):
            response = self.url_open(self.address, data={"description": "x"})
        self.assertEqual(response.status_code, 400)
        self.assertFalse(self._get_notes())

    def test_for_others(self):
        self._login("portal")
        form = self.url_open(self.address).text
        token = form.partition('name="csrf_token" value="')[2].partition('"')[0]
        data = {"csrf_token": token, "description": "x"}
        response = self.url_open(f"/my/equipment/{self.foreign.id}", data=data)
        self.assertEqual(response.status_code, 404)
        self.assertFalse(self._get_notes())

    def test_hostile_requests(self):
        self._login("portal")
        for query in (
            "search=%00",
            "search=a%00b",
            "page=abc",
            "page=99999999999999999999",
            "sortby=%00&groupby=%00",
        ):
            self._get(f"/my/equipment?{query}")
        with mute_logger("odoo.http"):
            for number in (2**31, 10**30):
                self._get(f"/my/equipment/{number}", 404)
                self._get(f"{self.address}/document/{number}", 404)
        form = self.url_open(self.address).text
        token = form.partition('name="csrf_token" value="')[2].partition('"')[0]
        response = self.url_open(
            self.address,
            data={"csrf_token": token},
            files=[("description", ("a.txt", b"file"))],
        )
        self.assertEqual(response.status_code, 400)
        self.assertIn("Describe the problem", response.text)
        self.assertFalse(self._get_notes())

    def test_flood(self):
        self._login("portal")
        with patch.object(installed_base_problem_report, "REPORTS_PER_PIECE", 2):
            self._report(self.address)
            self._report(self.address)
            response = self._report(self.address, 429)
        self.assertIn("Too many problems", response.text)
        self.assertEqual(len(self._get_notes()), 2)


class TestProblemCounter(InstalledBaseCase):
    def setUp(self):
        super().setUp()
        self.counter = self.env["installed.base.problem.report"]
        self.piece = self._create_equipment()

    def _count(self, times, piece=None, address="192.0.2.1"):
        piece = piece or self.piece
        return [self.counter._count_in(piece, address) for _time in range(times)]

    @freeze_time("2026-06-15 10:20:00")
    def test_per_piece_and_hour(self):
        limit = installed_base_problem_report.REPORTS_PER_PIECE
        addresses = [f"192.0.2.{number}" for number in range(limit + 1)]
        results = [self.counter._count_in(self.piece, address) for address in addresses]
        self.assertEqual(results, [True] * limit + [False])
        self.assertEqual(self._count(1, self._create_equipment()), [True])
        with freeze_time("2026-06-15 11:00:00"):
            self.assertEqual(self._count(1), [True])

    def test_per_address(self):
        limit = installed_base_problem_report.REPORTS_PER_ADDRESS
        pieces = [self._create_equipment() for _number in range(limit + 1)]
        results = [self.counter._count_in(piece, "192.0.2.1") for piece in pieces]
        self.assertEqual(results, [True] * limit + [False])
        self.assertEqual(self._count(1, address="192.0.2.2"), [True])

    def test_network(self):
        """A subscriber has more IPv6 addresses than anybody can count."""
        network = self.counter._get_network
        self.assertEqual(network("2001:db8::1"), network("2001:db8::ffff:1"))
        self.assertNotEqual(network("2001:db8::1"), network("2001:db8:0:1::1"))
        self.assertEqual(network("::ffff:192.0.2.1"), network("192.0.2.1"))
        self.assertEqual(network(None), network("nonsense"))

    def test_nothing_personal_is_kept(self):
        self._count(1)
        row = self.counter.search([], limit=1)
        self.assertNotIn("192.0.2.1", str(row.read()))

    def test_cleaning(self):
        self._count(1)
        old = self.counter.create(
            {"key": "old", "hour": fields.Datetime.now() - timedelta(days=2)}
        )
        self.counter._gc_problem_reports()
        self.assertFalse(old.exists())
        self.assertTrue(self.counter.search([]))

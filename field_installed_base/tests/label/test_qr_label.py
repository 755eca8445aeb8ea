import json
import re
from unittest.mock import patch

from psycopg2.errors import UniqueViolation

from odoo.exceptions import AccessError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ...models.problem import (
    installed_base_problem_report,
)
from ...report.installed_base_label import COLUMNS, ROWS
from ..common import EDITORS, InstalledBaseCase
from ..portal.test_portal import PortalCase, picture

REPORT = "field_installed_base.installed_base_label"


class TestQrToken(InstalledBaseCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_users()
        cls.piece = cls._create_equipment(serial_number="SN-1")

    def test_made_when_printed(self):
        self.assertFalse(self.piece.qr_token)
        self.piece._ensure_qr_tokens()
        token = self.piece.qr_token
        self.assertGreaterEqual(len(token), 22)
        self.assertTrue(self.piece.qr_url.endswith(f"/equipment/{token}"))
        self.piece._ensure_qr_tokens()
        self.assertEqual(self.piece.qr_token, token)
        self.assertNotEqual(token, self.piece.access_token)

    def test_a_copy_has_none(self):
        self.piece._ensure_qr_tokens()
        self.assertFalse(self.piece.copy().qr_token)

    def test_batch(self):
        """Three times as many labels cost not one query more."""

        def make(count):
            pieces = self.env["installed.base"].create([{"model": "Stove"}] * count)
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            pieces._ensure_qr_tokens()
            self.env.flush_all()
            queries = self.env.cr.sql_log_count - before
            self.assertEqual(len(set(pieces.mapped("qr_token"))), count)
            return queries

        make(2)  # warm up
        self.assertEqual(make(30), make(10))

    def test_unique(self):
        self.piece._ensure_qr_tokens()
        other = self._create_equipment()
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(UniqueViolation),
            self.env.cr.savepoint(),
        ):
            other.qr_token = self.piece.qr_token
            other.flush_recordset()

    def test_renew(self):
        self.piece._ensure_qr_tokens()
        for role in EDITORS:
            with self.subTest(role):
                token = self.piece.qr_token
                self._as(role, self.piece).action_renew_qr_token()
                self.assertNotEqual(self.piece.qr_token, token)
                self.assertIn("renewed", self.piece.message_ids[0].body)
        for role in ("technician", "employee", "portal"):
            with self.subTest(role), self.assertRaises(AccessError):
                self._as(role, self.piece).action_renew_qr_token()

    def test_who_reads_it(self):
        self.piece._ensure_qr_tokens()
        self.assertTrue(self._as("technician", self.piece).qr_token)
        as_owner = self._as("portal", self.piece)
        for name in ("qr_token", "qr_url"):
            with self.subTest(name), self.assertRaises(AccessError):
                as_owner.read([name])
        with self.assertRaises(AccessError):
            as_owner.search([("qr_token", "=like", "a%")])
        with self.assertRaises(AccessError):
            as_owner._ensure_qr_tokens()


@tagged("post_install", "-at_install")
class TestLabelSheet(InstalledBaseCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_users()
        cls.company.phone = "+32 9 111 11 11"
        cls.pieces = cls.env["installed.base"].create(
            [
                {
                    "product_id": cls.stove.id,
                    "partner_id": cls.customer.id,
                    "serial_number": f"SN-{number}",
                }
                for number in range(COLUMNS * ROWS + 1)
            ]
        )

    def _render(self, role, pieces):
        reports = self._as(role, self.env["ir.actions.report"])
        return reports._render_qweb_html(REPORT, pieces.ids)[0].decode()

    def test_sheets(self):
        for role in ("technician", "salesperson"):
            with self.subTest(role):
                html = self._render(role, self.pieces)
                self.assertEqual(html.count("<svg"), 2)
                self.assertEqual(html.count("<path"), len(self.pieces))
                for text in (
                    "Pellet stove Lesse",
                    "SN-24",
                    self.pieces[0].reference,
                    "Hearth and Home",
                    "+32 9 111 11 11",
                ):
                    self.assertIn(text, html)
                # Nothing about the customer, and nothing fetched from elsewhere.
                self.assertNotIn("Claes", html)
                self.assertNotIn("LESSE-8", html)
        self.assertTrue(all(self.pieces.mapped("qr_token")))

    def test_long_and_hostile_names(self):
        piece = self._create_equipment(
            product_id=False,
            model="<script>alert(1)</script> " + "very long name " * 10,
            serial_number="0123456789" * 6,
        )
        html = self._render("dispatcher", piece)
        self.assertNotIn("<script>alert", html)
        label = self.env[f"report.{REPORT}"]._prepare_label(piece)
        self.assertLessEqual(len(label["lines"]), 6)
        self.assertTrue(all(len(line["text"]) <= 20 for line in label["lines"]))

    def test_code(self):
        """The path draws the finder pattern of a code in its corner."""
        code = self.env[f"report.{REPORT}"]._get_qr_code("https://example.com/x")
        self.assertTrue(code["path"].startswith("M0 0h7v1h-7z"))

    def test_who_may_print(self):
        for role in ("employee", "portal", "other portal", "other company"):
            with self.subTest(role), self.assertRaises(Exception) as caught:
                self._render(role, self.pieces[:1])
            self.assertNotIn("SN-0", str(caught.exception))
        self.assertFalse(self.pieces[0].qr_token)

    def test_on_the_print_menu(self):
        bindings = self._as("technician", self.env["ir.actions.actions"]).get_bindings(
            "installed.base"
        )
        names = [action["name"] for action in bindings["report"]]
        self.assertIn("QR labels", names)


@tagged("post_install", "-at_install")
class TestLabelPage(PortalCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.write(
            {
                "phone": "+32 9 111 11 11",
                "service_problem_instructions": "Check the <pressure> first.",
            }
        )
        cls.piece._ensure_qr_tokens()

    def setUp(self):
        super().setUp()
        self.label = f"/equipment/{self.piece.qr_token}"
        self.visitor = {"contact": "<b> piet@example.com"}

    def test_where_each_gets(self):
        record = f"/odoo/installed-base/{self.piece.id}"
        for role, target in (
            ("technician", f"/{self.piece.id}"),
            ("dispatcher", record),
            ("salesperson", record),
            ("portal", f"/my/equipment/{self.piece.id}"),
        ):
            with self.subTest(role):
                self._login(role)
                location = self._get(self.label, 303).headers["Location"]
                self.assertTrue(location.endswith(target), location)
        for role in ("other portal", "employee", "other company", None):
            with self.subTest(role):
                self._login(role)
                self.assertIn("SN-1", self._get(self.label).text)

    def test_what_a_visitor_sees(self):
        self._login(None)
        response = self._get(self.label)
        for text in (
            "Pellet stove Lesse",
            "SN-1",
            "+32 9 111 11 11",
            "Check the &lt;pressure&gt; first.",
            f"/web/login?redirect={self.label}",
            "Hearth and Home",
        ):
            self.assertIn(text, response.text)
        for text in (
            "Claes",
            "Liège",
            "Tom Maes",
            "manual.txt",
            self.piece.reference,
            "LESSE-8",
        ):
            self.assertNotIn(text, response.text)
        self.assertIn("noindex", response.headers["X-Robots-Tag"])

    def test_renewed_and_invented_tokens(self):
        self._login(None)
        self.piece.action_renew_qr_token()
        token = self.piece.qr_token
        self.foreign._ensure_qr_tokens()
        self.foreign.active = False
        pages = set()
        for address in (
            self.label,
            f"/equipment/{self.foreign.qr_token}",
            "/equipment/x",
            f"/equipment/{token[:-1]}",
            f"/equipment/{token.swapcase()}",
            "/equipment/%25",
            "/equipment/False",
            f"/equipment/{self.piece.id}",
            f"/equipment/{self.piece._portal_ensure_token()}",
        ):
            with self.subTest(address):
                text = self._get(address, 404).text
                self.assertIn("This label is not known", text)
                self.assertNotIn("Pellet stove", text)
                self.assertIn(
                    "noindex", self._get(address, 404).headers["X-Robots-Tag"]
                )
                pages.add(re.sub(r"csrf_token: .*|/equipment/[^\s\"'&]*", "", text))
        self.assertEqual(len(pages), 1, "no page tells whether the code ever existed")
        self._get(f"/equipment/{token}")

    def test_report_at_a_renewed_label(self):
        self._login(None)
        form = self.url_open(self.label).text
        csrf = form.partition('name="csrf_token" value="')[2].partition('"')[0]
        self.piece.action_renew_qr_token()
        response = self.url_open(
            self.label,
            data={"csrf_token": csrf, "description": "It leaks", **self.visitor},
        )
        self.assertEqual(response.status_code, 404)
        self.assertIn("This label is not known", response.text)
        self.assertFalse(self._get_notes())

    def test_label_token_opens_nothing_else(self):
        token = self.piece.qr_token
        self._login("other portal")
        self._get(f"/my/equipment/{self.piece.id}?access_token={token}", 404)

    def test_archived_and_retired(self):
        self.piece.retirement_date = "2026-06-01"
        self._login(None)
        self._get(self.label)
        self.piece.active = False
        for role, status in (("technician", 303), ("portal", 404), (None, 404)):
            with self.subTest(role):
                self._login(role)
                self._get(self.label, status)

    def test_two_companies(self):
        """Each label speaks for the company of its piece."""
        self.other_company.phone = "+32 2 222 22 22"
        piece = self._create_equipment(
            product_id=False,
            model="Boiler",
            company_id=self.other_company.id,
            partner_id=self.neighbour.id,
        )
        piece._ensure_qr_tokens()
        self._login(None)
        text = self._get(f"/equipment/{piece.qr_token}").text
        self.assertIn("+32 2 222 22 22", text)
        self.assertIn("Boilers Abroad", text)
        self.assertNotIn("Hearth and Home", text)

    def test_report(self):
        self._login(None)
        response = self._report(
            self.label,
            pictures=[("leak.jpg", picture())],
            description="<script>alert(1)</script>",
            **self.visitor,
        )
        self.assertIn("Thank you", self.url_open(response.headers["Location"]).text)
        note = self._get_notes()
        self.assertFalse(note.author_id)
        self.assertFalse(note.author_guest_id)
        self.assertFalse(note.email_from)
        self.assertTrue(note.subtype_id.internal)
        self.assertNotIn("<script>", note.body)
        self.assertNotIn("<b>", note.body)
        self.assertIn("Contact: &lt;b&gt; piet@example.com", note.body)
        self.assertEqual(note.attachment_ids.mimetype, "image/jpeg")
        self.assertEqual(note.attachment_ids.res_id, note.res_id)
        self.assertFalse(note.attachment_ids.public)
        self.assertFalse(note.notified_partner_ids)
        self.assertFalse(self.env["res.partner"].search([("email", "=like", "piet@%")]))

    def test_report_reaches_somebody(self):
        """Also where a follower has notes sent: no sender is invented."""
        dispatcher = self.users["dispatcher"]
        self.company.service_problem_user_id = dispatcher
        self.piece.message_subscribe(
            dispatcher.partner_id.ids, self.env.ref("mail.mt_note").ids
        )
        self._login(None)
        self._report(self.label, **self.visitor)
        self.assertEqual(self._get_told(), dispatcher)

    def test_refused(self):
        self._login(None)
        for data, pictures, message in (
            ({"contact": " "}, (), "Enter a phone number or an email address."),
            ({"contact": ""}, (), "Enter a phone number or an email address."),
            ({"description": ""}, (), "Describe the problem"),
            ({}, [("a.jpg", b"<?php")], "a.jpg is not a readable picture"),
        ):
            with self.subTest(message):
                response = self._report(
                    self.label, 400, pictures, **{**self.visitor, **data}
                )
                self.assertIn(message, response.text)
                self.assertFalse(self._get_notes())

    def test_machines(self):
        """What fills in the field that nobody sees is thanked and ignored."""
        self._login(None)
        self._report(self.label, website="https://spam.example", **self.visitor)
        self.assertFalse(self._get_notes())

    def test_without_csrf_token(self):
        self._login(None)
        with mute_logger("odoo.http"):
            response = self.url_open(
                self.label, data={"description": "x", **self.visitor}
            )
        self.assertEqual(response.status_code, 400)
        self.assertFalse(self._get_notes())

    def test_too_large_a_request(self):
        self._login(None)
        with mute_logger("odoo.http"):
            response = self.url_open(
                self.label,
                data=self.visitor,
                files=[("pictures", ("a.jpg", b"x" * (41 * 1024 * 1024)))],
            )
        self.assertEqual(response.status_code, 413)

    def test_flood(self):
        self._login(None)
        limits = installed_base_problem_report
        with patch.object(limits, "REPORTS_PER_PIECE", 2):
            self._report(self.label, **self.visitor)
            self._report(self.label, **self.visitor)
            response = self._report(self.label, 429, **self.visitor)
            self.assertIn("Too many problems", response.text)
            self.assertIn("It leaks", response.text)
            # A new code is no way around it, another piece is.
            self.piece.action_renew_qr_token()
            self._report(f"/equipment/{self.piece.qr_token}", 429, **self.visitor)
            self.foreign._ensure_qr_tokens()
            other = f"/equipment/{self.foreign.qr_token}"
            self._report(other, **self.visitor)
        with patch.object(limits, "REPORTS_PER_ADDRESS", 3):
            self._report(other, 429, **self.visitor)
        self.assertEqual(len(self._get_notes()), 3)

    def test_refused_pictures_do_not_use_up_the_hour_of_a_label(self):
        self._login(None)
        for _time in range(installed_base_problem_report.REPORTS_PER_PIECE):
            self._report(self.label, 400, [("a.jpg", b"none")], **self.visitor)
        self._report(self.label, **self.visitor)
        self.assertEqual(len(self._get_notes()), 1)
        # Whoever sends them is stopped all the same: decoding is the costly part.
        limit = installed_base_problem_report.REPORTS_PER_ADDRESS
        sent = installed_base_problem_report.REPORTS_PER_PIECE + 1
        for _time in range(limit - sent):
            self._report(self.label, 400, [("a.jpg", b"none")], **self.visitor)
        self._report(self.label, 429, [("a.jpg", b"none")], **self.visitor)

    def test_hostile_requests(self):
        self._login(None)
        with mute_logger("odoo.http"):
            self._get("/equipment/%00", 404)
            self._get(f"/equipment/{self.piece.qr_token}%00", 404)
            self._get("/equipment/notices/opt-out/%00", 404)
        page = self.url_open(self.label).text
        token = page.partition('name="csrf_token" value="')[2].partition('"')[0]
        for name in ("description", "contact", "website"):
            response = self.url_open(
                self.label,
                data={
                    "csrf_token": token,
                    **{k: v for k, v in self.visitor.items() if k != name},
                },
                files=[(name, ("a.txt", b"file"))],
                allow_redirects=False,
            )
            self.assertIn(response.status_code, (303, 400), name)
        response = self.url_open(
            self.label,
            data={"csrf_token": token, "pictures": "text", **self.visitor},
        )
        self.assertEqual(response.status_code, 400)
        self.assertFalse(self._get_notes())

    def test_forwarded_address_is_not_believed(self):
        """Without a proxy that Odoo trusts a sender cannot choose their address."""
        self._login(None)
        counter = self.env["installed.base.problem.report"]
        with patch.object(
            type(counter), "_count_in", autospec=True, return_value=False
        ) as count_in:
            self.opener.headers["X-Forwarded-For"] = "203.0.113.9"
            self._report(self.label, 429, **self.visitor)
        self.assertNotEqual(count_in.call_args.args[2], "203.0.113.9")

    def test_printing_by_address(self):
        """Portal users get no labels from the report's own address."""
        self._login("portal")
        with mute_logger("odoo.http"):
            response = self.url_open(f"/report/html/{REPORT}/{self.piece.id}")
        self.assertGreaterEqual(response.status_code, 400)
        self._login("technician")
        self.assertIn("<svg", self._get(f"/report/html/{REPORT}/{self.piece.id}").text)

    def test_tokens_by_remote_call(self):
        self._login("portal")
        with mute_logger("odoo.http"):
            response = self.url_open(
                "/web/dataset/call_kw",
                data=json.dumps(
                    {
                        "params": {
                            "model": "installed.base",
                            "method": "search_read",
                            "args": [[], ["qr_token"]],
                            "kwargs": {},
                        }
                    }
                ),
                headers={"Content-Type": "application/json"},
            )
        self.assertIn("error", response.json())
        self.assertNotIn(self.piece.qr_token, response.text)


@tagged("post_install", "-at_install")
class TestPortalTours(PortalCase):
    def test_visitor(self):
        self.piece._ensure_qr_tokens()
        self.start_tour(
            f"/equipment/{self.piece.qr_token}", "equipment_label_visitor", timeout=60
        )
        note = self._get_notes()
        self.assertIn("It smokes", note.body)
        self.assertEqual(len(note.attachment_ids), 1)

    def test_customer(self):
        self.start_tour("/my", "equipment_portal", login="ib_portal", timeout=60)
        self.assertEqual(self._get_notes().author_id, self.contact)

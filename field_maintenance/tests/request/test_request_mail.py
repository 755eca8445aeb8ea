# What people write is not translated.
# pylint: disable=translation-required
from email.message import EmailMessage
from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from ...models.request import request_mail
from .test_service_request import RequestCase


@tagged("post_install", "-at_install")
class TestRequestMail(RequestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["mail.alias.domain"].search([]).unlink()
        domain = cls.env["mail.alias.domain"].create({"name": "dealer.example.org"})
        cls.company.alias_domain_id = domain
        cls.team.alias_name = "service"
        cls.contact.email = "anna@example.com"
        cls.number = 0

    def _receive(self, sender="Piet Maes <piet@example.net>", files=(), **headers):
        """Receive a mail to the team, as the gateway does.

        :return: the requests that there are more after it
        """
        body = headers.pop("body", "<p>It is <b>cold</b></p>")
        self.__class__.number += 1
        mail = EmailMessage()
        headers = {
            "From": sender,
            "To": "service@dealer.example.org",
            "Subject": "No heating",
            "Message-Id": f"<{self.number}@example.net>",
            **headers,
        }
        for name, value in headers.items():
            mail[name.replace("_", "-")] = value
        mail.set_content("It is cold")
        mail.add_alternative(body, subtype="html")
        for name, content in files:
            mail.add_attachment(
                content, maintype="application", subtype="pdf", filename=name
            )
        requests = self.env["service.request"]
        before = requests.search([])
        with mute_logger("odoo.addons.mail.models.mail_thread"):
            self.env["mail.thread"].with_context(
                mail_notify_force_send=False
            ).message_process(False, mail.as_bytes())
        return requests.search([]) - before

    def _reply(self, request, sender, **headers):
        return self._receive(
            sender,
            References=request.message_ids.sorted("id")[:1].message_id,
            Subject="Re: No heating",
            **headers,
        )

    # -- New ---------------------------------------------------------------------------

    def test_alias(self):
        self.assertEqual(self.team.alias_email, "service@dealer.example.org")
        self.assertEqual(self.team.alias_id.alias_model_id.model, "service.request")
        other = self._as("administrator", self.env["service.team"]).create(
            {"name": "South", "company_id": self.company.id, "alias_name": "south"}
        )
        self.assertEqual(other.alias_email, "south@dealer.example.org")

    def test_replies_go_to_the_team(self):
        south = self.env["service.team"].create({"name": "South"})
        of_team, of_south, of_nobody = (
            self._create_request(team_id=team.id)
            for team in (self.team, south, self.team.browse())
        )
        requests = of_team | of_south | of_nobody
        known = self._as("dispatcher", requests)._notify_get_reply_to(
            default="office@example.org"
        )
        self.assertEqual(known.keys(), set(requests.ids))
        self.assertIn("service@dealer.example.org", known[of_team.id])
        for request in of_south | of_nobody:
            self.assertNotIn("service@dealer", known[request.id])
        message = of_team.with_user(self.users["dispatcher"]).message_post(
            body="We are coming",
            partner_ids=self.contact.ids,
            subtype_xmlid="mail.mt_comment",
        )
        self.assertIn("service@dealer.example.org", message.reply_to)

    def test_known_sender(self):
        request = self._receive("Anna <anna@example.com>")
        self.assertEqual(request.channel, "email")
        self.assertEqual(request.subject, "No heating")
        self.assertEqual(request.partner_id, self.customer)
        self.assertEqual(request.contact_id, self.contact)
        self.assertEqual(request.team_id, self.team)
        self.assertEqual(request.company_id, self.company)
        self.assertEqual(request.installed_base_ids, self.piece)
        self.assertIn("cold", request.description)
        mail = request.message_ids.filtered(lambda m: m.message_type == "email")
        self.assertEqual(mail.author_id, self.contact)

    def test_thanks(self):
        """The sender learns the number, in a reply to their mail."""
        for sender, recipient in (
            ("Anna <anna@example.com>", self.contact),
            ("Piet Maes <piet@example.net>", self.contact.browse()),
        ):
            request = self._receive(sender)
            thanks = self.env["mail.mail"].search(
                [
                    ("model", "=", "service.request"),
                    ("res_id", "=", request.id),
                    ("body_html", "ilike", "We have received your request"),
                ]
            )
            self.assertIn(request.name, thanks.subject)
            self.assertEqual(thanks.recipient_ids, recipient)
            if not recipient:
                self.assertIn("piet@example.net", thanks.email_to)
                self.assertFalse(request.partner_id)
        self.assertFalse(
            self.env["res.partner"].search([("email", "=like", "piet@%")]),
            "Thanking makes no contact",
        )

    def test_html_is_cleaned(self):
        request = self._receive(
            body="<p onclick='x()'>Cold</p><script>alert(1)</script>"
            "<img src='x' onerror='alert(2)'/>"
        )
        self.assertIn("Cold", request.description)
        for text in (request.description, *request.message_ids.mapped("body")):
            self.assertNotIn("script", text)
            self.assertNotIn("onclick", text)
            self.assertNotIn("onerror", text)

    def test_no_subject(self):
        request = self._receive(Subject="", body="<p></p><p>It drips</p>")
        self.assertEqual(request.subject, "It drips")

    def test_automatic_replies(self):
        request = self._receive()
        request.stage_id = self.done
        for headers in (
            {"Auto-Submitted": "auto-replied"},
            {"X-Autoreply": "yes"},
            {"Precedence": "auto_reply"},
            {"Return-Path": "<>"},
            {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"},
            {"Precedence": "bulk", "In-Reply-To": "<x@y>"},
        ):
            with self.subTest(headers):
                self.assertFalse(self._receive(**headers))
                before = request.message_ids
                self._reply(request, "Piet <piet@example.net>", **headers)
                self.assertEqual(request.message_ids, before)
                self.assertEqual(request.stage_id, self.done)
        self.assertTrue(
            self._receive("boiler@example.net", **{"Auto-Submitted": "auto-generated"}),
            "A boiler that reports a fault is no reply",
        )

    def test_what_we_sent_comes_back(self):
        """From a team, or from Odoo itself: nothing is made, and nothing reopened."""
        request = self._receive()
        request.stage_id = self.done
        south = self.env["service.team"].create(
            {"name": "South", "company_id": self.company.id, "alias_name": "south"}
        )
        for sender in (
            "Service <service@dealer.example.org>",
            "SERVICE@Dealer.example.org",
            south.alias_email,
            "catchall@dealer.example.org",
            "bounce@dealer.example.org",
            '"Anna" <notifications@dealer.example.org>',
        ):
            with self.subTest(sender):
                self.assertFalse(self._receive(sender))
                before = request.message_ids
                self.assertFalse(self._reply(request, sender))
                self.assertEqual(request.message_ids, before)
                self.assertEqual(request.stage_id, self.done)
        for sender in ("service@example.net", "sales@dealer.example.org"):
            with self.subTest(sender):
                self.assertTrue(self._receive(sender), "Somebody else")

    def test_files(self):
        files = [(f"{number}.pdf", b"%PDF") for number in range(23)]
        request = self._receive(files=files)
        mail = request.message_ids.filtered(lambda m: m.message_type == "email")
        self.assertEqual(len(mail.attachment_ids), 20)
        self.assertIn("20.pdf, 21.pdf, 22.pdf", mail.body)
        with patch.object(request_mail, "MAIL_BYTES", 10):
            request = self._receive(
                files=[("a.pdf", b"x" * 6), ("b.pdf", b"x" * 6), ("c.pdf", b"x" * 4)]
            )
        mail = request.message_ids.filtered(lambda m: m.message_type == "email")
        self.assertEqual(set(mail.attachment_ids.mapped("name")), {"a.pdf", "c.pdf"})
        self.assertIn("b.pdf", mail.body)

    # -- Unknown sender ----------------------------------------------------------------

    def test_unknown_sender(self):
        request = self._receive()
        self.assertFalse(request.partner_id)
        self.assertEqual(request.email_from, '"Piet Maes" <piet@example.net>')
        with self.assertRefused("has no customer", UserError):
            request.action_plan_visit()
        wizards = self._as("dispatcher", self.env["service.request.customer"])
        form = Form(wizards.with_context(default_request_id=request.id))
        self.assertEqual(form.action, "create")
        self.assertEqual(form.name, "Piet Maes")
        self.assertEqual(form.email, "piet@example.net")
        form.phone = "+32 9 123 45 67"
        form.save().action_apply()
        piet = request.partner_id
        self.assertEqual(piet.name, "Piet Maes")
        self.assertEqual(piet.phone, "+32 9 123 45 67")
        mail = request.message_ids.filtered(lambda m: m.message_type == "email")
        self.assertEqual(mail.author_id, piet)
        self.assertTrue(request.action_plan_visit())

    def test_sender_who_became_a_contact(self):
        request = self._receive()
        self.contact.email = "piet@example.net"
        wizards = self._as("dispatcher", self.env["service.request.customer"])
        form = Form(wizards.with_context(default_request_id=request.id))
        self.assertEqual(form.action, "link")
        self.assertEqual(form.partner_id, self.contact)
        form.save().action_apply()
        self.assertEqual(request.partner_id, self.customer)
        self.assertEqual(request.contact_id, self.contact)

    def test_colleague_is_no_customer(self):
        user = self.users["salesperson"]
        user.email = "sales@dealer.example.org"
        request = self._receive(f"Sales <{user.email}>")
        self.assertFalse(request.partner_id)

    def test_contact_of_another_company(self):
        self.env["res.partner"].create(
            {
                "name": "Jan",
                "email": "jan@example.com",
                "company_id": self.other_company.id,
            }
        )
        self.assertFalse(self._receive("Jan <jan@example.com>").partner_id)

    def test_address_of_several_customers(self):
        """Whoever handles the request says which of them wrote."""
        agency = self.env["res.partner"].create(
            {"name": "Agency", "email": "anna@example.com"}
        )
        request = self._receive("Anna <anna@example.com>")
        self.assertFalse(request.partner_id)
        self.assertFalse(request.installed_base_ids)
        self.assertEqual(request.email_from, '"Anna" <anna@example.com>')
        mail = request.message_ids.filtered(lambda m: m.message_type == "email")
        self.assertFalse(mail.author_id)
        self.assertFalse(request.message_partner_ids & (agency | self.contact))
        wizards = self._as("dispatcher", self.env["service.request.customer"])
        form = Form(wizards.with_context(default_request_id=request.id))
        self.assertEqual(form.action, "link")
        self.assertTrue(form.is_shared)
        self.assertEqual(form.candidate_ids[:], agency | self.contact)
        self.assertFalse(form.partner_id)
        with self.assertRefused("Choose a contact", UserError):
            form.save().action_apply()
        form = Form(wizards.with_context(default_request_id=request.id))
        form.partner_id = self.contact
        form.save().action_apply()
        self.assertEqual(request.partner_id, self.customer)
        self.assertEqual(request.contact_id, self.contact)
        self.assertEqual(mail.author_id, self.contact)

    def test_address_of_several_contacts_of_a_customer(self):
        """Whoever of them wrote, it is the same customer."""
        self.customer.email = "anna@example.com"
        self.env["res.partner"].create(
            {
                "name": "Bert",
                "parent_id": self.customer.id,
                "email": "anna@example.com",
            }
        )
        request = self._receive("Anna <anna@example.com>")
        self.assertEqual(request.partner_id, self.customer)
        mail = request.message_ids.filtered(lambda m: m.message_type == "email")
        self.assertEqual(mail.author_id, request.contact_id)
        wizard = self.env["service.request.customer"].create({"request_id": request.id})
        self.assertFalse(wizard.is_shared)

    def test_address_of_a_customer_of_another_company(self):
        """Each company has its own customers."""
        self.env["res.partner"].create(
            {
                "name": "Aaron",
                "email": "anna@example.com",
                "company_id": self.other_company.id,
            }
        )
        request = self._receive("Anna <anna@example.com>")
        self.assertEqual(request.partner_id, self.customer)
        mail = request.message_ids.filtered(lambda m: m.message_type == "email")
        self.assertEqual(mail.author_id, self.contact)

    # -- Replies -----------------------------------------------------------------------

    def test_reply_reopens_once(self):
        request = self._receive("Anna <anna@example.com>")
        request.user_id = self.users["dispatcher"]
        for stage in (self.done, self.waiting):
            with self.subTest(stage.name):
                request.stage_id = stage
                self._reply(request, "Anna <anna@example.com>")
                self.assertEqual(request.stage_id, self.progress)
                self.assertEqual(len(request.activity_ids), 1)
                self.assertEqual(request.activity_ids.user_id, request.user_id)

    def test_reply_of_an_unknown_sender(self):
        request = self._receive()
        request.stage_id = self.done
        self._reply(request, "Piet <piet@example.net>")
        self.assertEqual(request.stage_id, self.progress)

    def test_colleagues_reopen_nothing(self):
        request = self._receive("Anna <anna@example.com>")
        request.stage_id = self.done
        self._as("dispatcher", request).message_post(
            body="Thank you", message_type="comment", subtype_xmlid="mail.mt_comment"
        )
        request.message_post(body="Note", author_id=self.contact.id)
        self.assertEqual(request.stage_id, self.done)
        self.assertFalse(request.activity_ids)

    def test_open_request_is_left_where_it_is(self):
        request = self._receive("Anna <anna@example.com>")
        self._reply(request, "Anna <anna@example.com>")
        self.assertEqual(request.stage_id, self.new)
        self.assertFalse(request.activity_ids)

    def test_no_mail_about_what_a_colleague_notes(self):
        """Not from a form either, which says in which stage it begins."""
        self.done.mail_template_id = self.new.mail_template_id
        messages = self.env["mail.message"]
        own = [
            ("model", "=", "service.request"),
            ("message_type", "!=", "notification"),
        ]
        before, mails = messages.search(own), self.env["mail.mail"].search([])
        requests = self._as("dispatcher", self.env["service.request"])
        for stage in self.new | self.done:
            form = Form(requests.with_context(default_stage_id=stage.id))
            form.partner_id, form.subject = self.customer, "By phone"
            form.contact_id = self.contact
            request = form.save()
            self.assertEqual(request.stage_id, stage)
            self.env.cr.flush()
        self.assertEqual(messages.search(own), before)
        self.assertEqual(self.env["mail.mail"].search([]), mails)
        # Afterwards they hear of it.
        request.stage_id = self.new
        self.env.cr.flush()
        self.assertEqual(
            (messages.search(own) - before).notified_partner_ids, self.contact
        )

    def test_mail_at_a_stage(self):
        template = self.new.mail_template_id.copy()
        self.done.mail_template_id = template
        request = self._receive("Anna <anna@example.com>")
        # Odoo tracks what changes after the transaction that made the record.
        self.env.cr.flush()
        request.stage_id = self.done
        self.env.cr.flush()
        told = self.env["mail.message"].search(
            [
                ("model", "=", "service.request"),
                ("res_id", "=", request.id),
                ("message_type", "=", "auto_comment"),
            ]
        )
        self.assertEqual(told.notified_partner_ids, self.contact)

from odoo.exceptions import AccessError
from odoo.tests import HttpCase, TransactionCase, tagged
from odoo.tools import mute_logger

from ..common import EDITORS, InstalledBaseCase, InstalledBaseFixtures


class NoticeFixtures(InstalledBaseFixtures):
    """A contact of the customer and one of the neighbour who want to know all."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.notices = cls.env["installed.base.notice.type"].search([])
        cls.assigned = cls.env.ref(
            "field_installed_base.notice_type_equipment_assigned"
        )
        cls.company.email = "service@hearth.example.com"
        cls.contact.write(
            {
                "email": "Anna@claes.example.com",
                "service_notice_type_ids": [(6, 0, cls.notices.ids)],
            }
        )
        cls.buyer = cls.env["res.partner"].create(
            {
                "name": "Bert Peeters",
                "parent_id": cls.neighbour.id,
                "email": "bert@peeters.example.com",
                "service_notice_type_ids": [(6, 0, cls.notices.ids)],
            }
        )

    def _notify(self, code, equipment, **kwargs):
        return self.env["installed.base.notice.type"]._notify_contacts(
            code, equipment, **kwargs
        )


@tagged("post_install", "-at_install")
class TestNotices(NoticeFixtures, InstalledBaseCase):
    """Who is told what about equipment by e-mail."""

    def test_one_mail_lists_all(self):
        pieces = self._create_equipment(
            serial_number="A1", warranty_end_date="2026-04-01"
        )
        pieces |= self._create_equipment(serial_number="A2", site_id=self.workshop.id)
        mail = self._notify("warranty_ending", pieces)
        self.assertEqual(mail.recipient_ids, self.contact)
        self.assertEqual(mail.state, "outgoing")
        self.assertIn("warranty", mail.subject)
        self.assertIn("service@hearth.example.com", mail.email_from)
        for text in ("Anna Claes", "A1", "A2", "04/01/2026", "Hearth and Home"):
            self.assertIn(text, mail.body_html)

    def test_each_customer_hears_of_its_own(self):
        ours = self._create_equipment(serial_number="OURS")
        theirs = self._create_equipment(
            serial_number="THEIRS", partner_id=self.neighbour.id
        )
        mails = self._notify("warranty_ending", ours | theirs)
        by_contact = {mail.recipient_ids: mail.body_html for mail in mails}
        self.assertEqual(set(by_contact), {self.contact, self.buyer})
        self.assertIn("OURS", by_contact[self.contact])
        self.assertNotIn("THEIRS", by_contact[self.contact])
        self.assertNotIn("OURS", by_contact[self.buyer])

    def test_who_is_told(self):
        piece = self._create_equipment()

        def told():
            return self._notify("equipment_assigned", piece).recipient_ids

        self.assertEqual(told(), self.contact)
        # The company itself may be told too.
        self.customer.write(
            {
                "email": "info@claes.example.com",
                "service_notice_type_ids": self.assigned.ids,
            }
        )
        self.assertEqual(told(), self.contact | self.customer)
        self.customer.service_notice_type_ids = False
        self.contact.service_notice_type_ids -= self.assigned
        self.assertFalse(told(), "not chosen")
        self.contact.service_notice_type_ids = self.notices
        self.contact.email = "not an address"
        self.assertFalse(told(), "no address")
        self.contact.email = "anna@claes.example.com"
        self.contact.active = False
        self.assertFalse(told(), "archived")
        self.contact.active = True
        self.env["mail.blacklist"]._add("ANNA@claes.example.com")
        self.assertFalse(told(), "blacklisted")
        self.env["mail.blacklist"]._remove("anna@claes.example.com")
        self.assertEqual(told(), self.contact)
        self.assigned.active = False
        self.assertFalse(told(), "the notice is switched off")
        self.assigned.write({"active": True, "template_id": False})
        self.assertFalse(told(), "the notice has no text")

    def test_nobody_to_tell(self):
        self.assertFalse(
            self._notify("warranty_ending", self._create_equipment(partner_id=False))
        )
        self.assertFalse(self._notify("unknown", self._create_equipment()))
        self.assertFalse(
            self._notify("warranty_ending", self.env["installed.base"].browse())
        )

    def test_language_of_contact(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.contact.lang = "fr_FR"
        self.stove.with_context(lang="fr_FR").name = "Poêle Lesse"
        template = self.assigned.template_id.with_context(lang="fr_FR")
        template.subject = "Nouvel équipement"
        mail = self._notify("equipment_assigned", self._create_equipment())
        self.assertEqual(mail.subject, "Nouvel équipement")
        self.assertIn("Poêle Lesse", mail.body_html)

    def test_opt_out_link(self):
        mail = self._notify("equipment_assigned", self._create_equipment())
        url = self.assigned._get_opt_out_url(self.contact)
        self.assertIn(url, mail.body_html)
        self.assertIn(f"'List-Unsubscribe': '<{url}>'", mail.headers)
        self.assertIn("One-Click", mail.headers)

    def test_logged(self):
        piece = self._create_equipment()
        self._notify("equipment_assigned", piece)
        self.assertIn("Equipment assigned", piece.message_ids[0].body)
        self.assertIn("Anna Claes", piece.message_ids[0].body)
        self.assertTrue(piece.message_ids[0].is_internal)
        self.assertIn(piece.reference, self.contact.message_ids[0].body)

    def test_from_company_of_equipment(self):
        self.other_company.email = "abroad@boilers.example.com"
        pieces = self._create_equipment()
        pieces |= self._create_equipment(company_id=self.other_company.id)
        mails = self._notify("warranty_ending", pieces)
        self.assertEqual(len(mails), 2)
        senders = " ".join(mails.mapped("email_from"))
        self.assertIn("service@hearth.example.com", senders)
        self.assertIn("abroad@boilers.example.com", senders)

    # -- Changed hands ----------------------------------------------------------------

    def _change_owner(self, pieces, partner, role="salesperson", **context):
        before = {piece.id: piece.commercial_partner_id for piece in pieces}
        pieces.write({"partner_id": partner.id})
        mails = self.env["mail.mail"].search([])
        self._as(role, pieces).with_context(**context)._notify_ownership_change(before)
        return self.env["mail.mail"].search([]) - mails

    def test_changed_hands(self):
        self._set_up_users()
        piece = self._create_equipment(serial_number="SOLD")
        mails = self._change_owner(piece, self.neighbour)
        by_contact = {mail.recipient_ids: mail for mail in mails}
        self.assertEqual(set(by_contact), {self.contact, self.buyer})
        self.assertIn("removed", by_contact[self.contact].subject)
        self.assertIn("SOLD", by_contact[self.contact].body_html)
        self.assertIn("added", by_contact[self.buyer].subject)
        # Neither learns who the other one is.
        self.assertNotIn(self.neighbour.name, by_contact[self.contact].body_html)
        self.assertNotIn("Claes", by_contact[self.buyer].body_html)

    def test_sent_by_create_and_write(self):
        """Whoever records or moves equipment, by form or remote call, causes them."""
        self._set_up_users()
        for role in EDITORS:
            mails = self.env["mail.mail"].search([])
            with self.subTest(role):
                piece = self._as(role, self.env["installed.base"]).create(
                    {"model": "Stove", "partner_id": self.customer.id}
                )
                created = self.env["mail.mail"].search([]) - mails
                self.assertEqual(created.recipient_ids, self.contact)
                self.assertIn("added", created.subject)
                piece.partner_id = self.neighbour
                moved = self.env["mail.mail"].search([]) - mails - created
                self.assertEqual(moved.recipient_ids, self.contact | self.buyer)
                piece.note = "Nothing that concerns them"
                self.assertFalse(
                    self.env["mail.mail"].search([]) - mails - created - moved
                )

    def test_unassigned(self):
        self._set_up_users()
        mail = self._change_owner(self._create_equipment(), self.env["res.partner"])
        self.assertEqual(mail.recipient_ids, self.contact)
        self.assertIn("removed", mail.subject)

    def test_just_recorded(self):
        self._set_up_users()
        piece = self._as("salesperson", self._create_equipment())
        mails = self.env["mail.mail"].search([])
        piece._notify_ownership_change({})
        mail = self.env["mail.mail"].search([]) - mails
        self.assertEqual(mail.recipient_ids, self.contact)
        self.assertIn("added", mail.subject)

    def test_same_company(self):
        self._set_up_users()
        piece = self._create_equipment()
        self.assertFalse(self._change_owner(piece, self.workshop))

    def test_nobody_is_told_of_imports_and_jobs(self):
        self._set_up_users()
        piece = self._create_equipment()
        self.assertFalse(self._change_owner(piece, self.neighbour, import_file=True))
        self.assertFalse(self._change_owner(piece, self.customer, install_mode=True))
        mails = self.env["mail.mail"].search([])
        piece.with_user(self.env.ref("base.user_root"))._notify_ownership_change({})
        self.assertFalse(self.env["mail.mail"].search([]) - mails)

    def test_query_count(self):
        def count(size):
            pieces = self.env["installed.base"].create(
                [
                    {"product_id": self.stove.id, "partner_id": self.customer.id}
                    for _n in range(size)
                ]
            )
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            self._notify("warranty_ending", pieces)
            self.env.flush_all()
            return self.cr.sql_log_count - before

        count(2)
        self.assertEqual(count(5), count(40))

    # -- Token ------------------------------------------------------------------------

    def test_token(self):
        notices = self.env["installed.base.notice.type"]
        token = self.assigned._get_opt_out_url(self.contact).rpartition("/")[2]
        self.assertEqual(
            notices._parse_opt_out_token(token), (self.contact, self.assigned)
        )
        for bad in (
            "",
            "x",
            "é",
            token[:-2],
            token[:-1] + "A" * 3,
            "A" * 60,
            token * 2,
        ):
            with self.subTest(bad):
                contact, notice = notices._parse_opt_out_token(bad)
                self.assertFalse(contact and notice)

    def test_rights(self):
        self._set_up_users()
        with self.assertRaises(AccessError):
            self._as("portal", self.contact).read(["service_notice_type_ids"])
        contact = self._as("dispatcher", self.contact)
        contact.service_notice_type_ids = self.assigned
        self.assertEqual(contact.service_notice_type_ids, self.assigned)


@tagged("post_install", "-at_install")
class TestNoticeOptOut(NoticeFixtures, HttpCase, TransactionCase):
    """The page behind the link in a notice."""

    def _get_path(self, notice, contact):
        return notice._get_opt_out_url(contact).removeprefix(contact.get_base_url())

    def test_visit_asks_and_post_stops(self):
        path = self._get_path(self.assigned, self.contact)
        page = self.url_open(path)
        self.assertEqual(page.status_code, 200)
        self.assertIn("Unsubscribe?", page.text)
        self.assertIn("Equipment assigned", page.text)
        self.assertIn(self.assigned, self.contact.service_notice_type_ids)
        for _time in range(2):
            page = self.url_open(path, data={"List-Unsubscribe": "One-Click"})
            self.assertEqual(page.status_code, 200)
            self.assertIn("is unsubscribed from", page.text)
            self.contact.invalidate_recordset()
            self.assertEqual(
                self.contact.service_notice_type_ids, self.notices - self.assigned
            )
        log = self.contact.message_ids.filtered(lambda m: "Stopped" in m.body)
        self.assertEqual(len(log), 1)
        self.assertEqual(self.buyer.service_notice_type_ids, self.notices)

    def test_language_of_contact(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.contact.lang = "fr_FR"
        self.assigned.with_context(lang="fr_FR").name = "Équipement attribué"
        page = self.url_open(self._get_path(self.assigned, self.contact))
        self.assertIn("Équipement attribué", page.text)

    @mute_logger("odoo.http")
    def test_no_token_of_ours(self):
        path = self._get_path(self.assigned, self.contact)
        for bad in (path[:-3], path[:-1] + "%00", path.rpartition("/")[0] + "/abc"):
            with self.subTest(bad):
                self.assertEqual(self.url_open(bad).status_code, 404)
                self.assertEqual(self.url_open(bad, data={"a": "b"}).status_code, 404)
        stranger = self.env["res.partner"].create({"name": "Gone"})
        path = self._get_path(self.assigned, stranger)
        stranger.unlink()
        self.assertEqual(self.url_open(path).status_code, 404)
        self.assertEqual(self.contact.service_notice_type_ids, self.notices)

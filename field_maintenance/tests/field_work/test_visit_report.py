import base64

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import HttpCase, tagged
from odoo.tools.image import image_data_uri

from odoo.addons.mail.tests.common import MailCase

from ..common import ExecutionCase, ExecutionFixtures
from .test_visit_proof import picture

REPORT = "field_maintenance.maintenance_visit_report"


class ReportFixtures(ExecutionFixtures):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._add_checklist()
        piece = cls._create_equipment(serial_number="S-4711")
        cls.call = cls._begin_visit(
            installed_base_ids=piece.ids, description="It smells"
        )
        cls._answer(
            cls._as("technician", cls.call)._fill_in_checklist(),
            {
                cls.draught: "12",
                cls.seals: str(cls.good.id),
                cls.internal: "Moody customer",
            },
        )
        cls.call.service_line_ids = [
            Command.create({"product_id": cls.pellets.id, "quantity": 3})
        ]
        photo = cls.env["ir.attachment"].create(
            {
                "name": "stove.png",
                "raw": picture(),
                "res_model": "maintenance.visit",
                "res_id": cls.call.id,
            }
        )
        cls.call.write(
            {
                "photo_ids": photo.ids,
                "time_ids": [
                    Command.create(
                        {
                            "technician_id": cls.technician.id,
                            "date_start": "2026-06-01 07:00:00",
                            "date_end": "2026-06-01 08:30:00",
                        }
                    )
                ],
            }
        )
        cls.call._finish({"work_done": "Swept the chimney"})
        # The customer signs for what was told.
        cls.call.write(
            {"signature": base64.b64encode(picture()), "signed_by": "Anna Claes"}
        )


@tagged("post_install", "-at_install")
class TestVisitReport(ReportFixtures, MailCase, ExecutionCase):
    def _render(self, visit=None, role="technician"):
        visit = visit or self.call
        report = self._as(role, self.env["ir.actions.report"])
        content, _kind = report._render_qweb_html(REPORT, visit.ids)
        return content.decode()

    def test_what_the_report_tells(self):
        page = self._render()
        for text in (
            "Claes Bakery",
            "Quay 5",
            "Pellet stove Lesse",
            "S-4711",
            "It smells",
            "Swept the chimney",
            "Draught measured",
            "State of the seals",
            "Good",
            "Bag of pellets",
            "3.0",
            "Tom Technician",
            "01:30",
            "Anna Claes",
            self.call.name,
            "Hearth and Home",
        ):
            with self.subTest(text):
                self.assertIn(text, page)
        for image in (
            self.call._get_report_photos()[0][0],
            image_data_uri(self.call.signature),
        ):
            self.assertIn(image, page)
        for text in ("Moody", "Which seals", "6.0", "18.0"):
            with self.subTest(text):
                self.assertNotIn(text, page)

    def test_who_prints(self):
        for role in ("technician", "dispatcher", "salesperson", "accountant"):
            with self.subTest(role):
                self.env.invalidate_all()
                self.assertIn("Swept the chimney", self._render(role=role))

    def test_what_is_left(self):
        visit = self._begin_visit()
        visit.visit_type_id = self.repair
        visit._finish(
            {
                "completion": "partial",
                "incomplete_reason": "A seal is missing",
                "follow_up_date": "2026-08-17",
            }
        )
        page = self._render(visit)
        self.assertIn("A seal is missing", page)
        self.assertIn("08/17/2026", page)
        visit.follow_up_ids._cancel("No longer needed")
        self.assertNotIn("08/17/2026", self._render(visit))

    def test_visits_done_together(self):
        other = self._create_equipment(serial_number="S-4712")
        main = self._create_planned_visit()
        main._absorb(
            self._create_visit(
                installed_base_ids=other.ids, description="It smells\nof gas"
            )
        )
        page = self._render(main)
        self.assertIn("S-4712", page)
        self.assertRegex(page, "Your request(?s:.*)It smells<br/?>\nof gas")

    def test_language_of_the_customer(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        view = self.env.ref("field_maintenance.maintenance_visit_report_document")
        view.with_context(lang="fr_FR").arch_db = view.arch_db.replace(
            "Work done", "Travaux"
        )
        self.customer.lang = "fr_FR"
        page = self._render()
        self.assertIn("Travaux", page)
        self.assertNotIn("Work done", page)

    # -- Mail --------------------------------------------------------------------------

    def test_sent_with_one_click(self):
        with self.mock_mail_gateway():
            self._as("technician", self.call).action_send_report()
        message = self.call.message_ids[0]
        self.assertEqual(message.partner_ids, self.contact)
        # Tests render no file unless they are told to; see below.
        name = self.call.name.replace("/", "-")
        self.assertRegex(message.attachment_ids.name, f"^Visit report {name}[.]")
        self.assertIn("Please find attached the visit report", message.body)

    def test_days_are_those_of_the_site(self):
        self.call.site_id.tz = "Asia/Tokyo"
        self.call.actual_start = "2026-05-31 20:00:00"
        self.assertIn("06/01/2026", self._render())
        with self.mock_mail_gateway():
            self.call.action_send_report()
        self.assertIn("06/01/2026", self.call.message_ids[0].body)

    def test_customer_without_address(self):
        (self.customer | self.contact).email = False
        with self.assertRefused(
            "has an email address. Enter one to send the report", UserError
        ):
            self.call.action_send_report()
        before = self.call.message_ids
        self.call._send_completion_emails(send_report=True)
        self.assertEqual(self.call.message_ids, before)

    def test_sent_at_done(self):
        for setting, answer, sent in (
            (False, None, False),
            (True, None, True),
            (True, False, False),
            (False, True, True),
        ):
            with self.subTest(setting=setting, answer=answer):
                self.company.visit_report_at_done = setting
                visit = self._begin_visit()
                visit.visit_type_id = self.repair
                with self.mock_mail_gateway():
                    visit._finish({} if answer is None else {"send_report": answer})
                reports = visit.message_ids.attachment_ids
                self.assertEqual(bool(reports), sent)

    def test_dialog_proposes_what_the_company_chose(self):
        self.company.visit_report_at_done = True
        visit = self._begin_visit()
        wizard = self.env["maintenance.visit.finish"].create({"visit_id": visit.id})
        self.assertTrue(wizard.send_report)
        self.assertEqual(wizard.recipient_email, "anna@example.com")
        (self.customer | self.contact).email = False
        wizard = self.env["maintenance.visit.finish"].create({"visit_id": visit.id})
        self.assertFalse(wizard.send_report)


@tagged("post_install", "-at_install")
class TestVisitReportFile(ReportFixtures, HttpCase):
    def test_pdf(self):
        report = self._as("technician", self.env["ir.actions.report"]).with_context(
            force_report_rendering=True
        )
        content, kind = report._render_qweb_pdf(REPORT, self.call.ids)
        self.assertEqual(kind, "pdf")
        self.assertTrue(content.startswith(b"%PDF"))

# What people write is not translated.
# pylint: disable=translation-required
from odoo.exceptions import AccessError
from odoo.tests import tagged

from ..customer.test_portal import PortalCase


@tagged("post_install", "-at_install")
class TestLoanPortal(PortalCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.heater, cls.other = (
            cls._create_equipment(
                serial_number=serial, partner_id=False, is_loaner=True
            )
            for serial in ("LOAN-1", "LOAN-2")
        )
        cls.loan, cls.foreign_loan = cls.env["service.loan"].create(
            [
                {
                    "installed_base_id": piece.id,
                    "partner_id": customer.id,
                    "date_out": "2026-03-03",
                    "date_due": "2026-03-13",
                    "note_out": "Never pays",
                }
                for piece, customer in (
                    (cls.heater, cls.customer),
                    (cls.other, cls.neighbour),
                )
            ]
        )

    def test_list(self):
        self._login("portal")
        text = self._get("/my/loans").text
        self.assertIn("LOAN-1", text)
        self.assertIn("03/13/2026", text)
        self.assertNotIn("LOAN-2", text)
        self.assertNotIn("Never pays", text)
        counts = self.make_jsonrpc_request("/my/counters", {"counters": ["loan_count"]})
        self.assertEqual(counts, {"loan_count": 1})
        self.loan._take_back(self.loan.date_due, {})
        self.env.flush_all()
        self.assertIn("no_loans", self._get("/my/loans").text.replace("-", "_"))

    def test_own_loans_alone(self):
        loans = self._as("portal", self.env["service.loan"])
        self.assertEqual(loans.search([]).with_env(self.env), self.loan)
        self.assertEqual(
            self._as("portal", self.loan).read(["date_due", "state"])[0]["state"], "out"
        )
        for loan, names in (
            (self.foreign_loan, ["date_due"]),
            (self.loan, ["note_out"]),
            (self.loan, ["signature_out"]),
            (self.loan, ["photo_in_ids"]),
            (self.loan, ["request_id"]),
        ):
            with self.subTest(names), self.assertRaises(AccessError):
                self._as("portal", loan).read(names)
        with self.assertRaises(AccessError):
            self._as("portal", self.loan).write({"date_due": "2027-01-01"})

    def test_messages_stay_among_colleagues(self):
        self.loan.message_post(
            body="He never pays",
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
        )
        messages = self._as("portal", self.loan.message_ids)
        self.assertFalse(messages.search([("id", "in", messages.ids)]))
        self._login("portal")
        result = self.make_jsonrpc_request(
            "/mail/thread/messages",
            {"thread_model": "service.loan", "thread_id": self.loan.id},
        )
        self.assertNotIn("He never pays", str(result))

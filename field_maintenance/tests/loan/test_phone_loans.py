from freezegun import freeze_time

from odoo.fields import Command
from odoo.tests import HttpCase, tagged

from ..common import MaintenanceFixtures
from ..field_work.test_entries import NOW, PHONE_NOW, PIXEL
from .test_loans import LoanCase


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestPhoneLoans(LoanCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.visit = cls._create_planned_visit(
            line_ids=[Command.create({"installed_base_id": cls.broken.id})]
        )

    def _send(self, kind, values, key=None):
        visits = self._as("technician", self.env["maintenance.visit"])
        entry = {
            "key": key or kind,
            "kind": kind,
            "visit_id": self.visit.id,
            "values": values,
            "done_at": PHONE_NOW,
            "seen": self.visit._get_office_version(),
        }
        result = visits.apply_field_work(entry, PHONE_NOW)
        self.env.invalidate_all()
        return result

    def _get_card(self):
        visit = self._as("technician", self.visit)
        return visit._get_my_day_values()[0]

    def test_lend_and_take_back(self):
        card = self._get_card()
        self.assertEqual([one["id"] for one in card["loaners"]], self.heater.ids)
        self.assertEqual(str(card["loan_due"]), "2026-06-11")
        self.assertFalse(card["loans"])
        values = {
            "equipment": self.heater.id,
            "date_due": "2026-06-20",
            "condition": "good",
            "note": "With hose",
            "photos": [{"name": "state.png", "data": PIXEL}],
            "signature": PIXEL,
            "signed_by": "Anna Claes",
        }
        # A phone may send an entry twice.
        for _twice in range(2):
            result = self._send("lend", values)
            self.assertEqual(result["status"], "done", result["message"])
        loan = self.heater.open_loan_id
        self.assertEqual(str(loan.date_out), "2026-06-01")
        self.assertEqual(str(loan.date_due), "2026-06-20")
        self.assertEqual(loan.visit_line_id, self.visit.line_ids)
        self.assertEqual(loan.signed_by_out, "Anna Claes")
        self.assertEqual(loan.photo_out_ids.res_model, "service.loan")
        self.assertEqual(loan.photo_out_ids.res_id, loan.id)
        self.assertEqual([one["id"] for one in result["visit"]["loans"]], loan.ids)
        self.assertFalse(result["visit"]["loaners"])
        result = self._send("lend", values, key="other")
        self.assertEqual(result["status"], "refused")
        self.assertIn("on loan to", result["message"])
        result = self._send("take_back", {"loan": loan.id, "condition": "worn"})
        self.assertEqual(result["status"], "done", result["message"])
        self.assertEqual(loan.state, "returned")
        self.assertEqual(str(loan.date_in), "2026-06-01")
        self.assertEqual(self.heater.condition, "worn")

    def test_implausible_entries(self):
        foreign = self._lend(
            self._create_loaner("LOAN-2"), partner_id=self.neighbour.id
        )
        for number, (kind, values) in enumerate(
            (
                ("lend", {}),
                ("lend", {"equipment": self.broken.id}),
                ("lend", {"equipment": self.heater.id, "condition": "shiny"}),
                ("lend", {"equipment": self.heater.id, "signature": PIXEL}),
                ("take_back", {"loan": foreign.id}),
            )
        ):
            with self.subTest(values):
                result = self._send(kind, values, key=str(number))
                self.assertEqual(result["status"], "refused")
        self.assertFalse(self.heater.open_loan_id)
        self.assertEqual(foreign.state, "out")


@tagged("post_install", "-at_install")
class TestPhoneLoansTour(MaintenanceFixtures, HttpCase):
    browser_size = "390x844"
    touch_enabled = True

    def test_lend_and_take_back(self):
        """Three taps each, with the signature."""
        heater = self._create_equipment(
            partner_id=False, serial_number="LOAN-1", is_loaner=True, condition="good"
        )
        broken = self._create_equipment(serial_number="BROKEN-1")
        self.contact.name = "Anna Claes"
        with freeze_time("2026-06-01 09:30:00"):
            visit = self._create_planned_visit(
                contact_id=self.contact.id,
                line_ids=[Command.create({"installed_base_id": broken.id})],
            )
            visit.state = "in_progress"
            self.start_tour(
                "/odoo/my-day",
                "my_day_loaner",
                login=self.users["technician"].login,
                timeout=120,
            )
        loan = heater.loan_ids
        self.assertEqual(loan.partner_id, self.customer)
        self.assertEqual(loan.state, "returned")
        self.assertTrue(loan.signature_out)
        self.assertEqual(loan.signed_by_out, "Anna Claes")
        self.assertEqual(loan.condition_in, "worn")

import base64
from datetime import datetime

from freezegun import freeze_time

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import tagged

from ..common import ExecutionCase
from .test_visit_proof import picture

SIGNATURE = base64.b64encode(picture())


@tagged("post_install", "-at_install")
@freeze_time("2026-06-01 09:00:00")
class TestSignedWork(ExecutionCase):
    """A signature is for the work, parts and times that the customer saw."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.piece = cls._create_equipment()
        cls.call = cls._begin_visit()
        cls.call.line_ids.work_done = "Swept"
        cls.call.service_line_ids = [
            Command.create({"product_id": cls.pellets.id, "quantity": 2})
        ]
        cls.call.time_ids = [
            Command.create(
                {
                    "technician_id": cls.technician.id,
                    "date_start": "2026-06-01 07:00:00",
                    "date_end": "2026-06-01 08:30:00",
                }
            )
        ]

    def _sign(self, visit=None, role="technician"):
        visit = self._as(role, visit or self.call)
        wizard = (
            visit.env["maintenance.visit.sign"]
            .with_context(**visit.action_sign()["context"])
            .create({"signature": SIGNATURE, "signed_by": "Anna Claes"})
        )
        wizard.action_sign()

    def _assert_taken_off(self, change, visit=None):
        """Sign, change, and see that the signature is gone and said so."""
        visit = visit or self.call
        self._sign(visit)
        self.assertTrue(visit.signed_on)
        change()
        self.assertFalse(visit.signature)
        self.assertFalse(visit.signed_on)
        self.assertFalse(visit.signed_by)
        self.assertTrue(visit.is_signature_void)
        message = visit.message_ids[0]
        self.assertIn("the signature of Anna Claes", message.body)
        self.assertEqual(message.attachment_ids.name, "signature.png")

    def _assert_stays(self, change):
        self._sign()
        change()
        self.assertTrue(self.call.signature)
        self.assertEqual(self.call.signed_by, "Anna Claes")
        self.assertFalse(self.call.is_signature_void)

    def test_pad_shows_what_it_is_for(self):
        visit = self._as("technician", self.call)
        wizard = visit.env["maintenance.visit.sign"].new({"visit_id": visit.id})
        page = str(wizard.signed_work)
        for text in ("Swept", "Bag of pellets", "2.0", "Tom Technician"):
            with self.subTest(text):
                self.assertIn(text, page)
        # At the site in Brussels
        self.assertIn("9:00", page.replace("\u202f", " "))

    def test_work(self):
        line = self._as("technician", self.call.line_ids)
        self._assert_taken_off(lambda: line.write({"work_done": "Measured"}))

    def test_work_by_the_form_of_the_visit(self):
        visit = self._as("dispatcher", self.call)
        command = Command.update(self.call.line_ids.id, {"work_done": "Measured"})
        self._assert_taken_off(lambda: visit.write({"line_ids": [command]}))

    def test_equipment(self):
        other = self._create_equipment()
        for change in (
            lambda: self.call.write({"installed_base_ids": (self.piece | other).ids}),
            lambda: self.call.line_ids.write({"completion": "none"}),
            lambda: self.call.line_ids[-1].unlink(),
        ):
            self._assert_taken_off(change)

    def test_parts(self):
        part = self.call.service_line_ids
        for change in (
            lambda: part.write({"quantity": 3}),
            lambda: self._as("technician", self.call)._update_order_line_info(
                self.pellets.id, 4
            ),
            lambda: part.copy(),
            lambda: part.unlink(),
        ):
            self._assert_taken_off(change)

    def test_times(self):
        time = self.call.time_ids
        for change in (
            lambda: time.write({"date_end": "2026-06-01 08:45:00"}),
            lambda: time.write({"technician_id": self.colleague.id}),
            lambda: self._as("technician", self.call).action_start_work(),
            lambda: time.unlink(),
        ):
            self._assert_taken_off(change)

    def test_import(self):
        self.env.user.group_ids |= self.env.ref("field_installed_base.group_manager")
        self.env["ir.model.data"].create(
            {
                "module": "__import__",
                "name": "signed_visit",
                "model": self.call._name,
                "res_id": self.call.id,
            }
        )

        def load():
            result = self.env["maintenance.visit"].load(
                ["id", "line_ids/.id", "line_ids/work_done"],
                [["__import__.signed_visit", str(self.call.line_ids.id), "Else"]],
            )
            self.assertTrue(result["ids"], result["messages"])

        self._assert_taken_off(load)

    def test_what_is_done_together(self):
        other = self._create_equipment()
        main = self._create_planned_visit(
            "2026-06-02 07:00:00", installed_base_ids=self.piece.ids
        )
        absorbed = self._create_visit(installed_base_ids=other.ids)
        main._absorb(absorbed)
        line = absorbed.line_ids
        self._assert_taken_off(lambda: line.write({"work_done": "Oiled"}), main)
        self._assert_taken_off(absorbed.action_split_off, main)

    def test_what_is_not_signed_for_stays_signed(self):
        part, line = self.call.service_line_ids, self.call.line_ids
        for change in (
            lambda: self.call.write({"customer_feedback": "Nice"}),
            lambda: part.write({"price_unit": 99, "coverage": "warranty"}),
            lambda: line.write({"work_done": "Swept", "technician_id": False}),
            lambda: self.call._finish(),
        ):
            self._assert_stays(change)

    def test_billing_keeps_it(self):
        self.cleaning.product_id = self.visit
        self._sign()
        self.call._finish()
        self._as("salesperson", self.call).action_create_order_lines()
        self.assertIn(self.visit, self.call.service_line_ids.product_id)
        self.assertTrue(self.call.signature)
        self.call.service_line_ids[:1].sale_line_id.order_id.action_confirm()
        self.assertTrue(self.call.signature)

    def test_registering_keeps_it(self):
        self.call.line_ids = [Command.create({"description": "Godin 3721"})]
        self._sign()
        self.call.line_ids[-1].action_register_equipment()
        self.assertTrue(self.call.line_ids[-1].installed_base_id)
        self.assertTrue(self.call.signature)
        self.call.line_ids[-1].work_done = "Cleaned"
        self.assertFalse(self.call.signature)

    def test_signature_ends_the_clock(self):
        self._as("technician", self.call).action_start_work()
        with freeze_time("2026-06-01 09:20:00"):
            self._sign()
        running = self.call.time_ids[-1]
        self.assertEqual(running.date_end, datetime(2026, 6, 1, 9, 20))
        with freeze_time("2026-06-01 09:25:00"):
            self.call._finish()
        self.assertTrue(self.call.signature)

    def test_written_with_the_work(self):
        """By a remote call that writes all at once."""
        line = self.call.line_ids
        self._as("technician", self.call).write(
            {
                "line_ids": [Command.update(line.id, {"work_done": "All of it"})],
                "signature": SIGNATURE,
            }
        )
        self.assertEqual(line.work_done, "All of it")
        self.assertTrue(self.call.signature)

    def test_created_with_it(self):
        visit = self._create_planned_visit(signature=SIGNATURE)
        self.assertEqual(visit.signed_on, datetime(2026, 6, 1, 9))
        visit.line_ids.work_done = "Swept"
        self.assertFalse(visit.signature)

    def test_signed_again(self):
        self._assert_taken_off(lambda: self.call.line_ids.write({"work_done": "B"}))
        self._assert_stays(lambda: None)

    def test_kept_from_hands(self):
        for name in ("signed_content", "is_signature_void"):
            with self.subTest(name), self.assertRaises(AccessError):
                self._as("dispatcher", self.call).write({name: True})

    # -- Photos ------------------------------------------------------------------------

    def test_photos_of_done_visits(self):
        photos = self.env["ir.attachment"].create(
            [
                {
                    "name": f"{number}.png",
                    "raw": picture(),
                    "res_model": "maintenance.visit",
                    "res_id": self.call.id,
                }
                for number in range(3)
            ]
        )
        first, second, third = photos
        self.call.photo_ids = photos
        mine = self._as("technician", self.call)
        mine.photo_ids = [Command.unlink(first.id)]
        self.assertEqual(self.call.photo_ids, second | third)
        self.call._finish()
        refused = "is done, so its photos are kept"
        for change in (
            lambda: mine.write({"photo_ids": [Command.unlink(second.id)]}),
            lambda: mine.write({"photo_ids": [Command.clear()]}),
            lambda: mine.write({"photo_ids": [Command.set(third.ids)]}),
            lambda: self._as("technician", second).unlink(),
        ):
            with self.assertRefused(refused, AccessError):
                change()
        mine.photo_ids = [Command.link(first.id)]
        self.assertEqual(len(self.call.photo_ids), 3)
        self._as("dispatcher", self.call).photo_ids = [Command.unlink(second.id)]
        self.assertEqual(len(self.call.photo_ids), 2)

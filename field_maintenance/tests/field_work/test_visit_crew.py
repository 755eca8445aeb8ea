from datetime import date

from freezegun import freeze_time

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import Form, tagged

from ..common import ExecutionCase


@tagged("post_install", "-at_install")
@freeze_time("2026-06-01 09:00:00")
class TestVisitCrew(ExecutionCase):
    """Two technicians on one visit: each tells their work."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.piece = cls._create_equipment()
        cls.call = cls._begin_visit(technician_ids=(cls.technician | cls.colleague).ids)
        cls.line = cls.call.line_ids

    def _open(self, role="technician"):
        visit = self._as(role, self.call)
        action = visit.action_done()
        return Form(visit.env[action["res_model"]].with_context(**action["context"]))

    def test_second_one_adds(self):
        with self._open() as first, self._open("dispatcher") as second:
            first.work_done = "Swept the chimney"
            second.work_done = "Changed the seal"
            second.customer_feedback = "Fine"
        first.record.action_finish()
        self.assertEqual(self.call.state, "done")
        second.record.action_finish()
        self.assertEqual(self.line.work_done, "Swept the chimney\nChanged the seal")
        self.assertEqual(self.line.completion, "full")
        self.assertEqual(self.line.technician_id, self.technician)
        self.assertEqual(self.call.customer_feedback, "Fine")

    def test_told_while_the_dialog_was_open(self):
        with self._open() as form:
            self.line.work_done = "Changed the seal"
            form.work_done = "Swept the chimney"
        form.record.action_finish()
        self.assertEqual(self.line.work_done, "Changed the seal\nSwept the chimney")

    def test_what_one_knew_is_replaced(self):
        self.line.work_done = "Swept the chimny"
        with self._open() as form:
            self.assertEqual(form.work_done, "Swept the chimny")
            form.work_done = "Swept the chimney"
        form.record.action_finish()
        self.assertEqual(self.line.work_done, "Swept the chimney")

    def test_the_same_twice_is_told_once(self):
        told = {"work_done": "Swept", "customer_feedback": "Fine"}
        self.call._finish(told)
        self.call._finish(told)
        self.assertEqual(self.line.work_done, "Swept")
        self.assertEqual(self.call.customer_feedback, "Fine")

    def test_second_one_leaves_something(self):
        self.call._finish({"work_done": "Swept"})
        with self.assertRefused("Enter why the work on", UserError):
            self.call._finish({"completion": "partial"})
        follow_up = self.call._finish(
            {
                "completion": "partial",
                "incomplete_reason": "The seal is missing",
                "follow_up_date": date(2026, 6, 15),
            }
        )
        self.assertEqual(self.call.completion, "partial")
        self.assertEqual(self.call.incomplete_reason, "The seal is missing")
        self.assertEqual(follow_up.follow_up_of_id, self.call)
        # That the other one's part is done says nothing of this one.
        self.call._finish({"completion": "full", "work_done": "Mine"})
        self.assertEqual(self.call.completion, "partial")

    def test_second_one_takes_the_signature_off(self):
        self.call._finish({"work_done": "Swept"})
        self.call.signature = self._picture()
        self.call._finish({"work_done": "Changed the seal"})
        self.assertFalse(self.call.signature)

    def _picture(self):
        return (
            b"iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGA"
            b"WjR9awAAAABJRU5ErkJggg=="
        )

    def test_follow_up_keeps_the_crew(self):
        gone = self.env["hr.employee"].create({"name": "Gone"})
        self.call.technician_ids |= gone
        gone.active = False
        follow_up = self.call._finish(
            {
                "completion": "none",
                "incomplete_reason": "Nobody home",
                "follow_up_date": date(2026, 6, 15),
            }
        )
        self.assertEqual(follow_up.technician_ids, self.technician | self.colleague)
        self.assertEqual(follow_up.technician_id, self.technician)

    def test_many_pieces(self):
        pieces = self.env["installed.base"].union(
            *(self._create_equipment() for _number in range(3))
        )
        visit = self._begin_visit(installed_base_ids=pieces.ids)
        first, second, third = visit.line_ids
        visit._finish(
            {
                "work_done": "Cleaned",
                "lines": {
                    second.id: {
                        "completion": "partial",
                        "incomplete_reason": "No filter",
                        "work_done": "Opened",
                    },
                    third.id: {
                        "completion": "none",
                        "incomplete_reason": "Locked room",
                        "work_done": "",
                    },
                },
            }
        )
        self.assertEqual(
            visit.line_ids.mapped("completion"), ["full", "partial", "none"]
        )
        self.assertEqual(visit.line_ids.mapped("work_done"), ["Cleaned", "Opened", ""])
        self.assertEqual(visit.incomplete_reason, "No filter; Locked room")

    def test_one_reason_each_at_the_desk(self):
        pieces = self._create_equipment() | self._create_equipment()
        self.call = self._begin_visit(installed_base_ids=pieces.ids)
        with self._open() as form:
            with form.line_ids.edit(0) as row:
                row.completion = "none"
                row.incomplete_reason = "Locked"
            with form.line_ids.edit(1) as row:
                row.completion = "partial"
                row.incomplete_reason = "No filter"
            self.assertFalse(form.needs_reason)
        form.record.action_finish()
        self.assertEqual(
            self.call.line_ids.mapped("incomplete_reason"), ["Locked", "No filter"]
        )

    def test_second_one_works_on(self):
        self.call._finish({"work_done": "Swept"})
        mine = self._as("technician", self.call)
        with freeze_time("2026-06-01 09:30:00"):
            mine.action_start_work()
        self.assertEqual(self.call.state, "done")
        with freeze_time("2026-06-01 10:15:00"):
            mine._finish({"work_done": "Oiled"})
        self.assertEqual(self.call.time_ids.duration, 0.75)
        self.call.technician_ids = self.technician
        with self.assertRefused("You cannot start visit", UserError):
            mine.action_start_work()

    def test_parts_that_the_pad_did_not_show(self):
        """A colleague, or the office, enters a part while this phone has no line."""
        self.call.service_line_ids = [
            Command.create({"product_id": self.pellets.id, "quantity": 2})
        ]
        entry = {
            "kind": "signature",
            "visit_id": self.call.id,
            "done_at": 1000,
            "seen": self.call._get_office_version(),
        }
        values = {"signature": self._picture().decode(), "signed_by": "Anna"}
        visits = self._as("technician", self.env["maintenance.visit"])
        for key, parts, is_kept in (
            ("one", [[self.pellets.id, 2]], True),
            ("two", [[self.pellets.id, 1]], False),
            ("three", [], False),
            ("four", [["x"], [1], {}], False),
        ):
            with self.subTest(key):
                entry |= {"key": key, "values": {**values, "parts": parts}}
                result = visits.apply_field_work(entry, 2000)
                self.assertEqual(result["status"], "done", result["message"])
                self.assertEqual(bool(self.call.signature), is_kept)
                self.assertNotEqual(self.call.is_signature_void, is_kept)

    def test_second_phone_adds(self):
        """The second one's phone had no line when the first one finished."""
        visits = self._as("technician", self.env["maintenance.visit"])
        entry = {
            "key": "one",
            "kind": "done",
            "visit_id": self.call.id,
            "values": {
                "lines": {
                    str(self.line.id): {"completion": "full", "work_done": "Oiled"}
                }
            },
            "done_at": 1000,
            "seen": self.call._get_office_version(),
        }
        self.call._finish({"work_done": "Swept"})
        result = visits.apply_field_work(entry, 2000)
        self.assertEqual(result["status"], "done", result["message"])
        self.assertEqual(self.line.work_done, "Swept\nOiled")

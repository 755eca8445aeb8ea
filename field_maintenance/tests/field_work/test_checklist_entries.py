from datetime import datetime

from freezegun import freeze_time

from odoo.fields import Command
from odoo.tests import tagged

from ..common import ExecutionCase

NOW = datetime(2026, 6, 1, 10, 0)
PHONE_NOW = 1_780_000_000_000


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestChecklistEntries(ExecutionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._add_checklist()
        cls._create_equipment()
        cls.visit = cls._begin_visit(technician_id=cls.technician.id)
        cls.number = 0

    def _send(self, answers, role="technician", comments=None, **values):
        visit = self._as(role, self.visit)
        (row,) = visit._get_checklist_rows()
        type(self).number += 1
        entry = {
            "key": f"key-{self.number}",
            "kind": "checklist",
            "visit_id": visit.id,
            "values": {
                "visit_id": row["visit_id"],
                "line_id": row["line_id"],
                "survey_id": row["survey_id"],
                "filling_id": row["filling_id"],
                "answers": {
                    str(question.id): answer for question, answer in answers.items()
                },
                "comments": comments or {},
                "is_complete": True,
                **values,
            },
            "done_at": PHONE_NOW,
            "seen": visit._get_office_version(),
            "force": values.pop("force", False),
        }
        visits = visit.browse()
        result = visits.apply_field_work(entry, PHONE_NOW)
        self.env.invalidate_all()
        return result

    def _get_answers(self):
        return self.visit._get_checklist()._describe_for_phone()["answers"]

    def test_complete(self):
        result = self._send({self.draught: "12,5", self.seals: self.good.ids})
        self.assertEqual(result["status"], "done", result["message"])
        self.assertEqual(result["visit"]["checklist"], "done")
        self.assertEqual(
            self._get_answers(),
            {self.draught.id: "12.5", self.seals.id: self.good.ids},
        )

    def test_half_and_then_the_rest(self):
        result = self._send({self.seals: self.worn.ids}, is_complete=False)
        self.assertEqual(result["visit"]["checklist"], "in_progress")
        forms = self._as("technician", self.visit).get_checklists()
        (row,) = forms["answers"][self.visit.id]
        self.assertEqual(row["answers"], {self.seals.id: self.worn.ids})
        questions = forms["surveys"][self.checklist.id]["questions"]
        self.assertEqual(
            [(one["type"], one["is_mandatory"], one["triggers"]) for one in questions],
            [
                ("numerical_box", True, []),
                ("simple_choice", False, []),
                ("char_box", True, self.worn.ids),
                ("char_box", False, []),
            ],
        )
        result = self._send({self.draught: "1", self.seals: self.worn.ids})
        self.assertEqual(result["status"], "refused")
        self.assertIn("Which seals are worn", result["message"])
        self._send({self.draught: "1", self.which: "Door"})
        self.assertEqual(len(self.visit.checklist_ids), 1)
        self.assertEqual(self._get_answers()[self.which.id], "Door")

    def test_what_is_not_asked_any_more_is_gone(self):
        answers = {self.draught: "1", self.seals: self.worn.ids, self.which: "Door"}
        self._send(answers, is_complete=False)
        self._send({**answers, self.seals: self.good.ids})
        self.assertNotIn(self.which.id, self._get_answers())

    def test_somebody_else_filled_it_in(self):
        (row,) = self.visit._get_checklist_rows()
        self._answer(
            self._as("dispatcher", self.visit)._fill_in_checklist(),
            {self.draught: "7"},
        )
        result = self._send({self.draught: "8"}, filling_id=row["filling_id"])
        self.assertEqual(result["status"], "conflict")
        self.assertIn("filled in this checklist meanwhile", result["message"])
        self.assertEqual(self._get_answers(), {self.draught.id: "7"})
        result = self._send({self.draught: "8"})
        self.assertEqual(result["status"], "done", "They saw it, and correct it")
        self.assertEqual(self._get_answers()[self.draught.id], "8")
        self.assertEqual(len(self.visit.checklist_ids), 2, "The first one is kept")

    def test_every_type_of_question(self):
        questions = self.checklist.question_ids.create(
            [
                {
                    "survey_id": self.checklist.id,
                    "title": kind,
                    "question_type": kind,
                    "sequence": 100,
                    **values,
                }
                for kind, values in (
                    ("text_box", {}),
                    ("date", {}),
                    ("datetime", {}),
                    ("scale", {}),
                    ("multiple_choice", {"comments_allowed": True}),
                    ("matrix", {"matrix_subtype": "simple"}),
                )
            ]
        )
        text, date, moment, scale, several, matrix = questions
        for question in several | matrix:
            question.suggested_answer_ids = [
                Command.create({"value": value}) for value in ("A", "B")
            ]
        matrix.matrix_row_ids = [Command.create({"value": "Row"})]
        row, (first, second) = matrix.matrix_row_ids, matrix.suggested_answer_ids
        answers = {
            self.draught: "1",
            text: "Two\nlines",
            date: "2026-06-01",
            moment: "2026-06-01 08:30:00",
            scale: "7",
            several: several.suggested_answer_ids.ids,
            matrix: {str(row.id): [second.id]},
        }
        result = self._send(answers, comments={str(several.id): "Both"})
        self.assertEqual(result["status"], "done", result["message"])
        told = self.visit._get_checklist()._describe_for_phone()
        self.assertEqual(
            told["answers"],
            {
                **{question.id: answer for question, answer in answers.items()},
                matrix.id: {row.id: [second.id]},
            },
        )
        self.assertEqual(told["comments"], {several.id: "Both"})
        for question, wrong in (
            (date, "9999-99-99"),
            (date, "tomorrow"),
            (moment, "0"),
            (scale, "11"),
            (scale, "x"),
            (several, [first.id]),
            (several, "A"),
            (matrix, {"1": [second.id]}),
            (matrix, {str(row.id): [first.id, second.id]}),
            (matrix, [second.id]),
            (self.seals, self.checklist.question_ids.suggested_answer_ids.ids),
            (self.draught, "nan"),
            (self.draught, "1e300"),
            (text, "x" * 10_001),
            (text, {"a": 1}),
        ):
            with self.subTest(question=question.title, wrong=str(wrong)[:50]):
                result = self._send({question: wrong}, is_complete=False)
                self.assertEqual(result["status"], "refused")
                self.assertIn(question.title, result["message"])

    def test_foreign_checklists(self):
        other = self._create_planned_visit(technician_id=self.colleague.id)
        for values in ({"visit_id": other.id}, {"line_id": 7}):
            result = self._send({self.draught: "1"}, **values)
            self.assertIn("took this checklist off", result["message"])
        result = self._send({self.draught: "1"}, survey_id=2**30)
        self.assertIn("another checklist", result["message"])
        self.assertFalse(self.visit.checklist_ids | other.checklist_ids)

    def test_each_piece_has_its_own(self):
        self.cleaning.checklist_per_equipment = True
        second = self._create_equipment(serial_number="TWO")
        self.visit.write({"installed_base_ids": [Command.link(second.id)]})
        rows = self._as("technician", self.visit)._get_checklist_rows()
        self.assertEqual([row["line_id"] for row in rows], self.visit.line_ids.ids)
        self.assertEqual({row["state"] for row in rows}, {"new"})

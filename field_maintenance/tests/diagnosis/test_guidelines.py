from psycopg2.errors import CheckViolation

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..common import MaintenanceCase


@tagged("post_install", "-at_install")
class TestGuidelines(MaintenanceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        categories = cls.env["installed.base.category"]
        cls.above = categories.create({"name": "Heaters"})
        cls.category = categories.create({"name": "Oil", "parent_id": cls.above.id})
        cls.cold, cls.loud = cls.env["service.fault.code"].create(
            [
                {"kind": "symptom", "code": "T1", "name": "Test cold"},
                {"kind": "symptom", "code": "T2", "name": "Test loud"},
            ]
        )
        cls.piece = cls._create_equipment(category_id=cls.category.id)
        cls.visit = cls._create_planned_visit(
            visit_type_id=cls.repair.id,
            technician_id=cls.technician.id,
            line_ids=[Command.create({"installed_base_id": cls.piece.id})],
        )
        cls.line = cls.visit.line_ids

    @classmethod
    def _create_guideline(cls, title="Tree", **vals):
        survey = cls.env["survey.survey"].create(
            {
                "title": title,
                "survey_type": "guideline",
                "access_mode": "token",
                "users_login_required": True,
                "questions_layout": "page_per_question",
                "question_and_page_ids": [
                    Command.create(
                        {
                            "title": "Does the burner start?",
                            "question_type": "simple_choice",
                            "suggested_answer_ids": [
                                Command.create({"value": "Yes"}),
                                Command.create({"value": "No"}),
                            ],
                        }
                    )
                ],
            }
        )
        return cls.env["service.guideline"].create({"survey_id": survey.id, **vals})

    # -- Which one ---------------------------------------------------------------------

    def test_the_nearest_applies(self):
        """The piece, its product, its nearest category; with its symptom before any."""
        self.line.fault_symptom_id = self.cold
        found = []
        for vals in (
            {"category_id": self.above.id},
            {"category_id": self.above.id, "fault_symptom_id": self.cold.id},
            {"category_id": self.category.id},
            {"product_id": self.piece.product_id.id},
            {"product_id": self.piece.product_id.id, "fault_symptom_id": self.cold.id},
            {"installed_base_id": self.piece.id},
        ):
            guideline = self._create_guideline(**vals)
            self.line.invalidate_recordset(["guideline_id"])
            self.assertEqual(self.line.guideline_id, guideline, vals)
            found.append(guideline)
        # One with a symptom is for that symptom alone.
        self.line.fault_symptom_id = self.loud
        for guideline, next_one in (
            (found[5], found[3]),
            (found[3], found[2]),
            (found[2], found[0]),
            (found[0], found[0].browse()),
        ):
            self.assertEqual(self.line.guideline_id, guideline)
            guideline.active = False
            self.line.invalidate_recordset(["guideline_id"])
            self.assertEqual(self.line.guideline_id, next_one)

    def test_what_does_not_apply(self):
        other = self._create_equipment()
        guideline = self._create_guideline(installed_base_id=other.id)
        self.assertFalse(self.line.guideline_id)
        guideline.write({"installed_base_id": False, "category_id": self.category.id})
        self.line.invalidate_recordset(["guideline_id"])
        self.assertEqual(self.line.guideline_id, guideline)
        for values in (
            {"company_id": self.other_company.id},
            {
                "survey_id": self.env["survey.survey"]
                .create({"title": "Empty", "survey_type": "guideline"})
                .id
            },
        ):
            before = {name: guideline[name].id for name in values}
            guideline.write(values)
            self.line.invalidate_recordset(["guideline_id"])
            self.assertFalse(self.line.guideline_id, values)
            guideline.write(before)
        guideline.survey_id.active = False
        self.line.invalidate_recordset(["guideline_id"])
        self.assertFalse(self.line.guideline_id)
        with self.assertRefused("There is no guideline", UserError):
            self.line.action_open_guideline()

    def test_what_is_refused(self):
        guideline = self._create_guideline(category_id=self.category.id)
        with self.assertRefused("not a symptom", ValidationError):
            guideline.fault_symptom_id = self.env["service.fault.code"].search(
                [("kind", "=", "area")], limit=1
            )
        checklist = self.env["survey.survey"].create(
            {"title": "Checks", "survey_type": "visit"}
        )
        with self.assertRefused("not the questionnaire", ValidationError):
            guideline.survey_id = checklist
        for values in (
            {"category_id": False},
            {"product_id": self.piece.product_id.id},
        ):
            with (
                self.subTest(values),
                mute_logger("odoo.sql_db"),
                self.assertRaises(CheckViolation),
                self.env.cr.savepoint(),
            ):
                guideline.write(values)

    def test_queries(self):
        """They do not depend on how many lines there are."""
        self._create_guideline(category_id=self.category.id)
        lines = self.visit.line_ids.create(
            [
                {
                    "visit_id": self.visit.id,
                    "installed_base_id": self._create_equipment(
                        category_id=self.category.id
                    ).id,
                }
                for _number in range(10)
            ]
        )
        self.env.flush_all()
        counts = []
        for some in (lines[:2], lines):
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.assertEqual(len(some.sudo()._describe_guidelines()), len(some))
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(*counts)

    # -- Followed ----------------------------------------------------------------------

    def test_opened_resumed_and_kept(self):
        guideline = self._create_guideline(category_id=self.category.id)
        line = self._as("technician", self.line)
        self.assertEqual(line.get_guideline(), "Tree")
        (piece,) = self._as("technician", self.visit)._get_my_day_values()[0]["pieces"]
        self.assertEqual(piece["guideline"], {"name": "Tree", "state": ""})
        action = line.action_open_guideline()
        answer = self.visit.guideline_answer_ids
        self.assertEqual(answer.survey_id, guideline.survey_id)
        self.assertEqual(answer.maintenance_visit_line_id, self.line)
        self.assertEqual(answer.state, "in_progress")
        self.assertEqual(action["target"], "self")
        self.assertIn(f"answer_token={answer.access_token}", action["url"])
        self.assertEqual(line.action_open_guideline(), action, "The same is opened")
        self.assertEqual(self.visit.guideline_answer_ids, answer)
        self.assertFalse(self.visit.checklist_ids)
        question = guideline.survey_id.question_ids
        answer._save_lines(question, question.suggested_answer_ids[1].id)
        answer._mark_done()
        self.assertIn("Guideline followed: Tree", self.visit.message_ids[0].body)
        (piece,) = self._as("technician", self.visit)._get_my_day_values()[0]["pieces"]
        self.assertEqual(piece["guideline"]["state"], "done")
        self.assertIn("/survey/print/", line.action_open_guideline()["url"])
        with self.assertRefused("is kept in its history", UserError):
            answer.unlink()

    def test_with_the_symptom_of_the_dialog(self):
        self._create_guideline(category_id=self.category.id)
        cold = self._create_guideline(
            "Cold", category_id=self.category.id, fault_symptom_id=self.cold.id
        )
        self.assertEqual(self.line.get_guideline(), "Tree")
        self.assertEqual(self.line.get_guideline(self.cold.id), "Cold")
        self.line.action_open_guideline(self.cold.id)
        self.assertEqual(self.visit.guideline_answer_ids.survey_id, cold.survey_id)

    def test_never_needed_for_done(self):
        self._create_guideline(category_id=self.category.id)
        self.line.action_open_guideline()
        self.visit._finish()
        self.assertEqual(self.visit.state, "done")
        self.assertEqual(self.visit.guideline_answer_ids.state, "in_progress")

    def test_who_reads_and_answers(self):
        self._create_guideline(category_id=self.category.id)
        self.line.action_open_guideline()
        answer = self.visit.guideline_answer_ids
        foreign = self._create_planned_visit(
            technician_id=self.colleague.id,
            line_ids=[Command.create({"installed_base_id": self.piece.id})],
        )
        foreign.line_ids.action_open_guideline()
        for role in ("salesperson", "accountant", "dispatcher"):
            self.assertEqual(self._as(role, self.visit).guideline_answer_ids, answer)
        answers = self._as("technician", foreign.guideline_answer_ids)
        self.assertEqual(answers.search([("id", "=", answer.id)]), answer)
        self.assertFalse(answers.search([("id", "=", answers.id)]))
        with self.assertRaises(AccessError):
            self._as("technician", foreign.line_ids).action_open_guideline()
        with self.assertRaises(AccessError):
            self._as("salesperson", self.line).action_open_guideline()

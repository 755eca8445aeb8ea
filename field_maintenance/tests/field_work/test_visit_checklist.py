from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import HttpCase, tagged

from odoo.addons.field_installed_base.tests.common import ROLES

from ..common import ExecutionCase, ExecutionFixtures


@tagged("post_install", "-at_install")
class TestVisitChecklist(ExecutionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._add_checklist()
        cls.call = cls._begin_visit()

    def _fill_in(self, answers=None, role="technician", submit=True, visit=None):
        visit = self._as(role, visit or self.call)
        filling = visit._fill_in_checklist()
        if answers:
            self._answer(filling, answers, submit)
        return filling

    def test_opened_by_the_visit_and_resumed(self):
        visit = self._as("technician", self.call)
        self.assertEqual(visit.checklist_state, "to_do")
        action = visit.action_fill_in_checklist()
        filling = self.call.checklist_ids
        self.assertEqual(filling.survey_id, self.checklist)
        self.assertEqual(filling.partner_id, self.users["technician"].partner_id)
        self.assertEqual(filling.state, "in_progress")
        self.assertIn(f"answer_token={filling.access_token}", action["url"])
        self.assertEqual(action["target"], "self")
        self.assertEqual(visit.checklist_state, "in_progress")
        self.assertEqual(visit.action_fill_in_checklist(), action)
        self.assertEqual(self.call.checklist_ids, filling)
        self._as("dispatcher", self.call).action_fill_in_checklist()
        self.assertEqual(len(self.call.checklist_ids), 2)

    def test_unanswered_questions_block_done_by_name(self):
        with self.assertRefused(r"- Draught measured$", UserError) as caught:
            self.call.action_done()
        self.assertNotIn("Which seals", str(caught.exception), "It was not asked")
        self._fill_in({self.draught: "12", self.seals: str(self.worn.id)}, submit=False)
        with self.assertRefused(r"- Which seals are worn$", UserError):
            self.call._finish()
        self.assertEqual(self.call.state, "in_progress")

    def test_condition_that_is_not_met_asks_nothing(self):
        filling = self._fill_in(
            {self.draught: "12", self.seals: str(self.good.id)}, submit=False
        )
        self.call._finish()
        self.assertEqual(self.call.state, "done")
        self.assertEqual(filling.sudo().state, "done", "It is completed with the visit")

    def test_no_checklist_no_question(self):
        self.cleaning.survey_id = False
        self.assertFalse(self.call.checklist_state)
        with self.assertRefused("have no checklist", UserError):
            self.call.action_fill_in_checklist()
        self.call._finish()

    def test_closed_or_empty_checklist(self):
        self.checklist.active = False
        with self.assertRefused("is closed or has no question", UserError):
            self.call.action_fill_in_checklist()

    def test_submitting_is_logged(self):
        self._fill_in({self.draught: "12"}, submit=False)
        self.assertNotIn("Checklist filled in", self._get_log())
        self._fill_in({self.draught: "12", self.seals: str(self.good.id)})
        self.assertIn(f"Checklist filled in: {self.checklist.title}", self._get_log())

    def _get_log(self):
        return " ".join(self.call.message_ids.mapped("body"))

    def test_correct_begins_with_the_answers(self):
        first = self._fill_in({self.draught: "12", self.seals: str(self.good.id)})
        visit = self._as("technician", self.call)
        self.assertIn("/survey/print/", visit.action_fill_in_checklist()["url"])
        self.assertIn("/survey/start/", visit.action_correct_checklist()["url"])
        second = self.call.checklist_ids - first.sudo()
        self.assertEqual(second.state, "in_progress")
        self.assertNotEqual(second.access_token, first.access_token)
        answers = second.user_input_line_ids
        self.assertEqual(
            answers.filtered(
                lambda line: line.question_id == self.draught
            ).value_numerical_box,
            12,
        )
        self.assertEqual(answers.suggested_answer_id, self.good)
        # The first answers count until the correction is submitted.
        self.assertEqual(self.call._get_checklist(), first.sudo())
        self.checklist.users_can_go_back = False
        self._answer(second, {self.draught: "14"})
        self.assertEqual(self.call._get_checklist(), second)
        self.assertEqual(
            [value for _question, value in self.call._get_report_answers()],
            [["14"], ["Good"]],
        )
        kept = first.sudo().user_input_line_ids.mapped("value_numerical_box")
        self.assertIn(12, kept)

    def test_printed_questions_only(self):
        self._fill_in(
            {
                self.draught: "12.5",
                self.seals: str(self.worn.id),
                self.which: "Door",
                self.internal: "Moody",
            }
        )
        self.assertEqual(
            self.call._get_report_answers(),
            [
                ("Draught measured", ["12.5"]),
                ("State of the seals", ["Worn"]),
                ("Which seals are worn", ["Door"]),
            ],
        )

    def test_kinds_of_answers_are_printed(self):
        survey = self.env["survey.survey"].create(
            {
                "title": "All kinds",
                "survey_type": "visit",
                "question_and_page_ids": [
                    Command.create({"title": title, "question_type": kind, **vals})
                    for title, kind, vals in (
                        ("Day", "date", {}),
                        (
                            "Grid",
                            "matrix",
                            {
                                "suggested_answer_ids": [
                                    Command.create({"value": "Tight"})
                                ],
                                "matrix_row_ids": [Command.create({"value": "Door"})],
                            },
                        ),
                        ("Scale", "scale", {}),
                    )
                ],
            }
        )
        self.cleaning.survey_id = survey
        day, grid, scale = survey.question_ids
        self._fill_in(
            {
                day: "2026-06-01",
                grid: {
                    str(grid.matrix_row_ids.id): [str(grid.suggested_answer_ids.id)]
                },
                scale: "7",
            }
        )
        self.assertEqual(
            [values for _title, values in self.call._get_report_answers()],
            [["06/01/2026"], ["Door: Tight"], ["7"]],
        )

    def test_rights(self):
        filling = self._fill_in({self.draught: "12"})
        others = self._create_planned_visit(technician_id=self.colleague.id)
        foreign = others._fill_in_checklist()
        for role in ROLES:
            with self.subTest(role):
                mine = self._as(role, filling)
                self.assertEqual(
                    mine.user_input_line_ids.mapped("value_numerical_box")[0], 12
                )
                self.assertEqual(len(self._as(role, self.checklist).question_ids), 4)
                with self.assertRaises(AccessError):
                    mine.write({"state": "new"})
                with self.assertRaises(AccessError):
                    mine.user_input_line_ids.unlink()
                if role != "administrator":
                    with self.assertRaises(AccessError):
                        self._as(role, self.checklist).write({"title": "x"})
        with self.assertRaises(AccessError):
            self._as("technician", foreign).read(["state"])
        with self.assertRaises(AccessError):
            self._as("technician", others)._fill_in_checklist()
        for role in ("salesperson", "accountant"):
            with self.subTest(role), self.assertRaises(AccessError):
                self._as(role, self.call)._fill_in_checklist()
        for role in ("employee", "portal", "other portal"):
            with self.subTest(role):
                for record in (filling, self.checklist):
                    with self.assertRaises(AccessError):
                        self._as(role, record).read(["display_name"])
        with self.assertRaises(AccessError):
            self._as("other company", filling).read(["state"])

    def test_administrator_makes_checklists(self):
        administrator = self._as("administrator", self.checklist)
        self.assertIn("visit", administrator.allowed_survey_types)
        view = self.env.ref("field_installed_base.survey_survey_view_form_equipment")
        self.assertEqual(administrator.get_formview_id(), view.id)
        made = administrator.create(
            {
                "title": "Start-up",
                "survey_type": "visit",
                "question_and_page_ids": [
                    Command.create({"title": "Runs", "question_type": "char_box"})
                ],
            }
        )
        test = made.sudo()._create_answer(
            user=self.users["administrator"], test_entry=True
        )
        self._as("administrator", test).unlink()
        made.unlink()
        self.assertEqual(
            administrator.action_survey_user_input()["domain"],
            [("survey_id.survey_type", "=", "visit")],
        )

    def test_nothing_answered_is_deleted(self):
        filling = self._fill_in({self.draught: "12"})
        with self.assertRefused(
            "has answers from visits, which would be lost", UserError
        ):
            self.checklist.unlink()
        with self.assertRefused("is kept in its history", UserError):
            filling.sudo().unlink()

    def test_without_this_addon_checklists_are_custom(self):
        self.env.flush_all()
        self.env["ir.model.fields.selection"].search(
            [
                ("field_id.model", "=", "survey.survey"),
                ("field_id.name", "=", "survey_type"),
                ("value", "=", "visit"),
            ]
        )._process_ondelete()
        self.env.invalidate_all()
        self.assertEqual(self.checklist.survey_type, "custom")


@tagged("post_install", "-at_install")
class TestVisitChecklistPages(ExecutionFixtures, HttpCase):
    def test_last_page_leads_back(self):
        self._add_checklist()
        visit = self._begin_visit()
        self.authenticate("ib_technician", "ib_technician")
        action = self._as("technician", visit).action_fill_in_checklist()
        page = self.url_open(action["url"])
        self.assertIn("Draught measured", page.text)
        filling = visit.checklist_ids
        self._answer(filling, {self.draught: "12"})
        page = self.url_open(
            f"/survey/{self.checklist.access_token}/{filling.access_token}"
        )
        self.assertIn(f'href="/odoo/visits/{visit.id}"', page.text)

    def test_second_try_is_about_the_same_visit(self):
        self._add_checklist()
        self.checklist.write({"is_attempts_limited": True, "attempts_limit": 3})
        visit = self._begin_visit()
        filling = self._as("technician", visit)._fill_in_checklist().sudo()
        self._answer(filling, {self.draught: "12"})
        self.authenticate("ib_technician", "ib_technician")
        self.url_open(
            f"/survey/retry/{self.checklist.access_token}/{filling.access_token}"
        )
        self.assertEqual(len(visit.checklist_ids), 2)

from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import HttpCase, tagged

from ..common import EDITORS, ROLES, InstalledBaseCase, InstalledBaseFixtures


class QuestionnaireFixtures(InstalledBaseFixtures):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_users()
        cls.inspection, cls.handover = cls.env["survey.survey"].create(
            [
                {
                    "title": title,
                    "survey_type": "equipment",
                    "access_mode": "token",
                    "users_login_required": True,
                    "question_and_page_ids": [
                        Command.create(
                            {"title": "Draught in Pa", "question_type": "char_box"}
                        )
                    ],
                }
                for title in ("Yearly inspection", "Handover")
            ]
        )
        cls.stoves.survey_id = cls.inspection
        cls.piece = cls._create_equipment()

    @classmethod
    def _fill_in(cls, role="technician", piece=None, survey=None, answer=None):
        """Fill in a questionnaire as its pages do, completely if there is an answer."""
        piece = cls._as(role, piece or cls.piece)
        filling = piece._fill_in(cls._as(role, survey or cls.inspection))
        if answer:
            page = filling.sudo()
            page._mark_in_progress()
            page._save_lines(page.survey_id.question_ids, answer)
            page._mark_done()
        return filling


@tagged("post_install", "-at_install")
class TestQuestionnaire(QuestionnaireFixtures, InstalledBaseCase):
    def _get_surveys(self, role):
        """Return the questionnaires of this test that a role finds."""
        return (
            self._as(role, self.inspection)
            .search([("survey_type", "=", "equipment")])
            .filtered(lambda survey: survey.id in (self.inspection | self.handover).ids)
        )

    def test_default_of_the_category(self):
        technician = self._as("technician", self.piece)
        action = technician.action_fill_in_questionnaire()
        filling = self.piece.questionnaire_ids
        self.assertEqual(filling.survey_id, self.inspection)
        self.assertEqual(filling.partner_id, self.users["technician"].partner_id)
        self.assertIn(self.inspection.access_token, action["url"])
        self.assertIn(f"answer_token={filling.access_token}", action["url"])

    def test_successor_goes_on_with_what_is_not_completed(self):
        done = self._fill_in(answer="12")
        begun = self._fill_in()
        self.assertNotEqual(begun, done)
        successor = self._create_equipment()
        wizard = self._as("salesperson", self.env["installed.base.retire"]).create(
            {
                "installed_base_ids": self.piece.ids,
                "reason": "replaced",
                "replaced_by_id": successor.id,
            }
        )
        self.assertEqual(wizard.settlement_preview.count("Yearly inspection"), 1)
        wizard.action_retire()
        self.assertEqual(begun.sudo().installed_base_id, successor)
        self.assertEqual(done.sudo().installed_base_id, self.piece)

    def test_retired_without_successor_keeps_its_questionnaires(self):
        begun = self._fill_in()
        self.piece.retirement_date = "2026-06-01"
        self.assertEqual(begun.sudo().installed_base_id, self.piece)

    def test_default_of_a_category_above(self):
        inserts = self.env["installed.base.category"].create(
            {"name": "Test inserts", "parent_id": self.stoves.id}
        )
        self.piece.category_id = inserts
        self.assertEqual(self.piece._get_default_questionnaire(), self.inspection)
        self.inspection.active = False
        self.assertFalse(self.piece._get_default_questionnaire())

    def test_asks_which_one(self):
        self.stoves.survey_id = False
        technician = self._as("technician", self.piece)
        action = technician.action_fill_in_questionnaire()
        self.assertEqual(action["res_model"], "installed.base.fill.in")
        wizard = (
            technician.env["installed.base.fill.in"]
            .with_context(**action["context"])
            .create({"survey_id": self.handover.id})
        )
        self.assertIn(self.handover.access_token, wizard.action_start()["url"])
        self.assertEqual(self.piece.questionnaire_ids.survey_id, self.handover)

    def test_none_there(self):
        self.env["survey.survey"].search(
            [("survey_type", "=", "equipment")]
        ).active = False
        with self.assertRefused("Configuration > Questionnaires", UserError):
            self.piece.action_fill_in_questionnaire()

    def test_every_filling_is_kept(self):
        first = self._fill_in(answer="12")
        second = self._fill_in("dispatcher", answer="13")
        self.env.invalidate_all()
        fillings = self._as("technician", self.piece).questionnaire_ids
        self.assertEqual(set(fillings.ids), {first.id, second.id})
        self.assertEqual(
            [line.value_char_box for line in (first | second).user_input_line_ids],
            ["12", "13"],
        )
        self.assertEqual(
            (first | second).partner_id,
            (self.users["technician"] | self.users["dispatcher"]).partner_id,
        )
        self.assertTrue(first.end_datetime)
        self.assertIn("/survey/print/", first.action_open_filling()["url"])
        logs = self.piece.message_ids.mapped("body")
        self.assertEqual(sum("Yearly inspection" in log for log in logs), 2)

    def test_latest_first(self):
        first, second = self._fill_in(answer="12"), self._fill_in(answer="13")
        self.env.cr.execute(
            "UPDATE survey_user_input SET create_date = create_date - interval '1 day'"
            " WHERE id = %s",
            [first.id],
        )
        self.env.invalidate_all()
        self.assertEqual(self.piece.questionnaire_ids.ids, [second.id, first.id])

    def test_one_goes_on_with_what_one_began(self):
        begun = self._fill_in()
        self.assertEqual(self._fill_in(), begun)
        self.assertNotEqual(self._fill_in("dispatcher"), begun)
        self.assertNotEqual(self._fill_in(survey=self.handover), begun)
        self.assertNotEqual(self._fill_in(piece=self._create_equipment()), begun)
        self.assertIn("/survey/start/", begun.action_open_filling()["url"])
        other = self._as("dispatcher", begun)
        self.assertIn("/survey/print/", other.action_open_filling()["url"])

    def test_bad_input(self):
        poll = self.env["survey.survey"].create({"title": "Poll"})
        empty = self.env["survey.survey"].create(
            {"title": "Nothing asked", "survey_type": "equipment"}
        )
        self.handover.active = False
        for survey, message in (
            (poll, "Poll is closed or is not an equipment questionnaire"),
            (self.handover, "Handover is closed"),
            (empty, "Nothing asked has no question"),
        ):
            with self.subTest(survey.title), self.assertRefused(message, UserError):
                self.piece._fill_in(survey)

    def test_public_answers(self):
        filling = self._fill_in(answer="12")
        for role in EDITORS:
            with self.subTest(role):
                self._as(role, filling).action_publish()
                self.assertTrue(filling.sudo().service_is_public)
                self._as(role, filling).action_unpublish()
                self.assertFalse(filling.sudo().service_is_public)
        with self.assertRefused("Ask a dispatcher", AccessError):
            filling.action_publish()
        for role in ("employee", "portal", "other company"):
            with self.subTest(role), self.assertRaises(AccessError):
                self._as(role, filling).action_publish()

    def test_answers_are_never_rewritten(self):
        filling = self._fill_in(answer="12")
        for role in ROLES:
            with self.subTest(role):
                mine = self._as(role, filling)
                self.assertEqual(mine.user_input_line_ids.value_char_box, "12")
                for refused in (
                    lambda mine=mine: mine.write({"service_is_public": True}),
                    lambda mine=mine: mine.user_input_line_ids.write(
                        {"value_char_box": "99"}
                    ),
                    lambda mine=mine: mine.user_input_line_ids.unlink(),
                    lambda mine=mine: mine.unlink(),
                    lambda mine=mine: mine.copy(),
                ):
                    with self.assertRaises(AccessError):
                        refused()
        with self.assertRefused(
            "and is kept in its history. Fill it in again to correct it", UserError
        ):
            filling.sudo().unlink()

    def test_nothing_answered_is_deleted(self):
        self._fill_in(answer="12")
        with self.assertRefused("Yearly inspection has answers", UserError):
            self.inspection.unlink()
        with self.assertRefused("completed questionnaires", UserError):
            self.piece.unlink()
        other = self._create_equipment()
        self._fill_in(piece=other)
        other.unlink()
        self.handover.unlink()

    def test_rights_on_questionnaires(self):
        poll = self.env["survey.survey"].create(
            {
                "title": "Poll",
                "question_and_page_ids": [
                    Command.create({"title": "Happy?", "question_type": "char_box"})
                ],
            }
        )
        answer = poll._create_answer(email="a@example.com")
        for role in ROLES:
            with self.subTest(role):
                self.assertEqual(
                    self._get_surveys(role).ids, (self.inspection | self.handover).ids
                )
                mine = self._as(role, self.inspection)
                self.assertEqual(mine.question_ids.title, "Draught in Pa")
                for foreign in (poll, poll.question_ids, answer):
                    with self.assertRaises(AccessError):
                        self._as(role, foreign).read(["display_name"])
                if role == "administrator":
                    continue
                for refused in (
                    lambda mine=mine: mine.write({"title": "x"}),
                    lambda mine=mine: mine.copy(),
                    lambda mine=mine: mine.unlink(),
                    lambda mine=mine: mine.question_ids.write({"title": "x"}),
                ):
                    with self.assertRaises(AccessError):
                        refused()
        for role in ("employee", "portal", "other portal"):
            with self.subTest(role), self.assertRaises(AccessError):
                self._as(role, self.inspection).read(["title"])

    def test_administrator_makes_questionnaires(self):
        administrator = self._as("administrator", self.inspection)
        self.assertIn("equipment", administrator.allowed_survey_types)
        view = administrator.get_formview_id()
        self.assertEqual(
            view,
            self.env.ref("field_installed_base.survey_survey_view_form_equipment").id,
        )
        made = administrator.create(
            {
                "title": "Sweeping",
                "survey_type": "equipment",
                "question_and_page_ids": [
                    Command.create(
                        {
                            "title": "Soot",
                            "question_type": "simple_choice",
                            "suggested_answer_ids": [
                                Command.create({"value": "Little"}),
                                Command.create({"value": "Much"}),
                            ],
                        }
                    )
                ],
            }
        )
        made.question_ids.suggested_answer_ids[0].value = "None"
        self._as("administrator", self.boilers).survey_id = made
        test = made.sudo()._create_answer(
            user=self.users["administrator"], test_entry=True
        )
        self._as("administrator", test).unlink()
        made.unlink()
        self.assertFalse(self.boilers.survey_id)
        with self.assertRaises(ValidationError):
            administrator.create({"title": "Poll"})

    def test_survey_users_see_no_equipment(self):
        user = self._create_user("ib_survey", "survey.group_survey_manager")
        filling = self._fill_in(answer="12")
        with self.assertRaises(AccessError):
            filling.with_user(user).read(["state"])

    def test_two_companies(self):
        self._fill_in(answer="12")
        abroad = self.piece.copy(
            {"company_id": self.other_company.id, "serial_number": False}
        )
        theirs = self._fill_in("other company", piece=abroad, answer="14")
        filling = self.piece.questionnaire_ids
        for role, own, foreign in (
            ("salesperson", filling, theirs),
            ("other company", theirs, filling),
        ):
            with self.subTest(role):
                self.assertTrue(self._as(role, own).user_input_line_ids.value_char_box)
                for record in (foreign, foreign.user_input_line_ids.sudo(False)):
                    with self.assertRaises(AccessError):
                        self._as(role, record.sudo()).sudo(False).read(["create_date"])
        with self.assertRaises(AccessError):
            self._fill_in("other company")

    def test_who_may_not_fill_in(self):
        for role in ("employee", "portal", "other portal"):
            with self.subTest(role):
                with self.assertRaises(AccessError):
                    self._fill_in(role)
                with self.assertRaises(AccessError):
                    self._as(role, self.piece).env["installed.base.fill.in"].create({})

    def test_dialogs_are_private(self):
        wizard = (
            self._as("technician", self.piece)
            .env["installed.base.fill.in"]
            .create({"installed_base_id": self.piece.id, "survey_id": self.handover.id})
        )
        with self.assertRaises(AccessError):
            self._as("salesperson", wizard).action_start()

    def test_without_this_addon_surveys_are_custom(self):
        self.env.flush_all()
        selection = self.env["ir.model.fields.selection"].search(
            [
                ("field_id.model", "=", "survey.survey"),
                ("field_id.name", "=", "survey_type"),
                ("value", "=", "equipment"),
            ]
        )
        selection._process_ondelete()
        self.env.invalidate_all()
        self.assertEqual(
            (self.inspection | self.handover).mapped("survey_type"), ["custom"] * 2
        )


@tagged("post_install", "-at_install")
class TestQuestionnairePages(QuestionnaireFixtures, HttpCase):
    def test_technician_fills_in_and_prints(self):
        self.authenticate("ib_technician", "ib_technician")
        piece = self._as("technician", self.piece)
        page = self.url_open(piece.action_fill_in_questionnaire()["url"])
        self.assertIn("Yearly inspection", page.text)
        done = self._fill_in(answer="12 Pa, steady")
        page = self.url_open(done.action_open_filling()["url"])
        self.assertIn("12 Pa, steady", page.text)

    def test_second_try_is_about_the_same_equipment(self):
        self.inspection.write({"is_attempts_limited": True, "attempts_limit": 3})
        done = self._fill_in(answer="12").sudo()
        self.authenticate("ib_technician", "ib_technician")
        self.url_open(
            f"/survey/retry/{self.inspection.access_token}/{done.access_token}"
        )
        self.assertEqual(len(self.piece.questionnaire_ids), 2)

    def test_customer_reads_what_is_published(self):
        """On the portal: published answers of the reader's own time, no others."""
        self.piece.installation_date = "2024-01-01"
        published = self._fill_in(answer="Chimney swept")
        self._fill_in(answer="Talked to the neighbour")
        published.sudo().action_publish()
        address = f"/my/equipment/{self.piece.id}"
        self.authenticate("ib_portal", "ib_portal")
        text = self.url_open(address).text
        self.assertIn("Chimney swept", text)
        self.assertNotIn("Talked to the neighbour", text)
        # The next owner reads nothing of the former one's time.
        published.sudo().end_datetime = "2020-01-01 12:00:00"
        self.assertNotIn("Chimney swept", self.url_open(address).text)


@tagged("post_install", "-at_install")
class TestPublishedAnswers(QuestionnaireFixtures, HttpCase):
    """What a customer reads of the answers on the portal."""

    def _get_page(self, login):
        self.env.flush_all()
        self.authenticate(login, login)
        return self.url_open(f"/my/equipment/{self.piece.id}", allow_redirects=False)

    def test_published_answers_of_ones_own_time(self):
        self.inspection.question_and_page_ids = [
            Command.clear(),
            Command.create({"title": "CO in ppm", "question_type": "numerical_box"}),
        ]
        filling = self._fill_in(answer="38.5")
        self.assertNotIn("CO in ppm", self._get_page("ib_portal").text)
        self._as("dispatcher", filling).action_publish()
        page = self._get_page("ib_portal").text
        self.assertIn("Yearly inspection", page)
        self.assertRegex(page, r"CO in ppm(.|\n)*38\.5\s*</dd>")
        filling.sudo().user_input_line_ids.value_numerical_box = 1200000
        self.assertRegex(self._get_page("ib_portal").text, r">\s*1200000\s*</dd>")
        self.assertEqual(self._get_page("ib_other_portal").status_code, 404)
        # The next owner has the piece from tomorrow on, and reads nothing from before.
        tomorrow = fields.Date.context_today(self.piece) + timedelta(days=1)
        self.piece.with_context(ownership_date=tomorrow).write(
            {"partner_id": self.neighbour.id}
        )
        page = self._get_page("ib_other_portal")
        self.assertEqual(page.status_code, 200)
        self.assertNotIn("CO in ppm", page.text)
        self.assertEqual(self._get_page("ib_portal").status_code, 404)

    def _publish(self, answer):
        filling = self._fill_in(answer=answer)
        self._as("dispatcher", filling).action_publish()
        return filling

    def test_moved_on_the_day_of_publishing(self):
        """What was published for the former owner is not for the next, though both
        had the piece on that day."""
        filling = self._publish("Chimney swept")
        self.piece.partner_id = self.neighbour
        self.assertEqual(len(self.piece.ownership_ids), 1, "a correction of the day")
        page = self._get_page("ib_other_portal")
        self.assertEqual(page.status_code, 200)
        self.assertNotIn("Chimney swept", page.text)
        self.assertFalse(filling.sudo().service_is_public)

    def test_moved_to_another_site(self):
        filling = self._publish("Chimney swept")
        self.piece.site_id = self.customer
        self.assertTrue(filling.sudo().service_is_public)

    def test_days_are_those_of_the_company(self):
        """Half past midnight in Brussels is the day before in UTC."""
        self.company.resource_calendar_id.tz = "Europe/Brussels"
        filling = self._publish("Chimney swept")
        self.piece.ownership_ids.date_from = "2026-03-10"
        for ended, is_shown in (
            ("2026-03-09 23:30:00", True),
            ("2026-03-09 22:30:00", False),
        ):
            filling.sudo().end_datetime = ended
            with self.subTest(ended):
                page = self._get_page("ib_portal").text
                self.assertEqual("Chimney swept" in page, is_shown)

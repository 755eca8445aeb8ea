from odoo import api, fields, models
from odoo.exceptions import UserError


class SurveyUserInput(models.Model):
    """One filling of the checklist of a visit, or of a guideline on it."""

    _inherit = "survey.user_input"

    maintenance_visit_id = fields.Many2one(
        comodel_name="maintenance.visit",
        string="Visit",
        index="btree_not_null",
        ondelete="cascade",
        readonly=True,
    )
    maintenance_visit_line_id = fields.Many2one(
        comodel_name="maintenance.visit.line",
        string="Equipment of the Visit",
        index="btree_not_null",
        ondelete="set null",
        readonly=True,
        help="Where each piece of equipment has a checklist of its own, and of "
        "guidelines.",
    )

    def _save_lines(self, question, answer, comment=None, overwrite_existing=True):
        # A checklist is corrected where it has answers already.
        if self.maintenance_visit_id:
            overwrite_existing = True
        return super()._save_lines(question, answer, comment, overwrite_existing)

    def _mark_done(self):
        result = super()._mark_done()
        fillings = self.filtered("maintenance_visit_id")
        fillings.maintenance_visit_id._message_log_batch(
            {
                filling.maintenance_visit_id.id: filling._describe_completion()
                for filling in fillings
            },
            author_id=fillings[:1].partner_id.id or None,
        )
        return result

    def _describe_completion(self):
        """Return what the chatter of the visit tells of a completed filling."""
        self.ensure_one()
        title = self.survey_id.title
        if self.survey_id.survey_type == "guideline":
            return self.env._("Guideline followed: %s", title)
        return self.env._("Checklist filled in: %s", title)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_completed_on_visits(self):
        for filling in self:
            if filling.maintenance_visit_id and filling.state == "done":
                raise UserError(
                    self.env._(
                        "%(survey)s was completed for visit %(visit)s and is kept in "
                        "its history. Correct it from the visit.",
                        survey=filling.survey_id.title,
                        visit=filling.maintenance_visit_id.display_name,
                    )
                )

    def _open_in_visit(self):
        """Show this filling in place of the visit, to which its last page leads back;
        what is completed opens beside it."""
        action = self.action_open_filling()
        if "/survey/start/" in action["url"]:
            action["target"] = "self"
        return action

    def _get_visit_url(self):
        """Return where the last page leads."""
        self.ensure_one()
        return f"/odoo/visits/{self.maintenance_visit_id._get_main().id}"

    def _get_printable_answers(self):
        """Return pairs of a question's title and its answers as text, of the questions
        that are printed on the visit report, in their order."""
        answers = []
        for question in self.survey_id.question_ids.filtered(
            "service_is_printed_on_report"
        ):
            lines = self.user_input_line_ids.filtered(
                lambda line, question=question: (
                    line.question_id == question and not line.skipped
                )
            )
            if lines:
                answers.append(
                    (question.title, [line._get_printable_value() for line in lines])
                )
        return answers

    # -- On a phone --------------------------------------------------------------------

    def _describe_for_phone(self):
        """Return what was answered, as entries of phones have it, with all rights."""
        answers, comments = {}, {}
        for line in self.user_input_line_ids.filtered(lambda line: not line.skipped):
            question = line.question_id
            if line.answer_type == "suggestion":
                choice = line.suggested_answer_id.id
                if line.matrix_row_id:
                    rows = answers.setdefault(question.id, {})
                    rows.setdefault(line.matrix_row_id.id, []).append(choice)
                else:
                    answers.setdefault(question.id, []).append(choice)
            elif question.question_type in (
                "simple_choice",
                "multiple_choice",
                "matrix",
            ):
                comments[question.id] = line.value_char_box or ""
            elif line.answer_type in ("date", "datetime"):
                answers[question.id] = str(line._get_answer_value())
            elif line.answer_type == "numerical_box":
                answers[question.id] = f"{line.value_numerical_box:.15g}"
            else:
                answers[question.id] = str(line._get_answer_value())
        return {"answers": answers, "comments": comments}

    def _get_missing_questions(self):
        """Return the mandatory questions that are asked and not answered."""
        self.ensure_one()
        answered = self.user_input_line_ids.filtered(lambda line: not line.skipped)
        asked = (
            self.predefined_question_ids - self._get_inactive_conditional_questions()
        )
        return asked.filtered("constr_mandatory") - answered.question_id

    def _save_answers_of_phone(self, answers, comments, is_complete):
        """Save answers as the pages of the questionnaire do.

        :param dict answers: by the number of the question
        :param dict comments: by the number of the question
        :param bool is_complete: whether that is all; half of it may be kept, too
        :return: what is wrong, a text for each question
        """
        self.ensure_one()
        errors = []
        for question in self.predefined_question_ids:
            number = str(question.id)
            is_told = number in answers or number in comments
            if not is_told or question in self._get_inactive_conditional_questions():
                continue
            answer = question._read_answer_of_phone(answers.get(number))
            comment = question._read_comment_of_phone(comments.get(number))
            wrong = self.env._("This answer is not possible.")
            if answer is not None:
                wrong = answer and question.validate_question(answer, comment)
                wrong = wrong and wrong.get(question.id)
            if not wrong:
                self._save_lines(question, answer, comment, overwrite_existing=True)
            elif is_complete or answer is None:
                errors.append(f"{question.title}: {wrong}")
        self._clear_inactive_conditional_answers()
        return errors

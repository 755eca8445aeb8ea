from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.field_installed_base.models.equipment.installed_base import (
    READER_GROUPS,
)


class MaintenanceVisit(models.Model):
    """The checklist of a visit: the questionnaire of its type, filled in on site."""

    _inherit = "maintenance.visit"

    checklist_ids = fields.One2many(
        comodel_name="survey.user_input",
        inverse_name="maintenance_visit_id",
        string="Checklists",
        domain=[
            ("test_entry", "=", False),
            ("survey_id.survey_type", "!=", "guideline"),
        ],
        groups=READER_GROUPS,
    )
    checklist_state = fields.Selection(
        selection=[
            ("to_do", "To do"),
            ("in_progress", "Started"),
            ("done", "Filled in"),
        ],
        compute="_compute_checklist_state",
        groups=READER_GROUPS,
        help="Empty if neither the visit nor the visits merged into it have a "
        "checklist.",
    )

    @api.depends(
        "checklist_ids.state",
        "line_ids",
        "visit_type_id",
        "merged_ids.checklist_ids.state",
        "merged_ids.line_ids",
    )
    def _compute_checklist_state(self):
        for visit in self:
            states = [
                one._get_checklist(line).state or "new"
                for one in visit._get_report_visits()
                for line in one._get_checklist_lines()
            ]
            if not states:
                visit.checklist_state = False
            elif set(states) == {"done"}:
                visit.checklist_state = "done"
            elif set(states) == {"new"}:
                visit.checklist_state = "to_do"
            else:
                visit.checklist_state = "in_progress"

    def _get_survey(self):
        """Return the questionnaire of the visit's type, with all rights."""
        self.ensure_one()
        # What has to be answered must not depend on who asks.
        return self.sudo().visit_type_id.survey_id

    def _get_checklist_lines(self):
        """Return the lines that have a checklist each, where the visit's type says so;
        otherwise one that is empty, for the checklist of the visit. A list, which is
        empty if there is no checklist."""
        self.ensure_one()
        # What has to be answered must not depend on who asks.
        visit = self.sudo()
        if not visit._get_survey():
            return []
        none = visit.line_ids.browse()
        if not visit.visit_type_id.checklist_per_equipment:
            return [none]
        return list(visit.line_ids.filtered(lambda line: line._is_equipment())) or [
            none
        ]

    def _filter_checklists(self, line=None):
        """Return the fillings of the type's questionnaire, with all rights.

        :param line: the line of the equipment that they are about
        """
        self.ensure_one()
        survey = self._get_survey()
        line = line or self.env["maintenance.visit.line"]
        # What was answered must not depend on who asks.
        return self.sudo().checklist_ids.filtered(
            lambda filling: (
                filling.survey_id == survey
                and filling.maintenance_visit_line_id.id == line.id
            )
        )

    def _get_checklist(self, line=None):
        """Return the filling that counts, with all rights: the last completed one,
        else the last one begun.

        :param line: the line of the equipment that it is about, if each has its own
        """
        fillings = self._filter_checklists(line)
        done = fillings.filtered(lambda filling: filling.state == "done")
        return (done or fillings).sorted("id", reverse=True)[:1]

    # -- What must be answered ---------------------------------------------------------

    def _get_unanswered_questions(self, line=None):
        """Return the mandatory questions that were not answered, with all rights. Those
        whose condition is not met are not asked.

        :param line: the line of the equipment that they are about, if each has its own
        """
        self.ensure_one()
        filling = self._get_checklist(line)
        if filling:
            return filling._get_missing_questions()
        questions = self._get_survey().question_ids.filtered(
            lambda question: not question.triggering_answer_ids
        )
        return questions.filtered("constr_mandatory")

    def _check_checklists_answered(self, untouched=None):
        """Refuse to finish visits with mandatory questions left, by their names.

        :param untouched: lines of equipment on which nothing was done, which need no
            checklist of their own
        """
        untouched = untouched or self.env["maintenance.visit.line"]
        for visit in self:
            for line in visit._get_checklist_lines():
                if line and line in untouched.sudo():
                    continue
                questions = visit._get_unanswered_questions(line)
                if questions:
                    visit._refuse_unanswered(line, questions)

    def _refuse_unanswered(self, line, questions):
        titles = "\n".join(f"- {title}" for title in questions.mapped("title"))
        if line:
            raise UserError(
                self.env._(
                    "The checklist of %(equipment)s (visit %(visit)s) is incomplete. "
                    "Answer these questions first:\n"
                    "%(questions)s",
                    equipment=line.display_name,
                    visit=self.display_name,
                    questions=titles,
                )
            )
        raise UserError(
            self.env._(
                "The checklist of visit %(visit)s is incomplete. Answer these "
                "questions first:\n"
                "%(questions)s",
                visit=self.display_name,
                questions=titles,
            )
        )

    def _close_begun_checklists(self):
        """Complete the fillings that count, whose last page nobody submitted."""
        for visit in self:
            for line in visit._get_checklist_lines():
                filling = visit._get_checklist(line)
                if filling.user_input_line_ids and filling.state != "done":
                    filling._mark_done()

    # -- Fill in -----------------------------------------------------------------------

    def action_fill_in_checklist(self):
        """Open the checklist: begin it, go on with it, or show what was answered. Of
        visits that are done together, the first one that is not filled in."""
        self.ensure_one()
        self._check_not_absorbed()
        visits = (self | self._get_absorbed()).filtered(lambda one: one._get_survey())
        if not visits:
            raise UserError(
                self.env._(
                    "Visits of type %(type)s have no checklist. An administrator can "
                    "set one under Interventions > Configuration > Visit Types.",
                    type=self.visit_type_id.name or "-",
                )
            )
        pairs = [
            (visit, line) for visit in visits for line in visit._get_checklist_lines()
        ]
        missing = [
            (visit, line)
            for visit, line in pairs
            if visit._get_checklist(line).state != "done"
        ]
        visit, line = (missing or pairs)[0]
        if missing:
            filling = visit._fill_in_checklist(line)
        else:
            filling = visit._get_checklist(line).sudo(self.env.su)
        return filling._open_in_visit()

    def action_correct_checklist(self):
        """Fill the checklist in again, with the answers filled in. The first answers
        are kept. Of several checklists, the last one that was filled in."""
        self.ensure_one()
        self._check_not_absorbed()
        self.check_access("write")
        done = self.env["survey.user_input"].sudo()
        for line in self._get_checklist_lines():
            done |= self._get_checklist(line)
        done = done.filtered(lambda filling: filling.state == "done")
        done = done.sorted("id", reverse=True)[:1]
        if not done:
            return self.action_fill_in_checklist()
        line = done.maintenance_visit_line_id
        filling = self._get_begun_checklist(line) or self._create_checklist(line, done)
        return filling._open_in_visit()

    def _fill_in_checklist(self, line=None):
        """Return what the user has begun to fill in, else a new filling.

        :param line: the line of the equipment that it is about, if each has its own
        :raise AccessError: if the user may not do this visit
        :raise UserError: if the checklist is closed or has no question
        """
        self.ensure_one()
        self.check_access("write")
        return self._get_begun_checklist(line) or self._create_checklist(line)

    def _get_begun_checklist(self, line=None):
        """Return what the user began to fill in and did not complete."""
        user = self.env.user
        begun = self._filter_checklists(line).filtered(
            lambda filling: (
                filling.partner_id == user.partner_id and filling.state != "done"
            )
        )
        return begun[:1].sudo(self.env.su)

    def _fill_in_checklist_as_before(self, line):
        """Fill in the checklist of a piece with the answers of the one that was
        completed last on this visit, and complete it.

        :param line: the line of the equipment that it is about
        :return: the filling; it is empty if no other piece has one
        """
        self.ensure_one()
        self.check_access("write")
        done = self.sudo().checklist_ids.filtered(
            lambda filling: (
                filling.state == "done"
                and filling.survey_id == self._get_survey()
                and filling.maintenance_visit_line_id
                and filling.maintenance_visit_line_id.id != line.id
            )
        )
        before = done.sorted(lambda filling: (filling.end_datetime, filling.id))[-1:]
        if not before:
            return before
        begun = self._get_begun_checklist(line)
        # The user's own, which nobody completed.
        begun.sudo().unlink()
        filling = self._create_checklist(line, before)
        filling.sudo()._mark_done()
        return filling

    def _create_checklist(self, line=None, answered=None):
        """Begin to fill in the checklist.

        :param line: the line of the equipment that it is about, if each has its own
        :param answered: a filling with the answers to begin with
        """
        survey = self._get_survey()
        if not survey.active or not survey.question_ids:
            raise UserError(
                self.env._(
                    "Checklist %s is closed or has no questions. An administrator "
                    "can change it under Interventions > Configuration > Checklists.",
                    survey.title,
                )
            )
        filling = self._create_filling(survey, line)
        if answered:
            filling.user_input_line_ids.unlink()
            answered.user_input_line_ids.copy({"user_input_id": filling.id})
        return filling.sudo(self.env.su)

    def _create_filling(self, survey, line=None):
        """Begin to fill in a questionnaire on this visit, after the rights were
        checked.

        :param survey: the questionnaire, with all rights
        :param line: the line of the equipment that it is about
        :return: the filling, with all rights
        """
        self.ensure_one()
        # Nobody may create answers but by actions, which have checked the rights.
        filling = survey._create_answer(
            user=self.env.user,
            check_attempts=False,
            maintenance_visit_id=self.id,
            maintenance_visit_line_id=line.id if line else False,
        )
        # There is nothing to read before the first question.
        filling._mark_in_progress()
        return filling

    # -- Report ------------------------------------------------------------------------

    def _get_report_checklists(self):
        """Return pairs of a title and what :meth:`_get_report_answers` returns, one
        for each checklist that the report prints."""
        self.ensure_one()
        title = self._get_survey().title
        pairs = (
            (
                f"{title}: {line._get_equipment_name()}" if line else title,
                self._get_report_answers(line),
            )
            for line in self._get_checklist_lines()
        )
        return [(name, answers) for name, answers in pairs if answers]

    def _get_report_answers(self, line=None):
        """Return pairs of question and answers as the report prints them.

        :param line: the line of the equipment that they are about, if each has its own
        """
        self.ensure_one()
        return self._get_checklist(line)._get_printable_answers()

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
        domain=[("test_entry", "=", False)],
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
        "checklist_ids.state", "visit_type_id", "merged_ids.checklist_ids.state"
    )
    def _compute_checklist_state(self):
        for visit in self:
            states = [
                one._get_checklist().state or "new"
                for one in visit | visit._get_absorbed()
                if one._get_survey()
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

    def _get_checklist(self):
        """Return the filling that counts, with all rights: the last completed one,
        else the last one begun."""
        self.ensure_one()
        survey = self._get_survey()
        # What was answered must not depend on who asks.
        fillings = self.sudo().checklist_ids.filtered(
            lambda filling: filling.survey_id == survey
        )
        done = fillings.filtered(lambda filling: filling.state == "done")
        return (done or fillings).sorted("id", reverse=True)[:1]

    # -- What must be answered ---------------------------------------------------------

    def _get_unanswered_questions(self):
        """Return the mandatory questions that were not answered, with all rights. Those
        whose condition is not met are not asked."""
        self.ensure_one()
        filling = self._get_checklist()
        if filling:
            questions = (
                filling.predefined_question_ids
                - filling._get_inactive_conditional_questions()
                - filling.user_input_line_ids.filtered(
                    lambda line: not line.skipped
                ).question_id
            )
        else:
            questions = self._get_survey().question_ids.filtered(
                lambda question: not question.triggering_answer_ids
            )
        return questions.filtered("constr_mandatory")

    def _check_checklists_answered(self):
        """Refuse to finish visits with mandatory questions left, by their names."""
        for visit in self:
            questions = visit._get_unanswered_questions()
            if questions:
                raise UserError(
                    self.env._(
                        "The checklist of visit %(visit)s is incomplete. Answer "
                        "these questions first:\n"
                        "%(questions)s",
                        visit=visit.display_name,
                        questions="\n".join(
                            f"- {title}" for title in questions.mapped("title")
                        ),
                    )
                )

    def _close_begun_checklists(self):
        """Complete the fillings that count, whose last page nobody submitted."""
        for visit in self:
            filling = visit._get_checklist()
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
        missing = visits.filtered(lambda one: one._get_checklist().state != "done")
        visit = (missing or visits)[0]
        if missing:
            filling = visit._fill_in_checklist()
        else:
            filling = visit._get_checklist().sudo(self.env.su)
        return filling._open_in_visit()

    def action_correct_checklist(self):
        """Fill the checklist in again, with the answers filled in. The first answers
        are kept."""
        self.ensure_one()
        self._check_not_absorbed()
        self.check_access("write")
        done = self._get_checklist()
        if done.state != "done":
            return self.action_fill_in_checklist()
        filling = self._get_begun_checklist() or self._create_checklist(done)
        return filling._open_in_visit()

    def _fill_in_checklist(self):
        """Return what the user has begun to fill in, else a new filling.

        :raise AccessError: if the user may not do this visit
        :raise UserError: if the checklist is closed or has no question
        """
        self.ensure_one()
        self.check_access("write")
        return self._get_begun_checklist() or self._create_checklist()

    def _get_begun_checklist(self):
        """Return what the user began to fill in and did not complete."""
        survey, user = self._get_survey(), self.env.user
        return self.checklist_ids.filtered(
            lambda filling: (
                filling.survey_id == survey
                and filling.partner_id == user.partner_id
                and filling.state != "done"
            )
        )[:1]

    def _create_checklist(self, answered=None):
        """Begin to fill in the checklist.

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
        # Nobody may create answers but by this action, which has checked the rights.
        filling = survey._create_answer(
            user=self.env.user, check_attempts=False, maintenance_visit_id=self.id
        )
        if answered:
            filling.user_input_line_ids.unlink()
            answered.user_input_line_ids.copy({"user_input_id": filling.id})
        # There is nothing to read before the first question.
        filling._mark_in_progress()
        return filling.sudo(self.env.su)

    # -- Report ------------------------------------------------------------------------

    def _get_report_answers(self):
        """Return pairs of question and answers as the report prints them."""
        self.ensure_one()
        return self._get_checklist()._get_printable_answers()

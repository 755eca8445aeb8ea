from odoo import api, fields, models
from odoo.exceptions import UserError


class SurveySurvey(models.Model):
    _inherit = "survey.survey"

    # Without this addon the checklists stay, as surveys of no particular type.
    survey_type = fields.Selection(
        selection_add=[("visit", "Visit"), ("guideline", "Guideline")],
        ondelete={"visit": "set custom", "guideline": "set custom"},
    )

    @api.model
    def _get_equipment_types(self):
        return [*super()._get_equipment_types(), "visit", "guideline"]

    @api.ondelete(at_uninstall=False)
    def _unlink_except_chosen_on_visit_types(self):
        # No restriction of the database: it would also hold on at uninstallation.
        visit_type = (
            self.env["maintenance.visit.type"]
            .with_context(active_test=False)
            .search([("survey_id", "in", self.ids)], limit=1)
        )
        if visit_type:
            raise UserError(
                self.env._(
                    "%(survey)s is the checklist of visit type %(type)s. Choose "
                    "another checklist there first.",
                    survey=visit_type.survey_id.title,
                    type=visit_type.name,
                )
            )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_answered_on_visits(self):
        # On which visit it was filled in must not depend on who deletes it.
        answered = (
            self.env["survey.user_input"]
            .sudo()
            .search(
                [
                    ("survey_id", "in", self.ids),
                    ("maintenance_visit_id", "!=", False),
                    ("state", "=", "done"),
                ],
                limit=1,
            )
        )
        if answered:
            raise UserError(
                self.env._(
                    "%(survey)s has answers from visits, which would be lost. Close "
                    "it instead.",
                    survey=answered.survey_id.title,
                )
            )

    def _describe_for_phone(self):
        """Return the questions as data, with all rights."""
        self.ensure_one()
        return {
            "title": self.title,
            "questions": [
                question._describe_for_phone() for question in self.question_ids
            ],
            # What a phone does not ask by itself: its page does.
            "has_page_only": self.questions_selection == "random",
        }

from odoo import api, fields, models
from odoo.exceptions import UserError


class SurveySurvey(models.Model):
    _inherit = "survey.survey"

    # Without this addon the checklists stay, as surveys of no particular type.
    survey_type = fields.Selection(
        selection_add=[("visit", "Visit")], ondelete={"visit": "set custom"}
    )

    @api.depends("survey_type")
    @api.depends_context("uid")
    def _compute_allowed_survey_types(self):
        result = super()._compute_allowed_survey_types()
        user = self.env.user
        if user.has_group("field_installed_base.group_manager") or user.has_group(
            "survey.group_survey_user"
        ):
            for survey in self:
                types = survey.allowed_survey_types or []
                survey.allowed_survey_types = [*types, "visit"]
        return result

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
                    "another one there first.",
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
                    "%(survey)s was filled in on visits, and its answers would be "
                    "lost. Close it instead.",
                    survey=answered.survey_id.title,
                )
            )

    def get_formview_id(self, access_uid=None):
        self.ensure_one()
        user = self.env["res.users"].browse(access_uid or self.env.uid)
        if self.survey_type == "visit" and not user.has_group(
            "survey.group_survey_user"
        ):
            # Core's form offers what only the users of its own app may do.
            return self.env.ref(
                "field_installed_base.survey_survey_view_form_equipment"
            ).id
        return super().get_formview_id(access_uid=access_uid)

    def _get_equipment_answers_action(self, action):
        """Core's list of answers leaves out surveys of a type with its own rights."""
        if set(self.mapped("survey_type")) == {"visit"}:
            action["domain"] = [("survey_id.survey_type", "=", "visit")]
            return action
        return super()._get_equipment_answers_action(action)

from odoo import api, fields, models
from odoo.exceptions import UserError


class SurveySurvey(models.Model):
    _inherit = "survey.survey"

    # Without this addon the questionnaires stay, as surveys of no particular type.
    survey_type = fields.Selection(
        selection_add=[("equipment", "Equipment")],
        ondelete={"equipment": "set custom"},
    )

    @api.model
    def _get_equipment_types(self):
        """Return the types of survey that have rights of their own. Addons that ask
        about equipment add theirs."""
        return ["equipment"]

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
                survey.allowed_survey_types = [*types, *self._get_equipment_types()]
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_answered_for_equipment(self):
        # Which equipment it was filled in for must not depend on who deletes it.
        answered = (
            self.env["survey.user_input"]
            .sudo()
            .search(
                [
                    ("survey_id", "in", self.ids),
                    ("installed_base_id", "!=", False),
                    ("state", "=", "done"),
                ],
                limit=1,
            )
        )
        if answered:
            raise UserError(
                self.env._(
                    "%(survey)s has answers about equipment, which would be lost. "
                    "Close it instead.",
                    survey=answered.survey_id.title,
                )
            )

    def get_formview_id(self, access_uid=None):
        self.ensure_one()
        user = self.env["res.users"].browse(access_uid or self.env.uid)
        if self.survey_type in self._get_equipment_types() and not user.has_group(
            "survey.group_survey_user"
        ):
            # Core's form offers what only the users of its own app may do.
            return self.env.ref(
                "field_installed_base.survey_survey_view_form_equipment"
            ).id
        return super().get_formview_id(access_uid=access_uid)

    def action_survey_user_input(self):
        return self._get_equipment_answers_action(super().action_survey_user_input())

    def action_survey_user_input_completed(self):
        return self._get_equipment_answers_action(
            super().action_survey_user_input_completed()
        )

    def _get_equipment_answers_action(self, action):
        """Core's list of answers leaves out surveys of a type with its own rights."""
        types = set(self.mapped("survey_type"))
        if len(types) == 1 and types.issubset(self._get_equipment_types()):
            action["domain"] = [("survey_id.survey_type", "=", types.pop())]
        return action

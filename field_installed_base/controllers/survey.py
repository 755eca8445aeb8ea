from odoo.addons.survey.controllers.main import Survey


class EquipmentSurvey(Survey):
    def _prepare_retry_additional_values(self, answer):
        """A second try is about the same equipment as the first one."""
        values = super()._prepare_retry_additional_values(answer)
        return {**values, "installed_base_id": answer.installed_base_id.id}

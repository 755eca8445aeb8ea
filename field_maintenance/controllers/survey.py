from odoo.addons.survey.controllers.main import Survey


class VisitSurvey(Survey):
    def _prepare_retry_additional_values(self, answer):
        """A second try is about the same visit as the first one."""
        values = super()._prepare_retry_additional_values(answer)
        return {
            **values,
            "maintenance_visit_id": answer.maintenance_visit_id.id,
            "maintenance_visit_line_id": answer.maintenance_visit_line_id.id,
        }

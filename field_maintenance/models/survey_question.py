from odoo import fields, models


class SurveyQuestion(models.Model):
    _inherit = "survey.question"

    survey_type = fields.Selection(related="survey_id.survey_type")
    service_is_printed_on_report = fields.Boolean(
        string="Print on Report",
        default=True,
        help="The answer is printed on the visit report that the customer receives.",
    )

from odoo import fields, models


class InstalledBaseFillIn(models.TransientModel):
    _name = "installed.base.fill.in"
    _description = "Fill in Questionnaire"

    installed_base_id = fields.Many2one(
        comodel_name="installed.base", string="Equipment", required=True
    )
    survey_id = fields.Many2one(
        comodel_name="survey.survey",
        string="Questionnaire",
        required=True,
        domain=[("survey_type", "=", "equipment")],
    )

    def action_start(self):
        """Open the chosen questionnaire."""
        self.ensure_one()
        filling = self.installed_base_id._fill_in(self.survey_id)
        return {**filling.action_open_filling(), "close": True}

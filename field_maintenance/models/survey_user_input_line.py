from odoo import models
from odoo.tools import format_date, format_datetime


class SurveyUserInputLine(models.Model):
    _inherit = "survey.user_input.line"

    def _get_printable_value(self):
        """Return this answer as text, in the language of the reader."""
        self.ensure_one()
        value = self._get_answer_value()
        if self.answer_type == "date":
            return format_date(self.env, value)
        if self.answer_type == "datetime":
            return format_datetime(self.env, value, dt_format="short")
        if self.answer_type == "numerical_box":
            return f"{value:g}"
        if self.matrix_row_id:
            return f"{self.matrix_row_id.value}: {value}"
        return str(value or "")

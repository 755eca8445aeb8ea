from odoo import fields, models
from odoo.tools import html2plaintext

# So long an answer may be, and so many choices it may have.
MAX_ANSWER = 10_000
MAX_CHOICES = 500
MAX_NUMBER = 10**15


class SurveyQuestion(models.Model):
    _inherit = "survey.question"

    survey_type = fields.Selection(related="survey_id.survey_type")
    service_is_printed_on_report = fields.Boolean(
        string="Print on Report",
        default=True,
        help="The answer is printed on the visit report that the customer receives.",
    )

    # -- On a phone --------------------------------------------------------------------

    def _describe_for_phone(self):
        self.ensure_one()
        bounds = {}
        if self.validation_required:
            bounds = {
                "numerical_box": {
                    "min": self.validation_min_float_value,
                    "max": self.validation_max_float_value,
                },
                "date": {
                    "min": fields.Date.to_string(self.validation_min_date),
                    "max": fields.Date.to_string(self.validation_max_date),
                },
                "char_box": {
                    "min": self.validation_length_min,
                    "max": self.validation_length_max,
                },
            }.get(self.question_type, {})
        if self.question_type == "scale":
            bounds = {"min": self.scale_min, "max": self.scale_max}
        return {
            "id": self.id,
            "page": self.page_id.title or "",
            "title": self.title,
            "help": html2plaintext(self.description or "").strip(),
            "type": self.question_type,
            "hint": self.question_placeholder or "",
            "is_mandatory": self.constr_mandatory,
            "error": self.validation_error_msg or "",
            # Asked if one of these was chosen
            "triggers": self.triggering_answer_ids.ids,
            "choices": [
                {"id": answer.id, "name": answer.value or ""}
                for answer in self.suggested_answer_ids
            ],
            "rows": [
                {"id": row.id, "name": row.value or ""} for row in self.matrix_row_ids
            ],
            "is_multiple": self.question_type == "multiple_choice"
            or (self.question_type == "matrix" and self.matrix_subtype == "multiple"),
            "comment": (self.comments_allowed or False)
            and (self.comments_message or self.env._("Comment")),
            "comment_counts": self.comment_count_as_answer,
            **bounds,
        }

    def _read_answer_of_phone(self, answer):
        """Return an answer as core saves it, None if it is none to this question."""
        self.ensure_one()
        kind = self.question_type
        if kind in ("simple_choice", "multiple_choice"):
            return self._read_choices(answer or [])
        if kind == "matrix":
            if answer is not None and not isinstance(answer, dict):
                return None
            rows = {str(row.id) for row in self.matrix_row_ids}
            chosen = {
                row: self._read_choices(choices)
                for row, choices in (answer or {}).items()
            }
            if not rows.issuperset(chosen) or None in chosen.values():
                return None
            return {row: choices for row, choices in chosen.items() if choices}
        text = str(answer) if type(answer) in (int, float) else answer or ""
        if not isinstance(text, str) or len(text) > MAX_ANSWER:
            return None
        text = text.replace("\0", "").strip()
        if not text:
            return ""
        try:
            if kind == "numerical_box":
                text = text.replace(",", ".")
                return text if abs(float(text)) < MAX_NUMBER else None
            if kind == "scale":
                number = int(text)
                is_known = self.scale_min <= number <= self.scale_max
                return str(number) if is_known else None
            if kind == "date":
                return fields.Date.to_string(fields.Date.to_date(text))
            if kind == "datetime":
                return fields.Datetime.to_string(fields.Datetime.to_datetime(text))
        except (ValueError, OverflowError):
            return None
        return text

    def _read_comment_of_phone(self, comment):
        """Return a comment as core saves it, None without one."""
        self.ensure_one()
        if not self.comments_allowed or not isinstance(comment, str):
            return None
        return comment.replace("\0", "").strip()[:MAX_ANSWER] or None

    def _read_choices(self, choices):
        if not isinstance(choices, list) or len(choices) > MAX_CHOICES:
            return None
        known = set(self.suggested_answer_ids.ids)
        if any(type(one) is not int or one not in known for one in choices):
            return None
        is_single = self.question_type == "simple_choice" or (
            self.question_type == "matrix" and self.matrix_subtype == "simple"
        )
        if is_single and len(choices) > 1:
            return None
        return list(dict.fromkeys(choices))

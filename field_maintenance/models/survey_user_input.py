from odoo import api, fields, models
from odoo.exceptions import UserError


class SurveyUserInput(models.Model):
    """One filling of the checklist of a visit."""

    _inherit = "survey.user_input"

    maintenance_visit_id = fields.Many2one(
        comodel_name="maintenance.visit",
        string="Visit",
        index="btree_not_null",
        ondelete="cascade",
        readonly=True,
    )
    maintenance_visit_line_id = fields.Many2one(
        comodel_name="maintenance.visit.line",
        string="Equipment of the Visit",
        index="btree_not_null",
        ondelete="set null",
        readonly=True,
        help="Where each piece of equipment has a checklist of its own.",
    )

    def _save_lines(self, question, answer, comment=None, overwrite_existing=True):
        # A checklist is corrected where it has answers already.
        if self.maintenance_visit_id:
            overwrite_existing = True
        return super()._save_lines(question, answer, comment, overwrite_existing)

    def _mark_done(self):
        result = super()._mark_done()
        fillings = self.filtered("maintenance_visit_id")
        fillings.maintenance_visit_id._message_log_batch(
            {
                filling.maintenance_visit_id.id: self.env._(
                    "Checklist filled in: %s", filling.survey_id.title
                )
                for filling in fillings
            },
            author_id=fillings[:1].partner_id.id or None,
        )
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_completed_on_visits(self):
        for filling in self:
            if filling.maintenance_visit_id and filling.state == "done":
                raise UserError(
                    self.env._(
                        "%(survey)s was completed for visit %(visit)s and is kept in "
                        "its history. Correct it from the visit.",
                        survey=filling.survey_id.title,
                        visit=filling.maintenance_visit_id.display_name,
                    )
                )

    def _open_in_visit(self):
        """Show this filling in place of the visit, to which its last page leads back;
        what is completed opens beside it."""
        action = self.action_open_filling()
        if "/survey/start/" in action["url"]:
            action["target"] = "self"
        return action

    def _get_visit_url(self):
        """Return where the last page leads."""
        self.ensure_one()
        return f"/odoo/visits/{self.maintenance_visit_id._get_main().id}"

    def _get_printable_answers(self):
        """Return pairs of a question's title and its answers as text, of the questions
        that are printed on the visit report, in their order."""
        answers = []
        for question in self.survey_id.question_ids.filtered(
            "service_is_printed_on_report"
        ):
            lines = self.user_input_line_ids.filtered(
                lambda line, question=question: (
                    line.question_id == question and not line.skipped
                )
            )
            if lines:
                answers.append(
                    (question.title, [line._get_printable_value() for line in lines])
                )
        return answers

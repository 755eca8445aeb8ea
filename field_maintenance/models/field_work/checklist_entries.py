from odoo import api, models
from odoo.exceptions import UserError


class MaintenanceVisit(models.Model):
    """The checklist on the phone: its questions as data, which the phone keeps and asks
    without a line, and the answers as an entry of the phone."""

    _inherit = "maintenance.visit"

    # -- Questions ---------------------------------------------------------------------

    def _get_checklist_pairs(self):
        """Return pairs of a visit and a line, which may be empty: what has a checklist
        of this visit and those done together with it."""
        self.ensure_one()
        return [
            (visit, line)
            for visit in self._get_report_visits()
            for line in visit._get_checklist_lines()
        ]

    def _get_checklist_rows(self):
        """Return the checklists of a visit, for its card: `visit_id` and `line_id` of
        what each is about, `name`, `state`, `survey_id`, `filling_id` (of the completed
        filling that the phone knows) and `version` (different after every change)."""
        rows = []
        for visit, line in self._get_checklist_pairs():
            survey = visit._get_survey()
            filling = visit._get_checklist(line)
            begun = visit._get_begun_checklist(line).sudo()
            changes = [
                survey.write_date,
                *survey.question_and_page_ids.mapped("write_date"),
                *survey.question_ids.suggested_answer_ids.mapped("write_date"),
                *(filling | begun).mapped("write_date"),
            ]
            done = filling if filling.state == "done" else filling.browse()
            rows.append(
                {
                    "visit_id": visit.id,
                    "line_id": line.id,
                    "name": line.display_name if line else survey.title,
                    "state": filling.state or "new",
                    "survey_id": survey.id,
                    "filling_id": done.id,
                    "version": f"{max(changes)} {filling.id} {begun.id}",
                }
            )
        return rows

    @api.readonly
    def get_checklists(self):
        """Return what phones ask: dict of `surveys` (questions by the number of the
        questionnaire) and `answers` (by the number of the visit, a list of `visit_id`,
        `line_id`, `answers` and `comments`, as the entries of phones have them)."""
        self.check_access("read")
        surveys, answers = {}, {}
        for visit in self:
            rows = []
            for one, line in visit._get_checklist_pairs():
                survey = one._get_survey()
                surveys.setdefault(survey.id, survey._describe_for_phone())
                filling = one._get_begun_checklist(line) or one._get_checklist(line)
                # Who may do a visit may go on with its checklist.
                rows.append(
                    {
                        "visit_id": one.id,
                        "line_id": line.id,
                        **filling.sudo()._describe_for_phone(),
                    }
                )
            answers[visit.id] = rows
        return {"surveys": surveys, "answers": answers}

    # -- Answers -----------------------------------------------------------------------

    def _apply_entry_checklist(self, values):
        """Answers to a checklist; `visit_id` and `line_id` (of what it is about, as in
        :meth:`_get_checklist_rows`), `survey_id`, `filling_id` (which the phone knew),
        `answers` and `comments` by question, and `is_complete`.

        An answer is a text (dates and numbers too), a list of choices, or such a list
        for each row of a matrix.
        """
        read = self._read_value
        wanted = (read(values, "visit_id", int), read(values, "line_id", int, False))
        pairs = {
            (visit.id, line.id or None): (visit, line)
            for visit, line in self._get_checklist_pairs()
        }
        if wanted not in pairs:
            raise UserError(self.env._("The office took this checklist off the visit."))
        visit, line = pairs[wanted]
        survey = visit._get_survey()
        if survey.id != read(values, "survey_id", int):
            raise UserError(self.env._("The visit has another checklist by now."))
        done = visit._get_checklist(line)
        done = done if done.state == "done" else done.browse()
        if done and done.id != read(values, "filling_id", int, False):
            self._report_change(
                self.env._(
                    "%s filled in this checklist meanwhile.",
                    done.partner_id.name or self.env._("Somebody else"),
                )
            )
        filling = visit._get_begun_checklist(line) or visit._create_checklist(
            line, done
        )
        # Answers are written with all rights; who sends them was checked.
        filling = filling.sudo()
        errors = filling._save_answers_of_phone(
            read(values, "answers", dict, False, 1000) or {},
            read(values, "comments", dict, False, 1000) or {},
            is_complete=bool(values.get("is_complete")),
        )
        if errors:
            raise UserError("\n".join(errors))
        if values.get("is_complete"):
            questions = filling._get_missing_questions()
            if questions:
                visit._refuse_unanswered(line, questions)
            filling._mark_done()

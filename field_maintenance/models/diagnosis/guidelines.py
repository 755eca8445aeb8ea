from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.field_installed_base.models.equipment.installed_base import (
    READER_GROUPS,
)


class MaintenanceVisitLine(models.Model):
    """The guideline that a technician may follow on a piece of equipment."""

    _inherit = "maintenance.visit.line"

    guideline_id = fields.Many2one(
        comodel_name="service.guideline",
        compute="_compute_guideline_id",
        groups=READER_GROUPS,
    )

    @api.depends("installed_base_id", "product_id", "fault_symptom_id")
    def _compute_guideline_id(self):
        found = self.env["service.guideline"]._find_for(
            {line: line.fault_symptom_id for line in self}
        )
        for line in self:
            line.guideline_id = found.get(line, False)

    @api.readonly
    def get_guideline(self, symptom_id=False):
        """Return the name of the guideline that applies to this equipment.

        :param int symptom_id: number of the symptom that is noticed; that of the line
            if none
        :return: the name; empty if there is no guideline
        """
        self.ensure_one()
        self.check_access("read")
        guideline = self._find_guideline(symptom_id)
        # Who does a visit may follow its guideline.
        return guideline.sudo().survey_id.title or ""

    def action_open_guideline(self, symptom_id=False):
        """Open the guideline that applies to this equipment: begin it, go on with it,
        or show what was answered.

        :param int symptom_id: as in :meth:`get_guideline`
        :raise UserError: if there is none
        """
        self.ensure_one()
        self.check_access("read")
        visit = self.visit_id
        guideline = self._find_guideline(symptom_id)
        if not guideline:
            raise UserError(
                self.env._(
                    "There is no guideline for %s. An administrator can add one under "
                    "Interventions > Configuration > Visits > Guidelines.",
                    self.display_name,
                )
            )
        # As above.
        survey = guideline.sudo().survey_id
        filling = self._get_guideline_answers(survey)
        if not filling:
            visit.check_access("write")
            visit._check_state(
                ("to_plan", "planned", "in_progress", "done"),
                self.env._(
                    "You cannot follow a guideline on visit %(visit)s: its status is "
                    "“%(state)s”."
                ),
            )
            filling = visit._create_filling(survey, self)
        return filling.sudo(self.env.su)._open_in_visit()

    def _find_guideline(self, symptom_id):
        """Return the guideline that applies with a symptom, else with that of the
        line."""
        symptom = self.env["service.fault.code"]
        if type(symptom_id) is int:
            symptom = symptom.browse(symptom_id)
        found = self.env["service.guideline"]._find_for(
            {self: symptom or self.fault_symptom_id}
        )
        return found.get(self, self.env["service.guideline"])

    def _get_guideline_answers(self, survey):
        """Return what the user has begun to answer of a guideline on this equipment,
        else what was completed last, with all rights."""
        # What was answered does not depend on who asks.
        answers = self.visit_id.sudo().guideline_answer_ids.filtered(
            lambda answer: (
                answer.survey_id == survey
                and answer.maintenance_visit_line_id.id == self.id
            )
        )
        begun = answers.filtered(
            lambda answer: (
                answer.state != "done" and answer.partner_id == self.env.user.partner_id
            )
        )
        done = answers.filtered(lambda answer: answer.state == "done")
        return (begun or done).sorted("id", reverse=True)[:1]

    def _describe_guidelines(self):
        """Return {line: what a card tells of its guideline: `name` and `state`, which
        is empty where nothing was answered}, of those that have one. To be called with
        all rights."""
        described = {}
        for line in self:
            survey = line.guideline_id.survey_id
            if survey:
                state = line._get_guideline_answers(survey).state
                described[line] = {"name": survey.title, "state": state or ""}
        return described


class MaintenanceVisit(models.Model):
    _inherit = "maintenance.visit"

    guideline_answer_ids = fields.One2many(
        comodel_name="survey.user_input",
        inverse_name="maintenance_visit_id",
        string="Guidelines",
        domain=[
            ("test_entry", "=", False),
            ("survey_id.survey_type", "=", "guideline"),
        ],
        groups=READER_GROUPS,
    )

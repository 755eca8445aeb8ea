from datetime import date

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..equipment.installed_base import READER_GROUPS


class InstalledBase(models.Model):
    """Questionnaires that are filled in for a piece of equipment."""

    _inherit = "installed.base"

    questionnaire_ids = fields.One2many(
        comodel_name="survey.user_input",
        inverse_name="installed_base_id",
        string="Questionnaires",
        domain=[("test_entry", "=", False)],
        groups=READER_GROUPS,
    )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_questionnaires(self):
        # Deleting must not depend on which answers the user may read.
        for equipment in self.sudo():
            if "done" in equipment.questionnaire_ids.mapped("state"):
                raise UserError(
                    self.env._(
                        "%s has completed questionnaires. Archive or retire it "
                        "instead.",
                        equipment._get_label(),
                    )
                )

    def _get_published_fillings(self, ownerships):
        """Return the answers that were published of the reader's own time as owner.

        :param ownerships: that time, as installed.base.ownership records
        """
        periods = [(line.date_from, line.date_to or date.max) for line in ownerships]
        # Customers have no rights on surveys; the page prints question and answer of
        # what a colleague has published.
        fillings = (
            self.env["survey.user_input"].sudo().search(self._get_published_domain())
        )
        # Days of ownership are those of the company, not of whoever reads.
        clock = fillings.with_context(
            tz=self.company_id.sudo().resource_calendar_id.tz or "UTC"
        )

        def is_shown(filling):
            ended = fields.Datetime.context_timestamp(clock, filling.end_datetime)
            return any(first <= ended.date() <= last for first, last in periods)

        return fillings.filtered(is_shown)

    def _get_published_domain(self):
        return Domain(
            [
                ("installed_base_id", "in", self.ids),
                ("service_is_public", "=", True),
                ("state", "=", "done"),
                ("end_datetime", "!=", False),
                ("test_entry", "=", False),
            ]
        )

    def _hide_published_fillings(self):
        """Take back the publication of answers from equipment that changed hands."""
        # They were published for who had it then, whatever the day is called. Whoever
        # may change the owner need not read answers.
        fillings = self.env["survey.user_input"].sudo()
        fillings.search(self._get_published_domain()).service_is_public = False

    def _get_default_questionnaire(self):
        """Return the questionnaire of the category, or of the nearest one above it."""
        self.ensure_one()
        category = self.category_id
        while category and not category.survey_id.active:
            category = category.parent_id
        return category.survey_id

    def action_fill_in_questionnaire(self):
        """Open the questionnaire of the category; ask which one if it has none."""
        self.ensure_one()
        survey = self._get_default_questionnaire()
        if not survey:
            survey = self.env["survey.survey"].search(
                [("survey_type", "=", "equipment")], limit=2
            )
        if not survey:
            raise UserError(
                self.env._(
                    "There is no equipment questionnaire yet. An administrator can "
                    "create one under Interventions > Configuration > Questionnaires."
                )
            )
        if len(survey) > 1:
            return {
                "type": "ir.actions.act_window",
                "name": self.env._("Fill in Questionnaire"),
                "res_model": "installed.base.fill.in",
                "views": [(False, "form")],
                "target": "new",
                "context": {"default_installed_base_id": self.id},
            }
        return self._fill_in(survey).action_open_filling()

    def _fill_in(self, survey):
        """Return what the user has begun to fill in, else a new filling.

        :raise AccessError: if the user may read neither equipment nor questionnaire
        :raise UserError: if the questionnaire is none of equipment, closed or empty
        """
        self.ensure_one()
        self.check_access("read")
        survey.check_access("read")
        if survey.survey_type != "equipment" or not survey.active:
            raise UserError(
                self.env._(
                    "%s is closed or is not an equipment questionnaire. Choose "
                    "another one.",
                    survey.title,
                )
            )
        if not survey.question_ids:
            raise UserError(
                self.env._(
                    "Questionnaire %s has no questions yet. An administrator can add "
                    "them under Interventions > Configuration > Questionnaires.",
                    survey.title,
                )
            )
        begun = self.env["survey.user_input"].search(
            [
                ("installed_base_id", "=", self.id),
                ("survey_id", "=", survey.id),
                ("partner_id", "=", self.env.user.partner_id.id),
                ("state", "!=", "done"),
                ("test_entry", "=", False),
            ],
            limit=1,
        )
        if begun:
            return begun
        # Nobody may create answers but by this action, which has checked the rights.
        filling = survey.sudo()._create_answer(
            user=self.env.user, installed_base_id=self.id
        )
        return filling.sudo(self.env.su)

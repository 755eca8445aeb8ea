from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain


class ServiceGuideline(models.Model):
    """A questionnaire that leads a technician from what one notices to the fault, for
    equipment of a kind."""

    _name = "service.guideline"
    _inherit = ["installed.base.record.mixin", "service.scope.mixin"]
    _description = "Guideline"
    _order = "sequence, id"
    _rec_name = "survey_id"
    _check_company_auto = True

    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        comodel_name="res.company",
        index=True,
        default=lambda self: self.env.company,
        help="Leave empty for all companies.",
    )
    survey_id = fields.Many2one(
        comodel_name="survey.survey",
        string="Questionnaire",
        required=True,
        index=True,
        ondelete="cascade",
        domain="[('survey_type', '=', 'guideline')]",
        help="Its conditional questions are the tree that the technician follows.",
    )
    fault_symptom_id = fields.Many2one(
        comodel_name="service.fault.code",
        string="Symptom",
        index="btree_not_null",
        ondelete="restrict",
        domain="[('kind', '=', 'symptom')]",
        help="Only where this is noticed. Leave empty for any symptom.",
    )

    _for_one_kind = models.Constraint(
        "CHECK (num_nonnulls(installed_base_id, product_id, category_id) = 1)",
        "Choose what the guideline is for: one piece of equipment, a product or a "
        "category.",
    )

    @api.constrains("survey_id", "fault_symptom_id")
    def _check_kinds(self):
        for guideline in self:
            # Who configures guidelines may read any questionnaire of theirs.
            survey = guideline.survey_id.sudo()
            if survey.survey_type != "guideline":
                raise ValidationError(
                    self.env._(
                        "%s is not the questionnaire of a guideline. Choose another "
                        "one.",
                        survey.title,
                    )
                )
            symptom = guideline.fault_symptom_id
            if symptom and symptom.kind != "symptom":
                raise ValidationError(
                    self.env._(
                        "%s is not a symptom. Choose another code.",
                        symptom.display_name,
                    )
                )

    @api.model
    def _find_for(self, symptoms):
        """Return {line: guideline that applies}, of those that have one: the one for
        the piece, its product or its nearest category; of these, for its symptom before
        any symptom.

        :param symptoms: {visit line: symptom that is noticed, or none}
        """
        if not symptoms:
            return {}
        lines = self.env["maintenance.visit.line"].union(*symptoms)
        # Who does a visit may follow its guideline, whatever else they may read.
        known = lines.sudo()
        guidelines = self.sudo().search(
            Domain("company_id", "in", [False, *known.company_id.parent_ids.ids])
            & Domain("survey_id.active", "=", True)
            & Domain("survey_id.question_and_page_ids.is_page", "=", False)
            & self._get_scope_domain(known)
        )
        found = {}
        for line, own in zip(lines, known, strict=True):
            symptom = symptoms[line]
            ranked = [
                (nearness, not guideline.fault_symptom_id, order, guideline)
                for order, guideline in enumerate(guidelines)
                if not guideline.company_id
                or guideline.company_id in own.company_id.parent_ids
                if not guideline.fault_symptom_id
                or guideline.fault_symptom_id == symptom
                if (nearness := guideline._get_nearness(own)) is not None
            ]
            if ranked:
                found[line] = min(ranked, key=lambda row: row[:3])[-1].with_env(
                    self.env
                )
        return found

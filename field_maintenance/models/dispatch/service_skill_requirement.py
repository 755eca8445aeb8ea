from collections import defaultdict
from typing import NamedTuple

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain

# What asks for skills: exactly one of these.
OWNER_FIELDS = ("visit_type_id", "category_id", "product_tmpl_id", "installed_base_id")


class SkillNeed(NamedTuple):
    """A skill that a visit takes: its id, the progress of its minimum level (0 if any
    level is enough), and what people call it, such as `Gas appliances (Certified)`."""

    skill_id: int
    progress: int
    text: str


class ServiceSkillRequirement(models.Model):
    """A skill that work of a kind, or on a kind of equipment, takes."""

    _name = "service.skill.requirement"
    _inherit = ["installed.base.guard.mixin"]
    _description = "Skill Requirement"
    _order = "skill_id, id"
    _rec_name = "skill_id"

    skill_id = fields.Many2one(
        comodel_name="hr.skill",
        required=True,
        index=True,
        ondelete="cascade",
        domain="[('skill_type_id.active', '=', True)]",
    )
    skill_type_id = fields.Many2one(related="skill_id.skill_type_id")
    skill_level_id = fields.Many2one(
        comodel_name="hr.skill.level",
        string="Minimum Level",
        compute="_compute_skill_level_id",
        store=True,
        readonly=False,
        precompute=True,
        index="btree_not_null",
        ondelete="set null",
        domain="[('skill_type_id', '=', skill_type_id)]",
        help="Leave empty if any level is enough.",
    )
    visit_type_id = fields.Many2one(
        comodel_name="maintenance.visit.type",
        index="btree_not_null",
        ondelete="cascade",
    )
    category_id = fields.Many2one(
        comodel_name="installed.base.category",
        string="Equipment Category",
        index="btree_not_null",
        ondelete="cascade",
    )
    product_tmpl_id = fields.Many2one(
        comodel_name="product.template",
        string="Product",
        index="btree_not_null",
        ondelete="cascade",
    )
    installed_base_id = fields.Many2one(
        comodel_name="installed.base",
        string="Equipment",
        index="btree_not_null",
        ondelete="cascade",
    )
    company_id = fields.Many2one(
        comodel_name="res.company",
        compute="_compute_company_id",
        store=True,
        precompute=True,
        index="btree_not_null",
        help="The company of the equipment or product, if it has one.",
    )

    _one_owner = models.Constraint(
        "CHECK (num_nonnulls(visit_type_id, category_id, product_tmpl_id, "
        "installed_base_id) = 1)",
        "A required skill belongs to exactly one visit type, equipment category, "
        "product, or piece of equipment.",
    )
    _skill_unique = models.UniqueIndex(
        "(skill_id, COALESCE(visit_type_id, 0), COALESCE(category_id, 0), "
        "COALESCE(product_tmpl_id, 0), COALESCE(installed_base_id, 0))",
        "This skill is already required. Change its minimum level instead.",
    )

    @api.depends("skill_id")
    def _compute_skill_level_id(self):
        for requirement in self:
            level = requirement.skill_level_id
            if level.skill_type_id == requirement.skill_id.skill_type_id:
                requirement.skill_level_id = level
            else:
                requirement.skill_level_id = False

    @api.depends("installed_base_id.company_id", "product_tmpl_id.company_id")
    def _compute_company_id(self):
        # Whose it is, whoever may read the rest of it.
        for requirement, known in zip(self, self.sudo(), strict=True):
            requirement.company_id = (
                known.installed_base_id.company_id or known.product_tmpl_id.company_id
            )

    @api.depends("skill_id", "skill_level_id")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for requirement in self:
            skill, level = requirement.skill_id.name, requirement.skill_level_id.name
            requirement.display_name = f"{skill} ({level})" if level else skill

    @api.constrains("skill_id", "skill_level_id")
    def _check_skill_level_id(self):
        for requirement in self:
            level, skill = requirement.skill_level_id, requirement.skill_id
            if level and level.skill_type_id != skill.skill_type_id:
                raise ValidationError(
                    self.env._(
                        "%(level)s is not a level of %(skill)s. Choose one of "
                        "%(type)s.",
                        level=level.name,
                        skill=skill.name,
                        type=skill.skill_type_id.name,
                    )
                )

    # -- CRUD --------------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        with self._watch_owners(vals_list):
            return super().create(vals_list)

    def write(self, vals):
        with self._watch_owners([vals]):
            return super().write(vals)

    def unlink(self):
        # Without its own, a piece takes what its product or category does.
        with self._watch_owners():
            return super().unlink()

    def _watch_owners(self, vals_list=()):
        """Tell dispatchers if planned visits take other skills.

        :param vals_list: what is written
        """
        owners = [requirement._get_owner() for requirement in self]
        owners += [
            self.env[self._fields[name].comodel_name].browse(vals[name])
            for vals in vals_list
            for name in OWNER_FIELDS
            if vals.get(name)
        ]
        return self.env["maintenance.visit"]._watch_skills(owners)

    # -- What is asked for -------------------------------------------------------------

    def _get_owner(self):
        """Return what asks for this skill."""
        self.ensure_one()
        return next(self[name] for name in OWNER_FIELDS if self[name])

    @api.model
    def _get_by_owner(self, owners):
        """Return {owner: required skills} of those of these visit types, products,
        categories and pieces of equipment that ask for any."""
        ids = defaultdict(list)
        for owner in owners:
            ids[owner._name].append(owner.id)
        names = {self._fields[name].comodel_name: name for name in OWNER_FIELDS}
        domain = Domain.OR(
            Domain(names[model], "in", own) for model, own in ids.items()
        )
        # Of a kind of skills that is archived nobody can be given any.
        domain &= Domain("skill_id.skill_type_id.active", "=", True)
        return self.search(domain).grouped(lambda asked: asked._get_owner())

    def _get_needs(self, lang):
        """Return what these requirements ask for together: of each skill its highest
        level.

        :param str lang: of the names
        :rtype: list[SkillNeed]
        """
        needs = {}
        for requirement in self.with_context(lang=lang).sorted("id"):
            need = SkillNeed(
                requirement.skill_id.id,
                requirement.skill_level_id.level_progress,
                requirement.display_name,
            )
            known = needs.get(need.skill_id)
            if not known or need.progress > known.progress:
                needs[need.skill_id] = need
        return list(needs.values())

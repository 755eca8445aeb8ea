from collections import defaultdict

from odoo import api, models
from odoo.fields import Domain
from odoo.tools import format_date, format_list

from .service_skill_requirement import OWNER_FIELDS


class SkillCheck:
    """Who may go on which visit, on any day, without another query.

    :param needs: {visit: list of SkillNeed}
    :param held: {(employee id, skill id): list of (progress, first day, last day)},
        with None for days without an end
    """

    def __init__(self, needs, held):
        self.needs = needs
        self._held = held

    def get_missing(self, visit, crew, day):
        """Return what a visit takes and nobody of a crew has on that day.

        :param visit: one of those that were asked for
        :param crew: employees who go together, all among those who were asked for
        :param date day: on the clock of the site
        :rtype: list[SkillNeed]
        """
        return [
            need
            for need in self.needs[visit]
            if not any(self._has(person_id, need, day) for person_id in crew._ids)
        ]

    def _has(self, person_id, need, day):
        return any(
            progress >= need.progress
            and (first is None or first <= day)
            and (last is None or day <= last)
            for progress, first, last in self._held.get((person_id, need.skill_id), ())
        )


class MaintenanceVisit(models.Model):
    """Which skills a visit takes, and who has them on its day."""

    _inherit = "maintenance.visit"

    def _get_skill_check(self, employees):
        """Return who of these employees has what these visits take, and when.

        The one home of skills, for warnings and for whatever looks for technicians; it
        does not ask whether the company wants them checked (`service_skill_policy`).
        The number of queries does not depend on how many visits or employees there are.

        ``visits._get_skill_check(people).get_missing(visit, person, day)`` is the list
        of what the person lacks then: empty if they may go. A crew has skills together.

        :param employees: whoever may go (`hr.employee`)
        :rtype: SkillCheck
        """
        needs = self._get_skill_needs()
        held = defaultdict(list)
        skill_ids = {need.skill_id for own in needs.values() for need in own}
        if skill_ids and employees:
            # What somebody can do is what the planner must know.
            skills = self.env["hr.employee.skill"].sudo()
            for skill in skills.search_fetch(
                Domain("employee_id", "in", employees._origin.ids)
                & Domain("skill_id", "in", list(skill_ids)),
                [
                    "employee_id",
                    "skill_id",
                    "skill_level_id",
                    "valid_from",
                    "valid_to",
                ],
            ):
                held[skill.employee_id.id, skill.skill_id.id].append(
                    (
                        skill.skill_level_id.level_progress,
                        skill.valid_from or None,
                        skill.valid_to or None,
                    )
                )
        return SkillCheck(needs, held)

    def _get_skill_needs(self):
        """Return what each of these visits takes, by the name of the skill: what its
        type asks for, and of each piece of equipment what the first of itself, its
        product and its nearest category does that asks for any.

        What is done together with a visit is part of it.

        :return: {visit: list of SkillNeed}
        """
        # Whoever plans a visit may know what it takes.
        known = self.sudo()
        if not known.env["service.skill.requirement"].search([], limit=1):
            # Companies that do without skills pay nothing for them.
            return {visit: [] for visit in self}
        everything = known | known.merged_ids
        pieces = everything.line_ids.installed_base_id._origin
        sources = {
            piece: [
                piece,
                piece.product_id.product_tmpl_id,
                *piece.category_id._get_branch(),
            ]
            for piece in pieces
        }
        asked = known._get_requirements(
            {*everything.visit_type_id._origin}.union(*sources.values())
        )
        found = {}
        for visit, own in zip(self, known, strict=True):
            together = own | own.merged_ids
            needed = own.env["service.skill.requirement"].union(
                *(
                    asked[kind]
                    for kind in together.visit_type_id._origin
                    if kind in asked
                ),
                *(
                    next(asked[source] for source in sources[piece] if source in asked)
                    for piece in together.line_ids.installed_base_id._origin
                    if not asked.keys().isdisjoint(sources[piece])
                ),
            )
            found[visit] = needed._get_needs(self.env.lang)
        return found

    @api.model
    def _get_requirements(self, owners):
        """Return {owner: required skills} of those of these visit types, products,
        categories and pieces of equipment that ask for any."""
        requirements = self.env["service.skill.requirement"]
        ids = defaultdict(list)
        for owner in owners:
            ids[owner._name].append(owner.id)
        names = {requirements._fields[name].comodel_name: name for name in OWNER_FIELDS}
        found = defaultdict(requirements.browse)
        if not ids:
            return found
        domain = Domain.OR(
            Domain(names[model], "in", own) for model, own in ids.items()
        )
        # Of a kind of skills that is archived nobody can be given any.
        domain &= Domain("skill_id.skill_type_id.active", "=", True)
        for requirement in requirements.search(domain):
            found[requirement._get_owner()] |= requirement
        return found

    # -- What is missing ---------------------------------------------------------------

    def _get_missing_skills(self):
        """Return {visit: texts that say what its technicians lack on its day}; none for
        visits of companies that ignore skills, and where nobody goes yet."""
        found = {visit: [] for visit in self}
        # How a company plans is no secret to who plans.
        asked = self.filtered(
            lambda visit: (
                visit.company_id.sudo().service_skill_policy != "ignore"
                and not visit.merged_into_id
                and visit.date_start
                and visit.date_end
            )
        )
        # Nor is who goes.
        crews = {visit: visit.sudo().technician_ids._origin for visit in asked}
        everybody = self.env["hr.employee"].sudo().union(*crews.values())
        check = asked._get_skill_check(everybody)
        for visit, crew in crews.items():
            if not crew:
                continue
            days = {*map(visit._get_site_day, (visit.date_start, visit.date_end))}
            missing = {}
            for day in sorted(days):
                for need in check.get_missing(visit, crew, day):
                    missing.setdefault(need, day)
            found[visit] = [
                visit._describe_missing_skill(crew, need, day)
                for need, day in missing.items()
            ]
        return found

    def _describe_missing_skill(self, crew, need, day):
        """Return what technicians lack, in words."""
        day = format_date(self.env, day, date_format="d MMMM")
        if len(crew) == 1:
            return self.env._(
                "%(technician)s lacks %(skill)s on %(day)s.",
                technician=crew.name,
                skill=need.text,
                day=day,
            )
        return self.env._(
            "%(technicians)s all lack %(skill)s on %(day)s.",
            technicians=format_list(self.env, crew.mapped("name")),
            skill=need.text,
            day=day,
        )

from collections import defaultdict
from contextlib import contextmanager
from datetime import timedelta

from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL, format_date, format_list

from ...context import PLANNING


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
        requirements = self.env["service.skill.requirement"].sudo()
        if not self or not requirements.search([], limit=1):
            # Companies that do without skills pay nothing for them.
            return {visit: [] for visit in self}
        works = self.sudo()._get_works()
        types = self.env["maintenance.visit.type"].sudo()
        types = types.browse(set().union(*(kinds for kinds, _pieces in works.values())))
        pieces = self.env["installed.base"].sudo()
        pieces = pieces.browse(set().union(*(own for _kinds, own in works.values())))
        # What asks for skills, the nearest first.
        sources = {kind: [kind] for kind in types} | {
            piece: [
                piece,
                piece.product_id.product_tmpl_id,
                *piece.category_id._get_branch(),
            ]
            for piece in pieces
        }
        asked = requirements._get_by_owner(set().union(*sources.values()))
        found = {}
        for visit, (kinds, own) in zip(self, works.values(), strict=True):
            needed = requirements.browse()
            for asking in (
                *types.browse(sorted(kinds)),
                *pieces.browse(sorted(own)),
            ):
                first = (asked[one] for one in sources[asking] if one in asked)
                needed |= next(first, needed)
            found[visit] = needed._get_needs(self.env.lang)
        return found

    def _get_works(self):
        """Return what is done on these visits, and on those that are done with them.

        :return: {visit: (ids of visit types, ids of equipment)}
        """
        works = {visit: (set(), set()) for visit in self}
        saved = {visit._origin.id: visit for visit in self if visit._origin}
        for visit in self:
            if not visit.id:
                # It is being typed, which goes before what is stored.
                works[visit][0].update(visit.visit_type_id._origin.ids)
                works[visit][1].update(visit.line_ids.installed_base_id._origin.ids)
        if not saved:
            return works
        self.flush_model(["merged_into_id", "visit_type_id"])
        self.env["maintenance.visit.line"].flush_model(
            ["installed_base_id", "visit_id"]
        )
        # At once: the board asks for all its visits.
        for visit_id, main_id, type_id, piece_id in self.env.execute_query(
            SQL(
                """
                SELECT work.id, work.merged_into_id, work.visit_type_id,
                       line.installed_base_id
                  FROM maintenance_visit AS work
                  LEFT JOIN maintenance_visit_line AS line ON line.visit_id = work.id
                 WHERE work.id IN %(ids)s OR work.merged_into_id IN %(ids)s
                """,
                ids=tuple(saved),
            )
        ):
            for key in {visit_id, main_id} & saved.keys():
                if saved[key].id or key == main_id:
                    kinds, pieces = works[saved[key]]
                    kinds.update({type_id} - {None})
                    pieces.update({piece_id} - {None})
        return works

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
            # What ends at midnight does not take place on the day after.
            last = max(visit.date_start, visit.date_end - timedelta(seconds=1))
            days = {*map(visit._get_site_day, (visit.date_start, last))}
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

    # -- After planning ----------------------------------------------------------------

    @api.model
    def _watch_skills(self, owners):
        """Tell dispatchers on which planned visits a skill is missing after work of a
        kind takes others; see :meth:`_watch_missing_skills`.

        :param owners: what asks for other skills then: records of visit types,
            products, categories and equipment
        """
        own = Domain.OR(self._get_skill_domain(owner) for owner in owners)
        return self._watch_missing_skills(own | Domain("merged_ids", "any", own))

    @api.model
    @contextmanager
    def _watch_missing_skills(self, domain):
        """Tell dispatchers on which planned visits a skill is missing after something
        changes, and was not before. It is not refused: what stands at a customer's,
        what work takes and what people can do is so, whoever was to go.

        :param domain: which visits may be concerned
        """
        # Whoever says what work takes, or what people can do, need not plan visits.
        visits = self.sudo()
        visits = visits.search(visits._get_planned_from_now() & Domain(domain))
        before = visits._get_missing_skills() if visits else {}
        yield
        if not visits:
            return
        self.env.flush_all()
        visits._notify_conflicts(
            {
                visit: [text for text in texts if text not in before[visit]]
                for visit, texts in visits._get_missing_skills().items()
            }
        )

    @api.model
    def _get_skill_domain(self, owners):
        """Return the visits that take what these records ask for.

        :param owners: visit types, products, categories or equipment
        """
        path, operator = {
            "maintenance.visit.type": ("visit_type_id", "in"),
            "product.template": (
                "line_ids.installed_base_id.product_id.product_tmpl_id",
                "in",
            ),
            "installed.base.category": (
                "line_ids.installed_base_id.category_id",
                "child_of",
            ),
            "installed.base": ("line_ids.installed_base_id", "in"),
        }[owners._name]
        return Domain(path, operator, owners.ids)


class MaintenanceVisitLine(models.Model):
    """What is added to a visit may take skills that nobody who goes has."""

    _inherit = "maintenance.visit.line"

    @api.constrains("installed_base_id", "visit_id")
    def _check_skills(self):
        if self.env.context.get("visit_planning") is PLANNING:
            # Checked once for all that are planned together.
            return
        # What is done with another visit takes what that one has.
        mains = self.sudo().visit_id.merged_into_id.with_env(self.env)
        visits = self.visit_id | mains
        visits._refuse_conflicts(visits._get_refused_skills())

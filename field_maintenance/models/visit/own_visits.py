from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL


class MaintenanceVisit(models.Model):
    """Whose visits there are: one's own, those of the crew that one belongs to, and
    those of one's teams."""

    _inherit = "maintenance.visit"

    is_own = fields.Boolean(
        string="Own or Team's",
        compute="_compute_is_own",
        search="_search_is_own",
        groups="base.group_user",
        help="Visits assigned to you, or to a team you belong to or lead. Used by "
        "record rules.",
    )

    # Who is in a team is not followed: a visit would be searched for each change.
    @api.depends("technician_id", "technician_ids", "team_id")
    @api.depends_context("uid")
    def _compute_is_own(self):
        user = self.env.user
        # Who left a team or a company had these visits, too; whose they are does not
        # depend on who may read employees.
        visits = self.sudo().with_context(active_test=False)
        for visit, known in zip(self, visits, strict=True):
            team = known.team_id
            people = known.technician_id | known.technician_ids
            people |= team.member_ids | team.leader_id
            visit.is_own = user in people.user_id

    @api.model
    def _search_is_own(self, operator, value):
        if operator != "in":
            return NotImplemented
        people, teams = self.env["service.team"]._get_own_groups()
        if not people:
            return Domain.FALSE if True in value else Domain.TRUE
        own = self._get_people_domain(people) | Domain("team_id", "in", teams.ids)
        return own if True in value else ~own

    @api.model
    def _get_people_domain(self, technicians):
        """Return the visits to which one of these technicians goes, among all that
        there are.

        Starts from the technicians: PostgreSQL may join indexes, or go through visits
        in the order in which they are shown.
        """

        def to_sql(model, alias, query):
            return SQL(
                "%s = ANY(ARRAY(SELECT crew.visit_id "
                "FROM maintenance_visit_technician_rel crew "
                "JOIN maintenance_visit visit ON visit.id = crew.visit_id "
                "AND visit.technician_id IS DISTINCT FROM crew.employee_id "
                "WHERE crew.employee_id = ANY(%s)))",
                SQL.identifier(alias, "id"),
                technicians.ids,
                to_flush=(
                    model._fields["technician_ids"],
                    model._fields["technician_id"],
                ),
            )

        # Who leads is told apart: of that, PostgreSQL knows how many there are.
        return Domain("technician_id", "in", technicians.ids) | Domain.custom(
            to_sql=to_sql,
            # Who goes is known to whom knows the visit.
            predicate=lambda visit: bool(visit.sudo().technician_ids & technicians),
        )

    @api.model
    def _get_crew_domain(self, technicians):
        """Return the visits to which one of these technicians goes, among the few that
        other conditions leave.

        PostgreSQL asks for each visit, or joins what they ever did: it knows how many
        there are of both.
        """

        def to_sql(model, alias, query):
            return SQL(
                "EXISTS (SELECT FROM maintenance_visit_technician_rel crew "
                "WHERE crew.visit_id = %s AND crew.employee_id = ANY(%s))",
                SQL.identifier(alias, "id"),
                technicians.ids,
                to_flush=model._fields["technician_ids"],
            )

        return Domain.custom(
            to_sql=to_sql,
            # Who goes is known to whom knows the visit.
            predicate=lambda visit: bool(visit.sudo().technician_ids & technicians),
        )

    @api.model
    def _get_to_do_domain(self, people):
        """Return the visits that employees have to do: their own, those of their crews,
        and those of their teams that nobody has yet. What is done together with
        another visit is no visit of its own.

        :param people: employees
        """
        return Domain("merged_into_id", "=", False) & (
            self._get_people_domain(people)
            | (
                Domain("technician_id", "=", False)
                & Domain("team_id.member_ids", "in", people.ids)
            )
        )

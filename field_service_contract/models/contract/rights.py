from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

# What the page of a contract shows its customer, by name: other fields, those of later
# addons too, are closed to them until they are named here.
PORTAL_FIELDS = frozenset(
    {
        "id",
        "display_name",
        "name",
        "active",
        "state",
        "company_id",
        "currency_id",
        "template_id",
        "user_id",
        "customer_reference",
        "partner_id",
        "commercial_partner_id",
        "site_id",
        "date_start",
        "date_end",
        "billing_period",
        "billing_timing",
        "renewal",
        "notice_months",
        "response_hours",
        "note",
        "line_ids",
        "access_url",
    }
)


class ServiceContract(models.Model):
    """Who reads what of a contract: customers what their page shows, technicians what
    covers the equipment they work on, and no prices."""

    _inherit = "service.contract"

    is_assigned = fields.Boolean(
        string="Covers My Equipment",
        compute="_compute_is_assigned",
        search="_search_is_assigned",
        groups="base.group_user",
        help="Contracts with visits of mine or my team, covering equipment of these "
        "visits or equipment assigned to me.",
    )

    # -- Fields -----------------------------------------------------------------------

    @api.model
    def _get_portal_fields(self):
        return PORTAL_FIELDS

    # -- Technicians ------------------------------------------------------------------

    @api.depends_context("uid")
    def _compute_is_assigned(self):
        assigned = self.sudo().with_context(active_test=False)
        assigned = assigned.search([("id", "in", self.ids), ("is_assigned", "=", True)])
        for contract in self:
            contract.is_assigned = contract._origin in assigned

    @api.model
    def _search_is_assigned(self, operator, value):
        if operator != "in":
            return NotImplemented
        employees, teams = self.env["service.team"]._get_own_groups()
        if not employees:
            return Domain.FALSE
        return Domain("id", "in", self._get_assigned_query(employees, teams))

    @api.model
    def _get_assigned_query(self, employees, teams):
        """Return the query of the contracts whose equipment these employees look after
        or visit, or these teams visit, and of those that promised such a visit.

        One union instead of conditions joined by "or": PostgreSQL then starts from the
        contract if it reads one, and from the visits if it lists them. Else it looks at
        the visits to all equipment of all contracts, a hundred times the work.
        """
        for model, names in (
            ("service.contract.line", ("contract_id", "installed_base_id")),
            ("installed.base", ("technician_id",)),
            (
                "maintenance.visit",
                ("service_contract_id", "team_id", "technician_ids"),
            ),
            ("maintenance.visit.line", ("visit_id", "installed_base_id")),
        ):
            self.env[model].flush_model(names)
        return SQL(
            """(
            SELECT line.contract_id
              FROM installed_base piece
              JOIN service_contract_line line ON line.installed_base_id = piece.id
             WHERE piece.technician_id = ANY(%(employees)s)
             UNION
            SELECT line.contract_id
              FROM maintenance_visit_technician_rel crew
              JOIN maintenance_visit_line visited ON visited.visit_id = crew.visit_id
              JOIN service_contract_line line
                ON line.installed_base_id = visited.installed_base_id
             WHERE crew.employee_id = ANY(%(employees)s)
             UNION
            SELECT line.contract_id
              FROM maintenance_visit visit
              JOIN maintenance_visit_line visited ON visited.visit_id = visit.id
              JOIN service_contract_line line
                ON line.installed_base_id = visited.installed_base_id
             WHERE visit.team_id = ANY(%(teams)s)
             UNION
            SELECT visit.service_contract_id
              FROM maintenance_visit_technician_rel crew
              JOIN maintenance_visit visit ON visit.id = crew.visit_id
             WHERE crew.employee_id = ANY(%(employees)s)
               AND visit.service_contract_id IS NOT NULL
             UNION
            SELECT visit.service_contract_id
              FROM maintenance_visit visit
             WHERE visit.team_id = ANY(%(teams)s)
               AND visit.service_contract_id IS NOT NULL
            )""",
            employees=employees.ids,
            teams=teams.ids,
        )

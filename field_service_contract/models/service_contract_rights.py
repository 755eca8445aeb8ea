from odoo import api, fields, models
from odoo.fields import Domain

from .service_contract import PRICE_GROUPS

# What the page of a contract shows its customer, by name: other fields, those of later
# addons too, are closed to him until they are named here.
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

    # Messages and attachments name amounts, in whatever words. Without groups who may
    # not read them could still search contracts by what they say.
    message_ids = fields.One2many(groups=PRICE_GROUPS)
    website_message_ids = fields.One2many(groups=PRICE_GROUPS)

    is_assigned = fields.Boolean(
        string="Covers My Equipment",
        compute="_compute_is_assigned",
        search="_search_is_assigned",
        groups="base.group_user",
        help="Covers equipment of my visits or my team's, or that I look after.",
    )

    # -- Fields -----------------------------------------------------------------------

    def _has_field_access(self, field, operation):
        if not super()._has_field_access(field, operation):
            return False
        if self.env.su or self.env.user._is_internal():
            return True
        return operation == "read" and field.name in self._get_portal_fields()

    @api.model
    def _get_portal_fields(self):
        """Return the names of the fields that a customer may read of his contracts."""
        return PORTAL_FIELDS

    # -- Messages ---------------------------------------------------------------------

    @api.model
    def _reads_prices(self):
        return self.env.user.has_groups(PRICE_GROUPS)

    def _mail_get_operation_for_mail_message_operation(self, message_operation):
        # What is said about a contract is said among those who work with its prices:
        # others would need the right to write it, which they lack.
        if message_operation == "read" and not self.env.su and not self._reads_prices():
            return dict.fromkeys(self, "write")
        return super()._mail_get_operation_for_mail_message_operation(message_operation)

    @api.model
    def _get_thread_with_access(self, thread_id, *, mode="read", **kwargs):
        # Core opens a conversation to whoever reads the record, and its public part to
        # whoever has its token.
        if not self._reads_prices():
            return self.browse()
        return super()._get_thread_with_access(thread_id, mode=mode)

    # -- Technicians ------------------------------------------------------------------

    @api.depends_context("uid")
    def _compute_is_assigned(self):
        # Starts from the equipment of these contracts, so that opening one of them
        # does not look for all visits of a team.
        lines = self.sudo().with_context(active_test=False).line_ids
        assigned = lines.installed_base_id.filtered_domain(
            self._get_assigned_technician_domain()
        )
        visited = (
            self.env["maintenance.visit.line"]
            .sudo()
            ._read_group(
                Domain(
                    "installed_base_id", "in", (lines.installed_base_id - assigned).ids
                )
                & Domain("visit_id", "any!", self._get_assigned_visit_domain()),
                ["installed_base_id"],
            )
        )
        assigned = assigned.union(*(equipment for (equipment,) in visited))
        found = lines.filtered(lambda line: line.installed_base_id in assigned)
        for contract in self:
            contract.is_assigned = contract._origin in found.contract_id

    @api.model
    def _search_is_assigned(self, operator, value):
        if operator != "in":
            return NotImplemented
        visit_lines = Domain("visit_id", "any!", self._get_assigned_visit_domain())
        equipment = self._get_assigned_technician_domain() | Domain(
            "maintenance_visit_line_ids", "any!", visit_lines
        )
        lines = Domain("installed_base_id", "any!", equipment)
        return Domain("line_ids", "any!", lines)

    @api.model
    def _get_assigned_technician_domain(self):
        """Return which equipment the user looks after."""
        return Domain("technician_id", "in", self._get_own_employees().ids)

    @api.model
    def _get_assigned_visit_domain(self):
        """Return which visits are the user's own or his team's."""
        employees = self._get_own_employees()
        teams = self.env["service.team"].sudo().with_context(active_test=False)
        teams = teams.search(
            Domain("member_ids", "in", employees.ids)
            | Domain("leader_id", "in", employees.ids)
        )
        return Domain("technician_ids", "in", employees.ids) | Domain(
            "team_id", "in", teams.ids
        )

    @api.model
    def _get_own_employees(self):
        # Everybody may know which employee he is.
        employees = self.env["hr.employee"].sudo().with_context(active_test=False)
        return employees.search([("user_id", "=", self.env.uid)])

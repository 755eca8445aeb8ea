from odoo import api, fields, models
from odoo.fields import Domain


class ServiceRequest(models.Model):
    """Whose requests there are: one's own, those of one's teams, and those about which
    one goes somewhere."""

    _inherit = "service.request"

    is_own = fields.Boolean(
        string="Own or Team's",
        compute="_compute_is_own",
        search="_search_is_own",
        groups="base.group_user",
        help="Requests that you created or handle, that one of your teams handles, or "
        "for which you have a visit. Used by record rules.",
    )

    @api.depends("user_id", "team_id", "visit_ids.technician_ids")
    @api.depends_context("uid")
    def _compute_is_own(self):
        user = self.env.user
        # Whose requests they are does not depend on who may read employees.
        requests = self.sudo().with_context(active_test=False)
        for request, known in zip(self, requests, strict=True):
            team = known.team_id
            people = team.member_ids | team.leader_id
            users = people.user_id | known.user_id | known.create_uid
            # A request that is being made is of who makes it.
            request.is_own = (
                not known._origin
                or user in users
                or any(visit.with_env(self.env).is_own for visit in known.visit_ids)
            )

    @api.model
    def _search_is_own(self, operator, value):
        if operator != "in":
            return NotImplemented
        user_id = self.env.uid
        _people, teams = self.env["service.team"]._get_own_groups()
        visits = self.env["maintenance.visit"]._search_is_own("in", [True])
        own = (
            Domain("user_id", "=", user_id)
            | Domain("create_uid", "=", user_id)
            | Domain("team_id", "in", teams.ids)
            | Domain("visit_ids", "any", visits)
        )
        return own if True in value else ~own

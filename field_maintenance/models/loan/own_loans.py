from odoo import api, fields, models
from odoo.fields import Domain

from ..visit.maintenance_visit import OPEN_STATES


class ServiceLoan(models.Model):
    """Whose loans there are: those that one made or whose request or visit one has, and
    those at a site that one is going to."""

    _inherit = "service.loan"

    is_own = fields.Boolean(
        string="Own or Team's",
        compute="_compute_is_own",
        search="_search_is_own",
        groups="base.group_user",
        help="Loans that you made, of your or your team's requests and visits, or at a "
        "site of such a visit. Used by record rules.",
    )

    @api.depends("request_id", "site_id", "visit_line_id")
    @api.depends_context("uid")
    def _compute_is_own(self):
        own = self.sudo().filtered_domain(self._get_own_domain())
        for loan in self:
            # A loan that is being made is of who makes it.
            loan.is_own = not loan._origin or loan.sudo() in own

    @api.model
    def _search_is_own(self, operator, value):
        if operator != "in":
            return NotImplemented
        own = self._get_own_domain()
        return own if True in value else ~own

    @api.model
    def _get_own_domain(self):
        visits = self.env["maintenance.visit"]
        own = visits._search_is_own("in", [True])
        coming = visits.sudo()._search(own & Domain("state", "in", OPEN_STATES))
        requests = self.env["service.request"]._search_is_own("in", [True])
        return (
            Domain("create_uid", "=", self.env.uid)
            | Domain("visit_line_id.visit_id", "any", own)
            | Domain("request_id", "any", requests)
            | Domain("site_id", "in", coming.subselect("site_id"))
        )

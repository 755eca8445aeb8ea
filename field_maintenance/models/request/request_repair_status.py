from odoo import api, fields, models
from odoo.fields import Domain

from ..visit.repair_progress import PROGRESSES, get_strongest, get_strongest_domain


class ServiceRequest(models.Model):
    """How far the work on the equipment of a request is."""

    _inherit = "service.request"

    repair_progress = fields.Selection(
        selection=lambda self: self._selection_repair_progress(),
        compute="_compute_repair_progress",
        search="_search_repair_progress",
        groups="base.group_user",
        help="The strongest of the repair statuses on its visits: in process, else "
        "pending, else on hold, else finished. A visit counts no more when a follow-up "
        "goes on with what it left.",
    )

    def _selection_repair_progress(self):
        return self.env["maintenance.visit"]._selection_repair_progress()

    @api.depends("visit_ids.state", "visit_ids.line_ids.repair_status_id.progress")
    def _compute_repair_progress(self):
        for request in self:
            # How far it is does not depend on who may read visits.
            visits = request.sudo()._get_last_visits()
            request.repair_progress = get_strongest(visits._get_repair_progresses())

    @api.model
    def _search_repair_progress(self, operator, value):
        if operator != "in":
            return NotImplemented
        visits = self.env["maintenance.visit"]
        last = Domain("state", "!=", "cancelled") & Domain(
            "follow_up_ids", "not any", [("state", "!=", "cancelled")]
        )
        having = {
            progress: Domain(
                "visit_ids", "any", last & visits._get_progress_domain(progress)
            )
            for progress in PROGRESSES
        }
        # As above.
        found = self.sudo()._search(get_strongest_domain(having, value))
        return Domain("id", "in", found)

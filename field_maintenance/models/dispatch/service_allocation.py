from odoo import api, fields, models

OPEN_ALLOCATIONS = ("active", "needed")


class ServiceAllocation(models.Model):
    """Who was given a visit, and why no longer.

    Visits that were never planned have none: there are millions of them.
    """

    _name = "service.allocation"
    _inherit = ["maintenance.generated.mixin", "installed.base.guard.mixin"]
    _description = "Allocation"
    _order = "date_start desc, id desc"
    _rec_name = "visit_id"

    visit_id = fields.Many2one(
        comodel_name="maintenance.visit",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one(
        related="visit_id.company_id", store=True, precompute=True
    )
    technician_id = fields.Many2one(
        comodel_name="hr.employee",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    date_start = fields.Datetime(
        string="Start",
        compute="_compute_times",
        store=True,
        precompute=True,
        index=True,
        help="When the visit was planned as long as the technician had it.",
    )
    hours = fields.Float(compute="_compute_times", store=True, precompute=True)
    state = fields.Selection(
        selection=[
            ("active", "Active"),
            ("needed", "To re-allocate"),
            ("finished", "Finished"),
            ("cancelled", "Cancelled"),
        ],
        required=True,
        readonly=True,
        default="active",
        help="Active: assigned to the technician. To re-allocate: the visit needs "
        "another technician. Finished: the technician worked on it. Cancelled: "
        "the technician never started.",
    )
    # When they had it last: others may go on meanwhile.
    has_begun = fields.Boolean(readonly=True, export_string_translation=False)
    reason = fields.Char(help="Why the technician does not have the visit any more.")

    # Of the visit
    partner_id = fields.Many2one(related="visit_id.partner_id")
    site_id = fields.Many2one(related="visit_id.site_id")
    visit_type_id = fields.Many2one(related="visit_id.visit_type_id")
    team_id = fields.Many2one(related="visit_id.team_id")
    visit_state = fields.Selection(related="visit_id.state", string="Visit Status")

    _open_unique = models.UniqueIndex(
        "(visit_id, technician_id) WHERE state IN ('active', 'needed')",
        "This technician has this visit already.",
    )
    _needed_index = models.Index("(company_id, date_start) WHERE state = 'needed'")

    @api.depends("state", "visit_id.date_start", "visit_id.duration")
    def _compute_times(self):
        """Follow the visit as long as the technician has it."""
        # Nights of a visit of several days are no work.
        hours = self.visit_id._get_hours_of_work()
        for allocation in self:
            visit = allocation.visit_id
            if allocation.state == "active" and visit.date_start:
                allocation.date_start = visit.date_start
                allocation.hours = hours[visit]
            else:
                allocation.date_start = allocation.date_start
                allocation.hours = allocation.hours

    @api.model
    def _add_generated_values(self, vals_list):
        visits = self.env["maintenance.visit"]
        visits = visits.browse({vals["visit_id"] for vals in vals_list})
        hours = {visit.id: time for visit, time in visits._get_hours_of_work().items()}
        for vals in vals_list:
            visit = visits.browse(vals["visit_id"])
            vals.update(
                {
                    "company_id": visit.company_id.id,
                    "date_start": visit.date_start,
                    "hours": hours[visit.id],
                }
            )

    def _has_worked(self):
        """Tell whether the work of this technician had begun."""
        self.ensure_one()
        visit = self.visit_id
        if self.technician_id in visit.time_ids.technician_id:
            return True
        if self.state == "needed":
            return self.has_begun
        return bool(visit.state == "done" or visit.actual_start)

    def _set_state(self, state, reason):
        """Let these allocations be in another state.

        :param reason: why, False if they are active again
        """
        for begun, allocations in self.grouped(lambda a: a._has_worked()).items():
            allocations._as_own_code().write(
                {"state": state, "reason": reason, "has_begun": begun}
            )

    def _close(self, reason):
        """End these allocations: finished if work had begun, else cancelled."""
        begun = self.filtered(lambda allocation: allocation._has_worked())
        begun._set_state("finished", reason)
        (self - begun)._set_state("cancelled", reason)

    def action_close(self):
        """Nobody else has to go: close what was to be re-allocated."""
        self.check_access("write")
        # What was done is known to whom dispatches.
        needed = self.sudo().filtered(lambda allocation: allocation.state == "needed")
        for reason, allocations in needed.grouped("reason").items():
            allocations._close(reason)

    def action_open_visit(self):
        """Show the visit."""
        self.ensure_one()
        return self.visit_id._get_form_action()

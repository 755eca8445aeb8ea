from odoo import api, fields, models
from odoo.exceptions import ValidationError


class MaintenanceVisitTime(models.Model):
    """When a technician travelled or worked for a visit: what the start and stop
    buttons record. It never moves with the appointment."""

    _name = "maintenance.visit.time"
    _inherit = ["installed.base.record.mixin"]
    _description = "Actual Time of a Visit"
    _order = "date_start, id"
    _check_company_auto = True

    visit_id = fields.Many2one(
        comodel_name="maintenance.visit",
        required=True,
        index=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one(
        related="visit_id.company_id", store=True, precompute=True, index=True
    )
    technician_id = fields.Many2one(
        comodel_name="hr.employee",
        required=True,
        index=True,
        check_company=True,
    )
    time_type = fields.Selection(
        selection=[("travel", "Travel"), ("work", "Work")],
        string="Type",
        required=True,
        default="work",
    )
    date_start = fields.Datetime(
        string="Start", required=True, default=fields.Datetime.now
    )
    date_end = fields.Datetime(string="End")
    duration = fields.Float(
        compute="_compute_duration", store=True, precompute=True, help="Hours."
    )

    # One clock at a time for each technician.
    _running_unique = models.UniqueIndex(
        "(technician_id) WHERE date_end IS NULL",
        "The timer of this technician is already running.",
    )

    @api.depends("date_start", "date_end")
    def _compute_duration(self):
        for time in self:
            time.duration = (
                (time.date_end - time.date_start).total_seconds() / 3600
                if time.date_start and time.date_end
                else 0
            )

    @api.constrains("date_start", "date_end")
    def _check_dates(self):
        for time in self:
            if time.date_end and time.date_end < time.date_start:
                raise ValidationError(
                    self.env._(
                        "The recorded time on visit %s ends before it starts. Correct "
                        "its start or its end.",
                        time.visit_id.display_name,
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        times = super().create(vals_list)
        times.visit_id._check_signed()
        return times

    def write(self, vals):
        self.env["maintenance.visit"]._check_new_parent(vals)
        visits = self.visit_id
        result = super().write(vals)
        (visits | self.visit_id)._check_signed()
        return result

    def unlink(self):
        visits = self.visit_id
        result = super().unlink()
        visits.exists()._check_signed()
        return result

    @api.model
    def _get_running(self, technicians):
        """Return the clocks of these technicians that run now, on any visit."""
        # A clock may have been left running on a visit that is no longer theirs.
        return self.sudo().search(
            [("technician_id", "in", technicians.ids), ("date_end", "=", False)]
        )

    def _stop(self):
        """Stop these clocks now, those that run."""
        now = self.env["maintenance.visit"]._get_work_moment()
        running = self.filtered(lambda time: not time.date_end)
        # A clock that was set to the future by hand ends where it starts.
        for start, times in running.grouped("date_start").items():
            times.date_end = max(start, now)
        # The next clock starts in the database after this one has stopped there.
        running.flush_recordset(["date_end"])

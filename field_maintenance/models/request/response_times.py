from odoo import api, fields, models
from odoo.tools import SQL

# How long it took until when.
TIMES = {"response_time": "response_date", "service_time": "closed_date"}


class ServiceRequest(models.Model):
    """When somebody began, how long it took, and whether that was in time."""

    _inherit = "service.request"

    response_date = fields.Datetime(
        string="First Response",
        compute="_compute_response_date",
        store=True,
        groups="base.group_user",
        help="When the work on the first visit began. For a request that was done "
        "without a visit: when it was closed.",
    )
    response_technician_id = fields.Many2one(
        comodel_name="hr.employee",
        string="First Technician",
        compute="_compute_response_date",
        store=True,
        index="btree_not_null",
        groups="base.group_user",
        help="Lead technician of the visit with the first response.",
    )
    response_time = fields.Float(
        compute="_compute_service_times",
        store=True,
        aggregator="avg",
        groups="base.group_user",
        help="Service hours from the request to the first response, without the time "
        "spent waiting for the customer.",
    )
    service_time = fields.Float(
        compute="_compute_service_times",
        store=True,
        aggregator="avg",
        groups="base.group_user",
        help="Service hours from the request until it was closed, without the time "
        "spent waiting for the customer.",
    )

    def _field_to_sql(self, alias, field_expr, query=None):
        """Leave what has taken no time yet out of averages: it is no time of zero."""
        sql = super()._field_to_sql(alias, field_expr, query)
        if field_expr not in TIMES:
            return sql
        moment = super()._field_to_sql(alias, TIMES[field_expr], query)
        return SQL("CASE WHEN %s IS NOT NULL THEN %s END", moment, sql)

    @api.depends(
        "closed_date",
        "stage_id.is_cancelled",
        "visit_ids.state",
        "visit_ids.technician_id",
        "visit_ids.actual_start",
        "visit_ids.actual_end",
        "visit_ids.time_ids.date_start",
        "visit_ids.time_ids.time_type",
    )
    def _compute_response_date(self):
        for request in self:
            begun = {
                visit: moment
                for visit in request.visit_ids
                if (moment := visit._get_work_start())
            }
            first = min(begun, key=begun.get, default=request.visit_ids.browse())
            # Who cancelled a request did not answer it.
            done = not request.stage_id.is_cancelled and request.closed_date
            request.response_date = begun.get(first) or done
            request.response_technician_id = first.technician_id

    @api.depends(
        "request_date",
        "response_date",
        "closed_date",
        "response_pauses",
        "response_calendar_id",
        "response_on_holidays",
    )
    def _compute_service_times(self):
        clocks = self._get_service_clocks()
        for request in self:
            start, calendar = request.request_date, request.response_calendar_id
            clock, pauses = None, request._get_pauses()
            if start and (request.response_date or request.closed_date):
                clock = clocks.get(
                    calendar,
                    request.response_on_holidays,
                    request._get_service_tz(calendar),
                    request.company_id,
                )
            request.response_time, request.service_time = (
                clock.hours(start, end, pauses) if clock and end else 0
                for end in (request.response_date, request.closed_date)
            )


class MaintenanceVisit(models.Model):
    """When work begins on what was requested."""

    _inherit = "maintenance.visit"

    def _get_work_start(self):
        """Return when work on this visit began, by its clock, else by its state; None
        if it did not."""
        self.ensure_one()
        if self.state == "cancelled":
            return None
        # When somebody worked is known to whom knows the visit.
        times = self.sudo().time_ids.filtered(lambda time: time.time_type == "work")
        begun = [*times.mapped("date_start"), self.actual_start]
        if self.state == "done" and not any(begun):
            # Nobody used the clock: as it was planned, or when it was noted.
            begun = [self.date_start, self.actual_end]
        return min(filter(None, begun), default=None)

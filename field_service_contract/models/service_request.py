from odoo import models

from .contract.service_contract import DAY


class ServiceRequest(models.Model):
    """Requests about equipment that a contract covers are answered as it says."""

    _inherit = "service.request"

    def write(self, vals):
        if "request_date" not in vals:
            return super().write(vals)
        # Whoever notes when a customer called need not read what came of it.
        with self.sudo().visit_ids._watch_calls():
            return super().write(vals)

    def _get_service_levels(self):
        """Put in what contracts promise that cover the equipment on the day of the
        request, at the site: the time of the line, else of the contract, in its
        hours. Of several contracts each counts."""
        levels = super()._get_service_levels()
        days = [request.request_date.date() for request in self if request.request_date]
        if not days:
            return levels
        covered = self.installed_base_ids._origin._get_covered_days(min(days) - DAY)
        for request in self.filtered("request_date"):
            for piece, promised in levels[request].items():
                agreed = [
                    line
                    for line, spans in covered.get(piece, ())
                    if request._is_in_spans(spans, line.contract_id.calendar_id)
                ]
                if agreed:
                    levels[request][piece] = [
                        line._get_service_level(promised[0])
                        for line in request._get_promising(agreed)
                    ]
        return levels

    def _is_in_spans(self, spans, calendar):
        """Tell whether this request came in on one of these days.

        :param spans: list of `Span`
        :param calendar: hours of the contract, whose time zone counts last
        """
        day = self._get_request_day(self._get_service_tz(calendar))
        return any(span.first <= day <= span.last for span in spans)

    def _get_promising(self, lines):
        """Return the lines of contracts that promise an answer: those with a time of
        their own, else those whose contract has one, else any."""
        return (
            [line for line in lines if line.response_hours]
            or [line for line in lines if line.contract_id.response_hours]
            or lines
        )

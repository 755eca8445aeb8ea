from odoo import api, fields, models
from odoo.tools import format_date


class ServiceContractVisitDialog(models.AbstractModel):
    """A dialog by which contracts cover fewer days: it says what becomes of the visits
    on them, and asks about those that are planned."""

    _name = "service.contract.visit.dialog"
    _inherit = ["service.contract.dialog"]
    _description = "Dialog for Contracts with Visits"

    planned_visits = fields.Selection(
        selection=[("cancel", "Cancel them"), ("keep", "Keep them")],
        default="cancel",
        required=True,
        help="Planned visits on days that are no longer covered. Visits still to "
        "plan are removed in any case.",
    )
    has_planned_visits = fields.Boolean(compute="_compute_has_planned_visits")

    @api.depends(lambda self: ("contract_ids", *self._get_preview_fields()))
    def _compute_has_planned_visits(self):
        for dialog in self:
            visits = dialog._get_uncovered_visits().values()
            dialog.has_planned_visits = any(
                visit.state == "planned" for own in visits for visit in own
            )

    def _get_uncovered_days(self):
        """Return the first and last day that is not covered any more: no first one if
        all stay covered, no last one if none after the first does."""
        return None, None

    def _get_uncovered_visits(self):
        """Return {contract: its visits to be made on these days}."""
        self.ensure_one()
        first, last = self._get_uncovered_days()
        if not first:
            return {}
        return self.contract_ids._origin._get_visits_between(first, last)

    def _get_visit_columns(self):
        return [
            self.env._("Visits to plan that are removed"),
            self.env._("Planned visits"),
        ]

    def _get_visit_cells(self, contract, visits):
        """Return what becomes of visits, as texts under the visit columns.

        :param dict visits: of `_get_uncovered_visits`
        """
        own = visits[contract]
        planned = own.filtered(lambda visit: visit.state == "planned")
        fate = (
            self.env._("%s kept", len(planned))
            if self._keeps_planned_visits()
            else self.env._("%s cancelled", len(planned))
        )
        return [str(len(own - planned) or ""), fate if planned else ""]

    def _get_visit_notes(self, visits):
        """Name the planned visits.

        :param dict visits: of `_get_uncovered_visits`
        """
        return [
            self.env._(
                "%(visit)s is planned on %(day)s.",
                visit=visit.display_name,
                day=format_date(self.env, visit.date_start),
            )
            for own in visits.values()
            for visit in own
            if visit.state == "planned"
        ]

    def _keeps_planned_visits(self):
        return self.planned_visits == "keep"

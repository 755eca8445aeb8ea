from odoo import api, fields, models
from odoo.tools.sql import column_exists, create_column

from .installed_base import READER_GROUPS


class MaintenanceVisit(models.Model):
    """A visit that a contract promised."""

    _inherit = "maintenance.visit"

    service_contract_id = fields.Many2one(
        comodel_name="service.contract",
        string="Contract",
        compute="_compute_service_contract_id",
        store=True,
        readonly=False,
        precompute=True,
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
        domain="[('commercial_partner_id', '=', commercial_partner_id)]",
        groups=READER_GROUPS,
        help="The contract that this visit belongs to.",
    )

    service_is_kept = fields.Boolean(
        string="Kept",
        readonly=True,
        copy=False,
        groups="base.group_user",
        help="Planned on a day that the contract covers no more, and kept by choice.",
    )

    def _auto_init(self):
        # Existing visits belong to none: nothing to compute on millions of them.
        if not column_exists(self.env.cr, self._table, "service_contract_id"):
            create_column(self.env.cr, self._table, "service_contract_id", "int4")
        return super()._auto_init()

    @api.depends("schedule_line_id")
    def _compute_service_contract_id(self):
        for visit in self:
            # Which contract a schedule belongs to never changes.
            schedule = visit.schedule_line_id.schedule_id.sudo()
            visit.service_contract_id = (
                schedule.service_contract_id or visit.service_contract_id
            )

    def _filter_in_period(self, period):
        """Return those of these visits that belong to a billing period: by the rule of
        their schedule, else by the day on which they are due."""
        return self.filtered(
            lambda visit: (
                (day := visit.occurrence_date or visit.due_date)
                and period.first <= day <= period.last
            )
        )

    def action_view_service_contract(self):
        """Open the contract of this visit."""
        self.ensure_one()
        return self.service_contract_id._get_records_action()

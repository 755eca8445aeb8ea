from odoo import fields, models

from ..engine import Span
from ..engine.coverage import FOREVER


class ServiceContractSuspension(models.Model):
    """Days of a contract that are not covered, both ends included."""

    _name = "service.contract.suspension"
    _description = "Suspension of a Service Contract"
    _order = "date_start desc, id desc"
    _rec_name = "reason"

    contract_id = fields.Many2one(
        comodel_name="service.contract", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        related="contract_id.company_id", store=True, precompute=True, index=True
    )
    date_start = fields.Date(
        string="From",
        required=True,
        index=True,
        default=lambda self: fields.Date.context_today(self),
    )
    date_end = fields.Date(string="To", help="Last suspended day; empty until resumed.")
    reason = fields.Char(required=True)

    _dates_ordered = models.Constraint(
        "CHECK (date_end IS NULL OR date_end >= date_start)",
        "A suspension ends on the day it begins or later.",
    )

    def _get_span(self):
        """Return the suspended days."""
        self.ensure_one()
        return Span(self.date_start, self.date_end or FOREVER)

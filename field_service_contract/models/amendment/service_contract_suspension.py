from odoo import fields, models

from ...engine import Span
from ...engine.coverage import FOREVER


class ServiceContractSuspension(models.Model):
    """Days of a contract that are not covered, both ends included."""

    _name = "service.contract.suspension"
    _inherit = ["installed.base.record.mixin"]
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
    extends = fields.Boolean(
        string="With Extension", help="The contract ends as many days later."
    )
    extension_days = fields.Integer(
        aggregator=None, readonly=True, help="By how many days the end was moved."
    )

    _dates_ordered = models.Constraint(
        "CHECK (date_end IS NULL OR date_end >= date_start)",
        "A suspension ends on the day it begins or later.",
    )

    def _get_span(self):
        """Return the suspended days."""
        self.ensure_one()
        return Span(self.date_start, self.date_end or FOREVER)

    def _extend(self):
        """Move the ends of contracts by the suspended days, as far as they are known
        and were not counted before."""
        for row in self.filtered("extends"):
            days = row._count_days(row.date_end) if row.date_end else 0
            row.contract_id._move_end(days - row.extension_days)
            # Suspensions write themselves, here and below.
            row.sudo().extension_days = days

    def _count_days(self, last):
        """Return how many days are suspended if it ends on a day."""
        self.ensure_one()
        return max(0, (last - self.date_start).days + 1)

    def _get_days_moved_by_end(self, day):
        """Return by how many days the contract's end moves, backwards if negative, if
        it is covered again from a day on."""
        self.ensure_one()
        last = fields.Date.subtract(day, days=1)
        return self._count_days(last) - self.extension_days if self.extends else 0

    def _end_before(self, day):
        """Let suspensions end the day before; forget those that have not begun."""
        begun = self.filtered(lambda row: row.date_start < day)
        begun.sudo().date_end = fields.Date.subtract(day, days=1)
        begun._extend()
        for row in self - begun:
            row.contract_id._move_end(-row.extension_days)
        (self - begun).sudo().unlink()

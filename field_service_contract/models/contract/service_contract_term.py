from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import format_date

from ...engine import Span
from ...engine.coverage import FOREVER


class ServiceContractTerm(models.Model):
    """The days for which a contract was signed or renewed, both ends included.

    A term keeps the end that was agreed; when the contract ends earlier, its own end
    says so.
    """

    _name = "service.contract.term"
    _inherit = ["installed.base.guard.mixin"]
    _description = "Term of a Service Contract"
    _order = "contract_id, date_start, id"
    _rec_name = "date_start"

    contract_id = fields.Many2one(
        comodel_name="service.contract", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        related="contract_id.company_id", store=True, precompute=True, index=True
    )
    date_start = fields.Date(string="From", required=True)
    date_end = fields.Date(string="To", help="Last day; empty for no end.")
    reason = fields.Selection(
        selection=[("signed", "Signed"), ("renewed", "Renewed")],
        default="signed",
        required=True,
    )

    _dates_ordered = models.Constraint(
        "CHECK (date_end IS NULL OR date_end >= date_start)",
        "A term cannot end before it starts.",
    )
    _start_unique = models.UniqueIndex(
        "(contract_id, date_start)",
        "Two terms of a contract cannot start on the same date.",
    )

    @api.constrains("contract_id", "date_start", "date_end")
    def _check_overlap(self):
        terms = self.search([("contract_id", "in", self.contract_id.ids)])
        for contract, group in terms.grouped("contract_id").items():
            ordered = group.sorted("date_start")
            for earlier, later in zip(ordered, ordered[1:], strict=False):
                if not earlier.date_end or earlier.date_end >= later.date_start:
                    raise ValidationError(
                        self.env._(
                            "A term of contract %(contract)s ends after %(day)s, "
                            "when the next one starts. Correct its end.",
                            contract=contract.display_name,
                            day=format_date(self.env, later.date_start),
                        )
                    )

    def _get_span(self):
        """Return the days of the term as agreed."""
        self.ensure_one()
        return Span(self.date_start, self.date_end or FOREVER)

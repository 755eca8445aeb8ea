from odoo import fields, models
from odoo.exceptions import UserError


class ResCompany(models.Model):
    _inherit = "res.company"

    visit_horizon_months = fields.Integer(
        string="Visit Horizon",
        default=12,
        required=True,
        help="How many months ahead schedules make their visits.",
    )
    visit_shift_policy = fields.Selection(
        selection=[
            ("before", "The working day before"),
            ("after", "The working day after"),
            ("nearest", "The nearest working day"),
        ],
        string="Due Dates on a Day Off",
        default="before",
        required=True,
        help="Where a due date goes that falls on a day on which nobody works. "
        "Schedules start with it and may choose another.",
    )

    _visit_horizon_positive = models.Constraint(
        "CHECK (visit_horizon_months > 0)",
        "Schedules make visits for one month ahead or more.",
    )

    def _get_visit_sequence(self):
        """Return the sequence that numbers the visits of this company: its own if it
        has one, else the common one.

        :raise UserError: if an administrator removed or archived it
        """
        self.ensure_one()
        # Whoever may plan a visit may number it; sequences need more rights.
        sequence = (
            self.env["ir.sequence"]
            .sudo()
            .search(
                [
                    ("code", "=", "maintenance.visit"),
                    ("company_id", "in", (self.id, False)),
                ],
                order="company_id",
                limit=1,
            )
        )
        if not sequence:
            raise UserError(
                self.env._(
                    "Company %(company)s has no sequence for visits. Create or "
                    "unarchive one with the code maintenance.visit under Settings > "
                    "Technical > Sequences.",
                    company=self.display_name,
                )
            )
        return sequence

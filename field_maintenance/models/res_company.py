from odoo import fields, models
from odoo.exceptions import UserError


class ResCompany(models.Model):
    _inherit = "res.company"

    visit_report_at_done = fields.Boolean(
        string="Send Visit Reports",
        help="The customer is sent the report when a visit is done.",
    )
    visit_rating_at_done = fields.Boolean(
        string="Ask for Ratings",
        help="The customer is asked how content he is when a visit is done.",
    )
    visit_together_days = fields.Integer(
        string="Do Together Within",
        default=30,
        help="Visits of one site that are due at most so many days apart are offered "
        "to be done together.",
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

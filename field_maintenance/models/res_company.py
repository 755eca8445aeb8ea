from odoo import models
from odoo.exceptions import UserError


class ResCompany(models.Model):
    _inherit = "res.company"

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

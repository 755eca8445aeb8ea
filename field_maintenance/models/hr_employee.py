from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Domain


class HrEmployee(models.Model):
    _inherit = "hr.employee"

    @api.ondelete(at_uninstall=False)
    def _unlink_except_on_visits(self):
        """Refuse to forget who goes, or went, to customers."""
        # Who deletes employees need not plan visits.
        visits = self.env["maintenance.visit"].sudo()
        visit = visits.search(
            Domain("technician_id", "in", self.ids)
            | Domain("technician_ids", "in", self.ids)
            | Domain("line_ids.technician_id", "in", self.ids),
            limit=1,
        )
        if visit:
            raise UserError(
                self.env._(
                    "Who goes on visits, or went, is archived, not deleted: "
                    "%(employees)s, for example on %(visit)s.",
                    employees=", ".join(self.mapped("name")),
                    visit=visit.display_name,
                )
            )

from datetime import timedelta

from odoo import api, fields, models

# Phones keep what they could not send for at most that long.
KEPT_DAYS = 30


class MaintenanceVisitEntry(models.Model):
    """What phones have sent: by its key an entry is known when it comes again, as after
    an answer that got lost on the way."""

    _name = "maintenance.visit.entry"
    _description = "Entry Sent by a Phone"
    _order = "id desc"

    user_id = fields.Many2one(
        comodel_name="res.users", required=True, readonly=True, ondelete="cascade"
    )
    key = fields.Char(required=True, readonly=True)
    kind = fields.Char(required=True, readonly=True)
    visit_id = fields.Many2one(
        comodel_name="maintenance.visit",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
    )
    company_id = fields.Many2one(
        related="visit_id.company_id", store=True, precompute=True, index=True
    )
    done_at = fields.Datetime(string="Entered On", required=True, readonly=True)

    _key_unique = models.Constraint(
        "UNIQUE (user_id, key)", "This entry was received already."
    )

    @api.autovacuum
    def _gc_entries(self):
        """Forget what no phone sends any more."""
        # Entries older than that are refused; twice the time is plenty.
        limit = fields.Datetime.now() - timedelta(days=2 * KEPT_DAYS)
        self.search([("done_at", "<", limit)]).unlink()

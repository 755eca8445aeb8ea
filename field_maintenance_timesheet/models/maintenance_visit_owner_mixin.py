from collections import Counter, defaultdict

from odoo import fields, models


class MaintenanceVisitOwnerMixin(models.AbstractModel):
    """What visits belong to, by the field of the visit that `_visit_field` names."""

    _name = "maintenance.visit.owner.mixin"
    _description = "What Visits Belong To"

    _visit_field = None

    visit_count = fields.Integer(
        compute="_compute_visit_counts",
        groups="field_installed_base.group_user",
        export_string_translation=False,
    )
    visit_done_count = fields.Integer(
        compute="_compute_visit_counts",
        groups="field_installed_base.group_user",
        export_string_translation=False,
    )

    def _compute_visit_counts(self):
        counts = defaultdict(Counter)
        for owner, state, number in self.env["maintenance.visit"]._read_group(
            [(self._visit_field, "in", self.ids), ("state", "!=", "cancelled")],
            [self._visit_field, "state"],
            ["__count"],
        ):
            counts[owner][state] = number
        for owner in self:
            owner.visit_count = counts[owner].total()
            owner.visit_done_count = counts[owner]["done"]

    def action_view_visits(self):
        """Open the visits; new ones belong here."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "maintenance.visit",
            "view_mode": "list,form,calendar",
            "domain": [(self._visit_field, "=", self.id)],
            "name": self.env._("Visits"),
            "context": {
                f"default_{self._visit_field}": self.id,
                "default_partner_id": self.partner_id.id,
            },
        }

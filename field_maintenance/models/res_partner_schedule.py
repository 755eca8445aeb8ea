from collections import Counter

from odoo import api, fields, models


class ResPartner(models.Model):
    """The schedules by which a customer or one of its sites is visited."""

    _inherit = "res.partner"

    maintenance_schedule_count = fields.Integer(
        string="Number of Schedules",
        compute="_compute_maintenance_schedule_count",
        groups="base.group_user",
    )

    def _get_schedule_domain(self):
        """Return the schedules of these customers or sites: the one definition behind
        button and counter."""
        return [
            "|",
            ("partner_id", "child_of", self.ids),
            ("site_id", "child_of", self.ids),
        ]

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_maintenance_schedule_count(self):
        schedules = self.env["maintenance.schedule"]
        self.maintenance_schedule_count = 0
        if not schedules.has_access("read"):
            return
        counts = Counter()
        for partner, site, count in schedules._read_group(
            self._get_schedule_domain(), ["partner_id", "site_id"], ["__count"]
        ):
            for place in (partner | site)._get_places_above():
                counts[place.id] += count
        for partner in self:
            partner.maintenance_schedule_count = counts[partner.id]

    def _get_places_above(self):
        """Return these contacts with all that they belong to, each once."""
        places = last = self
        while last := last.parent_id - places:
            places |= last
        return places

    def action_view_maintenance_schedules(self):
        """Show the schedules of these customers or sites."""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "field_maintenance.maintenance_schedule_action"
        )
        action["domain"] = self._get_schedule_domain()
        action["context"] = {"default_partner_id": self[:1].id}
        return action

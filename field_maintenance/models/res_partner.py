from odoo import api, fields, models
from odoo.tools.sql import column_exists, create_column


class ResPartner(models.Model):
    _inherit = "res.partner"

    service_zone_id = fields.Many2one(
        comodel_name="service.zone",
        compute="_compute_service_zone_id",
        inverse="_inverse_service_zone_id",
        store=True,
        readonly=False,
        index="btree_not_null",
        ondelete="set null",
        groups="base.group_user",
        help="Where it lies, by its zip code, unless another zone is chosen.",
    )
    service_zone_is_chosen = fields.Boolean(groups="base.group_user")
    service_access = fields.Text(
        string="Access Instructions",
        groups="base.group_user",
        help="How to get in: keys, codes, whom to call, where to park.",
    )
    maintenance_visit_ids = fields.One2many(
        comodel_name="maintenance.visit",
        inverse_name="partner_id",
        string="Visits",
        groups="base.group_user",
    )
    maintenance_visit_count = fields.Integer(
        string="Number of Visits",
        compute="_compute_maintenance_visit_count",
        groups="base.group_user",
    )

    def _auto_init(self):
        # There is no zone yet: installing need not go through all contacts.
        if not column_exists(self.env.cr, "res_partner", "service_zone_id"):
            create_column(self.env.cr, "res_partner", "service_zone_id", "int4")
        return super()._auto_init()

    @api.depends("zip", "country_id")
    def _compute_service_zone_id(self):
        zones = self.env["service.zone"]._get_zone_by_address(self)
        for partner in self:
            partner.service_zone_id = zones[partner.id]

    def _inverse_service_zone_id(self):
        zones = self.env["service.zone"]._get_zone_by_address(self)
        for partner in self:
            partner.service_zone_is_chosen = (
                partner.service_zone_id != zones[partner.id]
            )

    # -- Visits -----------------------------------------------------------------------

    def _get_visit_domain(self):
        """Return the visits at these customers or sites: the one definition behind
        buttons and counters."""
        return [
            "|",
            ("partner_id", "child_of", self.ids),
            ("site_id", "child_of", self.ids),
        ]

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_maintenance_visit_count(self):
        visits = self.env["maintenance.visit"]
        self.maintenance_visit_count = 0
        if not visits.has_access("read"):
            return
        counts = {}
        for partner, site, count in visits._read_group(
            self._get_visit_domain(), ["partner_id", "site_id"], ["__count"]
        ):
            # A contact counts its own visits and those of the addresses below it.
            above = set()
            for place in partner | site:
                while place:
                    above.add(place.id)
                    place = place.parent_id
            for place_id in above:
                counts[place_id] = counts.get(place_id, 0) + count
        for partner in self:
            partner.maintenance_visit_count = counts.get(partner.id, 0)

    def action_view_maintenance_visits(self):
        """Show the visits at these customers or sites."""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "field_maintenance.maintenance_visit_action"
        )
        action["domain"] = self._get_visit_domain()
        action["context"] = {"default_partner_id": self[:1].id}
        return action

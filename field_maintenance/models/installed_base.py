from odoo import api, fields, models
from odoo.fields import Command


class InstalledBase(models.Model):
    _inherit = "installed.base"

    maintenance_visit_line_ids = fields.One2many(
        comodel_name="maintenance.visit.line",
        inverse_name="installed_base_id",
        string="Visits of This Equipment",
        groups="base.group_user",
    )
    maintenance_visit_count = fields.Integer(
        string="Visits",
        compute="_compute_maintenance_visit_count",
        groups="base.group_user",
    )
    visit_to_plan_count = fields.Integer(
        string="To Plan",
        compute="_compute_maintenance_visit_count",
        groups="base.group_user",
    )
    maintenance_schedule_line_ids = fields.One2many(
        comodel_name="maintenance.schedule.line",
        inverse_name="installed_base_id",
        string="Schedule Lines",
        groups="base.group_user",
    )
    maintenance_schedule_count = fields.Integer(
        string="Schedules",
        compute="_compute_maintenance_schedule_count",
        groups="base.group_user",
    )

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_maintenance_visit_count(self):
        self.maintenance_visit_count = 0
        self.visit_to_plan_count = 0
        lines = self.env["maintenance.visit.line"]
        if not lines.has_access("read"):
            return
        # A piece is on a visit once, so lines and visits are the same number.
        groups = lines._read_group(
            [("installed_base_id", "in", self.ids), ("visit_id", "any", [])],
            ["installed_base_id", "state"],
            ["__count"],
        )
        for equipment, state, count in groups:
            equipment.maintenance_visit_count += count
            if state == "to_plan":
                equipment.visit_to_plan_count += count

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_maintenance_schedule_count(self):
        self.maintenance_schedule_count = 0
        lines = self.env["maintenance.schedule.line"]
        if not lines.has_access("read"):
            return
        groups = lines._read_group(
            [("installed_base_id", "in", self.ids)],
            ["installed_base_id"],
            ["schedule_id:count_distinct"],
        )
        for equipment, count in groups:
            equipment.maintenance_schedule_count = count

    def action_view_maintenance_visits(self):
        """Show the visits of this equipment."""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "field_maintenance.maintenance_visit_action"
        )
        action["domain"] = [("installed_base_ids", "in", self.ids)]
        action["context"] = self._get_visit_defaults()
        return action

    def action_view_visits_to_plan(self):
        """Show the visits of this equipment that have no time yet."""
        action = self.action_view_maintenance_visits()
        action["name"] = self.env._("Visits to Plan")
        action["domain"] = [*action["domain"], ("state", "=", "to_plan")]
        return action

    def action_view_maintenance_schedules(self):
        """Show the schedules by which this equipment is visited."""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "field_maintenance.maintenance_schedule_action"
        )
        action["domain"] = [("line_ids.installed_base_id", "in", self.ids)]
        action["context"] = {
            "default_partner_id": self.partner_id[:1].id,
            "default_site_id": self.site_id[:1].id,
        }
        return action

    def _get_visit_defaults(self):
        """Return the context by which a new visit is about this equipment."""
        return {
            "default_partner_id": self.partner_id[:1].id,
            "default_site_id": self.site_id[:1].id,
            "default_line_ids": [
                Command.create({"installed_base_id": piece.id}) for piece in self
            ],
        }

    def _get_portal_values(self):
        """Add the visits, by the rules of the reader: those at his own company."""
        values = super()._get_portal_values()
        visits = self.env["maintenance.visit"].search(
            [("installed_base_ids", "in", self.ids), ("state", "!=", "cancelled")],
            order="due_date desc, id desc",
            limit=20,
        )
        # Types have no rights for customers; the page prints names and dates.
        return {**values, "visits": visits.sudo()}

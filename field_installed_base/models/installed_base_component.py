from odoo import models


class InstalledBase(models.Model):
    """Components: what stands in a larger piece of equipment."""

    _inherit = "installed.base"

    def action_replace(self):
        """Ask what takes the place of this component."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Replace"),
            "res_model": "installed.base.replace",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_installed_base_id": self.id},
        }

    def action_view_component_tree(self):
        """Show this piece of equipment between what it is part of and its parts."""
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "field_installed_base.installed_base_action_component_tree"
        )
        return {**action, "domain": [("id", "=", self.id)]}

from odoo import api, models


class InstalledBase(models.Model):
    """Components: what stands in a larger piece of equipment."""

    _inherit = "installed.base"

    @api.model
    def _place_components(self, vals_list):
        """Let new components stand where the piece is that they are part of, unless
        they have another customer."""
        open_vals = [
            vals
            for vals in vals_list
            if vals.get("parent_id") and "site_id" not in vals
        ]
        parents = self.browse({vals["parent_id"] for vals in open_vals})
        sites = {
            parent.id: (parent.partner_id.id, parent.site_id.id) for parent in parents
        }
        for vals in open_vals:
            customer_id, site_id = sites[vals["parent_id"]]
            if site_id and vals.get("partner_id") == customer_id:
                vals["site_id"] = site_id

    def _move_components(self, before):
        """Move the components of equipment that changed its place along with it.

        What stood elsewhere, such as a pump in repair, stays there; what is retired
        stays where it served last.

        :param dict before: result of :meth:`_get_holdings` before the change
        """
        present = self._get_holdings()
        moved = self.filtered(lambda piece: before[piece.id] != present[piece.id])
        components = self.with_context(active_test=False).search(
            [("parent_id", "in", moved.ids), ("state", "!=", "retired")]
        )
        along = components.filtered(
            lambda component: (
                (component.partner_id, component.site_id)
                == before[component.parent_id.id][:2]
            )
        )
        places = along.grouped(lambda component: present[component.parent_id.id][:2])
        for (customer, site), pieces in places.items():
            pieces.with_context(installed_base_goes_along=True)._log_change(
                {
                    piece.id: self.env._(
                        "Moved together with %s, of which it is a component.",
                        piece.parent_id._get_label(),
                    )
                    for piece in pieces
                },
                {"partner_id": customer.id, "site_id": site.id},
            )

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

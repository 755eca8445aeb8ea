from markupsafe import Markup

from odoo import api, fields, models
from odoo.tools import format_date, format_datetime, format_list, html2plaintext


class InstalledBase(models.Model):
    """Properties: what a category of equipment records beyond the common fields."""

    _inherit = "installed.base"

    # Values that vanish with their category are logged below, imports without history
    # included; Odoo's own tracking would log them a second time.
    properties = fields.Properties(
        definition="category_id.properties_definition",
        copy=True,
        tracking=False,
        groups="base.group_user",
    )
    has_properties = fields.Boolean(
        string="Has Filled Properties",
        compute="_compute_has_properties",
        # The category is shown to whoever may not read the properties, too.
        compute_sudo=True,
    )

    @api.depends("properties")
    def _compute_has_properties(self):
        filled = self._get_filled_properties()
        for equipment in self:
            equipment.has_properties = bool(filled[equipment.id])

    def _get_filled_properties(self):
        """Return {id: [(name, label, value as text)]} of the properties with a value.

        Values of relational properties are read once for the whole recordset.
        """
        rows = self._fields["properties"].convert_to_read_multi(
            [equipment.properties for equipment in self], self
        )
        return {
            equipment.id: [
                (item["name"], item["string"], text)
                for item in row
                if (text := self._format_property(item))
            ]
            for equipment, row in zip(self, rows, strict=True)
        }

    @api.model
    def _format_property(self, item):
        """Return the value of a property in words, an empty text if it has none."""
        value = item.get("value")
        if item["type"] == "separator" or value in (None, False, "", []):
            # Zero equals False, yet somebody may have measured it.
            return str(value) if value is not False and value == 0 else ""
        match item["type"]:
            case "boolean":
                return self.env._("Yes")
            case "date":
                return format_date(self.env, value)
            case "datetime":
                return format_datetime(self.env, value)
            case "html":
                return html2plaintext(value).strip()
            case "many2one":
                return value[1] or str(value[0])
            case "many2many":
                return format_list(self.env, [name or str(id_) for id_, name in value])
            case "selection":
                return dict(item.get("selection") or ()).get(value, "")
            case "tags":
                labels = {tag[0]: tag[1] for tag in item.get("tags") or ()}
                return format_list(self.env, [labels[tag] for tag in value])
        return str(value)

    def _get_dropped_properties(self, category):
        """Return {id: [(label, value as text)]} of what this equipment loses when it
        changes to this category; categories that were copied share properties."""
        changed = self.filtered(lambda equipment: equipment.category_id != category)
        # Whoever may change equipment may know what its category defines.
        definition = category.sudo().properties_definition or ()
        kept = {item["name"] for item in definition}
        dropped = {
            id_: [(label, text) for name, label, text in filled if name not in kept]
            for id_, filled in changed._get_filled_properties().items()
        }
        return {id_: lost for id_, lost in dropped.items() if lost}

    @api.model
    def _fill_in_categories(self, vals_list):
        """Give every value without category that of its product: Odoo fills in
        properties before it computes the category that defines them."""
        products = self.env["product.product"].browse(
            {vals["product_id"] for vals in vals_list if vals.get("product_id")}
        )
        categories = {
            product.id: product.installed_base_category_id.id for product in products
        }
        for vals in vals_list:
            if "category_id" not in vals and vals.get("product_id"):
                vals["category_id"] = categories[vals["product_id"]]

    def _describe_dropped_properties(self, vals):
        """Return {id: note} of this equipment that loses properties by values.

        :param dict vals: as of `write`
        """
        if "category_id" not in vals:
            return {}
        # A category may be given as record or id, as everywhere in Odoo.
        category = self.env["installed.base.category"].browse(
            self._fields["category_id"].convert_to_cache(vals["category_id"], self)
        )
        return {
            id_: self._get_dropped_properties_message(id_, category, lost)
            for id_, lost in self._get_dropped_properties(category).items()
        }

    def _get_dropped_properties_message(self, id_, category, lost):
        equipment = self.browse(id_)
        old = equipment.category_id.display_name
        title = (
            self.env._(
                "Category changed from %(old)s to %(new)s. Previous properties:",
                old=old,
                new=category.display_name,
            )
            if category
            else self.env._("Category %s removed. Previous properties:", old)
        )
        items = Markup().join(
            Markup("<li>%s: %s</li>") % (label, text) for label, text in lost
        )
        return Markup("<p>%s</p><ul>%s</ul>") % (title, items)

    def action_change_category(self):
        """Show which properties a change of category drops, before it drops them."""
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Change Category"),
            "res_model": "installed.base.change.category",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_installed_base_ids": self.ids},
        }

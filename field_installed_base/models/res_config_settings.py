from lxml import html
from markupsafe import escape

from odoo import api, fields, models
from odoo.exceptions import ValidationError


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    warranty_reminder_days = fields.Integer(
        related="company_id.warranty_reminder_days", readonly=False
    )
    map_tile_url = fields.Char(
        string="Map Tile Address", config_parameter="leaflet.tile_url"
    )
    map_attribution = fields.Char()

    @api.model
    def get_values(self):
        values = super().get_values()
        # The library for maps says so in words that no address was chosen.
        if self.env["ir.config_parameter"].get_param("leaflet.tile_url") == "False":
            values["map_tile_url"] = False
        values["map_attribution"] = self._get_map_attribution()
        return values

    def set_values(self):
        result = super().set_values()
        # What is a link on the map stays one, unless another text is typed.
        if (self.map_attribution or "") != self._get_map_attribution():
            self.env["ir.config_parameter"].set_param(
                "leaflet.copyright", str(escape(self.map_attribution or ""))
            )
        return result

    @api.model
    def _get_map_attribution(self):
        """Return the text in the corner of the map, which is stored as HTML."""
        stored = self.env["ir.config_parameter"].get_param("leaflet.copyright") or ""
        return html.fromstring(stored).text_content() if stored.strip() else ""

    @api.constrains("map_tile_url")
    def _check_map_tile_url(self):
        for settings in self:
            url = settings.map_tile_url
            if url and not all(part in url for part in ("{z}", "{x}", "{y}")):
                raise ValidationError(
                    self.env._(
                        "The tile address of the map must contain {z}, {x} and {y} "
                        "for zoom, column and row; %s does not.",
                        url,
                    )
                )

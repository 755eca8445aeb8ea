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
    map_attribution = fields.Char(config_parameter="leaflet.copyright")

    @api.model
    def get_values(self):
        values = super().get_values()
        # The library for maps says so in words that no address was chosen.
        if self.env["ir.config_parameter"].get_param("leaflet.tile_url") == "False":
            values["map_tile_url"] = False
        return values

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

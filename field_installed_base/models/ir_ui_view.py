from odoo import fields, models

MAP_VIEW = ("installed_base_map", "Map")


class IrUiView(models.Model):
    _inherit = "ir.ui.view"

    type = fields.Selection(selection_add=[MAP_VIEW])

    def _get_view_info(self):
        return {MAP_VIEW[0]: {"icon": "fa fa-map-marker"}} | super()._get_view_info()

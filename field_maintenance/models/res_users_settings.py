from odoo import fields, models


class ResUsersSettings(models.Model):
    """Users find the dispatch board as they left it, on each of their devices."""

    _inherit = "res.users.settings"

    dispatch_board_choice = fields.Json(
        help="{company id: what the user chose to see on the dispatch board}",
        export_string_translation=False,
    )

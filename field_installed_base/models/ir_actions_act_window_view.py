from odoo import fields, models

from .ir_ui_view import MAP_VIEW


class IrActionsActWindowView(models.Model):
    _inherit = "ir.actions.act_window.view"

    view_mode = fields.Selection(
        selection_add=[MAP_VIEW], ondelete={MAP_VIEW[0]: "cascade"}
    )

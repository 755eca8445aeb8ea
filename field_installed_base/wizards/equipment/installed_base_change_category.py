from odoo import api, fields, models


class InstalledBaseChangeCategory(models.TransientModel):
    _name = "installed.base.change.category"
    _description = "Change Equipment Category"

    installed_base_ids = fields.Many2many(
        comodel_name="installed.base", string="Equipment", required=True
    )
    category_id = fields.Many2one(
        comodel_name="installed.base.category", string="New Category"
    )
    dropped_properties = fields.Text(
        string="Properties to Remove", compute="_compute_dropped_properties"
    )

    @api.depends("installed_base_ids", "category_id")
    def _compute_dropped_properties(self):
        for wizard in self:
            equipment = wizard.installed_base_ids._origin
            dropped = equipment._get_dropped_properties(wizard.category_id._origin)
            lines = []
            for piece in equipment:
                for label, text in dropped.get(piece.id, ()):
                    names = (piece.reference if len(equipment) > 1 else "", label, text)
                    lines.append(": ".join(filter(None, names)))
            wizard.dropped_properties = "\n".join(lines)

    def action_change(self):
        """Change the category; the equipment's chatter keeps the dropped values."""
        self.ensure_one()
        self.installed_base_ids.category_id = self.category_id
        return {"type": "ir.actions.act_window_close"}

from markupsafe import Markup

from odoo import api, fields, models


class InstalledBasePutBack(models.TransientModel):
    """Puts equipment back into service and shows what comes back with it."""

    _name = "installed.base.put.back"
    _description = "Put Equipment Back into Service"

    installed_base_id = fields.Many2one(
        comodel_name="installed.base", string="Equipment", required=True, readonly=True
    )
    replaced_by_id = fields.Many2one(related="installed_base_id.replaced_by_id")
    has_handed_over = fields.Boolean(compute="_compute_preview")
    is_taken_back = fields.Boolean(
        string="Transfer Back from the Replacement",
        default=True,
        help="The records transferred to the replacement are linked to the old "
        "equipment again.",
    )
    preview = fields.Html(
        string="Linked Records", compute="_compute_preview", sanitize=False
    )

    @api.depends("installed_base_id", "is_taken_back")
    def _compute_preview(self):
        for wizard in self:
            piece = wizard.installed_base_id
            taken, ended = piece._get_taken_over(), piece._get_ended()
            wizard.has_handed_over = bool(taken)
            title = (
                self.env._("To be transferred back from the replacement:")
                if wizard.is_taken_back
                else self.env._("Kept by the replacement:")
            )
            parts = [
                Markup("<p class='mb-1'>%s</p><ul>%s</ul>")
                % (title, Markup().join(Markup("<li>%s</li>") % text for text in texts))
                for title, texts in (
                    (title, taken),
                    (self.env._("Ended and not restored:"), ended),
                )
                if texts
            ]
            wizard.preview = Markup().join(parts) or False

    def action_put_back(self):
        """Put the equipment back into service, with what comes back."""
        self.ensure_one()
        piece, successor = self.installed_base_id, self.replaced_by_id
        # Once in service again, it has no replacement any more.
        is_taken_back = self.is_taken_back and self.has_handed_over
        piece.action_put_back()
        if is_taken_back:
            piece._take_back(successor)
        return {"type": "ir.actions.act_window_close"}

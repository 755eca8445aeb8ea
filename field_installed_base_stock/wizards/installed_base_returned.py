from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError


class InstalledBaseReturned(models.TransientModel):
    """What becomes of what is planned for equipment that came back."""

    _name = "installed.base.returned"
    _description = "Returned Equipment"

    picking_id = fields.Many2one(
        comodel_name="stock.picking", string="Return", required=True, readonly=True
    )
    installed_base_ids = fields.Many2many(
        comodel_name="installed.base",
        string="Equipment",
        compute="_compute_installed_base_ids",
        store=True,
        readonly=False,
    )
    choice = fields.Selection(
        selection=[
            ("end", "End what is planned: it left the customer"),
            ("keep", "Keep it: the equipment goes back to the customer"),
            ("replace", "Replace: other equipment takes it over"),
        ],
        string="What Is Planned",
        default="end",
        required=True,
    )
    preview = fields.Html(
        string="Linked Records", compute="_compute_preview", sanitize=False
    )

    @api.depends("picking_id")
    def _compute_installed_base_ids(self):
        for wizard in self:
            waiting = wizard.picking_id._get_waiting_equipment()
            pieces = wizard.installed_base_ids.union(*waiting.values())
            wizard.installed_base_ids = pieces.with_env(self.env)

    @api.depends("installed_base_ids")
    def _compute_preview(self):
        for wizard in self:
            texts = wizard.installed_base_ids._origin._describe_planned()
            wizard.preview = Markup("<ul>%s</ul>") % Markup("").join(
                Markup("<li>%s</li>") % text for text in texts
            )

    def action_apply(self):
        """Do as was chosen with the equipment; what is left out is asked about
        again."""
        self.ensure_one()
        pieces = self.installed_base_ids
        if not pieces:
            raise UserError(self.env._("Choose the equipment first."))
        waiting = self.picking_id._get_waiting_equipment().get(self.picking_id, ())
        for piece in pieces:
            if piece not in waiting:
                raise UserError(
                    self.env._(
                        "%(equipment)s did not come back by %(transfer)s, or it was "
                        "said already what becomes of it. Reload the page.",
                        equipment=piece._get_label(),
                        transfer=self.picking_id.display_name,
                    )
                )
        if self.choice != "replace":
            self.picking_id._settle_returned(pieces, self.choice)
            return {"type": "ir.actions.act_window_close"}
        if len(pieces) > 1:
            raise UserError(
                self.env._("Equipment is replaced piece by piece: choose one.")
            )
        return pieces.action_replace()

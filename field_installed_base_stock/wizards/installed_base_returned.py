from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError


class InstalledBaseReturned(models.TransientModel):
    """What becomes of what was planned for equipment that came back."""

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
        domain="[('id', 'in', returned_ids)]",
    )
    returned_ids = fields.Many2many(
        comodel_name="installed.base", compute="_compute_returned_ids"
    )
    choice = fields.Selection(
        selection=[
            ("end", "It ends"),
            ("replace", "It continues with other equipment"),
            ("keep", "It waits until the same equipment is delivered again"),
        ],
        string="What Was Planned",
        default="end",
        required=True,
    )
    successor_id = fields.Many2one(
        comodel_name="installed.base",
        string="Replacement",
        domain="[('id', 'in', successor_ids)]",
    )
    successor_ids = fields.Many2many(
        comodel_name="installed.base", compute="_compute_successor_ids"
    )
    preview = fields.Html(
        string="Linked Records", compute="_compute_preview", sanitize=False
    )

    @api.depends("picking_id")
    def _compute_returned_ids(self):
        for wizard in self:
            wizard.returned_ids = wizard.picking_id._get_returned_equipment()

    @api.depends("picking_id")
    def _compute_installed_base_ids(self):
        for wizard in self:
            wizard.installed_base_ids = wizard.picking_id._get_returned_equipment()

    @api.depends("installed_base_ids")
    def _compute_successor_ids(self):
        for wizard in self:
            pieces = wizard.installed_base_ids._origin
            # Equipment is replaced piece by piece.
            wizard.successor_ids = len(pieces) == 1 and pieces._get_held_successors()

    @api.depends("installed_base_ids")
    def _compute_preview(self):
        for wizard in self:
            texts = wizard.installed_base_ids._origin._get_held()
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
        pieces.check_access("write")
        if pieces - self.picking_id._get_returned_equipment():
            raise UserError(
                self.env._(
                    "Somebody chose already what becomes of this equipment. Reload the "
                    "page."
                )
            )
        if self.choice == "replace":
            self._continue_with_successor(pieces)
        elif self.choice == "end":
            pieces._drop_held()
            pieces._message_log_batch(
                dict.fromkeys(
                    pieces.ids, self.env._("What was planned for it has ended.")
                )
            )
        else:
            pieces._message_log_batch(
                dict.fromkeys(
                    pieces.ids,
                    self.env._(
                        "What was planned for it waits until it is delivered again."
                    ),
                )
            )
        if self.choice == "keep" and pieces == self.returned_ids:
            # Whoever changes equipment need not work in Inventory.
            self.picking_id.sudo().activity_unlink(
                ["field_installed_base.mail_activity_type_returned"]
            )
        return {"type": "ir.actions.act_window_close"}

    def _continue_with_successor(self, pieces):
        successor = self.successor_id
        if not successor:
            raise UserError(self.env._("Choose the replacement first."))
        if len(pieces) > 1:
            raise UserError(
                self.env._("Equipment is replaced piece by piece: choose one.")
            )
        if successor not in pieces._get_held_successors():
            raise UserError(
                self.env._(
                    "%(successor)s cannot replace %(equipment)s: it does not stand at "
                    "the customer who returned that.",
                    successor=successor._get_label(),
                    equipment=pieces._get_label(),
                )
            )
        pieces._resume_held(successor)
        pieces._message_log(
            body=self.env._(
                "What was planned for it continues with %s.", successor._get_label()
            )
        )

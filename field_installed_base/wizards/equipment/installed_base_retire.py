from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date


class InstalledBaseRetire(models.TransientModel):
    _name = "installed.base.retire"
    _inherit = ["installed.base.settlement.mixin", "installed.base.plausible.mixin"]
    _description = "Retire Equipment"

    installed_base_ids = fields.Many2many(
        comodel_name="installed.base",
        string="Equipment",
        required=True,
        default=lambda self: self._default_installed_base_ids(),
    )
    date = fields.Date(
        required=True, default=lambda self: fields.Date.context_today(self)
    )
    reason = fields.Selection(
        selection=[
            ("scrapped", "Scrapped"),
            ("sold", "Sold"),
            ("lost", "Lost"),
            ("replaced", "Replaced"),
            ("other", "Other reason"),
        ],
        default="scrapped",
        required=True,
    )
    details = fields.Char()
    replaced_by_id = fields.Many2one(
        comodel_name="installed.base",
        help="The schedules, contract lines and other records of the old equipment "
        "are transferred to it, if it has the same customer.",
    )

    commercial_partner_ids = fields.Many2many(
        comodel_name="res.partner", compute="_compute_commercial_partner_ids"
    )
    successor_warning = fields.Char(compute="_compute_successor_warning")

    @api.depends("installed_base_ids")
    def _compute_commercial_partner_ids(self):
        """Customers at whose sites a successor is looked for."""
        for wizard in self:
            wizard.commercial_partner_ids = (
                wizard.installed_base_ids.commercial_partner_id
            )

    @api.depends("installed_base_ids", "reason", "replaced_by_id", "is_handed_over")
    def _compute_successor_warning(self):
        for wizard in self:
            successor = wizard._get_successor()
            left = wizard.installed_base_ids._origin - wizard._get_succeeded()
            wizard.successor_warning = False
            if successor and wizard.is_handed_over and left:
                wizard.successor_warning = self.env._(
                    "%(successor)s is not at the customer of %(equipment)s, so "
                    "nothing can be transferred to it. Assign it to the customer "
                    "first.",
                    successor=successor._get_label(),
                    equipment=", ".join(piece._get_label() for piece in left),
                )

    @api.model
    def _get_bounds(self):
        return {
            **super()._get_bounds(),
            "date": 10,
        }

    @api.model
    def _default_installed_base_ids(self):
        if self.env.context.get("active_model") != "installed.base":
            return False
        # What is retired already keeps the date and reason it has.
        return self.env["installed.base"].search(
            [
                ("id", "in", self.env.context.get("active_ids", [])),
                ("state", "!=", "retired"),
            ]
        )

    @api.depends("installed_base_ids", "reason", "replaced_by_id", "is_handed_over")
    def _compute_settlement_preview(self):
        return super()._compute_settlement_preview()

    def _get_settled(self):
        able, successor = self._get_succeeded(), self._get_successor()
        return [
            (equipment, successor, hands_over)
            for equipment, hands_over in (
                (able, True),
                (self.installed_base_ids._origin - able, False),
            )
            if equipment
        ]

    def _get_successor(self):
        """Return what takes the place of the equipment, if anything."""
        successor = self.replaced_by_id
        return successor if self.reason == "replaced" else successor.browse()

    def _get_succeeded(self):
        """Return the equipment from which the successor takes over what hangs on
        it."""
        equipment, successor = self.installed_base_ids._origin, self._get_successor()
        if not self.is_handed_over:
            return equipment.browse()
        return equipment.filtered(successor._can_succeed)

    def action_retire(self):
        """Take the equipment out of service with date, reason and successor."""
        self.ensure_one()
        equipment = self.installed_base_ids
        if not equipment:
            raise UserError(
                self.env._(
                    "All selected equipment is already retired. Select equipment that "
                    "is in service."
                )
            )
        if self.reason == "other" and not self.details:
            raise UserError(self.env._("Enter the reason in the details."))
        successor = self._get_successor()
        equipment = equipment.with_context(installed_base_handover=self.is_handed_over)
        equipment._log_change(
            self._get_log_body(successor),
            {
                "retirement_date": self.date,
                "retirement_reason": self._get_reason(),
                "replaced_by_id": successor.id,
            },
        )
        return {"type": "ir.actions.act_window_close"}

    def _get_log_body(self, successor):
        text = self.env._(
            "Retired on %(day)s: %(reason)s",
            day=format_date(self.env, self.date),
            reason=self._get_reason(),
        )
        if not successor:
            return text
        return Markup("%s → %s") % (text, successor._get_html_link())

    def _get_reason(self):
        """Return the reason in words, as the equipment keeps it."""
        if self.reason == "other":
            return self.details
        reasons = dict(self._fields["reason"]._description_selection(self.env))
        return ": ".join(filter(None, (reasons[self.reason], self.details)))

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError

# What a new piece of equipment takes over with the place of the old one.
KEPT_FIELDS = (
    "company_id",
    "partner_id",
    "site_id",
    "parent_id",
    "installation_type_id",
    "flue_type_id",
    "air_supply_type_id",
    "installer_id",
    "technician_id",
)


class InstalledBaseReplace(models.TransientModel):
    _name = "installed.base.replace"
    _inherit = ["installed.base.settlement.mixin", "installed.base.plausible.mixin"]
    _description = "Replace Equipment"

    installed_base_id = fields.Many2one(
        comodel_name="installed.base", string="Old Equipment", required=True
    )
    date = fields.Date(
        required=True, default=lambda self: fields.Date.context_today(self)
    )
    reason = fields.Char(required=True, default=lambda self: self._default_reason())
    product_id = fields.Many2one(
        comodel_name="product.product",
        string="New Product",
        compute="_compute_product_id",
        store=True,
        readonly=False,
        precompute=True,
        domain="[('type', '=', 'consu')]",
    )
    model = fields.Char(
        string="New Model",
        compute="_compute_product_id",
        store=True,
        readonly=False,
        precompute=True,
        help="For equipment that is not in the product catalog.",
    )
    serial_number = fields.Char(string="New Serial Number")

    @api.model
    def _get_bounds(self):
        return {
            **super()._get_bounds(),
            "date": 10,
        }

    @api.model
    def _default_reason(self):
        return self.env._("Replaced")

    @api.depends("installed_base_id")
    def _compute_product_id(self):
        """Most often the same is put in again."""
        for wizard in self:
            wizard.product_id = wizard.installed_base_id.product_id
            wizard.model = wizard.installed_base_id.model

    @api.depends("installed_base_id", "is_handed_over")
    def _compute_settlement_preview(self):
        return super()._compute_settlement_preview()

    def _get_settled(self):
        old = self.installed_base_id
        return [(old, old.browse(), self.is_handed_over)]

    def action_replace(self):
        """Retire the old equipment, put the new one in its place and open it."""
        successor = self._replace()
        return {
            "type": "ir.actions.act_window",
            "res_model": successor._name,
            "res_id": successor.id,
            "views": [(False, "form")],
        }

    def _replace(self):
        """Return the equipment that takes the place of the old one.

        :raise UserError: if the old one is retired, or the new one is not described
        """
        self.ensure_one()
        old = self.installed_base_id
        if old.state == "retired":
            raise UserError(
                self.env._(
                    "%s is already retired. Put it back into service, or set its "
                    "replacement manually.",
                    old._get_label(),
                )
            )
        if not (self.product_id or self.model):
            raise UserError(
                self.env._(
                    "Choose the product that replaces %s, or enter its model.",
                    old._get_label(),
                )
            )
        successor = old.create(self._prepare_successor_vals())
        old.with_context(installed_base_handover=self.is_handed_over).write(
            {
                "retirement_date": self.date,
                "retirement_reason": self.reason,
                "replaced_by_id": successor.id,
            }
        )
        if old.parent_id:
            old.parent_id._message_log(
                body=Markup("%s %s → %s")
                % (
                    self.env._("Component replaced:"),
                    old._get_html_link(),
                    successor._get_html_link(),
                )
            )
        return successor

    def _prepare_successor_vals(self):
        old = self.installed_base_id
        return {
            **{name: old[name].id for name in KEPT_FIELDS},
            "product_id": self.product_id.id,
            "model": self.model,
            "condition": "new",
            "serial_number": self.serial_number,
            "installation_date": self.date,
        }

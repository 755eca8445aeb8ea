from odoo import api, fields, models
from odoo.fields import Command

from ...models.mixins.installed_base_place_mixin import SITE_DOMAIN


class InstalledBaseCreateLine(models.TransientModel):
    _name = "installed.base.create.line"
    _inherit = ["installed.base.typed.mixin"]
    _description = "Create Installed Base Row"
    _order = "id"
    _proposals = {"site_id": ("_get_proposed_site", {"wizard_id"})}

    wizard_id = fields.Many2one(
        comodel_name="installed.base.create",
        required=True,
        index=True,
        ondelete="cascade",
    )
    sale_line_id = fields.Many2one(comodel_name="sale.order.line")
    move_line_id = fields.Many2one(comodel_name="account.move.line")
    product_id = fields.Many2one(
        comodel_name="product.product",
        domain="[('type', '=', 'consu')]",
    )
    model = fields.Char(help="For equipment that is not in the product catalog.")
    serial_number = fields.Char(
        compute="_compute_serial_number", store=True, readonly=False
    )
    commercial_partner_id = fields.Many2one(related="wizard_id.commercial_partner_id")
    site_id = fields.Many2one(
        comodel_name="res.partner",
        string="Installation Site",
        compute="_compute_site_id",
        store=True,
        readonly=False,
        precompute=True,
        domain=SITE_DOMAIN,
    )
    proposed_site_id = fields.Char(store=False, export_string_translation=False)

    @api.depends("wizard_id.serials")
    def _compute_serial_number(self):
        for wizard, lines in self.grouped("wizard_id").items():
            serials = wizard._get_pasted_serials()
            pasted = dict(zip(wizard.line_ids, serials, strict=False))
            for line in lines:
                line.serial_number = pasted.get(line, line.serial_number)

    @api.depends("wizard_id.site_id")
    def _compute_site_id(self):
        for line in self:
            customer = line.wizard_id.commercial_partner_id
            if line.site_id.commercial_partner_id != customer:
                # Chosen for another customer
                line.proposed_site_id = line._to_text("site_id", line.site_id)
        self._propose_unless_typed("site_id")

    def _get_proposed_site(self):
        self.ensure_one()
        return self.wizard_id.site_id

    def _prepare_vals(self):
        """Return the values that a row adds to those of its wizard."""
        vals = {
            "product_id": self.product_id.id,
            "model": self.model,
            "serial_number": self.serial_number,
            "site_id": self.site_id.id,
        }
        # Orders and invoices are none of the user's business who starts at a contact.
        if self.sale_line_id:
            vals["sale_line_ids"] = [Command.set(self.sale_line_id.ids)]
        if self.move_line_id:
            vals["move_line_ids"] = [Command.set(self.move_line_id.ids)]
        return vals

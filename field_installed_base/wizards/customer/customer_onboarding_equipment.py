from odoo import api, fields, models


class CustomerOnboardingEquipment(models.TransientModel):
    _name = "customer.onboarding.equipment"
    _inherit = ["installed.base.plausible.mixin"]
    _description = "Equipment of a New Customer"
    _order = "id"

    wizard_id = fields.Many2one(
        comodel_name="customer.onboarding",
        required=True,
        index=True,
        ondelete="cascade",
    )
    product_id = fields.Many2one(
        comodel_name="product.product", domain="[('type', '=', 'consu')]"
    )
    model = fields.Char(help="For equipment that is not in the product catalog.")
    serial_number = fields.Char()
    installation_date = fields.Date()

    @api.model
    def _get_bounds(self):
        return {
            **super()._get_bounds(),
            "installation_date": 10,
        }

    def _prepare_vals(self):
        """Return the values of the piece of equipment to record."""
        return {
            "company_id": self.wizard_id.company_id.id,
            "product_id": self.product_id.id,
            "model": self.model,
            "serial_number": self.serial_number,
            "installation_date": self.installation_date,
        }

from odoo import api, fields, models
from odoo.fields import Command


class CustomerOnboardingContact(models.TransientModel):
    _name = "customer.onboarding.contact"
    _description = "Contact of a New Customer"
    _order = "id"

    wizard_id = fields.Many2one(
        comodel_name="customer.onboarding",
        required=True,
        index=True,
        ondelete="cascade",
    )
    name = fields.Char()
    email = fields.Char()
    phone = fields.Char()
    notice_type_ids = fields.Many2many(
        comodel_name="installed.base.notice.type", string="Email Notifications"
    )

    @api.onchange("phone")
    def _onchange_phone(self):
        """Write the number as the form of contacts does."""
        if self.phone:
            self.phone = (
                self._phone_format(
                    "phone",
                    country=self.wizard_id.country_id,
                    force_format="INTERNATIONAL",
                )
                or self.phone
            )

    def _prepare_vals(self):
        """Return the values of the contact to record."""
        return {
            "type": "contact",
            "name": self.name.strip(),
            "email": self.email,
            "phone": self.phone,
            "service_notice_type_ids": [Command.set(self.notice_type_ids.ids)],
        }

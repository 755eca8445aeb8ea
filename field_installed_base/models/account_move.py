from odoo import fields, models
from odoo.fields import Domain


class AccountMove(models.Model):
    _name = "account.move"
    _inherit = ["account.move", "installed.base.document.mixin"]

    def _get_installed_base_domain(self):
        return Domain("invoice_ids", "in", self.ids)

    def _get_installed_base_obstacle(self):
        self.ensure_one()
        if self.move_type not in ("out_invoice", "out_receipt"):
            types = dict(self._fields["move_type"]._description_selection(self.env))
            return self.env._(
                "%(document)s is no customer invoice (%(type)s). Choose an invoice to "
                "a customer to create installed base records from.",
                document=self.display_name,
                type=types[self.move_type],
            )
        return self.state == "cancel" and self.env._(
            "%s is cancelled. Reset it to draft or choose another invoice to create "
            "installed base records from.",
            self.display_name,
        )

    def _get_installed_base_lines(self):
        return self.invoice_line_ids.filtered(
            lambda line: line._is_installed_base_goods()
        )

    def _prepare_installed_base_wizard_vals(self):
        """Return what the wizard proposes above its rows.

        The customer of an invoice is who pays; where it bills orders of one customer
        of the same company, equipment is that customer's.
        """
        self.ensure_one()
        # Whoever may read the invoice may know whose order it bills.
        customers = self.sudo().invoice_line_ids.sale_line_ids.order_id.partner_id
        customer = self.partner_id
        if customers.commercial_partner_id == customer.commercial_partner_id:
            customer = customers[:1]
        return {
            "company_id": self.company_id.id,
            "partner_id": customer.id,
            "site_id": self.partner_shipping_id.id,
            "sale_date": self.invoice_date or fields.Date.context_today(self),
        }

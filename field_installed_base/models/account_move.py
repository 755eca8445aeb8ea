from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain


class AccountMove(models.Model):
    _name = "account.move"
    _inherit = ["account.move", "installed.base.source.mixin"]

    has_equipment = fields.Boolean(compute="_compute_has_equipment")

    @api.depends("invoice_line_ids.product_id.is_installed_base")
    def _compute_has_equipment(self):
        for move in self:
            move.has_equipment = any(
                move.invoice_line_ids.product_id.mapped("is_installed_base")
            )

    def _get_installed_base_counts(self):
        return self.env["installed.base"]._count_by_document(self)

    def _get_installed_base_domain(self):
        return Domain("invoice_ids", "in", self.ids)

    def _check_installed_base_source(self):
        super()._check_installed_base_source()
        if self.move_type not in ("out_invoice", "out_receipt"):
            types = dict(self._fields["move_type"]._description_selection(self.env))
            raise UserError(
                self.env._(
                    "%(document)s is no customer invoice (%(type)s). Choose an "
                    "invoice to a customer to create installed base records from.",
                    document=self.display_name,
                    type=types[self.move_type],
                )
            )
        if self.state == "cancel":
            raise UserError(
                self.env._(
                    "%s is cancelled. Reset it to draft or choose another invoice to "
                    "create installed base records from.",
                    self.display_name,
                )
            )

    def _get_installed_base_lines(self):
        """Return the lines whose units may become equipment."""
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

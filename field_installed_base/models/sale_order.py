from odoo import fields, models
from odoo.fields import Domain


class SaleOrder(models.Model):
    _name = "sale.order"
    _inherit = ["sale.order", "installed.base.document.mixin"]

    def _get_installed_base_domain(self):
        return Domain("sale_order_ids", "in", self.ids)

    def _get_installed_base_obstacle(self):
        self.ensure_one()
        return self.state == "cancel" and self.env._(
            "%s is cancelled, so nothing was delivered. Set it back to quotation, or "
            "select another order to create installed base records.",
            self.display_name,
        )

    def _get_installed_base_lines(self):
        return self.order_line.filtered(lambda line: line._is_installed_base_goods())

    def _get_surplus_equipment(self):
        surplus = {}
        balance = self.order_line._get_equipment_balance()
        for line, (pieces, sold, _credited) in balance.items():
            order = line.order_id
            standing = pieces.filtered(lambda piece: piece.state == "installed")
            number = len(standing) - (0 if order.state == "cancel" else max(0, sold))
            if number > 0:
                known, count = surplus.get(order, (pieces.browse(), 0))
                surplus[order] = (known | standing, count + number)
        return surplus

    def _action_confirm(self):
        result = super()._action_confirm()
        self._forget_equipment_questions()
        return result

    def _action_cancel(self):
        result = super()._action_cancel()
        self._schedule_return_activity()
        return result

    def _prepare_installed_base_wizard_vals(self):
        """Return what the wizard proposes above its rows."""
        self.ensure_one()
        return {
            "company_id": self.company_id.id,
            "partner_id": self.partner_id.id,
            "site_id": self.partner_shipping_id.id,
            # The day on which the user sees the order, not the day in UTC.
            "sale_date": fields.Datetime.context_timestamp(
                self, self.date_order
            ).date(),
        }

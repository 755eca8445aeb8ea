from odoo import api, models
from odoo.exceptions import ValidationError


class ServiceRequest(models.Model):
    """From request to quotation or order, as interventions have it."""

    _inherit = "service.request"

    @api.constrains("sale_order_id", "partner_id")
    def _check_order_customer(self):
        """Refuse orders of others: who pays for a customer is chosen on the order."""
        # Whoever handles a request need not sell.
        for request in self.sudo():
            order = request.sale_order_id
            if (
                order
                and request.partner_id
                and order.state != "cancel"
                and order.partner_id.commercial_partner_id
                != request.commercial_partner_id
            ):
                raise ValidationError(
                    self.env._(
                        "Order %(order)s is for %(customer)s, but request %(request)s "
                        "is one of %(other)s. If somebody else pays, choose them as "
                        "the invoice address of the order.",
                        order=order.display_name,
                        customer=order.partner_id.display_name,
                        request=request.display_name,
                        other=request.partner_id.display_name,
                    )
                )

    def action_make_quotation(self):
        """Open the quotation for this request, a new one if there is none."""
        return self._get_order_action("quotation")

    def action_create_order(self):
        """Open the order for this request, a new one of type Maintenance if there is
        none: confirming it makes the visits."""
        return self._get_order_action("order")

    def _get_order_action(self, document):
        self.ensure_one()
        self._check_has_customer()
        # A second one would take its place. Whoever handles a request need not sell.
        if self.sudo().sale_order_id.state not in (False, "cancel"):
            return self.action_view_sale_order()
        place = self.site_id or self.partner_id
        if place.commercial_partner_id != self.commercial_partner_id:
            place = self.partner_id
        action = place._get_intervention_action(document, self.installed_base_ids)
        context = {**action["context"], "default_request_id": self.id}
        context["default_company_id"] = self.company_id.id
        return {**action, "context": context}

    def action_view_sale_order(self):
        """Show the quotation or order of this request."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "sale.order",
            "views": [(False, "form")],
            "res_id": self.sale_order_id.id,
        }

    def _follow_order(self, state):
        """Wait for the customer once they have a quotation, and go on when they decide.

        :param str state: the new state of the quotation
        """
        open_requests = self.filtered(lambda request: not request.is_closed)
        if state == "sent":
            open_requests._move_to("waiting")
        else:
            open_requests.filtered("is_waiting")._move_to("progress")
            if state == "sale":
                open_requests._begin()

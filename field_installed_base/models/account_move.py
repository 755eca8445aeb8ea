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
                "%(document)s is not a customer invoice (%(type)s). Select a "
                "customer invoice to create installed base records.",
                document=self.display_name,
                type=types[self.move_type],
            )
        return self.state == "cancel" and self.env._(
            "%s is cancelled. Reset it to draft, or select another invoice to create "
            "installed base records.",
            self.display_name,
        )

    def _get_installed_base_lines(self):
        return self.invoice_line_ids.filtered(
            lambda line: line._is_installed_base_goods()
        )

    # -- Returned and cancelled -------------------------------------------------------

    def _get_surplus_equipment(self):
        # What was ordered is for the order to tell.
        surplus = {}
        lines = self.with_context(active_test=False).invoice_line_ids.filtered(
            lambda line: not line.sale_line_ids and line.installed_base_ids
        )
        units = lines._get_units_after_reversals()
        for line in lines:
            pieces = line.installed_base_ids
            standing = pieces.filtered(lambda piece: piece.state == "installed")
            is_sold = line.parent_state != "cancel"
            number = len(standing) - (units[line.id] if is_sold else 0)
            if number > 0:
                known, count = surplus.get(line.move_id, (pieces.browse(), 0))
                surplus[line.move_id] = (known | standing, count + number)
        return surplus

    def _get_equipment_responsible(self):
        responsible = self.invoice_user_id
        return (
            responsible if responsible.active else super()._get_equipment_responsible()
        )

    def _follow_equipment(self):
        """Ask about equipment that these credit notes took back or whose invoice was
        cancelled, and take back what was asked about what is sold again."""
        # Core resets no entries at all for every line that it writes.
        if not self:
            return
        # Who posts need not read orders.
        moves = self.sudo().filtered(lambda move: move.is_sale_document(True))
        refunds = moves.filtered(
            lambda move: move.move_type == "out_refund" and move.state == "posted"
        )
        credited = refunds.invoice_line_ids.sale_line_ids.order_id
        credited._schedule_return_activity()
        others = moves.invoice_line_ids.sale_line_ids.order_id - credited
        others._forget_equipment_questions()
        void = moves.filtered(lambda move: move.state == "cancel")
        taken_back = void | refunds.reversed_entry_id
        taken_back._schedule_return_activity()
        (moves | moves.reversed_entry_id - taken_back)._forget_equipment_questions()

    def _post(self, soft=True):
        posted = super()._post(soft)
        posted._follow_equipment()
        return posted

    def button_draft(self):
        result = super().button_draft()
        self._follow_equipment()
        return result

    def button_cancel(self):
        result = super().button_cancel()
        self._follow_equipment()
        return result

    def _prepare_installed_base_wizard_vals(self):
        """Return what the wizard proposes above its rows.

        The customer of an invoice is who pays, maybe a leasing company; where it bills
        orders of one customer, equipment is that customer's, at the site of its order.
        """
        self.ensure_one()
        # Whoever may read the invoice may know whose order it bills.
        orders = self.sudo().invoice_line_ids.sale_line_ids.order_id
        customer, site = self.partner_id, self.partner_shipping_id
        if len(orders.partner_id.commercial_partner_id) == 1:
            customer = orders.partner_id[:1]
            site = orders.partner_shipping_id[:1] or site
        return {
            "company_id": self.company_id.id,
            "partner_id": customer.id,
            "site_id": site.id,
            "sale_date": self.invoice_date or fields.Date.context_today(self),
        }

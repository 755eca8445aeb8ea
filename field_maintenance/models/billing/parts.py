from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools.misc import clean_context

from odoo.addons.field_installed_base.models.equipment.installed_base import (
    READER_GROUPS,
)

from ...context import SIGNING


class MaintenanceVisit(models.Model):
    """What a visit used, entered in the product catalog, and its way to an order."""

    _name = "maintenance.visit"
    _inherit = ["maintenance.visit", "product.catalog.mixin"]

    service_line_ids = fields.One2many(
        comodel_name="service.line",
        inverse_name="visit_id",
        string="Parts and Time",
        groups=READER_GROUPS,
    )
    has_lines_to_order = fields.Boolean(
        compute="_compute_has_lines_to_order",
        groups="sales_team.group_sale_salesman",
    )

    # -- Catalog -----------------------------------------------------------------------

    def action_add_part(self):
        """Choose what was used in the product catalog."""
        self.ensure_one()
        self._check_not_absorbed()
        return self.action_add_from_catalog()

    def _get_product_catalog_domain(self):
        return super()._get_product_catalog_domain() & Domain("sale_ok", "=", True)

    def _get_action_add_from_catalog_extra_context(self):
        return {
            **super()._get_action_add_from_catalog_extra_context(),
            "order_id": self.id,
            "product_catalog_currency_id": self.currency_id.id,
            # Whoever sets no prices need not show them to the customer.
            "product_catalog_hides_price": not self.env.user.has_group(
                "field_installed_base.group_dispatcher"
            ),
        }

    def _get_product_catalog_record_lines(self, product_ids, **kwargs):
        return self.service_line_ids.filtered(
            lambda line: line.product_id.id in product_ids
        ).grouped("product_id")

    def _get_product_catalog_order_data(self, products, **kwargs):
        data = super()._get_product_catalog_order_data(products, **kwargs)
        pricelist = self.env["service.line"].new({"visit_id": self.id})._get_pricelist()
        prices = pricelist._get_products_price(
            # Prices are the customer's, whoever may read products.
            products.sudo(),
            quantity=1.0,
            currency=self.currency_id,
            date=fields.Datetime.now(),
        )
        for product in products:
            data[product.id]["price"] = prices.get(product.id)
        return data

    def _update_order_line_info(self, product_id, quantity, **kwargs):
        """Set how much of a product was used.

        :return: the price of one unit
        """
        self.ensure_one()
        lines = self.service_line_ids.filtered(
            lambda line: line.product_id.id == product_id and not line.is_ordered
        )
        if lines and quantity:
            lines[0].quantity = quantity
        elif lines:
            lines[0].unlink()
            lines = lines[1:]
        elif quantity:
            # The catalog's defaults are those of a product.
            env = self.env(context=clean_context(self.env.context))
            lines = env["service.line"].create(
                {
                    "visit_id": self.id,
                    "product_id": product_id,
                    "quantity": quantity,
                }
            )
        return lines[:1].price_unit

    def _is_readonly(self):
        return self.state == "cancelled"

    # -- Order -------------------------------------------------------------------------

    @api.depends(
        "service_line_ids.coverage", "service_line_ids.sale_line_id.state", "state"
    )
    def _compute_has_lines_to_order(self):
        for visit in self:
            visit.has_lines_to_order = visit.state == "done" and bool(
                visit._get_lines_to_order() or visit._get_fee_product()
            )

    def _get_lines_to_order(self):
        """Return what is to be billed and is on no order yet."""
        return self.service_line_ids.filtered(
            lambda line: line.coverage == "billable" and not line.is_ordered
        )

    def _get_fee_product(self):
        """Return the billed product of the visit's type, unless it is among what was
        used, or among what the visit was ordered for."""
        self.ensure_one()
        # What was ordered must not depend on who bills.
        visit = self.sudo()
        product = visit.visit_type_id.product_id
        known = visit.service_line_ids.product_id | (
            visit.sale_order_id.order_line.product_id
        )
        return product if product not in known else product.browse()

    def action_create_order_lines(self):
        """Put what is billable on the sales order of each visit, or on a new one, once.
        Visits whose equipment has a repair status that holds billing are left out.

        :return: the action that shows the orders, and says what was left out
        :raise UserError: if a visit is not done or has nothing to bill, or if all are
            left out
        """
        self._check_state(
            ("done",),
            self.env._("You cannot bill visit %(visit)s: its status is “%(state)s”."),
        )
        holds = self._get_billing_holds()
        ready = self.filtered(lambda visit: visit not in holds)
        if holds and not ready:
            raise UserError("\n".join(holds.values()))
        for visit in ready:
            if not visit._get_lines_to_order() and not visit._get_fee_product():
                raise UserError(
                    self.env._(
                        "Nothing is left to bill for visit %s. Enter its parts and "
                        "time, or choose a billed product on its visit type.",
                        visit.display_name,
                    )
                )
        self.check_access("read")
        # The defaults of visits are none of orders and parts.
        visits = ready.with_env(self.env(context=clean_context(self.env.context)))
        orders = visits.env["sale.order"]
        for visit in visits:
            orders |= visit._create_order_lines()
        action = self.env["ir.actions.act_window"]._for_xml_id("sale.action_orders")
        if len(orders) == 1:
            action["views"] = [(False, "form")]
            action["res_id"] = orders.id
        else:
            action["domain"] = [("id", "in", orders.ids)]
        if holds:
            return {
                "type": "ir.actions.client",
                "tag": "display_notification",
                "params": {
                    "type": "warning",
                    "sticky": True,
                    "message": "\n".join(holds.values()),
                    "next": action,
                },
            }
        return action

    def _create_order_lines(self):
        """Put what is billable of this visit on an order, which is returned."""
        self.ensure_one()
        fee = self._get_fee_product()
        if fee:
            # Sales may not enter what was used; what the type bills is no question, nor
            # anything that the customer signed for.
            self.env["service.line"].sudo().with_context(visit_signing=SIGNING).create(
                {"visit_id": self.id, "product_id": fee.id, "sequence": 0}
            )
        lines = self._get_lines_to_order().sorted(lambda line: (line.sequence, line.id))
        order = self.sale_order_id
        if not order or order.state == "cancel" or order.locked:
            order = order.create(self._prepare_order_values())
        order_lines = order.order_line.create(
            [
                {
                    "order_id": order.id,
                    "is_visit_bill": True,
                    **line._prepare_order_line_values(),
                }
                for line in lines
            ]
        )
        for line, order_line in zip(lines, order_lines, strict=True):
            # Sales may not change visits; this only links them to their order.
            line.sudo().sale_line_id = order_line
            if order_line.qty_delivered_method == "manual":
                order_line.qty_delivered = line.quantity
        if self.sale_order_id != order:
            # As above.
            self.sudo().sale_order_id = order
        return order

    def _prepare_order_values(self):
        """Return the values of a new order for what this visit used."""
        self.ensure_one()
        return {
            "partner_id": self.partner_id.id,
            "partner_shipping_id": self.site_id.id or self.partner_id.id,
            "company_id": self.company_id.id,
            "origin": self.name,
        }

    def _check_not_invoiced(self):
        """Refuse to undo what the customer was invoiced for.

        :raise UserError: naming the visit and the invoice
        """
        # What was invoiced must not depend on who asks.
        for visit in self.sudo():
            order_lines = visit.service_line_ids.sale_line_id
            order_lines |= visit._get_lines_invoiced_by_visits()
            invoices = order_lines.invoice_lines.move_id
            live = invoices.filtered(lambda move: move.state != "cancel")
            if live:
                raise UserError(
                    self.env._(
                        "Visit %(visit)s was invoiced (%(invoice)s). Cancel or "
                        "credit the invoice instead.",
                        visit=visit.display_name,
                        invoice=live[0].display_name,
                    )
                )

    def _get_lines_invoiced_by_visits(self):
        """Return the order lines whose customer was invoiced for this very visit: what
        the other visits deliver is less than what was invoiced."""
        self.ensure_one()
        if self.state != "done" or not self._is_fully_done():
            return self.env["sale.order.line"]
        first = self
        while first.follow_up_of_id:
            first = first.follow_up_of_id
        return first.sale_line_ids.filtered(
            lambda line: (
                line.qty_delivered_method == "visit"
                and line.product_id.invoice_policy == "delivery"
                and line.product_uom_id.compare(
                    line.qty_invoiced, line._get_visit_quantity(without=first)
                )
                > 0
            )
        )

    def action_view_sale_order(self):
        """Show the sales order of this visit."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "sale.order",
            "views": [(False, "form")],
            "res_id": self.sale_order_id.id,
        }

from datetime import datetime

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command, Domain
from odoo.tools import format_date
from odoo.tools.misc import clean_context

from odoo.addons.field_installed_base.models.equipment.installed_base import (
    READER_GROUPS,
)

from ...context import SIGNING, FiscalRules

# Sorts visits without an appointment last.
NEVER = datetime.max
# More visits than that are not looked at before they are billed.
LOOKED_AT = 1000


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
    has_lines_to_bill_again = fields.Boolean(
        compute="_compute_has_lines_to_order",
        groups="sales_team.group_sale_salesman",
        export_string_translation=False,
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
        pricelist = self._get_pricelists()[self]
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

    def _find_used_parts(self, product_id, details=None):
        """Return the lines on which more or less of a product is entered: those that
        are on no order.

        :param dict details: what else they say, as stored values of links by name
        """
        return self.service_line_ids.filtered(
            lambda line: (
                line.product_id.id == product_id
                and not line.is_ordered
                and all(line[name].id == key for name, key in (details or {}).items())
            )
        )

    def _update_order_line_info(self, product_id, quantity, **kwargs):
        """Set how much of a product was used.

        :param kwargs: maybe `details`, see `_find_used_parts`
        :return: the price of one unit
        """
        self.ensure_one()
        details = kwargs.get("details")
        lines = self._find_used_parts(product_id, details)
        if lines and (quantity or lines[0].planned_quantity):
            # What was planned and not used is told apart from what nobody expected.
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
                    **(details or {}),
                }
            )
        return lines[:1].price_unit

    def _is_readonly(self):
        return self.state == "cancelled"

    # -- Order -------------------------------------------------------------------------

    @api.depends(
        "service_line_ids.price_subtotal",
        "service_line_ids.quantity",
        "service_line_ids.sale_line_id.state",
        "state",
    )
    def _compute_has_lines_to_order(self):
        for visit in self:
            lines = visit._get_lines_to_order()
            is_done = visit.state == "done"
            visit.has_lines_to_order = is_done and bool(
                lines or visit._get_fee_product()
            )
            # Which order it was on does not depend on who may read orders.
            visit.has_lines_to_bill_again = is_done and bool(lines.sudo().sale_line_id)

    def _get_lines_to_order(self):
        """Return what is to be billed and is on no order yet: what there is to pay for
        and, if customers are to see what they were given, what was used for free."""
        shows_free = self.company_id.sudo().service_bills_covered
        return self.service_line_ids.filtered(
            lambda line: (
                line.quantity
                and (line.price_subtotal or shows_free)
                and not line.is_ordered
            )
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
        action = visits._create_order_lines()._get_bills_action()
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

    def _create_order_lines(self, together=False):
        """Put what is billable of these visits on their orders, or on new ones.

        :param bool together: visits of one customer, currency and price list share one
            new order, with a heading for each
        :return: the orders
        """
        self._add_fees()
        by_order = self.grouped(lambda visit: visit._get_open_order())
        orders = self.env["sale.order"].union(*by_order)
        added = []
        for order, visits in by_order.items():
            if order:
                added += visits._prepare_bill_lines(order.currency_id)
        order_lines = [
            {**vals, "order_id": visit._get_open_order().id}
            for visit, _line, vals in added
        ]
        made = list(
            zip(added, orders.order_line.create(order_lines), strict=True)
            if added
            else ()
        )
        free = by_order.get(orders.browse(), self.browse())
        # What is read of each of them is read of all.
        groups = [
            visits.with_prefetch(free._prefetch_ids)
            for visits in free._group_bills(together)
        ]
        bills = [
            visits._prepare_bill_lines(visits[:1]._get_bill_currency())
            for visits in groups
        ]
        new = orders.create(
            [
                {
                    **visits._prepare_order_values(),
                    "order_line": [
                        Command.create(vals) for _visit, _line, vals in bill
                    ],
                }
                for visits, bill in zip(groups, bills, strict=True)
            ]
        )
        for visits, bill, order in zip(groups, bills, new, strict=True):
            made += zip(bill, order.order_line.sorted("id"), strict=True)
            # Sales may not change visits; this only links them to their order.
            visits.sudo().sale_order_id = order
        billed = {
            line: order_line for (_visit, line, _vals), order_line in made if line
        }
        self.env["service.line"].union(*billed)._link_order_lines(billed)
        return orders | new

    def _add_fees(self):
        """Add what the types of these visits bill to what was used."""
        fees = {visit: visit._get_fee_product() for visit in self}
        # Sales may not enter what was used; what the type bills is no question, nor
        # anything that the customer signed for.
        lines = self.env["service.line"].sudo().with_context(visit_signing=SIGNING)
        lines.create(
            [
                {"visit_id": visit.id, "product_id": fee.id, "sequence": 0}
                for visit, fee in fees.items()
                if fee
            ]
        )

    def _get_open_order(self):
        """Return the order of this visit that takes more lines, if any."""
        self.ensure_one()
        order = self.sale_order_id
        if order.state == "cancel" or order.locked:
            return order.browse()
        return order

    def _get_pricelists(self):
        """Return {visit: pricelist of its order, else of its customer}."""
        found = {}
        for visit in self:
            # Prices are the customer's, whoever enters what was used.
            sure = visit.sudo().with_company(visit.company_id)
            found[visit] = (
                sure.sale_order_id.pricelist_id
                or sure.partner_id.property_product_pricelist
            )
        return found

    def _ask_once(self, name):
        """Return what a method says of these visits; of those whose lines are being
        created it is asked once.

        :param str name: a method without arguments that returns {visit: value}
        """
        visits = self._get_batch()
        if visits is self:
            return getattr(self, name)()
        known = self.env.context["service_line_batch"].known
        if name not in known:
            known[name] = getattr(visits, name)()
        return {visit: known[name][visit] for visit in self}

    def _get_batch(self):
        """Return the visits whose lines are created along with those of these, else
        these."""
        batch = self.env.context.get("service_line_batch")
        if not batch or self - batch.visits:
            return self
        return batch.visits.with_env(self.env)

    def _get_fiscal_positions(self):
        """Return {visit: fiscal position of its customer and site}."""
        return self._ask_once("_find_fiscal_positions")

    def _find_fiscal_positions(self):
        # It does not depend on who may read taxes and their exceptions.
        positions = self.env["account.fiscal.position"].sudo()
        rules = FiscalRules()
        found = {}
        places = self.grouped(
            lambda visit: (visit.company_id, visit.partner_id, visit.site_id)
        )
        for (company, partner, site), visits in places.items():
            model = positions.with_company(company)
            # Core would search the rules for each customer.
            position = model.with_context(
                service_fiscal_rules=rules
            )._get_fiscal_position(partner.sudo(), site.sudo())
            found.update(dict.fromkeys(visits, model.browse(position.id)))
        return found

    def _get_bill_currency(self):
        """Return the currency of an order for this visit."""
        self.ensure_one()
        return self._get_pricelists()[self].currency_id or self.currency_id

    def _group_bills(self, together):
        """Return these visits as a list of groups that share a new order."""
        if not together:
            return list(self)
        pricelists = self._get_pricelists()
        return list(
            self.grouped(
                lambda visit: (
                    visit.company_id,
                    visit.partner_id,
                    visit._get_bill_currency(),
                    pricelists[visit],
                )
            ).values()
        )

    def _prepare_bill_lines(self, currency):
        """Return what these visits put on an order: several each with a heading.

        :return: list of (visit, service line or none, values of the order line)
        """
        rows = []
        none = self.env["service.line"]
        for visit in self.sorted(lambda visit: (visit.date_start or NEVER, visit.id)):
            if len(self) > 1:
                heading = {
                    "display_type": "line_section",
                    "name": visit._get_bill_heading(),
                    "is_visit_bill": True,
                }
                rows.append((visit, none, heading))
            lines = visit._get_lines_to_order()
            for line in lines.sorted(lambda line: (line.sequence, line.id)):
                vals = {
                    "is_visit_bill": True,
                    **line._prepare_order_line_values(currency),
                }
                rows.append((visit, line, vals))
        return rows

    def _get_bill_heading(self):
        """Return how an order names this visit, in the language of the customer."""
        self.ensure_one()
        visit = self.with_context(lang=self.partner_id.lang)
        day = visit._get_site_day(visit.date_start)
        parts = (
            visit.name,
            visit.visit_type_id.name,
            day and format_date(visit.env, day),
            visit.site_id != visit.partner_id and visit.site_id.name,
        )
        return ", ".join(filter(None, parts))

    def _prepare_order_values(self):
        """Return the values of a new order for these visits of one customer."""
        site = self.site_id if len(self.site_id) == 1 else self.partner_id
        return {
            "partner_id": self.partner_id.id,
            "partner_shipping_id": site.id or self.partner_id.id,
            "company_id": self.company_id.id,
            "origin": ", ".join(filter(None, self.mapped("name"))),
        }

    # -- Many visits -------------------------------------------------------------------

    def action_bill_many(self):
        """Bill these visits after a look at what and how much; a single one at once."""
        if len(self) == 1:
            return self.action_create_order_lines()
        bill = self.env["maintenance.visit.bill"].create(
            {"line_ids": [Command.create({"visit_id": visit.id}) for visit in self]}
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Bill Visits"),
            "res_model": bill._name,
            "views": [(False, "form")],
            "res_id": bill.id,
            "target": "new",
            "context": {"dialog_size": "extra-large"},
        }

    def action_bill_all(self):
        """Bill all visits that a list shows after a look at what and how much.

        :raise UserError: if it shows none, or too many to look at
        """
        shown = Domain(self.env.context.get("active_domain") or Domain.TRUE)
        visits = self.search(shown, limit=LOOKED_AT + 1)
        if not visits:
            raise UserError(self.env._("This list shows no visits to bill."))
        if len(visits) > LOOKED_AT:
            raise UserError(
                self.env._(
                    "This list shows more than %s visits. Filter it, or select those "
                    "to bill.",
                    LOOKED_AT,
                )
            )
        return visits.action_bill_many()

    def _get_billing_obstacle(self):
        """Return why this visit is not billed yet, in words; nothing if it is ready."""
        self.ensure_one()
        # What holds a bill back does not depend on who bills.
        visit = self.sudo()
        if visit.state != "done":
            states = dict(visit._fields["state"]._description_selection(self.env))
            return self.env._("Status: %s", states[visit.state])
        if visit.request_id.is_waiting:
            return self.env._(
                "Request %s is waiting for the customer.",
                visit.request_id.display_name,
            )
        hold = visit._get_billing_holds().get(visit)
        if hold:
            return hold
        if not visit._get_lines_to_order() and not visit._get_fee_product():
            return self.env._("Nothing is left to bill.")
        payer = visit.partner_id.address_get(["invoice"])["invoice"]
        contacts = visit.partner_id.browse(payer) | visit.commercial_partner_id
        if not any(one.street or one.zip or one.city for one in contacts):
            return self.env._("%s has no address.", contacts[:1].display_name)
        return False

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

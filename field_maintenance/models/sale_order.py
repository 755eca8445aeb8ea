from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command, Domain
from odoo.tools import format_date

from odoo.addons.field_installed_base.models.equipment.installed_base import (
    READER_GROUPS,
)

from .visit.maintenance_visit import OPEN_STATES


class SaleOrder(models.Model):
    """An order of type Maintenance: what was sold is visited."""

    _inherit = "sale.order"

    service_type = fields.Selection(
        selection=[("maintenance", "Maintenance"), ("rental", "Rental")],
        string="Type of Order",
        compute="_compute_service_type",
        store=True,
        readonly=False,
        precompute=True,
        help="Maintenance: confirming the order creates a schedule for products with "
        "a visit rule, and visits to plan at each site for the others. Rental: it "
        "reserves the equipment that is rented.",
    )
    maintenance_schedule_ids = fields.One2many(
        comodel_name="maintenance.schedule",
        inverse_name="sale_order_id",
        string="Schedules",
        groups=READER_GROUPS,
    )
    maintenance_schedule_count = fields.Integer(
        string="Number of Schedules",
        compute="_compute_maintenance_counts",
        groups=READER_GROUPS,
    )
    maintenance_visit_count = fields.Integer(
        string="Number of Visits",
        compute="_compute_maintenance_counts",
        groups=READER_GROUPS,
    )
    maintenance_visit_done_count = fields.Integer(
        string="Visits Done",
        compute="_compute_maintenance_counts",
        groups=READER_GROUPS,
    )

    request_id = fields.Many2one(
        comodel_name="service.request",
        compute="_compute_request_id",
        compute_sudo=True,
        inverse="_inverse_request_id",
        search="_search_request_id",
        groups=READER_GROUPS,
        help="The request that this order answers.",
    )
    maintenance_warning = fields.Text(
        compute="_compute_maintenance_warning", groups="base.group_user"
    )
    maintenance_is_late = fields.Boolean(
        string="Maintenance Starts in the Past",
        compute="_compute_maintenance_warning",
        groups="base.group_user",
        help="Its visits are counted from a date in the past.",
    )

    # -- Computes ----------------------------------------------------------------------

    @api.depends("order_line.product_id", "order_line.is_visit_bill")
    def _compute_service_type(self):
        turned = self.browse()
        for order in self:
            sold = order.order_line.filtered(lambda line: not line.is_visit_bill)
            if not order.service_type and sold.product_id.visit_type_id:
                order.service_type = "maintenance"
                turned |= order
            else:
                order.service_type = order.service_type
        # New lines, by which the order becomes one of this type, were computed before.
        lines = turned.order_line
        self.env.add_to_compute(lines._fields["qty_delivered_method"], lines)

    def _compute_request_id(self):
        requests = self.env["service.request"].search(
            [("sale_order_id", "in", self.ids)], order="id desc"
        )
        by_order = requests.grouped("sale_order_id")
        for order in self:
            order.request_id = by_order.get(order._origin, requests.browse())[:1]

    def _inverse_request_id(self):
        for order in self:
            # Who sells for a request may read it at least; that it has an offer is a
            # consequence.
            order.request_id.check_access("read")
            order.request_id.sudo().sale_order_id = order

    @api.constrains("partner_id")
    def _check_request_customer(self):
        # Whoever sells need not handle the request.
        requests = self.env["service.request"].sudo()
        requests.search([("sale_order_id", "in", self.ids)])._check_order_customer()

    def _search_request_id(self, operator, value):
        if operator in Domain.NEGATIVE_OPERATORS:
            return NotImplemented
        requests = self.env["service.request"]
        answering = Domain("sale_order_id", "!=", False)
        found = requests.search(Domain("id", operator, value) & answering)
        domain = Domain("id", "in", found.sale_order_id.ids)
        if operator == "in" and False in value:
            domain |= ~Domain("id", "in", requests.search(answering).sale_order_id.ids)
        return domain

    @api.depends(
        "commitment_date",
        "order_line.installed_base_ids",
        "order_line.product_id",
        "service_type",
        "state",
    )
    def _compute_maintenance_warning(self):
        """Say of an offer that its visits are overdue at once, and which of its
        equipment another schedule visits already."""
        today = fields.Date.context_today(self)
        for order in self:
            order.maintenance_warning, order.maintenance_is_late = False, False
            if order.state not in ("draft", "sent"):
                continue
            # What is sold to whom does not depend on who may read equipment.
            lines = order.sudo().order_line.filtered(lambda line: line._is_visited())
            notices = []
            start = order.commitment_date and order._get_service_date()
            if lines and start and start < today:
                order.maintenance_is_late = True
                notices.append(
                    self.env._(
                        "The visits of this order are counted from its delivery "
                        "date, %s. Visits due before today will be late immediately: "
                        "start today, or choose a later date.",
                        format_date(self.env, start),
                    )
                )
            rules = lines._get_doubled_schedule_lines()
            # Only what the reader may know.
            rules = rules.with_env(self.env)._filtered_access("read")
            notices += [rule._describe_double(rule) for rule in rules]
            order.maintenance_warning = "\n".join(notices)

    def action_begin_maintenance_today(self):
        """Have the visits of these offers count from the day of the order."""
        self.commitment_date = False
        return True

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_maintenance_counts(self):
        self.maintenance_schedule_count = 0
        self.maintenance_visit_count = self.maintenance_visit_done_count = 0
        visits, schedules = (
            self.env["maintenance.visit"],
            self.env["maintenance.schedule"],
        )
        if not visits.has_access("read") or not schedules.has_access("read"):
            return
        for order, state, count in visits._read_group(
            self._get_visit_domain(), ["sale_order_id", "state"], ["__count"]
        ):
            order.maintenance_visit_count += count
            if state == "done":
                order.maintenance_visit_done_count += count
        for order, count in schedules._read_group(
            self._get_schedule_domain(), ["sale_order_id"], ["__count"]
        ):
            order.maintenance_schedule_count = count

    def _get_visit_domain(self):
        """Return the visits of these orders that take place: the one definition behind
        button and counters."""
        return [("sale_order_id", "in", self.ids), ("state", "!=", "cancelled")]

    def _get_schedule_domain(self):
        """Return the schedules of these orders: the one definition behind button and
        counter."""
        return [("sale_order_id", "in", self.ids)]

    def action_view_maintenance_visits(self):
        """Show the visits of these orders."""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "field_maintenance.maintenance_visit_action"
        )
        return {**action, "domain": self._get_visit_domain(), "context": {}}

    def action_view_maintenance_schedules(self):
        """Show the schedules of these orders, a single one in its form."""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "field_maintenance.maintenance_schedule_action"
        )
        schedules = self.env["maintenance.schedule"].search(self._get_schedule_domain())
        if len(schedules) == 1:
            action.update(
                views=[(False, "form")], view_mode="form", res_id=schedules.id
            )
        return {**action, "domain": self._get_schedule_domain(), "context": {}}

    def action_view_request(self):
        """Show the request that this order answers."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "service.request",
            "views": [(False, "form")],
            "res_id": self.request_id.id,
        }

    # -- From order to visits ----------------------------------------------------------

    def write(self, vals):
        result = super().write(vals)
        if "state" in vals:
            # Whoever sends or confirms an offer need not handle the request.
            requests = self.env["service.request"].sudo()
            requests = requests.search([("sale_order_id", "in", self.ids)])
            if requests:
                requests._follow_order(vals["state"])
            if vals["state"] != "sale":
                self.order_line._release_rentals()
        return result

    def _action_confirm(self):
        result = super()._action_confirm()
        self.filtered(lambda order: order.service_type)._create_maintenance()
        self.order_line._reserve_rentals()
        return result

    def _create_maintenance(self):
        """Make what the lines of these orders order and what is not there yet.

        :return: schedules and visits
        """
        return self.order_line._create_maintenance()

    def _create_maintenance_schedules(self, lines):
        """Schedule those of these lines that are not yet: in the live schedule of the
        order if there is one, else in a new one.

        :return: schedules that have new lines
        """
        live = self.maintenance_schedule_ids.filtered(lambda s: s.state != "closed")
        # Not anew what was archived: it comes back with its quantity.
        lines -= live.with_context(active_test=False).line_ids.sale_line_id
        extended, vals_list = live.browse(), []
        for order, order_lines in lines.grouped("order_id").items():
            vals = order._prepare_maintenance_schedule_vals(order_lines)
            if schedule := live & order.maintenance_schedule_ids:
                # What was added later counts from then, not from the first order.
                start = max(schedule.date_start, order._get_service_date())
                for _command, _id, line_vals in vals["line_ids"]:
                    line_vals["date_start"] = start
                schedule.line_ids = vals["line_ids"]
                extended |= schedule
            else:
                vals_list.append(vals)
        # The database knows one live schedule of an order: the others are closed first.
        live.flush_model(["state", "sale_order_id"])
        created = live.create(vals_list)
        if created:
            created.action_activate()
        return extended | created

    def _prepare_maintenance_schedule_vals(self, lines):
        """Return the values of the schedule of some lines of this order."""
        self.ensure_one()
        sites = self.env["res.partner"].union(
            *(site for line in lines for site in line._get_visit_sites())
        )
        return {
            "name": self.env._(
                "%(order)s, %(customer)s",
                order=self.name,
                customer=self.partner_id.display_name,
            ),
            "company_id": self.company_id.id,
            "partner_id": self.partner_id.id,
            # At several sites, each piece is visited where it stands.
            "site_id": sites.id if len(sites) == 1 else False,
            "user_id": self.user_id.id,
            "date_start": self._get_service_date(),
            "sale_order_id": self.id,
            "line_ids": [
                Command.create(vals)
                for line in lines
                for vals in line._prepare_schedule_lines_vals()
            ],
        }

    def _get_visit_site(self):
        """Return where the customer has what was ordered."""
        self.ensure_one()
        customer, site = self.partner_id, self.partner_shipping_id
        is_own = site.commercial_partner_id == customer.commercial_partner_id
        return site if is_own else customer

    def _get_service_date(self):
        """Return the day from which what was ordered is due, at the site: the promised
        one, else the day of the order; of what is added to an order that was confirmed
        before, today at the earliest."""
        self.ensure_one()
        site = self._get_visit_site()
        order = self.with_context(
            tz=site._get_site_tz(self.partner_id, self.company_id)
        )
        ordered, promised, today = (
            fields.Datetime.context_timestamp(order, moment).date()
            for moment in (
                self.date_order,
                self.commitment_date or self.date_order,
                fields.Datetime.now(),
            )
        )
        is_added = self.state == "sale" and ordered < today
        return max(promised, today) if is_added else promised

    def _prepare_visit_vals(self, site, pieces_by_line):
        """Return the values of the visit that fulfils some lines at a site.

        :param site: contact where it takes place
        :param pieces_by_line: {order line: its equipment at this site}
        """
        self.ensure_one()
        lines = self.env["sale.order.line"].union(*pieces_by_line)
        types = lines.product_id.visit_type_id
        # What was linked before that was refused confirms as before.
        asking = self.sudo().request_id.commercial_partner_id
        is_theirs = asking in (asking.browse(), self.partner_id.commercial_partner_id)
        pieces = self.env["installed.base"].union(*pieces_by_line.values())
        distributions = filter(None, (line.analytic_distribution for line in lines))
        vals = {
            "company_id": self.company_id.id,
            "partner_id": self.partner_id.id,
            "site_id": site.id,
            "state": "to_plan",
            "visit_type_id": types[:1].id,
            "duration": sum(types.mapped("duration")),
            "due_date": self._get_service_date(),
            "description": "\n".join(lines.mapped("name")),
            "sale_order_id": self.id,
            "request_id": self.sudo().request_id.id if is_theirs else False,
            "sale_line_ids": [Command.set(lines.ids)],
            "analytic_distribution": next(distributions, False),
        }
        if pieces:
            vals["line_ids"] = [
                Command.create({"installed_base_id": piece.id}) for piece in pieces
            ]
        return vals

    def action_create_visit(self):
        """Make by hand what was ordered and is not there: the schedule, and visits to
        plan; show the visits if none is missing."""
        self.ensure_one()
        # Making visits is a matter of orders: who may write one may ask for them.
        self.check_access("write")
        if self.state != "sale":
            raise UserError(
                self.env._(
                    "Confirm %s first: visits are created from confirmed orders.",
                    self.display_name,
                )
            )
        self.service_type = self.service_type or "maintenance"
        schedules, visits = self._create_maintenance()
        if not schedules and not visits:
            # What a product is visited for is no question of rights.
            lines = self.sudo().order_line.filtered(lambda line: line._is_visited())
            if not lines:
                raise UserError(
                    self.env._(
                        "%s has no line to visit. Choose a visit type on one of its "
                        "products.",
                        self.display_name,
                    )
                )
            single = lines.filtered(lambda line: not line.product_id.service_mode)
            visits = single.maintenance_visit_ids.filtered(
                lambda visit: visit.state != "cancelled"
            ).with_env(self.env)
        if visits:
            action = self.action_view_maintenance_visits()
            if len(visits) == 1:
                action.update(views=[(False, "form")], res_id=visits.id)
            return {**action, "domain": [("id", "in", visits.ids)]}
        return self.action_view_maintenance_schedules()

    # -- Lines and bills ---------------------------------------------------------------

    def action_add_standard_lines(self):
        """Add what work on the equipment of this quotation usually takes."""
        self.ensure_one()
        # What is sold for which equipment does not depend on who may read it.
        pieces = self.sudo().order_line.installed_base_ids
        kinds = self.order_line.product_id.visit_type_id
        standards = self.env["service.standard"]._get_fitting(
            self.company_id, pieces, kinds if len(kinds) == 1 else kinds.browse()
        )
        return standards._offer(self)

    def _add_standard_lines(self, standards):
        """Add the lines of standards to this quotation."""
        self.order_line = [
            Command.create(
                {
                    "product_id": line.product_id.id,
                    "product_uom_qty": line.quantity,
                    **line._prepare_text(self.partner_id),
                }
            )
            for line in standards.line_ids
        ]

    def _get_bills_action(self):
        """Return the action that shows these orders, a single one in its form."""
        action = self.env["ir.actions.act_window"]._for_xml_id("sale.action_orders")
        if len(self) == 1:
            return {**action, "views": [(False, "form")], "res_id": self.id}
        # Core's filter of confirmed orders would hide those that are quotations.
        return {**action, "domain": [("id", "in", self.ids)], "context": {}}

    # -- Cancelling --------------------------------------------------------------------

    def _action_cancel(self):
        # Who cancels an order need not plan visits.
        visits = self.env["maintenance.visit"].sudo()
        # An order that only bills what visits used does not make them.
        maintenance = self.filtered(lambda order: order.service_type)
        done = visits.search([*maintenance._get_visit_domain(), ("state", "=", "done")])
        if done:
            raise UserError(
                self.env._(
                    "%(order)s cannot be cancelled because these visits are done. "
                    "Credit what the customer does not have to pay instead.\n"
                    "%(visits)s",
                    order=", ".join(done.sale_order_id.mapped("name")),
                    visits="\n".join(
                        self._describe_done_visit(visit) for visit in done
                    ),
                )
            )
        result = super()._action_cancel()
        # Nor know what visits used, which is free to be billed again.
        lines = self.env["service.line"].sudo()
        lines.search([("sale_line_id.order_id", "in", self.ids)])._recompute_coverage()
        # Nor schedules, which end with the order.
        schedules = self.env["maintenance.schedule"].sudo()
        schedules.search(
            [*self._get_schedule_domain(), ("state", "!=", "closed")]
        ).action_close()
        left = visits.search(
            [("sale_order_id", "in", self.ids), ("state", "in", OPEN_STATES)]
        )
        for order, order_visits in left.grouped("sale_order_id").items():
            order_visits._cancel_alone(
                self.env._("Order %s was cancelled.", order.name)
            )
        return result

    def _describe_done_visit(self, visit):
        day = visit._get_site_day(visit.date_start) or visit.due_date
        return self.env._(
            "- %(visit)s on %(day)s",
            visit=visit.display_name,
            day=format_date(self.env, day),
        )

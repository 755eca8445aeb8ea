import math
from collections import defaultdict

from odoo import api, fields, models
from odoo.fields import Command
from odoo.tools import format_list

from odoo.addons.field_installed_base.models.equipment.installed_base import (
    READER_GROUPS,
)

from ..context import GENERATING
from .visit.maintenance_visit import OPEN_STATES

# More visits of one line than anybody plans at once; the button makes the next ones.
VISITS_AT_ONCE = 100
# What a smaller quantity leaves alone.
UNDER_WAY = ("in_progress", "done")
# What of a confirmed line says what is visited, and how often.
ORDERED_FIELDS = frozenset(
    {"installed_base_ids", "product_id", "product_uom_id", "product_uom_qty"}
)


class SaleOrderLine(models.Model):
    """A line whose product is visited: its delivery follows the visits."""

    _name = "sale.order.line"
    _inherit = ["sale.order.line", "installed.base.guard.mixin"]

    qty_delivered_method = fields.Selection(
        selection_add=[("visit", "Visits"), ("rental", "Rentals")]
    )
    is_visit_bill = fields.Boolean(
        string="Is Visit Billing",
        copy=False,
        help="Bills the parts and time of a visit, and is not visited itself.",
    )
    maintenance_visit_ids = fields.Many2many(
        comodel_name="maintenance.visit",
        relation="maintenance_visit_sale_line_rel",
        column1="sale_line_id",
        column2="visit_id",
        string="Visits",
        copy=False,
        groups=READER_GROUPS,
    )
    maintenance_schedule_line_ids = fields.One2many(
        comodel_name="maintenance.schedule.line",
        inverse_name="sale_line_id",
        string="Schedule Lines",
        copy=False,
        groups=READER_GROUPS,
    )

    # -- Delivery ----------------------------------------------------------------------

    @api.depends(
        "order_id.service_type",
        "product_id",
        "is_visit_bill",
        "rental_line_id",
        "rental_start",
        "rental_end",
    )
    def _compute_qty_delivered_method(self):
        rented = self.filtered(lambda line: line._is_of_rental())
        rented.qty_delivered_method = "rental"
        visited = (self - rented).filtered(lambda line: line._is_visited())
        visited.qty_delivered_method = "visit"
        others = self - rented - visited
        return super(SaleOrderLine, others)._compute_qty_delivered_method()

    @api.depends(
        "maintenance_visit_ids.state",
        "maintenance_visit_ids.completion",
        "maintenance_visit_ids.follow_up_ids.state",
        "maintenance_visit_ids.follow_up_ids.completion",
        "maintenance_schedule_line_ids.date_end",
        "maintenance_schedule_line_ids.visit_count",
        "maintenance_schedule_line_ids.visit_limit",
        "product_uom_qty",
        "rental_loan_ids.state",
    )
    def _compute_qty_delivered(self):
        return super()._compute_qty_delivered()

    def _prepare_qty_delivered(self):
        quantities = super()._prepare_qty_delivered()
        for line in self:
            if line.qty_delivered_method == "visit":
                quantities[line] = line._get_visit_quantity()
            elif line.qty_delivered_method == "rental":
                quantities[line] = line._get_rental_quantity()
        return quantities

    def _get_visit_quantity(self, without=None):
        """Return what the visits that were done in full deliver of this line.

        Where its schedule has an end, each visit is its share of what was ordered; else
        each counts one.

        :param without: a visit that is not counted, nor what follows it up
        """
        self.ensure_one()
        # What is delivered does not depend on who looks.
        line = self.sudo()
        occurrences = line.maintenance_visit_ids.filtered(
            lambda visit: not visit.follow_up_of_id and visit != without
        )
        done = len(occurrences.filtered(lambda v: v.occurrence_state == "done"))
        total = line.maintenance_schedule_line_ids._count_term_visits()
        return line.product_uom_qty * min(done / total, 1) if total else done

    def _is_credited_in_full(self):
        """Tell whether this line was invoiced, and all of it was credited."""
        self.ensure_one()
        if not self.invoice_lines or not self.product_uom_id.is_zero(self.qty_invoiced):
            return False
        posted = self.invoice_lines.filtered(lambda row: row.parent_state == "posted")
        kinds = set(posted.move_id.mapped("move_type"))
        return {"out_invoice", "out_refund"} <= kinds

    # -- From line to visits -----------------------------------------------------------

    def _is_visited(self):
        """Tell whether this line sells visits."""
        self.ensure_one()
        return (
            self.order_id.service_type == "maintenance"
            and not self.display_type
            and not self.is_downpayment
            and not self.is_expense
            and not self.is_visit_bill
            and bool(self.product_id.visit_type_id)
        )

    def _get_ordered_units(self):
        """Return how many visits, or terms of visits, this line sells: the quantity of
        a service. None for goods, of which it says how many pieces are visited, and for
        hours, of which it says how long."""
        self.ensure_one()
        uom = self.product_uom_id
        # Core's units are there for good: `env.ref` would look each time.
        get_id = self.env["ir.model.data"]._xmlid_to_res_id
        hour = uom.browse(get_id("uom.product_uom_hour"))
        if self.product_id.type != "service" or uom._has_common_reference(hour):
            return None
        unit = uom.browse(get_id("uom.product_uom_unit"))
        if not uom._has_common_reference(unit):
            unit = self.product_id.uom_id
        quantity = uom._compute_quantity(self.product_uom_qty, unit, round=False)
        # Rounding errors of the conversion are no further visit.
        return max(0, math.ceil(quantity - 1e-6))

    def _get_visited_equipment(self):
        """Return which equipment this line is about: what was chosen on it, else what
        the rest of the order is linked to."""
        self.ensure_one()
        chosen = self.installed_base_ids or self.order_id.order_line.installed_base_ids
        return chosen.filtered(lambda piece: piece.state == "installed")

    def _get_schedule_shares(self, count):
        """Return what of the rules of so many schedule lines follows from the ordered
        quantity, which is shared out among them; each has one visit or term at least.

        :return: a dictionary of values for each schedule line
        """
        self.ensure_one()
        product, units = self.product_id, self._get_ordered_units()
        if units is None:
            share = {"visit_count": product.service_visit_count, "visit_limit": 0}
            return [share] * count
        each, rest = divmod(units, count)
        units = [max(1, each + (index < rest)) for index in range(count)]
        if product.service_mode == "spread":
            return [
                {"visit_count": product.service_visit_count * number, "visit_limit": 0}
                for number in units
            ]
        return [
            {"visit_count": product.service_visit_count, "visit_limit": number}
            for number in units
        ]

    def _prepare_schedule_lines_vals(self):
        """Return the values of a schedule line for each piece of equipment, or of one
        without: as many visits as were ordered."""
        self.ensure_one()
        product = self.product_id.product_tmpl_id
        common = {
            **product._get_rule_values(),
            "month_ids": [Command.set(product.service_month_ids.ids)],
            "visit_type_id": product.visit_type_id.id,
            "sale_line_id": self.id,
        }
        pieces = self._get_visited_equipment()
        vals_list = [{**common, "installed_base_id": piece.id} for piece in pieces]
        vals_list = vals_list or [common]
        shares = self._get_schedule_shares(len(vals_list))
        return [
            {**vals, **share} for vals, share in zip(vals_list, shares, strict=True)
        ]

    def _get_doubled_schedule_lines(self):
        """Return the lines of running schedules of other orders that visit for the same
        work what these lines will be scheduled for."""
        by_rule = self.filtered("product_id.service_mode")
        wanted = {
            (piece._origin, line.product_id.visit_type_id)
            for line in by_rule
            for piece in line._get_visited_equipment()
        }
        pieces = self.env["installed.base"].union(*(piece for piece, _type in wanted))
        found = self.env["maintenance.schedule.line"].search(
            [
                ("installed_base_id", "in", pieces.ids),
                ("state", "in", ("active", "suspended")),
                ("sale_line_id", "not in", self._origin.ids),
            ]
        )
        return found.filtered(
            lambda rule: (rule.installed_base_id, rule.visit_type_id) in wanted
        )

    def _get_live_visits(self):
        """Return the visits of this line that take place, without follow-ups."""
        self.ensure_one()
        return self.maintenance_visit_ids.filtered(
            lambda visit: visit.state != "cancelled" and not visit.follow_up_of_id
        )

    def _get_visit_sites(self):
        """Return {site: the equipment there that this line is about}."""
        self.ensure_one()
        pieces, site = self._get_visited_equipment(), self._get_unnamed_site()
        return pieces.grouped(lambda piece: piece.site_id or site) or {site: pieces}

    def _get_unnamed_site(self):
        """Return where the work of this line is as far as its equipment does not tell:
        at the delivery address. A service is where the customer's equipment is, if
        that is at one site and nobody chose a delivery address."""
        self.ensure_one()
        order = self.order_id
        site, customer = order._get_visit_site(), order.partner_id
        usual = customer.address_get(["delivery"])["delivery"]
        if self.product_id.type != "service" or site.id not in (usual, customer.id):
            return site
        sites = customer._get_sites()[customer]
        return sites if len(sites) == 1 else site

    def _get_ordered_visits(self):
        """Return what this line orders, whose product has no rule.

        :return: {site: its equipment}, and the number of visits at each site
        """
        self.ensure_one()
        sites, pieces = self._get_visit_sites(), self._get_visited_equipment()
        # A visit is about all pieces of its site.
        units = self._get_ordered_units() or 1
        return sites, math.ceil(units / (len(pieces) or 1))

    def _get_missing_visits(self):
        """Return where how many visits of this line, whose product has no rule, are
        still to be made.

        :return: {site: (its equipment, number of visits)}
        """
        sites, each = self._get_ordered_visits()
        live = self._get_live_visits()
        missing, left = {}, each * len(sites) - len(live)
        for site, own in sites.items():
            here = len(live.filtered(lambda visit, site=site: visit.site_id == site))
            number = min(each - here, left, VISITS_AT_ONCE)
            if number > 0:
                missing[site] = (own, number)
                left -= number
        return missing

    def _create_maintenance(self):
        """Make what these lines order and what is not there yet: the schedules of
        those whose product has a rule, visits to plan at each site of the others.

        :return: schedules and visits
        """
        # Who sells maintenance need not plan it.
        lines = self.sudo().filtered(
            lambda line: line._is_visited() and line.product_uom_qty > 0
        )
        by_rule = lines.filtered("product_id.service_mode")
        schedules = lines.order_id._create_maintenance_schedules(by_rule)
        visits = (lines - by_rule)._create_maintenance_visits()
        return schedules.with_env(self.env), visits.with_env(self.env)

    def _create_maintenance_visits(self):
        """Make the visits to plan of these lines that are missing: one about all lines
        that miss one at its site.

        :return: the visits
        """
        wanted = defaultdict(dict)
        for line in self:
            for site, (pieces, number) in line._get_missing_visits().items():
                for index in range(number):
                    wanted[line.order_id, site, index][line] = pieces
        # Due visits have no history; see the visit.
        visits = self.env["maintenance.visit"].sudo()
        return visits.with_context(mail_create_nolog=True).create(
            [
                order._prepare_visit_vals(site, pieces_by_line)
                for (order, site, _index), pieces_by_line in wanted.items()
            ]
        )

    # -- Lines of confirmed orders -----------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        ordered = lines.filtered(lambda line: line.state == "sale")
        ordered._create_and_log_maintenance()
        ordered._reserve_rentals()
        lines.filtered(lambda line: line._is_rental())._follow_deposits({})
        return lines

    def write(self, vals):
        self._check_rental_days(vals)
        rented = self._get_rented(vals)
        if not vals.keys() & ORDERED_FIELDS:
            result = super().write(vals)
            self._follow_with_rentals(vals, rented)
            return result
        # What was ordered is visited, whoever changes the order.
        confirmed = self.sudo().filtered(lambda line: line.state == "sale")
        before = {line: (line.product_id, line.product_uom_qty) for line in confirmed}
        shares = {
            line: line._get_schedule_shares(len(rules))
            for line in confirmed
            if (rules := line._get_all_schedule_lines())
        }
        pieces = {}
        if "installed_base_ids" in vals:
            # Lines without equipment of their own are about that of the others.
            about = confirmed.order_id.order_line.filtered(
                lambda line: line._is_visited() and line.product_uom_qty > 0
            )
            pieces = {line: line._get_visited_equipment() for line in about}
        result = super().write(vals)
        for line, (product, quantity) in before.items():
            if line.product_id != product or line.product_uom_qty <= 0:
                line._retract(for_good=line.product_id != product)
                continue
            if line in shares:
                line._follow_quantity(shares[line])
            if line.product_uom_qty < quantity:
                line._retract_excess()
        confirmed.browse(line.id for line in pieces)._follow_equipment(pieces)
        # A schedule that somebody closed stays closed.
        known = confirmed.with_context(active_test=False)
        new = known.filtered(lambda line: not line.maintenance_schedule_line_ids)
        new.with_env(confirmed.env)._create_and_log_maintenance()
        self._follow_with_rentals(vals, rented)
        return result

    def unlink(self):
        return super(SaleOrderLine, self | self.rental_part_ids).unlink()

    def _get_all_schedule_lines(self):
        """Return the schedule lines of this line in running schedules, those that were
        archived with its quantity included."""
        self.ensure_one()
        rules = self.with_context(active_test=False).maintenance_schedule_line_ids
        return rules.filtered(lambda rule: rule.state != "closed").sorted("id")

    def _create_and_log_maintenance(self):
        """Make what was added to confirmed orders, and say so in their chatter."""
        schedules, visits = self._create_maintenance()
        for order, made in visits.sudo().grouped("sale_order_id").items():
            products = made.sale_line_ids.product_id.mapped("display_name")
            order._message_log(
                body=self.env._(
                    "Visits to plan were created: %(count)s of %(products)s.",
                    count=len(made),
                    products=format_list(self.env, products),
                )
            )
        for schedule in schedules.sudo():
            schedule.sale_order_id._message_log(
                body=self.env._(
                    "The added quantity is visited by schedule %s.",
                    schedule.display_name,
                )
            )

    def _follow_equipment(self, before):
        """Visit the equipment that these lines are about now: what takes the place of
        other equipment is visited by the same rule and at the same time.

        :param before: {line: equipment it was about}
        """
        for line in self:
            after = line._get_visited_equipment()
            gone, new = before[line] - after, after - before[line]
            if not gone and not new:
                continue
            line._exchange_on_visits(before[line], after)
            rules = line._get_all_schedule_lines().filtered("active")
            # The rule of a line without equipment is about none.
            leaving = rules.filtered(
                lambda rule, gone=gone: (
                    rule.installed_base_id in gone or not rule.installed_base_id
                )
            )
            if rules:
                line._exchange_on_rules(rules, leaving, new - rules.installed_base_id)
        self.filtered(
            lambda line: not line._get_all_schedule_lines()
        )._create_and_log_maintenance()

    def _exchange_on_rules(self, rules, leaving, new):
        """Let other equipment take the place of some in the schedule of this line.

        :param rules: its lines in running schedules
        :param leaving: those of them whose equipment it is not about any more
        :param new: equipment that has no rule yet
        """
        before = dict(zip(rules, self._get_schedule_shares(len(rules)), strict=True))
        for rule, piece in zip(leaving, new, strict=False):
            rule._take_equipment(piece)
        left = leaving[len(new) :]
        if len(rules) == len(left):
            # Nothing was chosen instead: one rule goes on without equipment.
            left[:1]._take_equipment(new.browse())
            left = left[1:]
        if left:
            left._remove_untouched()
            self._retract_visits(
                left.visit_ids.filtered(lambda visit: visit.state in OPEN_STATES)
            )
            left.write({"active": False, "sale_line_id": False})
        start = max(rules.schedule_id[:1].date_start, self.order_id._get_service_date())
        kept, added = rules - left, []
        by_piece = kept.grouped(lambda rule: rule.installed_base_id.id)
        for vals in self._prepare_schedule_lines_vals():
            rule = by_piece.get(vals.get("installed_base_id", False))
            if not rule:
                added.append({**vals, "date_start": start})
                continue
            share = {
                name: vals[name]
                for name, value in before[rule].items()
                if rule[name] == value != vals[name]
            }
            if share:
                rule.write(share)
        rules.schedule_id[:1].line_ids = [Command.create(vals) for vals in added]

    def _exchange_on_visits(self, before, after):
        """Let other equipment take the place of some on the open visits of this line
        that follow no rule. What is at another site is visited anew.

        :param before: the equipment this line was about; of none, its visits were about
            what is at their site
        :param after: the equipment it is about now
        """
        self.ensure_one()
        visits = self._get_live_visits().filtered(
            lambda visit: visit.state not in UNDER_WAY and not visit.schedule_line_id
        )
        order = self.order_id
        for visit in visits:
            others = visit.sale_line_ids - self
            shared = after.browse().union(
                *(line._get_visited_equipment() for line in others)
            )
            known = visit.line_ids.installed_base_id
            here = (after - known).filtered(
                lambda piece, visit=visit: (
                    (piece.site_id or order._get_visit_site()) == visit.site_id
                )
            )
            gone = (before or known) - after - shared
            lines = visit.line_ids.filtered(
                lambda line, gone=gone: line.installed_base_id in gone
            )
            for line, piece in zip(lines, here, strict=False):
                line.write(
                    {
                        "installed_base_id": piece.id,
                        "product_id": piece.product_id.id,
                        "serial_number": piece.serial_number,
                    }
                )
            left = lines[len(here) :]
            if left == visit.line_ids and after and not here:
                # It goes to another site.
                self._retract_visits(visit)
                continue
            left.unlink()
            left.create(
                [
                    {"visit_id": visit.id, "installed_base_id": piece.id}
                    for piece in here[len(lines) :]
                ]
            )

    def _follow_quantity(self, before):
        """Let the rules of this line make as many visits as are ordered now. What a
        dispatcher set otherwise stays.

        :param before: what followed from the quantity before, for each schedule line
        """
        rules = self._get_all_schedule_lines()
        after = self._get_schedule_shares(len(rules))
        for rule, old, new in zip(rules, before, after, strict=True):
            vals = {"active": True} if not rule.active else {}
            vals |= {
                name: value
                for name, value in new.items()
                if value != rule[name] and (not rule.active or rule[name] == old[name])
            }
            if vals:
                rule.write(vals)
            if "active" in vals and rule.state == "active":
                rule._apply_rule()

    def _retract(self, for_good=False):
        """Visit this line no more.

        :param bool for_good: its rules do not come back with the quantity
        """
        rules = self._get_all_schedule_lines()
        rules._remove_untouched()
        self._retract_visits(
            self._get_live_visits().filtered(lambda v: v.state not in UNDER_WAY)
        )
        rules.write({"active": False, **({"sale_line_id": False} if for_good else {})})

    def _retract_excess(self):
        """Take back the last visits that are more than what is ordered now."""
        excess = self.maintenance_visit_ids.browse()
        # What was done stays, then what somebody planned, then what comes first.
        live = self._get_live_visits().sorted(
            lambda visit: (
                visit.state not in UNDER_WAY,
                visit.state == "to_plan" and not visit.schedule_line_id,
                visit.occurrence_date or visit.due_date,
                visit.id,
            )
        )
        if not self.product_id.service_mode and self._get_ordered_units() is not None:
            sites, each = self._get_ordered_visits()
            single = live.filtered(lambda visit: not visit.schedule_line_id)
            excess |= single[each * len(sites) :]
        for rule in self._get_all_schedule_lines().filtered("active"):
            own = live.filtered(lambda visit, rule=rule: visit.schedule_line_id == rule)
            limit = rule.visit_count if rule.mode == "spread" else rule.visit_limit
            if limit:
                excess |= own[limit:]
        self._retract_visits(excess.filtered(lambda v: v.state not in UNDER_WAY))

    def _retract_visits(self, visits):
        """Cancel visits of this line. Those that other lines need go on without it."""
        shared = visits.filtered(
            lambda visit: any(
                line.product_uom_qty > 0 for line in visit.sale_line_ids - self
            )
        )
        shared.with_context(visit_generation=GENERATING).write(
            {"sale_line_ids": [Command.unlink(self.id)]}
        )
        alone = (visits - shared).with_context(visit_generation=GENERATING)
        if alone:
            alone._cancel_alone(
                self.env._("Order %s no longer includes it.", self.order_id.name)
            )
            # Ordered again, they are made again.
            alone.filtered("schedule_line_id").write({"is_dropped": True})

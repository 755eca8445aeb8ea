from collections import defaultdict

from odoo import api, fields, models
from odoo.fields import Command

from odoo.addons.field_installed_base.models.installed_base import READER_GROUPS


class SaleOrderLine(models.Model):
    """A line whose product is visited: its delivery follows the visits."""

    _inherit = "sale.order.line"

    qty_delivered_method = fields.Selection(selection_add=[("visit", "Visits")])
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

    @api.depends("order_id.service_type", "product_id")
    def _compute_qty_delivered_method(self):
        visited = self.filtered(lambda line: not line.is_expense and line._is_visited())
        visited.qty_delivered_method = "visit"
        return super(SaleOrderLine, self - visited)._compute_qty_delivered_method()

    @api.depends(
        "maintenance_visit_ids.state",
        "maintenance_visit_ids.completion",
        "maintenance_visit_ids.follow_up_ids.state",
        "maintenance_visit_ids.follow_up_ids.completion",
        "maintenance_schedule_line_ids.date_end",
        "product_uom_qty",
    )
    def _compute_qty_delivered(self):
        return super()._compute_qty_delivered()

    def _prepare_qty_delivered(self):
        quantities = super()._prepare_qty_delivered()
        for line in self:
            if line.qty_delivered_method == "visit":
                quantities[line] = line._get_visit_quantity()
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

    # -- From line to visits -----------------------------------------------------------

    def _is_visited(self):
        """Tell whether this line sells visits."""
        self.ensure_one()
        return (
            self.order_id.service_type == "maintenance"
            and not self.display_type
            and not self.is_downpayment
            and bool(self.product_id.visit_type_id)
        )

    def _get_visited_equipment(self):
        """Return which equipment this line is about: what was chosen on it, else what
        the rest of the order is linked to."""
        self.ensure_one()
        chosen = self.installed_base_ids or self.order_id.order_line.installed_base_ids
        return chosen.filtered(lambda piece: piece.state == "installed")

    def _prepare_schedule_lines_vals(self):
        """Return the values of a schedule line for each piece of equipment, or of one
        without."""
        self.ensure_one()
        product = self.product_id.product_tmpl_id
        rule = {
            name: product[name]
            for name in product._get_rule_fields()
            if name != "month_ids"
        }
        common = {
            **rule,
            "month_ids": [Command.set(product.month_ids.ids)],
            "visit_type_id": product.visit_type_id.id,
            "sale_line_id": self.id,
        }
        pieces = self._get_visited_equipment()
        if not pieces:
            return [common]
        return [{**common, "installed_base_id": piece.id} for piece in pieces]

    def _create_maintenance_visits(self):
        """Make a visit to plan at each site of these lines, about their equipment.

        :return: the visits
        """
        sites = defaultdict(lambda: defaultdict(self.env["installed.base"].browse))
        for line in self:
            order, pieces = line.order_id, line._get_visited_equipment()
            for piece in pieces:
                sites[order, piece.site_id or order._get_visit_site()][line] |= piece
            if not pieces:
                sites[order, order._get_visit_site()][line] |= pieces
        # Due visits have no history; see the visit.
        visits = self.env["maintenance.visit"].sudo()
        return visits.with_context(mail_create_nolog=True).create(
            [
                order._prepare_visit_vals(site, pieces_by_line)
                for (order, site), pieces_by_line in sites.items()
            ]
        )

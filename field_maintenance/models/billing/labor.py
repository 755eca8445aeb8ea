from odoo import api, fields, models
from odoo.exceptions import RedirectWarning, UserError

# Which setting of the company says how recorded time is billed.
LABOR_PRODUCTS = {
    "travel": "visit_travel_product_id",
    "work": "visit_work_product_id",
}


class MaintenanceVisit(models.Model):
    """Recorded times that become labor lines: one for each technician and type."""

    _inherit = "maintenance.visit"

    has_times_to_take_over = fields.Boolean(
        string="Has Recorded Time to Add",
        compute="_compute_has_times_to_take_over",
        groups="field_installed_base.group_user,account.group_account_invoice",
    )

    @api.depends(
        "time_ids.duration",
        "time_ids.technician_id",
        "time_ids.time_type",
        "service_line_ids.quantity",
        "service_line_ids.time_type",
        "state",
    )
    def _compute_has_times_to_take_over(self):
        for visit in self:
            visit.has_times_to_take_over = visit.state != "cancelled" and bool(
                visit._get_labor_changes()
                or (visit.time_ids and not visit._get_labor_products())
            )

    def action_take_over_times(self):
        """Make the labor lines say what the clocks recorded, as often as it is pressed.

        :raise RedirectWarning: if nothing says what recorded time is billed as
        :raise UserError: if the visit is cancelled, or its time was taken over
        """
        self._check_state(
            ("to_plan", "planned", "in_progress", "done"),
            self.env._(
                "You cannot change the parts and time of visit %(visit)s: its status "
                "is “%(state)s”."
            ),
        )
        for visit in self:
            if not visit._get_labor_products():
                visit._refuse_without_labor_products()
            changes = visit._get_labor_changes()
            if not changes:
                raise UserError(
                    self.env._(
                        "All recorded time of visit %s is already in its parts and "
                        "time.",
                        visit.display_name,
                    )
                )
            visit._set_labor(changes)
        return True

    def _refuse_without_labor_products(self):
        message = self.env._(
            "There is no product to bill the recorded time of %s. Choose the "
            "products for travel and working time in the settings.",
            self.company_id.display_name,
        )
        if not self.env.user.has_group("base.group_system"):
            raise UserError(message)
        raise RedirectWarning(
            message,
            self.env.ref("base_setup.action_general_configuration").id,
            self.env._("Open the settings"),
        )

    def _get_labor_products(self):
        """Return {type of time: product by which it is billed}."""
        self.ensure_one()
        # What time is billed as is a setting, whoever records it.
        company = self.company_id.sudo()
        products = {kind: company[name] for kind, name in LABOR_PRODUCTS.items()}
        return {kind: product for kind, product in products.items() if product}

    def _get_recorded_hours(self):
        """Return {(technician, type of time): hours}, of clocks that have stopped."""
        self.ensure_one()
        recorded = self.time_ids.filtered("date_end").grouped(
            lambda time: (time.technician_id, time.time_type)
        )
        return {key: sum(times.mapped("duration")) for key, times in recorded.items()}

    def _get_labor_changes(self):
        """Return what the labor lines lack.

        Of what was ordered, only what came on top is left to be billed.

        :return: {(technician, type of time): (lines not ordered, quantity)}
        """
        self.ensure_one()
        products = self._get_labor_products()
        hours = self._get_recorded_hours()
        lines = self.service_line_ids.filtered("time_type")
        by_key = lines.grouped(lambda line: (line.technician_id, line.time_type))
        changes = {}
        for key in {**hours, **by_key}:
            product = products.get(key[1])
            if not product:
                continue
            known = by_key.get(key, lines.browse())
            ordered = known.filtered("is_ordered")
            unit = product.uom_id
            quantity = unit.round(
                max(
                    0,
                    self._convert_hours(hours.get(key, 0), unit)
                    - sum(ordered.mapped("quantity")),
                )
            )
            rest = known - ordered
            if unit.compare(quantity, sum(rest.mapped("quantity"))):
                changes[key] = (rest, quantity)
        return changes

    def _convert_hours(self, hours, unit):
        """Return hours in a unit of time; in any other unit, an hour counts one."""
        hour = self.env.ref("uom.product_uom_hour")
        if not hour._has_common_reference(unit):
            return hours
        return hour._compute_quantity(hours, unit, round=False)

    def _set_labor(self, changes):
        """Make, change or drop labor lines.

        :param dict changes: what `_get_labor_changes` returns
        """
        self.ensure_one()
        products = self._get_labor_products()
        vals_list = []
        for (technician, kind), (lines, quantity) in changes.items():
            (lines[1:] if quantity else lines).unlink()
            if not quantity:
                continue
            if lines:
                lines[:1].quantity = quantity
                continue
            product = products[kind].with_context(lang=self.partner_id.lang)
            vals_list.append(
                {
                    "visit_id": self.id,
                    "product_id": product.id,
                    "line_type": "labor",
                    "name": f"{product.display_name} - {technician.name}",
                    "quantity": quantity,
                    "technician_id": technician.id,
                    "time_type": kind,
                }
            )
        self.env["service.line"]._as_own_code().create(vals_list)

from odoo import fields, models


class AccountAnalyticLine(models.Model):
    """A part or the time of a visit, as a cost of the contract it belongs to."""

    _name = "account.analytic.line"
    _inherit = ["account.analytic.line", "installed.base.guard.mixin"]

    # With Timesheets, customers read lines of their projects.
    service_contract_id = fields.Many2one(
        comodel_name="service.contract",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        groups="base.group_user",
    )
    service_visit_id = fields.Many2one(
        comodel_name="maintenance.visit",
        string="Visit",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="cascade",
        groups="base.group_user",
    )
    service_line_id = fields.Many2one(
        comodel_name="service.line",
        string="Part of a Visit",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="cascade",
        groups="base.group_user",
    )
    service_time_id = fields.Many2one(
        comodel_name="maintenance.visit.time",
        string="Actual Time of a Visit",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="cascade",
        groups="base.group_user",
    )
    service_technician_id = fields.Many2one(
        comodel_name="hr.employee",
        string="Technician",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        groups="base.group_user",
    )

    _service_line_unique = models.UniqueIndex(
        "(service_visit_id, service_line_id) WHERE service_line_id IS NOT NULL",
        "This part of the visit is already posted.",
    )
    # The time of visits that are done together is shared among them.
    _service_time_unique = models.UniqueIndex(
        "(service_visit_id, service_time_id) WHERE service_time_id IS NOT NULL",
        "This time of the visit is already posted.",
    )
    _service_technician_unique = models.UniqueIndex(
        "(service_visit_id, service_technician_id) "
        "WHERE service_line_id IS NULL AND service_time_id IS NULL "
        "AND service_visit_id IS NOT NULL",
        "The time of this technician is already posted.",
    )

    def _get_service_key(self):
        """Return what a line is the cost of: one line for each."""
        self.ensure_one()
        return (
            self.service_visit_id,
            self.service_line_id or self.service_time_id or self.service_technician_id,
        )

    def _correct_service_cost(self, vals, unit_cost):
        """Bring a booked line up to what is known now. One unit of what it was booked
        for keeps its cost: what parts and hours cost later does not change the past.

        :param dict vals: without amount
        :param float unit_cost: today's
        """
        self.ensure_one()
        same = ("product_id", "service_technician_id")
        is_same = all(self[name].id == vals.get(name, False) for name in same)
        if is_same and self.amount and self.unit_amount:
            unit_cost = -self.amount / self.unit_amount
        amount = -self.currency_id.round(unit_cost * vals["unit_amount"])
        changed = {
            name: value
            for name, value in {**vals, "amount": amount}.items()
            if self._fields[name].convert_to_write(self[name], self) != value
        }
        if changed:
            self.write(changed)

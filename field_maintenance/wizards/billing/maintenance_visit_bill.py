from odoo import api, fields, models
from odoo.exceptions import UserError


class MaintenanceVisitBill(models.TransientModel):
    """Shows what of several visits is billed, how much it is, and what is held back and
    why."""

    _name = "maintenance.visit.bill"
    _description = "Bill Visits"

    grouping = fields.Selection(
        selection=[
            ("visit", "One order per visit"),
            ("customer", "One order per customer"),
        ],
        string="Orders",
        required=True,
        default="visit",
        help="One order per customer: for visits with the same currency and pricelist, "
        "with a heading for each visit.",
    )
    line_ids = fields.One2many(
        comodel_name="maintenance.visit.bill.line",
        inverse_name="bill_id",
        string="Visits",
    )
    held_count = fields.Integer(
        compute="_compute_held_count", export_string_translation=False
    )

    @api.depends("line_ids.obstacle")
    def _compute_held_count(self):
        for bill in self:
            bill.held_count = len(bill.line_ids.filtered("obstacle"))

    def action_bill(self):
        """Bill the visits that nothing holds back, and show the orders.

        :raise UserError: if all of them are held back
        """
        self.ensure_one()
        visits = self.line_ids.filtered(lambda line: not line.obstacle).visit_id
        if not visits:
            raise UserError(
                self.env._("None of these visits can be billed now. The list says why.")
            )
        visits.check_access("read")
        orders = visits._create_order_lines(together=self.grouping == "customer")
        return orders._get_bills_action()

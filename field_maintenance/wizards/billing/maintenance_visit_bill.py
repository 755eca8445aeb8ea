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

    has_claims = fields.Boolean(
        compute="_compute_has_claims", export_string_translation=False
    )

    @api.depends("line_ids.obstacle")
    def _compute_held_count(self):
        for bill in self:
            bill.held_count = len(bill.line_ids.filtered("obstacle"))

    @api.depends("line_ids.obstacle")
    def _compute_has_claims(self):
        for bill in self:
            bill.has_claims = bool(bill._get_claims())

    def _get_ready_visits(self):
        """Return the visits that nothing holds back."""
        return self.line_ids.filtered(lambda line: not line.obstacle).visit_id

    def _get_claims(self):
        """Return what can be claimed of these visits, of those that are billed."""
        return self.env["service.warranty.report"].search(
            [
                ("visit_id", "in", self._get_ready_visits().ids),
                ("claim_state", "=", "to_claim"),
                ("partner_id", "!=", False),
            ]
        )

    def action_bill(self):
        """Bill the visits that nothing holds back, and show the orders.

        :raise UserError: if all of them are held back
        """
        self.ensure_one()
        visits = self._get_ready_visits()
        if not visits:
            raise UserError(
                self.env._("None of these visits can be billed now. The list says why.")
            )
        visits.check_access("read")
        orders = visits._create_order_lines(together=self.grouping == "customer")
        return orders._get_bills_action()

    def action_bill_and_claim(self):
        """Bill the visits that nothing holds back, print claims of what warranties paid
        on them, and show the orders.

        :raise UserError: if all of them are held back
        :raise AccessError: unless the user may claim
        """
        self.ensure_one()
        # The letters are printed at once: nothing waits for a choice of their layout.
        claims = self._get_claims().with_context(discard_logo_check=True)
        orders = self.action_bill()
        if not claims:
            return orders
        return {
            "type": "ir.actions.client",
            "tag": "field_maintenance.print_first",
            "params": {"report": claims.action_claim(), "next": orders},
        }

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from odoo.addons.field_installed_base.models.equipment.installed_base import (
    READER_GROUPS,
)

from ...context import SIGNING


class ServiceLine(models.Model):
    _inherit = "service.line"

    loan_id = fields.Many2one(
        comodel_name="service.loan",
        index="btree_not_null",
        readonly=True,
        copy=False,
        ondelete="set null",
        help="The loaner that this is the fee for.",
    )


class ServiceLoan(models.Model):
    """What a loaner costs: by the day, from the day after the free ones. Neither
    warranty nor contract pays for it."""

    _inherit = "service.loan"

    fee_days = fields.Integer(
        string="Days to Charge",
        compute="_compute_fee_days",
        store=True,
        aggregator="sum",
        groups="base.group_user",
        help="Days from when it went out to when it came back, without the free days "
        "in the settings. The day on which it went out does not count.",
    )
    fee_line_ids = fields.One2many(
        comodel_name="service.line",
        inverse_name="loan_id",
        string="Fee",
        groups=READER_GROUPS,
    )
    fee_sale_line_id = fields.Many2one(
        comodel_name="sale.order.line",
        string="Order Line of the Fee",
        index="btree_not_null",
        readonly=True,
        copy=False,
        ondelete="set null",
        groups=READER_GROUPS,
    )
    can_bill_fee = fields.Boolean(
        compute="_compute_can_bill_fee",
        groups="base.group_user",
        export_string_translation=False,
    )

    # The settings count on the day on which it comes back.
    @api.depends("kind", "date_out", "date_in")
    def _compute_fee_days(self):
        for loan in self:
            company = loan.company_id.sudo()
            days = 0
            if loan.kind == "loaner" and loan.date_in and company.loan_product_id:
                days = (loan.date_in - loan.date_out).days - company.loan_free_days
            loan.fee_days = max(days, 0)

    @api.depends("fee_days", "fee_line_ids", "fee_sale_line_id.state")
    def _compute_can_bill_fee(self):
        for loan in self:
            # Whether it is billed does not depend on who may read orders.
            known = loan.sudo()
            order_line = known.fee_sale_line_id
            loan.can_bill_fee = (
                known.fee_days
                and not known.fee_line_ids
                and (not order_line or order_line.state == "cancel")
            )

    def _settle_fees(self):
        """Charge what these loans cost on the visit that they belong to, if there is
        one, and follow corrections until that is ordered."""
        # What the company charges does not depend on who takes something back.
        lines = self.env["service.line"].sudo().with_context(visit_signing=SIGNING)
        for loan in self.sudo():
            known = loan.fee_line_ids.with_env(lines.env)
            if not known and loan.can_bill_fee and (visit := loan._get_fee_visit()):
                lines.create(
                    {
                        "visit_id": visit.id,
                        "loan_id": loan.id,
                        "line_type": "cost",
                        **loan._prepare_fee(),
                    }
                )
            for line in known.filtered(lambda line: not line.is_ordered):
                if loan.fee_days:
                    line.write(loan._prepare_fee())
                else:
                    line.unlink()

    def _get_fee_visit(self):
        """Return the visit with which the fee of this loan is billed: the one on which
        it was lent, else the last one of its request. Visits that were cancelled, or
        are somebody else's by now, are none."""
        self.ensure_one()
        lent_on = self.visit_line_id.visit_id
        visits = (lent_on | self.request_id.visit_ids).filtered(
            lambda visit: (
                visit.state != "cancelled"
                and visit.commercial_partner_id == self.commercial_partner_id
            )
        )
        if lent_on not in visits:
            lent_on = visits.sorted(lambda visit: (visit.due_date, visit.id))[-1:]
        return lent_on.merged_into_id or lent_on

    def _prepare_fee(self):
        """Return product, quantity and text of the fee, as on the line of a visit."""
        self.ensure_one()
        loan = self.with_context(lang=self.partner_id.lang or self.env.lang)
        return {
            "product_id": loan.company_id.loan_product_id.id,
            "quantity": loan.fee_days,
            "name": loan.env._(
                "%(equipment)s on loan from %(start)s to %(end)s, %(days)s days",
                equipment=loan.installed_base_id.equipment_name,
                start=format_date(loan.env, loan.date_out),
                end=format_date(loan.env, loan.date_in),
                days=loan.fee_days,
            ),
        }

    def action_bill_fee(self):
        """Make a quotation of the fees of these loans that belong to no visit, one for
        each customer.

        :return: the action that opens it
        :raise UserError: if there is nothing to charge
        """
        loans = self.filtered("can_bill_fee")
        if not loans:
            raise UserError(
                self.env._(
                    "Nothing to charge: the loan is free, or its fee is on a visit or "
                    "an order already."
                )
            )
        orders = self.env["sale.order"]
        for (company, partner), group in loans.grouped(
            lambda loan: (loan.company_id, loan.partner_id)
        ).items():
            order = orders.create({"company_id": company.id, "partner_id": partner.id})
            orders |= order
            for loan in group:
                vals = loan._prepare_fee()
                vals["product_uom_qty"] = vals.pop("quantity")
                line = order.order_line.create({"order_id": order.id, **vals})
                loan._as_own_code().sudo().fee_sale_line_id = line
        action = self.env["ir.actions.actions"]._for_xml_id("sale.action_quotations")
        if len(orders) == 1:
            action.update(views=[(False, "form")], res_id=orders.id)
        return {**action, "domain": [("id", "in", orders.ids)], "context": {}}

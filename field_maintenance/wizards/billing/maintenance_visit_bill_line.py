from odoo import api, fields, models
from odoo.tools import format_list


class MaintenanceVisitBillLine(models.TransientModel):
    _name = "maintenance.visit.bill.line"
    _description = "Visit to Bill"
    _rec_name = "visit_id"

    bill_id = fields.Many2one(
        comodel_name="maintenance.visit.bill", required=True, ondelete="cascade"
    )
    visit_id = fields.Many2one(
        comodel_name="maintenance.visit",
        required=True,
        readonly=True,
        ondelete="cascade",
    )
    partner_id = fields.Many2one(related="visit_id.partner_id")
    content = fields.Char(
        string="What", compute="_compute_content", help="What goes on the order."
    )
    currency_id = fields.Many2one(
        comodel_name="res.currency", compute="_compute_content"
    )
    amount = fields.Monetary(
        string="Customer Pays",
        compute="_compute_content",
        help="What goes on the order of the customer.",
    )
    warranty_amount = fields.Monetary(
        string="Warranty", compute="_compute_content", help="What the warranty pays."
    )
    contract_amount = fields.Monetary(
        string="Contract", compute="_compute_content", help="What the contract pays."
    )
    obstacle = fields.Char(
        string="Held Back",
        compute="_compute_content",
        help="Why this visit is not billed now.",
    )

    @api.depends("visit_id")
    def _compute_content(self):
        lines_of = {row: row.visit_id._get_lines_to_order() for row in self}
        savings = self.env["service.line"].union(*lines_of.values())._get_cap_savings()
        for row, lines in lines_of.items():
            visit = row.visit_id
            row.obstacle = visit._get_billing_obstacle()
            fee = visit._get_fee_product()
            if fee:
                lines |= lines.new({"visit_id": visit.id, "product_id": fee.id})
            currency = row.currency_id = visit._get_bill_currency()
            row.amount = row.warranty_amount = row.contract_amount = 0
            for line in lines:
                full = line.quantity * line._convert_price(currency)
                covered = full * line.discount / 100
                row.amount += full - covered
                if line.coverage == "warranty":
                    row.warranty_amount += covered
                elif line.coverage == "contract":
                    row.contract_amount += covered
                if line in savings:
                    # A price that is agreed is paid by the contract, too: all that it
                    # takes off, or that share of it which the customer would pay.
                    saved = line.quantity * line._convert_price(currency, savings[line])
                    share = (
                        1 if line.coverage == "contract" else 1 - line.discount / 100
                    )
                    row.contract_amount += saved * share
            row.content = format_list(
                self.env,
                [
                    f"{line.quantity:g} × {line.name or line.product_id.display_name}"
                    for line in lines
                ],
            )

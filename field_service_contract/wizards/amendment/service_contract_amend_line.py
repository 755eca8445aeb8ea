from odoo import api, fields, models

from ...engine import Figures, Span, to_decimal
from ...engine.coverage import FOREVER


class ServiceContractAmendLine(models.TransientModel):
    _name = "service.contract.amend.line"
    _inherit = ["installed.base.plausible.mixin"]
    _description = "Change of a Contract Line"

    amend_id = fields.Many2one(
        comodel_name="service.contract.amend",
        required=True,
        index=True,
        ondelete="cascade",
    )
    line_id = fields.Many2one(comodel_name="service.contract.line", ondelete="cascade")
    contract_id = fields.Many2one(
        comodel_name="service.contract",
        compute="_compute_contract_id",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
        ondelete="cascade",
    )
    commercial_partner_id = fields.Many2one(related="contract_id.commercial_partner_id")
    company_id = fields.Many2one(related="contract_id.company_id")
    currency_id = fields.Many2one(related="contract_id.currency_id")
    installed_base_id = fields.Many2one(
        comodel_name="installed.base",
        string="Equipment",
        compute="_compute_line",
        store=True,
        readonly=False,
        precompute=True,
        ondelete="cascade",
        domain="[('commercial_partner_id', '=', commercial_partner_id), "
        "('company_id', '=', company_id), ('state', '!=', 'retired')]",
    )
    product_id = fields.Many2one(
        comodel_name="product.product",
        compute="_compute_product_id",
        store=True,
        readonly=False,
        precompute=True,
        ondelete="cascade",
    )
    name = fields.Text(
        string="Description",
        compute="_compute_name",
        store=True,
        readonly=False,
        precompute=True,
    )
    value = fields.Monetary(
        compute="_compute_value", store=True, readonly=False, precompute=True
    )
    cost = fields.Monetary(
        compute="_compute_cost", store=True, readonly=False, precompute=True
    )
    discount = fields.Float(
        string="Discount (%)",
        compute="_compute_discount",
        store=True,
        readonly=False,
        precompute=True,
    )
    amount = fields.Monetary(
        string="New Amount",
        compute="_compute_amount",
        inverse="_inverse_amount",
        store=True,
        precompute=True,
    )
    ends = fields.Boolean()
    visit_rule = fields.Char(
        string="Visits",
        compute="_compute_visit_rule",
        help="How often it is visited. Change it on the Visits tab of the contract.",
    )

    # Preview
    operation = fields.Selection(
        selection=[("add", "Added"), ("change", "Changed"), ("end", "Ended")],
        compute="_compute_preview",
    )
    old_amount = fields.Monetary(string="Amount", compute="_compute_preview")
    difference = fields.Monetary(compute="_compute_preview")
    effective_date = fields.Date(
        string="Effective From",
        compute="_compute_preview",
        help="First day that is not invoiced, if the date is already invoiced.",
    )
    credit = fields.Monetary(
        compute="_compute_preview",
        help="Credited by a credit note or deducted from drafts.",
    )
    billed = fields.Monetary(
        string="Billed Next",
        compute="_compute_preview",
        help="Amount the next run bills for days that are already invoiced for other "
        "lines.",
    )

    @api.model
    def _get_bounds(self):
        return {
            **super()._get_bounds(),
            "discount": (0, 100),
        }

    @api.depends("line_id", "amend_id.contract_ids")
    def _compute_contract_id(self):
        for row in self:
            chosen = row.line_id.contract_id or row.contract_id
            row.contract_id = chosen or row.amend_id.contract_id

    @api.depends("line_id")
    def _compute_line(self):
        for row in self:
            row.installed_base_id = (
                row.line_id.installed_base_id or row.installed_base_id
            )

    # Each has a compute of its own: what is typed is not overwritten by the others.

    @api.depends("line_id", "installed_base_id")
    def _compute_product_id(self):
        for row in self:
            row.product_id = row._get_model_line().product_id or row.product_id

    @api.depends("line_id", "installed_base_id", "product_id")
    def _compute_name(self):
        for row in self:
            row.name = row._get_model_line().name or row.name

    @api.depends("line_id", "installed_base_id", "product_id", "contract_id")
    def _compute_value(self):
        for row in self:
            line = row._get_model_line()
            row.value = line.value if line else row.value

    @api.depends("line_id", "installed_base_id", "product_id", "contract_id")
    def _compute_cost(self):
        for row in self:
            line = row._get_model_line()
            row.cost = line.cost if line else row.cost

    @api.depends("line_id")
    def _compute_discount(self):
        for row in self:
            row.discount = row.line_id.discount or row.discount

    @api.depends("line_id", "installed_base_id", "product_id", "contract_id")
    def _compute_visit_rule(self):
        for row in self:
            row.visit_rule = row._get_model_line().rule_summary

    def _get_model_line(self):
        """Return the contract line of this row, or what it would be on a draft; nothing
        of a text."""
        self.ensure_one()
        if self.line_id or not (self.installed_base_id or self.product_id):
            return self.line_id
        return self.line_id.new(
            {
                "contract_id": self.contract_id.id,
                "installed_base_id": self.installed_base_id.id,
                **({"product_id": self.product_id.id} if self.product_id else {}),
            }
        )

    @api.depends("value", "cost", "discount", "currency_id")
    def _compute_amount(self):
        for row in self:
            rounding = (
                row.currency_id._get_service_rounding() if row.currency_id else None
            )
            figures = row._get_figures()
            row.amount = float(figures.get_amount(rounding)) if rounding else 0

    @api.onchange("amount")
    def _inverse_amount(self):
        for row in self.filtered("currency_id"):
            before = row._get_figures()
            typed = to_decimal(row.currency_id.round(row.amount))
            if typed != before.get_amount(row.currency_id._get_service_rounding()):
                after = before.type_figures(amount=typed)
                row.update(
                    {"value": float(after.value), "discount": float(after.discount)}
                )

    def _get_figures(self):
        self.ensure_one()
        return Figures(
            to_decimal(self.value), to_decimal(self.cost), to_decimal(self.discount)
        )

    @api.depends(
        "amend_id.date", "line_id", "ends", "value", "discount", "amount", "contract_id"
    )
    def _compute_preview(self):
        for row in self:
            row.operation = row._get_operation()
            row.old_amount = row.line_id.amount
        existing = self.filtered("line_id")
        for amend, rows in existing.grouped("amend_id").items():
            if not amend.date:
                continue
            days = dict.fromkeys(rows.line_id._origin, amend.date)
            days = rows.line_id._origin._get_effective_days(days)
            for row in rows:
                row.effective_date = days[row.line_id._origin]
        self._compute_money()

    def _get_operation(self):
        """Return what is to happen to the line, nothing if it stays as it is."""
        self.ensure_one()
        if not self.line_id:
            return "add"
        if self.ends:
            return "end"
        same = (self.line_id.value, self.line_id.discount)
        return "change" if (self.value, self.discount) != same else False

    def _compute_money(self):
        """Fill in what is gained or lost a year, credited and billed."""
        ended = self.filtered(lambda row: row.operation == "end" and row.amend_id.date)
        removed = {
            row.line_id._origin.id: [Span(row.amend_id.date, FOREVER)] for row in ended
        }
        contracts = ended.contract_id._origin
        amounts = {
            line.id: sum(parts[:3])
            for line, parts in contracts._get_credit_amounts(removed).items()
        }
        for row in self:
            day, operation = row.amend_id.date, row.operation
            after = {"end": 0, "add": row.amount, "change": row.amount}
            row.difference = after[operation] - row.old_amount if operation else 0
            row.credit = row.billed = 0
            if not day or operation in (False, "change"):
                row.effective_date = operation and row.effective_date
                continue
            row.effective_date = day
            contract = row.contract_id._origin
            if operation == "add":
                row.billed = contract and contract._get_added_amount(row.amount, day)
            else:
                row.credit = row.currency_id.round(
                    amounts.get(row.line_id._origin.id, 0)
                )

    def _prepare_figures(self):
        """Return the new figures of an existing line."""
        self.ensure_one()
        return {"value": self.value, "discount": self.discount}

    def _prepare_line_vals(self):
        """Return the values of a new contract line."""
        self.ensure_one()
        return {
            "installed_base_id": self.installed_base_id.id,
            "product_id": self.product_id.id,
            "name": self.name,
            "value": self.value,
            "cost": self.cost,
            "discount": self.discount,
        }

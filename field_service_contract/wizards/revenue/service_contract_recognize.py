from odoo import api, fields, models
from odoo.exceptions import UserError


class ServiceContractRecognize(models.TransientModel):
    _name = "service.contract.recognize"
    _inherit = ["installed.base.plausible.mixin"]
    _description = "Recognize Contract Revenue"

    company_id = fields.Many2one(
        comodel_name="res.company",
        required=True,
        default=lambda self: self.env.company,
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    date = fields.Date(
        string="Until",
        required=True,
        default=lambda self: self._default_date(),
        help="Last day for which revenue is recognized.",
    )
    row_count = fields.Integer(string="Number of Rows", compute="_compute_amount")
    contract_count = fields.Integer(string="Contracts", compute="_compute_amount")
    amount = fields.Monetary(string="To Recognize", compute="_compute_amount")

    @api.model
    def _default_date(self):
        """Return the last day of last month."""
        month = fields.Date.start_of(fields.Date.context_today(self), "month")
        return fields.Date.subtract(month, days=1)

    @api.depends("company_id", "date")
    def _compute_amount(self):
        rows = self.env["service.contract.deferral"]
        for wizard in self:
            domain = rows._get_due_domain(wizard.date, wizard.company_id)
            ((wizard.row_count, wizard.contract_count, amount),) = rows._read_group(
                domain,
                aggregates=["__count", "contract_id:count_distinct", "amount:sum"],
            )
            wizard.amount = amount

    def action_recognize(self):
        """Book what is earned and open the entries.

        :raise UserError: if nothing is earned until then
        """
        self.ensure_one()
        if not self.row_count:
            raise UserError(
                self.env._("No revenue is left to recognize until this date.")
            )
        rows = self.env["service.contract.deferral"]
        entries = rows._recognize(self.date, self.company_id)
        if not entries:
            # Where it is noted as well, for who did not try themselves.
            due = rows.search(rows._get_due_domain(self.date, self.company_id))
            reasons = due.contract_id.filtered("recognition_error")
            raise UserError(
                "\n".join(reasons.mapped("recognition_error"))
                or self.env._(
                    "This revenue is being recognized by another user. Try again later."
                )
            )
        actions = self.env["ir.actions.act_window"]
        if self.env["account.move"].has_access("read"):
            action = actions._for_xml_id("account.action_move_journal_line")
            return {**action, "domain": [("id", "in", entries.ids)], "context": {}}
        # Administrators of interventions need not read the books.
        action = actions._for_xml_id(
            "field_service_contract.service_contract_deferral_action"
        )
        return {**action, "domain": [("move_id", "in", entries.ids)], "context": {}}

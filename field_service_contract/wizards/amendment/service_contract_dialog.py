from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date


class ServiceContractDialog(models.AbstractModel):
    """A dialog that shows what it will do to contracts before it does it."""

    _name = "service.contract.dialog"
    _inherit = ["installed.base.plausible.mixin"]
    _description = "Dialog for Service Contracts"

    contract_ids = fields.Many2many(
        comodel_name="service.contract",
        string="Contracts",
        required=True,
        default=lambda self: self._default_contract_ids(),
    )
    contract_count = fields.Integer(compute="_compute_contract_count")
    reason = fields.Char(required=True)
    preview = fields.Html(compute="_compute_preview", sanitize=False)

    @api.model
    def _default_contract_ids(self):
        context = self.env.context
        if context.get("active_model") != "service.contract":
            return False
        return self.env["service.contract"].browse(context.get("active_ids"))

    @api.depends("contract_ids")
    def _compute_contract_count(self):
        for dialog in self:
            dialog.contract_count = len(dialog.contract_ids)

    @api.depends(lambda self: ("contract_ids", *self._get_preview_fields()))
    def _compute_preview(self):
        for dialog in self:
            values = {"rows": [], "error": None}
            try:
                if dialog._is_ready():
                    values.update(dialog._get_preview(dialog.contract_ids._origin))
            except UserError as error:
                values["error"] = str(error)
            dialog.preview = self.env["ir.qweb"]._render(
                "field_service_contract.dialog_preview", values
            )

    def _get_preview_fields(self):
        """Return the names of the fields that the preview depends on."""
        return ()

    def _is_ready(self):
        """Tell whether enough is typed for a preview."""
        return bool(self.contract_ids)

    def _get_preview(self, contracts):
        """Return the values of the preview; none where the lines of the dialog say it.

        ``columns``: labels; ``rows``: lists of texts; ``notes``: sentences below.

        :param contracts: the chosen contracts
        :raise UserError: shown in place of the preview
        """
        return {}

    def _prepare_table(self, columns, rows, notes=()):
        """Return the values of a table without the columns that say nothing.

        :param columns: labels
        :param rows: lists of texts, as many as there are columns
        """
        used = [
            number
            for number, _label in enumerate(columns)
            if any(row[number] for row in rows)
        ]
        return {
            "columns": [columns[number] for number in used],
            "rows": [[row[number] for number in used] for row in rows],
            "notes": [note for note in notes if note],
        }

    def _format_amount(self, amount, currency):
        """Return an amount in words, nothing if it is zero."""
        return "" if currency.is_zero(amount) else currency.format(amount)

    def _format_day(self, day):
        return format_date(self.env, day) if day else ""

    def _get_credit_columns(self):
        return [
            self.env._("Credit"),
            self.env._("From deferred revenue"),
            self.env._("From revenue"),
            self.env._("Deducted from drafts"),
            self.env._("Already credited"),
        ]

    def _get_credit_cells(self, contract, credit):
        """Return what a contract gives back, as texts under the credit columns."""
        parts = (credit.deferred, credit.revenue) if credit.deferred else (0, 0)
        amounts = (credit.amount, *parts, credit.drafts, credit.before)
        # The money of a credit note is more than this where tax comes on top.
        return [
            ""
            if contract.currency_id.is_zero(own)
            else contract._format_with_tax_mode(own)
            for own in amounts
        ]

    def _close(self):
        return {"type": "ir.actions.act_window_close"}

from odoo import api, fields, models
from odoo.fields import Command

from .service_contract_change import REASONS


class ServiceContractUndo(models.Model):
    """What stood in a contract before it was cancelled or transferred: what undoing
    that puts back.

    Methods keep it and delete it when they put it back; nobody edits it.
    """

    _name = "service.contract.undo"
    _inherit = ["installed.base.guard.mixin"]
    _description = "What an Undo Restores"
    _order = "contract_id, id"
    _rec_name = "kind"
    _check_company_auto = True

    contract_id = fields.Many2one(
        comodel_name="service.contract", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        related="contract_id.company_id", store=True, precompute=True, index=True
    )
    kind = fields.Selection(
        selection=[
            ("cancellation", "Cancellation"),
            ("customer", "Transfer to another customer"),
            ("payer", "Transfer to another payer"),
        ],
        required=True,
    )
    date = fields.Date(required=True, help="First day of the cancellation or transfer.")
    date_end = fields.Date(string="Former End")
    payer_id = fields.Many2one(
        comodel_name="res.partner",
        string="Former Payer",
        index="btree_not_null",
        ondelete="restrict",
    )
    successor_id = fields.Many2one(
        comodel_name="service.contract",
        string="Transferred To",
        index="btree_not_null",
        ondelete="set null",
        help="A transfer of all lines cancels the contract as well.",
    )
    parent_id = fields.Many2one(
        comodel_name="service.contract.undo",
        string="Replaced By",
        index="btree_not_null",
        ondelete="cascade",
        help="The transfer to a payer that replaced this one.",
    )
    child_ids = fields.One2many(
        comodel_name="service.contract.undo", inverse_name="parent_id"
    )
    change_ids = fields.Many2many(
        comodel_name="service.contract.change",
        string="Recorded Changes",
        help="Recorded by the cancellation or transfer.",
    )
    credit_line_ids = fields.Many2many(
        comodel_name="account.move.line",
        string="Credited",
        help="Credited by the cancellation or transfer.",
    )
    line_ids = fields.One2many(
        comodel_name="service.contract.undo.line",
        inverse_name="undo_id",
        string="Former Values",
    )

    def _restore_changes(self):
        """Delete the changes that were recorded, make those that were deleted again."""
        self.change_ids.unlink()
        self.env["service.contract.change"].create(
            [
                {
                    "contract_line_id": row.contract_line_id.id,
                    "date": row.date,
                    "reason": row.reason,
                    "amount": row.amount,
                    "note": row.note,
                    "price_update_id": row.price_update_id.id,
                }
                for row in self.line_ids.filtered(lambda row: row.kind == "change")
            ]
        )

    def _restore_payers(self):
        """Make payers again that another one replaced, with what undoes theirs."""
        self.env["service.contract.payer"].create(
            [
                {
                    "contract_id": self.contract_id.id,
                    "partner_id": row.partner_id.id,
                    "date_start": row.date,
                    "reason": row.note,
                    "is_pending": row.is_pending,
                }
                for row in self.line_ids.filtered(lambda row: row.kind == "payer")
            ]
        )
        self.child_ids.parent_id = False


class ServiceContractUndoLine(models.Model):
    """One former value: a contract line's end, or what was deleted or moved."""

    _name = "service.contract.undo.line"
    _inherit = ["installed.base.guard.mixin"]
    _description = "Former Value of a Contract"
    _order = "undo_id, id"
    _rec_name = "kind"

    undo_id = fields.Many2one(
        comodel_name="service.contract.undo",
        required=True,
        index=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one(
        related="undo_id.company_id", store=True, precompute=True, index=True
    )
    currency_id = fields.Many2one(related="undo_id.contract_id.currency_id")
    kind = fields.Selection(
        selection=[
            ("end", "End of a line"),
            ("change", "Change of annual amount"),
            ("payer", "Payer"),
            ("equipment", "Place of equipment"),
        ],
        required=True,
    )
    date = fields.Date(help="Last day of a line, or first day of a change or payer.")
    contract_line_id = fields.Many2one(
        comodel_name="service.contract.line",
        index="btree_not_null",
        ondelete="cascade",
    )
    reason = fields.Selection(selection=REASONS)
    amount = fields.Monetary(string="Annual Amount")
    note = fields.Char(string="Notes")
    price_update_id = fields.Many2one(
        comodel_name="service.contract.price.update",
        index="btree_not_null",
        ondelete="set null",
    )
    partner_id = fields.Many2one(
        comodel_name="res.partner",
        string="Payer or Customer",
        index="btree_not_null",
        ondelete="restrict",
    )
    is_pending = fields.Boolean(
        help="The change of payer was planned for a future date."
    )
    installed_base_id = fields.Many2one(
        comodel_name="installed.base",
        string="Equipment",
        index="btree_not_null",
        ondelete="cascade",
    )
    site_id = fields.Many2one(
        comodel_name="res.partner",
        string="Site",
        index="btree_not_null",
        ondelete="set null",
    )

    @api.model
    def _prepare_ends(self, lines):
        """Return commands that keep the ends of contract lines."""
        return [
            Command.create(
                {"kind": "end", "contract_line_id": line.id, "date": line.date_end}
            )
            for line in lines
        ]

    @api.model
    def _prepare_changes(self, changes):
        """Return commands that keep changes of annual amounts."""
        return [
            Command.create(
                {
                    "kind": "change",
                    "contract_line_id": change.contract_line_id.id,
                    "date": change.date,
                    "reason": change.reason,
                    "amount": change.amount,
                    "note": change.note,
                    "price_update_id": change.price_update_id.id,
                }
            )
            for change in changes.sorted("id")
        ]

    @api.model
    def _prepare_payers(self, rows):
        """Return commands that keep payers of a contract."""
        return [
            Command.create(
                {
                    "kind": "payer",
                    "partner_id": row.partner_id.id,
                    "date": row.date_start,
                    "note": row.reason,
                    "is_pending": row.is_pending,
                }
            )
            for row in rows
        ]

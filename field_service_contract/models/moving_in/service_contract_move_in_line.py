import logging

from odoo import fields, models
from odoo.exceptions import UserError

from odoo.addons.field_installed_base.jobs import CONCURRENCY_ERRORS

from ..contract.service_contract_terms_mixin import BILLING_PERIODS

_logger = logging.getLogger(__name__)


class ServiceContractMoveInLine(models.Model):
    _name = "service.contract.move.in.line"
    _inherit = ["installed.base.guard.mixin"]
    _description = "Contract to Migrate"
    _order = "move_in_id desc, state, source_name, id"
    _rec_name = "source_name"

    move_in_id = fields.Many2one(
        comodel_name="service.contract.move.in",
        string="Migration",
        required=True,
        index=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one(
        related="move_in_id.company_id", store=True, precompute=True, index=True
    )
    state = fields.Selection(
        selection=[
            ("error", "Error"),
            ("left", "Skipped"),
            ("to_do", "To migrate"),
            ("done", "Migrated"),
            ("undone", "Undone"),
        ],
        required=True,
    )

    # What it was: without relations, the addon may be uninstalled one day.
    source_id = fields.Integer(
        string="Original Contract ID", aggregator=None, export_string_translation=False
    )
    source_line_ids = fields.Json(
        string="Original Line IDs", export_string_translation=False
    )
    source_renewed_ids = fields.Json(
        string="Original Renewed Line IDs", export_string_translation=False
    )
    source_values = fields.Json(
        string="Original Values",
        help="Changes made to the contract and its lines by the migration.",
        export_string_translation=False,
    )
    source_name = fields.Char(string="Original Contract")
    source_lines = fields.Text(string="Lines")
    partner_id = fields.Many2one(
        comodel_name="res.partner", string="Customer", ondelete="set null"
    )

    # What it becomes
    contract_id = fields.Many2one(
        comodel_name="service.contract", ondelete="set null", index="btree_not_null"
    )
    billing_period = fields.Selection(selection=BILLING_PERIODS)
    billing_timing = fields.Selection(
        selection=[("prepaid", "In advance"), ("arrears", "In arrears")]
    )
    date_start = fields.Date(string="Start")
    date_end = fields.Date(string="End")
    invoiced_before = fields.Date(string="Invoiced Elsewhere Until")
    next_invoice_date = fields.Date(string="Next Invoice")
    currency_id = fields.Many2one(comodel_name="res.currency")
    annual_amount = fields.Monetary()
    company_currency_id = fields.Many2one(
        related="company_id.currency_id", string="Company Currency"
    )
    deferred_amount = fields.Monetary(
        string="Deferred", currency_field="company_currency_id"
    )
    note = fields.Text(string="Notes")

    # -- Preview ------------------------------------------------------------------

    def _prepare_plan_vals(self, move_in, plan):
        """Return what the preview says of a contract that is to be made."""
        vals = plan.vals
        return {
            **self._prepare_source_vals(move_in, plan.source, plan.lines),
            "state": "error" if plan.errors else "to_do",
            "billing_period": vals["billing_period"],
            "billing_timing": vals["billing_timing"],
            "date_start": vals["date_start"],
            "date_end": vals["date_end"],
            "invoiced_before": vals["invoiced_before"],
            "next_invoice_date": plan.next_date,
            "annual_amount": plan.annual,
            "source_renewed_ids": plan.lines.ids if vals["renewal"] != "none" else [],
            "deferred_amount": sum(opening.amount for opening in plan.openings),
            "note": "\n".join(dict.fromkeys([*plan.errors, *plan.notes])),
        }

    def _prepare_left_vals(self, move_in, left):
        """Return what the preview says of what stays where it is."""
        return {
            **self._prepare_source_vals(move_in, left.source, left.line or ()),
            "state": "left",
            "note": left.reason,
        }

    def _prepare_source_vals(self, move_in, source, lines):
        names = ((line.name or "").split("\n")[0] for line in lines)
        return {
            "move_in_id": move_in.id,
            "source_id": source.id,
            "source_line_ids": [line.id for line in lines],
            "source_name": " ".join(filter(None, (source.code, source.name))),
            "source_lines": "\n".join(names),
            "partner_id": source.partner_id.id,
            "currency_id": source.currency_id.id,
        }

    # -- Conversion ---------------------------------------------------------------

    def _move_in(self, source):
        """Make the contracts of these rows, all of one OCA contract.

        :param source: the OCA contract, locked
        :return: the contracts
        """
        oca, move_in = self.env["service.contract.oca"], self.move_in_id
        plans, _left_out = oca._plan(source, move_in)
        if errors := [error for plan in plans for error in plan.errors]:
            raise UserError("\n".join(dict.fromkeys(errors)))
        contracts = self.env["service.contract"]
        before = oca._read_stored(source)
        done = self.browse()
        for plan in plans:
            row = self.filtered(
                lambda row, plan=plan: set(row.source_line_ids) & set(plan.lines.ids)
            )[:1]
            contract = oca._convert(plan, move_in)
            vals = {
                **self._prepare_plan_vals(move_in, plan),
                "state": "done",
                "contract_id": contract.id,
            }
            if row:
                row.write(vals)
            else:
                row = self.create(vals)
            done |= row
            contracts |= contract
        done._note_changes(source, before, oca._read_stored(source))
        # Somebody else has moved them in, or they have ended since.
        self.filtered(lambda row: row.state == "to_do").write(
            {
                "state": "left",
                "note": self.env._("It was migrated or ended in the meantime."),
            }
        )
        return contracts

    def _note_changes(self, source, before, after):
        """Note what moving in changed of an OCA contract and its lines, so that it can
        be taken back."""
        changes = {
            record: {name: value for name, value in vals.items() if value != now[name]}
            for record, vals, now in (
                (record, vals, after[record]) for record, vals in before.items()
            )
        }
        for row in self:
            row.source_values = {
                "contract": changes[source],
                "lines": {
                    str(line.id): changes[line]
                    for line in source.contract_line_ids
                    if line.id in row.source_line_ids
                },
            }

    def _get_source_values(self):
        """Return what moving in changed, of what moved in before that was noted."""
        self.ensure_one()
        renewed = self.source_renewed_ids or ()
        return {
            "contract": {"active": True},
            "lines": {
                str(line_id): {
                    "is_canceled": False,
                    **({"is_auto_renew": True} if line_id in renewed else {}),
                }
                for line_id in self.source_line_ids
            },
        }

    def _book_openings(self, contracts):
        """Take from revenue what contracts still defer, all at once; if that
        fails, one by one: where it cannot be booked the contract stays where it was.
        """
        move_in = self.move_in_id
        try:
            with self.env.cr.savepoint():
                contracts._create_opening_entries(move_in)
                return
        except CONCURRENCY_ERRORS:
            raise
        except Exception as error:
            if len(contracts) == 1:
                row = self.filtered(lambda row: row.contract_id == contracts)
                _logger.info("%s moves back: %s", contracts.name, error)
                row.action_undo()
                row.write({"state": "error", "note": str(error)})
                return
        for contract in contracts:
            self._book_openings(contract)

    def action_undo(self):
        """Take back what has moved in: contracts here are deleted, and OCA's addon
        goes on with its lines.

        :raise UserError: naming the invoice, if one was made here
        """
        rows = self.filtered(lambda row: row.state == "done")
        if not rows:
            raise UserError(self.env._("None of these contracts was migrated."))
        oca = self.env["service.contract.oca"]
        for move_in, own in rows.grouped("move_in_id").items():
            own.contract_id._undo_move_in(move_in.opening_date)
            sources = oca._get_model().browse(set(own.mapped("source_id"))).exists()
            for source in sources:
                oca._restore(
                    source, own.filtered(lambda row, s=source: row.source_id == s.id)
                )
        rows.write({"state": "undone"})
        return True

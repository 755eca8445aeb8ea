from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from ...context import CHANGING
from ...engine import get_updated_value
from ..amendment.service_contract_change import ENDING_REASONS
from ..contract.service_contract import PRICE_GROUPS


class ServiceContractPriceUpdateLine(models.Model):
    _name = "service.contract.price.update.line"
    _inherit = ["installed.base.record.mixin"]
    _description = "Line of a Price Update"
    _order = "update_id, contract_id, id"
    _rec_name = "contract_line_id"

    update_id = fields.Many2one(
        comodel_name="service.contract.price.update",
        required=True,
        index=True,
        ondelete="cascade",
    )
    contract_line_id = fields.Many2one(
        comodel_name="service.contract.line",
        required=True,
        index=True,
        ondelete="cascade",
    )
    contract_id = fields.Many2one(
        related="contract_line_id.contract_id",
        store=True,
        precompute=True,
        index=True,
    )
    company_id = fields.Many2one(
        related="update_id.company_id", store=True, precompute=True, index=True
    )
    currency_id = fields.Many2one(related="contract_line_id.currency_id")
    date = fields.Date(required=True, help="Day from which the update was to apply.")
    effective_date = fields.Date(
        string="Effective From",
        required=True,
        help="First day at the new price; invoiced days keep their price.",
    )
    old_value = fields.Monetary(required=True)
    new_value = fields.Monetary(required=True)
    old_amount = fields.Monetary(required=True, groups=PRICE_GROUPS)
    new_amount = fields.Monetary(required=True, groups=PRICE_GROUPS)
    difference = fields.Monetary(compute="_compute_difference", store=True)
    obstacle = fields.Char(string="Reason for Skipping")
    is_applied = fields.Boolean(readonly=True)
    old_planned_date = fields.Date(
        help="Previously planned date of the next price update."
    )

    _applied_once = models.UniqueIndex(
        "(contract_line_id, date) WHERE is_applied",
        "The price of a contract line was already updated from this date.",
    )
    _update_unique = models.UniqueIndex(
        "(contract_line_id, update_id)",
        "A contract line can only be included once in a price update.",
    )

    @api.depends("old_amount", "new_amount", "obstacle")
    def _compute_difference(self):
        for line in self:
            # What is left out gains nothing.
            line.difference = 0 if line.obstacle else line.new_amount - line.old_amount

    # -- Preview ------------------------------------------------------------------

    @api.model
    def _prepare_vals_list(self, update, contracts):
        """Return the lines of a preview: every priced line of contracts."""
        rate = update._get_rate()
        days = {}
        for contract in contracts:
            own = update.uses_contract_date and contract.next_price_update_date
            for line in contract.line_ids:
                day = own or update.date
                if not line.display_type and (
                    not line.date_end or line.date_end >= day
                ):
                    days[line] = max(day, line.date_start or contract.date_start)
        lines = self.env["service.contract.line"].union(*days)
        effective = lines._get_effective_days(days)
        done = self._get_applied(lines, days)
        vals_list = []
        for line, day in days.items():
            rounding = line.currency_id._get_service_rounding()
            figures = line._get_figures()
            new = get_updated_value(figures.value, rate, rounding)
            obstacle = done.get((line, day)) or line._get_price_problem(effective[line])
            if not obstacle and not line.value:
                obstacle = self.env._("It has no value.")
            vals_list.append(
                {
                    "update_id": update.id,
                    "contract_line_id": line.id,
                    "date": day,
                    "effective_date": effective[line],
                    "old_value": line.value,
                    "new_value": float(new),
                    "old_amount": line.amount,
                    "new_amount": float(
                        figures._replace(value=new).get_amount(rounding)
                    ),
                    "obstacle": obstacle,
                    "old_planned_date": line.contract_id.next_price_update_date,
                }
            )
        return vals_list

    @api.model
    def _get_applied(self, lines, days):
        """Return {(contract line, day): why it cannot be updated from that day}."""
        applied = self.search(
            [
                ("contract_line_id", "in", lines.ids),
                ("date", "in", list(set(days.values()))),
                ("is_applied", "=", True),
            ]
        )
        return {
            (row.contract_line_id, row.date): self.env._(
                "Already updated from this date (%s).", row.update_id.display_name
            )
            for row in applied
        }

    # -- Application --------------------------------------------------------------

    def _apply(self):
        """Give contract lines of one update their new values."""
        update = self.update_id
        self._write_values("new_value")
        self.contract_line_id._record_price(
            "price_update",
            {row.contract_line_id: row.effective_date for row in self},
            price_update_id=update.id,
            note=update.name,
        )
        self._as_own_code().is_applied = True
        for contract, rows in self.grouped("contract_id").items():
            contract._step_price_update(max(rows.mapped("date")))
        self._log(
            lambda gain: self.env._(
                "Price update %(update)s: %(gain)s per year.",
                update=update._get_html_link(),
                gain=gain,
            )
        )

    def _write_values(self, name):
        """Give contract lines their new or old values, those of one value at once."""
        for value, rows in self.grouped(name).items():
            lines = rows.contract_line_id.with_context(service_contract_change=CHANGING)
            lines.write({"value": value})

    def _log(self, get_body):
        contracts = self.contract_id
        bodies = {}
        for contract, rows in self.grouped("contract_id").items():
            gain = contract.currency_id.format(sum(rows.mapped("difference")))
            bodies[contract] = get_body(gain)
        contracts._log_life(bodies)

    def _undo(self):
        """Bring back the old values, all or none.

        :raise UserError: naming what is invoiced or was changed since
        """
        changes = self._get_changes()
        if problems := self._get_undo_problems(changes):
            raise UserError("\n".join(problems))
        self._write_values("old_value")
        for change in changes:
            change.contract_line_id._balance_end(change.date, -change.amount)
        # The history writes itself: nobody deletes in it.
        changes.sudo().unlink()
        for contract, rows in self.grouped("contract_id").items():
            contract.next_price_update_date = rows[0].old_planned_date
        self._as_own_code().is_applied = False
        for update in self.update_id:
            if not update.line_ids.filtered("is_applied"):
                update._as_own_code().state = "undone"
        self._log(
            lambda gain: self.env._(
                "Price update %(update)s undone: %(gain)s less per year.",
                update=self.update_id[:1]._get_html_link(),
                gain=gain,
            )
        )

    def action_undo(self):
        """Undo the update for some lines only."""
        self.filtered("is_applied")._undo()
        return True

    def _get_changes(self):
        """Return what the updates wrote in the price history."""
        changes = self.env["service.contract.change"].search(
            [
                ("price_update_id", "in", self.update_id.ids),
                ("contract_line_id", "in", self.contract_line_id.ids),
            ]
        )
        pairs = {(row.update_id, row.contract_line_id) for row in self}
        return changes.filtered(
            lambda change: (change.price_update_id, change.contract_line_id) in pairs
        )

    def _get_undo_problems(self, changes):
        """Return what keeps the update from being undone, in words."""
        problems = []
        invoiced = self.contract_id._get_invoiced_spans()
        for row in self:
            line = row.contract_line_id
            spans = invoiced[line.id]
            if spans and spans[-1].last >= row.effective_date:
                problems.append(
                    self.env._(
                        "%(line)s is invoiced until %(until)s, at the new price from "
                        "%(day)s. Delete or credit that invoice first.",
                        line=line.display_name,
                        until=format_date(self.env, spans[-1].last),
                        day=format_date(self.env, row.effective_date),
                    )
                )
            elif self._has_changed_since(row, changes):
                problems.append(
                    self.env._(
                        "%s was changed in the meantime. Undo that change first, or "
                        "change its price again.",
                        line.display_name,
                    )
                )
        return problems

    def _has_changed_since(self, row, changes):
        line = row.contract_line_id
        own = changes.filtered(lambda change: change.contract_line_id == line)
        last = max(((c.date, c.id) for c in own), default=(row.effective_date, 0))
        later = line.sudo().change_ids.filtered(
            lambda change: (
                (change.date, change.id) > last and change.reason not in ENDING_REASONS
            )
        )
        return bool(later) or line.value != row.new_value

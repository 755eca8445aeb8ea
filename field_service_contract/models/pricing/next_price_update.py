"""When the prices of a contract are due to be updated, and what invoices say of it."""

from odoo import api, fields, models

from ...engine import AnniversaryMonths, get_next_update
from ..contract.service_contract import PRICE_GROUPS


class ServiceContract(models.Model):
    _inherit = "service.contract"

    next_price_update_date = fields.Date(
        string="Next Price Update",
        copy=False,
        index="btree_not_null",
        compute="_compute_next_price_update_date",
        store=True,
        readonly=False,
        precompute=True,
    )
    proposed_next_price_update_date = fields.Char(
        store=False, groups=PRICE_GROUPS, export_string_translation=False
    )

    @api.depends("date_start", "price_update_months")
    def _compute_next_price_update_date(self):
        self._propose_unless_typed("next_price_update_date")

    def _get_first_price_update(self):
        self.ensure_one()
        months, start = self.price_update_months, self.date_start
        if self.state != "draft":
            # Price updates set the date of a running contract.
            return self.next_price_update_date
        return bool(months and start) and AnniversaryMonths(start).get_first(months)

    def _step_price_update(self, done):
        """Plan the next price update after the one that counts from a day.

        :param done: first day of the update
        """
        for contract in self:
            planned = contract.next_price_update_date
            if planned and contract.price_update_months:
                contract.next_price_update_date = get_next_update(
                    contract.date_start, planned, contract.price_update_months, done
                )

    def _prepare_price_notes(self, bill):
        """Return what an invoice says about the price updates that begin in the days
        of its bill, in the payer's language."""
        self.ensure_one()
        first, last = bill.period[:2]
        changes = self.line_ids.change_ids.filtered(
            lambda change: (
                change.reason == "price_update" and first <= change.date <= last
            )
        )
        ends = {}
        for part in bill.lines:
            ends[part.key.id] = max(part.last, ends.get(part.key.id, part.last))
        told = {
            (change.price_update_id, change.date)
            for change in changes
            if change.price_update_id.is_announced
            and change.date <= ends.get(change.contract_line_id.id, change.date.min)
        }
        lang = self._get_payer(first).lang
        return [
            {"display_type": "line_note", "name": update._get_sentence(day, lang)}
            for update, day in sorted(told, key=lambda pair: pair[1])
        ]

from collections import defaultdict
from typing import NamedTuple

from odoo import fields, models
from odoo.fields import Command

from ..engine import Span, subtract


class Credit(NamedTuple):
    """Days of an invoice line that are billed, but no longer covered, with what is
    left of their price."""

    line: models.BaseModel
    span: Span
    amount: float


class ServiceContract(models.Model):
    _inherit = "service.contract"

    def _plan_credits(self, removed=None):
        """Return what was billed for days that are no longer covered.

        Days that a draft or posted credit note gives back already are not found
        again. Amounts are in the mode of the line's taxes and in its currency.

        :param dict removed: {contract line id: days that are to be given back though
            they are still covered}
        :rtype: list[Credit]
        """
        removed = removed or {}
        contracts = self.sudo()
        covered = {
            line.id: subtract(priced.covered, removed.get(line.id, ()))
            for contract in contracts
            for line, priced in contract._get_priced_lines().items()
        }
        billed = contracts.env["account.move.line"].search(
            [
                ("service_contract_line_id", "in", list(covered)),
                ("service_is_live", "=", True),
                ("service_credited_line_id", "=", False),
            ],
            order="service_period_start, id",
        )
        credits = []
        for line in billed:
            kept = covered[line.service_contract_line_id.id]
            if not subtract([line._get_service_span()], kept):
                continue
            rest = line._get_service_rest("draft", "posted")
            for span in subtract(rest.days, kept):
                worth = rest.get_worth([span])
                rest.give_back(span, worth, is_whole=True)
                amount = float(line._get_service_sign() * worth)
                credits.append(Credit(line, span, amount))
        return credits

    def _credit_uncovered(self, day=None, reason=None):
        """Give back what was billed for days that are no longer covered.

        Draft invoices are shortened or removed, posted ones credited.

        :param day: date of the credit notes; by default today
        :param str reason: printed as their reference
        :return: the credit notes, as drafts
        """
        return self._give_back(self._plan_credits(), day, reason)

    def _give_back(self, credits, day=None, reason=None):
        """Take planned credits off drafts and make credit notes of the others.

        :param credits: of `_plan_credits`
        :return: the credit notes, as drafts
        """
        drafts, by_move = [], defaultdict(list)
        for credit in credits:
            if credit.line.parent_state == "draft":
                drafts.append(credit)
            else:
                by_move[credit.line.move_id].append(credit)
        self._shorten_drafts(drafts)
        # Who may end what is covered need not be an accountant: giving back what was
        # billed for it follows from that.
        moves = self.env["account.move"].sudo()
        vals_list = [
            self._prepare_credit_vals(move, parts, day, reason)
            for move, parts in by_move.items()
        ]
        # Days that were billed at nothing need no credit note.
        return moves.create([vals for vals in vals_list if vals["invoice_line_ids"]])

    def _shorten_drafts(self, credits):
        """Take days off draft invoice lines; remove lines and invoices without any."""
        lines = self.env["account.move.line"]
        moves, gone = lines.move_id, lines
        for line, group in self._group_by_line(credits).items():
            moves |= line.move_id
            spans = line._get_service_spans([credit.span for credit in group])
            if spans:
                line._split_service_days(spans)
            else:
                gone |= line
        gone |= gone._get_service_headings()
        gone.unlink()
        empty = moves.filtered(
            lambda move: (
                not move.invoice_line_ids.filtered("service_contract_line_id")
                and all(
                    line.display_type != "product" for line in move.invoice_line_ids
                )
            )
        )
        empty.filtered("posted_before").button_cancel()
        empty.filtered(lambda move: not move.posted_before).unlink()

    def _group_by_line(self, credits):
        groups = defaultdict(list)
        for credit in credits:
            groups[credit.line].append(credit)
        return groups

    def _prepare_credit_vals(self, move, credits, day, reason):
        """Return the values of a credit note for some days of one invoice."""
        types = {"out_invoice": "out_refund", "out_refund": "out_invoice"}
        references = (move.name, reason)
        lines = [
            vals
            for line, group in self._group_by_line(credits).items()
            for vals in line._prepare_service_credit_lines(group)
        ]
        return {
            "move_type": types[move.move_type],
            "reversed_entry_id": move.id,
            "company_id": move.company_id.id,
            "partner_id": move.partner_id.id,
            "partner_shipping_id": move.partner_shipping_id.id,
            "currency_id": move.currency_id.id,
            "journal_id": move.journal_id.id,
            "fiscal_position_id": move.fiscal_position_id.id,
            "invoice_payment_term_id": False,
            "invoice_user_id": move.invoice_user_id.id,
            "invoice_origin": move.invoice_origin,
            "invoice_date": day or fields.Date.context_today(self),
            "ref": ", ".join(filter(None, references)),
            "invoice_line_ids": [Command.create(vals) for vals in lines],
        }

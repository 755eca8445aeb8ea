from collections import defaultdict
from datetime import date
from typing import NamedTuple

from markupsafe import Markup

from odoo import api, fields, models
from odoo.fields import Command

from ...engine import Span, intersect, plan_credits, subtract
from ...engine.coverage import FOREVER
from ..account_move import CREDIT_ACTIVITY
from ..contract.service_contract import DAY, PRICE_GROUPS


class Credit(NamedTuple):
    """Days of an invoice line that are billed, but no longer covered, with what is
    left of their price."""

    line: models.BaseModel
    span: Span
    amount: float


class ServiceContract(models.Model):
    _inherit = "service.contract"

    credit_due_amount = fields.Monetary(
        string="To Credit",
        compute="_compute_credit_due_amount",
        store=True,
        groups=PRICE_GROUPS,
        help="Invoiced for days that are no longer covered or are paid by another "
        "payer, without a credit note. Tax included or excluded, as on the lines.",
    )
    draft_credit_notice = fields.Html(
        string="Draft Credit Notes",
        compute="_compute_draft_credit_notice",
        groups=PRICE_GROUPS,
        help="Draft credit notes to check and post.",
    )

    _credit_due_index = models.Index("(id) WHERE credit_due_amount <> 0")

    # -- What is owed -------------------------------------------------------------

    @api.depends(
        "date_start",
        "date_end",
        "term_ids.date_start",
        "term_ids.date_end",
        "suspension_ids.date_start",
        "suspension_ids.date_end",
        "payer_ids.date_start",
        "payer_ids.partner_id",
        "line_ids.date_start",
        "line_ids.date_end",
        "line_ids.move_line_ids.service_is_live",
        "line_ids.move_line_ids.service_period_start",
        "line_ids.move_line_ids.service_period_end",
        "line_ids.move_line_ids.service_credited_days",
        "line_ids.move_line_ids.service_credited_line_id",
        "line_ids.move_line_ids.parent_state",
        "line_ids.move_line_ids.price_subtotal",
    )
    def _compute_credit_due_amount(self):
        """What draft credit notes give back is not owed any more; when they are
        deleted, it is again."""
        due = defaultdict(float)
        for credit in self._filter_overbilled()._plan_credits():
            if credit.line.parent_state == "posted":
                amount = credit.line._get_service_sign() * credit.amount
                due[credit.line.service_contract_id.id] += amount
        for contract in self:
            contract.credit_due_amount = contract.currency_id.round(
                due[contract._origin.id]
            )

    def _filter_overbilled(self):
        """Return the contracts that may have something to give back: days are invoiced
        that are not covered, or others pay for."""
        contracts = self._origin
        invoiced = contracts._get_invoiced_spans()
        return contracts.filtered(
            lambda contract: (
                contract.payer_ids
                or any(
                    subtract(
                        invoiced[line.id],
                        [
                            *covered,
                            Span(date.min, contract.invoiced_before or date.min),
                        ],
                    )
                    for line, covered in contract._get_covered_spans().items()
                )
            )
        )

    @api.depends("line_ids.move_line_ids.parent_state")
    def _compute_draft_credit_notice(self):
        lines = self._get_draft_credit_lines()
        by_contract = lines.grouped(lambda line: line.service_contract_id.id)
        for contract in self:
            own = by_contract.get(contract._origin.id, lines.browse())
            # Only conversations open the links of `_get_html_link`.
            contract.draft_credit_notice = Markup("<br/>").join(
                self.env._(
                    "%(credit)s credits %(amount)s. Check and post it.",
                    credit=Markup('<a href="/odoo/%s/%s">%s</a>')
                    % (move._name, move.id, move._get_service_label()),
                    amount=contract._format_with_tax_mode(
                        sum(line._get_service_given("price") for line in credits)
                    ),
                )
                for move, credits in own.grouped("move_id").items()
            )

    def _get_draft_credit_lines(self):
        """Return what draft credit notes give back."""
        # Who may end what is covered need not be an accountant.
        lines = self.env["account.move.line"].sudo()
        return lines.search(
            [
                ("service_contract_id", "in", self.ids),
                ("service_credited_line_id", "!=", False),
                ("parent_state", "=", "draft"),
            ]
        )

    def action_make_credit(self):
        """Make the credit notes that are owed, as drafts."""
        return self._create_owed_credits()._get_records_action(
            name=self.env._("Credit Notes")
        )

    def _create_owed_credits(self):
        """Make what is owed again, and let those who take back what it is for find it.

        :return: the credit notes, as drafts
        """
        moves = self._credit_uncovered()
        # What taking something back needs is not shown to anybody.
        for contract in self.sudo():
            lines = moves.invoice_line_ids.filtered(
                lambda line, contract=contract: line.service_contract_id == contract
            )
            undos = contract.undo_ids.filtered(lambda undo: undo.kind != "payer")
            undos |= contract._get_payer_undos()[-1:]
            undos.write({"credit_line_ids": [Command.link(line.id) for line in lines]})
        return moves

    def _schedule_credit_activities(self, moves):
        """Leave the responsible of contracts an activity on each draft credit note; on
        the contract if they may not read it."""
        for move in moves:
            contract = move.line_ids.service_contract_id[:1]
            user = contract.user_id or self.env.user
            record = move
            if not move.with_user(user).has_access("read"):
                record = contract
            record.activity_schedule(
                CREDIT_ACTIVITY,
                user_id=user.id,
                note=self.env._(
                    "%(credit)s credits %(amount)s, taxes included, for contract "
                    "%(contract)s. Check and post it.",
                    credit=move._get_html_link(title=move._get_service_label()),
                    amount=move.currency_id.format(move.amount_total),
                    contract=contract._get_html_link(),
                ),
            )

    # -- What is given back -------------------------------------------------------

    def _plan_credits(self, removed=None):
        """Return what was billed for days that are no longer covered, or that others
        pay for.

        What a draft or posted credit note gives back already, whoever made it, is
        taken off. Amounts are in the mode of the line's taxes and in its currency.

        :param dict removed: {contract line id: days that are to be given back though
            they are still covered}
        :rtype: list[Credit]
        """
        contracts = self.sudo()
        covered = contracts._get_days_to_bill(removed or {})
        billed = contracts.env["account.move.line"].search(
            [
                ("service_contract_line_id", "in", list(covered)),
                ("service_is_live", "=", True),
                ("service_credited_line_id", "=", False),
            ],
            order="service_period_start, id",
        )
        credits = []
        for contract_line, lines in billed.grouped("service_contract_line_id").items():
            contract = contract_line.contract_id
            # Records taken out by their number would each be read alone.
            lines = list(lines)
            kept = [
                subtract(
                    covered[contract_line.id],
                    contract._get_spans_of_others(line.move_id.partner_id),
                )
                for line in lines
            ]
            if not any(
                subtract([line._get_service_span()], own)
                for line, own in zip(lines, kept, strict=True)
            ):
                continue
            gone = plan_credits(
                [line._get_service_rest("draft", "posted") for line in lines],
                kept,
                [line.parent_state == "posted" for line in lines],
            )
            for number, span, worth in gone:
                line = lines[number]
                amount = float(line._get_service_sign() * worth)
                credits.append(Credit(line, span, amount))
        return credits

    def _get_days_to_bill(self, removed):
        """Return {contract line id: its covered days}.

        :param dict removed: {contract line id: days that do not count}
        """
        return {
            line.id: subtract(priced.covered, removed.get(line.id, ()))
            for contract in self
            for line, priced in contract._get_priced_lines().items()
        }

    def _get_spans_of_others(self, partner):
        """Return the days for which others pay than one who paid once."""
        self.ensure_one()
        rows = self.payer_ids.sorted("date_start")
        if partner not in rows.partner_id:
            return []
        lasts = [*(row.date_start - DAY for row in rows[1:]), FOREVER]
        return [
            Span(row.date_start, last)
            for row, last in zip(rows, lasts, strict=True)
            if row.partner_id != partner
        ]

    def _credit_uncovered(self, day=None, reason=None):
        """Give back what was billed for days that are no longer covered.

        Draft invoices are shortened or removed, posted ones credited.

        :param day: date of the credit notes; by default today
        :param str reason: printed as their reference
        :return: the credit notes, as drafts
        """
        return self._apply_credits(self._plan_credits(), day, reason)

    def _drop_covered_credits(self):
        """Take days that are covered again off draft credit notes, and remove lines and
        documents without any. What posted ones gave back is invoiced again."""
        # Who may take back what was ended need not be an accountant.
        contracts = self.sudo()
        drafts = contracts._get_draft_credit_lines().filtered("service_gives_days")
        covered = contracts._get_days_to_bill({}) if drafts else {}
        dropped, places = drafts.browse(), defaultdict(list)
        for credit in drafts:
            days, billed = credit._get_service_span(), credit.service_credited_line_id
            if intersect(contracts._get_days_paid_again(billed, covered), days):
                dropped |= credit
                places[billed].append((days, credit.move_id))
        if not dropped:
            return
        moves = dropped.move_id
        moves._close_service_credits()
        dropped.unlink()
        left = defaultdict(list)
        for credit in contracts._plan_credits():
            for days, move in places[credit.line]:
                if intersect([credit.span], days):
                    left[move, credit.line].append(credit)
                    break
        for (move, billed), credits in left.items():
            vals_list = billed._prepare_service_credit_lines(credits)
            commands = [Command.create(vals) for vals in vals_list]
            move.write({"invoice_line_ids": commands})
        empty = moves.filtered(lambda move: not move.invoice_line_ids)
        empty.filtered("posted_before").button_cancel()
        empty.filtered(lambda move: not move.posted_before).unlink()
        left = (moves - empty).filtered("line_ids.service_credited_line_id")
        contracts._schedule_credit_activities(left)

    def _get_days_paid_again(self, billed, covered):
        """Return the covered days of an invoice line for which its payer pays.

        :param dict covered: {contract line id: its covered days}
        """
        contract, payer = billed.service_contract_id, billed.move_id.partner_id
        rows = contract.payer_ids
        if rows and payer not in rows.partner_id:
            # Others pay from the first day on.
            return []
        others = contract._get_spans_of_others(payer)
        return subtract(covered[billed.service_contract_line_id.id], others)

    def _apply_credits(self, credits, day=None, reason=None):
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
        moves = moves.create([vals for vals in vals_list if vals["invoice_line_ids"]])
        self.sudo()._schedule_credit_activities(moves)
        return moves

    def _shorten_drafts(self, credits):
        """Take days off draft invoice lines; remove lines and invoices without any."""
        # Other apps look into whatever is removed, even nothing. Who may end what is
        # covered need not be an accountant.
        lines = self.env["account.move.line"].sudo()
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

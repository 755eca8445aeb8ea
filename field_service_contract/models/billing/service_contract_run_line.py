from odoo import api, fields, models
from odoo.tools import format_date


class ServiceContractRunLine(models.Model):
    _name = "service.contract.run.line"
    _inherit = ["installed.base.guard.mixin"]
    _description = "Contract in an Invoicing Run"
    _order = "run_id desc, state desc, id"
    _rec_name = "contract_id"
    # What a run found and did is the run's to say.
    _kept_fields = frozenset(
        {
            "amount",
            "bill_count",
            "contract_id",
            "date_due",
            "date_last",
            "invoice_ids",
            "is_credit",
            "is_late",
            "is_obstacle",
            "note",
            "run_id",
            "state",
        }
    )

    run_id = fields.Many2one(
        comodel_name="service.contract.run",
        required=True,
        index=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one(
        related="run_id.company_id", store=True, precompute=True, index=True
    )
    contract_id = fields.Many2one(
        comodel_name="service.contract", required=True, index=True, ondelete="cascade"
    )
    invoice_partner_id = fields.Many2one(related="contract_id.invoice_partner_id")
    currency_id = fields.Many2one(related="contract_id.currency_id")
    bill_count = fields.Integer(string="Periods")
    date_due = fields.Date(string="Due From")
    date_last = fields.Date(string="Due Until")
    amount = fields.Monetary(help="Tax included or excluded, as on the lines.")
    state = fields.Selection(
        selection=[
            ("to_do", "To invoice"),
            ("held", "On hold"),
            ("done", "Invoiced"),
        ],
        default="to_do",
        required=True,
    )
    # What is held back does not count in the total of a run.
    amount_to_invoice = fields.Monetary(
        string="To Invoice", compute="_compute_amount_to_invoice"
    )
    note = fields.Text(string="Notes")
    is_credit = fields.Boolean(
        help="Draft credit note for an amount to be credited.",
        export_string_translation=False,
    )
    is_obstacle = fields.Boolean(
        help="The contract has an error; it is not just waiting for visits.",
        export_string_translation=False,
    )
    is_late = fields.Boolean(
        string="Is Dated Too Early",
        help="The document would be dated before another one that is already posted.",
        export_string_translation=False,
    )
    invoice_ids = fields.Many2many(
        comodel_name="account.move",
        relation="service_contract_run_line_move_rel",
        column1="line_id",
        column2="move_id",
        string="Invoices",
        groups="account.group_account_invoice",
    )

    @api.depends("amount", "state")
    def _compute_amount_to_invoice(self):
        for line in self:
            line.amount_to_invoice = line.amount if line.state != "held" else 0

    def _prepare_vals(
        self, run, contract, bills, obstacle=None, waiting=None, last_posted=None
    ):
        """Return what the preview says of a contract.

        :param bills: what is due, of `service.contract._get_due_bills`
        :param str obstacle: what is wrong with it, if anything is
        :param str waiting: what it waits for
        :param dict last_posted: {journal: date of its last posted document}
        """
        days = contract._get_document_days(bills, run.dating)
        late = self._get_late_note(contract, min(days), last_posted or {})
        notes = (self._get_lock_note(contract, bills, days), late)
        return {
            "run_id": run.id,
            "contract_id": contract.id,
            "bill_count": len(bills),
            "date_due": bills[0].due,
            "date_last": bills[-1].due,
            "amount": float(sum(bill.amount for bill in bills)),
            "state": "held" if obstacle or waiting else "to_do",
            "note": obstacle or waiting or "\n".join(filter(None, notes)),
            "is_obstacle": bool(obstacle),
            "is_late": bool(late) and not (obstacle or waiting),
        }

    def _prepare_credit_vals(self, run, contract):
        """Return what the preview says of what a contract has to give back."""
        return {
            "run_id": run.id,
            "contract_id": contract.id,
            "amount": -contract.sudo().credit_due_amount,
            "is_credit": True,
            "note": self.env._(
                "Days that are not covered must be credited. The credit note is "
                "created as a draft."
            ),
        }

    def _get_lock_note(self, contract, bills, days):
        """Return which invoice dates a lock date will move, in words.

        :param days: dates of the documents
        """
        company, journal = contract.company_id, contract._get_journal()
        has_taxes = any(part.key._get_taxes() for bill in bills for part in bill.lines)
        notes = []
        for day in days:
            locks = company._get_violated_lock_dates(day, has_taxes, journal)
            if locks:
                notes.append(
                    self.env._(
                        "%(day)s is locked (%(locks)s): the invoice will have a "
                        "later accounting date.",
                        day=format_date(self.env, day),
                        locks=company._format_lock_dates(locks),
                    )
                )
        return "\n".join(notes)

    def _get_late_note(self, contract, first, last_posted):
        """Return that documents would be dated before others that are posted already,
        in words: their numbers would not follow their dates.

        :param date first: of the first document
        """
        journal = contract._get_journal()
        last = last_posted.get(journal)
        if not last or first >= last:
            return None
        return self.env._(
            "Dated %(day)s, before the last posted invoice in %(journal)s, dated "
            "%(last)s.",
            day=format_date(self.env, first),
            journal=journal.display_name,
            last=format_date(self.env, last),
        )

    def _note_results(self, moves, errors):
        """Say what became of the contracts.

        :param moves: the documents that were made
        :param errors: {contract: why it was not invoiced}
        """
        made = moves.invoice_line_ids.grouped("service_contract_id")
        # Who runs invoices need not read the books.
        for line in self.sudo():
            if reason := errors.get(line.contract_id):
                line.write({"state": "held", "note": reason})
            else:
                own = made.get(line.contract_id, moves.invoice_line_ids.browse())
                line.write({"state": "done", "invoice_ids": own.move_id.ids})

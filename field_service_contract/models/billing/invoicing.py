"""How contracts are invoiced: documents, what holds them back, and the nightly run."""

import logging
from collections import defaultdict

from babel.dates import format_date as babel_format_date
from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command, Domain
from odoo.tools import format_date, get_lang

from odoo.addons.field_installed_base.jobs import CONCURRENCY_ERRORS, do_or_skip

from ..contract.jobs import SLICE

_logger = logging.getLogger(__name__)

ERROR_ACTIVITY = "field_service_contract.mail_activity_type_invoicing_error"

# What `account.move` is created with; each of these starts a document of its own.
INVOICE_FIELDS = (
    "company_id",
    "partner_id",
    "partner_shipping_id",
    "currency_id",
    "journal_id",
    "invoice_payment_term_id",
    "fiscal_position_id",
)
# Given with its balance, Odoo need not write a new line once more to find it.
TEXT_BALANCE = {"balance": 0, "amount_currency": 0}


class ServiceContract(models.Model):
    _inherit = "service.contract"

    invoicing_error = fields.Text(copy=False, readonly=True)
    invoicing_error_date = fields.Date(copy=False, readonly=True)
    invoice_ids = fields.Many2many(
        comodel_name="account.move",
        string="Invoices",
        compute="_compute_invoice_ids",
        search="_search_invoice_ids",
        groups="account.group_account_invoice,sales_team.group_sale_salesman",
    )
    invoice_count = fields.Integer(
        compute="_compute_invoice_ids",
        groups="account.group_account_invoice,sales_team.group_sale_salesman",
    )

    # -- Computes -----------------------------------------------------------------

    @api.depends("line_ids.move_line_ids.move_id")
    def _compute_invoice_ids(self):
        rows = self.env["account.move.line"]._read_group(
            [("service_contract_id", "in", self.ids)],
            ["service_contract_id"],
            ["move_id:recordset"],
        )
        moves = dict(rows)
        for contract in self:
            contract.invoice_ids = moves.get(contract._origin, False)
            contract.invoice_count = len(contract.invoice_ids)

    def _search_invoice_ids(self, operator, value):
        if operator in Domain.NEGATIVE_OPERATORS:
            return NotImplemented
        return [("line_ids.move_line_ids.move_id", operator, value)]

    # -- Actions ------------------------------------------------------------------

    def action_view_invoices(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "account.action_move_out_invoice_type"
        )
        return {
            **action,
            "domain": [("id", "in", self.invoice_ids.ids)],
            "context": {"default_move_type": "out_invoice", "create": False},
        }

    def action_open_run(self):
        """Open a new run of invoices for these contracts."""
        run = self.env["service.contract.run"].create(
            {"contract_ids": [Command.set(self.ids)]}
        )
        return run._open_preview()

    # -- Invoices -----------------------------------------------------------------

    def _create_invoices(self, until=None):
        """Invoice everything that is due.

        :param until: last due date; by default today. Contracts that are invoiced
            some days ahead add these
        :return: the invoices, credit notes where the total is negative
        :raise UserError: if a contract cannot be invoiced, with its reason
        """
        until = until or fields.Date.context_today(self)
        bills = self._get_due_bills(until)
        obstacles = self.browse(c.id for c in bills)._get_invoicing_obstacles(bills)
        if obstacles:
            raise UserError("\n".join(obstacles.values()))
        return self._create_invoices_of(bills)

    def _create_invoices_of(self, bills, dating="contract"):
        """Make the documents of {contract: its bills}, all in one go.

        :param str dating: of the run, here and below: as each contract says, or all on
            its day
        """
        documents = self._group_bills(bills, dating)
        # What Odoo notes on a new invoice is noted below, with the contracts.
        silent = self.env["account.move"]._as_own_code()
        silent = silent.with_context(mail_create_nolog=True)
        moves = silent.create(
            [self._prepare_invoice_vals(key, parts) for key, parts in documents.items()]
        ).with_env(self.env)
        if not moves:
            return moves
        self._log_invoices(moves, documents)
        self._post_invoices(moves, documents)
        return moves

    def _group_bills(self, bills, dating="contract"):
        """Return {key of a document: [(contract, bill), …]}.

        A key is what the document is created with, and what keeps it apart.
        """
        documents = defaultdict(list)
        positions = self._get_fiscal_positions(bills)
        today = fields.Date.context_today(self)
        for contract, found in bills.items():
            posting = (contract.invoice_posting, contract.invoice_sending)
            owner = contract.id if contract.invoice_grouping == "contract" else 0
            together = contract.invoice_catch_up == "lines"
            latest = max(bill.date for bill in found)
            for number, bill in enumerate(found):
                vals = contract._prepare_invoice_header(bill, positions)
                header = tuple(vals[name] for name in INVOICE_FIELDS)
                day = latest if together else bill.date
                # Periods that are dated alike are kept apart by their number.
                apart = 0
                if contract._is_dated_today(dating):
                    day, apart = today, 0 if together else number
                documents[header, day, posting, (owner, apart)].append((contract, bill))
        return documents

    def _get_journal(self):
        """Return the journal of the contract's invoices."""
        self.ensure_one()
        return self.journal_id or self.company_id.service_invoice_journal_id

    def _is_dated_today(self, dating):
        """Tell whether documents bear the day on which they are made."""
        self.ensure_one()
        return "run" in (dating, self.invoice_dating)

    def _get_document_days(self, bills, dating="contract"):
        """Return the dates of the documents that bills come to."""
        self.ensure_one()
        if self._is_dated_today(dating):
            return [fields.Date.context_today(self)]
        days = sorted({bill.date for bill in bills})
        return days[-1:] if self.invoice_catch_up == "lines" else days

    def _get_fiscal_positions(self, bills):
        """Return {(company, payer, delivery address): fiscal position of today}."""
        positions = {}
        for contract, found in bills.items():
            if contract.fiscal_position_id:
                continue
            company, site = contract.company_id, contract.site_id
            for payer in {contract._get_payer(bill.period.first) for bill in found}:
                if (company, payer, site) not in positions:
                    model = self.env["account.fiscal.position"].with_company(company)
                    position = model._get_fiscal_position(payer, delivery=site)
                    positions[company, payer, site] = position
        return positions

    def _prepare_invoice_header(self, bill, positions):
        """Return what the document of a bill begins with."""
        self.ensure_one()
        payer = self._get_payer(bill.period.first)
        terms = self.payment_term_id
        if payer != self.invoice_partner_id:
            terms = payer.with_company(self.company_id).property_payment_term_id
        key = (self.company_id, payer, self.site_id)
        position = self.fiscal_position_id or positions[key]
        return {
            "company_id": self.company_id.id,
            "partner_id": payer.id,
            "partner_shipping_id": (self.site_id or payer).id,
            "currency_id": self.currency_id.id,
            "journal_id": self._get_journal().id,
            "invoice_payment_term_id": terms.id,
            "fiscal_position_id": position.id,
        }

    def _prepare_invoice_vals(self, key, parts):
        """Return the values of a document.

        :param key: of `_group_bills`
        :param parts: its contracts with their bills
        """
        header, day, _posting, _apart = key
        vals = dict(zip(INVOICE_FIELDS, header, strict=True))
        sign = -1 if sum(bill.amount for _contract, bill in parts) < 0 else 1
        contracts = self.browse().union(*(contract for contract, _bill in parts))
        position = self.env["account.fiscal.position"].browse(
            vals["fiscal_position_id"]
        )
        references = [c.customer_reference for c in contracts if c.customer_reference]
        lines = []
        for contract, bill in parts:
            lines += contract._prepare_bill_lines(bill, day, sign, position, parts)
        return {
            **vals,
            "move_type": "out_invoice" if sign > 0 else "out_refund",
            "invoice_date": day,
            "invoice_origin": ", ".join(contracts.mapped("name")),
            "ref": ", ".join(references) or False,
            "invoice_user_id": contracts[0].user_id.id,
            "invoice_line_ids": [
                Command.create({"sequence": number, **TEXT_BALANCE, **line})
                if line["display_type"] != "product"
                else Command.create({"sequence": number, **line})
                for number, line in enumerate(lines, 1)
            ],
        }

    def _prepare_bill_lines(self, bill, day, sign, position, parts):
        """Return the invoice lines of one bill, headed by a title where needed.

        :param day: date of the document
        :param int sign: -1 on a credit note
        :param position: fiscal position of the document
        :param parts: everything on the document
        """
        self.ensure_one()
        hides = self.invoice_detail == "contract"
        lines = []
        is_plain = self._is_plain_list(parts)
        if hides or self.invoice_title or (len(parts) > 1 and not is_plain):
            lines.append(
                {
                    "display_type": "line_section",
                    "name": self._get_bill_title(bill, day),
                    "collapse_composition": hides,
                }
            )
        by_line = defaultdict(list)
        for part in bill.lines:
            by_line[part.key.id].append(part)
        texts = []
        for line in self.line_ids:
            if line.display_type:
                texts.append(line._prepare_text_vals(bill, day))
            elif line.id in by_line:
                lines += texts
                texts = []
                own = [
                    line._prepare_invoice_line_vals(part, bill, day, sign, position)
                    for part in by_line[line.id]
                ]
                if is_plain:
                    own[0]["name"] = f"{self.name}: {own[0]['name']}"
                lines += own
        # What follows the last line belongs to it.
        return [*lines, *texts, *self._prepare_price_notes(bill)]

    def _is_plain_list(self, parts):
        """Tell whether a document of several contracts has one line of each, which
        names its contract itself: titles would only make it twice as long."""
        contracts = self.browse().union(*(contract for contract, _bill in parts))
        return len(contracts) > 1 and all(
            contract.invoice_detail == "line"
            and not contract.invoice_title
            and len(bill.lines) == 1
            and not any(line.display_type for line in contract.line_ids)
            for contract, bill in parts
        )

    def _get_bill_title(self, bill, day):
        self.ensure_one()
        first, last = bill.period[:2]
        lang = self._get_payer(first).lang
        if self.invoice_title:
            return self._fill_markers(self.invoice_title, first, last, day, lang)
        period = self._fill_markers("#START# – #END#", first, last, day, lang)
        return f"{self.name}: {period}"

    @api.model
    def _fill_markers(self, text, first, last, day, lang):
        """Return a text with the days of a period in place of its markers.

        They are the markers that users of OCA's contracts know.

        :param first: first billed day
        :param last: last billed day
        :param day: date of the document
        :param str lang: of the reader
        """
        if not text or "#" not in text:
            return text
        for marker, value in (
            ("#START#", lambda: format_date(self.env, first, lang)),
            ("#END#", lambda: format_date(self.env, last, lang)),
            ("#INVOICEMONTHNUMBER#", lambda: f"{day:%m}"),
            ("#INVOICEYEAR#", lambda: f"{day:%Y}"),
            (
                "#INVOICEMONTHNAME#",
                lambda: babel_format_date(
                    day, "LLLL", locale=get_lang(self.env, lang).code
                ),
            ),
        ):
            if marker in text:
                text = text.replace(marker, value())
        return text

    def _log_invoices(self, moves, documents):
        """Say on each document which contracts it bills, and in them that it did."""
        origins = {
            move.id: Markup(", ").join(
                contract._get_html_link()
                for contract in self.browse().union(*(c for c, _bill in parts))
            )
            for move, parts in zip(moves, documents.values(), strict=True)
        }
        moves._message_log_batch(
            {
                move_id: self.env._("Created from service contracts: %s", links)
                for move_id, links in origins.items()
            }
        )

    def _post_invoices(self, moves, documents):
        """Post and send what is to be posted and sent by setting."""
        to_post, to_send = moves.browse(), moves.browse()
        for move, (_header, _day, posting, _apart) in zip(
            moves, documents, strict=True
        ):
            how, sends = posting
            if how == "post":
                to_post |= move
                to_send |= move if sends else move.browse()
        if to_post:
            to_post._post(soft=False)
        if to_send:
            self._send_invoices(to_send)

    @api.model
    def _send_invoices(self, moves):
        """Leave invoices to Odoo's job that sends them."""
        user = self.env.user
        moves.sending_data = {
            "author_user_id": user.id,
            "author_partner_id": user.partner_id.id,
        }
        # Whoever runs invoices need not manage jobs.
        self.env.ref("account.ir_cron_account_move_send").sudo()._trigger()

    # -- What holds invoices back -------------------------------------------------

    def _get_accounting_problems(self, lines):
        """Return what invoicing and deferral lack, in words."""
        self.ensure_one()
        problems = []
        if not self.invoice_partner_id:
            problems.append(self.env._("It has no payer."))
        if not self._get_journal():
            problems.append(
                self.env._(
                    "Company %s has no journal for customer invoices.",
                    self.company_id.display_name,
                )
            )
        problems += [
            self.env._(
                "No income account for “%s”: set one on its product, on the contract "
                "or on the journal.",
                line._get_label(),
            )
            for same in lines.grouped("product_id").values()
            if not same[0]._get_revenue_account()
            for line in same
        ]
        if self.is_deferred and self.billing_timing == "prepaid":
            problems += self._get_deferral_problems()
        return problems

    def _get_invoicing_obstacles(self, bills=None):
        """Return {contract: why it cannot be invoiced, in words}.

        Checked before anything is created, so that a contract with an error costs
        the others nothing.

        :param dict bills: {contract: its bills}, whose payers are looked at as well
        """
        obstacles = {}
        # Archived accounts and taxes are what is looked for, whoever asks.
        for contract in self.sudo().with_context(active_test=False):
            own = contract.with_env(self.env)
            reasons = contract._get_invoicing_problems()
            firsts = {bill.period.first for bill in (bills or {}).get(own, ())}
            payers = contract.invoice_partner_id.union(
                *(contract._get_payer(first) for first in firsts)
            )
            for payer in payers - contract.invoice_partner_id:
                reasons += contract._get_payer_problems(payer)
            if reasons:
                obstacles[own] = f"{contract.name}: {' '.join(reasons)}"
        return obstacles

    def _get_invoicing_problems(self):
        """Return everything that keeps one contract from being invoiced, in words."""
        self.ensure_one()
        problems = []
        payer = self.invoice_partner_id
        if not payer:
            problems.append(self.env._("It has no payer."))
        else:
            problems += self._get_payer_problems(payer)
        journal = self._get_journal()
        if not journal.active:
            problems.append(
                self.env._(
                    "It has no active journal for customer invoices. Choose another "
                    "one."
                )
            )
        for line in self.line_ids:
            if not line.display_type:
                problems += line._get_invoicing_problems()
        return problems

    def _get_payer_problems(self, payer):
        """Return what keeps a payer from being invoiced, in words."""
        self.ensure_one()
        if not payer.active:
            return [
                self.env._(
                    "Payer %s is archived. Choose another one.", payer.display_name
                )
            ]
        problems = []
        account = payer.with_company(self.company_id).property_account_receivable_id
        if account and not account.active:
            problems.append(
                self.env._(
                    "Account %(account)s of payer %(payer)s is archived. Choose "
                    "another one.",
                    account=account.display_name,
                    payer=payer.display_name,
                )
            )
        if self.invoice_posting == "post":
            problems += self._get_posting_problems(payer)
        return problems

    def _get_posting_problems(self, payer):
        """Return what keeps an invoice from leaving without anybody looking at it."""
        self.ensure_one()
        problems = []
        if not any((payer.street, payer.city, payer.zip)):
            problems.append(
                self.env._(
                    "Payer %s has no address. Enter one, or keep invoices as drafts.",
                    payer.display_name,
                )
            )
        if self.invoice_sending and not payer.email:
            problems.append(
                self.env._(
                    "Payer %s has no email address to send invoices to.",
                    payer.display_name,
                )
            )
        return problems

    # -- Run ----------------------------------------------------------------------

    @api.model
    def _get_run_domain(self, until):
        """Return which contracts have something due: found by index, whatever their
        state."""
        return [("next_run_date", "<=", until)]

    @api.model
    def _cron_create_invoices(self):
        """Invoice everything that is due, every night; what was held back today is
        tried again tomorrow."""
        today = fields.Date.context_today(self)
        companies = self.env["res.company"].search(
            [("service_invoice_automatically", "=", True)]
        )
        due = self.search_fetch(
            Domain(self._get_run_domain(today))
            & Domain("company_id", "in", companies.ids)
            & (
                Domain("invoicing_error_date", "=", False)
                | Domain("invoicing_error_date", "<", today)
            ),
            ["company_id", "invoice_partner_id", "invoice_grouping"],
        )
        due._invoice_in_slices(today)

    def _invoice_in_slices(self, until):
        """Invoice contracts slice by slice, each one committed.

        Two runs at once take different slices; what a run cannot lock is left to the
        one that has it. When the time of a job is over, the job starts again.

        :param until: last due date
        """
        do_or_skip(
            self.env,
            self._get_slices(),
            lambda ids: self.browse(ids)._invoice_slice(until),
        )

    def _get_slices(self):
        """Return the ids of contracts in slices of at most `SLICE`, those that are
        combined on one invoice in one of them."""
        groups = self.grouped(
            lambda contract: (
                contract.company_id.id,
                contract.invoice_partner_id.id,
                contract.invoice_grouping == "contract" and contract.id,
            )
        )
        slices = []
        for (company_id, *_key), contracts in groups.items():
            last = slices[-1] if slices else (None, [])
            if last[0] == company_id and len(last[1]) + len(contracts) <= SLICE:
                last[1].extend(contracts.ids)
            else:
                slices.append((company_id, contracts.ids))
        return [ids for _company_id, ids in slices]

    def _invoice_slice(self, until, dating="contract"):
        """Invoice contracts all at once, on error one by one, and note what happened.

        :param until: last due date
        :return: the contracts that no other run has claimed, the documents, and
            {contract: why it was not invoiced}
        :rtype: tuple
        """
        contracts = self.try_lock_for_update(allow_referencing=True)
        bills = contracts._get_due_bills(until)
        errors = self.browse(c.id for c in bills)._get_invoicing_obstacles(bills)
        good = {c: found for c, found in bills.items() if c not in errors}
        moves = self._try_invoices(good, errors, dating)
        contracts._note_invoicing(errors)
        return contracts, moves, errors

    def _try_invoices(self, bills, errors, dating="contract"):
        """Make the documents of {contract: its bills}; if that fails, of half of them
        at a time, until it is clear whose fault it is.

        :param errors: {contract: reason}, to which those that fail are added
        :return: the documents
        """
        moves = self.env["account.move"]
        if not bills:
            return moves
        try:
            with self.env.cr.savepoint():
                return self._create_invoices_of(bills, dating)
        except CONCURRENCY_ERRORS:
            raise
        except Exception as error:
            if len(bills) == 1:
                (contract,) = bills
                _logger.info("%s is not invoiced: %s", contract.name, error)
                errors[contract] = f"{contract.name}: {error}"
                return moves
        for part in self._split_bills(bills):
            moves |= self._try_invoices(part, errors, dating)
        return moves

    def _split_bills(self, bills):
        """Return two halves of {contract: its bills}, payers kept together if there
        are several."""
        payers = list(dict.fromkeys(c.invoice_partner_id.id for c in bills))
        if len(payers) > 1:
            first = set(payers[: len(payers) // 2])
            inside = {c for c in bills if c.invoice_partner_id.id in first}
        else:
            inside = set(list(bills)[: len(bills) // 2])
        return [
            {c: found for c, found in bills.items() if (c in inside) is wanted}
            for wanted in (True, False)
        ]

    def _note_invoicing(self, errors):
        """Write on contracts why they were not invoiced, with one activity each, and
        clear what was written before on the others."""
        # Whoever runs invoices need not write contracts.
        today, notes = fields.Date.context_today(self), {}
        for contract in self.sudo():
            reason = errors.get(contract.with_env(self.env))
            if reason:
                contract.write(
                    {"invoicing_error": reason, "invoicing_error_date": today}
                )
                notes[contract] = (reason, today)
        self.sudo()._schedule_activities(
            ERROR_ACTIVITY,
            notes,
            self.sudo().browse(contract.id for contract in notes)._get_repairers(),
        )
        cleared = self.sudo().filtered(
            lambda contract: (
                contract.invoicing_error and contract.with_env(self.env) not in errors
            )
        )
        if cleared:
            cleared.write({"invoicing_error": False, "invoicing_error_date": False})
            cleared.activity_unlink([ERROR_ACTIVITY])

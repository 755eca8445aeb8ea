from markupsafe import Markup

from odoo import api, fields, models

from ..sale_order import SALES_GROUP

ACTIVITY = "field_service_contract.mail_activity_type_incomplete"


class ServiceContract(models.Model):
    """A contract that was offered and signed as an order."""

    _inherit = "service.contract"

    sale_order_id = fields.Many2one(
        comodel_name="sale.order",
        string="Quotation",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
        check_company=True,
        groups=SALES_GROUP,
    )

    _sale_order_unique = models.UniqueIndex(
        "(sale_order_id) WHERE sale_order_id IS NOT NULL AND state != 'cancelled'",
        "The order has a contract already.",
    )

    def _close_offer(self):
        """Forget what was missing of contracts that are activated."""
        self.activity_unlink([ACTIVITY])

    def _activate_or_tell(self):
        """Activate new contracts; who is responsible for one that cannot be activated
        yet gets an activity that names everything that is missing."""
        complete = self.browse()
        for contract in self:
            problems = contract._get_activation_problems()
            if not problems:
                complete |= contract
                continue
            contract.activity_schedule(
                ACTIVITY,
                note=contract._prepare_problem_list(problems),
                user_id=contract._get_caretaker().id,
            )
        if complete:
            complete.action_activate()

    def _get_caretaker(self):
        """Return who looks after a contract: its responsible, else whoever gets the
        problem reports of the company, else the administrator."""
        self.ensure_one()
        candidates = self.user_id | self.company_id.problem_user_id
        usable = candidates.filtered(lambda user: user.active and not user.share)
        return usable[:1] or self.env.ref("base.user_admin")

    def _attach_signed_document(self, document):
        """Attach a copy of the signed document, once.

        :param document: attachment of the order
        """
        self.ensure_one()
        # Kept apart from the order's, which may be printed again.
        copies = self.env["ir.attachment"].sudo()
        known = copies.search_count(
            [
                ("res_model", "=", self._name),
                ("res_id", "=", self.id),
                ("checksum", "=", document.checksum),
            ],
            limit=1,
        )
        if not known:
            copy = document.sudo().copy({"res_model": self._name, "res_id": self.id})
            self._message_log(
                body=self.env._("Signed document"), attachment_ids=copy.ids
            )

    def _give_up_offer(self):
        """Cancel drafts whose order is cancelled."""
        if self:
            self.activity_unlink([ACTIVITY])
            self.action_cancel_draft()

    @api.model
    def _prepare_problem_list(self, problems):
        """Return what is missing as a list to read."""
        # Imported text is escaped: names of records are whatever somebody typed.
        return Markup("<ul>%s</ul>") % Markup().join(
            Markup("<li>%s</li>") % problem for problem in problems
        )

    def action_view_sale_order(self):
        """Open the order that this contract was signed with."""
        self.ensure_one()
        return self.sale_order_id._get_records_action()

    # -- Printing ---------------------------------------------------------------------

    def _get_report_base_filename(self):
        self.ensure_one()
        return self.env._("Contract %s", self.name)

    def _get_printed_terms(self):
        """Return what was agreed, for the template `contract_terms`."""
        self.ensure_one()
        names = (
            "billing_period",
            "billing_timing",
            "billing_anchor",
            "renewal",
            "notice_months",
        )
        return {
            **self._describe_terms({name: self[name] for name in names}),
            "notice_date": self.notice_date,
            "date_start": self.date_start,
            "date_end": self.date_end,
            # The end says it.
            "months": 0,
            "response": self.response_hours,
        }

    def _get_printed_lines(self):
        """Return the lines that are in force today or later, and the texts."""
        self.ensure_one()
        today = fields.Date.context_today(self)
        return self.line_ids.filtered(
            lambda line: not line.date_end or line.date_end >= today
        )

    def _get_tax_mode(self):
        """Return whether the amounts of the contract contain tax, in words.

        What the payer is asked for may be without: see `_get_tax_totals`.
        """
        self.ensure_one()
        lines = self.line_ids.filtered(lambda line: not line.display_type)
        taxes = [own for line in lines if (own := line._get_taxes())]
        if not taxes:
            return ""
        included = {own._includes_tax() for own in taxes}
        if included == {True}:
            return self.env._("tax included")
        if included == {False}:
            return self.env._("plus tax")
        return self.env._("partly tax included")

    def _get_current_positions(self):
        """Return {contract: (who pays for it today, fiscal position)}."""
        today, current, known = fields.Date.context_today(self), {}, {}
        for contract in self:
            payer = contract._get_payer(max(today, contract.date_start or today))
            position, site = contract.fiscal_position_id, contract.site_id
            if payer and not position:
                key = (contract.company_id, payer, site)
                if key not in known:
                    model = position.with_company(contract.company_id)
                    known[key] = model._get_fiscal_position(payer, delivery=site)
                position = known[key]
            current[contract] = payer, position
        return current

    def _prepare_base_lines(self, begun=True, current=None):
        """Return {line: base line}, as Odoo computes taxes, of what lines cost a year
        who pays for them today.

        :param bool begun: of `_get_annuals_today`
        :param current: of `_get_current_positions`, where it is known
        """
        self.ensure_one()
        # What is printed and shown to customers does not depend on who prints it.
        contract = self.sudo()
        company = contract.company_id or self.env.company
        taxes = contract.env["account.tax"]
        payer, position = current or contract._get_current_positions()[contract]
        base_lines = {}
        lines = contract.line_ids.filtered(lambda line: not line.display_type)
        for line, annual in lines._get_annuals_today(begun).items():
            mapped = position.map_tax(line._get_taxes())
            base_lines[line] = taxes._prepare_base_line_for_taxes_computation(
                line,
                tax_ids=mapped,
                price_unit=line._get_price(annual, mapped),
                quantity=1,
                discount=0,
                currency_id=contract.currency_id or company.currency_id,
                partner_id=payer,
            )
        taxes._add_tax_details_in_base_lines(list(base_lines.values()), company)
        taxes._round_base_lines_tax_details(list(base_lines.values()), company)
        return base_lines

    def _get_tax_totals(self, current=None):
        """Return what a year costs who pays today, as `tax_totals` of a quotation.

        :param current: of `_get_current_positions`, where it is known
        """
        self.ensure_one()
        company = self.company_id or self.env.company
        # As above.
        taxes = self.env["account.tax"].sudo()
        return taxes._get_tax_totals_summary(
            base_lines=list(self._prepare_base_lines(current=current).values()),
            currency=self.currency_id or company.currency_id,
            company=company,
        )

    def _get_annual_totals(self):
        """Return {contract: what a year costs who pays today, with tax}."""
        # As above.
        contracts = self.sudo()
        # Lines without texts are read by themselves, contract by contract: read those
        # of all contracts before.
        contracts.line_ids.mapped("tax_ids")
        contracts.line_ids.product_id.mapped("taxes_id")
        contracts.line_ids.change_ids.mapped("amount")
        contracts.mapped("term_ids")
        return {
            contract: contract._get_tax_totals(current)["total_amount_currency"]
            for contract, current in contracts._get_current_positions().items()
        }

    def _get_printed_amounts(self):
        """Return {line: what it costs a year}, with or without tax as invoices of the
        company show their lines.

        :raise AccessError: for whoever may not read prices
        """
        self.ensure_one()
        self._check_field_access(self._fields["annual_amount"], "read")
        includes = self.company_id.account_price_include == "tax_included"
        name = "total_included_currency" if includes else "total_excluded_currency"
        return {
            line: base_line["tax_details"][name]
            for line, base_line in self._prepare_base_lines(begun=False).items()
        }

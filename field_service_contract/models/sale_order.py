from markupsafe import Markup

from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command, Domain

from ..engine import get_renewed_end
from .contract.service_contract import DAY
from .contract.service_contract_terms_mixin import BILLING_PERIODS

SALES_GROUP = "sales_team.group_sale_salesman"
# Terms that a quotation takes from the template and agrees with the customer, each
# with its field on the contract.
TERMS = {
    "service_term_months": "term_months",
    "service_billing_period": "billing_period",
    "service_billing_timing": "billing_timing",
    "service_billing_anchor": "billing_anchor",
    "service_renewal": "renewal",
    "service_notice_months": "notice_months",
    "service_response_hours": "response_hours",
    "service_note": "note",
}


class SaleOrder(models.Model):
    """A quotation that offers a service contract: confirming it makes the contract.

    The order's own amounts are those that it invoices. What its contract costs a year
    stands beside them.
    """

    _name = "sale.order"
    _inherit = [
        "sale.order",
        "installed.base.guard.mixin",
        "installed.base.plausible.mixin",
    ]

    service_has_contract = fields.Boolean(
        compute="_compute_service_kinds",
        help="At least one line sells a contract.",
        export_string_translation=False,
    )
    service_has_other = fields.Boolean(
        compute="_compute_service_kinds",
        help="At least one line sells something else.",
        export_string_translation=False,
    )
    service_contract_template_id = fields.Many2one(
        comodel_name="service.contract.template",
        string="Contract Template",
        # Not computed from the lines: whatever changes in them would have the terms
        # taken from the template anew. See `_propose_service_template`.
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
    )
    service_date_start = fields.Date(
        string="Contract Start", copy=False, help="If empty, the date of signature."
    )
    service_term_months = fields.Integer(
        string="Contract Duration",
        compute="_compute_service_term_months",
        store=True,
        readonly=False,
        aggregator=None,
        help="Duration of a term in months, 0 if the contract has no end.",
    )
    service_billing_period = fields.Selection(
        selection=BILLING_PERIODS,
        string="Contract Billing",
        compute="_compute_service_billing_period",
        store=True,
        readonly=False,
    )
    service_billing_timing = fields.Selection(
        selection="_get_service_timings",
        string="Contract Billing Timing",
        compute="_compute_service_billing_timing",
        store=True,
        readonly=False,
    )
    service_billing_anchor = fields.Selection(
        selection="_get_service_anchors",
        string="Contract Period Alignment",
        compute="_compute_service_billing_anchor",
        store=True,
        readonly=False,
    )
    proposed_service_billing_anchor = fields.Char(
        compute="_compute_service_billing_anchor",
        store=True,
        copy=True,
        groups="base.group_user",
        export_string_translation=False,
    )
    service_renewal = fields.Selection(
        selection="_get_service_renewals",
        string="Contract Renewal",
        compute="_compute_service_renewal",
        store=True,
        readonly=False,
    )
    service_notice_months = fields.Integer(
        string="Contract Notice Period",
        compute="_compute_service_notice_months",
        store=True,
        readonly=False,
        aggregator=None,
        help="Number of months before the end by which notice must be given.",
    )
    service_response_hours = fields.Float(
        string="Contract Response Time",
        compute="_compute_service_response_hours",
        store=True,
        readonly=False,
        aggregator=None,
        help="Service hours within which the customer receives a response.",
    )
    service_note = fields.Html(
        string="Contract Terms",
        compute="_compute_service_note",
        store=True,
        readonly=False,
    )
    service_annual_untaxed = fields.Monetary(
        string="Untaxed per Year", compute="_compute_service_annual", store=True
    )
    service_annual_total = fields.Monetary(
        string="Total per Year", compute="_compute_service_annual", store=True
    )
    service_tax_totals = fields.Binary(
        string="Totals per Year",
        compute="_compute_service_tax_totals",
        exportable=False,
    )
    service_warning = fields.Text(
        compute="_compute_service_warning", groups="base.group_user"
    )
    service_contract_ids = fields.One2many(
        comodel_name="service.contract",
        inverse_name="sale_order_id",
        string="Service Contracts",
        readonly=True,
        copy=False,
        groups=SALES_GROUP,
    )
    service_contract_count = fields.Integer(
        compute="_compute_service_contract_count", groups=SALES_GROUP
    )

    @api.model
    def _get_bounds(self):
        return {
            **super()._get_bounds(),
            "service_term_months": (0, 1200),
            "service_notice_months": (0, 1200),
            "service_response_hours": (0, 100_000),
        }

    @api.model
    def _get_service_timings(self):
        terms = self.env["service.contract.terms.mixin"]
        return terms._fields["billing_timing"]._description_selection(self.env)

    @api.model
    def _get_service_anchors(self):
        terms = self.env["service.contract.terms.mixin"]
        return terms._fields["billing_anchor"]._description_selection(self.env)

    @api.model
    def _get_service_renewals(self):
        terms = self.env["service.contract.terms.mixin"]
        return terms._fields["renewal"]._description_selection(self.env)

    # -- Computes ---------------------------------------------------------------------

    @api.depends("order_line.service_is_contract", "order_line.display_type")
    def _compute_service_kinds(self):
        for order in self:
            contracts = order._get_service_lines()
            order.service_has_contract = bool(contracts)
            order.service_has_other = bool(order._get_priced_lines())

    def _get_service_lines(self):
        """Return the lines that sell a contract."""
        return self.order_line.filtered(
            lambda line: line.service_is_contract and not line.display_type
        )

    @api.onchange("order_line")
    def _propose_service_template(self):
        """Choose the template of orders that begin to offer a contract; what was
        agreed before stays."""
        templates = self.env["service.contract.template"]
        defaults = {}
        for order in self:
            lines = order._get_service_lines()
            if order.service_contract_template_id or not lines:
                continue
            company = order.company_id or self.env.company
            if company not in defaults:
                defaults[company] = templates._get_default(company)
            wanted = lines.product_id.service_contract_template_id
            if template := wanted[:1] or defaults[company]:
                agreed = {name: order[name] for name in TERMS if order[name]}
                order.update({"service_contract_template_id": template, **agreed})

    # A method for each: what one of them is set to does not keep the others from the
    # template.

    @api.depends("service_contract_template_id")
    def _compute_service_term_months(self):
        self._apply_service_term("service_term_months")

    @api.depends("service_contract_template_id")
    def _compute_service_billing_period(self):
        self._apply_service_term("service_billing_period")

    @api.depends("service_contract_template_id")
    def _compute_service_billing_timing(self):
        self._apply_service_term("service_billing_timing")

    @api.depends("service_contract_template_id", "service_billing_period")
    def _compute_service_billing_anchor(self):
        for order in self:
            template = order.service_contract_template_id
            anchor = proposed = False
            if template:
                anchor, proposed = template._choose_billing_anchor(
                    int(order.service_billing_period or 0),
                    order.service_billing_anchor,
                    order.proposed_service_billing_anchor,
                )
            order.service_billing_anchor = anchor
            order.proposed_service_billing_anchor = proposed

    @api.depends("service_contract_template_id")
    def _compute_service_renewal(self):
        self._apply_service_term("service_renewal")

    @api.depends("service_contract_template_id")
    def _compute_service_notice_months(self):
        self._apply_service_term("service_notice_months")

    @api.depends("service_contract_template_id")
    def _compute_service_response_hours(self):
        self._apply_service_term("service_response_hours")

    @api.depends("service_contract_template_id")
    def _compute_service_note(self):
        self._apply_service_term("service_note")

    def _apply_service_term(self, name):
        """Take a term from the template, in the language of who will sign it."""
        for order in self:
            template = order.service_contract_template_id
            order[name] = template.with_context(lang=order._get_lang())[TERMS[name]]

    def _get_priced_lines(self):
        # The amounts of an order are those that it invoices.
        lines = super()._get_priced_lines()
        return lines.filtered(lambda line: not line.service_is_contract)

    @api.depends(
        "order_line.price_subtotal",
        "order_line.service_is_contract",
        "currency_id",
        "company_id",
    )
    def _compute_service_annual(self):
        for order in self:
            totals = order._get_service_tax_totals()
            order.service_annual_untaxed = totals["base_amount_currency"]
            order.service_annual_total = totals["total_amount_currency"]

    @api.depends(
        "order_line.price_subtotal",
        "order_line.service_is_contract",
        "currency_id",
        "company_id",
    )
    @api.depends_context("lang")
    def _compute_service_tax_totals(self):
        for order in self:
            order.service_tax_totals = order._get_service_tax_totals()

    def _get_service_tax_totals(self):
        """Return what the contract costs a year as `tax_totals` tells what the order
        costs."""
        self.ensure_one()
        taxes, company = self.env["account.tax"], self.company_id or self.env.company
        base_lines = [
            line._prepare_base_line_for_taxes_computation()
            for line in self._get_service_lines()
        ]
        taxes._add_tax_details_in_base_lines(base_lines, company)
        taxes._round_base_lines_tax_details(base_lines, company)
        return taxes._get_tax_totals_summary(
            base_lines=base_lines,
            currency=self.currency_id or company.currency_id,
            company=company,
        )

    def _compute_amount_undiscounted(self):
        result = super()._compute_amount_undiscounted()
        for order in self.filtered("service_has_contract"):
            order.amount_undiscounted = sum(
                line.price_subtotal / (1 - line.discount / 100)
                if line.discount != 100
                else line.price_unit * line.product_uom_qty
                for line in order._get_priced_lines()
            )
        return result

    def _compute_invoice_status(self):
        result = super()._compute_invoice_status()
        # Contracts, of which the order invoices nothing, leave it as the others say.
        for order in self:
            if order.state != "sale" or order.invoice_status != "no":
                continue
            others = order._get_priced_lines().filtered(
                lambda line: not line.is_downpayment
            )
            states = set(others.mapped("invoice_status"))
            if not states or "no" in states or not order.service_has_contract:
                continue
            for state in ("to invoice", "upselling", "invoiced"):
                if state in states:
                    order.invoice_status = state
                    break
        return result

    @api.depends(
        "order_line.service_installed_base_id",
        "order_line.service_is_contract",
        "order_line.price_unit",
    )
    def _compute_service_warning(self):
        """Name equipment that a live contract covers already, and what has no price."""
        # Whoever offers a contract has to know of others, whatever they may read.
        equipment = self.sudo().order_line.service_installed_base_id
        others = (
            self.env["service.contract.line"]
            .sudo()
            .search(
                [
                    ("installed_base_id", "in", equipment.ids),
                    ("contract_id.state", "in", ("active", "suspended")),
                ]
            )
        )
        for order in self:
            lines = order.sudo().order_line
            doubles = others.filtered(
                lambda other, lines=lines: (
                    other.installed_base_id in lines.service_installed_base_id._origin
                    and other not in lines.service_contract_line_id
                )
            )
            messages = [
                self.env._(
                    "%(equipment)s is already covered by contract %(contract)s.",
                    equipment=line.installed_base_id.display_name,
                    contract=line.contract_id.display_name,
                )
                for line in doubles
            ] + order._get_unpriced_problems()
            order.service_warning = "\n".join(messages)

    def _get_unpriced_lines(self):
        """Return the lines that offer a contract for nothing by oversight: those of
        equipment, and all of a contract that costs nothing at all. One without
        equipment may come with others that have a price."""
        self.ensure_one()
        lines = self._get_service_lines()
        unpriced = lines.filtered(lambda line: not line.price_unit)
        if unpriced == lines:
            return unpriced
        return unpriced.filtered(lambda line: line._get_service_equipment())

    def _get_unpriced_problems(self):
        """Return what would be signed at 0.00 by oversight, in words."""
        return [
            self.env._(
                "%s has no price yet. Enter the annual amount, with a discount of "
                "100 %% if it is free.",
                line._get_service_equipment().display_name
                or line.product_id.display_name
                or line.name,
            )
            for line in self._get_unpriced_lines()
        ]

    def _compute_service_contract_count(self):
        counts = dict(
            self.env["service.contract"]._read_group(
                [("sale_order_id", "in", self.ids)], ["sale_order_id"], ["__count"]
            )
        )
        for order in self:
            order.service_contract_count = counts.get(order._origin, 0)

    # -- Prices -----------------------------------------------------------------------

    def _get_update_prices_lines(self):
        # What a contract for equipment costs does not come from a pricelist.
        lines = super()._get_update_prices_lines()
        return lines.filtered(lambda line: not line._get_service_equipment())

    def _recompute_prices(self):
        result = super()._recompute_prices()
        # It follows the list price of the equipment and the currency; what somebody
        # typed stays, the discount as well.
        covering = self.order_line.filtered(
            lambda line: line._get_service_equipment().product_id
        )
        covering._compute_price_unit()
        return result

    # -- CRUD -------------------------------------------------------------------------

    def write(self, vals):
        turned = self._get_turned(vals)
        result = True
        with self._get_dated_visits(vals)._watch_calls():
            for kept, orders in self._group_by_kept_terms(vals):
                result = super(SaleOrder, orders).write(kept)
        # What an order sells of a visit costs the order, not the contract of the visit.
        turned.order_line._get_billed_visits()._update_costs()
        return result

    def _get_dated_visits(self, vals):
        """Return the visits whose day depends on values of their order."""
        # Whoever sells need not read visits.
        visits = self.env["maintenance.visit"].sudo()
        if "date_order" not in vals:
            return visits
        return visits.search([("sale_order_id", "in", self.ids)])

    def _get_turned(self, vals):
        """Return the orders that values cancel, or take up again."""
        if "state" not in vals:
            return self.browse()
        return self.filtered(
            lambda order: (order.state == "cancel") != (vals["state"] == "cancel")
        )

    def _group_by_kept_terms(self, vals):
        """Return [(values without what the orders have already, orders)].

        The same template again is no choice: the terms stay as they were agreed.
        """
        names = vals.keys() & {"service_contract_template_id", "service_billing_period"}
        if not names:
            return [(vals, self)]

        def get_same(order):
            values = {name: order._fields[name] for name in names}
            return frozenset(
                name
                for name, field in values.items()
                if field.convert_to_write(order[name], order) == (vals[name] or False)
            )

        return [
            ({name: value for name, value in vals.items() if name not in same}, orders)
            for same, orders in self.grouped(get_same).items()
        ]

    # -- Invoicing and payment --------------------------------------------------------

    def _get_invoiceable_lines(self, final=False):
        lines = super()._get_invoiceable_lines(final)
        return lines.filtered(lambda line: not line.service_is_contract)

    def _force_lines_to_invoice_policy_order(self):
        result = super()._force_lines_to_invoice_policy_order()
        self._get_service_lines().qty_to_invoice = 0
        return result

    def _nothing_to_invoice_error_message(self):
        contracts = self._get_service_lines()
        if contracts and not self._get_priced_lines():
            return self.env._(
                "%s only sells a contract. The contract is invoiced automatically, "
                "period by period.",
                ", ".join(contracts.order_id.mapped("display_name")),
            )
        return super()._nothing_to_invoice_error_message()

    def _has_to_be_signed(self):
        """An offer that is accepted by payment, but has nothing to pay at once, is
        signed instead."""
        if self._get_unpriced_lines():
            return False
        return super()._has_to_be_signed() or (
            self.service_has_contract
            and self.require_payment
            and self.currency_id.is_zero(self.amount_total)
            and self.state in ("draft", "sent")
            and not self.is_expired
            and not self.signature
        )

    def _has_to_be_paid(self):
        return not self._get_unpriced_lines() and super()._has_to_be_paid()

    # -- E-mails ----------------------------------------------------------------------

    def action_quotation_send(self):
        for order in self:
            if problems := order._get_unpriced_problems():
                raise UserError("\n".join(problems))
        return super().action_quotation_send()

    def _find_mail_template(self):
        template = super()._find_mail_template()
        return self._get_service_mail_template(template)

    def _get_confirmation_template(self):
        template = super()._get_confirmation_template()
        return self._get_service_mail_template(template)

    def _get_service_mail_template(self, template):
        """Return the text that names one-off and yearly amounts instead of Odoo's own,
        which knows only the former; a text that somebody chose stays."""
        self.ensure_one()
        if not self.service_has_contract or not template:
            return template
        for usual, ours in (
            ("sale.email_template_edi_sale", "mail_template_quotation"),
            ("sale.mail_template_sale_confirmation", "mail_template_confirmation"),
        ):
            if template == self.env.ref(usual, raise_if_not_found=False):
                ours = self.env.ref(
                    f"field_service_contract.{ours}", raise_if_not_found=False
                )
                return ours or template
        return template

    # -- From order to contract -------------------------------------------------------

    def _confirmation_error_message(self):
        problems = super()._confirmation_error_message()
        return problems or "\n".join(self._get_service_problems()) or False

    def _get_service_problems(self):
        """Return what keeps the contract of this order from being made, in words."""
        self.ensure_one()
        lines = self._get_service_lines()
        if not lines:
            return []
        problems = lines._get_service_equipment_problems()
        problems += self._get_unpriced_problems()
        if not self.service_contract_template_id:
            problems.append(
                self.env._("Choose the contract template of %s.", self.name)
            )
        by_equipment = lines.grouped(lambda line: line._get_service_equipment())
        problems += [
            self.env._(
                "%(equipment)s is on %(order)s twice. Remove one of the lines.",
                equipment=equipment.display_name,
                order=self.name,
            )
            for equipment, same in by_equipment.items()
            if equipment and len(same) > 1
        ]
        return problems

    def _action_confirm(self):
        result = super()._action_confirm()
        self._create_service_contracts()
        self._share_signed_document()
        return result

    def _create_service_contracts(self):
        """Make the contract of each order that offers one, and activate it if nothing
        is missing; else it stays a draft, with an activity that names what is missing.

        One contract per order, whatever sites its equipment stands at: one signature,
        one number, one invoice. Orders whose contract exists are left alone.

        :return: the new contracts
        """
        # Who signs or sells need not write contracts. What a customer brings about on
        # the portal is recorded as done by the system.
        orders = self.sudo().filtered("service_has_contract")
        if not self.env.user._is_internal():
            orders = orders.with_user(SUPERUSER_ID)
        orders -= orders.service_contract_ids.filtered(
            lambda contract: contract.state != "cancelled"
        ).sale_order_id
        # Two who confirm at once meet here, at the order: the later request is run
        # again and finds it confirmed.
        orders.flush_recordset(["state"])
        # The index that keeps an order from having two must know what was given up.
        orders.service_contract_ids.flush_recordset(["state"])
        contracts = orders.env["service.contract"].create(
            [order._prepare_service_contract_vals() for order in orders]
        )
        for order, contract in zip(orders, contracts, strict=True):
            rows = contract.line_ids.sorted(lambda row: (row.sequence, row.id))
            for line, row in zip(order._get_service_lines(), rows, strict=True):
                line.service_contract_line_id = row
        contracts._message_log_batch(
            bodies={
                contract.id: Markup("<p>%s</p>")
                % orders.env._(
                    "Created from %s.", contract.sale_order_id._get_html_link()
                )
                for contract in contracts
            }
        )
        contracts._activate_or_report()
        return contracts.with_env(self.env)

    def _prepare_service_contract_vals(self):
        """Return the values of the contract that was signed with this order."""
        self.ensure_one()
        lines = self._get_service_lines()
        sites = lines.service_installed_base_id.site_id
        # Goods may be delivered to somebody else; a site is the customer's own.
        site = sites if len(sites) == 1 else self._get_visit_site()
        payer = self.partner_invoice_id
        position = self.fiscal_position_id
        usual = position.with_company(self.company_id)._get_fiscal_position(payer, site)
        return {
            "company_id": self.company_id.id,
            "template_id": self.service_contract_template_id.id,
            "sale_order_id": self.id,
            "user_id": self.user_id.id,
            "customer_reference": self.client_order_ref,
            "partner_id": self.partner_id.id,
            "invoice_partner_id": payer.id,
            "site_id": site.id,
            "currency_id": self.currency_id.id,
            "payment_term_id": self.payment_term_id.id,
            "fiscal_position_id": position.id if position != usual else False,
            "date_start": self.service_date_start or self._get_service_today(),
            **({"journal_id": self.journal_id.id} if self.journal_id else {}),
            **self._prepare_service_terms(),
            "line_ids": [
                # Numbered as they stand on the quotation.
                Command.create(
                    {**line._prepare_service_contract_line_vals(), "sequence": index}
                )
                for index, line in enumerate(lines, 1)
            ],
        }

    def _prepare_service_terms(self):
        """Return the terms of the quotation as those of a contract."""
        self.ensure_one()
        return {target: self[name] for name, target in TERMS.items()}

    def _get_service_today(self):
        """Return the day of the signature where the salesperson is."""
        self.ensure_one()
        zone = self.user_id.tz or self.company_id.partner_id.tz
        order = self.with_context(tz=zone) if zone else self
        return fields.Date.context_today(order)

    def _share_signed_document(self):
        """Attach the document that the customer signed to the contract of the order."""
        # The documents of an order are whoever's signed it: the system copies them.
        orders = self.sudo().filtered(lambda o: o.signature and o.service_contract_ids)
        attachments = orders.env["ir.attachment"]
        found = attachments.search(
            Domain("res_model", "=", self._name)
            & Domain("res_id", "in", orders.ids)
            & Domain("mimetype", "=", "application/pdf"),
            order="id desc",
        ).grouped("res_id")
        for order in orders:
            contract = order.service_contract_ids.filtered(
                lambda contract: contract.state != "cancelled"
            )
            signed = found.get(order.id, attachments).filtered(
                lambda attachment, order=order: attachment.name == f"{order.name}.pdf"
            )[:1]
            if contract and signed:
                contract._attach_signed_document(signed)

    def _action_cancel(self):
        # Who cancels an order need not write contracts.
        contracts = self.sudo().service_contract_ids.filtered(
            lambda contract: contract.state != "cancelled"
        )
        signed = contracts.filtered(lambda contract: contract.state != "draft")
        if signed:
            raise UserError(
                self.env._(
                    "%(order)s cannot be cancelled because its contract %(contract)s "
                    "is in force. Cancel or end the contract, with a date and a "
                    "reason.",
                    order=signed[0].sale_order_id.display_name,
                    contract=signed[0].name,
                )
            )
        result = super()._action_cancel()
        contracts._cancel_offer()
        return result

    def _get_portal_contracts(self, reader):
        """Return the contracts of this order that have a page for its reader.

        :param reader: user; the portal prints orders as the system
        """
        self.ensure_one()
        # The order is shown to whoever has its link, its contract to its customer:
        # who signed by link, without a login, is asked for it there.
        contracts = self.sudo().service_contract_ids.filtered(
            lambda contract: contract.state in ("active", "suspended", "closed")
        )
        if reader._is_public():
            return contracts
        customer = reader.commercial_partner_id
        return contracts.filtered(lambda c: c.commercial_partner_id == customer)

    def _get_printed_terms(self):
        """Return what is offered or was signed, for the template `contract_terms`."""
        self.ensure_one()
        terms = self.env["service.contract.terms.mixin"]
        # When it begins was signed, whoever may read contracts.
        contract = self.sudo().service_contract_ids.filtered(
            lambda contract: contract.state != "cancelled"
        )
        start = contract[:1].date_start or self.service_date_start
        months, notice = self.service_term_months, self.service_notice_months
        end = bool(start and months) and get_renewed_end(start - DAY, months)
        renews = self.service_renewal not in (False, "none")
        return {
            **terms._describe_terms(self._prepare_service_terms()),
            "date_start": start,
            "date_end": end,
            "notice_date": bool(end and renews) and get_renewed_end(end, -notice),
            "months": self.service_term_months,
            "response": self.service_response_hours,
        }

    # -- Actions ----------------------------------------------------------------------

    def action_view_service_contracts(self):
        """Show the contracts of these orders, a single one in its form."""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "field_service_contract.service_contract_action"
        )
        contracts = self.service_contract_ids
        if len(contracts) == 1:
            action.update(views=[(False, "form")], res_id=contracts.id)
        return {**action, "domain": [("id", "in", contracts.ids)], "context": {}}

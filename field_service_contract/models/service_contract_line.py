import re
from itertools import accumulate

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command
from odoo.tools import format_date

from ..engine import Figures, Step, intersect, to_decimal
from ..engine.coverage import FOREVER, Span
from .service_contract import CHANGING, DAY, PRICE_GROUPS
from .service_contract_change import ENDING_REASONS

# What the page of a contract shows its customer of a line, by name.
PORTAL_FIELDS = frozenset(
    {
        "id",
        "display_name",
        "contract_id",
        "company_id",
        "currency_id",
        "sequence",
        "display_type",
        "installed_base_id",
        "name",
        "date_start",
        "date_end",
    }
)
# Of these only the first counts when several are typed at once.
TYPED_FIGURES = ("amount", "discount_amount", "profit")
# Where one of these changes, value and cost are proposed anew.
PROPOSING_FIELDS = frozenset({"installed_base_id", "product_id", "value_percent"})
GUARDED_FIELDS = frozenset(
    {
        "contract_id",
        "installed_base_id",
        "date_start",
        "date_end",
        "value",
        "cost",
        "discount",
        *TYPED_FIGURES,
    }
)


class ServiceContractLine(models.Model):
    """Equipment, product or text that a contract covers, and what that costs a year."""

    _name = "service.contract.line"
    _inherit = [
        "installed.base.guard.mixin",
        "installed.base.typed.mixin",
        "installed.base.plausible.mixin",
    ]
    _description = "Service Contract Line"
    _order = "contract_id, sequence, id"
    _check_company_auto = True

    contract_id = fields.Many2one(
        comodel_name="service.contract", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        related="contract_id.company_id", store=True, precompute=True, index=True
    )
    currency_id = fields.Many2one(
        related="contract_id.currency_id", store=True, precompute=True
    )
    partner_id = fields.Many2one(
        related="contract_id.partner_id", string="Customer", store=True, precompute=True
    )
    contract_state = fields.Selection(related="contract_id.state")
    sequence = fields.Integer(default=10)
    display_type = fields.Selection(
        selection=[("line_section", "Section"), ("line_note", "Note")]
    )

    # What is covered
    installed_base_id = fields.Many2one(
        comodel_name="installed.base",
        string="Equipment",
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
    )
    product_id = fields.Many2one(
        comodel_name="product.product",
        compute="_compute_product_id",
        store=True,
        readonly=False,
        precompute=True,
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
        help="What is invoiced.",
    )
    name = fields.Text(
        string="Description",
        compute="_compute_name",
        store=True,
        readonly=False,
        precompute=True,
        help="Text on invoices. #START# and #END# become the first and last billed "
        "day, #INVOICEMONTHNUMBER#, #INVOICEMONTHNAME# and #INVOICEYEAR# say when the "
        "invoice is dated; without #START# and #END# the period is added.",
    )
    date_start = fields.Date(
        string="From",
        copy=False,
        help="First covered day; empty: the start of the contract.",
    )
    date_end = fields.Date(
        string="To",
        copy=False,
        help="Last covered day; empty: the end of the contract.",
    )
    response_hours = fields.Float(
        string="Response Time",
        compute="_compute_response_hours",
        store=True,
        readonly=False,
        precompute=True,
        aggregator=None,
    )

    # What it costs a year
    price = fields.Monetary(
        compute="_compute_price",
        store=True,
        readonly=False,
        precompute=True,
        aggregator=None,
        groups=PRICE_GROUPS,
        help="Of the equipment or product.",
    )
    price_cost = fields.Monetary(
        compute="_compute_price_cost",
        store=True,
        readonly=False,
        precompute=True,
        aggregator=None,
        groups=PRICE_GROUPS,
        help="What the equipment or product costs.",
    )
    value_percent = fields.Float(
        string="Contract Value (%)",
        compute="_compute_value_percent",
        store=True,
        readonly=False,
        precompute=True,
        digits=(16, 2),
        aggregator=None,
        groups=PRICE_GROUPS,
    )
    value = fields.Monetary(
        compute="_compute_value",
        store=True,
        readonly=False,
        precompute=True,
        groups=PRICE_GROUPS,
        help="Contract value (%) of the price, or by hand.",
    )
    cost = fields.Monetary(
        compute="_compute_cost",
        store=True,
        readonly=False,
        precompute=True,
        groups=PRICE_GROUPS,
        help="Contract value (%) of the cost, or by hand.",
    )
    # What was proposed last: other figures were typed, and stand.
    proposed_value = fields.Monetary(
        compute="_compute_value",
        store=True,
        precompute=True,
        copy=True,
        groups=PRICE_GROUPS,
    )
    proposed_cost = fields.Monetary(
        compute="_compute_cost",
        store=True,
        precompute=True,
        copy=True,
        groups=PRICE_GROUPS,
    )
    # Kept as it follows from a typed amount, so that the amount comes back.
    discount = fields.Float(
        string="Discount (%)", copy=True, aggregator=None, groups=PRICE_GROUPS
    )
    discount_amount = fields.Monetary(
        compute="_compute_discount_amount",
        inverse="_inverse_discount_amount",
        store=True,
        precompute=True,
        groups=PRICE_GROUPS,
    )
    amount = fields.Monetary(
        compute="_compute_amount",
        inverse="_inverse_amount",
        store=True,
        precompute=True,
        groups=PRICE_GROUPS,
        help="A year's amount, with or without tax as the taxes of the line say.",
    )
    profit = fields.Monetary(
        compute="_compute_profit",
        inverse="_inverse_profit",
        store=True,
        precompute=True,
        groups=PRICE_GROUPS,
    )
    tax_ids = fields.Many2many(
        comodel_name="account.tax",
        relation="service_contract_line_tax_rel",
        column1="line_id",
        column2="tax_id",
        string="Other Taxes",
        check_company=True,
        domain="[('type_tax_use', '=', 'sale')]",
        context={"active_test": False},
        groups=PRICE_GROUPS,
        help="Empty: the taxes that the product has on the day of the invoice.",
    )
    change_ids = fields.One2many(
        comodel_name="service.contract.change",
        inverse_name="contract_line_id",
        string="Price History",
        copy=False,
        groups=PRICE_GROUPS,
    )
    move_line_ids = fields.One2many(
        comodel_name="account.move.line",
        inverse_name="service_contract_line_id",
        string="Invoice Lines",
        copy=False,
        groups="account.group_account_invoice",
    )

    _discount_range = models.Constraint(
        "CHECK (discount IS NULL OR (discount >= 0 AND discount <= 100))",
        "A discount lies between 0 and 100 %: correct discount or amount.",
    )
    _value_percent_positive = models.Constraint(
        "CHECK (value_percent >= 0)",
        "A year of contract is worth zero percent of the price or more.",
    )
    _no_figures_of_texts = models.Constraint(
        "CHECK (display_type IS NULL OR (installed_base_id IS NULL "
        "AND product_id IS NULL AND COALESCE(value, 0) = 0))",
        "Sections and notes have no equipment, product or amount.",
    )
    _dates_ordered = models.Constraint(
        # Removed on its first day it ends the day before: it was never covered.
        "CHECK (date_end IS NULL OR date_start IS NULL OR date_end >= date_start - 1)",
        "A contract line ends on the day it begins or later.",
    )

    @api.model
    def _get_bounds(self):
        return {
            **super()._get_bounds(),
            "discount": (0, 100),
            "value_percent": (0, 10_000),
            "response_hours": (0, 100_000),
        }

    # -- Computes -----------------------------------------------------------------

    @api.depends("installed_base_id")
    def _compute_product_id(self):
        for line in self:
            # Not the equipment itself: it is not sold again.
            line.product_id = (
                line.installed_base_id.product_id.service_contract_product_id
                or (line.installed_base_id and line.contract_id.template_id.product_id)
                or line.product_id
            )

    @api.depends("installed_base_id", "product_id")
    def _compute_name(self):
        for line in self:
            line.name = line._get_default_name() or line.name

    def _get_default_name(self):
        """Return the text that equipment or product propose, in the customer's
        language; nothing for a section or a note."""
        self.ensure_one()
        if self.display_type:
            return ""
        partner = self.contract_id.partner_id
        line = self.with_context(lang=partner.lang or self.env.lang)
        equipment, product = line.installed_base_id, line.product_id
        if equipment:
            names = (equipment.equipment_name, equipment.serial_number)
            return " - ".join(filter(None, names))
        return product.get_product_multiline_description_sale() if product else ""

    @api.depends("contract_id.response_hours")
    def _compute_response_hours(self):
        for line in self:
            contract = line.contract_id
            # What is as the contract's follows it; see also the contract's `write`.
            if not line._origin or line.response_hours == (
                contract._origin.response_hours
            ):
                line.response_hours = contract.response_hours

    # Each figure has a compute of its own: one that is typed is not overwritten by
    # those that follow from it.

    @api.depends("installed_base_id", "product_id", "currency_id")
    def _compute_price(self):
        for line in self:
            product = line._get_priced_product()
            line.price = (
                line._convert(
                    product._get_service_list_price(
                        line._get_taxes(), line.company_id or self.env.company
                    ),
                    product.currency_id,
                )
                if product
                else line.price
            )

    @api.depends("installed_base_id", "product_id", "currency_id")
    def _compute_price_cost(self):
        for line in self:
            product = line._get_priced_product()
            line.price_cost = (
                line._convert(product.standard_price, product.cost_currency_id)
                if product
                else line.price_cost
            )

    def _get_priced_product(self):
        """Return whose price the value is a percentage of."""
        self.ensure_one()
        product = self.installed_base_id.product_id or self.product_id
        return product.with_company(self.company_id or self.env.company)

    def _convert(self, price, currency):
        """Return a price in the currency of the contract, at its start."""
        self.ensure_one()
        day = self.contract_id.date_start or fields.Date.context_today(self)
        company = self.company_id or self.env.company
        return currency._convert(price, self.currency_id or currency, company, day)

    @api.depends("installed_base_id", "product_id", "contract_id.template_id")
    def _compute_value_percent(self):
        for line in self:
            product = line.installed_base_id.product_id or line.product_id
            line.value_percent = line.contract_id.template_id._get_value_percent(
                product, bool(line.installed_base_id)
            )

    @api.depends("price", "value_percent")
    def _compute_value(self):
        self.filtered(lambda line: line._follows("value"))._propose("value")

    @api.depends("price_cost", "value_percent")
    def _compute_cost(self):
        self.filtered(lambda line: line._follows("cost"))._propose("cost")

    def _follows(self, name):
        """Tell whether a figure is the proposed one, of a line that is no promise yet:
        one that was typed stands, and those of a living contract are changed with a
        date."""
        self.ensure_one()
        if self._origin and self.contract_id.state != "draft":
            return False
        proposed = self[f"proposed_{name}"]
        return not self.currency_id.compare_amounts(self[name], proposed)

    def _propose(self, name):
        """Set a figure to the contract value (%) of price or cost. What was agreed in
        another program stays."""
        for line in self.filtered(lambda line: not line.moved_in_line_id):
            line[name] = line[f"proposed_{name}"] = line._get_proposal(name)

    def _get_proposal(self, name):
        self.ensure_one()
        price = self.price if name == "value" else self.price_cost
        return self._get_percentage(price, self[name])

    @api.onchange("installed_base_id", "product_id", "value_percent")
    def _propose_figures(self):
        """Propose value and cost anew: those that were typed were another product's,
        or a percentage was typed after them."""
        drafts = self.filtered(lambda line: line.contract_id.state == "draft")
        drafts._propose("value")
        drafts._propose("cost")

    def _get_percentage(self, price, typed):
        """Return the contract value (%) of a price, of a text what was typed."""
        self.ensure_one()
        if not self.installed_base_id and not self.product_id:
            return typed
        return self.currency_id.round(price * self.value_percent / 100)

    @api.depends("value", "discount", "currency_id")
    def _compute_amount(self):
        for line in self:
            coin = line.currency_id._get_service_coin()
            line.amount = float(line._get_figures().get_amount(coin))

    @api.depends("value", "amount")
    def _compute_discount_amount(self):
        for line in self:
            line.discount_amount = line.currency_id.round(line.value - line.amount)

    @api.depends("amount", "cost", "product_id", "tax_ids")
    def _compute_profit(self):
        for line in self:
            line.profit = line._get_profit(line.amount)

    def _get_profit(self, amount):
        """Return what an annual amount earns: tax that it contains is passed on."""
        self.ensure_one()
        return self.currency_id.round(self._get_untaxed(amount) - self.cost)

    def _get_figures(self):
        self.ensure_one()
        return Figures(
            to_decimal(self.value), to_decimal(self.cost), to_decimal(self.discount)
        )

    @api.onchange("amount")
    def _inverse_amount(self):
        self._type_figure("amount")

    @api.onchange("discount_amount")
    def _inverse_discount_amount(self):
        self._type_figure("discount_amount")

    @api.onchange("profit")
    def _inverse_profit(self):
        self._type_figure("profit")

    def _type_figure(self, name):
        """Set the discount, and a value that is too low, by a figure that was typed."""
        for line in self:
            coin = line.currency_id._get_service_coin()
            before, figure = line._get_figures(), name
            typed = to_decimal(line.currency_id.round(line[name]))
            if name == "profit":
                # Typed as the amount that earns as much.
                if typed == to_decimal(line._get_profit(before.get_amount(coin))):
                    continue
                taxed = line._get_taxed(float(typed) + line.cost)
                figure, typed = "amount", to_decimal(line.currency_id.round(taxed))
            getters = {
                "amount": before.get_amount,
                "discount_amount": before.get_discount_amount,
            }
            if typed == getters[figure](coin):
                continue
            after = before.type_figures(**{figure: typed})
            line.update(
                {"value": float(after.value), "discount": float(after.discount)}
            )

    @api.depends("contract_id", "installed_base_id", "name")
    @api.depends_context("uid")
    def _compute_display_name(self):
        for line in self:
            # Whoever reads a contract line reads its name, whatever else he may read.
            known = line.sudo()
            names = (known.contract_id.name, known._get_label())
            line.display_name = ": ".join(filter(None, names))

    def _get_label(self):
        """Return how messages name this line inside its contract."""
        self.ensure_one()
        name = self.installed_base_id.display_name or self.name
        name = (name or self.product_id.display_name or "").split("\n")[0]
        return name or self.env._("(no description)")

    def _get_printed_site(self):
        """Return where what this line covers stands, as its customer knows it: what
        went to another owner stands nowhere of theirs."""
        self.ensure_one()
        # The document of the contract prints the name, and nothing else of the site.
        line = self.sudo()
        site = line.installed_base_id.site_id
        is_own = site.commercial_partner_id == line.contract_id.commercial_partner_id
        return is_own and site.display_name or ""

    def _get_printed_name(self):
        """Return the text of the line without the period that invoices put in."""
        self.ensure_one()
        text = re.sub(r"[ \t(]*#START#[^\n]*?#END#\)?", "", self.name or "")
        return re.sub(r"[ \t]*#[A-Z]+#", "", text).strip()

    def _get_priced_label(self):
        """Return the name of this line with what it costs a year."""
        self.ensure_one()
        return f"{self._get_label()} ({self.currency_id.format(self.amount)})"

    # -- Constraints --------------------------------------------------------------

    @api.constrains("contract_id", "installed_base_id")
    def _check_equipment(self):
        for line in self.filtered("installed_base_id"):
            equipment = line.installed_base_id
            if equipment.state == "retired":
                raise ValidationError(
                    self.env._(
                        "%s is retired: a contract covers equipment that is in "
                        "service.",
                        equipment.display_name,
                    )
                )
            owner = equipment.commercial_partner_id
            if owner != line.contract_id.commercial_partner_id:
                raise ValidationError(
                    self.env._(
                        "%(equipment)s is not equipment of %(customer)s, the customer "
                        "of contract %(contract)s.",
                        equipment=equipment.display_name,
                        customer=line.contract_id.partner_id.display_name,
                        contract=line.contract_id.name,
                    )
                )

    @api.constrains("contract_id", "installed_base_id", "date_start", "date_end")
    def _check_equipment_once(self):
        lines = self.search(
            [
                ("contract_id", "in", self.contract_id.ids),
                ("installed_base_id", "in", self.installed_base_id.ids),
            ]
        )
        groups = lines.grouped(lambda line: (line.contract_id, line.installed_base_id))
        for group in groups.values():
            same = group.sorted(lambda line: line._get_own_span())
            for earlier, later in zip(same, same[1:], strict=False):
                if intersect([earlier._get_own_span()], later._get_own_span()):
                    raise ValidationError(
                        self.env._(
                            "%(equipment)s is in contract %(contract)s twice.",
                            equipment=later.installed_base_id.display_name,
                            contract=later.contract_id.name,
                        )
                    )

    def _get_own_span(self):
        """Return the days of the line, inside the contract or not."""
        self.ensure_one()
        first = self.date_start or self.contract_id.date_start
        return Span(first, self.date_end or FOREVER)

    # -- Access -------------------------------------------------------------------

    def _has_field_access(self, field, operation):
        if not super()._has_field_access(field, operation):
            return False
        if self.env.su or self.env.user._is_internal():
            return True
        return operation == "read" and field.name in self._get_portal_fields()

    @api.model
    def _get_portal_fields(self):
        """Return the names of the fields that a customer may read of the lines of his
        contracts."""
        return PORTAL_FIELDS

    # -- CRUD ---------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        contracts = self.env["service.contract"].browse(
            {vals["contract_id"] for vals in vals_list if vals.get("contract_id")}
        )
        self._check_guarded(contracts)
        vals_list = [self._keep_one_figure(vals) for vals in vals_list]
        lines = super().create(vals_list)
        # Beside a figure that was given none was proposed: zero would seem to follow
        # it, and what is as proposed would not.
        free = self.browse()
        for line, vals in zip(lines, vals_list, strict=True):
            for name in {"value", "cost"} & vals.keys():
                proposal = line._get_proposal(name)
                if proposal and line[name] in (0, proposal):
                    line._as_own_code()[f"proposed_{name}"] = proposal
                    free |= line
        # Before they were stored, their amounts followed the proposal.
        free.modified(["value", "cost"])
        return lines

    def write(self, vals):
        if GUARDED_FIELDS & vals.keys():
            self._check_guarded(self.contract_id)
        vals = self._keep_one_figure(vals)
        names = PROPOSING_FIELDS & vals.keys()
        others = self.filtered(
            lambda line: any(not line._has_value(name, vals[name]) for name in names)
        )
        result = super().write(vals)
        others = others.filtered(lambda line: line.contract_id.state == "draft")
        for name in {"value", "cost"} - vals.keys():
            # Typed figures follow from the value, too.
            if name == "cost" or not vals.keys() & {*TYPED_FIGURES}:
                others._propose(name)
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_living(self):
        self._check_guarded(self.contract_id)

    @api.model
    def _keep_one_figure(self, vals):
        """Leave only the typed figure that counts; it comes before a discount."""
        typed = [name for name in TYPED_FIGURES if name in vals]
        if not typed:
            return vals
        dropped = {*typed[1:], "discount"}
        return {name: value for name, value in vals.items() if name not in dropped}

    def _check_guarded(self, contracts):
        if self.env.context.get("service_contract_change") is CHANGING:
            return
        for contract in contracts:
            if contract.state != "draft":
                raise UserError(
                    self.env._(
                        "Contract %s is no draft any more: its lines are added, "
                        "changed and ended with a date and a reason.",
                        contract.display_name,
                    )
                )

    def _prepare_successor_vals(self, day):
        """Return the values of the lines by which another contract goes on with these.

        :param date day: its first day; what begins later keeps its own
        """
        return [
            {
                **vals,
                "date_start": (line.date_start or day) > day and line.date_start,
                "date_end": line.date_end,
            }
            for line, vals in zip(self, self.copy_data(), strict=True)
        ]

    # -- Activation ---------------------------------------------------------------

    def _get_activation_problems(self):
        """Return what the lines of one contract lack, in words."""
        problems = []
        for line in self:
            label = line._get_label()
            contract = line.contract_id
            if not line.name:
                problems.append(self.env._("A line has no description."))
            days = [day for day in (line.date_start, line.date_end) if day]
            if any(
                day < contract.date_start
                or (contract.date_end and day > contract.date_end)
                for day in days
            ):
                problems.append(
                    self.env._("“%s” lies outside the dates of the contract.", label)
                )
            if line.installed_base_id.state == "retired":
                problems.append(self.env._("“%s” is retired.", label))
            owner = line.installed_base_id.commercial_partner_id
            if line.installed_base_id and owner != contract.commercial_partner_id:
                problems.append(
                    self.env._(
                        "“%(line)s” is not equipment of %(customer)s.",
                        line=label,
                        customer=contract.partner_id.display_name,
                    )
                )
            archived = line._get_taxes().filtered(lambda tax: not tax.active)
            problems += [
                self.env._(
                    "Tax %(tax)s of “%(line)s” is archived.", tax=tax.name, line=label
                )
                for tax in archived
            ]
        return problems

    # -- Prices -------------------------------------------------------------------

    def _record_price(self, reason, days=None, annuals=None, **vals):
        """Add what the lines gain or lose from a day on to their price history.

        :param str reason: of `service.contract.change`
        :param dict days: {line: first effective day}; by default, and at the
            earliest, the first of the line
        :param dict annuals: {line: annual amount from then on}; by default the line's
            amount
        :param vals: more values of the changes
        """
        days, annuals = days or {}, annuals or {}
        vals_list = []
        for line in self.filtered(lambda line: not line.display_type):
            first = line.date_start or line.contract_id.date_start
            start = max(days.get(line, first), first)
            new = annuals.get(line, line.amount)
            gain = line.currency_id.round(new - line._get_annual(start))
            if gain:
                line._balance_end(start, gain)
                vals_list.append(
                    {
                        **vals,
                        "contract_line_id": line.id,
                        "date": start,
                        "reason": reason,
                        "amount": gain,
                    }
                )
        # The history writes itself: nobody types in it.
        return self.env["service.contract.change"].sudo().create(vals_list)

    def _balance_end(self, day, gain):
        """Let the end of a line that is known already lose as much more."""
        self.ensure_one()
        ends = self.sudo().change_ids.filtered(
            lambda change: change.date > day and change.reason in ENDING_REASONS
        )
        if ends:
            ends[0].amount -= gain

    def _get_annual(self, day):
        """Return what the line costs a year on a day."""
        self.ensure_one()
        changes = self.sudo().change_ids.filtered(lambda change: change.date <= day)
        return self.currency_id.round(sum(changes.mapped("amount")))

    def _get_annuals_today(self, begun=True):
        """Return {line: what it costs a year today}; before the start of the contract,
        on its first day.

        :param bool begun: whether a line that begins later costs nothing yet, else
            what it costs on its first day
        """
        today, annuals = fields.Date.context_today(self), {}
        for contract, lines in self.grouped("contract_id").items():
            if contract.state == "draft" or not contract.term_ids:
                offered, _day = contract._get_offered_lines()
                if not begun:
                    ended = lines.filtered(
                        lambda line: line.date_end and line.date_end < today
                    )
                    offered |= lines - ended
                annuals.update(
                    {line: line.amount if line in offered else 0 for line in lines}
                )
                continue
            for line in lines:
                day = max(today, contract.date_start)
                if not begun and line.date_start:
                    day = max(day, line.date_start)
                annuals[line] = line._get_annual(day)
        return annuals

    def _get_renewed_annual(self, first):
        """Return what the line costs a year when the contract is renewed: what was in
        force, or a price that was dated into the new term before.

        :param first: first day of the new term
        """
        self.ensure_one()
        lost = self.sudo().change_ids.filtered(
            lambda change: change.date == first and change.reason == "ended"
        )
        return self.currency_id.round(
            self._get_annual(first) - sum(lost.mapped("amount"))
        )

    def _balance_later(self, ends):
        """Let prices that were dated into a term that never began cost nothing.

        :param dict ends: {line: last covered day}
        """
        vals_list = []
        for line in self:
            later = line.sudo().change_ids.filtered(
                lambda change, last=ends[line] + DAY: change.date > last
            )
            for day, changes in later.grouped("date").items():
                if gain := line.currency_id.round(sum(changes.mapped("amount"))):
                    vals_list.append(
                        {
                            "contract_line_id": line.id,
                            "date": day,
                            "reason": "ended",
                            "amount": -gain,
                        }
                    )
        # The history writes itself: nobody types in it.
        self.env["service.contract.change"].sudo().create(vals_list)

    def _get_steps(self, agreed=False):
        """Return the price history as annual amounts by first effective day.

        :param agreed: whether the last price goes on after the end of the line
        """
        self.ensure_one()
        changes = self.change_ids.sorted(lambda change: (change.date, change.id))
        while agreed and changes and changes[-1].reason in ENDING_REASONS:
            changes = changes[:-1]
        totals = accumulate(to_decimal(change.amount) for change in changes)
        return [
            Step(change.date, total)
            for change, total in zip(changes, totals, strict=True)
        ]

    def _get_rests(self, open_days, invoiced):
        """Return what is left of the invoice lines of this one if days that were given
        back are to be billed again, or were rounded among those that stay.

        :param open_days: covered days that are not invoiced, as spans in order
        :param invoiced: the others, as spans in order
        """
        self.ensure_one()
        if not open_days or not invoiced:
            return []
        is_ahead = open_days[0].first > invoiced[-1].last
        if is_ahead and not self.contract_id.suspension_ids:
            return []
        # What is billed does not depend on who bills.
        return [
            line._get_service_rest("posted")
            for line in self.sudo().move_line_ids
            if line.service_is_live and not line.service_credited_line_id
        ]

    def _get_effective_days(self, days):
        """Return {line: when a change takes effect}: on its day, or on the first day
        after it that is not invoiced.

        :param dict days: {line: day of the change}
        """
        invoiced = self.contract_id._get_invoiced_spans()
        effective = dict(days)
        for line in self:
            for span in invoiced[line._origin.id]:
                if span.first <= days[line] <= span.last:
                    effective[line] = span.last + DAY
        return effective

    def _change_prices(self, figures, day, note, reason="manual"):
        """Change the figures of lines of living contracts from a day on, each its own.

        :param dict figures: {line: new figures}
        :param day: first effective day; days that are invoiced keep their price
        :param str note: why, in words
        :return: the changes of annual amount
        """
        self.contract_id._check_living()
        days = self._get_effective_days(dict.fromkeys(self, day))
        self._check_price_days(days)
        before = {line: line.amount for line in self}
        changing = self.with_context(service_contract_change=CHANGING)
        # Lines that get the same figures are written at once.
        for group in changing.grouped(
            lambda line: tuple(sorted(figures[line].items()))
        ).values():
            group.write(figures[group[0]])
        self.contract_id._log_life(
            {
                contract: contract._with_reason(
                    lines._get_price_text(before, days), note
                )
                for contract, lines in self.grouped("contract_id").items()
            }
        )
        return self._record_price(reason, days, note=note)

    def _get_price_text(self, before, days):
        """Return in words what lines cost from when on.

        :param dict before: {line: annual amount until now}
        :param dict days: {line: first effective day}
        """
        return Markup("<br/>").join(
            self.env._(
                "%(line)s: %(before)s → %(after)s from %(day)s.",
                line=line._get_label(),
                before=line.currency_id.format(before[line]),
                after=line.currency_id.format(line.amount),
                day=format_date(self.env, days[line]),
            )
            for line in self
        )

    def _check_price_days(self, days):
        """Refuse changes that could have no effect, or that lie before others.

        :param dict days: {line: first effective day}
        """
        problems = [
            problem for line in self if (problem := line._get_price_problem(days[line]))
        ]
        if problems:
            raise UserError("\n".join(problems))

    def _get_price_problem(self, day):
        """Return why the price of one line cannot change on a day, in words."""
        self.ensure_one()
        later = self.sudo().change_ids.filtered(
            lambda change: change.date > day and change.reason not in ENDING_REASONS
        )
        ends = [self.date_end]
        if not self.contract_id._is_renewable():
            ends.append(self.contract_id.date_end)
        end = min(filter(None, ends), default=False)
        if end and end < day:
            return self.env._(
                "%(line)s: a change would take effect on %(day)s, but the last "
                "covered day is %(end)s and nothing is renewed then.",
                line=self.display_name,
                day=format_date(self.env, day),
                end=format_date(self.env, end),
            )
        if later:
            return self.env._(
                "%(line)s: its price changes on %(later)s already. Choose that day or "
                "a later one, or undo that change first.",
                line=self.display_name,
                later=format_date(self.env, max(later.mapped("date"))),
            )
        return None

    def _end(self, last_day, reason="line_removed", note=None):
        """End lines of living contracts.

        :param last_day: last covered day; the day before the first of a line if it
            was never covered
        """
        lines = self.filtered(lambda line: not line.display_type)
        ends = {}
        for line in lines:
            first = line.date_start or line.contract_id.date_start
            ends[line] = max(last_day, first - DAY)
        changing = lines.with_context(service_contract_change=CHANGING)
        for end, group in changing.grouped(lambda line: ends[line]).items():
            group.date_end = end
        # What was to change later does so no more.
        lines.sudo().change_ids.filtered(
            lambda change: change.date > ends[change.contract_line_id]
        ).unlink()
        days = {line: end + DAY for line, end in ends.items()}
        lines._record_price(reason, days, dict.fromkeys(lines, 0), note=note)

    def _end_with_credit(self, last_day, reason):
        """End lines of living contracts and give back what was billed for later days.

        :param last_day: last covered day
        :return: the credit notes, as drafts
        """
        contracts = self.contract_id
        contracts._check_living()
        for line in self:
            if line.date_end and line.date_end <= last_day:
                raise UserError(
                    self.env._(
                        "%(line)s ends on %(end)s already.",
                        line=line.display_name,
                        end=format_date(self.env, line.date_end),
                    )
                )
        self._end(last_day, note=reason)
        credits = contracts._credit_uncovered(reason=reason)
        contracts._update_visits(reason)
        contracts._log_life(
            {
                contract: contract._with_reason(
                    self.env._(
                        "Ended on %(day)s: %(lines)s.",
                        day=format_date(self.env, last_day),
                        lines=", ".join(line._get_label() for line in lines),
                    ),
                    reason,
                )
                for contract, lines in self.grouped("contract_id").items()
            }
        )
        return credits

    def _log_owner_kept(self):
        """Note that lines go on though their equipment changed hands."""
        self.contract_id._log_life(
            {
                contract: self.env._(
                    "Covered on though it changed hands: %s.",
                    ", ".join(line._get_label() for line in lines),
                )
                for contract, lines in self.grouped("contract_id").items()
            }
        )

    def _ask_about_owner(self, day):
        """Ask the responsible of contracts what becomes of lines whose equipment
        changed hands."""
        # Whoever moves equipment need not write contracts.
        for contract, lines in self.sudo().grouped("contract_id").items():
            note = self.env._(
                "%(lines)s changed hands on %(day)s. End the line, transfer it to the "
                "new owner, or leave it.",
                lines=", ".join(line._get_label() for line in lines),
                day=format_date(self.env, day),
            )
            contract.activity_schedule(
                "field_service_contract.mail_activity_type_owner",
                note=note,
                user_id=(contract.user_id or self.env.user).id,
            )

    # -- Accounts -----------------------------------------------------------------

    def _get_taxes(self):
        """Return the taxes of the line before the fiscal position maps them.

        Of a line without product and without taxes of its own: the company's.
        """
        self.ensure_one()
        taxes = self.tax_ids
        if not taxes and self.product_id:
            taxes = self.product_id.taxes_id._filter_taxes_by_company(self.company_id)
        elif not taxes:
            taxes = self.company_id.account_sale_tax_id
        return taxes

    def _get_untaxed(self, amount):
        """Return an amount of the line without the taxes that it contains."""
        self.ensure_one()
        untaxed = self._get_taxes()._get_untaxed_price(float(amount), self.product_id)
        return self.currency_id.round(untaxed)

    def _get_taxed(self, untaxed):
        """Return the amount of the line that is this one without its taxes."""
        self.ensure_one()
        return self._get_taxes()._get_taxed_price(untaxed, self.product_id)

    def _get_price(self, amount, taxes):
        """Return an amount of the line as the price of an invoice line, as Odoo's own
        orders and invoices convert it.

        :param amount: in the mode of the taxes of this line
        :param taxes: what the fiscal position makes of these
        """
        self.ensure_one()
        own = self._get_taxes()
        price = own._adapt_price_unit_to_another_taxes(
            float(amount), self.product_id, own, taxes
        )
        return self.currency_id.round(price)

    def _get_revenue_account(self):
        """Return the income account before the fiscal position maps it."""
        self.ensure_one()
        contract = self.contract_id
        product = self.product_id.with_company(self.company_id)
        income = product and product.product_tmpl_id.get_product_accounts()["income"]
        return (
            contract.revenue_account_id
            or income
            or contract._get_journal().default_account_id
        )

    # -- Invoices -----------------------------------------------------------------

    def _get_invoicing_problems(self):
        """Return what keeps a line from being invoiced, in words."""
        self.ensure_one()
        label, problems = self._get_label(), []
        problems += [
            self.env._(
                "Tax %(tax)s of “%(line)s” is archived: choose another one.",
                tax=tax.name,
                line=label,
            )
            for tax in self._get_taxes()
            if not tax.active
        ]
        accounts = self._get_revenue_account()
        if not accounts:
            problems.append(self.env._("“%s” has no income account.", label))
        if self.contract_id.is_deferred:
            accounts |= self.contract_id._get_deferred_account()
        problems += [
            self.env._(
                "Account %(account)s of “%(line)s” is archived: choose another one.",
                account=account.display_name,
                line=label,
            )
            for account in accounts
            if not account.active
        ]
        return problems

    def _prepare_text_vals(self, bill, day):
        """Return a section or note as it is on an invoice."""
        self.ensure_one()
        contract = self.contract_id
        first, last = bill.period[:2]
        lang = contract._get_payer(first).lang
        # Below the title of a contract its own sections are subsections.
        has_title = contract.invoice_detail == "contract" or contract.invoice_title
        kind = self.display_type
        if kind == "line_section" and has_title:
            kind = "line_subsection"
        return {
            "display_type": kind,
            "name": contract._fill_markers(self.name, first, last, day, lang),
        }

    def _get_invoice_text(self, first, last, day):
        """Return the text of the line for the billed days, in the payer's language."""
        self.ensure_one()
        contract, text = self.contract_id, self.name or ""
        if "#START#" not in text and "#END#" not in text:
            text = f"{text}\n#START# – #END#".lstrip()
        lang = contract._get_payer(first).lang
        return contract._fill_markers(text, first, last, day, lang)

    def _prepare_invoice_line_vals(self, part, bill, day, sign, position):
        """Return the invoice line that bills some days of this line.

        :param part: the billed days with their amount
        :param bill: the bill it belongs to
        :param day: date of the document
        :param int sign: -1 on a credit note
        :param position: fiscal position of the document
        """
        self.ensure_one()
        contract = self.contract_id
        revenue = position.map_account(self._get_revenue_account())
        # The starting period is earned at once.
        defers = (
            contract.is_deferred
            and contract.billing_timing == "prepaid"
            and not bill.period.is_starting
        )
        account = revenue
        if defers:
            account = position.map_account(contract._get_deferred_account())
        distribution = False if defers else contract._get_analytic_distribution()
        taxes = position.map_tax(self._get_taxes())
        price = self._get_price(part.amount * sign, taxes)
        vals = {
            "display_type": "product",
            "product_id": self.product_id.id,
            "name": self._get_invoice_text(part.first, part.last, day),
            "quantity": 1,
            "price_unit": price,
            "tax_ids": [Command.set(taxes.ids)],
            "account_id": account.id,
            "analytic_distribution": distribution,
            "service_contract_line_id": self.id,
            "service_period_start": part.first,
            "service_period_end": part.last,
            "service_pricing": self.env["account.move.line"]._pack_service_pricing(
                part.pricing
            ),
            "service_revenue_account_id": revenue.id if defers else False,
        }
        if self.installed_base_id:
            vals["installed_base_ids"] = [Command.set(self.installed_base_id.ids)]
        if self._is_billed_untaxed(taxes):
            # Revenue, on an invoice as on a credit note. Given with its balance, Odoo
            # need not write the new line once more to find it.
            balance = -price * sign
            vals.update({"balance": balance, "amount_currency": balance})
        return vals

    def _is_billed_untaxed(self, taxes):
        """Tell whether the billed price is the untaxed one in company currency."""
        self.ensure_one()
        is_own_currency = self.currency_id == self.company_id.currency_id
        return is_own_currency and not taxes._includes_tax()

import re

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ...context import CHANGING
from ...engine import cover, intersect
from ...engine.coverage import FOREVER, Span
from .service_contract_terms_mixin import PROMISE_FIELDS

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
    """Equipment, product or text that a contract covers.

    Other files add what it costs (`line_figures`, `price_history`), how it is invoiced
    (`invoice_lines`) and visited (`line_visits`).
    """

    _name = "service.contract.line"
    _inherit = ["installed.base.record.mixin"]
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
        selection=[("line_section", "Section"), ("line_note", "Note")],
        export_string_translation=False,
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
        help="Invoiced product.",
    )
    name = fields.Text(
        string="Description",
        compute="_compute_name",
        store=True,
        readonly=False,
        precompute=True,
        help="Text on invoices. #START# and #END# are replaced by the first and last "
        "billed day; #INVOICEMONTHNUMBER#, #INVOICEMONTHNAME# and #INVOICEYEAR# by "
        "the invoice date. Without #START# and #END#, the period is added.",
    )
    date_start = fields.Date(
        string="From",
        copy=False,
        help="First covered day; if empty, the start of the contract.",
    )
    date_end = fields.Date(
        string="To",
        copy=False,
        help="Last covered day; if empty, the end of the contract.",
    )
    covered_from = fields.Date(compute="_compute_covered_days", compute_sudo=True)
    covered_until = fields.Date(
        compute="_compute_covered_days",
        compute_sudo=True,
        help="Last covered day; empty if the contract has no end.",
    )
    response_hours = fields.Float(
        string="Response Time",
        compute="_compute_response_hours",
        store=True,
        readonly=False,
        precompute=True,
        aggregator=None,
    )

    _no_figures_of_texts = models.Constraint(
        "CHECK (display_type IS NULL OR (installed_base_id IS NULL "
        "AND product_id IS NULL AND COALESCE(value, 0) = 0))",
        "Sections and notes cannot have equipment, product or amount.",
    )
    _dates_ordered = models.Constraint(
        # Removed on its first day it ends the day before: it was never covered.
        "CHECK (date_end IS NULL OR date_start IS NULL OR date_end >= date_start - 1)",
        "A contract line cannot end before it starts.",
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
            # What was agreed in another program stays, here and below. And not the
            # equipment itself: it is not sold again.
            line.product_id = (
                (line.moved_in_line_id and line.product_id)
                or line.installed_base_id.product_id.service_contract_product_id
                or (line.installed_base_id and line.contract_id.template_id.product_id)
                or line.product_id
            )

    @api.depends("installed_base_id", "product_id")
    def _compute_name(self):
        for line in self:
            agreed = line.moved_in_line_id and line.name
            line.name = agreed or line._get_default_name() or line.name

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

    @api.depends("contract_id", "installed_base_id", "name")
    @api.depends_context("uid")
    def _compute_display_name(self):
        for line in self:
            # Whoever reads a contract line reads its name, whatever else they may read.
            known = line.sudo()
            names = (known.contract_id.name, known._get_label())
            line.display_name = ": ".join(filter(None, names))

    @api.depends(
        "date_start", "date_end", "contract_id.date_start", "contract_id.date_end"
    )
    def _compute_covered_days(self):
        for line in self:
            contract = line.contract_id
            line.covered_from = line.date_start or contract.date_start
            line.covered_until = line.date_end or contract.date_end

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
                        "%s is retired. A contract can only cover equipment in "
                        "service.",
                        equipment.display_name,
                    )
                )
            owner = line.contract_id.commercial_partner_id
            if not equipment._stands_at(owner) and not line._rents_out():
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

    def _shares_days_with(self, other):
        """Tell whether another line covers a day that this one covers, or will if its
        contract is renewed without anybody asking for it."""
        self.ensure_one()
        if not self.contract_id.date_start:
            # Somebody is typing it.
            return True
        spans = [self._get_own_span()]
        for contract in (self.contract_id, other.contract_id):
            last = not contract._is_end_open() and contract.date_end
            spans = intersect(spans, Span(contract.date_start, last or FOREVER))
        return bool(intersect(spans, other._get_own_span()))

    def _get_covered_spans(self, terms=None):
        """Return the days that this line covers, as spans in order: its own inside
        those of the contract, without the suspended ones.

        :param terms: days of the contract; by default its terms, up to its end
        """
        self.ensure_one()
        contract = self.contract_id
        return cover(
            self.date_start or contract.date_start,
            self.date_end or None,
            contract._get_terms() if terms is None else terms,
            [row._get_span() for row in contract.suspension_ids],
        )

    # -- Access -------------------------------------------------------------------

    @api.model
    def _get_portal_fields(self):
        return PORTAL_FIELDS

    # -- CRUD ---------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        contracts = self.env["service.contract"].browse(
            {vals["contract_id"] for vals in vals_list if vals.get("contract_id")}
        )
        self._check_guarded(contracts)
        vals_list, rules = self._split_rules(vals_list)
        vals_list = [self._keep_one_figure(vals) for vals in vals_list]
        lines = super().create(vals_list)
        lines._propose_beside(vals_list)
        lines._create_rules(rules)
        lines._follow_with_requests()
        return lines

    def write(self, vals):
        if GUARDED_FIELDS & vals.keys():
            self._check_guarded(self.contract_id)
        vals = self._keep_one_figure(vals)
        others = self._get_lines_to_propose(vals)
        result = super().write(vals)
        others._propose_anew(vals)
        self._follow_with_rules(vals)
        if not vals.keys().isdisjoint(PROMISE_FIELDS):
            self._follow_with_requests()
        if vals.keys() & {"date_start", "date_end"}:
            self._follow_with_rentals()
        return result

    def unlink(self):
        rules = self._get_own_rules()
        result = super().unlink()
        rules.unlink()
        return result

    def copy_data(self, default=None):
        vals_list = super().copy_data(default)
        self._copy_rules(vals_list, default or {})
        return vals_list

    @api.ondelete(at_uninstall=False)
    def _unlink_except_draft(self):
        self._check_guarded(self.contract_id)

    def _check_guarded(self, contracts):
        if self.env.context.get("service_contract_change") is CHANGING:
            return
        for contract in contracts:
            if contract.state != "draft":
                raise UserError(
                    self.env._(
                        "Contract %s is no longer a draft. Add, change and end its "
                        "lines with a date and a reason.",
                        contract.display_name,
                    )
                )

    def _prepare_successor_vals(self, day):
        """Return the values of the lines by which another contract goes on with these.

        :param date day: its first day; what begins later keeps its own
        """
        vals_list = []
        for line, vals in zip(self, self.copy_data(), strict=True):
            start = (line.date_start or day) > day and line.date_start
            vals_list.append(
                {
                    **vals,
                    **line._prepare_successor_rule(start or day),
                    "date_start": start,
                    "date_end": line.date_end,
                }
            )
        return vals_list

    # -- Activation ---------------------------------------------------------------

    def _is_outside_contract(self):
        """Tell whether a day that this line begins or ends on is not the contract's."""
        self.ensure_one()
        contract = self.contract_id
        return any(
            day < contract.date_start or (contract.date_end and day > contract.date_end)
            for day in (self.date_start, self.date_end)
            if day
        )

    def _get_activation_problems(self):
        """Return what the lines of one contract lack, in words."""
        problems = []
        for line in self:
            label = line._get_label()
            contract = line.contract_id
            if not line.name:
                problems.append(self.env._("A line has no description."))
            if line._is_outside_contract():
                problems.append(
                    self.env._("“%s” is outside the dates of the contract.", label)
                )
            if line.installed_base_id.state == "retired":
                problems.append(self.env._("“%s” is retired.", label))
            equipment, owner = line.installed_base_id, contract.commercial_partner_id
            is_theirs = equipment._stands_at(owner) or line._rents_out()
            if equipment and not is_theirs:
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
        return problems + self._get_missing_rules() + self._get_missing_sites()

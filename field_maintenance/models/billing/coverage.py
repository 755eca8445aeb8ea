from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain
from odoo.tools import split_every

from ...engine import PriceOffer, choose, covered_share, in_warranty, is_covered
from .service_line import CHOICES

# The warranty that a line falls under: its end, and how much of the price it pays.
WARRANTIES = {
    "part": ("warranty_end_date", "service_warranty_part_percent"),
    "labor": ("labor_warranty_end_date", "service_warranty_labor_percent"),
}
PERCENTS = frozenset(percent for _end, percent in WARRANTIES.values())
# So many lines follow a percentage at a time.
FOLLOWING = 1000
COVERAGES = [
    ("billable", "Customer"),
    ("warranty", "Warranty"),
    ("contract", "Contract"),
]


class ServiceLine(models.Model):
    """Who pays: the single highest of what warranty, contract, price list and the
    office offer. A line that is on an order keeps what it was ordered with."""

    _inherit = "service.line"

    typed_discount = fields.Float(
        string="Own Discount (%)",
        digits="Discount",
        aggregator=None,
        help="A discount of your own. The highest discount counts; discounts are "
        "never added up.",
    )
    typed_coverage = fields.Selection(
        selection=COVERAGES,
        string="Paid By",
        help="Who pays, whatever warranty and contract say. If empty, they decide.",
    )
    discount = fields.Float(
        string="Discount (%)",
        compute="_compute_coverage",
        store=True,
        readonly=False,
        precompute=True,
        digits="Discount",
        aggregator=None,
    )
    coverage = fields.Selection(
        selection=[
            ("billable", "Billable"),
            ("warranty", "Warranty"),
            ("contract", "Contract"),
        ],
        compute="_compute_coverage",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
        help="Who pays: the customer, or a previous commitment.",
    )
    covered_amount = fields.Monetary(
        string="Covered",
        compute="_compute_price_subtotal",
        store=True,
        help="What the warranty or the contract pays.",
    )

    @api.depends(lambda self: self._get_coverage_depends())
    def _compute_coverage(self):
        ordered = self.filtered("is_ordered")
        for line in ordered:
            line.discount, line.coverage = line.discount, line.coverage
        free = self - ordered
        before = {line: (line.discount, line.coverage) for line in free._origin}
        for line, offer in free._get_best_offers().items():
            line.discount = offer.percent
            line.coverage = offer.origin if is_covered(offer) else "billable"
        changed = free.filtered(
            lambda line: (
                line.id and before[line._origin] != (line.discount, line.coverage)
            )
        )
        changed._follow_coverage()

    def _recompute_coverage(self):
        """Ask anew who pays for these lines."""
        self.modified(["typed_discount"])

    @api.model
    def _follow_percents(self, domain):
        """Ask anew who pays for lines that are not ordered and whose warranty may pay,
        some at a time.

        :param domain: which lines
        """
        # Whoever sets percentages need not read visits.
        lines = self.sudo().search(
            Domain(domain)
            & Domain("line_type", "in", list(WARRANTIES))
            & Domain("visit_id.state", "!=", "cancelled")
            & Domain(
                "visit_id.line_ids.installed_base_id",
                "any",
                Domain("warranty_end_date", "!=", False)
                | Domain("labor_warranty_end_date", "!=", False),
            )
        )
        for ids in split_every(FOLLOWING, lines.ids):
            some = lines.browse(ids)
            some._recompute_coverage()
            some.flush_recordset()
        self.env["maintenance.visit"].invalidate_model(["coverage_warning"])

    def _follow_coverage(self):
        """Do what follows when somebody else pays for these lines."""

    @api.depends("quantity", "price_unit", "discount", "coverage")
    def _compute_price_subtotal(self):
        for line in self:
            full = line.quantity * line.price_unit
            net = full * (1 - (line.discount or 0) / 100)
            line.price_subtotal = net
            line.covered_amount = 0
            if line.coverage != "billable":
                # What both sides pay sums to the price.
                currency = line.currency_id
                full = currency.round(full) if currency else full
                line.covered_amount = full - line.price_subtotal

    @api.constrains("typed_discount")
    def _check_typed_discount(self):
        typed = self.filtered("typed_discount")
        offers = typed._get_chosen_offers()
        for line in typed:
            for origin, percent in offers[line]:
                if origin == "warranty" and percent > line.typed_discount:
                    raise ValidationError(
                        self.env._(
                            "The discount of %(discount)s %% for %(product)s is lower "
                            "than the %(percent)s %% of the warranty. Remove it, or "
                            "choose who pays.",
                            discount=f"{line.typed_discount:g}",
                            product=line.product_id.display_name,
                            percent=f"{percent:g}",
                        )
                    )

    # -- Offers ------------------------------------------------------------------------

    @api.model
    def _get_coverage_depends(self):
        """Return what decides about who pays; see also `_follow_percents`."""
        pieces = ("visit_line_id", "visit_id.line_ids")
        names = (
            "warranty_end_date",
            "labor_warranty_end_date",
            "installation_date",
            "sale_date",
            "service_warranty_part_percent",
            "service_warranty_labor_percent",
            "category_id",
        )
        return (
            "line_type",
            "time_type",
            "typed_discount",
            "typed_coverage",
            "pricelist_discount",
            "price_origin",
            "sale_line_id",
            "visit_id.due_date",
            "visit_id.request_id.request_date",
            "visit_id.sale_order_id.date_order",
            # On whose clock the day is
            "visit_id.site_id",
            *(f"{path}.installed_base_id.{name}" for path in pieces for name in names),
            *(
                f"{path}.fault_reason_id.excludes_{origin}"
                for path in pieces
                for origin in ("warranty", "contract")
            ),
        )

    def _get_discount_offers(self):
        """Return what discount each line is offered by whom: `warranty`, `contract`,
        `pricelist` or `typed`. An addon that offers more adds to the lists.

        :return: {line: [(origin, percent)]}
        """
        offers = {line: [] for line in self}
        for line, percent in self._get_warranty_percents().items():
            offers[line].append(("warranty", percent))
        for line in self:
            if line.pricelist_discount:
                offers[line].append(("pricelist", line.pricelist_discount))
            if line.typed_discount:
                offers[line].append(("typed", line.typed_discount))
        return offers

    def _get_chosen_offers(self):
        """Return the offers that count: without those that the fault reason excludes,
        and where the office chose who pays, no others."""
        chosen = {}
        for line, offers in self._get_discount_offers().items():
            reason = line._get_covered_row().fault_reason_id
            excluded = {
                origin
                for origin in ("warranty", "contract")
                # Nobody promised a loaner for free.
                if reason[f"excludes_{origin}"] or line.loan_id
            }
            offers = [offer for offer in offers if offer[0] not in excluded]
            if line.price_origin == "rule":
                # The price of the job is what the customer pays.
                offers = []
            elif line.typed_coverage == "billable":
                offers = [
                    offer for offer in offers if not is_covered(PriceOffer(*offer))
                ]
            elif line.typed_coverage:
                offers = [(line.typed_coverage, line.typed_discount or 100)]
            chosen[line] = offers
        return chosen

    def _get_best_offers(self):
        """Return {line: the offer that it gets}."""
        return {
            line: choose(PriceOffer(*offer) for offer in offers)
            for line, offers in self._get_chosen_offers().items()
        }

    def _get_covered_row(self):
        """Return the line of the visit that this is about: the chosen one, else the
        only one with equipment."""
        self.ensure_one()
        # What is covered does not depend on who may read equipment.
        line = self.sudo()
        rows = line.visit_line_id or line.visit_id.line_ids.filtered(
            "installed_base_id"
        )
        return rows if len(rows) == 1 else rows.browse()

    def _get_covered_equipment(self):
        """Return the equipment that a line is about, else the only one of its visit."""
        self.ensure_one()
        return self._get_covered_row().installed_base_id

    def _get_warranty_percents(self):
        """Return {line: percent that the warranty pays}, of those that fall under one.
        Costs never do, nor does recorded travel."""
        found = {}
        days = self.visit_id._get_coverage_days()
        # Read at once; below, each visit would read its own.
        pieces = self.visit_id._get_batch().sudo().line_ids.installed_base_id
        pieces.mapped("warranty_end_date")
        pieces.category_id.mapped("parent_path")
        for line in self:
            if line.line_type not in WARRANTIES or line.time_type == "travel":
                continue
            end_name, percent_name = WARRANTIES[line.line_type]
            piece = line._get_covered_equipment()
            if not piece:
                continue
            start = piece.installation_date or piece.sale_date or None
            end = piece[end_name] or None
            if in_warranty(days[line.visit_id], start, end):
                percent = piece._get_warranty_percent(percent_name)
                if percent:
                    found[line] = percent
        return found

    def _get_covered_share(self):
        """Return which part of this line its warranty or contract bears, 0 to 1."""
        self.ensure_one()
        return covered_share(
            self.quantity * self.price_unit,
            self.quantity * self.price_unit * (1 - (self.discount or 0) / 100),
            self.coverage != "billable",
        )

    # -- Choices of the office ---------------------------------------------------------

    @api.model
    def _take_choices(self, vals_list):
        """Return values in which a given discount or coverage is a choice."""
        defaults = self.default_get(list(CHOICES))
        result = []
        for vals in vals_list:
            vals = {**defaults, **vals}
            given = {name: vals.pop(name) for name in CHOICES if name in vals}
            for name, value in given.items():
                vals.setdefault(CHOICES[name], value)
            result.append(vals)
        return result

    def _read_choices(self, vals):
        """Return the choices in values that are written: what holds anyway is none.

        :rtype: frozenset of pairs of name and value
        """
        self.ensure_one()
        return frozenset(
            (typed, vals[name])
            for name, typed in CHOICES.items()
            if name in vals and typed not in vals
            if not self._has_value(name, vals[name])
        )

    def _drop_idle_choices(self):
        """Forget what was given as discount or coverage and holds anyway: it is to
        follow what it came from."""
        given = self.filtered(lambda line: line.typed_discount or line.typed_coverage)
        for line, offers in given._get_discount_offers().items():
            best = choose(PriceOffer(*offer) for offer in offers if offer[0] != "typed")
            coverage = best.origin if is_covered(best) else "billable"
            # A discount chosen along with who pays is meant.
            same_payer = line.typed_coverage in (False, coverage)
            if same_payer and line.typed_coverage:
                line.typed_coverage = False
            if same_payer and line._has_value("typed_discount", best.percent):
                line.typed_discount = 0


class InstalledBaseCategory(models.Model):
    _inherit = "installed.base.category"

    def _follow_warranty_percents(self, names):
        """Ask anew who pays for what was used on equipment of these categories and
        those below, if what decides was written.

        :param names: the fields that were written
        """
        if not (PERCENTS | {"parent_id"}).isdisjoint(names):
            self.env["service.line"]._follow_percents(
                Domain(
                    "visit_id.line_ids.installed_base_id.category_id",
                    "child_of",
                    self.ids,
                )
            )


class ResCompany(models.Model):
    _inherit = "res.company"

    def _follow_warranty_percents(self, names):
        """Ask anew who pays for what was used in these companies, if what decides was
        written.

        :param names: the fields that were written
        """
        if not PERCENTS.isdisjoint(names):
            self.env["service.line"]._follow_percents(
                Domain("company_id", "in", self.ids)
            )


class MaintenanceVisit(models.Model):
    """What of a visit's orders would be paid by somebody else by now."""

    _inherit = "maintenance.visit"

    coverage_warning = fields.Text(
        compute="_compute_coverage_warning",
        groups="sales_team.group_sale_salesman,account.group_account_invoice,"
        "field_installed_base.group_dispatcher",
        export_string_translation=False,
    )

    @api.depends(
        "due_date",
        "request_id.request_date",
        "line_ids.installed_base_id.warranty_end_date",
        "line_ids.installed_base_id.labor_warranty_end_date",
        "service_line_ids.is_ordered",
    )
    def _compute_coverage_warning(self):
        # Which line is on an order does not depend on who may read orders.
        ordered = self.sudo().service_line_ids.filtered("is_ordered")
        best = ordered._get_best_offers()
        labels = dict(ordered._fields["coverage"]._description_selection(self.env))
        for visit in self:
            texts = []
            for line in visit.sudo().service_line_ids & ordered:
                offer = best[line]
                coverage = offer.origin if is_covered(offer) else "billable"
                # A price that was agreed with the customer is no coverage.
                if {coverage, line.coverage} == {"billable"} or (
                    coverage == line.coverage
                    and line._has_value("discount", offer.percent)
                ):
                    continue
                texts.append(
                    self.env._(
                        "%(line)s: %(before)s, %(before_percent)s %% → %(after)s, "
                        "%(after_percent)s %%",
                        line=line.name or line.product_id.display_name,
                        before=labels[line.coverage],
                        before_percent=f"{line.discount:g}",
                        after=labels[coverage],
                        after_percent=f"{offer.percent:g}",
                    )
                )
            visit.coverage_warning = "\n".join(texts) or False

    def _get_coverage_days(self):
        """Return the day that decides about warranties, at the site: of the request,
        else of the order that the visit came from, else the due date.

        :return: {visit: date}
        """
        days = {}
        for visit in self:
            # Whoever enters what was used need not read requests and orders.
            sure = visit.sudo()
            order = sure.sale_order_id
            if all(order.order_line.mapped("is_visit_bill")):
                # It only bills what was used.
                order = order.browse()
            moment = sure.request_id.request_date or order.date_order
            days[visit] = (
                sure._get_site_day(moment)
                or sure.due_date
                or sure._get_site_day(sure.create_date or fields.Datetime.now())
            )
        return days

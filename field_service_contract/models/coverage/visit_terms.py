from contextlib import contextmanager

from odoo import fields, models

from ...engine.terms import get_contract_year
from ..contract.service_contract import PRICE_GROUPS, from_template

# What a customer calls for, as opposed to what was planned with them.
CALL_TYPES = ("breakdown", "unscheduled")


class ServiceContractTermsMixin(models.AbstractModel):
    """What a visit costs under a contract, and which calls are free."""

    _inherit = "service.contract.terms.mixin"

    labor_price_max = fields.Float(
        string="Maximum Price of Labor",
        min_display_digits="Product Price",
        aggregator=None,
        groups=PRICE_GROUPS,
        help="The most that an hour of labor costs, before any discount. Leave empty "
        "for no maximum.",
    )
    free_call_count = fields.Integer(
        string="Free Calls per Year",
        aggregator=None,
        help="Number of unscheduled visits per contract year whose costs and travel "
        "are free.",
    )

    _visit_terms_positive = models.Constraint(
        "CHECK (labor_price_max >= 0 AND free_call_count >= 0)",
        "The maximum price of labor and the number of free calls must be zero or more.",
    )


class ServiceContract(models.Model):
    _inherit = "service.contract"

    labor_price_max = fields.Float(
        compute=from_template("labor_price_max"),
        store=True,
        readonly=False,
        precompute=True,
    )
    free_call_count = fields.Integer(
        compute=from_template("free_call_count"),
        store=True,
        readonly=False,
        precompute=True,
    )
    free_call_summary = fields.Char(
        string="Free Calls Used", compute="_compute_free_call_summary"
    )

    def _compute_free_call_summary(self):
        today = fields.Date.context_today(self)
        calls = self.filtered("free_call_count")._get_calls()
        for contract in self:
            if not contract.free_call_count:
                contract.free_call_summary = False
                continue
            year = get_contract_year(contract.date_start, today)
            used = sum(
                1
                for day, _visit in calls.get(contract._origin, ())
                if get_contract_year(contract.date_start, day) == year
            )
            contract.free_call_summary = self.env._(
                "%(used)s of %(count)s used",
                used=min(used, contract.free_call_count),
                count=contract.free_call_count,
            )

    def _get_calls(self):
        """Return the calls of these contracts in order: unscheduled visits that are not
        cancelled. What follows one up, or is done with another, is no call of its own.

        :return: {contract: [(day that decides, visit)]}
        """
        # What is free does not depend on who may read visits.
        contracts = self._origin.sudo()
        visits = self.env["maintenance.visit"].sudo()
        pieces = contracts.line_ids.installed_base_id
        found = visits.search(
            [
                ("maintenance_type", "in", CALL_TYPES),
                ("state", "!=", "cancelled"),
                ("follow_up_of_id", "=", False),
                ("company_id", "in", contracts.company_id.ids),
                "|",
                ("service_contract_id", "in", contracts.ids),
                "&",
                ("service_contract_id", "=", False),
                ("line_ids.installed_base_id", "in", pieces.ids),
            ]
        )
        mains = set(found.ids)
        found = found.filtered(lambda visit: visit.merged_into_id.id not in mains)
        calls = {contract: [] for contract in self._origin}
        days = found._get_coverage_days()
        covering = found._get_visit_contracts()
        for visit in found.sorted(lambda visit: (days[visit], visit.id)):
            for contract in covering[visit] & contracts:
                calls[contract.with_env(self.env)].append((days[visit], visit))
        return calls

    def _get_free_calls(self):
        """Return {contract: its calls whose costs and travel are free}."""
        free = {}
        for contract, calls in self.filtered("free_call_count")._get_calls().items():
            by_year = {}
            for day, visit in calls:
                year = get_contract_year(contract.date_start, day)
                by_year.setdefault(year, []).append(visit.id)
            count = contract.sudo().free_call_count
            free[contract] = self.env["maintenance.visit"].browse(
                visit_id for ids in by_year.values() for visit_id in ids[:count]
            )
        return free

    def _follow_calls(self):
        """Let the calls of these contracts move up or down when one comes, goes or
        changes its day."""
        if not self:
            return
        visits = self.env["maintenance.visit"].sudo()
        for calls in self._get_calls().values():
            visits = visits.union(*(visit for _day, visit in calls))
        visits |= visits.merged_ids
        lines = (visits | visits.follow_up_ids).service_line_ids
        lines._recompute_coverage()

    def _get_visit_discount(self, line_type, product):
        """Return the discount on a product that a visit uses: the one for the product,
        else for its nearest category, else for all, in percent.

        :param str line_type: `part`, `labor` or `cost`
        """
        self.ensure_one()
        cuts = self.discount_ids.filtered(lambda cut: cut.line_type == line_type)
        for cut in cuts:
            if cut.product_id == product:
                return cut.discount
        cuts = cuts.filtered(lambda cut: not cut.product_id)
        path = product.categ_id.parent_path or ""
        fitting = cuts.filtered(
            lambda cut: not cut.categ_id or path.startswith(cut.categ_id.parent_path)
        )
        nearest = fitting.sorted(lambda cut: -len(cut.categ_id.parent_path or ""))
        return nearest[:1].discount


class MaintenanceVisit(models.Model):
    """The contracts that cover a visit on the day that decides."""

    _inherit = "maintenance.visit"

    def _get_visit_contracts(self):
        """Return {visit: contracts that cover it}: its own where that covers it, else
        those of its equipment."""
        found = {}
        for visit, by_piece in self._get_covering_contracts().items():
            own = visit.sudo().service_contract_id
            contracts = own.browse().union(*by_piece.values())
            found[visit] = own if own in contracts else contracts
        return found

    def _get_covering_contracts(self):
        """Return the contracts that cover these visits on the day that decides, without
        those that are suspended then; with all rights. Lines without equipment cover
        what is about none, and everything under a contract that has no others.

        :return: {visit: {id of the equipment, False without: contracts}}
        """
        return self._ask_once("_find_covering_contracts")

    def _find_covering_contracts(self):
        # What is covered does not depend on who may read contracts.
        visits = self.sudo()
        none = self.env["service.contract.line"].sudo()
        found = none.search(
            [
                ("contract_id.state", "!=", "draft"),
                ("display_type", "=", False),
                ("company_id", "in", visits.company_id.ids),
                "|",
                (
                    "installed_base_id",
                    "in",
                    visits.line_ids.installed_base_id._origin.ids,
                ),
                "&",
                ("installed_base_id", "=", False),
                ("contract_id", "in", visits.service_contract_id._origin.ids),
            ]
        )
        terms = {contract: contract._get_terms() for contract in found.contract_id}
        spans = {row: row._get_covered_spans(terms[row.contract_id]) for row in found}
        by_piece = found.grouped(lambda row: row.installed_base_id.id)
        texts = by_piece.pop(False, none).grouped("contract_id")
        days = self._get_coverage_days()
        covering = {}
        for visit in self:
            sure, day = visit.sudo(), days[visit]

            def covers(row, day=day, company=sure.company_id):
                return row.company_id == company and any(
                    span.first <= day <= span.last for span in spans[row]
                )

            own = sure.service_contract_id._origin
            general = texts.get(own, none).filtered(covers).contract_id
            others = general.browse() if own.line_ids.installed_base_id else general
            covering[visit] = {
                piece._origin.id: others
                | by_piece.get(piece._origin.id, none).filtered(covers).contract_id
                for piece in sure.line_ids.installed_base_id
            }
            covering[visit][False] = general
        return covering

    def _get_free_calls(self):
        """Return {contract: its calls that are free}, of the contracts that cover these
        visits. What follows a call up is as free as the call."""
        contracts = self.env["service.contract"].sudo()
        for found in self._get_visit_contracts().values():
            contracts |= found
        return contracts._get_free_calls()

    def _get_call(self):
        """Return the visit that decides whether this one is a free call: what follows a
        call up, or is a call done with another one, is as free as that."""
        self.ensure_one()
        visit = self._origin
        first = visit.follow_up_of_id or visit
        main = first.merged_into_id
        is_part = main and len((first | main)._filter_calls()) > 1
        return main if is_part else first

    def _filter_calls(self):
        """Return those of these visits that count as calls, in whatever state."""
        calls = self.sudo().filtered(
            lambda visit: (
                visit.maintenance_type in CALL_TYPES and not visit.follow_up_of_id
            )
        )
        return calls.with_prefetch(self._prefetch_ids)

    @contextmanager
    def _watch_calls(self):
        """Let the calls of contracts move up or down after something changes about
        these visits; what is no call of a contract any more follows, too."""
        contracts = self._get_call_contracts()
        yield
        (contracts | self._get_call_contracts())._follow_calls()
        if contracts:
            self.sudo().service_line_ids._recompute_coverage()

    def _get_call_contracts(self):
        """Return the contracts whose free calls these visits use up."""
        contracts = self.env["service.contract"].sudo()
        calls = self._filter_calls()
        if calls:
            contracts = contracts.union(*calls._get_visit_contracts().values())
        return contracts.filtered("free_call_count")

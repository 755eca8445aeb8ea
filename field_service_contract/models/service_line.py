from odoo import api, fields, models

# What decides about the cost of a part.
COST_FIELDS = frozenset(
    {
        "visit_id",
        "line_type",
        "product_id",
        "quantity",
        "coverage",
        "name",
    }
)


class ServiceLine(models.Model):
    """What contracts offer, and a part as a cost of the contract that bears it."""

    _inherit = "service.line"

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines.visit_id._get_done()._update_costs()
        return lines

    def write(self, vals):
        if not COST_FIELDS & vals.keys():
            return super().write(vals)
        visits = self.visit_id
        result = super().write(vals)
        (visits | self.visit_id)._get_done()._update_costs()
        return result

    # -- What contracts offer ----------------------------------------------------------

    @api.model
    def _get_contract_depends(self):
        """Return what decides about which contract covers a line."""
        rows = (
            "visit_id.line_ids.installed_base_id.service_contract_line_ids",
            "visit_id.service_contract_id.line_ids",
        )
        return (
            "visit_id.service_contract_id",
            *(f"{path}.date_start" for path in rows),
            *(f"{path}.date_end" for path in rows),
            *(f"{path}.contract_id.state" for path in rows),
            *(f"{path}.contract_id.date_end" for path in rows),
            *(f"{path}.contract_id.suspension_ids.date_start" for path in rows),
            *(f"{path}.contract_id.suspension_ids.date_end" for path in rows),
        )

    @api.model
    def _get_coverage_depends(self):
        contracts = (
            "visit_id.line_ids.installed_base_id.service_contract_line_ids.contract_id",
            "visit_id.service_contract_id",
        )
        names = (
            "free_call_count",
            "discount_ids.line_type",
            "discount_ids.product_id",
            "discount_ids.categ_id",
            "discount_ids.discount",
        )
        return (
            *super()._get_coverage_depends(),
            *self._get_contract_depends(),
            *(f"{path}.{name}" for path in contracts for name in names),
        )

    @api.model
    def _get_price_depends(self):
        return (
            *super()._get_price_depends(),
            *self._get_contract_depends(),
            # Whether a contract covers it then
            "line_type",
            "visit_line_id.installed_base_id",
            "visit_id.line_ids.installed_base_id",
            "visit_id.site_id",
            "visit_id.due_date",
            "visit_id.request_id.request_date",
            "visit_id.sale_order_id.date_order",
            "visit_id.line_ids.installed_base_id.service_contract_line_ids"
            ".contract_id.labor_price_max",
            "visit_id.service_contract_id.labor_price_max",
        )

    def _get_covering_contracts(self):
        """Return {line: contracts that cover its equipment on the day that decides},
        with all rights."""
        covering = self.visit_id._get_covering_contracts()
        return {
            line: covering.get(line.visit_id, {}).get(
                line._get_covered_equipment()._origin.id,
                self.env["service.contract"].sudo(),
            )
            for line in self
        }

    @api.model
    def _choose_contract_value(self, values, visit):
        """Return the value of the visit's contract, else the highest; 0 for none.

        :param dict values: {contract: value}; zero says nothing
        """
        said = {contract: value for contract, value in values.items() if value}
        own = visit.sudo().service_contract_id
        return said.get(own) or max(said.values(), default=0)

    def _get_discount_offers(self):
        offers = super()._get_discount_offers()
        covering = self._get_covering_contracts()
        # Read at once; below, each line would read its own.
        contracts = self.env["service.contract"].sudo().union(*covering.values())
        contracts.discount_ids.mapped("discount")
        free = self.filtered(
            lambda line: line.line_type == "cost" or line.time_type == "travel"
        )
        calls = free.visit_id._get_free_calls() if free else {}
        for line, contracts in covering.items():
            # Which visit it goes back to does not depend on who enters a part.
            call = line.visit_id.sudo()._get_call()
            values = {
                contract: 100
                if line in free and call in calls.get(contract, call.browse())
                else contract._get_visit_discount(line.line_type, line.product_id)
                for contract in contracts
            }
            percent = self._choose_contract_value(values, line.visit_id)
            if percent:
                offers[line].append(("contract", percent))
        return offers

    def _get_price_caps(self):
        """Labor costs at most what a contract says; what is agreed for an hour holds
        for other units of time in proportion."""
        caps = super()._get_price_caps()
        labor = self.filtered(lambda line: line.line_type == "labor")
        # Not `env.ref`, which asks the database each time whether it exists.
        get_id = self.env["ir.model.data"]._xmlid_to_res_id
        hour = self.env["uom.uom"].browse(get_id("uom.product_uom_hour"))
        today = fields.Date.context_today(self)
        for line, contracts in labor._get_covering_contracts().items():
            values = {
                contract: contract.currency_id._convert(
                    contract.labor_price_max,
                    line.currency_id or contract.currency_id,
                    contract.company_id,
                    today,
                    round=False,
                )
                for contract in contracts
                if contract.labor_price_max
            }
            cap = self._choose_contract_value(values, line.visit_id)
            unit = line.product_id.uom_id
            if cap and unit and hour._has_common_reference(unit):
                cap = hour._compute_price(cap, unit)
            if cap:
                caps[line] = cap
        return caps

    def _follow_coverage(self):
        result = super()._follow_coverage()
        self.visit_id._get_done()._update_costs()
        return result

    # -- Costs -------------------------------------------------------------------------

    def _costs_contract(self):
        """Tell whether the contract of the visit bears some of the cost, ordered or
        not. What labor costs is time."""
        self.ensure_one()
        return self.coverage == "contract" and self.line_type != "labor"

    def _prepare_cost_vals(self):
        """Return the values of the analytic line, with the cost of one unit: of the
        share that the contract bears."""
        self.ensure_one()
        return {
            "service_line_id": self.id,
            "product_id": self.product_id.id,
            "product_uom_id": self.product_id.uom_id.id,
            "unit_amount": self.quantity * self._get_covered_share(),
            "unit_cost": self._get_unit_cost(),
        }

"""What a contract invoices, earns and costs, on its form."""

from odoo import fields, models

PROFIT_GROUPS = "account.group_account_invoice,field_installed_base.group_manager"
PROFIT_MEASURES = ("invoiced", "earned", "deferred", "cost", "margin")


class ServiceContract(models.Model):
    _inherit = "service.contract"

    profit_table = fields.Html(
        string="Profit and Loss",
        compute="_compute_profit_table",
        sanitize=False,
        groups=PROFIT_GROUPS,
        help="Per year, in company currency and untaxed.",
    )

    def _compute_profit_table(self):
        years = {}
        for contract, year, *amounts in self.env["service.contract.profit"]._read_group(
            [("contract_id", "in", self.ids)],
            ["contract_id", "date:year"],
            [f"{name}:sum" for name in PROFIT_MEASURES],
            order="date:year",
        ):
            row = dict(zip(PROFIT_MEASURES, amounts, strict=True))
            years.setdefault(contract, {})[str(year.year)] = row
        qweb = self.env["ir.qweb"]
        for contract in self:
            rows = years.get(contract._origin, {})
            total = {
                name: sum(row[name] for row in rows.values())
                for name in PROFIT_MEASURES
            }
            contract.profit_table = rows and qweb._render(
                "field_service_contract.contract_profit_table",
                {
                    "currency": contract.company_currency_id,
                    # Whether costs are counted is no secret.
                    "counts_costs": bool(contract.sudo().analytic_account_id),
                    "rows": [*rows.items(), (self.env._("Total"), total)],
                },
            )

    def action_view_profit(self):
        """Show what these contracts invoice, earn and cost."""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "field_service_contract.service_contract_profit_action"
        )
        pivot = self.env.ref(
            "field_service_contract.service_contract_profit_view_pivot_month"
        )
        return {
            **action,
            "views": [
                (pivot.id if view_type == "pivot" else view_id, view_type)
                for view_id, view_type in action["views"]
            ],
            "domain": [("contract_id", "in", self.ids)],
            "context": {},
        }

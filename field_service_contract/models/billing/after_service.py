"""Contracts that are invoiced after service only."""

from odoo import api, fields, models
from odoo.fields import Domain

from odoo.addons.field_maintenance.models.visit.maintenance_visit import OPEN_STATES


class ServiceContract(models.Model):
    _inherit = "service.contract"

    invoice_after_service = fields.Boolean(
        compute="_compute_invoice_after_service",
        store=True,
        readonly=False,
        precompute=True,
    )

    @api.depends("template_id", "billing_timing")
    def _compute_invoice_after_service(self):
        for contract in self:
            wanted = contract.template_id or contract
            contract.invoice_after_service = (
                contract.billing_timing == "arrears" and wanted.invoice_after_service
            )

    def _get_waiting_bills(self, until):
        """Return {contract: (bills that wait, the visits they wait for)}.

        :param until: last due date
        """
        return {
            contract: (waiting, visits)
            for contract, (_released, waiting, visits) in self._split_by_service(
                self._plan_due_bills(until)
            ).items()
            if waiting
        }

    def _split_by_service(self, bills):
        """Tell which bills wait until the visits of their periods are made, and date
        the others as these released them.

        :param dict bills: {contract: its bills}
        :return: {contract: (released bills, waiting bills, visits they wait for)}
        """
        by_contract = self._get_visits_of_bills(
            {c: found for c, found in bills.items() if c.invoice_after_service}
        )
        split = {}
        none = self.env["maintenance.visit"].sudo()
        for contract, found in bills.items():
            visits, released, waiting = none, [], []
            for bill in found:
                own = by_contract.get(contract.id, none)._filter_in_period(bill.period)
                to_do = own.filtered(lambda visit: visit.state in OPEN_STATES)
                if to_do:
                    visits |= to_do
                    waiting.append(bill)
                else:
                    days = filter(None, (visit._get_done_date() for visit in own))
                    released.append(bill._replace(date=max([bill.date, *days])))
            split[contract] = (released, waiting, visits)
        return split

    def _get_visits_of_bills(self, bills):
        """Return {contract id: visits that were or are to be made in the periods of its
        bills}, with one query.

        :param dict bills: {contract: its bills}
        """
        if not bills:
            return {}
        # What is billed does not depend on what its user may see of it.
        visits = self.env["maintenance.visit"].sudo()
        periods = [bill.period for found in bills.values() for bill in found]
        first = min(period.first for period in periods)
        last = max(period.last for period in periods)
        days = [
            Domain(name, ">=", first) & Domain(name, "<=", last)
            for name in ("occurrence_date", "due_date")
        ]
        return visits.search(
            Domain("service_contract_id", "in", [contract.id for contract in bills])
            & Domain("state", "!=", "cancelled")
            & Domain.OR(days)
        ).grouped(lambda visit: visit.service_contract_id.id)

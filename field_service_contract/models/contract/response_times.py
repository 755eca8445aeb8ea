from odoo import models
from odoo.fields import Domain

from .service_contract_terms_mixin import PROMISE_FIELDS


class ServiceContract(models.Model):
    """How fast requests about covered equipment are answered."""

    _inherit = "service.contract"

    def _follow_with_requests(self, names):
        """Let requests that nobody has answered yet follow these contracts.

        :param names: the fields that were written
        """
        if not PROMISE_FIELDS.isdisjoint(names):
            changed = self if "state" in names else self._get_promising()
            changed.line_ids._follow_with_requests()

    def _get_promising(self):
        """Return the contracts that promise anything yet: no drafts."""
        return self.filtered(lambda contract: contract.state != "draft")


class ServiceContractLine(models.Model):
    """How fast requests about this equipment are answered."""

    _inherit = "service.contract.line"

    def _follow_with_requests(self):
        """Let requests about this equipment follow what is promised for it."""
        pieces = self.installed_base_id
        if pieces and self.contract_id._get_promising():
            self.env["service.request"]._follow_service_levels(
                Domain("installed_base_ids", "in", pieces.ids)
            )

    def _get_service_level(self, level):
        """Return what this line promises for its equipment.

        :param level: `ServiceLevel` without the contract
        """
        self.ensure_one()
        contract = self.contract_id
        return level._replace(
            hours=self.response_hours or contract.response_hours or level.hours,
            calendar=contract.calendar_id or level.calendar,
            # Hours of its own have holidays of their own.
            on_holidays=contract.on_holidays
            or (not contract.calendar_id and level.on_holidays),
        )

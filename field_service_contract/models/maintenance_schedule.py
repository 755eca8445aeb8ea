from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.field_maintenance.context import GENERATING

from ..context import CHANGING

# What of a schedule its contract decides.
CONTRACT_FIELDS = frozenset(
    {"company_id", "partner_id", "site_id", "date_start", "date_end"}
)


class MaintenanceSchedule(models.Model):
    """The schedule of a contract: the contract decides whose it is and from when to
    when; its lines are the visit rules of the contract's lines."""

    _inherit = "maintenance.schedule"

    service_contract_id = fields.Many2one(
        comodel_name="service.contract",
        string="Contract",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
    )
    service_contract_name = fields.Char(
        related="service_contract_id.name", string="Contract Number"
    )
    service_contract_state = fields.Selection(
        related="service_contract_id.state", string="State of the Contract"
    )

    _service_contract_unique = models.UniqueIndex(
        "(service_contract_id) WHERE service_contract_id IS NOT NULL",
        "The contract already has a schedule.",
    )

    # -- What the contract decides ----------------------------------------------------

    def _check_free_of_contract(self):
        """Refuse what is done to a schedule through its contract.

        :raise UserError: naming the contract
        """
        if self.env.context.get("service_contract_change") is CHANGING:
            return
        # Whoever plans visits is told the number of their contract.
        for schedule in self.sudo().filtered("service_contract_id"):
            raise UserError(
                self.env._(
                    "%(schedule)s belongs to contract %(contract)s, which defines "
                    "the equipment, the customer and the dates. Activate, suspend, "
                    "change or end the contract: the visits follow.",
                    schedule=schedule.display_name,
                    contract=schedule.service_contract_id.name,
                )
            )

    def write(self, vals):
        if names := CONTRACT_FIELDS & vals.keys():
            changed = self.filtered(
                lambda schedule: any(
                    not schedule._has_value(name, vals[name]) for name in names
                )
            )
            changed._check_free_of_contract()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_contract(self):
        self._check_free_of_contract()

    def action_activate(self):
        self._check_free_of_contract()
        return super().action_activate()

    def action_resume(self):
        self._check_free_of_contract()
        return super().action_resume()

    def action_suspend(self):
        self._check_free_of_contract()
        return super().action_suspend()

    def action_close(self):
        own = self
        if self.env.context.get("visit_generation") is GENERATING:
            # All their equipment is gone: their contract lives on without visits.
            own = self.filtered(lambda schedule: not schedule.service_contract_id)
        own._check_free_of_contract()
        return super(MaintenanceSchedule, own).action_close()

    def action_reset(self):
        self._check_free_of_contract()
        return super().action_reset()

    def action_view_service_contract(self):
        """Open the contract of this schedule."""
        self.ensure_one()
        return self.service_contract_id._get_records_action()

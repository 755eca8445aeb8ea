from odoo import fields, models


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

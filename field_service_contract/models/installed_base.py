from odoo import fields, models

from .service_contract import PRICE_GROUPS

READER_GROUPS = f"{PRICE_GROUPS},field_installed_base.group_user"


class InstalledBase(models.Model):
    _inherit = "installed.base"

    service_contract_line_ids = fields.One2many(
        comodel_name="service.contract.line",
        inverse_name="installed_base_id",
        string="Contract Lines",
        copy=False,
        groups=READER_GROUPS,
    )
    service_contract_ids = fields.Many2many(
        comodel_name="service.contract",
        string="Service Contracts",
        compute="_compute_service_contract_ids",
        search="_search_service_contract_ids",
        groups=READER_GROUPS,
    )
    service_contract_count = fields.Integer(
        compute="_compute_service_contract_ids", groups=READER_GROUPS
    )

    def _compute_service_contract_ids(self):
        contracts = dict(
            self.env["service.contract.line"]._read_group(
                [("installed_base_id", "in", self.ids)],
                ["installed_base_id"],
                ["contract_id:recordset"],
            )
        )
        for equipment in self:
            own = contracts.get(equipment._origin, self.env["service.contract"])
            equipment.service_contract_ids = own
            equipment.service_contract_count = len(own)

    def _search_service_contract_ids(self, operator, value):
        return [("service_contract_line_ids.contract_id", operator, value)]

    def action_view_service_contracts(self):
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "field_service_contract.service_contract_action"
        )
        return {
            **action,
            "domain": [("line_ids.installed_base_id", "in", self.ids)],
            "context": {"default_partner_id": self.partner_id[:1].id},
        }

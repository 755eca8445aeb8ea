from odoo import fields, models
from odoo.fields import Domain

from .installed_base import READER_GROUPS


class ResPartner(models.Model):
    _inherit = "res.partner"

    service_contract_ids = fields.One2many(
        comodel_name="service.contract",
        inverse_name="partner_id",
        string="Service Contracts",
        groups=READER_GROUPS,
    )
    service_contract_count = fields.Integer(
        compute="_compute_service_contract_count", groups=READER_GROUPS
    )

    def _compute_service_contract_count(self):
        """Count what the whole company has, whichever of its addresses is looked at."""
        counts = dict(
            self.env["service.contract"]._read_group(
                self._get_service_contract_domain()
                & Domain("state", "!=", "cancelled"),
                ["commercial_partner_id"],
                ["__count"],
            )
        )
        for partner in self:
            company = partner.commercial_partner_id
            partner.service_contract_count = counts.get(company, 0)

    def _get_service_contract_domain(self):
        companies = self.commercial_partner_id
        return Domain("commercial_partner_id", "in", companies.ids)

    def action_view_service_contracts(self):
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "field_service_contract.service_contract_action"
        )
        return {
            **action,
            "domain": self._get_service_contract_domain(),
            "context": {"default_partner_id": self[:1].id},
        }

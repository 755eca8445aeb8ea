from odoo import fields, models
from odoo.fields import Domain

from .contract.service_contract import READER_GROUPS


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

    def _get_kept_domains(self, equipment):
        return [
            *super()._get_kept_domains(equipment),
            (
                "service.contract",
                ["|", ("site_id", "=", self.id), ("partner_id", "=", self.id)],
            ),
        ]

    def action_view_service_contracts(self):
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "field_service_contract.service_contract_action"
        )
        return {
            **action,
            "domain": self._get_service_contract_domain(),
            "context": {"default_partner_id": self[:1].id},
        }

    def action_new_contract_quotation(self):
        """Open a new quotation for a contract that covers the equipment here which no
        contract covers yet; all of the customer's, if this is not a site of its own."""
        self.ensure_one()
        equipment = self.env["installed.base"].search(
            self._get_uncovered_domain(), order="reference"
        )
        if equipment:
            return equipment.action_new_contract_quotation()
        template = self.env["service.contract.template"]._get_default(
            self.company_id or self.env.company
        )
        return template._get_quotation_action(self)

    def _get_uncovered_domain(self):
        """Return which equipment a new contract would cover."""
        company = self.company_id or self.env.company
        place = Domain("site_id", "=", self.id)
        if self == self.commercial_partner_id:
            place = Domain("commercial_partner_id", "=", self.id)
        live = [("contract_id.state", "in", ("draft", "active", "suspended"))]
        return (
            place
            & Domain("state", "=", "installed")
            & Domain("company_id", "=", company.id)
            & Domain("service_contract_line_ids", "not any", live)
        )

    def _get_company_ties(self, company_id):
        ids = self.search([("id", "child_of", self.ids)]).ids
        return [
            *super()._get_company_ties(company_id),
            (
                "service.contract",
                [
                    ("company_id", "!=", company_id),
                    "|",
                    ("partner_id", "in", ids),
                    ("invoice_partner_id", "in", ids),
                ],
            ),
        ]

    def _follow_merge(self):
        result = super()._follow_merge()
        self._derive_anew("service.contract", "partner_id", "commercial_partner_id")
        return result

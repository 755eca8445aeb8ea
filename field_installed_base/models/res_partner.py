from odoo import fields, models
from odoo.fields import Domain


class ResPartner(models.Model):
    _name = "res.partner"
    _inherit = ["res.partner", "installed.base.source.mixin"]

    def _get_installed_base_counts(self):
        """Count what is in service at the whole company, whichever of its addresses
        or contacts is looked at."""
        counts = {
            company.id: count
            for company, count in self.env["installed.base"]._read_group(
                self._get_installed_base_domain() & Domain("state", "!=", "retired"),
                groupby=["commercial_partner_id"],
                aggregates=["__count"],
            )
        }
        return {
            partner.id: counts.get(partner.commercial_partner_id.id, 0)
            for partner in self
        }

    def _get_installed_base_domain(self):
        return Domain("commercial_partner_id", "in", self.commercial_partner_id.ids)

    def _get_installed_base_context(self):
        return {
            "search_default_in_service": 1,
            **self._get_installed_base_defaults(),
        }

    def _get_installed_base_defaults(self):
        """Return the defaults of equipment that is recorded from this contact."""
        customer = self.commercial_partner_id
        defaults = {"default_partner_id": customer.id}
        if self != customer:
            defaults["default_site_id"] = self.id
        return defaults

    def _prepare_installed_base_wizard_vals(self):
        """Return what the wizard proposes above its rows."""
        self.ensure_one()
        customer = self.commercial_partner_id
        site = self
        if self == customer:
            site = self.browse(self.address_get(["delivery"])["delivery"])
        return {
            "company_id": (self.company_id or self.env.company).id,
            "partner_id": customer.id,
            "site_id": site.id,
            "sale_date": fields.Date.context_today(self),
        }

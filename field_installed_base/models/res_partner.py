from urllib.parse import quote

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import LazyTranslate
from odoo.tools.sql import column_exists, create_column

_lt = LazyTranslate(__name__)

MAP_SEARCH = "https://www.google.com/maps/search/?api=1&query="


class ResPartner(models.Model):
    _name = "res.partner"
    _inherit = ["res.partner", "installed.base.source.mixin"]

    relationship_id = fields.Many2one(
        comodel_name="res.partner.relationship",
        string="Relationship",
        compute="_compute_relationship_id",
        inverse="_inverse_relationship_id",
        store=True,
        readonly=False,
        recursive=True,
        index="btree_not_null",
        ondelete="restrict",
        falsy_value_label=_lt("Other"),
        groups="base.group_user",
        help="What this contact is to us. A company's is that of its addresses too.",
    )
    can_locate = fields.Boolean(
        compute="_compute_can_locate",
        help="There are coordinates or an address to look for on a map.",
    )

    def _auto_init(self):
        # Nobody has a relationship yet: installing need not go through all contacts.
        if not column_exists(self.env.cr, "res_partner", "relationship_id"):
            create_column(self.env.cr, "res_partner", "relationship_id", "int4")
        return super()._auto_init()

    # -- Relationship -----------------------------------------------------------------

    @api.depends("commercial_partner_id.relationship_id")
    def _compute_relationship_id(self):
        for partner in self:
            partner.relationship_id = (
                partner.commercial_partner_id or partner
            ).relationship_id

    def _inverse_relationship_id(self):
        """Pass a value that was chosen at an address on to its company."""
        for partner in self:
            company = partner.commercial_partner_id
            if company == partner or company.relationship_id == partner.relationship_id:
                continue
            if partner.relationship_id:
                company.relationship_id = partner.relationship_id
            else:
                # An import that leaves it out at an address takes nothing from the
                # company; it is cleared there.
                partner.relationship_id = company.relationship_id

    @api.model
    def name_search(self, name="", domain=None, operator="ilike", limit=100):
        """Offer contacts of a role first: ``relationship_role_first`` in the context.

        Two searches, each limited, cost less than to sort all contacts by role.
        """
        role = self.env.context.get("relationship_role_first")
        if not role or not self.env.user._is_internal():
            return super().name_search(name, domain, operator, limit)
        partners = self.with_context(relationship_role_first=False)
        relationships = (
            self.env["res.partner.relationship"]
            .with_context(active_test=False)
            .search([("role", "=", role)])
        )
        domain = Domain(domain or Domain.TRUE)
        found = partners.name_search(
            name,
            domain & Domain("relationship_id", "in", relationships.ids),
            operator,
            limit,
        )
        if limit and len(found) >= limit:
            return found
        return found + partners.name_search(
            name,
            domain & Domain("relationship_id", "not in", relationships.ids),
            operator,
            limit and limit - len(found),
        )

    # -- Map --------------------------------------------------------------------------

    @api.depends(
        "partner_latitude", "partner_longitude", "street", "street2", "zip", "city"
    )
    def _compute_can_locate(self):
        for partner in self:
            partner.can_locate = bool(partner._get_map_query())

    def _get_map_query(self):
        """Return the coordinates, else the postal address, else nothing: a country
        alone is no place to drive to."""
        self.ensure_one()
        if self.partner_latitude or self.partner_longitude:
            return f"{self.partner_latitude:.7f},{self.partner_longitude:.7f}"
        town = " ".join(filter(None, (self.zip, self.city)))
        lines = [line for line in (self.street, self.street2, town) if line]
        if not lines:
            return ""
        lines += filter(None, (self.state_id.name, self.country_id.name))
        return ", ".join(line.strip() for line in lines)

    def action_locate_on_map(self):
        """Show where this address is, in a new tab."""
        self.ensure_one()
        query = self._get_map_query()
        if not query:
            raise UserError(
                self.env._(
                    "%s has neither coordinates nor an address. Type its street, ZIP "
                    "or city first.",
                    self.display_name,
                )
            )
        return {
            "type": "ir.actions.act_url",
            "url": MAP_SEARCH + quote(query, safe=""),
            "target": "new",
        }

    # -- Installed base ---------------------------------------------------------------

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

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain

# What a user chooses from: contacts of the customer, and equipment in service that is
# the customer's or stands at the site. Equipment without site stands nowhere.
SITE_DOMAIN = "[('commercial_partner_id', '=', commercial_partner_id)]"
EQUIPMENT_DOMAIN = (
    "['|', ('commercial_partner_id', '=', commercial_partner_id), "
    "'&', ('site_id', '!=', False), ('site_id', '=', site_id), "
    "('state', '=', 'installed')]"
)


class InstalledBasePlaceMixin(models.AbstractModel):
    """A record of a customer at one of the customer's sites, maybe with a contact there
    (`contact_id`, computed by `_compute_contact_id`), maybe about equipment.

    Heirs repeat a field only to say what differs: required, index, help."""

    _name = "installed.base.place.mixin"
    _description = "Customer and Site"

    company_id = fields.Many2one(
        comodel_name="res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )
    partner_id = fields.Many2one(
        comodel_name="res.partner",
        string="Customer",
        index=True,
        ondelete="restrict",
        check_company=True,
        tracking=True,
    )
    commercial_partner_id = fields.Many2one(
        related="partner_id.commercial_partner_id",
        string="Commercial Entity",
        store=True,
        precompute=True,
        index=True,
    )
    site_id = fields.Many2one(
        comodel_name="res.partner",
        compute="_compute_site_id",
        store=True,
        readonly=False,
        precompute=True,
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
        domain=SITE_DOMAIN,
    )

    @api.depends("partner_id")
    def _compute_site_id(self):
        moved = self.filtered(
            lambda record: (
                record.site_id.commercial_partner_id
                != record.partner_id.commercial_partner_id
            )
        )
        sites = moved.partner_id._get_sites()
        for record in self:
            record.site_id = record.partner_id._propose_site(record.site_id, sites)

    @api.depends("partner_id", "site_id")
    def _compute_contact_id(self):
        for record in self:
            customer = record.partner_id
            contact = record.contact_id
            if contact.commercial_partner_id != customer.commercial_partner_id:
                contact = self._get_default_contact(customer, record.site_id)
            record.contact_id = contact

    @api.model
    def _get_default_contact(self, customer, site):
        """Return whom to ask for at a site: the customer if only they have a phone."""
        return customer if customer.phone and not site.phone else site

    @api.constrains("partner_id", "site_id")
    def _check_site_id(self):
        # Thousands of records have a handful of customers and sites.
        places = self.grouped(lambda record: (record.partner_id, record.site_id))
        for (customer, site), records in places.items():
            if site.commercial_partner_id != customer.commercial_partner_id and site:
                if not customer:
                    raise ValidationError(
                        self.env._(
                            "%(site)s cannot be the site of %(record)s, which has no "
                            "customer. Assign it to a customer first, or remove the "
                            "site.",
                            site=site.display_name,
                            record=records[0]._get_label(),
                        )
                    )
                raise ValidationError(
                    self.env._(
                        "%(site)s is not a site of %(customer)s, the customer of "
                        "%(record)s. Choose the customer or one of its addresses.",
                        site=site.display_name,
                        customer=customer.display_name,
                        record=records[0]._get_label(),
                    )
                )

    def _get_available_equipment(self):
        """Return {record: equipment that stands at its customer or site}."""
        equipment = self.env["installed.base"]
        found = dict.fromkeys(self, equipment)
        customers = self.partner_id.commercial_partner_id
        sites = self.site_id
        if not customers or not equipment.has_access("read"):
            return found
        pieces = equipment.search(
            Domain("state", "=", "installed")
            & Domain("company_id", "in", self.company_id.ids)
            & (
                Domain("commercial_partner_id", "in", customers._origin.ids)
                | Domain("site_id", "in", sites._origin.ids)
            )
        )
        by_owner = pieces.grouped("commercial_partner_id")
        by_site = pieces.grouped("site_id")
        for record in self:
            owned = by_owner.get(record.partner_id.commercial_partner_id._origin)
            placed = by_site.get(record.site_id._origin) if record.site_id else None
            found[record] = ((owned or equipment) | (placed or equipment)).filtered(
                lambda piece, record=record: piece.company_id == record.company_id
            )
        return found

    def _get_meant_equipment(self, pieces):
        """Return the piece that is meant without doubt, nothing otherwise: the only one
        at the site. What has no site may stand at any.

        :param pieces: equipment that stands at customer or site
        """
        self.ensure_one()
        at_site = pieces.filtered(lambda piece: piece.site_id == self.site_id._origin)
        meant = at_site or pieces.filtered(lambda piece: not piece.site_id)
        return meant if len(meant) == 1 else pieces.browse()

    def _check_stands_here(self, equipment):
        """Refuse equipment that is neither the customer's nor stands at the site.

        :raise ValidationError: naming equipment and customer
        """
        self.ensure_one()
        owner = self.partner_id.commercial_partner_id
        if equipment._stands_at(owner, self.site_id):
            return
        raise ValidationError(
            self.env._(
                "%(equipment)s is not at %(customer)s, the customer of %(record)s. "
                "Choose equipment of this customer or site, or assign the equipment "
                "to the customer first.",
                equipment=equipment._get_label(),
                customer=owner.display_name,
                record=self._get_label(),
            )
        )

    def _get_label(self):
        """Return how messages name this record."""
        self.ensure_one()
        return self.display_name

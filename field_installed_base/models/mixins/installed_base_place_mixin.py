from odoo import api, models
from odoo.exceptions import ValidationError

# What a user chooses from: contacts of the customer, and equipment in service that is
# the customer's or stands at the site. Equipment without site stands nowhere.
SITE_DOMAIN = "[('commercial_partner_id', '=', commercial_partner_id)]"
EQUIPMENT_DOMAIN = (
    "['|', ('commercial_partner_id', '=', commercial_partner_id), "
    "'&', ('site_id', '!=', False), ('site_id', '=', site_id), "
    "('state', '=', 'installed')]"
)


class InstalledBasePlaceMixin(models.AbstractModel):
    """A record of a customer (`partner_id`) at one of the customer's sites (`site_id`),
    maybe about equipment."""

    _name = "installed.base.place.mixin"
    _description = "Customer and Site"

    @api.depends("partner_id")
    def _compute_site_id(self):
        for record in self:
            record.site_id = record.partner_id._propose_site(record.site_id)

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

    def _check_stands_here(self, equipment):
        """Refuse equipment that is neither the customer's nor stands at the site.

        :raise ValidationError: naming equipment and customer
        """
        self.ensure_one()
        if equipment._stands_at(self.partner_id, self.site_id):
            return
        raise ValidationError(
            self.env._(
                "%(equipment)s is not at %(customer)s, the customer of %(record)s. "
                "Choose equipment of this customer or site, or assign the equipment "
                "to the customer first.",
                equipment=equipment._get_label(),
                customer=self.partner_id.commercial_partner_id.display_name,
                record=self._get_label(),
            )
        )

    def _get_label(self):
        """Return how messages name this record."""
        self.ensure_one()
        return self.display_name

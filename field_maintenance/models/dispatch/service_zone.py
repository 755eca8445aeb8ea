from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain

from ...engine import ZipError, normalize_zip, parse_zip_part, split_zip_codes
from ..visit.maintenance_visit import OPEN_STATES


class ServiceZone(models.Model):
    """A part of the country, by zip codes, and who works there."""

    _name = "service.zone"
    _inherit = [
        "installed.base.guard.mixin",
        "installed.base.company.mixin",
        "hr.mixin",
    ]
    _description = "Service Zone"
    _order = "sequence, name"
    _check_company_auto = True
    # Branches work in the zones of their company, too.
    _check_company_domain = models.check_company_domain_parent_of

    name = fields.Char(required=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    color = fields.Integer()
    company_id = fields.Many2one(
        comodel_name="res.company",
        index=True,
        help="Leave empty for a zone of all companies.",
    )
    country_id = fields.Many2one(
        comodel_name="res.country",
        help="If set, zip codes only match in this country.",
    )
    zip_prefixes = fields.Char(
        string="Zip Codes",
        help="First digits of zip codes and ranges, separated by commas, e.g. 10, 201, "
        "1000-1499. If several zones match, the one with most digits applies.",
    )
    technician_ids = fields.Many2many(
        comodel_name="hr.employee",
        relation="service_zone_technician_rel",
        column1="zone_id",
        column2="employee_id",
        string="Technicians",
        check_company=True,
    )

    # -- Zone of an address ------------------------------------------------------------

    @api.constrains("zip_prefixes")
    def _check_zip_prefixes(self):
        for zone in self:
            for part in split_zip_codes(zone.zip_prefixes or ""):
                try:
                    parse_zip_part(part)
                except ZipError as error:
                    raise ValidationError(zone._describe_zip_error(error)) from error

    def _describe_zip_error(self, error):
        """Return what is wrong with the zip codes of this zone, in words."""
        values = {"zone": self.name, "part": error.part}
        texts = {
            "unclear": self.env._(
                "“%(part)s” in zone %(zone)s is not a zip code. Enter first digits or "
                "ranges, separated by commas, such as 10, 201, 1000-1499.",
                **values,
            ),
            "incomplete": self.env._(
                "“%(part)s” in zone %(zone)s is not a range. Enter its first and last "
                "zip code, such as 1000-1499.",
                **values,
            ),
            "letters": self.env._(
                "“%(part)s” in zone %(zone)s is not a range of numbers. Enter zip "
                "codes with letters one by one, without a hyphen.",
                **values,
            ),
            "widths": self.env._(
                "Both ends of “%(part)s” in zone %(zone)s must have the same number of "
                "digits, such as 1000-1499.",
                **values,
            ),
            "reversed": self.env._(
                "“%(part)s” in zone %(zone)s ends before it begins. Enter the lower "
                "zip code first.",
                **values,
            ),
        }
        return texts[error.code]

    def _get_zip_codes(self):
        """Return the zip codes of this zone.

        :rtype: list[ZipCodes]
        """
        self.ensure_one()
        return [
            parse_zip_part(part) for part in split_zip_codes(self.zip_prefixes or "")
        ]

    @api.model
    def _get_zone_by_address(self, partners):
        """Tell in which zone each address lies.

        The longest matching beginning or range wins, a zone of the country before one
        without, then the order of the zones.

        :param partners: addresses
        :return: {address id: zone, empty if there is none}
        """
        # Zones are few; the same for everybody, whatever zones they may read.
        zones = self.sudo().search([("zip_prefixes", "!=", False)])
        rows = [(codes, zone) for zone in zones for codes in zone._get_zip_codes()]
        rows.sort(key=lambda row: (-row[0].width, not row[1].country_id))
        found = {}
        for partner in partners:
            code = normalize_zip(partner.zip or "")
            found[partner.id] = next(
                (
                    zone
                    for codes, zone in rows
                    if codes.match(code)
                    and (not zone.country_id or zone.country_id == partner.country_id)
                    and (
                        not zone.company_id
                        or not partner.company_id
                        or zone.company_id in partner.company_id.parent_ids
                    )
                ),
                self.browse(),
            )
        return found

    @api.model_create_multi
    def create(self, vals_list):
        zones = super().create(vals_list)
        self._refresh_sites()
        return zones

    def write(self, vals):
        result = super().write(vals)
        if vals.keys() & {
            "zip_prefixes",
            "country_id",
            "active",
            "sequence",
            "company_id",
        }:
            if vals.get("active") is False:
                self._release_sites()
            self._refresh_sites()
        if vals.get("active") is False:
            self._release_visits()
        return result

    def unlink(self):
        result = super().unlink()
        self._refresh_sites()
        return result

    def _release_sites(self):
        """Let sites for which these zones were chosen lie where their zip code says."""
        # As below.
        partners = self.env["res.partner"].sudo().with_context(active_test=False)
        chosen = partners.search(
            [
                ("service_zone_id", "in", self.ids),
                ("service_zone_is_chosen", "=", True),
            ]
        )
        chosen.write({"service_zone_is_chosen": False})
        self.env.add_to_compute(partners._fields["service_zone_id"], chosen)

    def _release_visits(self):
        """Let open visits of these zones lie in the present zone of their sites."""
        # As below.
        visits = self.env["maintenance.visit"].sudo()
        self.env.add_to_compute(
            visits._fields["zone_id"],
            visits.search([("zone_id", "in", self.ids), ("state", "in", OPEN_STATES)]),
        )

    @api.model
    def _refresh_sites(self):
        """Let every site find its zone anew, except those whose zone was chosen."""
        # A zone is configured by administrators, who need not write every contact.
        partners = self.env["res.partner"].sudo()
        self.env.add_to_compute(
            partners._fields["service_zone_id"],
            partners.with_context(active_test=False).search(
                [("zip", "!=", False), ("service_zone_is_chosen", "=", False)]
            ),
        )

    def _get_company_ties(self, company_id):
        return [
            *super()._get_company_ties(company_id),
            (
                "maintenance.visit",
                ~Domain("company_id", "child_of", company_id)
                & Domain("zone_id", "in", self.ids),
            ),
        ]

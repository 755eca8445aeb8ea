from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..res_partner import GEOCODED_AT_ONCE

MAP_SITES = 2_000
# Nobody counts further: as in lists, "10000+" says enough.
COUNT_LIMIT = 10_000
# A site shows the value of its equipment that comes first here: what asks for
# somebody's attention before what does not.
MAP_COLORS = {
    "warranty_state": ("expiring", "expired", "none", "active"),
    "condition": ("to_replace", "worn", "good", "new"),
}
COORDINATES = ("partner_latitude", "partner_longitude")


class InstalledBase(models.Model):
    """The map: sites with the equipment that a search finds, where they stand."""

    _inherit = "installed.base"

    @api.model
    @api.readonly
    def get_map_sites(self, domain, bounds, color="warranty_state"):
        """Return the sites within a box on the map, one entry each.

        The number of queries does not depend on the number of sites or equipment.

        :param list domain: which equipment
        :param bounds: south, west, north and east edge in degrees, edges included
        :param str color: the field that colors sites, a key of `MAP_COLORS`
        :return: `sites`: list of dictionaries with id, name, address, latitude,
            longitude, count (pieces of equipment) and color (a value of that field);
            `is_cut`: whether there are more than the 2,000 returned
        :rtype: dict
        :raise UserError: if bounds are no box or sites cannot be colored so
        """
        if color not in MAP_COLORS:
            raise UserError(
                self.env._(
                    "The map cannot be colored by %(color)s. Choose one of: %(colors)s",
                    color=color,
                    colors=", ".join(MAP_COLORS),
                )
            )
        equipment = Domain(domain or Domain.TRUE)
        sites = self._search_map_sites(
            equipment, self._get_bounds_domain(bounds), MAP_SITES + 1
        )
        is_cut = len(sites) > MAP_SITES
        sites = sites[:MAP_SITES]
        ranks = {value: rank for rank, value in enumerate(MAP_COLORS[color])}
        counts = {}
        for site, value, count in self._read_group(
            equipment & Domain("site_id", "in", sites.ids),
            groupby=["site_id", color],
            aggregates=["__count"],
        ):
            counts.setdefault(site.id, {})[value] = count
        # The box moved over a change of somebody else: what is gone is gone.
        shown = sites.filtered(lambda site: site.id in counts)
        return {
            "sites": [
                {
                    **values,
                    "latitude": site.partner_latitude,
                    "longitude": site.partner_longitude,
                    "count": sum(counts[site.id].values()),
                    # Another addon's value comes last.
                    "color": min(
                        counts[site.id], key=lambda value: ranks.get(value, len(ranks))
                    ),
                }
                for site, values in zip(shown, shown._get_map_labels(), strict=True)
            ],
            "is_cut": is_cut,
        }

    @api.model
    @api.readonly
    def get_map_overview(self, domain):
        """Return where on the map the equipment stands, and what is not on it.

        :param list domain: which equipment
        :return: `bounds`: south, west, north and east edge of all sites, False if none
            has coordinates; `unlocated`: the first 50 sites without coordinates, as
            dictionaries with id, name, address, count and can_locate;
            `unlocated_count`: how many there are; `siteless_count`: pieces of
            equipment without site; `count_limit`: what they are counted to, one more
            means that there are more; `may_geocode`: whether the user may look for
            coordinates
        :rtype: dict
        """
        equipment = Domain(domain or Domain.TRUE)
        partners = self.env["res.partner"].with_context(active_test=False)
        located = self._get_located_domain()
        aggregates = [
            f"{name}:{edge}" for edge in ("min", "max") for name in COORDINATES
        ]
        [(located_count, *bounds)] = partners._read_group(
            located & self._get_map_sites_domain(equipment),
            aggregates=["__count", *aggregates],
        )
        first = self._search_map_sites(equipment, ~located, GEOCODED_AT_ONCE)
        counts = dict(
            self._read_group(
                equipment & Domain("site_id", "in", first.ids),
                groupby=["site_id"],
                aggregates=["__count"],
            )
        )
        return {
            "bounds": bool(located_count) and bounds,
            "unlocated": [
                {
                    **values,
                    "count": counts.get(site, 0),
                    "can_locate": site.service_can_locate,
                }
                for site, values in zip(first, first._get_map_labels(), strict=True)
            ],
            "unlocated_count": partners.search_count(
                ~located & self._get_map_sites_domain(equipment), limit=COUNT_LIMIT + 1
            ),
            "siteless_count": self.search_count(
                equipment & Domain("site_id", "=", False), limit=COUNT_LIMIT + 1
            ),
            "count_limit": COUNT_LIMIT,
            "may_geocode": partners.has_access("write"),
        }

    @api.model
    def _search_map_sites(self, equipment, domain, limit):
        """Return the sites of equipment that a domain of contacts finds. An archived
        contact is a site as long as equipment stands there."""
        return (
            self.env["res.partner"]
            .with_context(active_test=False)
            .search(
                domain & self._get_map_sites_domain(equipment), order="id", limit=limit
            )
        )

    @api.model
    def _get_map_sites_domain(self, equipment):
        # A subquery, subject to the rules of the user: neither does the number of
        # pieces matter, nor does a site show equipment that they may not see.
        query = self._search(equipment)
        site = self._field_to_sql(query.table, "site_id", query)
        return Domain("id", "in", query.subselect(site))

    @api.model
    def _get_located_domain(self):
        """Return the domain of contacts with coordinates: Odoo keeps 0, 0 for none."""
        return Domain.OR(Domain(name, "!=", 0) for name in COORDINATES)

    @api.model
    def _get_bounds_domain(self, bounds):
        try:
            south, west, north, east = map(float, bounds)
        except (TypeError, ValueError) as error:
            raise UserError(
                self.env._(
                    "The map needs the south, west, north and east edges of the "
                    "displayed area in degrees, but received: %s",
                    bounds,
                )
            ) from error
        latitude, longitude = COORDINATES
        return self._get_located_domain() & Domain.AND(
            [
                Domain(latitude, ">=", south),
                Domain(latitude, "<=", north),
                Domain(longitude, ">=", west),
                Domain(longitude, "<=", east),
            ]
        )

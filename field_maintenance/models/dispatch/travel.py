from typing import NamedTuple

from odoo import api, models

from ...engine import TravelSettings, travel_matrix


class TravelMatrix(NamedTuple):
    """How long it takes between places.

    - ``minutes``: from each place (rows) to each other one (columns), in their order;
      0 from a place to itself
    - ``unlocated``: the places (`res.partner`) whose coordinates nobody knows
    """

    minutes: list
    unlocated: models.Model


class MaintenanceVisit(models.Model):
    """How technicians get from one visit to the next."""

    _inherit = "maintenance.visit"

    @api.model
    def _get_travel_matrix(self, places, company=None):
        """Return how long technicians of a company travel between places.

        The one home of travel times: an addon that asks a routing service extends this
        method.

        :param places: contacts (`res.partner`): sites, and where a day begins
        :param company: whose settings apply; by default the user's
        :rtype: TravelMatrix
        """
        # Where a place is, is no secret to who plans the way there.
        known = places.sudo()
        known.fetch(["partner_latitude", "partner_longitude"])
        points = [
            (place.partner_latitude, place.partner_longitude)
            if place.partner_latitude or place.partner_longitude
            else None
            for place in known
        ]
        settings = (company or self.env.company)._get_travel_settings()
        unlocated = [
            place.id for place, point in zip(places, points, strict=True) if not point
        ]
        return TravelMatrix(
            travel_matrix(points, TravelSettings(**settings)),
            places.browse(unlocated),
        )

from odoo import fields, models


class ServiceLine(models.Model):
    """What the friends of the house pay."""

    _inherit = "service.line"

    friend_discount = fields.Float()

    def _get_coverage_depends(self):
        return (*super()._get_coverage_depends(), "friend_discount")

    def _get_price_depends(self):
        return (*super()._get_price_depends(), "friend_discount")

    def _get_discount_offers(self):
        offers = super()._get_discount_offers()
        for line in self.filtered("friend_discount"):
            offers[line].append(("contract", line.friend_discount))
        return offers

    def _get_price_caps(self):
        friends = self.filtered("friend_discount")
        return {**super()._get_price_caps(), **dict.fromkeys(friends, 4)}

from decimal import Decimal

from odoo import models

from ..engine import to_decimal


class ResCurrency(models.Model):
    _inherit = "res.currency"

    def _get_service_rounding(self):
        """Return the smallest amount as the engine counts in it."""
        return to_decimal(self.rounding) if self else Decimal("0.01")

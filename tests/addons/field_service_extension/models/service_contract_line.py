from odoo import fields, models

from odoo.addons.field_service_contract.engine import Span, intersect


class ServiceContractLine(models.Model):
    """Care that ends with the season, and what the customer calls the place."""

    _inherit = "service.contract.line"

    season_end = fields.Date(help="Last covered day of the line.")
    place = fields.Char()

    def _get_invoice_text(self, first, last, day):
        text = super()._get_invoice_text(first, last, day)
        return f"{text}\n{self.place}" if self.place else text

    def _get_covered_spans(self, terms=None):
        spans = super()._get_covered_spans(terms)
        if not self.season_end:
            return spans
        return intersect(spans, Span(spans[0].first, self.season_end)) if spans else []

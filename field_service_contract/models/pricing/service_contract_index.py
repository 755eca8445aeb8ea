from odoo import fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import format_date


class ServiceContractIndex(models.Model):
    """An index that prices follow: wages, consumer prices, energy."""

    _name = "service.contract.index"
    _inherit = ["installed.base.company.mixin", "installed.base.guard.mixin"]
    _description = "Price Index"
    _order = "name, id"
    # Branches use the indexes of their company.
    _check_company_domain = models.check_company_domain_parent_of

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        comodel_name="res.company", index=True, help="Leave empty for all companies."
    )
    value_ids = fields.One2many(
        comodel_name="service.contract.index.value",
        inverse_name="index_id",
        string="Values",
    )

    def _get_company_ties(self, company_id):
        others = ~Domain("company_id", "child_of", company_id)
        return [
            *super()._get_company_ties(company_id),
            (
                "service.contract.price.update",
                others & Domain("index_id", "in", self.ids),
            ),
        ]

    def _find_values(self, *days):
        """Return the value in force on each day, the last one dated until then; empty
        where none is recorded."""
        values = self.value_ids.sorted("date")
        return [
            values.filtered(lambda value, day=day: day and value.date <= day)[-1:]
            for day in days
        ]

    def _get_value(self, day):
        """Return the value in force on a day.

        :raise UserError: if none is recorded
        """
        self.ensure_one()
        (value,) = self._find_values(day)
        if not value:
            raise UserError(
                self.env._(
                    "Index %(index)s has no value for %(day)s. Add one first.",
                    index=self.display_name,
                    day=format_date(self.env, day),
                )
            )
        return value

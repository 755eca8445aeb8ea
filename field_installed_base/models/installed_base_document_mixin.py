from odoo import fields, models
from odoo.exceptions import UserError


class InstalledBaseDocumentMixin(models.AbstractModel):
    """An order or an invoice, whose lines sell units of equipment.

    An heir says which of its lines sell goods (`_get_installed_base_lines`) and why,
    if so, nothing can be created from it (`_get_installed_base_obstacle`).
    """

    _name = "installed.base.document.mixin"
    _inherit = ["installed.base.source.mixin"]
    _description = "Document That Sells Installed Base"

    has_equipment_left = fields.Boolean(
        compute="_compute_has_equipment_left",
        help="Whether a unit of equipment has no installed base record yet.",
    )

    def _compute_has_equipment_left(self):
        possible = self.filtered(lambda doc: not doc._get_installed_base_obstacle())
        lines = possible._get_installed_base_lines().filtered(
            "product_id.is_installed_base"
        )
        # Of all documents at once: reading orders and invoices one by one is slow.
        left = lines._origin._get_installed_base_units_left() if lines else {}
        for document in self:
            document.has_equipment_left = document in possible and any(
                left.get(line._origin.id)
                for line in document._get_installed_base_lines()
            )

    def _get_installed_base_lines(self):
        """Return the lines whose units may become equipment."""
        raise NotImplementedError

    def _get_installed_base_obstacle(self):
        """Tell why nothing can be created from this document, False if it can."""
        raise NotImplementedError

    def _get_installed_base_counts(self):
        return self.env["installed.base"]._count_by_document(self)

    def _check_installed_base_source(self):
        result = super()._check_installed_base_source()
        if obstacle := self._get_installed_base_obstacle():
            raise UserError(obstacle)
        return result

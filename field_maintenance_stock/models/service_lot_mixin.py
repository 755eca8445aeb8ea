from odoo import api, fields, models
from odoo.exceptions import ValidationError


class ServiceLotMixin(models.AbstractModel):
    """Some of a product that may be one known piece. Its heirs say more of both."""

    _name = "service.lot.mixin"
    _description = "Part With a Serial Number"

    product_id = fields.Many2one(comodel_name="product.product")
    quantity = fields.Float(digits="Product Unit")
    tracking = fields.Selection(
        related="product_id.tracking", export_string_translation=False
    )
    lot_id = fields.Many2one(
        comodel_name="stock.lot",
        string="Serial Number",
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
        copy=False,
        domain="[('product_id', '=', product_id)]",
    )

    def _get_contents(self):
        """Return {record: what is carried of its product}, see there."""
        contents = {}
        for company, records in self.grouped("company_id").items():
            found = records.product_id._get_contents(company)
            contents |= {one: found.get(one.product_id, {}) for one in records}
        return contents

    @api.constrains("lot_id", "product_id", "quantity")
    def _check_lot_id(self):
        for record in self.filtered("lot_id"):
            lot, product = record.lot_id, record.product_id
            if lot.product_id != product:
                raise ValidationError(
                    self.env._(
                        "%(lot)s is no serial number of %(product)s. Choose one of its "
                        "own.",
                        lot=lot.display_name,
                        product=product.display_name,
                    )
                )
            if product.tracking == "serial" and record.quantity not in (0, 1):
                raise ValidationError(
                    self.env._(
                        "Serial number %(lot)s is one piece of %(product)s. Add a line "
                        "for each piece.",
                        lot=lot.display_name,
                        product=product.display_name,
                    )
                )

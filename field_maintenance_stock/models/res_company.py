from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    service_refurbish_location_id = fields.Many2one(
        comodel_name="stock.location",
        string="Parts to Refurbish",
        check_company=True,
        domain="[('usage', '=', 'internal')]",
        help="Where parts go that were taken out to be refurbished. If empty, to the "
        "stock of the warehouse.",
    )

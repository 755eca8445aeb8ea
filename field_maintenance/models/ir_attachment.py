from odoo import fields, models


class IrAttachment(models.Model):
    _inherit = "ir.attachment"

    photo_moment = fields.Selection(
        selection=[("before", "Before"), ("after", "After")],
        string="Photo Taken",
        help="Whether a photo of a visit shows what was found or what was left.",
    )

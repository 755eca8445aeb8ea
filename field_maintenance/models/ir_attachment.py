from odoo import api, fields, models


class IrAttachment(models.Model):
    _inherit = "ir.attachment"

    photo_moment = fields.Selection(
        selection=[("before", "Before"), ("after", "After")],
        string="Photo Taken",
        help="Whether a photo of a visit shows what was found or what was left.",
    )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_photos_of_done_visits(self):
        photos = self.filtered(lambda file: file.res_model == "maintenance.visit")
        if not photos:
            return
        visits = self.env["maintenance.visit"].browse(set(photos.mapped("res_id")))
        for visit, kept in visits.exists()._get_photos_to_keep().items():
            if kept & photos:
                visit._refuse_to_remove_photos()

import base64

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools.image import image_data_uri, image_process

# Edge of a printed photo in pixels: what a printer makes of a quarter of a page.
PRINTED_PHOTO_SIZE = 800
PRINTED_PHOTO_QUALITY = 80


class MaintenanceVisit(models.Model):
    """What proves a visit: photos and the customer's signature."""

    _inherit = "maintenance.visit"

    photo_ids = fields.Many2many(
        comodel_name="ir.attachment",
        relation="maintenance_visit_photo_rel",
        column1="visit_id",
        column2="attachment_id",
        string="Photos",
        copy=False,
        # Else reading a visit would go through all attachments there are.
        bypass_search_access=True,
        groups="base.group_user",
    )
    signature = fields.Image(
        max_width=1024,
        max_height=512,
        copy=False,
        groups="base.group_user",
        help="The customer signs on the technician's phone.",
    )
    signed_by = fields.Char(copy=False, help="Name of the person who signed.")
    signed_on = fields.Datetime(copy=False, readonly=True)

    def _record_proof(self, vals):
        """Note when visits were signed, and take over photos that were written."""
        if "signature" in vals and "signed_on" not in vals:
            signed = {"signed_on": vals["signature"] and self._get_work_moment()}
            if "signed_by" not in vals or not vals["signature"]:
                # Nobody said whose it is.
                signed["signed_by"] = False
            self._as_own_code().write(signed)
        if "photo_ids" in vals:
            self._adopt_photos()

    def _adopt_photos(self):
        """Photos belong to their visit, also those that were taken before it was
        saved."""
        for visit in self:
            orphans = visit.photo_ids.filtered(
                lambda photo: (
                    photo.res_model == "maintenance.visit"
                    and not photo.res_id
                    and photo.create_uid == self.env.user
                )
            )
            orphans.res_id = visit.id

    def action_sign(self):
        """Hand the phone to the customer for a signature."""
        self.ensure_one()
        self._check_not_absorbed()
        self._check_state(
            ("planned", "in_progress", "done"),
            self.env._("You cannot sign visit %(visit)s: its status is “%(state)s”."),
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Signature"),
            "res_model": "maintenance.visit.sign",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_visit_id": self.id},
        }

    def _get_default_signatory(self):
        """Return the name of who is expected to sign: the person met on site."""
        self.ensure_one()
        contact = self.contact_id
        # A company or an address of it does not sign.
        is_person = contact.type == "contact" and not contact.is_company
        return contact.name if is_person else False

    # -- Report ------------------------------------------------------------------------

    def _get_report_photos(self):
        """Return the photos as the report prints them: small data addresses, so that
        the file can be sent by mail."""
        self.ensure_one()
        photos = []
        # A photo is printed if it is the visit's own, whoever prints.
        for photo in self.sudo().photo_ids:
            own = photo.res_model == self._name and photo.res_id == self.id
            if not own or not (photo.mimetype or "").startswith("image/"):
                continue
            try:
                content = image_process(
                    photo.raw,
                    size=(PRINTED_PHOTO_SIZE, PRINTED_PHOTO_SIZE),
                    quality=PRINTED_PHOTO_QUALITY,
                )
            except UserError:
                # A file that is no picture must not cost the customer their report.
                continue
            photos.append(image_data_uri(base64.b64encode(content)))
        return photos

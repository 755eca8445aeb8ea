import base64

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools.image import image_data_uri, image_process

from ...context import SIGNING

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
    signed_content = fields.Json(
        copy=False,
        readonly=True,
        groups="base.group_user",
        help="The work, parts and times for which the customer signed.",
        export_string_translation=False,
    )
    is_signature_void = fields.Boolean(
        string="Signature Removed",
        copy=False,
        readonly=True,
        groups="base.group_user",
        help="The work, parts or times changed after the customer signed.",
    )

    def _get_proof_before(self, vals):
        """Return what `_record_proof` compares with: the photos to keep, by the visit,
        and the visits by which these are done."""
        photos = self._get_photos_to_keep() if "photo_ids" in vals else {}
        mains = self.merged_into_id if "merged_into_id" in vals else self.browse()
        return photos, mains

    def _record_proof(self, vals, before=None):
        """Note what was signed and when, and take over photos that were written.

        :param vals: what was written
        :param before: what `_get_proof_before` returned
        """
        photos, mains = before or ({}, self.browse())
        self._check_photos_kept(photos)
        if "signature" in vals and "signed_on" not in vals:
            signed = {"signed_on": vals["signature"] and self._get_work_moment()}
            if "signed_by" not in vals or not vals["signature"]:
                # Nobody said whose it is.
                signed["signed_by"] = False
            self._as_own_code().write(signed)
        if "signature" in vals:
            self._record_signed_content()
        if "photo_ids" in vals:
            self._adopt_photos()
        if "merged_into_id" in vals:
            (mains | self.merged_into_id)._check_signed()

    # -- What was signed ---------------------------------------------------------------

    @api.model
    def _split_signature(self, vals):
        """Return the values of a signature, none if there is no new one, and all
        others."""
        names = {"signature", "signed_by", "signed_on"}
        if not vals.get("signature"):
            return {}, vals
        signature = {name: vals[name] for name in names & vals.keys()}
        return signature, {
            name: value for name, value in vals.items() if name not in names
        }

    def _record_signed_content(self):
        """Keep what these visits are signed for. Time that is being recorded ends with
        the signature: nobody signs for what is still to come."""
        signed = self.filtered("signed_on")
        # Whoever lets the customer sign ends the work of the crew.
        times = signed.sudo().with_context(visit_signing=SIGNING)._get_running_times()
        times._stop()
        for visit in self:
            own = visit._as_own_code()
            if visit in signed:
                own.signed_content = visit._get_signed_content()
                own.is_signature_void = False
            elif visit.sudo().signed_content:
                own.signed_content = False

    def _get_signed_content(self):
        """Return what a customer signs for on this visit: its work, parts and times, in
        an order that depends on nothing else."""
        self.ensure_one()
        # It does not depend on who asks.
        visit = self.sudo()
        work = []
        for line in visit._get_report_lines():
            left = line.completion in ("none", "partial")
            said = [
                (line.work_done or "").strip(),
                (left and line.completion) or "",
                (left and line.incomplete_reason) or "",
            ]
            if line._is_equipment() or any(said):
                equipment = [
                    line.installed_base_id.id,
                    line.product_id.id,
                    line.serial_number or "",
                ]
                work.append([*equipment, *said])
        parts = visit._get_report_parts().filtered(lambda part: not part.time_type)
        return {
            "work": sorted(work),
            "parts": sorted(
                [part.product_id.id, part.name or "", part.quantity] for part in parts
            ),
            "times": sorted(
                [
                    time.technician_id.id,
                    time.time_type,
                    fields.Datetime.to_string(time.date_start),
                    time.date_end and fields.Datetime.to_string(time.date_end),
                ]
                for time in visit.time_ids
            ),
        }

    def _check_signed(self):
        """Take the signature off those of these visits, and of those by which they are
        done, that are not any more what the customer signed for."""
        # Whoever changes what was signed for takes the signature off.
        visits = self.sudo()
        signed = (visits | visits.merged_into_id).filtered("signed_on")
        for visit in signed:
            content = visit._get_signed_content()
            if content == visit.signed_content:
                continue
            if self.env.context.get("visit_signing") is SIGNING:
                visit._as_own_code().signed_content = content
            else:
                visit._take_signature_off()

    def _take_signature_off(self):
        """Remove a signature that is for other work, parts or times than there are now,
        and keep it in the chatter."""
        self.ensure_one()
        self.message_post(
            body=Markup("<p>%s</p>")
            % self.env._(
                "The work, parts or times changed after the customer signed, so the "
                "signature of %(name)s from %(moment)s was removed. Ask the customer "
                "to sign again.",
                name=self.signed_by or self.partner_id.display_name,
                moment=self._format_moment(self.signed_on),
            ),
            attachments=[("signature.png", base64.b64decode(self.signature or ""))],
            subtype_xmlid="mail.mt_note",
        )
        own = self._as_own_code()
        own.signature = False
        own.is_signature_void = True

    def _render_signed_work(self):
        """Return the page that shows what the customer signs for."""
        self.ensure_one()
        # Who may do a visit may show what they did.
        visit = self.sudo().with_context(lang=self.partner_id.lang or self.env.lang)
        return visit.env["ir.qweb"]._render(
            "field_maintenance.visit_signed_work", {"visit": visit}
        )

    # -- Photos ------------------------------------------------------------------------

    def _get_photos_to_keep(self):
        """Return {visit: photos} of what was done, which only the office removes."""
        if self.env.su or self.env.user.has_group(
            "field_installed_base.group_dispatcher"
        ):
            return {}
        done = self.filtered(lambda visit: visit.state == "done")
        return {visit: visit.photo_ids for visit in done}

    def _check_photos_kept(self, photos):
        """Refuse to remove photos.

        :param dict photos: what `_get_photos_to_keep` returned before
        """
        for visit, kept in photos.items():
            if kept - visit.photo_ids:
                visit._refuse_to_remove_photos()

    def _refuse_to_remove_photos(self):
        raise AccessError(
            self.env._(
                "Visit %s is done, so its photos are kept. Ask a dispatcher to remove "
                "one.",
                self.display_name,
            )
        )

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
        """Return pairs of a photo as the report prints it, a small data address, so
        that the file can be sent by mail, and of what it shows."""
        self.ensure_one()
        moments = self.env["ir.attachment"]._fields["photo_moment"]
        labels = dict(moments._description_selection(self.env))
        photos = []
        # A photo is printed if it is the visit's own, whoever prints. In the order in
        # which they were taken, what was before comes first.
        for photo in self.sudo().photo_ids.sorted("id"):
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
            caption = self._with_label(
                labels.get(photo.photo_moment), photo.description
            )
            photos.append((image_data_uri(base64.b64encode(content)), caption))
        return photos

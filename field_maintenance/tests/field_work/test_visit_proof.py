import base64
import io
from datetime import datetime

from freezegun import freeze_time
from PIL import Image

from odoo.exceptions import AccessError
from odoo.http import Request
from odoo.tests import Form, HttpCase, tagged

from ..common import ExecutionCase, ExecutionFixtures


def picture(width=40, height=30, color="red", image_format="PNG"):
    """Return the bytes of a picture."""
    stream = io.BytesIO()
    Image.new("RGB", (width, height), color).save(stream, image_format)
    return stream.getvalue()


@tagged("post_install", "-at_install")
class TestVisitProof(ExecutionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.call = cls._begin_visit()

    def _take_photo(self, raw=None, role="technician", visit=None, **vals):
        visit = visit or self.call
        photo = self._as(role, self.env["ir.attachment"]).create(
            {
                "name": "stove.jpg",
                "raw": raw or picture(),
                "res_model": "maintenance.visit",
                "res_id": visit.id,
                **vals,
            }
        )
        self._as(role, visit).photo_ids |= photo
        return photo

    # -- Photos ------------------------------------------------------------------------

    def test_photos_belong_to_the_visit(self):
        photo = self._take_photo()
        self.assertEqual(self.call.photo_ids, photo.sudo())
        self.assertTrue(self._as("dispatcher", photo).raw)
        for role in ("employee", "portal", "other company"):
            with self.subTest(role), self.assertRaises(AccessError):
                self._as(role, photo).read(["raw"])

    def test_photo_taken_before_saving_is_adopted(self):
        photo = self._take_photo(res_id=0)
        self.assertEqual(photo.res_id, self.call.id)

    def test_printed_photos_are_small(self):
        self._take_photo(picture(3000, 2000, image_format="JPEG"))
        photos = self.call._get_report_photos()
        self.assertEqual(len(photos), 1)
        head, content = photos[0][0].split(",")
        self.assertRegex(head, r"^data:image/jpe?g;base64$")
        image = Image.open(io.BytesIO(base64.b64decode(content)))
        self.assertEqual(image.size, (800, 533))

    def test_printed_photos_have_captions(self):
        self._take_photo().write({"photo_moment": "before", "description": "Burner"})
        self._take_photo().description = "Seal"
        self._take_photo().photo_moment = "after"
        # They are printed as they were taken, also when they are read again.
        self.env.invalidate_all()
        self.assertEqual(
            [caption for _photo, caption in self.call._get_report_photos()],
            ["Before: Burner", "Seal", "After"],
        )

    def test_only_own_pictures_are_printed(self):
        self._take_photo()
        self._take_photo(b"%PDF-1.4 no picture", name="paper.pdf")
        self._take_photo(b"broken", mimetype="image/png")
        other = self._create_planned_visit()
        stolen = self._take_photo(visit=other)
        self.call.photo_ids |= stolen.sudo()
        self.assertEqual(len(self.call._get_report_photos()), 1)

    # -- Signature ---------------------------------------------------------------------

    def _sign(self, **vals):
        visit = self._as("technician", self.call)
        action = visit.action_sign()
        wizard = (
            visit.env[action["res_model"]]
            .with_context(**action["context"])
            .create({"signature": base64.b64encode(picture()), **vals})
        )
        wizard.action_sign()
        return wizard

    @freeze_time("2026-06-01 08:20:00")
    def test_customer_signs(self):
        wizard = self._sign()
        self.assertEqual(wizard.signed_by, "Anna Claes")
        self.assertTrue(self.call.signature)
        self.assertEqual(self.call.signed_by, "Anna Claes")
        self.assertEqual(self.call.signed_on, datetime(2026, 6, 1, 8, 20))
        self.call.signature = False
        self.assertFalse(self.call.signed_on)
        self.assertFalse(self.call.signed_by)

    def test_name_is_asked_where_nobody_is_known(self):
        self.call.contact_id = self.customer
        visit = self._as("technician", self.call)
        action = visit.action_sign()
        model = visit.env[action["res_model"]].with_context(**action["context"])
        form = Form(model)
        form.signature = base64.b64encode(picture()).decode()
        with self.assertRaisesRegex(AssertionError, "signed_by"):
            form.save()
        form.signed_by = "Mr Claes"
        form.save().action_sign()
        self.assertEqual(self.call.signed_by, "Mr Claes")

    @freeze_time("2026-06-01 08:20:00")
    def test_signature_while_finishing(self):
        visit = self._as("technician", self.call)
        action = visit.action_done()
        model = visit.env[action["res_model"]].with_context(**action["context"])
        with Form(model) as form:
            self.assertFalse(form.is_signed)
            form.signature = base64.b64encode(picture()).decode()
            self.assertEqual(form.signed_by, "Anna Claes")
        form.record.action_finish()
        self.assertEqual(self.call.signed_by, "Anna Claes")
        self.assertEqual(self.call.signed_on, datetime(2026, 6, 1, 8, 20))
        self.assertEqual(self.call.state, "done")


@tagged("post_install", "-at_install")
class TestVisitPhotoUpload(ExecutionFixtures, HttpCase):
    def test_phone_uploads_a_photo(self):
        visit = self._begin_visit()
        self.authenticate("ib_technician", "ib_technician")
        response = self.url_open(
            "/web/binary/upload_attachment",
            data={
                "csrf_token": Request.csrf_token(self),
                "model": "maintenance.visit",
                "id": visit.id,
            },
            files={"ufile": ("stove.png", picture(), "image/png")},
        )
        attachment = self.env["ir.attachment"].browse(response.json()[0]["id"])
        self.assertEqual(attachment.res_id, visit.id)
        self._as("technician", visit).photo_ids |= attachment
        self.assertEqual(len(visit._get_report_photos()), 1)

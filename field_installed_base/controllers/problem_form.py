import logging

from odoo.http import request
from odoo.tools.image import (
    IMAGE_MAX_RESOLUTION,
    binary_to_image,
    image_apply_opt,
    image_fix_orientation,
)

_logger = logging.getLogger(__name__)

MAX_PICTURES = 3
MAX_PICTURE_BYTES = 10 * 1024 * 1024
# Three pictures and the text, with room for the form around them: beyond, the request
# is cut off before it is read.
MAX_FORM_BYTES = 4 * MAX_PICTURE_BYTES
MAX_DESCRIPTION = 5000
MAX_LINE = 200
# What Odoo decodes; phones turn their own formats into JPEG where it is asked for.
PICTURE_FORMATS = ("JPEG", "PNG", "GIF", "BMP")
PICTURE_SIZE = 1920


class ProblemForm:
    """Reads the form *Report a problem*. A mixin of the controllers that show it.

    Whatever comes in is hostile: text is cut and escaped, a picture is decoded and
    written anew, and nothing of the file that was sent is kept.
    """

    def _submit_problem(self, piece, post, author=None, visitor=None):
        """Put down what a portal user or a visitor reports.

        :param piece: the equipment, which the sender may see
        :param dict post: the fields of the form
        :param author: contact of the portal user
        :param str visitor: how to reach a visitor
        :return: (the message that holds it or None, why it is refused or None, HTTP
            status)
        :rtype: tuple
        """
        description = self._read_description(post)
        if not description:
            return (
                None,
                request.env._(
                    "Describe the problem in a few words, or send a picture of it."
                ),
                400,
            )
        pictures, error, status = self._read_pictures(piece)
        if error:
            return None, error, status
        note = piece._report_problem(
            description, pictures, author=author, visitor=visitor
        )
        return note, None, 200

    def _read_description(self, post):
        """Return what the form says of the problem; a picture may say it all."""
        description = self._clean_text(post.get("description"), MAX_DESCRIPTION)
        if not description and self._get_uploads():
            return request.env._("See the picture.")
        return description

    def _get_uploads(self):
        return [
            upload
            for upload in request.httprequest.files.getlist("pictures")
            if upload.filename
        ]

    def _read_pictures(self, record):
        """Read the pictures of a form, and count what is sent with it.

        :param record: what the form is about
        :return: (pairs of name and content, why they are refused or None, HTTP status)
        :rtype: tuple
        """
        files, error = self._read_files()
        if error:
            return [], error, 400
        # Counting the sender comes first: decoding pictures is the costly part of a
        # flood. Only what is put down counts for the record, which others use too.
        counter = self._get_counter()
        address = request.httprequest.remote_addr
        flood = (
            [],
            request.env._(
                "Too many problems were reported from here within the last hour. "
                "Please call us or try again later."
            ),
            429,
        )
        if not counter._is_within(record, address):
            return flood
        if not counter._count_in(None, address):
            return flood
        pictures = []
        for name, content in files:
            picture = self._reencode(content)
            if not picture:
                return (
                    [],
                    request.env._(
                        "%(file)s is not a readable picture. Upload JPEG or PNG "
                        "files of at most 50 megapixels.",
                        file=name,
                    ),
                    400,
                )
            pictures.append((f"problem-{len(pictures) + 1}.jpg", picture))
        if not counter._count_in(record, None):
            return flood
        return pictures, None, 200

    def _get_counter(self):
        # What is counted is nobody's to read, hence sudo.
        return request.env["installed.base.problem.report"].sudo()

    def _is_id(self, number):
        """Tell whether a number of an address may be a record's: the database would
        fail over a larger one."""
        return 0 < number < 2**31

    def _read_files(self):
        """Return the files that were sent as pairs of name and content, and why they
        are refused."""
        uploads = self._get_uploads()
        if len(uploads) > MAX_PICTURES:
            return [], request.env._(
                "Send at most %(limit)s pictures.", limit=MAX_PICTURES
            )
        files = []
        for upload in uploads:
            name = self._clean_text(upload.filename, MAX_LINE)
            content = upload.stream.read(MAX_PICTURE_BYTES + 1)
            if len(content) > MAX_PICTURE_BYTES:
                return [], request.env._(
                    "%(file)s is too large. Upload pictures of at most %(limit)s MB.",
                    file=name,
                    limit=MAX_PICTURE_BYTES // 1024 // 1024,
                )
            files.append((name, content))
        return files, None

    def _clean_text(self, text, limit):
        """Return text as the database takes it, cut at a length the form allows; none
        for a file in its place."""
        if not isinstance(text, str):
            return ""
        lines = text.replace("\x00", "").strip().splitlines()
        return "\n".join(lines)[:limit]

    def _reencode(self, content):
        """Return a picture as a new JPEG of modest size, None if it is none.

        Nothing but pixels survives: no metadata (phones write the place into it), no
        script and no other file behind the picture.
        """
        # Only the header has been read when format and size are looked at.
        try:
            image = binary_to_image(content)
            width, height = image.size
            if image.format not in PICTURE_FORMATS:
                return None
            if width * height > IMAGE_MAX_RESOLUTION:
                return None
            image = image_fix_orientation(image).convert("RGB")
            image.thumbnail((PICTURE_SIZE, PICTURE_SIZE))
            return image_apply_opt(image, "JPEG", quality=85)
        except Exception as error:  # pylint: disable=broad-except
            # Decoders raise whatever a broken file makes them: to us it is no picture.
            _logger.info("Picture of a problem report refused: %s", error)
            return None

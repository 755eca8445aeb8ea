from werkzeug.exceptions import BadRequest

from odoo.addons.rating.controllers.main import Rating


class VisitRating(Rating):
    """The page that customers reach from the mail about a visit."""

    def _get_rating_and_record(self, token):
        # The database looks for no such text; not even the page "not found" does.
        if "\x00" in token:
            raise BadRequest
        return super()._get_rating_and_record(token)

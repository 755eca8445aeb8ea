"""What our own screens tell apart from other refusals."""

from odoo.exceptions import UserError


class VisitChangedError(UserError):
    """Somebody else changed a visit after it was shown: the user is asked first."""

from werkzeug.exceptions import NotFound

from odoo.exceptions import AccessError, MissingError
from odoo.fields import Domain
from odoo.http import request, route

from odoo.addons.field_installed_base.controllers.own_pages import OwnList, OwnPages
from odoo.addons.field_installed_base.controllers.portal import (
    EQUIPMENT,
    EquipmentPortal,
)
from odoo.addons.field_installed_base.controllers.problem_form import (
    MAX_DESCRIPTION,
    MAX_FORM_BYTES,
    MAX_LINE,
)
from odoo.addons.field_installed_base.controllers.qr_label import EquipmentLabel

REQUESTS = OwnList(
    "requests", "service.request", "/my/requests", counter="request_count"
)
# More equipment nobody looks through: its own page reports, too.
MAX_CHOICES = 500
# What the form is for, unless it is a problem.
ABOUT_APPOINTMENT = "appointment"
# What a visitor reported last: equipment and number.
REPORTED_KEY = "reported_request"


class RequestPortal(OwnPages):
    """What customers ask for, and what became of it. Who has the link of a mail gets to
    its one request without a login."""

    def _prepare_home_portal_values(self, counters):
        values = super()._prepare_home_portal_values(counters)
        return values | self._count_own(REQUESTS, counters)

    # -- List --------------------------------------------------------------------------

    def _get_request_sortings(self):
        return {
            "newest": {
                "label": request.env._("Newest first"),
                "order": "request_date desc, id desc",
            },
            "oldest": {
                "label": request.env._("Oldest first"),
                "order": "request_date, id",
            },
        }

    def _get_request_filters(self):
        closed = Domain("stage_id.is_closed", "=", True)
        return {
            "all": {"label": request.env._("All"), "domain": Domain.TRUE},
            "open": {"label": request.env._("Open requests"), "domain": ~closed},
            "closed": {"label": request.env._("Closed requests"), "domain": closed},
        }

    @route(
        ["/my/requests", "/my/requests/page/<int:page>"],
        type="http",
        auth="user",
        website=True,
        readonly=True,
    )
    def portal_my_requests(self, page=1, **params):
        requests, values = self._list_own(
            REQUESTS,
            page,
            params,
            sortby=self._get_request_sortings(),
            filterby=self._get_request_filters(),
        )
        return request.render(
            "field_maintenance.portal_my_requests", {**values, "requests": requests}
        )

    # -- New ---------------------------------------------------------------------------

    @route(
        "/my/requests/new",
        type="http",
        auth="user",
        website=True,
        methods=["GET"],
        readonly=True,
    )
    def portal_new_request(self, about=None, equipment=None, **params):
        return self._render_new_request(
            about=about, chosen=self._get_chosen_equipment(equipment)
        )

    @route(
        "/my/requests/new",
        type="http",
        auth="user",
        website=True,
        methods=["POST"],
        max_content_length=MAX_FORM_BYTES,
    )
    def portal_create_request(self, **post):
        subject = self._clean_text(post.get("subject"), MAX_LINE).replace("\n", " ")
        typed = self._clean_text(post.get("description"), MAX_DESCRIPTION)
        if post.get("about") == ABOUT_APPOINTMENT:
            description = typed
            subject = subject or request.env._("Appointment")
        else:
            description = self._read_description(post)
        piece = self._get_chosen_equipment(post.get("equipment"))
        author = request.env.user.partner_id
        pictures, status = [], 400
        if not description:
            error = request.env._("Describe in a few words what you need.")
        else:
            pictures, error, status = self._read_pictures(piece or author)
        if error:
            return self._render_new_request(
                status,
                error=error,
                subject=subject,
                description=typed,
                chosen=piece,
                about=post.get("about"),
            )
        new = request.env["service.request"]._create_on_portal(
            author, subject, description, pictures, piece
        )
        return request.redirect(f"/my/requests/{new.id}?created=1")

    def _get_own_equipment(self, domain=Domain.TRUE):
        """Return the equipment that the customer may choose.

        :param domain: which of it
        """
        model = request.env["installed.base"]
        if not model.has_access("read"):
            return model
        return model.search(
            self._get_own_domain(EQUIPMENT)
            & Domain("state", "=", "installed")
            & domain,
            order="id desc",
            limit=MAX_CHOICES,
        )

    def _get_chosen_equipment(self, text):
        """Return the piece that the form names.

        :raise NotFound: if it is somebody else's or none at all
        """
        text = self._clean_text(text, 20)
        if not text:
            return request.env["installed.base"]
        number = int(text) if text.isascii() and text.isdigit() else 0
        piece = request.env["installed.base"]
        if self._is_id(number):
            piece = self._get_own_equipment(Domain("id", "=", number))
        if not piece:
            raise NotFound()
        return piece

    def _render_new_request(self, status=200, about=None, **values):
        return request.render(
            "field_maintenance.portal_new_request",
            {
                **self._prepare_portal_layout_values(),
                "page_name": "requests",
                "is_new": True,
                "is_appointment": about == ABOUT_APPOINTMENT,
                # As on the list of equipment: the page prints names.
                "equipment": self._get_own_equipment().sudo(),
                **values,
            },
            status=status,
        )

    # -- Page --------------------------------------------------------------------------

    @route(
        "/my/requests/<int:request_id>",
        type="http",
        auth="public",
        website=True,
        methods=["GET"],
    )
    def portal_request(self, request_id, access_token=None, created=None, **params):
        if not self._is_id(request_id):
            raise NotFound()
        try:
            known = self._document_check_access(
                "service.request", request_id, access_token
            )
        except (AccessError, MissingError):
            if request.env.user._is_public():
                # Theirs perhaps, once they say who they are.
                return request.redirect(
                    f"/web/login?redirect=/my/requests/{request_id}"
                )
            raise NotFound() from None
        # The arrows of core would put a token into each address.
        values = self._get_page_view_values(
            known, access_token, {}, "", False, **params
        ) | self._prepare_own_page(REQUESTS, known)
        return request.render(
            "field_maintenance.portal_request", {**values, "created": bool(created)}
        )


class RequestEquipmentPortal(EquipmentPortal):
    def _get_reported_url(self, piece, note):
        if note.model == "service.request":
            reported = request.env["service.request"].browse(note.res_id)
            if reported.has_access("read"):
                return f"/my/requests/{reported.id}?created=1"
        return super()._get_reported_url(piece, note)


class RequestEquipmentLabel(EquipmentLabel):
    def _remember_report(self, piece, note):
        if note.model == "service.request":
            # Its number, which whoever reported it may name on the phone.
            reported = request.env["service.request"].sudo().browse(note.res_id)
            request.session[REPORTED_KEY] = [piece.id, reported.name]
        return super()._remember_report(piece, note)

    def _render_label(self, piece, token, status=200, **values):
        piece_id, number = request.session.get(REPORTED_KEY) or (0, "")
        if values.get("reported") and piece_id == piece.id:
            values["reported_number"] = number
        return super()._render_label(piece, token, status, **values)

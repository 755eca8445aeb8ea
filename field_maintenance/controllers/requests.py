from werkzeug.exceptions import NotFound

from odoo.exceptions import AccessError, MissingError
from odoo.fields import Domain
from odoo.http import request, route

from odoo.addons.field_installed_base.controllers.portal import EquipmentPortal
from odoo.addons.field_installed_base.controllers.problem_form import (
    MAX_DESCRIPTION,
    MAX_FORM_BYTES,
    MAX_LINE,
    ProblemForm,
)
from odoo.addons.field_installed_base.controllers.qr_label import EquipmentLabel
from odoo.addons.portal.controllers.portal import CustomerPortal
from odoo.addons.portal.controllers.portal import pager as portal_pager

# What was listed last, for the arrows on the page of a request.
SESSION_KEY = "my_requests_history"
# More equipment nobody looks through: its own page reports, too.
MAX_CHOICES = 500
# What a visitor reported last: equipment and number.
REPORTED_KEY = "reported_request"


class RequestPortal(ProblemForm, CustomerPortal):
    """What customers ask for, and what became of it.

    Requests of others and numbers that never existed give one and the same answer: not
    found. Who has the link of a mail gets to its one request without a login.
    """

    # -- Home --------------------------------------------------------------------------

    def _prepare_home_portal_values(self, counters):
        values = super()._prepare_home_portal_values(counters)
        if "request_count" in counters:
            requests = request.env["service.request"]
            values["request_count"] = (
                requests.search_count(self._get_request_domain())
                if requests.has_access("read")
                else 0
            )
        return values

    def _get_request_domain(self):
        # The rules say this for portal users; an employee who opens the portal sees
        # their own too, not the requests of all customers.
        return Domain(
            "commercial_partner_id", "=", request.env.user.commercial_partner_id.id
        )

    # -- List --------------------------------------------------------------------------

    def _get_request_filters(self):
        closed = Domain("stage_id.is_closed", "=", True)
        return {
            "all": {"label": request.env._("All"), "domain": Domain.TRUE},
            "open": {"label": request.env._("Open"), "domain": ~closed},
            "closed": {"label": request.env._("Closed"), "domain": closed},
        }

    @route(
        ["/my/requests", "/my/requests/page/<int:page>"],
        type="http",
        auth="user",
        website=True,
        readonly=True,
    )
    def portal_my_requests(self, page=1, filterby=None, **params):
        model = request.env["service.request"]
        if not model.has_access("read"):
            raise NotFound()
        # Only the path names a page: elsewhere it is whatever somebody typed.
        page = page if isinstance(page, int) else 1
        filters = self._get_request_filters()
        filterby = filterby if filterby in filters else "all"
        domain = self._get_request_domain()
        # Stages have no rights for customers: whether a request is closed is no secret.
        found = model.sudo()._search(domain & filters[filterby]["domain"])
        domain &= Domain("id", "in", found)
        pager = portal_pager(
            url="/my/requests",
            url_args={"filterby": filterby},
            total=model.search_count(domain),
            page=page,
            step=self._items_per_page,
        )
        requests = model.search(
            domain,
            order="request_date desc, id desc",
            limit=self._items_per_page,
            offset=max(0, pager["offset"]),
        )
        request.session[SESSION_KEY] = requests.ids[:100]
        return request.render(
            "field_maintenance.portal_my_requests",
            {
                **self._prepare_portal_layout_values(),
                "page_name": "requests",
                "default_url": "/my/requests",
                # The rules let the reader see these requests; stages and equipment have
                # no rights for them. The template prints names and dates.
                "requests": requests.sudo(),
                "pager": pager,
                "searchbar_filters": filters,
                "filterby": filterby,
            },
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
    def portal_new_request(self, **params):
        return self._render_new_request()

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
        description = self._clean_text(post.get("description"), MAX_DESCRIPTION)
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
                description=description,
                chosen=piece,
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
            Domain(
                "commercial_partner_id", "=", request.env.user.commercial_partner_id.id
            )
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

    def _render_new_request(self, status=200, **values):
        return request.render(
            "field_maintenance.portal_new_request",
            {
                **self._prepare_portal_layout_values(),
                "page_name": "requests",
                "is_new": True,
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
        values = {
            **self._prepare_portal_layout_values(),
            "page_name": "requests",
            "created": bool(created),
            **known._get_portal_values(),
        }
        values = self._get_page_view_values(
            known, access_token, values, SESSION_KEY, False, **params
        )
        return request.render("field_maintenance.portal_request", values)


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

from odoo.http import Controller, request, route

from .problem_form import MAX_DESCRIPTION, MAX_FORM_BYTES, MAX_LINE, ProblemForm

# A page behind a token is nobody's search result, and its address goes nowhere.
HEADERS = {"X-Robots-Tag": "noindex, nofollow", "Referrer-Policy": "same-origin"}


class EquipmentLabel(ProblemForm, Controller):
    """Where the QR code on a piece of equipment leads.

    Whoever may see the piece gets to it at once; anybody else holds a label in their
    hand and learns what is printed on it, and whom to call.
    """

    @route(
        "/equipment/<string:token>",
        type="http",
        auth="public",
        website=True,
        sitemap=False,
        methods=["GET"],
        readonly=True,
    )
    def equipment_label(self, token, reported=None, **params):
        piece = self._find_equipment(token)
        if not piece:
            return self._render_unknown_label()
        address = self._get_address_for_user(piece)
        if address:
            return request.redirect(address)
        return self._render_label(piece, token, reported=bool(reported))

    @route(
        "/equipment/<string:token>",
        type="http",
        auth="public",
        website=True,
        sitemap=False,
        methods=["POST"],
        max_content_length=MAX_FORM_BYTES,
    )
    def equipment_label_report(self, token, **post):
        piece = self._find_equipment(token)
        if not piece:
            return self._render_unknown_label()
        thanks = f"/equipment/{piece.qr_token}?reported=1#problem"
        # A field that people do not see: what fills it in is a machine, which need not
        # know that it is ignored.
        if post.get("website"):
            return request.redirect(thanks)
        visitor = self._clean_text(post.get("contact"), MAX_LINE).replace("\n", " ")
        if visitor:
            note, error, status = self._submit_problem(piece, post, visitor=visitor)
        else:
            note, error, status = (
                None,
                request.env._("Enter a phone number or an email address."),
                400,
            )
        if note:
            self._remember_report(piece, note)
            return request.redirect(thanks)
        return self._render_label(
            piece,
            token,
            status,
            error=error,
            description=self._clean_text(post.get("description"), MAX_DESCRIPTION),
            visitor=visitor,
        )

    def _remember_report(self, piece, note):
        """Keep for the page that thanks the visitor what they may know of their report.
        To be extended.

        :param piece: the equipment
        :param note: the message that holds the report
        """

    def _find_equipment(self, token):
        """Return the piece that carries this label.

        None for a renewed or invented token, and for archived equipment unless an
        employee may read it.
        """
        if "\x00" in token:
            # No label carries it, and the database would fail over it.
            return None
        # The token is the right: whoever holds the label may know what it says. It is
        # too long to be guessed.
        piece = (
            request.env["installed.base"]
            .sudo()
            .with_context(active_test=False)
            .search([("qr_token", "=", token)], limit=1)
        )
        if piece and (piece.active or self._get_address_for_user(piece)):
            return piece
        return None

    def _render_unknown_label(self):
        return request.render(
            "field_installed_base.label_unknown",
            {"is_visitor": request.env.user._is_public()},
            status=404,
            headers=HEADERS,
        )

    def _get_address_for_user(self, piece):
        """Return where a user sees the piece by their own rights, None if nowhere."""
        model = request.env["installed.base"]
        if not model.has_access("read"):
            return None
        internal = request.env.user._is_internal()
        readable = model.with_context(active_test=not internal).search(
            [("id", "=", piece.id)]
        )
        if not readable:
            return None
        return readable._get_internal_address() if internal else piece.access_url

    def _render_label(self, piece, token, status=200, **values):
        return request.render(
            "field_installed_base.label_page",
            {
                # Names as text: a template of a public page gets no record to read.
                "product_name": piece._get_product_name(),
                "serial_number": piece.serial_number,
                "phone": piece.company_id.phone,
                "instructions": piece.company_id.service_problem_instructions,
                # The company whose label it is, not the first one of the database.
                "res_company": piece.company_id,
                "address": f"/equipment/{token}",
                "is_visitor": request.env.user._is_public(),
                **values,
            },
            status=status,
            headers=HEADERS,
        )

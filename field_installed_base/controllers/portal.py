from werkzeug.exceptions import NotFound

from odoo.fields import Domain
from odoo.http import request, route

from .own_pages import OwnList, OwnPages
from .problem_form import MAX_DESCRIPTION, MAX_FORM_BYTES

EQUIPMENT = OwnList(
    "equipment", "installed.base", "/my/equipment", counter="equipment_count"
)


class EquipmentPortal(OwnPages):
    """What a customer sees of their equipment. No token opens these pages."""

    def _prepare_home_portal_values(self, counters):
        values = super()._prepare_home_portal_values(counters)
        return values | self._count_own(EQUIPMENT, counters)

    # -- List -------------------------------------------------------------------------

    def _get_equipment_sortings(self):
        return {
            "date": {"label": request.env._("Newest"), "order": "id desc"},
            "serial": {
                "label": request.env._("Serial number"),
                "order": "serial_number, id desc",
            },
            "product": {
                "label": request.env._("Product"),
                "order": "product_id, model, serial_number, id desc",
            },
            "warranty": {
                "label": request.env._("Warranty end"),
                "order": "warranty_end_date, id desc",
            },
        }

    def _get_equipment_groupings(self):
        return {
            "none": {"label": request.env._("None")},
            "site": {"label": request.env._("Site"), "field": "site_id"},
            "category": {"label": request.env._("Category"), "field": "category_id"},
        }

    @route(
        ["/my/equipment", "/my/equipment/page/<int:page>"],
        type="http",
        auth="user",
        website=True,
        readonly=True,
    )
    def portal_my_equipment(self, page=1, **params):
        groupings = self._get_equipment_groupings()
        equipment, values = self._list_own(
            EQUIPMENT,
            page,
            params,
            get_search_domain=self._get_equipment_search_domain,
            sortby=self._get_equipment_sortings(),
            groupby=groupings,
            search_in={
                "all": {"input": "all", "label": request.env._("Search in all")}
            },
        )
        field = groupings[values["groupby"]].get("field")
        groups = equipment.grouped(field) if field else {None: equipment}
        return request.render(
            "field_installed_base.portal_my_equipment",
            {
                **values,
                "equipment": equipment,
                "groups": [
                    {"name": key is not None and key.display_name, "equipment": pieces}
                    for key, pieces in groups.items()
                ],
            },
        )

    def _get_equipment_search_domain(self, _search_in, text):
        return request.env["installed.base"]._get_portal_search_domain(text)

    # -- Page -------------------------------------------------------------------------

    def _get_equipment(self, equipment_id):
        """Return the piece of this number as its reader has it, archived ones never.

        :raise NotFound: whether it is somebody else's, archived or none at all
        """
        return self._find_own(EQUIPMENT, equipment_id, Domain.TRUE)

    @route(
        "/my/equipment/<int:equipment_id>",
        type="http",
        auth="user",
        website=True,
        methods=["GET"],
        readonly=True,
    )
    def portal_equipment(self, equipment_id, reported=None, **params):
        piece = self._get_equipment(equipment_id)
        return self._render_equipment(piece, reported=bool(reported))

    @route(
        "/my/equipment/<int:equipment_id>",
        type="http",
        auth="user",
        website=True,
        methods=["POST"],
        max_content_length=MAX_FORM_BYTES,
    )
    def portal_report_problem(self, equipment_id, **post):
        piece = self._get_equipment(equipment_id)
        note, error, status = self._submit_problem(
            piece, post, author=request.env.user.partner_id
        )
        if note:
            return request.redirect(self._get_reported_url(piece, note))
        return self._render_equipment(
            piece,
            status,
            error=error,
            description=self._clean_text(post.get("description"), MAX_DESCRIPTION),
        )

    def _get_reported_url(self, piece, note):
        """Return where a customer goes who reported a problem.

        :param piece: the equipment
        :param note: the message that holds the report
        """
        return f"/my/equipment/{piece.id}?reported=1#problem"

    @route(
        "/my/equipment/<int:equipment_id>/document/<int:document_id>",
        type="http",
        auth="user",
        readonly=True,
    )
    def portal_equipment_document(self, equipment_id, document_id, **params):
        piece = self._get_equipment(equipment_id)
        # Attachments of equipment are closed to portal users; what is shared with the
        # owner is opened here, for as long as it is shared and they are the owner.
        document = piece.sudo().document_ids.filtered(lambda d: d.id == document_id)
        if not document:
            raise NotFound()
        stream = request.env["ir.binary"].sudo()._get_stream_from(document)
        # Only what cannot carry a script is shown within the page's own address.
        return stream.get_response(as_attachment=document.mimetype != "application/pdf")

    def _render_equipment(self, piece, status=200, **values):
        return request.render(
            "field_installed_base.portal_equipment",
            {**self._prepare_own_page(EQUIPMENT, piece), **values},
            status=status,
        )

from werkzeug.exceptions import NotFound

from odoo.fields import Domain
from odoo.http import request, route

from odoo.addons.portal.controllers.portal import CustomerPortal
from odoo.addons.portal.controllers.portal import pager as portal_pager

from .problem_form import MAX_DESCRIPTION, MAX_FORM_BYTES, MAX_LINE, ProblemForm

# What was listed last, for the arrows on the page of a piece.
SESSION_KEY = "my_equipment_history"


class EquipmentPortal(ProblemForm, CustomerPortal):
    """What a customer sees of their equipment: what the record rules let them read.

    No token opens these pages. Equipment of others, archived equipment and numbers
    that never existed give one and the same answer: not found.
    """

    # -- Home -------------------------------------------------------------------------

    def _prepare_home_portal_values(self, counters):
        values = super()._prepare_home_portal_values(counters)
        if "equipment_count" in counters:
            equipment = request.env["installed.base"]
            values["equipment_count"] = (
                equipment.search_count(self._get_equipment_domain())
                if equipment.has_access("read")
                else 0
            )
        return values

    def _get_equipment_domain(self):
        # The rules say this for portal users; an employee who opens the portal sees
        # their own too, not the equipment of all customers.
        return Domain(
            "commercial_partner_id", "=", request.env.user.commercial_partner_id.id
        )

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
    def portal_my_equipment(
        self, page=1, sortby=None, groupby=None, search=None, **params
    ):
        model = request.env["installed.base"]
        if not model.has_access("read"):
            raise NotFound()
        # Only the path names a page: elsewhere it is whatever somebody typed.
        page = page if isinstance(page, int) else 1
        sortings = self._get_equipment_sortings()
        groupings = self._get_equipment_groupings()
        sortby = sortby if sortby in sortings else "date"
        groupby = groupby if groupby in groupings else "none"
        domain = self._get_equipment_domain()
        search = self._clean_text(search, MAX_LINE)
        if search:
            domain &= model._get_portal_search_domain(search)
        pager = portal_pager(
            url="/my/equipment",
            url_args={"sortby": sortby, "groupby": groupby, "search": search},
            total=model.search_count(domain),
            page=page,
            step=self._items_per_page,
        )
        field = groupings[groupby].get("field")
        order = sortings[sortby]["order"]
        equipment = model.search(
            domain,
            order=f"{field}, {order}" if field else order,
            limit=self._items_per_page,
            offset=max(0, pager["offset"]),
        )
        request.session[SESSION_KEY] = equipment.ids[:100]
        # The rules let the reader see these pieces; the names of their products and
        # categories have no rights for them. The template prints names and dates.
        equipment = equipment.sudo()
        groups = equipment.grouped(field) if field else {None: equipment}
        return request.render(
            "field_installed_base.portal_my_equipment",
            {
                **self._prepare_portal_layout_values(),
                "page_name": "equipment",
                "default_url": "/my/equipment",
                "equipment": equipment,
                "groups": [
                    {"name": key is not None and key.display_name, "equipment": pieces}
                    for key, pieces in groups.items()
                ],
                "pager": pager,
                "search": search,
                "search_in": "all",
                "searchbar_inputs": {
                    "all": {"input": "all", "label": request.env._("Search in all")}
                },
                "searchbar_sortings": sortings,
                "sortby": sortby,
                "searchbar_groupby": groupings,
                "groupby": groupby,
            },
        )

    # -- Page -------------------------------------------------------------------------

    def _get_equipment(self, equipment_id):
        """Return the piece of this number as its reader has it.

        :raise NotFound: whether it is somebody else's, archived or none at all
        """
        model = request.env["installed.base"]
        piece = model.browse()
        if self._is_id(equipment_id) and model.has_access("read"):
            piece = model.search([("id", "=", equipment_id)])
        if not piece:
            raise NotFound()
        return piece

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
            {
                **self._prepare_portal_layout_values(),
                "page_name": "equipment",
                **self._get_equipment_neighbours(piece),
                **piece._get_portal_values(),
                **values,
            },
            status=status,
        )

    def _get_equipment_neighbours(self, piece):
        listed = request.session.get(SESSION_KEY, [])
        if piece.id not in listed:
            return {}
        index = listed.index(piece.id)
        return {
            name: f"/my/equipment/{ids[0]}"
            for name, ids in (
                ("prev_record", listed[index - 1 : index] if index else []),
                ("next_record", listed[index + 1 : index + 2]),
            )
            if ids
        }

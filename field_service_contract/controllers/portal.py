from werkzeug.exceptions import NotFound

from odoo.fields import Domain
from odoo.http import request, route

from odoo.addons.field_installed_base.controllers.problem_form import (
    MAX_LINE,
    ProblemForm,
)
from odoo.addons.portal.controllers.portal import CustomerPortal
from odoo.addons.portal.controllers.portal import pager as portal_pager

# What was listed last, for the arrows on the page of a contract.
SESSION_KEY = "my_service_contracts_history"


class ContractPortal(ProblemForm, CustomerPortal):
    """What a customer sees of their contracts: what the record rules let them read,
    without drafts and offers that came to nothing.

    No token opens these pages. Contracts of others and numbers that never existed give
    one and the same answer: not found.
    """

    # -- Home -------------------------------------------------------------------------

    def _prepare_home_portal_values(self, counters):
        values = super()._prepare_home_portal_values(counters)
        if "service_contract_count" in counters:
            contracts = request.env["service.contract"]
            values["service_contract_count"] = (
                contracts.search_count(self._get_contract_domain())
                if contracts.has_access("read")
                else 0
            )
        return values

    def _get_contract_domain(self):
        # The rules say this for portal users; an employee who opens the portal sees
        # their own too, not the contracts of all customers.
        return Domain(
            "commercial_partner_id", "=", request.env.user.commercial_partner_id.id
        ) & Domain("state", "in", ("active", "suspended", "closed"))

    # -- List -------------------------------------------------------------------------

    def _get_contract_sortings(self):
        return {
            "newest": {
                "label": request.env._("Newest first"),
                "order": "date_start desc, id desc",
            },
            "end": {"label": request.env._("End"), "order": "date_end, id"},
            "number": {"label": request.env._("Number"), "order": "name, id"},
        }

    def _get_contract_filters(self):
        return {
            "all": {"label": request.env._("All"), "domain": Domain.TRUE},
            "live": {
                "label": request.env._("In force"),
                "domain": Domain("state", "in", ("active", "suspended")),
            },
            "closed": {
                "label": request.env._("Ended"),
                "domain": Domain("state", "=", "closed"),
            },
        }

    def _get_contract_search_inputs(self):
        return {
            "all": {"input": "all", "label": request.env._("Search in all")},
            "name": {"input": "name", "label": request.env._("Search by number")},
            "equipment": {
                "input": "equipment",
                "label": request.env._("Search by equipment"),
            },
        }

    def _get_contract_search_domain(self, search_in, search):
        equipment = Domain.OR(
            Domain(f"line_ids.installed_base_id.{name}", "ilike", search)
            for name in ("reference", "serial_number", "model", "product_id.name")
        )
        # The search looks at equipment and texts of the reader's contracts only: it is
        # combined with what the rules let them read.
        texts = Domain("line_ids.name", "ilike", search)
        domains = {
            "name": Domain("name", "ilike", search),
            "equipment": equipment,
        }
        return domains.get(search_in) or Domain.OR([*domains.values(), texts])

    @route(
        ["/my/service-contracts", "/my/service-contracts/page/<int:page>"],
        type="http",
        auth="user",
        website=True,
        readonly=True,
    )
    def portal_my_service_contracts(
        self, page=1, sortby=None, filterby=None, search=None, search_in=None, **params
    ):
        model = request.env["service.contract"]
        if not model.has_access("read"):
            raise NotFound()
        sortings, filters = self._get_contract_sortings(), self._get_contract_filters()
        inputs = self._get_contract_search_inputs()
        sortby = sortby if sortby in sortings else "newest"
        filterby = filterby if filterby in filters else "all"
        search_in = search_in if search_in in inputs else "all"
        # Only the path names a page: elsewhere it is whatever somebody typed.
        page = page if isinstance(page, int) else 1
        search = self._clean_text(search, MAX_LINE)
        domain = self._get_contract_domain() & filters[filterby]["domain"]
        if search:
            # Products have no rights for the reader; which contracts the search finds
            # is limited to their own by the domain above, and once more by the rules.
            found = model.sudo().search(
                domain & self._get_contract_search_domain(search_in, search)
            )
            domain &= Domain("id", "in", found.ids)
        pager = portal_pager(
            url="/my/service-contracts",
            url_args={
                "sortby": sortby,
                "filterby": filterby,
                "search": search,
                "search_in": search_in,
            },
            total=model.search_count(domain),
            page=page,
            step=self._items_per_page,
        )
        contracts = model.search(
            domain,
            order=sortings[sortby]["order"],
            limit=self._items_per_page,
            offset=max(0, pager["offset"]),
        )
        request.session[SESSION_KEY] = contracts.ids[:100]
        return request.render(
            "field_service_contract.portal_my_contracts",
            {
                **self._prepare_portal_layout_values(),
                "page_name": "service_contracts",
                "default_url": "/my/service-contracts",
                # The rules let the reader see these contracts; what they cost and
                # cover has rights of its own. The template prints what they signed.
                "contracts": contracts.sudo(),
                "pager": pager,
                "searchbar_sortings": sortings,
                "sortby": sortby,
                "searchbar_filters": filters,
                "filterby": filterby,
                "searchbar_inputs": inputs,
                "search_in": search_in,
                "search": search,
            },
        )

    # -- Page -------------------------------------------------------------------------

    def _get_contract(self, contract_id):
        """Return the contract of this number as its reader has it.

        :raise NotFound: whether it is somebody else's, a draft or none at all
        """
        model = request.env["service.contract"]
        contract = model.browse()
        if self._is_id(contract_id) and model.has_access("read"):
            contract = model.search(
                Domain("id", "=", contract_id) & self._get_contract_domain()
            )
        if not contract:
            raise NotFound()
        return contract

    @route(
        "/my/service-contracts/<int:contract_id>",
        type="http",
        auth="user",
        website=True,
        methods=["GET"],
    )
    def portal_service_contract(
        self, contract_id, report_type=None, download=False, **params
    ):
        contract = self._get_contract(contract_id)
        if report_type == "pdf":
            # What customers print for themselves is not filed among our documents.
            request.update_context(report_pdf_no_attachment=True)
            return self._show_report(
                model=contract.sudo(),
                report_type=report_type,
                report_ref="field_service_contract.service_contract_report",
                download=bool(download),
            )
        return request.render(
            "field_service_contract.portal_contract",
            {
                **self._prepare_portal_layout_values(),
                "page_name": "service_contracts",
                **self._get_contract_neighbours(contract),
                **contract._get_portal_values(),
            },
        )

    def _get_contract_neighbours(self, contract):
        listed = request.session.get(SESSION_KEY, [])
        if contract.id not in listed:
            return {}
        index = listed.index(contract.id)
        return {
            name: f"/my/service-contracts/{ids[0]}"
            for name, ids in (
                ("prev_record", listed[index - 1 : index] if index else []),
                ("next_record", listed[index + 1 : index + 2]),
            )
            if ids
        }

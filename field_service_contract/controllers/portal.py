from odoo.fields import Domain
from odoo.http import request, route

from odoo.addons.field_installed_base.controllers.own_pages import OwnList, OwnPages

CONTRACTS = OwnList(
    "service_contracts",
    "service.contract",
    "/my/service-contracts",
    counter="service_contract_count",
    domain=Domain("state", "in", ("active", "suspended", "closed")),
)


class ContractPortal(OwnPages):
    """What a customer sees of their contracts, without drafts and offers that came to
    nothing. No token opens these pages."""

    def _prepare_home_portal_values(self, counters):
        values = super()._prepare_home_portal_values(counters)
        return values | self._count_own(CONTRACTS, counters)

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
    def portal_my_service_contracts(self, page=1, **params):
        contracts, values = self._list_own(
            CONTRACTS,
            page,
            params,
            get_search_domain=self._get_contract_search_domain,
            sortby=self._get_contract_sortings(),
            filterby=self._get_contract_filters(),
            search_in=self._get_contract_search_inputs(),
        )
        # The template prints what the customer signed.
        return request.render(
            "field_service_contract.portal_my_contracts",
            {**values, "contracts": contracts},
        )

    # -- Page -------------------------------------------------------------------------

    def _get_contract(self, contract_id):
        """Return the contract of this number as its reader has it.

        :raise NotFound: whether it is somebody else's, a draft or none at all
        """
        return self._find_own(CONTRACTS, contract_id, self._get_own_domain(CONTRACTS))

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
            self._prepare_own_page(CONTRACTS, contract),
        )

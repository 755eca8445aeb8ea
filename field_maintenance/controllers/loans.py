from odoo.fields import Domain
from odoo.http import request, route

from odoo.addons.field_installed_base.controllers.own_pages import OwnList, OwnPages

from ..models.loan.service_loan import OPEN_STATES

OPEN = Domain("state", "in", OPEN_STATES)
LOANS = OwnList("loans", "service.loan", "/my/loans", counter="loan_count", domain=OPEN)


class LoanPortal(OwnPages):
    """What of ours a customer has for a while, and until when."""

    def _prepare_home_portal_values(self, counters):
        values = super()._prepare_home_portal_values(counters)
        return values | self._count_own(LOANS, counters)

    def _get_loan_sortings(self):
        return {
            "due": {"label": request.env._("Due first"), "order": "date_due, id"},
            "newest": {
                "label": request.env._("Newest first"),
                "order": "date_out desc, id desc",
            },
        }

    @route(
        ["/my/loans", "/my/loans/page/<int:page>"],
        type="http",
        auth="user",
        website=True,
        readonly=True,
    )
    def portal_my_loans(self, page=1, **params):
        loans, values = self._list_own(
            LOANS, page, params, sortby=self._get_loan_sortings()
        )
        return request.render(
            "field_maintenance.portal_my_loans", {**values, "loans": loans}
        )

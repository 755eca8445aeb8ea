from dateutil.relativedelta import relativedelta
from werkzeug.exceptions import NotFound

from odoo import fields
from odoo.fields import Domain
from odoo.http import content_disposition, request, route

from odoo.addons.field_installed_base.controllers.own_pages import OwnList, OwnPages
from odoo.addons.field_installed_base.controllers.problem_form import MAX_DESCRIPTION

from ..models.visit.maintenance_visit import OPEN_STATES

VISITS = OwnList(
    "visits",
    "maintenance.visit",
    "/my/visits",
    counter="visit_count",
    domain=Domain("state", "!=", "cancelled"),
)
COMING = Domain("state", "in", OPEN_STATES)
# Further ahead nobody plans a visit.
WISH_YEARS = 5


class VisitPortal(OwnPages):
    """What a customer sees of the visits at their sites, without those that were
    cancelled. No token opens these pages."""

    def _prepare_home_portal_values(self, counters):
        values = super()._prepare_home_portal_values(counters)
        return values | self._count_own(VISITS, counters)

    @route()
    def home(self, **params):
        """Show on top who comes next."""
        response = super().home(**params)
        visits = request.env["maintenance.visit"]
        if visits.has_access("read"):
            coming = self._get_own_domain(VISITS) & COMING
            # As on the list: the page prints names and dates.
            response.qcontext["next_visit"] = visits.search(
                coming & Domain("date_end", ">=", fields.Datetime.now()),
                order="date_start, id",
                limit=1,
            ).sudo()
        return response

    # -- List --------------------------------------------------------------------------

    def _get_visit_sortings(self):
        return {
            "next": {
                "label": request.env._("Next first"),
                "order": "due_date desc, id desc",
                "search": self._search_next_first,
            },
            "newest": {
                "label": request.env._("Newest first"),
                "order": "due_date desc, id desc",
            },
            "oldest": {
                "label": request.env._("Oldest first"),
                "order": "due_date, id",
            },
            "type": {
                "label": request.env._("Kind of work"),
                "order": "visit_type_id, due_date desc, id desc",
            },
        }

    def _get_visit_filters(self):
        return {
            "all": {"label": request.env._("All"), "domain": Domain.TRUE},
            "coming": {"label": request.env._("Upcoming"), "domain": COMING},
            "done": {
                "label": request.env._("Done"),
                "domain": Domain("state", "=", "done"),
            },
        }

    def _search_next_first(self, domain, order, offset, limit):
        """Return visits of the list: appointments, what is only due, then what is over,
        the latest first."""
        model = request.env["maintenance.visit"]
        coming = model.search_fetch(
            domain & COMING, ["date_start", "due_date"], order="due_date, id"
        )
        appointments = coming.filtered("date_start").sorted("date_start")
        coming = appointments | coming
        visits = coming[offset : offset + limit]
        if len(visits) < limit:
            visits += model.search(
                domain & ~COMING,
                order=order,
                offset=max(0, offset - len(coming)),
                limit=limit - len(visits),
            )
        return visits

    def _get_visit_section(self, visit):
        """Return under which title of the list *Next first* a visit stands."""
        if visit.state not in OPEN_STATES:
            return "history"
        if visit.date_start:
            return "appointments"
        year = fields.Date.context_today(visit).year
        return "later" if visit.due_date and visit.due_date.year > year else "due"

    @route(
        ["/my/visits", "/my/visits/page/<int:page>"],
        type="http",
        auth="user",
        website=True,
        readonly=True,
    )
    def portal_my_visits(self, page=1, **params):
        visits, values = self._list_own(
            VISITS,
            page,
            params,
            sortby=self._get_visit_sortings(),
            filterby=self._get_visit_filters(),
        )
        by_section = values["sortby"] == "next"
        return request.render(
            "field_maintenance.portal_my_visits",
            {
                **values,
                "visits": visits,
                "sections": (
                    visits.grouped(self._get_visit_section)
                    if by_section
                    else {"all": visits}
                ),
            },
        )

    # -- Page --------------------------------------------------------------------------

    def _get_visit(self, visit_id, own=False):
        """Return the visit of this number as its reader has it.

        :param bool own: of the reader's company only: an employee may look at the page
            of a customer's visit, not speak for the customer
        :raise NotFound: whether it is somebody else's, cancelled or none at all
        """
        domain = self._get_own_domain(VISITS) if own else VISITS.domain
        return self._find_own(VISITS, visit_id, domain)

    @route(
        "/my/visits/<int:visit_id>",
        type="http",
        auth="user",
        website=True,
        methods=["GET"],
        readonly=True,
    )
    def portal_visit(self, visit_id, asked=None, **params):
        return self._render_visit(self._get_visit(visit_id), asked=bool(asked))

    @route(
        "/my/visits/<int:visit_id>",
        type="http",
        auth="user",
        website=True,
        methods=["POST"],
    )
    def portal_ask_other_date(self, visit_id, **post):
        """Pass on that the customer wants another date."""
        visit = self._get_visit(visit_id, own=True)
        text = self._clean_text(post.get("wish"), MAX_DESCRIPTION)
        day = self._read_day(post.get("day"))
        today = fields.Date.context_today(visit)
        error = None
        if visit.state not in ("to_plan", "planned"):
            error = request.env._(
                "The visit has started, so its date can no longer be changed."
            )
        elif not text and not day:
            error = request.env._("Choose a date, or describe when it suits you.")
        elif post.get("day") and not day:
            error = request.env._("Enter the date in the format of %s.", today)
        elif day and day < today:
            error = request.env._("Choose a date that is not in the past.")
        elif day and day > today + relativedelta(years=WISH_YEARS):
            error = request.env._("Choose a date within the next %s years.", WISH_YEARS)
        status = 400
        if not error:
            error, status = self._count_message(visit)
        if error:
            return self._render_visit(visit, status, error=error, wish=text, day=day)
        visit._request_other_date(request.env.user.partner_id, day, text)
        return request.redirect(f"/my/visits/{visit.id}?asked=1#date")

    # -- Report and rating ------------------------------------------------------------

    @route(
        "/my/visits/<int:visit_id>/report",
        type="http",
        auth="user",
        readonly=True,
    )
    def portal_visit_report(self, visit_id, **params):
        """The report of a visit that was done, as a PDF file."""
        visit = self._get_visit(visit_id)
        if visit.state != "done":
            raise NotFound()
        # The rules let the reader see the visit; its report prints what they are sent.
        report = request.env["ir.actions.report"].sudo()
        pdf, _extension = report._render_qweb_pdf(
            "field_maintenance.maintenance_visit_report_action", [visit.id]
        )
        name = visit.sudo()._get_report_base_filename()
        return request.make_response(
            pdf,
            headers=[
                ("Content-Type", "application/pdf"),
                ("Content-Length", len(pdf)),
                ("Content-Disposition", content_disposition(f"{name}.pdf")),
            ],
        )

    @route(
        "/my/visits/<int:visit_id>/rate",
        type="http",
        auth="user",
        website=True,
        methods=["POST"],
    )
    def portal_rate_visit(self, visit_id, **post):
        """Record how satisfied the customer is."""
        visit = self._get_visit(visit_id, own=True)
        if visit.state != "done":
            raise NotFound()
        if post.get("rate") not in ("1", "3", "5"):
            error = request.env._("Choose one of the three ratings.")
            return self._render_visit(visit, 400, error=error)
        error, status = self._count_message(visit)
        if error:
            return self._render_visit(visit, status, error=error)
        visit._rate_on_portal(
            request.env.user.partner_id,
            int(post["rate"]),
            self._clean_text(post.get("feedback"), MAX_DESCRIPTION),
        )
        return request.redirect(f"/my/visits/{visit.id}#rating")

    def _count_message(self, visit):
        """Count what a customer sends about a visit.

        :return: (message or None, HTTP status), as of the form for problems
        """
        if self._get_counter()._count_in(visit, request.httprequest.remote_addr):
            return None, 200
        return (
            request.env._(
                "Too many requests were sent from here within the last hour. Please "
                "call us or try again later."
            ),
            429,
        )

    def _read_day(self, text):
        """Return the day that a form sends, None if it is none."""
        try:
            return fields.Date.to_date(self._clean_text(text, 10)) or None
        except ValueError:
            return None

    def _render_visit(self, visit, status=200, **values):
        return request.render(
            "field_maintenance.portal_visit",
            {**self._prepare_own_page(VISITS, visit), **values},
            status=status,
        )

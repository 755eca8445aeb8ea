from datetime import date, datetime, time

from dateutil.relativedelta import relativedelta
from werkzeug.exceptions import NotFound

from odoo import fields
from odoo.fields import Domain
from odoo.http import content_disposition, request, route

from odoo.addons.field_installed_base.controllers.problem_form import (
    MAX_DESCRIPTION,
    ProblemForm,
)
from odoo.addons.portal.controllers.portal import CustomerPortal
from odoo.addons.portal.controllers.portal import pager as portal_pager

from ..models.visit.maintenance_visit import OPEN_STATES

# What was listed last, for the arrows on the page of a visit.
SESSION_KEY = "my_visits_history"
COMING = Domain("state", "in", OPEN_STATES)
# Further ahead nobody plans a visit.
WISH_YEARS = 5


class VisitPortal(ProblemForm, CustomerPortal):
    """What a customer sees of the visits at their sites: what the record rules let them
    read, without those that were cancelled.

    No token opens these pages. Visits of others and numbers that never existed give
    one and the same answer: not found.
    """

    # -- Home --------------------------------------------------------------------------

    def _prepare_home_portal_values(self, counters):
        values = super()._prepare_home_portal_values(counters)
        if "visit_count" in counters:
            visits = request.env["maintenance.visit"]
            values["visit_count"] = (
                visits.search_count(self._get_visit_domain())
                if visits.has_access("read")
                else 0
            )
        return values

    def _get_visit_domain(self):
        # The rules say this for portal users; an employee who opens the portal sees
        # their own too, not the visits at all customers.
        return Domain(
            "commercial_partner_id", "=", request.env.user.commercial_partner_id.id
        ) & Domain("state", "!=", "cancelled")

    # -- List --------------------------------------------------------------------------

    def _get_visit_sortings(self):
        return {
            "next": {
                "label": request.env._("Next first"),
                "order": "due_date desc, id desc",
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

    def _search_visits(self, domain, sortby, offset, limit):
        """Return the visits of one page of the list.

        *Next first* lists what comes by the day that the customer reads, then what is
        over, the latest first.
        """
        model = request.env["maintenance.visit"]
        order = self._get_visit_sortings()[sortby]["order"]
        if sortby != "next":
            return model.search(domain, order=order, offset=offset, limit=limit)
        coming = model.search_fetch(
            domain & COMING, ["date_start", "due_date"], order="due_date, id"
        ).sorted(
            lambda visit: (
                visit.date_start
                or datetime.combine(visit.due_date or date.max, time.max)
            )
        )
        visits = coming[offset : offset + limit]
        if len(visits) < limit:
            visits += model.search(
                domain & ~COMING,
                order=order,
                offset=max(0, offset - len(coming)),
                limit=limit - len(visits),
            )
        return visits

    @route(
        ["/my/visits", "/my/visits/page/<int:page>"],
        type="http",
        auth="user",
        website=True,
        readonly=True,
    )
    def portal_my_visits(self, page=1, sortby=None, filterby=None, **params):
        model = request.env["maintenance.visit"]
        if not model.has_access("read"):
            raise NotFound()
        # Only the path names a page: elsewhere it is whatever somebody typed.
        page = page if isinstance(page, int) else 1
        sortings, filters = self._get_visit_sortings(), self._get_visit_filters()
        sortby = sortby if sortby in sortings else "next"
        filterby = filterby if filterby in filters else "all"
        domain = self._get_visit_domain() & filters[filterby]["domain"]
        pager = portal_pager(
            url="/my/visits",
            url_args={"sortby": sortby, "filterby": filterby},
            total=model.search_count(domain),
            page=page,
            step=self._items_per_page,
        )
        visits = self._search_visits(
            domain, sortby, max(0, pager["offset"]), self._items_per_page
        )
        request.session[SESSION_KEY] = visits.ids[:100]
        return request.render(
            "field_maintenance.portal_my_visits",
            {
                **self._prepare_portal_layout_values(),
                "page_name": "visits",
                "default_url": "/my/visits",
                # The rules let the reader see these visits; the names of types and
                # equipment have no rights for them. The template prints names, dates.
                "visits": visits.sudo(),
                "pager": pager,
                "searchbar_sortings": sortings,
                "sortby": sortby,
                "searchbar_filters": filters,
                "filterby": filterby,
            },
        )

    # -- Page --------------------------------------------------------------------------

    def _get_visit(self, visit_id, own=False):
        """Return the visit of this number as its reader has it.

        :param bool own: of the reader's company only: an employee may look at the page
            of a customer's visit, not speak for the customer
        :raise NotFound: whether it is somebody else's, cancelled or none at all
        """
        model = request.env["maintenance.visit"]
        visit = model.browse()
        if self._is_id(visit_id) and model.has_access("read"):
            domain = Domain("state", "!=", "cancelled")
            if own:
                domain = self._get_visit_domain()
            visit = model.search(Domain("id", "=", visit_id) & domain)
        if not visit:
            raise NotFound()
        return visit

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
            {
                **self._prepare_portal_layout_values(),
                "page_name": "visits",
                **self._get_visit_neighbours(visit),
                **visit._get_portal_values(),
                **values,
            },
            status=status,
        )

    def _get_visit_neighbours(self, visit):
        listed = request.session.get(SESSION_KEY, [])
        if visit.id not in listed:
            return {}
        index = listed.index(visit.id)
        return {
            name: f"/my/visits/{ids[0]}"
            for name, ids in (
                ("prev_record", listed[index - 1 : index] if index else []),
                ("next_record", listed[index + 1 : index + 2]),
            )
            if ids
        }

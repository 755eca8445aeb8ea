from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.models import BaseModel
from odoo.tools import format_duration

from ...engine import LIMIT, ServiceHours, to_utc

# What lies around a moment, whatever the time zone.
DAY = timedelta(days=1)


class ServiceLevel(NamedTuple):
    """What was promised for a piece of equipment: an answer within so many hours of a
    calendar, round the clock without one."""

    hours: float
    calendar: BaseModel
    on_holidays: bool


class ServiceClocks:
    """Service hours of many requests, each table made once.

    :param datetime first: the first moment that is asked about
    :param datetime last: the last one
    """

    def __init__(self, first, last):
        self._days = (first - DAY).date(), (last + DAY).date()
        self._on_wall = {}
        self._clocks = {}

    def get(self, calendar, on_holidays, tz, company):
        """Return the hours of a calendar on the clock of a place.

        :param calendar: the hours, an empty one round the clock
        :param bool on_holidays: whether public holidays are served, too
        :param str tz: time zone of the place
        :param company: whose public holidays count
        :rtype: ServiceHours
        """
        hours = calendar, on_holidays, company
        key = hours if not calendar else (*hours, tz)
        if key not in self._clocks:
            if calendar and hours not in self._on_wall:
                self._on_wall[hours] = calendar._get_service_stretches(
                    *self._days, None if on_holidays else company
                )
            self._clocks[key] = (
                ServiceHours(to_utc(self._on_wall[hours], ZoneInfo(tz)))
                if calendar
                else ServiceHours.round_the_clock()
            )
        return self._clocks[key]


class ServiceRequest(models.Model):
    """Until when somebody has to begin, by what was promised."""

    _inherit = "service.request"

    response_due = fields.Datetime(
        compute="_compute_response_due",
        store=True,
        index="btree_not_null",
        groups="base.group_user",
        help="When the work must begin, by the response time of the contract, the "
        "equipment, its category or the company. Empty while the request waits for "
        "the customer.",
    )
    response_hours = fields.Float(
        string="Respond Within",
        compute="_compute_response_due",
        store=True,
        aggregator="avg",
        groups="base.group_user",
        help="Service hours within which the work must begin.",
    )
    response_category_id = fields.Many2one(
        comodel_name="installed.base.category",
        string="Equipment Category",
        compute="_compute_response_due",
        store=True,
        index="btree_not_null",
        ondelete="set null",
        groups="base.group_user",
        help="Category of the equipment that is due first.",
    )
    response_calendar_id = fields.Many2one(
        comodel_name="resource.calendar",
        string="Service Hours",
        compute="_compute_response_due",
        store=True,
        index="btree_not_null",
        ondelete="set null",
        groups="base.group_user",
        help="Hours in which the response time is counted; around the clock if empty.",
    )
    response_on_holidays = fields.Boolean(
        compute="_compute_response_due",
        store=True,
        groups="base.group_user",
        export_string_translation=False,
    )
    # The date stays once the work has begun.
    response_is_settled = fields.Boolean(
        compute="_compute_response_due",
        store=True,
        groups="base.group_user",
        export_string_translation=False,
    )
    # From and to, in UTC; the last one may be without an end.
    response_pauses = fields.Json(
        compute="_compute_response_pauses",
        store=True,
        groups="base.group_user",
        export_string_translation=False,
    )
    response_warning = fields.Char(
        compute="_compute_response_warning", groups="base.group_user"
    )

    # What is still to be answered is little beside what was.
    _unanswered_index = models.Index(
        "(company_id) WHERE closed_date IS NULL AND response_date IS NULL"
    )

    # -- What was promised -------------------------------------------------------------

    def _get_service_levels(self):
        """Return what was promised for the equipment of these requests. Addons that
        know of more put it in place of what is there.

        :return: {request: {equipment: list of `ServiceLevel`}}; a request without
            equipment has one empty piece
        :rtype: dict
        """
        found = {}
        for request in self:
            company = request.company_id
            level = ServiceLevel(
                company.service_response_hours,
                company.service_calendar_id or company.resource_calendar_id,
                company.service_on_holidays,
            )
            pieces = request.installed_base_ids._origin
            found[request] = {
                piece: [
                    level._replace(hours=piece._get_response_hours() or level.hours)
                ]
                for piece in pieces or [pieces]
            }
        return found

    def _get_service_tz(self, calendar):
        """Return the time zone in which these hours are those of the site."""
        self.ensure_one()
        return (
            self.site_id.tz
            or self.partner_id.tz
            or calendar.tz
            or self.company_id.resource_calendar_id.tz
            or "UTC"
        )

    def _get_request_day(self, tz):
        """Return the day on which a request came in.

        :param str tz: time zone of the site
        """
        self.ensure_one()
        local = self.with_context(tz=tz)
        return fields.Datetime.context_timestamp(local, self.request_date).date()

    # -- Until when --------------------------------------------------------------------

    @api.depends(
        "request_date",
        "company_id",
        "partner_id.tz",
        "site_id.tz",
        "installed_base_ids",
        "response_pauses",
        "response_date",
    )
    def _compute_response_due(self):
        names = [
            field.name
            for field in self._fields.values()
            if field.compute == "_compute_response_due"
        ]
        settled = self.filtered(
            lambda request: request.response_is_settled and request.response_date
        )
        for request in settled:
            # What became of it was decided when the work began.
            for name in names:
                request[name] = request[name]
        going = self - settled
        for request, promise in going._get_promises().items():
            due, piece, level = promise
            request.response_due = due
            request.response_hours = level.hours
            request.response_category_id = piece.category_id
            request.response_calendar_id = level.calendar
            request.response_on_holidays = level.on_holidays
            request.response_is_settled = bool(request.response_date)

    def _get_promises(self):
        """Return until when these requests are to be answered, by what is promised now.

        :return: {request: (date, equipment that says so, its `ServiceLevel`)}; the date
            is None without a promise, while the clock stands, or where nobody serves
        :rtype: dict
        """
        self._fetch_promising()
        levels, clocks = self._get_service_levels(), self._get_service_clocks()
        return {
            request: request._find_response_due(levels[request], clocks)
            for request in self
        }

    def _fetch_promising(self):
        """Read what dates depend on at once, however many requests there are."""
        requests = self._origin
        requests.fetch(
            [
                "request_date",
                "company_id",
                "partner_id",
                "site_id",
                "installed_base_ids",
                "closed_date",
                "response_date",
                "response_pauses",
            ]
        )
        (requests.partner_id | requests.site_id).fetch(["tz"])
        requests.installed_base_ids.fetch(["response_hours", "category_id"])

    def _find_response_due(self, promised, clocks):
        """Return the earliest date, see `_get_promises`.

        :param promised: {equipment: list of `ServiceLevel`}
        :param clocks: `ServiceClocks`
        """
        self.ensure_one()
        pauses, found = self._get_pauses(self.response_date), []
        for piece, levels in promised.items():
            for level in levels:
                due = None
                if level.hours > 0 and self.request_date:
                    tz = self._get_service_tz(level.calendar)
                    clock = clocks.get(
                        level.calendar, level.on_holidays, tz, self.company_id
                    )
                    due = clock.due(self.request_date, level.hours, pauses)
                found.append((due, piece, level))
        return min(
            found,
            # While the clock stands, what was promised soonest.
            key=lambda one: (
                one[0] or datetime.max,
                one[2].hours if one[2].hours > 0 else float("inf"),
            ),
        )

    def _get_service_clocks(self):
        """Return the service hours around these requests, from when they came in."""
        now = fields.Datetime.now()
        moments = [*filter(None, self.mapped("request_date"))]
        ends = [*filter(None, self.mapped("closed_date")), *moments, now]
        # However long a request waited, it goes on from its last pause.
        return ServiceClocks(min(moments, default=now), max(ends) + LIMIT)

    # -- When the clock stands ---------------------------------------------------------

    @api.depends("stage_id.is_waiting", "stage_id.is_closed")
    def _compute_response_pauses(self):
        """Stop the clock while a request waits for the customer or is closed."""
        now = fields.Datetime.to_string(fields.Datetime.now())
        for request in self:
            pauses = [*(request.response_pauses or ())]
            stood = bool(pauses) and not pauses[-1][1]
            stands = request.stage_id.is_waiting or request.stage_id.is_closed
            if stands and not stood:
                closed = fields.Datetime.to_string(request.closed_date)
                pauses.append([closed or now, None])
            elif stood and not stands:
                start, _end = pauses.pop()
                if start < now:
                    pauses.append([start, now])
            request.response_pauses = pauses or False

    def _get_pauses(self, until=None):
        """Return when the clock of this request stood.

        :param datetime until: pauses end then, as the work begins
        :return: list of from and to; the last without an end if it stands
        """
        self.ensure_one()
        pauses = [
            (fields.Datetime.to_datetime(start), fields.Datetime.to_datetime(end))
            for start, end in self.response_pauses or ()
        ]
        if not until:
            return pauses
        return [
            (start, min(end or until, until)) for start, end in pauses if start < until
        ]

    def _is_clock_standing(self):
        """Tell whether this request waits for the customer or is closed."""
        self.ensure_one()
        pauses = self.response_pauses
        return bool(pauses) and not pauses[-1][1]

    # -- What is wrong -----------------------------------------------------------------

    @api.depends("response_due", "response_hours", "response_calendar_id")
    def _compute_response_warning(self):
        for request in self:
            is_missing = (
                request.response_hours > 0
                and not request.response_due
                and not request.response_date
                and not request._is_clock_standing()
            )
            request.response_warning = is_missing and self.env._(
                "This request has no response date: “%(calendar)s” has less than "
                "%(hours)s service hours within a year. Check these working hours.",
                calendar=request.response_calendar_id.name,
                hours=format_duration(request.response_hours),
            )

    # -- What changes later ------------------------------------------------------------

    @api.model
    def _follow_service_levels(self, domain=Domain.TRUE):
        """Let requests that nobody has answered yet follow what is promised now.

        :param domain: which of them it may concern
        """
        # Whoever changes what is promised need not see who asks for it.
        requests = self.sudo().search(
            domain
            & Domain("closed_date", "=", False)
            & Domain("response_date", "=", False)
        )
        # What follows from the date follows with it.
        requests.modified(["request_date"])


class InstalledBaseCategory(models.Model):
    """How fast problems with a family of equipment are answered."""

    _inherit = "installed.base.category"

    response_hours = fields.Float(
        string="Response Time",
        aggregator=None,
        groups="base.group_user",
        help="Service hours within which work on requests about this equipment must "
        "begin, unless the equipment or its contract says otherwise. 0: that of the "
        "parent category, or of the company.",
    )

    _response_hours_positive = models.Constraint(
        "CHECK (response_hours >= 0)",
        "The response time must be zero hours or more.",
    )

    def _follow_response_hours(self, names):
        """Let requests about equipment of these categories follow what is promised.

        :param names: what was written
        """
        if not names.isdisjoint({"response_hours", "parent_id"}):
            self.env["service.request"]._follow_service_levels(
                Domain("installed_base_ids.category_id", "child_of", self.ids)
            )

    def _get_response_hours(self):
        """Return the response time of this category, else of the nearest one above
        that has one; 0 without."""
        category = self
        while category and not category.response_hours:
            category = category.parent_id
        return category.response_hours


class InstalledBase(models.Model):
    """How fast problems with this equipment are answered."""

    _inherit = "installed.base"

    response_hours = fields.Float(
        string="Response Time",
        aggregator=None,
        copy=False,
        groups="base.group_user",
        help="Service hours within which work on requests about this equipment must "
        "begin, unless its contract says otherwise. 0: that of its category, or of the "
        "company.",
    )

    @api.model
    def _get_bounds(self):
        return {**super()._get_bounds(), "response_hours": (0, 100_000)}

    def _get_response_hours(self):
        """Return the response time of this piece, else of its category; 0 without."""
        return self.response_hours or self.category_id._get_response_hours()

    def _follow_response_hours(self, names):
        """Let requests about this equipment follow what is promised for it.

        :param names: what was written
        """
        if not names.isdisjoint({"response_hours", "category_id", "product_id"}):
            self.env["service.request"]._follow_service_levels(
                Domain("installed_base_ids", "in", self.ids)
            )

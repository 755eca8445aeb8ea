from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta
from psycopg2.errors import UniqueViolation

from odoo import api, fields, models
from odoo.exceptions import RedirectWarning, UserError
from odoo.fields import Domain
from odoo.tools import format_date

from odoo.addons.calendar.models.calendar_recurrence import MAX_RECURRENT_EVENT
from odoo.addons.field_installed_base.jobs import do_in_slices

from ...context import PLANNING

SERIES_UPDATES = ("future_events", "all_events")
SERIES_BATCH = 200
# Months from one visit of a series to the next, where it is not each of them.
REPEAT_MONTHS = {"month_2": 2, "month_3": 3, "month_6": 6}
# What says when a series ends.
ENDS = frozenset({"count", "end_type", "rrule", "until"})
# What says how many events there are until then, besides the days of the week.
RHYTHM = frozenset({"interval", "recurrency", "rrule_type", "rrule_type_ui"})
# Days of a new series that its form names.
NOTED_DAYS = 4


class CalendarEvent(models.Model):
    """Series of visits made in Odoo's calendar.

    Of a series, events inside the horizon of the company have their visits; the later
    ones know a visit of the series, after which a nightly job makes theirs.
    """

    _inherit = "calendar.event"

    visit_template_id = fields.Many2one(
        comodel_name="maintenance.visit",
        string="Template Visit of the Series",
        index="btree_not_null",
        ondelete="set null",
        help="The visits of later events of the series are copied from this visit.",
        groups="base.group_user",
    )
    service_repeat = fields.Selection(
        selection=[
            ("week", "Weekly"),
            ("month_weekday", "Monthly, same weekday"),
            ("month_date", "Monthly, same date"),
            ("month_2", "Every 2 months"),
            ("month_3", "Every 3 months"),
            ("month_6", "Every 6 months"),
            ("year", "Yearly"),
        ],
        string="Repeat Visit",
        store=False,
        help="Creates a series without end, e.g. on the first Tuesday of each month. "
        "Every 2, 3 or 6 months it is on the same weekday, too. For other series, use "
        "Recurrent in the options.",
    )
    service_repeat_note = fields.Text(
        string="Repeat Note",
        compute="_compute_service_repeat_note",
        help="Dates of the visits of a new series.",
    )
    service_past_count = fields.Integer(
        string="Visits in the Past", compute="_compute_service_repeat_note"
    )
    service_begins_today = fields.Boolean(
        string="Start Today",
        store=False,
        help="The series starts with its first visit from today; earlier ones are "
        "not created.",
    )

    # -- A new series ------------------------------------------------------------------

    @api.depends(
        lambda self: (
            "is_service_visit",
            "service_repeat",
            "service_begins_today",
            "allday",
            "start",
            "start_date",
            "recurrency",
            "rrule_type_ui",
            *self._get_recurrent_fields(),
        )
    )
    @api.depends_context("lang", "tz")
    def _compute_service_repeat_note(self):
        for event in self:
            event.service_repeat_note, event.service_past_count = False, 0
            rule = event._get_new_series()
            if not rule:
                continue
            moment = event._get_repeat_moment()
            today = event._get_midnight()
            count = 0
            if moment < today and not event._origin:
                count = len(rule.between(moment, today, inc=True))
            event.service_past_count = count
            if count and event.service_begins_today:
                moment = max(moment, today)
            days = rule.xafter(moment, count=NOTED_DAYS, inc=True)
            days = [format_date(self.env, day.date()) for day in days]
            notes = [self.env._("On %s and so on.", ", ".join(days))]
            if rule._bysetpos and rule._bymonthday:
                notes.append(
                    self.env._(
                        "In months without this day, on the last day of the month."
                    )
                )
            if count and not event.service_begins_today:
                notes.append(
                    self.env._(
                        "%s of the visits are before today. Start today to leave "
                        "them out.",
                        count,
                    )
                )
            event.service_repeat_note = " ".join(notes)

    def _get_new_series(self):
        """Return the dates of the series that saving this event of a visit would begin,
        as a rule on the clock of the event; None if it begins none."""
        self.ensure_one()
        repeats = self.service_repeat or self.recurrency
        if not self.is_service_visit or not repeats or self._origin.recurrence_id:
            return None
        if not self.start:
            return None
        if self.recurrency:
            names = set(self._get_recurrent_fields()) - {"rrule"}
            params = {name: self[name] for name in names}
            if self.rrule_type_ui and self.rrule_type_ui != "custom":
                params["rrule_type"] = self.rrule_type_ui
        else:
            params = self._get_service_repeat_params(
                self.service_repeat, self._get_repeat_moment()
            )
        try:
            return self._get_series_rule(params, self._get_repeat_moment())
        except (UserError, ValueError, TypeError, KeyError):
            # Half typed: saving says what is missing.
            return None

    @api.model
    def _get_series_rule(self, params, moment):
        """Return the dates of a series of visits as a rule.

        :param dict params: values of the recurrence
        :param datetime moment: its first event, naive, on the clock of the event
        """
        recurrences = self.env["calendar.recurrence"]
        recurrence = recurrences.new(
            {
                name: value
                for name, value in params.items()
                if name in recurrences._fields
            }
            | {"service_keeps_month_day": True}
        )
        return recurrence._get_rrule(recurrence._get_start_of_period(moment))

    def _get_repeat_moment(self):
        """Return when this event begins on its own clock, as a naive moment."""
        self.ensure_one()
        if self.allday:
            return datetime.combine(self.start_date or self.start.date(), time.min)
        event = self.with_context(tz=self.event_tz or self.env.user.tz or "UTC")
        local = fields.Datetime.context_timestamp(event, self.start)
        return local.replace(tzinfo=None)

    def _get_last_moment(self, rule):
        """Return when the last event of a series begins of which this is the first, on
        its own clock, as a naive moment.

        :param dict rule: values of a recurrence that has a number of events
        """
        moment = self._get_repeat_moment()
        # Days of its first week or month before it do not count.
        days = self._get_series_rule(rule, moment).replace(count=None)
        count = min(rule["count"], MAX_RECURRENT_EVENT)
        return max(days.xafter(moment, count=count, inc=True), default=moment)

    @api.model
    def _get_midnight(self):
        """Return when today began for the user, as a naive moment."""
        return datetime.combine(fields.Date.context_today(self), time.min)

    @api.model
    def _begin_today(self, vals, moment):
        """Return values of a series whose first event is the first from today on.

        :param dict vals: values of event and recurrence
        :param datetime moment: its first event, naive, on the clock of the event
        """
        today = self._get_midnight()
        if moment >= today:
            return vals
        rule = self._get_series_rule(vals, moment).replace(count=None)
        first = rule.after(today, inc=True)
        if not first:
            return vals
        days = first.date() - moment.date()
        moved = dict(vals)
        for name in ("start_date", "stop_date"):
            if vals.get(name):
                moved[name] = fields.Date.to_date(vals[name]) + days
        tz = ZoneInfo(vals["event_tz"])
        for name in ("start", "stop"):
            if not vals.get(name):
                continue
            old = fields.Datetime.to_datetime(vals[name])
            if vals.get("allday"):
                moved[name] = old + days
                continue
            # The same hour, whatever the clocks did since.
            local = old.replace(tzinfo=UTC).astimezone(tz).replace(tzinfo=None)
            local = (local + days).replace(tzinfo=tz)
            moved[name] = local.astimezone(UTC).replace(tzinfo=None)
        return moved

    @api.model
    def _apply_service_repeat(self, vals):
        """Return values with the recurrence that a simple choice means."""
        repeat = vals.get("service_repeat")
        begins_today = vals.get("service_begins_today")
        ours = ("service_repeat", "service_begins_today")
        vals = {name: vals[name] for name in vals if name not in ours}
        is_recurrent = vals.get("recurrency")
        if not (begins_today if is_recurrent else repeat):
            return vals
        tz = vals.get("event_tz") or self.env.user.tz or "UTC"
        if vals.get("allday"):
            day = fields.Date.to_date(vals.get("start_date") or vals["start"])
            day = datetime.combine(day, time.min)
        else:
            start = fields.Datetime.to_datetime(vals["start"])
            day = fields.Datetime.context_timestamp(self.with_context(tz=tz), start)
            day = day.replace(tzinfo=None)
        if not is_recurrent:
            params = self._get_service_repeat_params(repeat, day)
            vals |= {**params, "recurrency": True, "event_tz": tz}
        if begins_today:
            vals = self._begin_today({"event_tz": tz, **vals}, day)
        return vals

    @api.model
    def _get_service_repeat_params(self, repeat, day):
        """Return the values of the recurrence that a simple choice means.

        :param str repeat: of the field `service_repeat`
        :param date day: first day of the series
        """
        # Core takes the fourth weekday of a month for its last.
        week = (day.day + 6) // 7
        rule = {"week": "weekly", "year": "yearly"}.get(repeat, "monthly")
        interval = REPEAT_MONTHS.get(repeat, 1)
        return {
            **self._get_recurrence_params_by_date(day),
            "rrule_type": rule,
            # Core repeats each time, unless it is told to look.
            "rrule_type_ui": rule if interval == 1 else "custom",
            "byday": str(week) if week < 5 else "-1",
            "month_by": "date" if repeat == "month_date" else "day",
            "interval": interval,
            "end_type": "forever",
        }

    # -- Series ------------------------------------------------------------------------

    @api.model
    def _check_visit_templates(self, visit_ids):
        """Refuse to have visits made after one that the user may not write: the nightly
        job copies it with all rights.

        :param set visit_ids: ids of visits, empty ones among them
        :raise AccessError: naming the visit
        """
        if self.env.su or self.env.context.get("visit_planning") is PLANNING:
            return
        visits = self.env["maintenance.visit"].browse(filter(None, visit_ids))
        if visits:
            visits.check_access("write")

    @api.model
    def _check_can_repeat(self, vals_list):
        """Refuse a series to users whose calendar Outlook holds, and lead them to a
        schedule.

        :raise RedirectWarning: with a button to a new schedule
        """
        series = [vals for vals in vals_list if vals.get("recurrency")]
        # Defined by Odoo's addon for Outlook, which may not be installed.
        is_synchronised = getattr(self, "_check_microsoft_sync_status", None)
        if not series or not is_synchronised or not is_synchronised():
            return
        raise RedirectWarning(
            self.env._(
                "Your calendar is synchronized with Outlook, which does not support "
                "recurring events created in Odoo. Create a schedule instead: it "
                "defines how often to visit and generates the visits."
            ),
            self.env.ref("field_maintenance.maintenance_schedule_action").id,
            self.env._("Schedules"),
            {"default_partner_id": series[0].get("service_partner_id")},
        )

    def _start_series(self):
        """Let the events of this event's series follow its visit."""
        self.ensure_one()
        visit = self._get_visits()
        if not visit:
            return
        events = self.recurrence_id.calendar_event_ids | self
        events.with_context(visit_planning=PLANNING).write(
            {"visit_template_id": visit.id}
        )
        events._create_series_visits()

    def _get_series(self, vals):
        """Return the events that a change of this one with others is about, None if it
        is no such change or no visit is concerned."""
        update = vals.get("recurrence_update")
        if update not in SERIES_UPDATES or len(self) != 1 or not self.recurrence_id:
            return None
        events = self.recurrence_id.calendar_event_ids
        if update == "future_events":
            events = events.filtered(lambda event: event.start >= self.start)
        concerned = self.visit_template_id or events._get_visits()
        return events if concerned else None

    def _write_series(self, vals, events):
        """Change this event with those that follow or all others.

        Core archives events and makes new ones: the planned visits take them in the
        order of their dates, visits that are left over return to plan, new events get
        theirs. What was started or done leaves the series as it is.
        """
        vals = self._keep_month_day(vals)
        visits = events._get_visits()
        self._check_visit_access(visits)
        visits.with_env(self.env)._watch_plans()
        kept = visits.filtered(lambda visit: visit.state != "planned").calendar_event_id
        planned = (visits - kept._get_visits()).sorted("date_start")
        recurrence = self.recurrence_id
        if kept:
            kept.with_context(visit_planning=PLANNING).write(
                {"recurrence_id": False, "recurrency": False}
            )
            recurrence._select_new_base_event()
            if vals["recurrence_update"] == "all_events":
                vals.setdefault("count", recurrence.count)
                vals["count"] = max(1, vals["count"] - len(kept))
                if recurrence.end_type != "count" and "end_type" not in vals:
                    del vals["count"]
        rest = (events - kept).sorted("start")
        if not rest:
            return True
        event = self
        if self in kept:
            event = rest.filtered(lambda e: e.start >= self.start)[:1] or rest[:1]
            vals = self._shift_to(event, vals)
        visit_vals = self._pop_visit_values(vals)
        vals.pop("is_service_visit", None)
        names = set(vals)
        base = event
        if vals["recurrence_update"] == "all_events":
            base = recurrence.base_event_id or rest[:1]
        days = recurrence._count_weekdays()
        ends = {}
        if not names & ENDS and recurrence.service_visits_until:
            kept_ends = ("end_type", "until", "service_visits_until")
            ends = {name: recurrence[name] for name in kept_ends}
        quiet = event.with_context(visit_planning=PLANNING, no_mail_to_attendees=True)
        quiet.write(vals)
        rest_of_it = base.recurrence_id
        if ends and rest_of_it and rest_of_it.end_type != ends["end_type"]:
            # Core ends the rest of a series after as many events as there are by now.
            rest_of_it.write(ends)
        is_moved = rest_of_it and not names & (ENDS | RHYTHM)
        if is_moved and rest_of_it._count_weekdays() == days:
            base._reach_in_series(rest_of_it, len(rest), visits[:1])
        after = (base.recurrence_id.calendar_event_ids | (event & base)).filtered(
            "active"
        )
        planned._take_events(after.sorted("start"))
        held = planned.filtered("calendar_event_id")
        if visit_vals:
            # Of a part of the series that has no visits yet, one must show the way.
            held = held or after.sorted("start")[:1]._create_series_visits(anyway=True)
            held.write(visit_vals)
        if "partner_ids" in names:
            held._follow_attendees()
        else:
            held._update_calendar_events({"technician_ids"})
        if held:
            after.with_context(visit_planning=PLANNING).write(
                {"visit_template_id": held[:1].id}
            )
        after._create_series_visits()
        return True

    def _reach_in_series(self, recurrence, count, template):
        """Let a series that was moved have as many events as before: the last one may
        be beyond its last day or its horizon now.

        This is its first event.

        :param recurrence: the series
        :param int count: how many events it had
        :param template: the visit after which theirs are made
        """
        events = recurrence.calendar_event_ids.filtered("active")
        if len(events) >= count:
            return
        names = set(self._get_recurrent_fields()) - {"rrule"}
        rule = {name: recurrence[name] for name in names}
        last = self._get_last_moment(rule | {"end_type": "count", "count": count})
        if recurrence.end_type == "end_date" and recurrence.until < last.date():
            recurrence.until = last.date()
        if recurrence.service_visits_until:
            tz = UTC if self.allday else ZoneInfo(recurrence.event_tz or "UTC")
            moment = last.replace(tzinfo=tz).astimezone(UTC).replace(tzinfo=None)
            recurrence.service_visits_until = max(
                recurrence.service_visits_until, moment
            )
        known = {event._range() for event in events}
        ranges = set(recurrence._range_calculation(self, self.stop - self.start))
        self.with_context(
            visit_planning=PLANNING,
            dont_notify=True,
            no_mail_to_attendees=True,
            mail_create_nolog=True,
        )._create_in_series(recurrence, ranges - known, template)

    def _keep_month_day(self, vals):
        """Return values for a part of this event's series, whose day is kept: an event
        on the last day of a shorter month stands for a later one."""
        vals, recurrence = dict(vals), self.recurrence_id
        times = {"start", "stop", "start_date", "stop_date"}
        anew = vals["recurrence_update"] == "future_events" or vals.keys() & (
            times | set(self._get_recurrent_fields())
        )
        if not recurrence.service_keeps_month_day or not anew:
            return vals
        moved = self.new(
            {
                name: vals.get(name, self[name])
                for name in (*times, "allday", "event_tz")
            }
        )
        if moved._get_repeat_moment().date() == self._get_repeat_moment().date():
            vals.setdefault("day", recurrence.day)
        return vals

    def _shift_to(self, event, vals):
        """Return values for another event of the series that move it as far as these
        move this one."""
        shifted = dict(vals)
        for name in ("start", "stop"):
            if vals.get(name):
                shift = fields.Datetime.to_datetime(vals[name]) - self[name]
                shifted[name] = event[name] + shift
        for name in ("start_date", "stop_date"):
            if vals.get(name) and self[name]:
                shift = fields.Date.to_date(vals[name]) - self[name]
                shifted[name] = event[name] + shift
        return shifted

    def _get_horizon(self, company):
        """Return the moment up to which events of a series have visits."""
        return fields.Datetime.now() + relativedelta(
            months=company.visit_horizon_months
        )

    def _create_series_visits(self, anyway=False):
        """Make the visits of events inside the horizon that have none yet.

        Which visits there are does not depend on who looks, and the nightly job does
        the same.

        :param bool anyway: beyond the horizon too
        :return: the new visits
        """
        taken = self._get_visits().calendar_event_id
        # The visits of a series are made by its rule, whoever looks at it.
        due = (self - taken).sudo().filtered("active").sorted("start")
        available = due.visit_template_id._get_available_equipment()
        vals_list = []
        for event in due:
            template = event.visit_template_id
            places = template.partner_id | template.site_id
            # Nobody goes to a customer or site that is archived.
            if not template or not all(place.active for place in places):
                continue
            if anyway or event.start < self._get_horizon(template.company_id):
                vals_list.append(
                    template._prepare_series_values(event, available[template])
                )
        # As above: each is a copy of a visit that somebody was allowed to make.
        return self._get_visit_model().sudo().create(vals_list)

    @api.model
    def _create_in_series(self, recurrence, ranges, template):
        """Make events of a series like its first one.

        :param ranges: (start, stop) of each, naive UTC
        :param template: the visit after which theirs are made
        """
        [values] = recurrence.base_event_id.copy_data()
        self.create(
            [
                {
                    **values,
                    "start": start,
                    "stop": stop,
                    "recurrence_id": recurrence.id,
                    "follow_recurrence": True,
                    "visit_template_id": template.id,
                }
                for start, stop in sorted(ranges)
            ]
        )

    @api.model
    def _cron_create_series_visits(self):
        """Make the events and visits of series that the horizon has reached."""
        companies = self.env["res.company"].search([])  # pylint: disable=no-search-all
        recurrences = self.env["calendar.recurrence"]
        longest = max(map(self._get_horizon, companies))
        endless = Domain("service_visits_until", "<", longest - relativedelta(days=1))
        do_in_slices(
            self.env,
            lambda tried: recurrences.search(
                endless & Domain("id", "not in", tried),
                order="service_visits_until, id",
                limit=SERIES_BATCH,
            ),
            do=lambda series: series._add_series_events(),
            report=lambda series, error: series.base_event_id._report_series_failure(
                error
            ),
        )
        due = Domain.OR(
            Domain("visit_template_id.company_id", "=", company.id)
            & Domain("start", "<", self._get_horizon(company))
            for company in companies
        )
        domain = (
            Domain("visit_template_id", "!=", False)
            & Domain("maintenance_visit_id", "=", False)
            & due
        )

        def find(tried):
            untried = Domain("id", "not in", tried)
            return self.search(domain & untried, order="start, id", limit=SERIES_BATCH)

        do_in_slices(
            self.env,
            find,
            do=lambda events: events._create_series_visits(),
            report=lambda event, error: event._report_series_failure(error),
            remaining=self.search_count(domain),
        )

    def _report_series_failure(self, error):
        """Tell the dispatcher of a series, once, that visits of it could not be made.

        :param Exception error: why
        """
        # Its key is the event: somebody made the visit at the same time.
        if not isinstance(error, UniqueViolation):
            self.visit_template_id._report_failure(
                self.env._("Visits of a series could not be created"), error
            )

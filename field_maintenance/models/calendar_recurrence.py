from itertools import takewhile

from odoo import api, fields, models

from ..context import PLANNING

# Each month has these days; a later one is the last day of shorter months.
COMMON_DAYS = 28
FEBRUARY = 2
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class CalendarRecurrence(models.Model):
    """Series of visits: their day falls on the last one of shorter months and comes
    back (A1), where Odoo's own series leave these months out."""

    _inherit = "calendar.recurrence"

    service_keeps_month_day = fields.Boolean(
        string="Keep Day of Month",
        help="In months without this day, the event takes place on the last day of "
        "the month. Used to repeat visits.",
    )
    service_visits_until = fields.Datetime(
        string="Visits Until",
        copy=False,
        readonly=True,
        help="A long series of visits has its events up to this moment. Later ones "
        "follow as it comes closer.",
    )

    _service_visits_until_index = models.Index(
        "(service_visits_until) WHERE service_visits_until IS NOT NULL"
    )

    @api.model_create_multi
    def create(self, vals_list):
        is_planning = self.env.context.get("visit_planning") is PLANNING
        events = self.env["calendar.event"].browse(
            filter(None, (vals.get("base_event_id") for vals in vals_list))
        )
        # How a series goes on does not depend on who may see its visits.
        visited = events._get_visits().calendar_event_id
        visited |= events.sudo().filtered("visit_template_id")
        for vals in vals_list:
            if is_planning or vals.get("base_event_id") in visited.ids:
                vals["service_keeps_month_day"] = True
                if vals.get("rrule_type") == "yearly" and vals.get("base_event_id"):
                    event = events.browse(vals["base_event_id"])
                    vals.setdefault("day", event._get_repeat_moment().day)
                vals |= self._prepare_horizon(
                    events.browse(vals.get("base_event_id")), vals
                )
        return super().create(vals_list)

    @api.model
    def _prepare_horizon(self, event, vals):
        """Return what a new series needs to have no events beyond its horizon: up to
        when it has them, and on which day it ends. As events are deleted, a number of
        them would say something else each night.

        :param event: its first one, which may be missing
        :param dict vals: values of the series
        """
        company = event.sudo().visit_template_id.company_id or self.env.company
        horizon = event._get_horizon(company)
        if vals.get("end_type") == "forever":
            return {"service_visits_until": horizon}
        if not event:
            return {}
        names = set(event._get_recurrent_fields()) - {"rrule"}
        rule = self.default_get(list(names))
        rule |= {name: vals[name] for name in names & vals.keys()}
        last = fields.Date.to_date(rule.get("until"))
        if rule["end_type"] == "count":
            last = event._get_last_moment(rule).date()
        if not last or last <= horizon.date():
            return {}
        return {"end_type": "end_date", "until": last, "service_visits_until": horizon}

    def _get_occurrences(self, dtstart):
        """A long series of visits has no events beyond its horizon."""
        occurrences = super()._get_occurrences(dtstart)
        if not self.service_visits_until:
            return occurrences
        # The first one is there, however late it is.
        last = max(self.service_visits_until, dtstart)
        return takewhile(lambda moment: moment <= last, occurrences)

    def _count_weekdays(self):
        """Return on how many days of a week a series takes place, 0 if on none."""
        self.ensure_one()
        is_weekly = self.rrule_type == "weekly"
        return sum(self[day] for day in WEEKDAYS) if is_weekly else 0

    def _add_series_events(self):
        """Give long series of visits the events that the horizon has reached."""
        events = self.env["calendar.event"].with_context(
            visit_planning=PLANNING,
            dont_notify=True,
            no_mail_to_attendees=True,
            mail_create_nolog=True,
        )
        for recurrence in self:
            # Which visits there are does not depend on who looks.
            series = recurrence.sudo().calendar_event_ids.sorted("start")
            # An event that was changed alone may be about another visit.
            template = series.visit_template_id[:1]
            base = recurrence.sudo().base_event_id
            known = recurrence.service_visits_until
            horizon = series._get_horizon(template.company_id)
            recurrence.service_visits_until = max(known, horizon)
            if base and template:
                ranges = recurrence._range_calculation(base, base.stop - base.start)
                # The first one is there, however late it is.
                last = max(known, base.start)
                events._create_in_series(
                    recurrence,
                    [moments for moments in ranges if moments[0] > last],
                    template,
                )
            if recurrence.end_type == "end_date" and recurrence.until <= horizon.date():
                recurrence.service_visits_until = False

    def _get_rrule(self, dtstart=None):
        rule = super()._get_rrule(dtstart)
        if not self.service_keeps_month_day or self.day <= COMMON_DAYS:
            return rule
        # The last of these days that a month has.
        days = {"bymonthday": range(COMMON_DAYS, self.day + 1), "bysetpos": -1}
        if self.rrule_type == "monthly" and self.month_by == "date":
            return rule.replace(**days)
        start = dtstart or self.base_event_id.start
        if self.rrule_type == "yearly" and start and start.month == FEBRUARY:
            return rule.replace(bymonth=FEBRUARY, **days)
        return rule

    @api.model
    def _rrule_parse(self, rule_str, date_start):
        # As other calendars hand it back.
        data = super()._rrule_parse(rule_str, date_start)
        if "BYSETPOS=-1" in rule_str and "BYMONTHDAY=" in rule_str:
            days = rule_str.split("BYMONTHDAY=")[1].split(";")[0].split("\n")[0]
            days = sorted(map(int, days.split(",")))
            if days == list(range(COMMON_DAYS, days[-1] + 1)):
                data |= {"day": days[-1], "service_keeps_month_day": True}
        return data

    def get_recurrence_name(self):
        name = super().get_recurrence_name()
        is_monthly = self.rrule_type == "monthly" and self.month_by == "date"
        if self.service_keeps_month_day and is_monthly and self.day > COMMON_DAYS:
            return self.env._("%s, or the last day of shorter months", name)
        return name

    @api.model
    def _repair_series_of_visits(self):
        """Give the series of visits of former versions the events to come of the months
        that they left out; the nightly job makes their visits."""
        series = self.search(
            [
                ("rrule_type", "in", ("monthly", "yearly")),
                ("day", ">", COMMON_DAYS),
                ("service_keeps_month_day", "=", False),
                ("calendar_event_ids.visit_template_id", "!=", False),
            ]
        )
        events = self.env["calendar.event"].with_context(
            visit_planning=PLANNING,
            dont_notify=True,
            no_mail_to_attendees=True,
            mail_create_nolog=True,
        )
        now = fields.Datetime.now()
        for recurrence in series.filtered("base_event_id"):
            before = recurrence.rrule
            recurrence.service_keeps_month_day = True
            recurrence._compute_rrule()
            if recurrence.rrule == before:
                continue
            recurrence._compute_name()
            base = recurrence.base_event_id
            known = {event._range() for event in recurrence.calendar_event_ids}
            ranges = recurrence._range_calculation(base, base.stop - base.start)
            events._create_in_series(
                recurrence,
                [
                    moments
                    for moments in ranges
                    if moments[0] > now and moments not in known
                ],
                base.visit_template_id,
            )

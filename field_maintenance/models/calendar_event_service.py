import logging
from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta
from psycopg2.errors import UniqueViolation

from odoo import api, fields, models
from odoo.exceptions import RedirectWarning, UserError
from odoo.fields import Command, Domain
from odoo.tools import format_date, format_list
from odoo.tools.misc import clean_context

from odoo.addons.field_installed_base.jobs import CONCURRENCY_ERRORS, retry

from .calendar_event import SERIES_UPDATES
from .visit.maintenance_visit import PLANNING

_logger = logging.getLogger(__name__)

# What a user says of the visit on the form of its event, and how the visit calls it.
SERVICE_FIELDS = {
    "service_partner_id": "partner_id",
    "service_site_id": "site_id",
    "service_visit_type_id": "visit_type_id",
    "service_equipment_ids": "installed_base_ids",
    "service_technician_ids": "technician_ids",
}
SERIES_BATCH = 200
# Days of a new series that its form names.
NOTED_DAYS = 4


class CalendarEvent(models.Model):
    """Visits made in Odoo's calendar: one event, or a series of them.

    What is to be done stands on the visit, never on the event. Of a series, events
    inside the horizon of the company have their visits; the later ones know a visit of
    the series, after which a nightly job makes theirs.
    """

    _inherit = "calendar.event"

    visit_template_id = fields.Many2one(
        comodel_name="maintenance.visit",
        string="Visit of the Series",
        index="btree_not_null",
        ondelete="set null",
        help="After this visit those of later events of the series are made.",
        groups="base.group_user",
    )
    is_service_visit = fields.Boolean(
        string="Service Visit",
        compute="_compute_service_fields",
        readonly=False,
        help="Somebody goes to a customer: saving makes a visit.",
    )
    service_partner_id = fields.Many2one(
        comodel_name="res.partner",
        string="Customer",
        compute="_compute_service_fields",
        readonly=False,
    )
    service_commercial_partner_id = fields.Many2one(
        comodel_name="res.partner",
        string="Commercial Entity of the Customer",
        compute="_compute_service_choice",
    )
    service_site_id = fields.Many2one(
        comodel_name="res.partner",
        string="Site",
        compute="_compute_service_fields",
        readonly=False,
        domain="[('commercial_partner_id', '=', service_commercial_partner_id)]",
    )
    service_visit_type_id = fields.Many2one(
        comodel_name="maintenance.visit.type",
        string="Visit Type",
        compute="_compute_service_fields",
        readonly=False,
    )
    service_equipment_ids = fields.Many2many(
        comodel_name="installed.base",
        string="Equipment",
        compute="_compute_service_equipment_ids",
        compute_sudo=True,
        readonly=False,
        domain="[('state', '!=', 'retired'), '|', "
        "('commercial_partner_id', '=', service_commercial_partner_id), "
        "'&', ('site_id', '!=', False), ('site_id', '=', service_site_id)]",
    )
    service_equipment_count = fields.Integer(
        string="Equipment to Choose From", compute="_compute_service_choice"
    )
    service_technician_ids = fields.Many2many(
        comodel_name="hr.employee",
        string="Technicians",
        compute="_compute_service_technician_ids",
        compute_sudo=True,
        readonly=False,
        help="Who goes; they are invited to the appointment.",
    )

    service_repeat = fields.Selection(
        selection=[
            ("week", "Weekly"),
            ("month_weekday", "Monthly, same weekday"),
            ("month_date", "Monthly, same date"),
            ("year", "Yearly"),
        ],
        string="Repeat Visit",
        store=False,
        help="Makes a series without end, e.g. on each first Tuesday of the month. For "
        "others, see Recurrent among the options.",
    )
    service_repeat_note = fields.Text(
        compute="_compute_service_repeat_note",
        help="On which days the visits of a new series fall.",
    )
    service_past_count = fields.Integer(
        string="Visits in the Past", compute="_compute_service_repeat_note"
    )
    service_begins_today = fields.Boolean(
        string="Begin Today",
        store=False,
        help="The series begins with its first visit from today on; those before are "
        "not made.",
    )

    # -- What is to be done ------------------------------------------------------------

    @api.depends("maintenance_visit_id", "visit_template_id")
    def _compute_service_fields(self):
        for event, visit in self._get_shown_visits().items():
            event.is_service_visit = bool(visit)
            for name, field in SERVICE_FIELDS.items():
                if self._fields[name].type == "many2one":
                    event[name] = visit[field]

    # Any employee opens events, and Odoo asks for rights on equipment even where there
    # is none: it is what the user may know that is given with all rights.
    @api.depends("maintenance_visit_id", "visit_template_id")
    @api.depends_context("uid", "allowed_company_ids")
    def _compute_service_equipment_ids(self):
        shown = self.sudo(False)._get_shown_visits()
        for event in self:
            event.service_equipment_ids = shown[event].installed_base_ids

    # Employees are behind HR rights; who comes is on the event for everybody.
    @api.depends("maintenance_visit_id", "visit_template_id")
    def _compute_service_technician_ids(self):
        for event, visit in self._get_shown_visits().items():
            event.service_technician_ids = visit.technician_ids

    def _get_shown_visits(self):
        """Return {event: the visit that its form is about}: its own, else that of its
        series, as far as the user may read it."""
        shown = {event: event.maintenance_visit_id for event in self}
        if self.env["maintenance.visit"]._are_shown_in_calendar():
            templates = self.visit_template_id._filtered_access("read")
            for event in self:
                if not shown[event]:
                    shown[event] = event.visit_template_id & templates
        return shown

    @api.depends("service_partner_id", "service_site_id")
    def _compute_service_choice(self):
        for event in self:
            customer = event.service_partner_id.commercial_partner_id
            event.service_commercial_partner_id = customer
            event.service_equipment_count = (
                event._get_virtual_visit().available_equipment_count if customer else 0
            )

    # Onchanges only show ahead what the visit will compute by itself when it is made.

    @api.onchange("service_partner_id")
    def _onchange_service_partner_id(self):
        customer, site = self.service_partner_id, self.service_site_id
        if site.commercial_partner_id != customer.commercial_partner_id:
            self.service_site_id = False
            self.service_site_id = self._get_virtual_visit().site_id

    @api.onchange("service_partner_id", "service_site_id")
    def _onchange_service_site_id(self):
        """Choose the equipment that is meant without doubt; a valid choice stays."""
        draft = self._get_virtual_visit(
            line_ids=[
                Command.create({"installed_base_id": piece.id})
                for piece in self.service_equipment_ids._origin
            ]
        )
        draft._compute_line_ids()
        self.service_equipment_ids = draft.line_ids.installed_base_id._origin

    @api.onchange("is_service_visit", "partner_ids")
    def _onchange_partner_ids(self):
        if self.is_service_visit and not self.service_technician_ids:
            self.service_technician_ids = self._get_invited_technicians(
                self.partner_ids._origin
            )

    @api.onchange("service_visit_type_id")
    def _onchange_service_visit_type_id(self):
        """Take the duration of the type, as `create` does."""
        if self.service_visit_type_id and not self._origin:
            self.duration = self.service_visit_type_id.duration

    def _check_visit_access(self, visits):
        """An event of a series whose visit is not made yet belongs to whom the series
        belongs."""
        later = self - visits.calendar_event_id.with_env(self.env)
        # Whose series it is does not depend on who asks.
        return super()._check_visit_access(visits | later.sudo().visit_template_id)

    def copy(self, default=None):
        """A copy is no event of the series, for which a visit would be made."""
        return super().copy({"visit_template_id": False, **(default or {})})

    @api.model
    def _get_visit_model(self):
        """Return maintenance.visit without the defaults of an event, whose name and
        duration mean something else there."""
        context = {**clean_context(self.env.context), "visit_planning": PLANNING}
        return self.env(context=context)["maintenance.visit"]

    def _get_virtual_visit(self, **vals):
        """Return a visit that is not saved, with the customer and site of this
        event."""
        visits = self._get_visit_model()
        vals = {
            "partner_id": self.service_partner_id._origin.id,
            "visit_type_id": self.service_visit_type_id._origin.id,
            "due_date": fields.Date.context_today(self),
            **vals,
        }
        if self.service_site_id:
            vals["site_id"] = self.service_site_id._origin.id
        return visits.new(visits._add_missing_default_values(vals))

    @api.model
    def _get_invited_technicians(self, partners):
        """Return the technicians among attendees. A dispatcher is an attendee of what
        he plans, without going there."""
        visit = self.env["maintenance.visit"].new({"company_id": self.env.company.id})
        technicians = visit._get_technicians_among(partners)
        if self.env.user.has_group("field_installed_base.group_dispatcher"):
            # Users may know that they are employees.
            technicians -= self.env.user.sudo().employee_ids
        return technicians.sudo(False)

    # -- CRUD --------------------------------------------------------------------------

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

    @api.model_create_multi
    def create(self, vals_list):
        default = self.default_get(["visit_template_id"]).get("visit_template_id")
        self._check_visit_templates(
            {vals.get("visit_template_id", default) for vals in vals_list}
        )
        if not any(vals.get("is_service_visit") for vals in vals_list):
            return super().create(vals_list)
        events = {}
        for is_service in (False, True):
            batch = {
                number: vals
                for number, vals in enumerate(vals_list)
                if bool(vals.get("is_service_visit")) is is_service
            }
            if not batch:
                continue
            if is_service:
                created = self._create_service_events(list(batch.values()))
            else:
                created = super().create(list(batch.values()))
            events |= dict(zip(batch, created, strict=True))
        return self.browse().concat(*(events[number] for number in sorted(events)))

    @api.model
    def _create_service_events(self, vals_list):
        """Make events and their visits.

        :param vals_list: values with what is to be done, see SERVICE_FIELDS
        """
        vals_list = [self._apply_service_repeat(vals) for vals in vals_list]
        self._check_can_repeat(vals_list)
        prepared = [self._prepare_service_event(vals) for vals in vals_list]
        quiet = self.with_context(
            visit_planning=PLANNING,
            skip_contact_description=True,
            no_mail_to_attendees=not self.env.company.sends_visit_invitations,
        )
        events = quiet.create([event_vals for event_vals, _visit_vals in prepared])
        events = events.with_env(self.env)
        self._get_visit_model().create(
            [
                {**visit_vals, "calendar_event_id": event.id}
                for event, (_event_vals, visit_vals) in zip(
                    events, prepared, strict=True
                )
            ]
        )
        for event in events:
            if event.recurrence_id:
                event._start_series()
        return events

    @api.model
    def _prepare_service_event(self, vals):
        """Return the values of an event and those of its visit.

        :raise UserError: without a customer
        """
        vals = dict(vals)
        vals.pop("is_service_visit")
        vals.pop("service_repeat", None)
        vals.pop("service_begins_today", None)
        visit_vals = self._pop_visit_values(vals)
        if not visit_vals.get("partner_id"):
            raise UserError(
                self.env._(
                    "Service visit “%s” has no customer. Choose where somebody goes, "
                    "or untick Service visit.",
                    vals.get("name") or self.env._("new"),
                )
            )
        attendees = self.env.user.partner_id
        if "partner_ids" in vals:
            attendees = self._parse_attendees(vals["partner_ids"])
        if "technician_ids" not in visit_vals:
            technicians = self._get_invited_technicians(attendees)
            visit_vals["technician_ids"] = [Command.set(technicians.ids)]
        visits = self._get_visit_model()
        draft = visits.new(
            visits._add_missing_default_values(
                {**visit_vals, "due_date": fields.Date.context_today(self)}
            )
        )
        draft.technician_id = draft.technician_ids[:1]
        visit_vals["technician_id"] = draft.technician_id._origin.id
        # The appointment shows what anybody may know who may make the visit.
        values = draft.sudo()._prepare_event_values()
        for name in ("start", "stop", "allday"):
            del values[name]
        # The customer could read the whole event; who plans need not be there.
        guests = attendees.filtered(
            lambda partner: (
                partner != self.env.user.partner_id
                and partner.commercial_partner_id != draft.commercial_partner_id
            )
        )
        # As above: who goes is invited.
        contacts = draft.sudo().technician_ids.work_contact_id._origin
        values["partner_ids"] = [Command.set((contacts | guests).ids)]
        if "stop" not in vals and vals.get("start") and "duration" not in vals:
            vals["duration"] = draft.duration
        if vals.get("start") and "stop" not in vals:
            start = fields.Datetime.to_datetime(vals["start"])
            vals["stop"] = start + relativedelta(minutes=round(vals["duration"] * 60))
        for name in ("name", "location", "alarm_ids", "privacy"):
            if vals.get(name):
                values.pop(name)
        if vals.get("user_id", self.env.uid) != self.env.uid:
            values.pop("user_id")
        return {**vals, **values}, visit_vals

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
            notes = [self.env._("On %s and so on.", format_list(self.env, days))]
            if rule._bysetpos and rule._bymonthday:
                notes.append(
                    self.env._("In months without this day, on their last day.")
                )
            if count and not event.service_begins_today:
                notes.append(
                    self.env._(
                        "%s of the visits lie before today. Begin today to leave them "
                        "out.",
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
            | {"keeps_month_day": True}
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
        return {
            **self._get_recurrence_params_by_date(day),
            "rrule_type": rule,
            "rrule_type_ui": rule,
            "byday": str(week) if week < 5 else "-1",
            "month_by": "day" if repeat == "month_weekday" else "date",
            "interval": 1,
            "end_type": "forever",
        }

    @api.model
    def _pop_visit_values(self, vals):
        """Take out of the values of an event what is said of the visit."""
        return {
            SERVICE_FIELDS[name]: vals.pop(name)
            for name in SERVICE_FIELDS.keys() & vals.keys()
        }

    @api.model
    def _parse_attendees(self, commands):
        """Return the attendees that commands add."""
        return (
            self.env["calendar.event"]
            .new({"partner_ids": commands or [Command.clear()]})
            .partner_ids._origin
        )

    def write(self, vals):
        if self.env.context.get("visit_planning") is PLANNING:
            return super().write(vals)
        self._check_visit_templates({vals.get("visit_template_id")})
        series = self._get_series(vals)
        if series is not None:
            return self._write_series(vals, series)
        vals = dict(vals)
        becomes_visit = vals.pop("is_service_visit", False)
        visit_vals = self._pop_visit_values(vals)
        if becomes_visit:
            return self._become_visits(vals, visit_vals)
        if vals.get("recurrency") and not self.recurrence_id:
            self._check_can_repeat([vals])
        result = super().write(vals) if vals else True
        if visit_vals:
            self._make_series_visits(anyway=True)
            self._check_and_write_visits(self._get_visits(), visit_vals)
        if vals.get("recurrency"):
            for event in self.filtered("recurrence_id"):
                event._start_series()
        return result

    def _become_visits(self, vals, visit_vals):
        """Make visits of events that were there before."""
        plain = self.filtered(lambda event: not event.is_service_visit)
        service = {
            name: visit_vals[field]
            for name, field in SERVICE_FIELDS.items()
            if field in visit_vals
        }
        for event in plain:
            known = {
                "partner_ids": [Command.set(event.partner_ids.ids)],
                "start": event.start,
                "stop": event.stop,
                "name": event.name,
                "location": event.location,
                "alarm_ids": event.alarm_ids.ids and [Command.set(event.alarm_ids.ids)],
                "user_id": event.user_id.id,
            }
            values, made = self._prepare_service_event(
                {**known, **service, **vals, "is_service_visit": True}
            )
            event.with_context(
                visit_planning=PLANNING, no_mail_to_attendees=True
            ).write(
                {name: values[name] for name in values if values[name] or name in vals}
            )
            self._get_visit_model().create([{**made, "calendar_event_id": event.id}])
            event.invalidate_recordset()
            if event.recurrence_id:
                event._start_series()
        rest = self - plain
        if rest:
            rest.write({**vals, **service})
        return True

    def _check_and_write_visits(self, visits, visit_vals):
        """Change visits from the form of their event."""
        self._check_visit_access(visits)
        opened = visits.filtered(
            lambda visit: visit.state in ("planned", "in_progress")
        )
        for visit in opened:
            visit.write(visit_vals)

    # -- Series ------------------------------------------------------------------------

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
                "Your calendar is synchronised with Outlook, which allows no recurring "
                "events made in Odoo. Make a schedule instead: it says what is visited "
                "how often and makes the visits."
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
        events._make_series_visits()

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
        quiet = event.with_context(visit_planning=PLANNING, no_mail_to_attendees=True)
        quiet.write(vals)
        after = (base.recurrence_id.calendar_event_ids | (event & base)).filtered(
            "active"
        )
        planned._take_events(after.sorted("start"))
        held = planned.filtered("calendar_event_id")
        if visit_vals:
            # Of a part of the series that has no visits yet, one must show the way.
            held = held or after.sorted("start")[:1]._make_series_visits(anyway=True)
            held.write(visit_vals)
        if "partner_ids" in names:
            held._follow_attendees()
        else:
            held._update_calendar_events({"technician_ids"})
        if held:
            after.with_context(visit_planning=PLANNING).write(
                {"visit_template_id": held[:1].id}
            )
        after._make_series_visits()
        return True

    def _keep_month_day(self, vals):
        """Return values for a part of this event's series, whose day is kept: an event
        on the last day of a shorter month stands for a later one."""
        vals, recurrence = dict(vals), self.recurrence_id
        times = {"start", "stop", "start_date", "stop_date"}
        anew = vals["recurrence_update"] == "future_events" or vals.keys() & (
            times | set(self._get_recurrent_fields())
        )
        if not recurrence.keeps_month_day or not anew:
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

    def _make_series_visits(self, anyway=False):
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
    def _cron_make_series_visits(self):
        """Make the visits of series that the horizon has reached."""
        companies = self.env["res.company"].search([])  # pylint: disable=no-search-all
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
        commit = self.env["ir.cron"]._commit_progress
        commit(remaining=self.search_count(domain))
        tried = []

        def make_next():
            batch = self.search(
                domain & Domain("id", "not in", tried),
                order="start, id",
                limit=SERIES_BATCH,
            )
            # What another job holds is his.
            claimed = batch.try_lock_for_update(allow_referencing=True)
            for template, group in claimed.grouped("visit_template_id").items():
                group._make_series_visits_or_tell(template)
            return batch

        while batch := retry(self.env, make_next):
            tried += batch.ids
            if not commit(len(batch)):
                break

    def _make_series_visits_or_tell(self, template):
        """Make the visits of a series; if that fails, tell its dispatcher once."""
        try:
            with self.env.cr.savepoint():
                self._make_series_visits()
                self.env.flush_all()
        except UniqueViolation:
            # Its key is the event: somebody made the visit at the same time.
            _logger.info("Visits of series %s are there already", template.id)
            self.env.invalidate_all()
        except CONCURRENCY_ERRORS:
            raise
        except Exception as error:
            _logger.warning("Visits of series %s failed", template.id, exc_info=True)
            self.env.invalidate_all()
            template._report_failure(
                self.env._("Visits of a series could not be made"), error
            )

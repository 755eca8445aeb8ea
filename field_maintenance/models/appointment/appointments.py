from collections import defaultdict
from datetime import datetime, time, timedelta

import pytz

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Command
from odoo.tools import clean_context

from ...context import PLANNING

# An all-day event says no hours: without working hours on that day it has core's.
ALL_DAY_HOURS = (time(8), time(18))
TIME_FIELDS = ("start", "stop", "allday")
# What of the appointment follows which field of the visit.
APPOINTMENT_FIELDS = {
    "date_start": TIME_FIELDS,
    "date_end": TIME_FIELDS,
    "duration": TIME_FIELDS,
    "partner_id": ("name", "location"),
    "site_id": ("location",),
    "visit_type_id": ("name", "alarm_ids"),
    "technician_id": ("user_id", "partner_ids"),
    "technician_ids": ("user_id", "partner_ids"),
    "state": TIME_FIELDS,
}


class MaintenanceVisit(models.Model):
    """The appointment of a visit in Odoo's calendar.

    The event holds the planned time; start, duration and end of the visit follow it,
    and writing them moves it.
    """

    _inherit = "maintenance.visit"

    # -- Planned time ------------------------------------------------------------------

    def _get_dates_error(self):
        return self.env._(
            "Visit %s cannot end before it starts. Correct its start or its end.",
            self.display_name,
        )

    def _get_event_dates(self):
        """Return {visit: (start, end)} of the visits that follow an appointment, naive
        UTC. What is over follows no more."""
        # Whoever may see a visit may see when it is.
        events = {
            visit: event
            for visit, event in zip(
                self, (visit.calendar_event_id for visit in self.sudo()), strict=True
            )
            if event and visit.state not in ("done", "cancelled")
        }
        whole_days = self.browse().concat(
            *(visit for visit, event in events.items() if event.allday)
        )
        return {visit: (event.start, event.stop) for visit, event in events.items()} | (
            whole_days._get_working_days(events)
        )

    def _get_working_days(self, events):
        """Return {visit: (start, end)} of all-day appointments, naive UTC: from the
        first to the last working hour, in the time zone of the site.

        Whose hours: the lead technician's, else the company's.

        :param dict events: {visit: event}
        """
        groups = defaultdict(self.browse)
        for visit in self:
            groups[visit._get_work_calendar(), visit._get_site_tz()] += visit
        found = {}
        for (calendar, tz_name), visits in groups.items():
            tz = pytz.timezone(tz_name)
            # The start of an all-day event is a date, whatever its hour says.
            days = {
                visit: (events[visit].start.date(), events[visit].stop.date())
                for visit in visits
            }
            hours = calendar._get_hours_by_day(
                min(first for first, _last in days.values()),
                max(last for _first, last in days.values()),
            )
            for visit, (first, last) in days.items():
                start = hours.get(first, ALL_DAY_HOURS)[0]
                end = hours.get(last, ALL_DAY_HOURS)[1]
                found[visit] = tuple(
                    tz.localize(datetime.combine(day, hour))
                    .astimezone(pytz.utc)
                    .replace(tzinfo=None)
                    for day, hour in ((first, start), (last, end))
                )
        return found

    def _get_work_calendar(self):
        """Return the working hours that count for this visit."""
        self.ensure_one()
        # Working hours are no secret; employees' are behind HR rights.
        visit = self.sudo()
        return (
            visit.technician_id.resource_calendar_id
            or visit.company_id.resource_calendar_id
        )

    # -- Planning many at once ---------------------------------------------------------

    @api.model
    def _plan(self, appointments):
        """Plan visits or move them, many at once, without mail or tracking.

        Meant for the dispatch board and mass actions: the number of queries hardly
        grows with the number of visits. Due dates stay.

        :param dict appointments: {visit: (start, end, technicians)}; start and end are
            naive UTC, an empty end keeps the visit's duration, of what takes several
            days the hours of work; technicians are employees of whom the first leads,
            None keeps who goes
        :return: the visits
        :raise AccessError: if the user may not write one of them
        :raise UserError: if one of them is done or cancelled
        :raise ValidationError: if one would end before it starts, or if the company
            refuses appointments that conflict and one does
        """
        visits = self.browse().concat(*appointments)
        visits.check_access("write")
        visits._check_state(
            ("to_plan", "planned", "in_progress"),
            self.env._("You cannot plan visit %(visit)s: its status is “%(state)s”."),
        )
        visits._watch_plans()
        # The right to write was checked; nothing below asks for another.
        quiet = visits.sudo().with_context(
            visit_planning=PLANNING, tracking_disable=True, mail_notrack=True
        )
        crews = {visit.id: visit.technician_ids for visit in quiet}
        before = visits._get_states()
        starts = {
            visit: fields.Datetime.to_datetime(appointments[visit][0])
            for visit in quiet
            if not appointments[visit][1]
        }
        # Of what is planned, as long as it is known who was to work on it.
        endless = quiet.browse().concat(*starts)
        hours = endless._get_hours_of_work()
        quiet._set_crews(
            {
                visit.id: technicians
                for visit, (_start, _end, technicians) in appointments.items()
                if technicians is not None
            }
        )
        ends = endless._get_ends_of_work(
            starts, {visit: visit.technician_ids for visit in endless}, hours
        )
        times = {
            visit.id: visit._get_planned_times(start, end or ends.get(visit))
            for visit, (start, end, _technicians) in appointments.items()
        }
        fresh = quiet.filtered(lambda visit: visit.state == "to_plan")
        moved = quiet.filtered(
            lambda visit: (
                visit not in fresh
                and times[visit.id] != (visit.date_start, visit.date_end)
            )
        )
        former = {visit.id: visit.date_start for visit in moved}
        numbers = fresh._get_new_numbers()
        events = fresh._create_calendar_events(times)
        planned = {}
        for visit in fresh:
            start, end = times[visit.id]
            planned[visit] = {
                "calendar_event_id": events[visit],
                "name": visit.name or numbers[visit],
                "date_start": start,
                "date_end": end,
                "duration": (end - start).total_seconds() / 3600,
            }
        fresh._set_each(planned)
        # After the start, without which no visit is planned.
        fresh.write({"state": "planned"})
        for visit in moved:
            start, end = times[visit.id]
            length = (end - start).total_seconds() / 3600
            visit.write({"date_start": start, "duration": length})
        (visits - fresh)._sync_calendar_events({"date_start", "technician_ids"})
        (visits - moved)._allocate(before)
        moved._allocate(before, is_moved=True)
        visits._check_planning_conflicts()
        visits._log_planning(former, crews)
        return visits

    def _get_planned_times(self, start, end):
        """Return start and end of an appointment as they will be stored.

        :raise ValidationError: if the visit would end before it starts
        """
        self.ensure_one()
        start = fields.Datetime.to_datetime(start)
        end = fields.Datetime.to_datetime(end) or (
            start + timedelta(seconds=round(self.duration * 3600))
        )
        if end < start:
            raise ValidationError(self._get_dates_error())
        return start, end

    def _set_crews(self, crews):
        """Set who goes, with few queries for each different crew.

        :param dict crews: {visit id: technicians, of whom the first leads}
        """
        groups = defaultdict(self.browse)
        for visit in self.filtered(lambda visit: visit.id in crews):
            technicians = crews[visit.id]
            if (
                visit.technician_ids != technicians.sudo()
                or visit.technician_id != technicians[:1]
            ):
                groups[tuple(technicians.ids)] += visit
        for ids, visits in groups.items():
            visits.write(
                {
                    "technician_id": ids[0] if ids else False,
                    "technician_ids": [Command.set(ids)],
                }
            )

    def _get_crew_led_by(self, technician):
        """Return who goes if a technician leads: they replace one who went alone, of a
        crew the others stay."""
        self.ensure_one()
        # Who plans a visit may know who goes.
        crew = self.sudo().technician_ids.with_env(technician.env)
        is_kept = technician in crew or len(crew) > 1
        return technician | crew if is_kept else technician

    def _log_planning(self, former, crews):
        """Say in the chatter what was there before, of all visits at once.

        What a visit did not have until now, it shows itself, with who planned it and
        when: a message for each would take as long as its appointment.

        :param dict former: {id of a visit that was moved: its former start}
        :param dict crews: {id: who was to go}
        """
        bodies = {}

        # Who plans a visit may know who goes and who was to go.
        for visit in self.sudo():
            crew, before = visit.technician_ids, crews[visit.id]
            if visit.id in former:
                bodies[visit.id] = self.env._(
                    "Moved from %(former)s to %(start)s. Technicians: %(technicians)s",
                    former=visit._format_moment(former[visit.id]),
                    start=visit._format_moment(visit.date_start),
                    technicians=", ".join(crew.mapped("name")) or "–",
                )
            elif before and before != crew:
                bodies[visit.id] = self.env._(
                    "Technicians: %(technicians)s instead of %(former)s",
                    technicians=", ".join(crew.mapped("name")) or "–",
                    former=", ".join(before.mapped("name")),
                )
        self.browse(bodies)._message_log_batch(bodies=bodies)

    # -- Appointment -------------------------------------------------------------------

    @api.model
    def _are_shown_in_calendar(self):
        """Tell whether the user may know which events are appointments of visits:
        customers read events too, but not what stands behind them."""
        return self.env.su or (self.env.user._is_internal() and self.has_access("read"))

    @api.model
    def _get_appointment_fields(self):
        """Return {field of a visit: fields of its appointment that follow it}.

        To keep one more field in step, add it here and to `_prepare_event_values`.
        """
        return dict(APPOINTMENT_FIELDS)

    @api.model
    def _get_quiet_events(self, invites=False):
        """Return calendar.event as visits write it: without tracking, without a list of
        contacts in its text and, unless technicians are invited so, without mail.

        :param bool invites: whether Odoo mails its invitations
        """
        return (
            self.env["calendar.event"]
            # An appointment follows its visit, whoever may write the visit.
            .sudo()
            # Core would take the record of the screen for what the meeting is about,
            # and give whoever goes one more thing to do on it.
            .with_context(
                clean_context(self.env.context),
                active_model=False,
                active_id=False,
                visit_planning=PLANNING,
                no_mail_to_attendees=not invites,
                mail_create_nolog=True,
                mail_create_nosubscribe=True,
                mail_notrack=True,
                tracking_disable=True,
                skip_contact_description=True,
            )
        )

    def _sync_calendar_events(self, changed=None):
        """Make, move or archive the appointments, so that they say what the visits
        say. Absorbed visits take place at that of their main one.

        :param changed: fields of the visits that changed; all of them by default
        """
        # The appointment follows what the user was allowed to write on the visit.
        visits = (
            self.sudo()
            .with_context(visit_planning=PLANNING, tracking_disable=True)
            .filtered(lambda visit: not visit.merged_into_id)
        )
        events = self._get_quiet_events()
        shown = visits.filtered(lambda visit: visit.state in ("planned", "in_progress"))
        new = shown.filtered(lambda visit: not visit.calendar_event_id)
        new._set_each(
            {
                visit: {"calendar_event_id": event}
                for visit, event in new._create_calendar_events().items()
            }
        )
        (shown - new)._update_calendar_events(changed or self._get_appointment_fields())
        gone = (visits - shown).filtered(lambda visit: visit.state != "done")
        left = gone.calendar_event_id.with_env(events.env).filtered("active")
        if left:
            left.write({"active": False})
        back = gone.filtered(lambda visit: visit.state == "to_plan")
        times = {
            visit: (visit.calendar_event_id.start, visit.calendar_event_id.stop)
            for visit in back.filtered("calendar_event_id")
        }
        hours = back.browse().concat(*times)._get_hours_of_work(times)
        for visit in back:
            # How long it takes does not depend on when, nor on the nights between.
            hours_of_work = hours.get(visit, visit.duration)
            visit.write({"calendar_event_id": False, "duration": hours_of_work})

    def _create_calendar_events(self, times=None):
        """Make the appointments of visits, which are not linked to them yet.

        :param dict times: {visit id: (start, end)}, naive UTC; by default, what the
            visits say
        :return: {visit: event}
        """
        found = {}
        for invites, visits in self.grouped(
            lambda visit: visit.company_id.sends_visit_invitations
        ).items():
            values = []
            for visit in visits:
                values.append(visit._prepare_event_values())
                if times:
                    start, stop = times[visit.id]
                    values[-1] |= {"start": start, "stop": stop}
            events = self._get_quiet_events(invites).create(values)
            found |= dict(zip(visits, events, strict=True))
        return found

    def _update_calendar_events(self, changed):
        """Let existing appointments say what the visits say, with one write for those
        that change alike."""
        followed = self._get_appointment_fields()
        names = sorted({name for field in changed for name in followed.get(field, ())})
        events = self._get_quiet_events()
        dates = self._get_event_dates()
        alike = {}
        for visit in self:
            event = visit.calendar_event_id.with_env(events.env)
            values = visit._prepare_event_values(event)
            if dates.get(visit) == (visit.date_start, visit.date_end):
                # An all-day event stays one until it is moved.
                values = {k: v for k, v in values.items() if k not in TIME_FIELDS}
            values = {
                name: values[name]
                for name in names
                if name in values and not self._is_same(event, name, values[name])
            }
            if "start" in values or "stop" in values:
                # Core moves the end with the start.
                values |= {"start": visit.date_start, "stop": visit.date_end}
            if values:
                # Core tells from the attendees of all who is new.
                invites = visit.company_id.sends_visit_invitations
                key = (repr(values), invites, tuple(event.partner_ids.ids))
                alike.setdefault(key, (values, []))[1].append(event.id)
        for (_values, invites, _partners), (values, ids) in alike.items():
            group = self._get_quiet_events(invites).browse(ids)
            # What core reads of one event it reads of all.
            group.with_prefetch(self.calendar_event_id._prefetch_ids).write(values)

    @api.model
    def _is_same(self, event, name, value):
        """Tell whether a field of an event has this value, which is one to write."""
        if event._fields[name].type == "many2many":
            return set(event[name].ids) == set(value[0][2])
        return event._fields[name].convert_to_write(event[name], event) == value

    def _prepare_event_values(self, event=None):
        """Return the values of the appointment.

        :param event: the one that exists already
        """
        self.ensure_one()
        title = [self.visit_type_id.name, self.partner_id.display_name]
        attendees = self.technician_ids.work_contact_id
        if event:
            # Guests of the calendar stay.
            guests = event.partner_ids - attendees
            if attendees:
                guests -= self._get_technicians_among(guests).work_contact_id
            # To whom nobody goes yet stays in the calendar of whoever planned it.
            attendees |= guests
        return {
            "name": " - ".join(filter(None, title)),
            "start": self.date_start,
            "stop": self.date_end,
            "allday": False,
            "location": self.site_id.contact_address_inline or False,
            "partner_ids": [Command.set(attendees.ids)],
            "alarm_ids": [Command.set(self.visit_type_id.alarm_ids.ids)],
            "privacy": "confidential",
            "user_id": self._get_event_organizer().id,
        }

    def _get_event_organizer(self):
        """Return the user in whose calendar the appointment is."""
        self.ensure_one()
        return self.technician_id.user_id or self.env.user

    # -- Series ------------------------------------------------------------------------

    def _take_events(self, events):
        """Let planned visits take these events of their series, both in the order of
        their dates. Visits that are left over return to plan.

        :param events: what core left of the series, in the order of dates
        """
        held = self.calendar_event_id
        if len(held) == len(self) and held <= events:
            return
        pairs = list(zip(self, events, strict=False))
        quiet = self.with_context(visit_planning=PLANNING)
        quiet.write({"calendar_event_id": False})
        # No event may have two visits at any moment.
        quiet.flush_recordset(["calendar_event_id"])
        for visit, event in pairs:
            visit.with_env(quiet.env).calendar_event_id = event
        self[len(pairs) :]._return_to_plan(
            self.env._("The series of appointments was shortened.")
        )

    def _prepare_series_values(self, event, available):
        """Return the values of a visit like this one for another event of its series.

        :param event: its appointment
        :param available: equipment that stands at its customer or site by now
        """
        self.ensure_one()
        lines = self.line_ids.filtered(
            lambda line: (
                not line.installed_base_id or line.installed_base_id in available
            )
        )
        return {
            "calendar_event_id": event.id,
            "company_id": self.company_id.id,
            "partner_id": self.partner_id.id,
            "site_id": self.site_id.id,
            "contact_id": self.contact_id.id,
            "visit_type_id": self.visit_type_id.id,
            "maintenance_type": self.maintenance_type,
            "priority": self.priority,
            "team_id": self.team_id.id,
            "technician_id": self.technician_id._filter_at(self.company_id).id,
            "technician_ids": [
                Command.set(self.technician_ids._filter_at(self.company_id).ids)
            ],
            "tag_ids": [Command.set(self.tag_ids.ids)],
            "description": self.description,
            "note": self.note,
            "line_ids": [
                Command.create(
                    {
                        "sequence": line.sequence,
                        "installed_base_id": line.installed_base_id.id,
                        "product_id": line.product_id.id,
                        "serial_number": line.serial_number,
                        "description": line.description,
                    }
                )
                for line in lines
            ],
        }
